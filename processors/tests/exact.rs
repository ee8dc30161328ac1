//! Exactness: the oracle, random workforces, golden cases, and the pipeline against all of them; in memory, on disk, and
//! (`servers`) on the real Kafka and ClickHouse, without which those tests fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

extern crate focusflow_processors as processors;

mod check;
mod oracle;
mod random;
mod servers;
