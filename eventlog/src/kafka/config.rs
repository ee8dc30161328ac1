//! How the cluster is reached and used.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::{Error, Topic};

#[derive(Debug, Clone)]
pub struct Config {
    /// `host:port`, by commas: some of the brokers.
    pub brokers: String,
    /// What the topics are called, by `Topic`.
    pub topics: [String; Topic::ALL.len()],
    /// The consumer group of the processors.
    pub group: String,
    /// How the brokers' logs call this process.
    pub client_id: String,
    /// Of each topic, when it is made. One that is there must have as many, since keys belong to partitions.
    pub partitions: u32,
    pub replication: u16,
    /// Brokers that must have a record before it is acknowledged.
    pub min_insync: u16,
    /// How long events and dead letters stay, read or not: longer than any processor may ever stand still.
    pub retention: Duration,
    pub updates_retention: Duration,
    /// Longest record of an event. Dead letters may be twice as long: they carry a reason.
    pub max_record_bytes: usize,
    pub compression: Compression,
    /// How long an append waits for others to share its batch.
    pub linger: Duration,
    pub batch_bytes: usize,
    /// Bytes of appends on their way; further ones wait outside.
    pub queue_bytes: usize,
    /// Read ahead of the processors, of all partitions together.
    pub read_ahead_bytes: usize,
    /// How long an append is tried before it is answered with an error.
    pub delivery_timeout: Duration,
    /// How long brokers may take to answer anything else.
    pub request_timeout: Duration,
    /// A process that was not heard of for so long has lost its partitions.
    pub session_timeout: Duration,
    /// How long a process may take to let go of a partition that moves.
    pub handover_timeout: Duration,
    pub tls: Option<Tls>,
    pub sasl: Option<Sasl>,
    /// Any other setting of librdkafka, for all clients.
    pub properties: Properties,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    None,
    Gzip,
    Lz4,
    Snappy,
    Zstd,
}

/// Empty paths: the system's certificates, no certificate of our own.
#[derive(Clone, Default)]
pub struct Tls {
    pub ca: Option<PathBuf>,
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
    pub key_password: Option<String>,
}

#[derive(Clone)]
pub struct Sasl {
    /// PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.
    pub mechanism: String,
    pub user: String,
    pub password: String,
}

/// By librdkafka's names.
#[derive(Clone, Default)]
pub struct Properties(pub BTreeMap<String, String>);

/// Settings the log stands on: another value would lose or reorder records, or fill the memory.
const OURS: [&str; 15] = [
    "acks",
    "auto.offset.reset",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.idempotence",
    "enable.partition.eof",
    "fetch.message.max.bytes",
    "group.id",
    "isolation.level",
    "max.partition.fetch.bytes",
    "partition.assignment.strategy",
    "queue.buffering.max.kbytes",
    "queue.buffering.max.messages",
    "queued.max.messages.kbytes",
    "request.required.acks",
];

impl Config {
    /// With topics `PREFIXevents`, `PREFIXupdates` and `PREFIXdead-letters`.
    pub fn new(brokers: impl Into<String>, prefix: &str) -> Config {
        Config {
            brokers: brokers.into(),
            topics: Topic::ALL.map(|topic| format!("{prefix}{}", topic.as_str().replace('_', "-"))),
            group: format!("{prefix}processors"),
            client_id: "focusflow".into(),
            partitions: 4,
            replication: 3,
            min_insync: 2,
            retention: Duration::from_secs(7 * 24 * 3600),
            updates_retention: Duration::from_secs(3600),
            max_record_bytes: 1 << 20,
            compression: Compression::Lz4,
            linger: Duration::from_millis(5),
            batch_bytes: 512 << 10,
            queue_bytes: 32 << 20,
            read_ahead_bytes: 64 << 20,
            delivery_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_secs(10),
            session_timeout: Duration::from_secs(10),
            handover_timeout: Duration::from_secs(20),
            tls: None,
            sasl: None,
            properties: Properties::default(),
        }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let refuse = |what: String| Err(Error::Refused(what));
        if self.brokers.trim().is_empty() {
            return refuse("no brokers are named: give some as host:port".into());
        }
        if self.min_insync > self.replication {
            let (min, all) = (self.min_insync, self.replication);
            return refuse(format!("{min} brokers cannot be in sync with {all} copies: lower min_insync or raise replication"));
        }
        match self.properties.0.keys().find(|key| OURS.contains(&key.as_str())) {
            Some(key) => refuse(format!("the property {key} is not free to choose, the log stands on it: leave it out")),
            None => Ok(()),
        }
    }

    pub(super) fn topic(&self, topic: Topic) -> &str {
        &self.topics[topic as usize]
    }

    /// Longest record of a topic.
    pub(super) fn max_bytes(&self, topic: Topic) -> usize {
        match topic {
            Topic::DeadLetters => self.max_record_bytes * 2,
            Topic::Events | Topic::Updates => self.max_record_bytes,
        }
    }
}

impl Compression {
    pub const ALL: [Compression; 5] =
        [Compression::None, Compression::Gzip, Compression::Lz4, Compression::Snappy, Compression::Zstd];

    pub fn as_str(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Lz4 => "lz4",
            Compression::Snappy => "snappy",
            Compression::Zstd => "zstd",
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No passwords.
        f.debug_struct("Tls").field("ca", &self.ca).field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

impl fmt::Debug for Sasl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sasl").field("mechanism", &self.mechanism).field("user", &self.user).finish_non_exhaustive()
    }
}

impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Some are secrets.
        f.debug_set().entries(self.0.keys()).finish()
    }
}
