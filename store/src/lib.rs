//! The seam to the store: rows and positions in, SQL out. And the seam to control data (`control`).
//!
//! Invariants (each a case of the contract suite, which every implementation passes):
//! - A commit's rows, position and state become visible together or not at all, and at once.
//! - A commit is refused unless its epoch is the partition's newest and `from` is exactly the stored position.
//! - Readers see, per key, the row with the highest version.
//! - After a crash the partition stands at some earlier commit, whole; what `flush` returned for is never lost.
//!
//! Deliberately absent: transactions over partitions, updates in place, deletes by the processors.

pub mod clickhouse;
pub mod control;
pub mod embedded;
pub mod event_file;
pub mod faulty;
mod ledger;
pub mod memory;
pub mod metrics;
pub mod reader;
mod rows;
mod sql;
pub mod testing;

use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use futures::stream::BoxStream;
use schemas::Table;

pub use reader::Reader;

/// What a partition's owner starts from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// Of the owner that asked: commits carry it, and an older owner's commits are refused.
    pub epoch: u64,
    /// The next log offset to process.
    pub position: u64,
    /// What the owner last committed; empty at first.
    pub state: Vec<u8>,
}

#[derive(Debug, Clone)]
pub struct Commit {
    pub partition: u32,
    pub epoch: u64,
    /// Log offsets [from, to) are in this commit; equal when only time or the directory moved.
    pub from: u64,
    pub to: u64,
    pub state: Vec<u8>,
    /// Batches have exactly the table's schema.
    pub rows: Vec<(&'static Table, RecordBatch)>,
}

/// Rows of some people in a span of time, for recomputation.
#[derive(Debug, Clone)]
pub struct Scan {
    pub table: &'static Table,
    pub whose: Whose,
    /// The table's time column within [from, to): UTC ms, or for a Day column the midnights (UTC) of the dates.
    pub from_ms: i64,
    pub to_ms: i64,
    /// These alone, in this order; else all of the table's.
    pub columns: Option<&'static [&'static str]>,
}

#[derive(Debug, Clone)]
pub enum Whose {
    People(Vec<String>),
    /// Of all whose events are in this one of so many partitions: a new owner looks for what is not final yet. A store within the
    /// process gives everyone's, as nothing is saved by telling them apart twice.
    Partition {
        number: u32,
        of: u32,
    },
}

impl Whose {
    pub const EVERYONE: Whose = Whose::Partition { number: 0, of: 1 };
}

#[derive(Debug, Clone)]
pub struct Statement {
    pub sql: String,
    /// For `$name` or `$1` in the statement.
    pub params: Params,
    pub limits: Limits,
    pub reader: Reader,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Params {
    None,
    Positional(Vec<serde_json::Value>),
    Named(Vec<(String, serde_json::Value)>),
}

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub time: Duration,
    pub memory_bytes: usize,
    pub rows: usize,
}

/// A running query: its schema, then its batches. Ends with `Error::Limit` when a limit is reached.
pub struct Rows {
    pub schema: SchemaRef,
    pub batches: BoxStream<'static, Result<RecordBatch, Error>>,
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Full disk, server gone: trying again later may help.
    #[error("the store cannot answer now: {0}")]
    Unavailable(String),
    /// Another owner has this partition, or this commit was made before.
    #[error(
        "partition {partition}: commit of epoch {epoch} from {from} refused, the store is at epoch {stored_epoch}, position {stored}"
    )]
    Stale { partition: u32, epoch: u64, from: u64, stored_epoch: u64, stored: u64 },
    #[error("the store is damaged: {0}")]
    Corrupt(String),
    /// The statement is wrong; line and column (from 1) where that is known.
    #[error("{message}")]
    Statement { message: String, at: Option<(u64, u64)> },
    /// The statement is fine but not allowed (writes, files, settings).
    #[error("{0}")]
    Forbidden(String),
    /// A limit on time, memory or rows was reached; the message names it and its value.
    #[error("{0}")]
    Limit(String),
    #[error("{0}")]
    Invalid(String),
    /// What a change was for does not exist.
    #[error("{0}")]
    NotFound(String),
}

/// What is wrong with a connection, and what would mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub what: String,
    pub cure: String,
}

impl Error {
    pub fn is_retryable(&self) -> bool {
        matches!(self, Error::Unavailable(_))
    }
}

#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Takes a partition: a new epoch, durable before it is returned, that fences off every earlier owner.
    async fn acquire(&self, partition: u32) -> Result<Checkpoint, Error>;

    /// Makes rows, position and state visible together. Durable by the next `flush`, or earlier as the store decides;
    /// `durable_position` says how far a crash can set the partition back.
    async fn commit(&self, commit: Commit) -> Result<(), Error>;

    /// The latest version of each row, in the table's order (`Table::order`).
    async fn scan(&self, scan: Scan) -> Result<Vec<RecordBatch>, Error>;

    /// Read-only SQL over the tables and views the statement's reader sees.
    async fn sql(&self, statement: Statement) -> Result<Rows, Error>;

    /// Everything committed before the call is durable when it returns.
    async fn flush(&self) -> Result<(), Error>;

    /// The position a crash would set the partition back to: the log may forget what lies below.
    async fn durable_position(&self, partition: u32) -> Result<u64, Error>;

    /// Replaces all rows of a small table that comes from control data (`directory`, `alerts`), unless those of a newer
    /// version of the control data are there already. Not durable: whoever has the control data puts them again at start.
    async fn replace(&self, table: &'static Table, version: u64, rows: RecordBatch) -> Result<(), Error>;
}

pub type SharedStore = Arc<dyn Store>;
