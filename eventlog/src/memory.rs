//! The log in memory: for tests, and for topics whose records may die with the process (`Updates` in `focusflow up`).

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::chunks::Chunks;
use crate::records::concat;
use crate::{Assignment, Error, EventLog, Records, Topic};

#[derive(Debug)]
pub struct MemoryLog {
    partitions: u32,
    /// Past this the oldest whole appends go, as retention allows. None keeps everything.
    max_bytes: Option<usize>,
    topics: [Vec<Partition>; Topic::ALL.len()],
    /// One append at a time, so that the records of one stand together.
    appending: Mutex<()>,
}

#[derive(Debug, Default)]
struct Partition {
    state: Mutex<State>,
    appended: Notify,
}

#[derive(Debug, Default)]
struct State {
    chunks: Chunks,
    end: u64,
    released: u64,
}

impl MemoryLog {
    /// Keeps everything for as long as it lives.
    pub fn new(partitions: u32) -> MemoryLog {
        MemoryLog::with(partitions, None)
    }

    /// Drops the oldest records of a partition once it holds more than `max_bytes_per_partition`: from `Events` only
    /// those below the release offset (so it grows when its reader stands still), from the other topics any but the
    /// newest append.
    pub fn bounded(partitions: u32, max_bytes_per_partition: usize) -> MemoryLog {
        MemoryLog::with(partitions, Some(max_bytes_per_partition))
    }

    fn with(partitions: u32, max_bytes: Option<usize>) -> MemoryLog {
        let partitions = partitions.max(1);
        let topics = Topic::ALL.map(|_| (0..partitions).map(|_| Partition::default()).collect());
        MemoryLog { partitions, max_bytes, topics, appending: Mutex::new(()) }
    }

    fn partition(&self, topic: Topic, partition: u32) -> Result<&Partition, Error> {
        self.topics[topic as usize].get(partition as usize).ok_or(Error::NoPartition(partition))
    }
}

/// A panic elsewhere cannot leave what the lock guards half-changed: every change under it is complete.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn start(&self) -> u64 {
        self.chunks.oldest().map_or(self.end, Records::base_offset)
    }

    fn push(&mut self, records: Records) {
        let records = records.with_base(self.end);
        self.end = records.next_offset();
        self.chunks.push(records);
    }

    fn trim(&mut self, topic: Topic, max_bytes: usize) {
        while self.chunks.bytes() > max_bytes {
            let free = match topic {
                Topic::Events => self.chunks.oldest().is_some_and(|c| c.next_offset() <= self.released),
                Topic::Updates | Topic::DeadLetters => self.chunks.len() > 1,
            };
            if !free {
                return;
            }
            self.chunks.drop_oldest();
        }
    }

    fn parts(&self, from: u64, max_bytes: usize) -> Result<Vec<Records>, Error> {
        let (start, end) = (self.start(), self.end);
        if from < start || from > end {
            return Err(Error::OutOfRange { offset: from, start, end });
        }
        Ok(self.chunks.parts(from, max_bytes).unwrap_or_default())
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    fn partitions(&self, _topic: Topic) -> u32 {
        self.partitions
    }

    async fn append(&self, topic: Topic, batches: Vec<(u32, Records)>) -> Result<(), Error> {
        for (partition, _) in &batches {
            self.partition(topic, *partition)?;
        }
        let _one = lock(&self.appending);
        for (index, records) in batches.into_iter().filter(|(_, records)| !records.is_empty()) {
            let partition = self.partition(topic, index)?;
            let mut state = lock(&partition.state);
            state.push(records);
            if let Some(max_bytes) = self.max_bytes {
                state.trim(topic, max_bytes);
            }
            drop(state);
            partition.appended.notify_waiters();
        }
        Ok(())
    }

    async fn read(&self, topic: Topic, partition: u32, from: u64, max_bytes: usize, wait: Duration) -> Result<Records, Error> {
        let partition = self.partition(topic, partition)?;
        let deadline = Instant::now() + wait;
        loop {
            let mut appended = std::pin::pin!(partition.appended.notified());
            // Registered before the look, so that an append in between wakes us.
            appended.as_mut().enable();
            let parts = lock(&partition.state).parts(from, max_bytes)?;
            if !parts.is_empty() || timeout_at(deadline, appended).await.is_err() {
                return Ok(concat(from, parts));
            }
        }
    }

    async fn range(&self, topic: Topic, partition: u32) -> Result<Range<u64>, Error> {
        let state = lock(&self.partition(topic, partition)?.state);
        Ok(state.start()..state.end)
    }

    async fn release(&self, topic: Topic, partition: u32, offset: u64) -> Result<(), Error> {
        let mut state = lock(&self.partition(topic, partition)?.state);
        state.released = state.released.max(offset.min(state.end));
        if let Some(max_bytes) = self.max_bytes {
            state.trim(topic, max_bytes);
        }
        Ok(())
    }

    async fn join(&self) -> Result<Assignment, Error> {
        Ok(Assignment::all(self.partitions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::batch;

    #[tokio::test]
    async fn it_passes_the_contract() {
        crate::testing::contract(async || MemoryLog::new(4)).await;
        crate::testing::contract(async || MemoryLog::bounded(2, 100_000_000)).await;
    }

    #[tokio::test]
    async fn the_bound_drops_the_oldest_updates_but_no_unreleased_event() {
        let one = batch("a", 10).wire().len();
        let log = MemoryLog::bounded(1, 3 * one);
        for topic in [Topic::Updates, Topic::Events] {
            for _ in 0..10 {
                log.append(topic, vec![(0, batch("a", 10))]).await.unwrap();
            }
        }
        assert_eq!(log.range(Topic::Updates, 0).await.unwrap(), 70..100);
        assert_eq!(log.range(Topic::Events, 0).await.unwrap(), 0..100);
        log.release(Topic::Events, 0, 55).await.unwrap();
        assert_eq!(log.range(Topic::Events, 0).await.unwrap(), 50..100);
        let error = log.read(Topic::Events, 0, 49, 1, Duration::ZERO).await.unwrap_err();
        assert!(matches!(error, Error::OutOfRange { offset: 49, start: 50, end: 100 }));
    }
}
