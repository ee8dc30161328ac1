//! The real binary, from outside: processes, files, signals, HTTP.

// The whole crate is a test, its functions as well.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod kills;
mod machine;
mod models;
mod parquet_in;
mod priorities;
mod settings;
mod ways_in;
