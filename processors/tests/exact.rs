//! Exactness: the oracle, random workforces, golden cases, and the pipeline against all of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

extern crate focusflow_processors as processors;

mod check;
mod oracle;
mod random;
