//! Events in: HTTP requests (or a file's lines) enter; records on the log's events topic leave.
//!
//! The way of a request, one file each: `http` (who, what form) → `body` (read, decompress, bounded) → `split` (events as
//! slices) → `intake` (decode, check, resolve, partition) with `priority` (what a received message is worth) and `redact` (what may
//! not be kept goes) → `EventLog::append` → 202.
//!
//! Invariants (each a test):
//! - A 202 follows the append's return, never precedes it.
//! - Every event of a request ends in one outcome: received = sum of outcomes.
//! - The good events of a batch are kept whatever the others are like.
//! - The wording of messages is in no record; titles and URLs only where the organisation keeps them: neither in the fields of
//!   the contract nor under one of the names of `schemas::privacy`, however it is spelt and however deep it stands.
//! - What a request may hold in memory is bounded, alone and all together; over it the answer is immediate.
//!
//! Deliberately absent: a queue of its own (the log's append is the queue), knowledge of what has been sent before
//! (duplicates are the processors' matter), limits of a token's rate (what it has under way at one time is limited).

mod body;
mod budget;
pub mod error;
mod http;
pub mod intake;
pub mod metrics;
pub mod priority;
mod redact;
mod split;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use eventlog::EventLog;
use schemas::category::Rules;
use schemas::control::Control;
use tokio::sync::watch;

pub use error::Error;
pub use intake::{Intake, Rejected, Sender, Taken, Told};
pub use priority::Priorities;

#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// One request's body, as sent and again after decompression.
    pub max_body_bytes: usize,
    /// Events at least this old are refused.
    pub retention_ms: i64,
    /// Requests worked on at the same time; further ones are answered 503 at once.
    pub max_in_flight: usize,
    /// Of those, requests with one token; further ones are answered 429 at once.
    pub max_in_flight_per_token: usize,
    /// Bytes of all those requests together: bodies as sent, decompressed, and as records.
    pub max_in_flight_bytes: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// How long the log may take before the producer is told to come back.
    pub append_timeout: Duration,
    /// Rejections listed in one answer, and priorities; the rest are counted in it.
    pub max_listed: usize,
    /// What a refused producer is told to wait.
    pub retry_after: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            max_body_bytes: 16 << 20,
            retention_ms: 1095 * 86_400_000,
            max_in_flight: 256,
            max_in_flight_per_token: 192,
            max_in_flight_bytes: 256 << 20,
            body_timeout: Duration::from_secs(30),
            append_timeout: Duration::from_secs(30),
            max_listed: 1000,
            retry_after: Duration::from_secs(1),
        }
    }
}

impl Config {
    /// Limits that contradict one another would refuse for ever what they promise to take.
    pub fn check(&self) -> Result<(), String> {
        // A body as sent, the same decompressed, and its records.
        let needed = self.max_body_bytes.saturating_mul(4);
        if self.max_in_flight_bytes < needed {
            return Err(format!(
                "max_in_flight_size is {} bytes, and one body of max_body may need {needed}: raise it, or lower max_body",
                self.max_in_flight_bytes
            ));
        }
        Ok(())
    }
}

/// UTC milliseconds now.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

#[derive(Clone)]
pub struct Deps {
    pub log: Arc<dyn EventLog>,
    pub control: watch::Receiver<Arc<Control>>,
    /// What gives a category to an activity whose title or URL will not be kept.
    pub rules: Arc<Rules>,
    /// What gives received messages a priority; none where that is switched off.
    pub priorities: Option<Arc<Priorities>>,
    pub clock: Clock,
}

/// `POST /v1/events`.
pub fn router(config: Config, deps: Deps) -> Router {
    metrics::describe();
    http::router(config, deps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_would_refuse_everything_large_are_refused_themselves() {
        assert_eq!(Config::default().check(), Ok(()));
        let contradicting = Config { max_in_flight_bytes: 63 << 20, ..Config::default() };
        assert!(contradicting.check().unwrap_err().contains("max_in_flight_size"));
    }
}
