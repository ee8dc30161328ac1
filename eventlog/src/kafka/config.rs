//! How the cluster is reached and used, and what that is in librdkafka's words.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;

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
    pub properties: BTreeMap<String, String>,
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
            properties: BTreeMap::new(),
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
        match self.properties.keys().find(|key| OURS.contains(&key.as_str())) {
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

    pub(super) fn client(&self) -> ClientConfig {
        let mut client = ClientConfig::new();
        client.set_log_level(RDKafkaLogLevel::Warning);
        client.set("bootstrap.servers", &self.brokers);
        client.set("client.id", &self.client_id);
        client.set("statistics.interval.ms", "5000");
        client.set("socket.keepalive.enable", "true");
        // A broker that comes back is found again within this.
        client.set("reconnect.backoff.max.ms", "2000");
        client.set("message.max.bytes", self.max_bytes(Topic::DeadLetters).to_string());
        let protocol = match (&self.tls, &self.sasl) {
            (None, None) => "plaintext",
            (Some(_), None) => "ssl",
            (None, Some(_)) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        };
        client.set("security.protocol", protocol);
        if let Some(tls) = &self.tls {
            let paths =
                [("ssl.ca.location", &tls.ca), ("ssl.certificate.location", &tls.certificate), ("ssl.key.location", &tls.key)];
            for (key, path) in paths {
                if let Some(path) = path {
                    client.set(key, path.to_string_lossy());
                }
            }
            if let Some(password) = &tls.key_password {
                client.set("ssl.key.password", password);
            }
        }
        if let Some(sasl) = &self.sasl {
            client.set("sasl.mechanism", &sasl.mechanism);
            client.set("sasl.username", &sasl.user);
            client.set("sasl.password", &sasl.password);
        }
        for (key, value) in &self.properties {
            client.set(key, value);
        }
        client
    }

    pub(super) fn producer(&self) -> ClientConfig {
        let mut client = self.client();
        client.set("acks", "all").set("enable.idempotence", "true");
        client.set("linger.ms", millis(self.linger));
        client.set("batch.size", self.batch_bytes.to_string());
        // By bytes alone.
        client.set("batch.num.messages", "1000000");
        client.set("compression.type", self.compression.as_str());
        client.set("delivery.timeout.ms", millis(self.delivery_timeout));
        // We choose the partition; should we not, it is as Kafka's own clients do.
        client.set("partitioner", "murmur2_random");
        // The bound is ours (`producer`), which waits; librdkafka's would refuse.
        client.set("queue.buffering.max.messages", "0").set("queue.buffering.max.kbytes", "2147483647");
        client
    }

    pub(super) fn reader(&self, partitions: u32) -> ClientConfig {
        let mut client = self.client();
        let bytes = (self.read_ahead_bytes / partitions.max(1) as usize).max(64 << 10);
        // Reading by offset is no member's business, but librdkafka wants a name.
        client.set("group.id", &self.group);
        client.set("enable.auto.commit", "false").set("enable.auto.offset.store", "false");
        // Where a position is not there any more, that is said.
        client.set("auto.offset.reset", "error").set("enable.partition.eof", "true");
        client.set("queued.max.messages.kbytes", (bytes >> 10).to_string());
        // A short record takes some hundred bytes to keep all the same.
        client.set("queued.min.messages", (bytes / 128).to_string());
        // As compressed: one answer of the brokers may be several times as long.
        client.set("fetch.message.max.bytes", (bytes / 4).clamp(64 << 10, 1 << 20).to_string());
        // A full queue is looked at again after this: the default of a second would be the speed limit.
        client.set("fetch.queue.backoff.ms", "10");
        client.set("fetch.error.backoff.ms", "100");
        // A reader that jumps waits for the fetch that is under way.
        client.set("fetch.wait.max.ms", "100");
        client
    }

    pub(super) fn member(&self) -> ClientConfig {
        let mut client = self.client();
        client.set("group.id", &self.group);
        client.set("enable.auto.commit", "false").set("enable.auto.offset.store", "false");
        client.set("partition.assignment.strategy", "cooperative-sticky");
        client.set("session.timeout.ms", millis(self.session_timeout));
        client.set("heartbeat.interval.ms", millis(self.session_timeout / 5));
        // It reads nothing: nothing is to be fetched while partitions are being paused.
        client.set("queued.min.messages", "1").set("queued.max.messages.kbytes", "1");
        client
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

fn millis(time: Duration) -> String {
    time.as_millis().to_string()
}
