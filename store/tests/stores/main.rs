//! Tests of the stores from outside, in one program: each program links the whole query engine.

// The workspace lint spares test functions; these are their helpers.
#![allow(clippy::unwrap_used, clippy::panic)]

mod contract;
mod crashes;
mod faults;
mod model;
mod sql;
#[path = "../suite/mod.rs"]
mod suite;
