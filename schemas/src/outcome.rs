//! What becomes of an event. Every event that enters ends in exactly one of these, so received = sum of outcomes.

use std::borrow::Cow;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    Accepted,
    Duplicate,
    Invalid,
    TooLarge,
    RateLimited,
    Unauthorized,
    DeadLettered,
    Internal,
}

impl Outcome {
    pub const ALL: &'static [Outcome] = &[
        Outcome::Accepted,
        Outcome::Duplicate,
        Outcome::Invalid,
        Outcome::TooLarge,
        Outcome::RateLimited,
        Outcome::Unauthorized,
        Outcome::DeadLettered,
        Outcome::Internal,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Accepted => "accepted",
            Outcome::Duplicate => "duplicate",
            Outcome::Invalid => "invalid",
            Outcome::TooLarge => "too_large",
            Outcome::RateLimited => "rate_limited",
            Outcome::Unauthorized => "unauthorized",
            Outcome::DeadLettered => "dead_lettered",
            Outcome::Internal => "internal",
        }
    }
}

/// Why one event was refused: a stable code and a sentence that names the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    pub code: Code,
    pub message: Cow<'static, str>,
}

/// Stable, bounded: used in replies, metrics, dead letters and documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// Not JSON, or not a JSON object.
    Malformed,
    UnknownType,
    /// A required field is absent or empty.
    Missing,
    /// A field has another type or form than the contract says.
    BadField,
    /// A number or text is outside what the contract allows.
    OutOfRange,
    /// More than 24 h ahead of the clock.
    InFuture,
    /// Older than the retention.
    TooOld,
    TooLarge,
}

impl Code {
    pub const ALL: &'static [Code] = &[
        Code::Malformed,
        Code::UnknownType,
        Code::Missing,
        Code::BadField,
        Code::OutOfRange,
        Code::InFuture,
        Code::TooOld,
        Code::TooLarge,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Code::Malformed => "malformed",
            Code::UnknownType => "unknown_type",
            Code::Missing => "missing",
            Code::BadField => "bad_field",
            Code::OutOfRange => "out_of_range",
            Code::InFuture => "in_future",
            Code::TooOld => "too_old",
            Code::TooLarge => "too_large",
        }
    }

    pub fn outcome(self) -> Outcome {
        match self {
            Code::TooLarge => Outcome::TooLarge,
            _ => Outcome::Invalid,
        }
    }
}
