//! The heart: events in log order go in; exact metric rows, raw rows and live updates come out.
//!
//! Invariants:
//! - Rows are a function of the set of events and the directory, whatever the order, the batches, the partitions and the restarts.
//! - Each event counts once: of several with one (user, id) the first in the log stands.
//! - A commit holds rows, position and state together; what is in memory can be rebuilt from the store at any commit.
//! - A partition has one owner in a process and, with the log's group and the store's epochs, one in all: who is no longer its
//!   owner changes nothing.
//! - A record goes to the partition of its person: what others put elsewhere is sent on, once for each time it is read.
//! - Whatever a record is, the partition goes on: what cannot be used goes to the dead letters, with the reason.
//! - Operators are pure; only `task` knows time and I/O.
//!
//! `group` follows the log's group and has a `task` for each partition, `lag` watches how much waits.
//!
//! Deliberately absent: a choice of our own who gets which partition, timers per person, state that grows with history, a
//! second path for late events: they recompute their user-day from the raw events like any other.

pub mod config;
mod group;
mod lag;
pub mod metrics;
pub mod operators;
pub mod partition;
mod publish;
mod rows;
mod state;
pub mod stats;
pub mod task;
pub mod testing;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use eventlog::EventLog;
use schemas::control::Control;
use store::SharedStore;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use group::{Group, Shared};

pub use config::Config;
pub use stats::{PartitionStats, Stats};

/// UTC milliseconds now.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What the processors work with.
#[derive(Clone)]
pub struct Deps {
    pub log: Arc<dyn EventLog>,
    pub store: SharedStore,
    pub control: watch::Receiver<Arc<Control>>,
    pub clock: Clock,
    /// How far each partition is, for whoever asks.
    pub stats: Arc<Stats>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("taking part in the work on events: {0}")]
    Group(eventlog::Error),
    #[error("partition {partition}: reading or writing the event log: {source}")]
    Log { partition: u32, source: eventlog::Error },
    #[error("partition {partition}: {source}")]
    Store { partition: u32, source: store::Error },
    #[error("partition {partition}: {source}")]
    State { partition: u32, source: partition::StateError },
    /// The log no longer has what the store has not seen, or has lost what it has.
    #[error(
        "partition {partition}: the store stands at offset {position}, but the log holds {start}..{end}: restore the log or the store from a backup of the same time; where Kafka deleted events unread, kafka.skip_deleted = true goes on after them"
    )]
    Gap { partition: u32, position: u64, start: u64, end: u64 },
    #[error("partition {partition}: building rows: {source}")]
    Rows { partition: u32, source: arrow::error::ArrowError },
    #[error("partition {partition}: the computation broke off: {reason}; this is a bug")]
    Broken { partition: u32, reason: String },
}

/// What an error asks of the task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cure {
    /// Try again later.
    Retry,
    /// Another owner has the partition, or a commit's fate is unknown: begin again from the store.
    Reacquire,
    Stop,
}

impl Error {
    fn log(partition: u32, source: eventlog::Error) -> Error {
        Error::Log { partition, source }
    }

    fn store(partition: u32, source: store::Error) -> Error {
        Error::Store { partition, source }
    }

    pub fn cure(&self) -> Cure {
        match self {
            Error::Log { source, .. } if source.is_retryable() => Cure::Retry,
            Error::Store { source: store::Error::Stale { .. }, .. } => Cure::Reacquire,
            Error::Store { source, .. } if source.is_retryable() => Cure::Retry,
            _ => Cure::Stop,
        }
    }
}

/// Works on the partitions that the log gives this process, until cancelled or until one of them cannot go on. Every batch
/// that was read is committed before it returns, and partitions go back at once; the store still has to be flushed.
pub async fn run(config: Config, deps: Deps, cancel: CancellationToken) -> Result<(), Error> {
    let shared = Arc::new(Shared::new(Arc::new(config), deps));
    let mut group = Group::new(shared.clone());
    tokio::select! {
        ended = group.run(&cancel) => ended,
        never = lag::follow(&*shared.deps.log, &shared.deps.stats, &shared.config) => match never {},
    }
}
