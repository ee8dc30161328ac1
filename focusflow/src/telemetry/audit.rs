//! Where log lines go: those about who looked at whose data into a file of their own, which only this user can read, the
//! others to standard error.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

/// A full file becomes `….1`, in the place of the one before: ship it elsewhere to keep more.
const MAX_BYTES: u64 = 64 << 20;

#[derive(Clone)]
pub struct Sinks {
    /// `None`: with everything else.
    pub audit: Option<Arc<AuditFile>>,
}

pub enum Sink {
    Stderr(io::Stderr),
    Audit(Arc<AuditFile>),
}

/// Opened with its first line: most commands have none.
pub struct AuditFile {
    path: PathBuf,
    max_bytes: u64,
    open: Mutex<Option<(File, u64)>>,
}

impl AuditFile {
    pub fn new(path: PathBuf) -> AuditFile {
        AuditFile { path, max_bytes: MAX_BYTES, open: Mutex::default() }
    }

    fn add(&self, line: &[u8]) -> io::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.as_ref().is_some_and(|(_, len)| len + line.len() as u64 > self.max_bytes) {
            *open = None;
            let mut old = self.path.clone().into_os_string();
            old.push(".1");
            std::fs::rename(&self.path, old)?;
        }
        let (file, len) = match open.as_mut() {
            Some(open) => open,
            None => {
                let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path)?;
                let len = file.metadata()?.len();
                open.insert((file, len))
            }
        };
        file.write_all(line)?;
        *len += line.len() as u64;
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Sinks {
    type Writer = Sink;

    fn make_writer(&'a self) -> Sink {
        Sink::Stderr(io::stderr())
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Sink {
        match &self.audit {
            Some(file) if meta.target() == "audit" => Sink::Audit(file.clone()),
            _ => self.make_writer(),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Stderr(stderr) => stderr.write(line),
            // Lines come whole. One that cannot be kept is still said.
            Sink::Audit(file) => file.add(line).or_else(|_| io::stderr().write_all(line)).map(|()| line.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_audit_lines_go_to_the_file_and_a_full_one_is_put_aside() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.log");
        let file = Arc::new(AuditFile { max_bytes: 400, ..AuditFile::new(path.clone()) });
        let logs = tracing_subscriber::fmt().with_ansi(false).with_writer(Sinks { audit: Some(file) });
        tracing::subscriber::with_default(logs.finish(), || {
            tracing::info!("nothing of note");
            for round in 0..8 {
                tracing::info!(target: "audit", round, "access");
            }
        });
        let old = std::fs::read_to_string(dir.path().join("audit.log.1")).unwrap();
        let new = std::fs::read_to_string(&path).unwrap();
        assert!(!old.contains("note") && old.len() <= 400 && new.ends_with("round=7\n"), "{old}{new}");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
