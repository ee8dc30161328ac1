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
