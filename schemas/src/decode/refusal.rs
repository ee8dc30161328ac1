//! Why an event is refused, before anybody asks for the sentence: making that costs more than finding the reason, and of many
//! refusals only the first are listed.

use std::fmt;

use super::fields::Field;
use super::scan::Malformed;
use crate::outcome::{Code, Rejection};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(Reason);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Reason {
    Malformed(Malformed),
    Field { code: Code, field: Field, what: What },
    Told(Rejection),
}

/// What is wrong with a field, as the end of a sentence that begins with its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Said(&'static str),
    NoneOf(&'static str),
    LongerThan(usize),
    Outside(i64, i64),
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Said(what) => f.write_str(what),
            What::NoneOf(words) => write!(f, "must be one of {words}"),
            What::LongerThan(max) => write!(f, "has more than {max} characters"),
            What::Outside(least, most) => write!(f, "must be from {least} to {most}"),
        }
    }
}

impl Refusal {
    pub fn code(&self) -> Code {
        match &self.0 {
            Reason::Malformed(_) => Code::Malformed,
            Reason::Field { code, .. } => *code,
            Reason::Told(rejection) => rejection.code,
        }
    }

    pub(super) fn malformed(error: Malformed) -> Refusal {
        Refusal(Reason::Malformed(error))
    }

    pub(super) fn missing(field: Field) -> Refusal {
        Refusal(Reason::Field { code: Code::Missing, field, what: What::Said("is missing or empty") })
    }

    pub(super) fn bad(field: Field, what: What) -> Refusal {
        Refusal(Reason::Field { code: Code::BadField, field, what })
    }

    pub(super) fn out_of_range(field: Field, what: What) -> Refusal {
        Refusal(Reason::Field { code: Code::OutOfRange, field, what })
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Refusal {
        Refusal(Reason::Told(rejection))
    }
}

impl From<Refusal> for Rejection {
    fn from(refusal: Refusal) -> Rejection {
        let code = refusal.code();
        match refusal.0 {
            Reason::Malformed(error) => {
                Rejection { code, message: format!("not a JSON object: {} (byte {})", error.what, error.at).into() }
            }
            Reason::Field { field, what, .. } => Rejection { code, message: format!("`{}` {what}", field.as_str()).into() },
            Reason::Told(rejection) => rejection,
        }
    }
}
