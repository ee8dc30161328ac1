//! The log in memory: for tests, and for topics whose records may die with the process (`Updates` in `focusflow up`).

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::records::concat;
use crate::{Error, EventLog, Records, Topic};

#[derive(Debug)]
pub struct MemoryLog {
    partitions: u32,
    /// Past this the oldest whole appends go, as retention allows. None keeps everything.
    max_bytes: Option<usize>,
    topics: [Vec<Partition>; Topic::ALL.len()],
}

#[derive(Debug, Default)]
struct Partition {
    state: Mutex<State>,
    appended: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// One per append, consecutive, none empty.
    chunks: VecDeque<Records>,
    bytes: usize,
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
        MemoryLog { partitions, max_bytes, topics }
    }

    fn partition(&self, topic: Topic, partition: u32) -> Result<&Partition, Error> {
        self.topics[topic as usize].get(partition as usize).ok_or(Error::NoPartition(partition))
    }
}

impl Partition {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere cannot leave the state half-changed: every change under the lock is complete.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn start(&self) -> u64 {
        self.chunks.front().map_or(self.end, Records::base_offset)
    }

    fn push(&mut self, records: Records) {
        let records = records.with_base(self.end);
        self.end = records.next_offset();
        self.bytes += records.wire().len();
        self.chunks.push_back(records);
    }

    fn trim(&mut self, topic: Topic, max_bytes: usize) {
        while self.bytes > max_bytes {
            let Some(oldest) = self.chunks.front() else { return };
            let free = match topic {
                Topic::Events => oldest.next_offset() <= self.released,
                Topic::Updates | Topic::DeadLetters => self.chunks.len() > 1,
            };
            if !free {
                return;
            }
            self.bytes -= oldest.wire().len();
            self.chunks.pop_front();
        }
    }

    fn read(&self, from: u64, max_bytes: usize) -> Result<Records, Error> {
        let (start, end) = (self.start(), self.end);
        if from < start || from > end {
            return Err(Error::OutOfRange { offset: from, start, end });
        }
        let first = self.chunks.partition_point(|c| c.next_offset() <= from);
        let mut parts = Vec::new();
        let mut bytes = 0;
        for chunk in self.chunks.iter().skip(first) {
            if !parts.is_empty() && bytes + chunk.wire().len() > max_bytes {
                break;
            }
            let part = chunk.part(from, max_bytes);
            bytes += part.wire().len();
            let whole = part.next_offset() == chunk.next_offset();
            parts.push(part);
            if !whole {
                break;
            }
        }
        Ok(concat(from, parts))
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
        for (index, records) in batches.into_iter().filter(|(_, records)| !records.is_empty()) {
            let partition = self.partition(topic, index)?;
            let mut state = partition.lock();
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
            let records = partition.lock().read(from, max_bytes)?;
            if !records.is_empty() || timeout_at(deadline, appended).await.is_err() {
                return Ok(records);
            }
        }
    }

    async fn range(&self, topic: Topic, partition: u32) -> Result<Range<u64>, Error> {
        let state = self.partition(topic, partition)?.lock();
        Ok(state.start()..state.end)
    }

    async fn release(&self, topic: Topic, partition: u32, offset: u64) -> Result<(), Error> {
        let mut state = self.partition(topic, partition)?.lock();
        state.released = state.released.max(offset.min(state.end));
        if let Some(max_bytes) = self.max_bytes {
            state.trim(topic, max_bytes);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RecordsBuilder;

    fn records(n: usize) -> Records {
        let mut builder = RecordsBuilder::default();
        (0..n).for_each(|i| builder.push(i as i64, b"user", b"test", format!("value {i}").as_bytes()));
        builder.finish()
    }

    #[tokio::test]
    async fn the_bound_drops_the_oldest_updates_but_no_unreleased_event() {
        let one = records(10).wire().len();
        let log = MemoryLog::bounded(1, 3 * one);
        for topic in [Topic::Updates, Topic::Events] {
            for _ in 0..10 {
                log.append(topic, vec![(0, records(10))]).await.unwrap();
            }
        }
        assert_eq!(log.range(Topic::Updates, 0).await.unwrap(), 70..100);
        assert_eq!(log.range(Topic::Events, 0).await.unwrap(), 0..100);
        log.release(Topic::Events, 0, 55).await.unwrap();
        assert_eq!(log.range(Topic::Events, 0).await.unwrap(), 50..100);
        let error = log.read(Topic::Events, 0, 49, 1, Duration::ZERO).await.unwrap_err();
        assert!(matches!(error, Error::OutOfRange { offset: 49, start: 50, end: 100 }));
    }

    #[tokio::test]
    async fn a_waiting_reader_wakes_for_the_append() {
        let log = std::sync::Arc::new(MemoryLog::new(2));
        let reader = tokio::spawn({
            let log = log.clone();
            async move { log.read(Topic::Events, 1, 0, 1 << 20, Duration::from_secs(20)).await }
        });
        tokio::task::yield_now().await;
        log.append(Topic::Events, vec![(0, records(1)), (1, records(3))]).await.unwrap();
        assert_eq!(reader.await.unwrap().unwrap().len(), 3);
    }
}
