//! The log on Apache Kafka: for several processes on several machines.
//!
//! ```text
//! append ─▶ Producer ─▶ librdkafka's queue ─▶ brokers (acks of all in sync)
//! read   ◀─ Reader   ◀─ one bounded queue a partition ◀─ fetched ahead
//! join   ◀─ Member   ◀─ the consumer group, which moves partitions and reads nothing
//! ```
//!
//! Reading is by partition and offset, as everywhere: the store knows how far a partition is. The group alone decides who
//! works on what; what it commits (`release`) are hints for those who watch lag, and nobody here reads them.
//!
//! Records are plain Kafka records: the key is the user, the value JSON, the source a header of that name. Any producer
//! that puts keys where Kafka's own clients do (murmur2) may write them, any consumer may read them.

mod check;
mod client;
pub mod config;
mod error;
mod lag;
mod member;
mod producer;
mod properties;
mod reader;
mod stats;
#[cfg(test)]
mod tests;
mod topics;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

pub use self::check::Finding;
pub use self::config::Config;
use self::lag::Onlooker;
use self::member::Members;
use self::producer::Producer;
use self::reader::Reader;
use crate::{Assignment, Error, EventLog, Records, Topic};

pub struct KafkaLog {
    partitions: [u32; Topic::ALL.len()],
    producer: Producer,
    reader: Reader,
    members: Members,
    onlooker: Onlooker,
    config: Arc<Config>,
}

impl KafkaLog {
    /// Reaches the brokers, makes the topics that are missing, and looks at those that are there.
    pub async fn open(config: Config) -> Result<KafkaLog, Error> {
        let config = Arc::new(config);
        config.check()?;
        let partitions = topics::prepare(&config).await?;
        Ok(KafkaLog {
            partitions,
            producer: Producer::new(config.clone(), partitions),
            reader: Reader::new(config.clone(), partitions),
            members: Members::new(config.clone()),
            onlooker: Onlooker::default(),
            config,
        })
    }

    /// Takes no more appends, finishes those that wait, leaves the group, and returns when the last is answered.
    pub async fn close(&self) {
        self.producer.close().await;
        self.members.close().await;
        self.reader.close().await;
    }

    /// How far the group is in each partition of `Events`, as its members told it: some seconds old, none where they never did.
    pub async fn group_positions(&self) -> Result<Vec<Option<u64>>, Error> {
        self.onlooker.positions(self.config.clone(), self.partitions(Topic::Events)).await
    }

    fn known(&self, topic: Topic, partition: u32) -> Result<(), Error> {
        if partition < self.partitions(topic) { Ok(()) } else { Err(Error::NoPartition(partition)) }
    }
}

#[async_trait]
impl EventLog for KafkaLog {
    fn partitions(&self, topic: Topic) -> u32 {
        self.partitions[topic as usize]
    }

    async fn append(&self, topic: Topic, mut batches: Vec<(u32, Records)>) -> Result<(), Error> {
        for (partition, _) in &batches {
            self.known(topic, *partition)?;
        }
        batches.retain(|(_, records)| !records.is_empty());
        if batches.is_empty() { Ok(()) } else { self.producer.append(topic, batches).await }
    }

    async fn read(&self, topic: Topic, partition: u32, from: u64, max_bytes: usize, wait: Duration) -> Result<Records, Error> {
        self.known(topic, partition)?;
        self.reader.read(topic, partition, from, max_bytes, wait).await
    }

    async fn range(&self, topic: Topic, partition: u32) -> Result<Range<u64>, Error> {
        self.known(topic, partition)?;
        self.reader.range(topic, partition).await
    }

    async fn ends(&self, topic: Topic, partitions: &[u32]) -> Result<Vec<u64>, Error> {
        for partition in partitions {
            self.known(topic, *partition)?;
        }
        if partitions.is_empty() { Ok(Vec::new()) } else { self.reader.ends(topic, partitions).await }
    }

    /// Brokers keep records by age. What is released is what the group commits, for whoever watches its lag.
    async fn release(&self, topic: Topic, partition: u32, offset: u64) -> Result<(), Error> {
        self.known(topic, partition)?;
        if topic == Topic::Events {
            self.members.release(partition, offset);
        }
        Ok(())
    }

    async fn join(&self) -> Result<Assignment, Error> {
        self.members.join()
    }
}
