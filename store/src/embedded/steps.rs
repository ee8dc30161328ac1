//! The places where a crash leaves something half done, named so that tests can stop there.

use std::sync::Arc;

use crate::Error;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Hot rows were set aside for a flush.
    Frozen,
    /// A flush wrote one file and has not published it.
    FileWritten,
    /// All files of a flush are written, none published.
    FilesSynced,
    ManifestWrite,
    ManifestRename,
    ManifestDone,
    /// A merged file is written and not published.
    MergeWritten,
    /// The merged file is published, those it replaces are still there.
    MergePublished,
}

impl Step {
    pub const ALL: [Step; 8] = [
        Step::Frozen,
        Step::FileWritten,
        Step::FilesSynced,
        Step::ManifestWrite,
        Step::ManifestRename,
        Step::ManifestDone,
        Step::MergeWritten,
        Step::MergePublished,
    ];
}

/// What happens on the way past a step: nothing, but in tests.
#[derive(Clone, Default)]
pub struct Steps(Option<Arc<Hook>>);

type Hook = dyn Fn(Step) -> Result<(), Error> + Send + Sync;

impl Steps {
    /// An error from the hook ends the work there, as a crash would.
    pub fn with(hook: impl Fn(Step) -> Result<(), Error> + Send + Sync + 'static) -> Steps {
        Steps(Some(Arc::new(hook)))
    }

    pub(crate) fn reach(&self, step: Step) -> Result<(), Error> {
        self.0.as_ref().map_or(Ok(()), |hook| hook(step))
    }
}

impl std::fmt::Debug for Steps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Steps(hooked)" } else { "Steps" })
    }
}
