//! The seam to the log: append durably, read by partition and offset. Records come in by topic and partition and leave in
//! the order they were acknowledged.
//!
//! Invariants (each a case of the contract suite, which every implementation passes):
//! - `append` returns after the records are durable, and not before; on an error none of them is promised.
//! - Offsets of a partition count up from 0, by one between records of this program (others may leave holes: `read`); a
//!   record once read is read again under the same offset, until retention.
//! - Records of one `append` to one partition stand in order, and between them none of this process.
//! - Retention never takes a record at or past the partition's release offset. On Kafka it is the broker's: it goes by age,
//!   whoever has read what, so that topics keep for longer than any reader may stand still.
//!
//! Deliberately absent: consumer offsets as the truth (the store keeps positions with the rows), keys that compact, transactions.

pub mod assignment;
mod chunks;
pub mod embedded;
pub mod faulty;
pub mod holey;
pub mod kafka;
pub mod memory;
pub mod metrics;
pub mod records;
pub mod steered;
pub mod testing;

use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;

pub use assignment::{Assignment, Change};
pub use records::{Record, Records, RecordsBuilder};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// Native events as JSON, keyed by user. Keyed partitions: `partition_of`.
    Events,
    /// `schemas::live::Update` as JSON, keyed by user.
    Updates,
    /// What could not be used, with the reason: keyed by user where known.
    DeadLetters,
}

impl Topic {
    pub const ALL: [Topic; 3] = [Topic::Events, Topic::Updates, Topic::DeadLetters];

    pub fn as_str(self) -> &'static str {
        match self {
            Topic::Events => "events",
            Topic::Updates => "updates",
            Topic::DeadLetters => "dead_letters",
        }
    }
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Full disk, broker gone: trying again later may help. Nothing of the append was acknowledged.
    #[error("the event log cannot take records now: {0}")]
    Unavailable(String),
    /// The same, for want of space.
    #[error("the event log cannot take records now, its disk is full: {0}")]
    Full(String),
    /// The log's own data are damaged or of another version.
    #[error("the event log is damaged: {0}")]
    Corrupt(String),
    /// Below the retained range, or past the end by more than nothing.
    #[error("offset {offset} is not in the log, which holds {start}..{end}")]
    OutOfRange { offset: u64, start: u64, end: u64 },
    #[error("the log has no partition {0}")]
    NoPartition(u32),
    /// More than the log takes at once: the same records will never do.
    #[error("a record is too large for the log: {0}")]
    TooLarge(String),
    /// The broker keeps no record of that time: the same records will never do.
    #[error("a record is too old for the log: {0}")]
    TooOld(String),
    /// Wrong settings, a missing permission: somebody has to change something first.
    #[error("the event log refuses: {0}")]
    Refused(String),
    #[error("the log is closed")]
    Closed,
}

/// What an error asks of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cure {
    /// The same call may succeed later.
    Retry,
    /// This call never will; others may.
    Reject,
    /// None will, until somebody has repaired something.
    Stop,
}

impl Error {
    pub fn cure(&self) -> Cure {
        match self {
            Error::Unavailable(_) | Error::Full(_) => Cure::Retry,
            Error::OutOfRange { .. } | Error::NoPartition(_) | Error::TooLarge(_) | Error::TooOld(_) => Cure::Reject,
            Error::Corrupt(_) | Error::Refused(_) | Error::Closed => Cure::Stop,
        }
    }

    pub fn is_retryable(&self) -> bool {
        self.cure() == Cure::Retry
    }
}

#[async_trait]
pub trait EventLog: Send + Sync + 'static {
    /// How many partitions a topic has; the same for the life of the log.
    fn partitions(&self, topic: Topic) -> u32;

    /// Appends to one or more partitions of a topic and returns when all of it is durable. Concurrent appends share
    /// one sync. Waits (bounded by the log's own queue) when the log is slow.
    async fn append(&self, topic: Topic, batches: Vec<(u32, Records)>) -> Result<(), Error>;

    /// Records from `from` on, at least one record and about `max_bytes` at most. Waits up to `wait` for the first one
    /// when `from` is the end; then returns none. Where others leave holes (Kafka: markers of transactions) the answer begins
    /// past `from`, or is empty and ends past it: go on at its `next_offset`.
    async fn read(&self, topic: Topic, partition: u32, from: u64, max_bytes: usize, wait: Duration) -> Result<Records, Error>;

    /// The retained range: first offset that can be read .. offset of the next append.
    async fn range(&self, topic: Topic, partition: u32) -> Result<Range<u64>, Error>;

    /// Where each of these partitions ends, all in one go: cheap enough to be asked every second.
    async fn ends(&self, topic: Topic, partitions: &[u32]) -> Result<Vec<u64>, Error> {
        let mut ends = Vec::with_capacity(partitions.len());
        for partition in partitions {
            ends.push(self.range(topic, *partition).await?.end);
        }
        Ok(ends)
    }

    /// Records below `offset` are no longer needed by the reader of this partition: retention may take them.
    async fn release(&self, topic: Topic, partition: u32, offset: u64) -> Result<(), Error>;

    /// Takes part in working on `Events`: says which partitions are this process's, now and later. Whoever has not joined
    /// reads what it likes.
    async fn join(&self) -> Result<Assignment, Error>;
}

/// The partition of a key: Kafka's murmur2, so that any Kafka producer agrees.
pub fn partition_of(key: &[u8], partitions: u32) -> u32 {
    (murmur2(key) & 0x7fff_ffff) % partitions.max(1)
}

fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut h: u32 = 0x9747_b28c ^ (data.len() as u32);
    let mut chunks = data.chunks_exact(4);
    for chunk in &mut chunks {
        let mut k = u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]).wrapping_mul(M);
        k = (k ^ (k >> 24)).wrapping_mul(M);
        h = h.wrapping_mul(M) ^ k;
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        for (i, byte) in rest.iter().enumerate() {
            h ^= u32::from(*byte) << (8 * i);
        }
        h = h.wrapping_mul(M);
    }
    h = (h ^ (h >> 13)).wrapping_mul(M);
    h ^ (h >> 15)
}

#[cfg(test)]
mod tests {
    /// The vectors of Kafka's own test of its partitioner.
    #[test]
    fn keys_hash_as_they_do_on_kafka() {
        let vectors: [(&str, i32); 6] = [
            ("21", -973932308),
            ("foobar", -790332482),
            ("a-little-bit-long-string", -985981536),
            ("a-little-bit-longer-string", -1486304829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
            ("abc", 479470107),
        ];
        for (key, hash) in vectors {
            assert_eq!(super::murmur2(key.as_bytes()) as i32, hash, "{key}");
        }
    }
}
