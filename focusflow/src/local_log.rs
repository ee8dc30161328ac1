//! The log of one machine: events and dead letters on disk, live updates in memory, since those are news and nothing else.

use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use eventlog::embedded::EmbeddedLog;
use eventlog::memory::MemoryLog;
use eventlog::{Assignment, Error, EventLog, Records, Topic};

pub struct LocalLog {
    disk: EmbeddedLog,
    updates: MemoryLog,
}

impl LocalLog {
    /// `updates_bytes` over all partitions.
    pub fn new(disk: EmbeddedLog, updates_bytes: usize) -> LocalLog {
        let partitions = disk.partitions(Topic::Updates);
        let each = updates_bytes / partitions.max(1) as usize;
        LocalLog { disk, updates: MemoryLog::bounded(partitions, each) }
    }

    /// Finishes the appends that wait and takes no more.
    pub async fn close(&self) {
        self.disk.close().await;
    }

    fn of(&self, topic: Topic) -> &dyn EventLog {
        match topic {
            Topic::Updates => &self.updates,
            Topic::Events | Topic::DeadLetters => &self.disk,
        }
    }
}

#[async_trait]
impl EventLog for LocalLog {
    fn partitions(&self, topic: Topic) -> u32 {
        self.of(topic).partitions(topic)
    }

    async fn append(&self, topic: Topic, batches: Vec<(u32, Records)>) -> Result<(), Error> {
        self.of(topic).append(topic, batches).await
    }

    async fn read(&self, topic: Topic, partition: u32, from: u64, max_bytes: usize, wait: Duration) -> Result<Records, Error> {
        self.of(topic).read(topic, partition, from, max_bytes, wait).await
    }

    async fn range(&self, topic: Topic, partition: u32) -> Result<Range<u64>, Error> {
        self.of(topic).range(topic, partition).await
    }

    async fn release(&self, topic: Topic, partition: u32, offset: u64) -> Result<(), Error> {
        self.of(topic).release(topic, partition, offset).await
    }

    async fn join(&self) -> Result<Assignment, Error> {
        self.disk.join().await
    }
}
