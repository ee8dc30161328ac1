//! An error as a person should meet it: what, why, and what to do about it.

use std::fmt;

#[derive(Debug)]
pub struct Problem {
    what: String,
    cure: Option<String>,
}

impl Problem {
    pub fn new(what: impl Into<String>) -> Problem {
        Problem { what: what.into(), cure: None }
    }

    pub fn cure(mut self, cure: impl Into<String>) -> Problem {
        self.cure = Some(cure.into());
        self
    }

    pub fn what(&self) -> &str {
        &self.what
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.cure {
            Some(cure) => write!(f, "\n  {cure}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

/// An error with its causes in the first line; what helps against any of them, in the lines below.
pub fn shown(error: &anyhow::Error) -> String {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    let parts = causes.iter().map(|text| text.split_once('\n').unwrap_or((text, "")));
    let (what, below): (Vec<&str>, Vec<&str>) = parts.unzip();
    let below = below.into_iter().filter(|lines| !lines.is_empty());
    [what.join(": ").as_str()].into_iter().chain(below).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn what_helps_comes_after_all_that_went_wrong() {
        let error = std::io::Error::other("the disk is gone");
        let error = Err::<(), _>(error).context(Problem::new("f cannot be read").cure("look at the disk")).context("importing f");
        assert_eq!(shown(&error.unwrap_err()), "importing f: f cannot be read: the disk is gone\n  look at the disk");
        let inner = Problem::new("no column b").cure("see `show tables`");
        let error = Err::<(), _>(inner).context(Problem::new("nothing came").cure("ask again"));
        assert_eq!(shown(&error.unwrap_err()), "nothing came: no column b\n  ask again\n  see `show tables`");
    }
}
