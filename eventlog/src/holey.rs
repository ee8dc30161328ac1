//! A log with holes in its offsets, as transactions of other producers leave them on Kafka: for tests of whoever reads.

use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;

use crate::{Assignment, Error, EventLog, Records, Topic};

/// After every so many records there is a hole of `HOLE` offsets.
const EVERY: u64 = 3;
const HOLE: u64 = 2;

/// Holes are in `Events` alone.
#[derive(Debug)]
pub struct HoleyLog<L> {
    inner: L,
}

impl<L: EventLog> HoleyLog<L> {
    pub fn new(inner: L) -> HoleyLog<L> {
        HoleyLog { inner }
    }

    pub fn inner(&self) -> &L {
        &self.inner
    }
}

/// The offset that is told of the record at this one.
fn outer(inner: u64) -> u64 {
    inner + inner / EVERY * HOLE
}

/// The first record at or after an offset as it was told.
fn inner(told: u64) -> u64 {
    let (rounds, rest) = (told / (EVERY + HOLE), told % (EVERY + HOLE));
    rounds * EVERY + rest.min(EVERY)
}

#[async_trait]
impl<L: EventLog> EventLog for HoleyLog<L> {
    fn partitions(&self, topic: Topic) -> u32 {
        self.inner.partitions(topic)
    }

    async fn append(&self, topic: Topic, batches: Vec<(u32, Records)>) -> Result<(), Error> {
        self.inner.append(topic, batches).await
    }

    async fn read(&self, topic: Topic, partition: u32, from: u64, max_bytes: usize, wait: Duration) -> Result<Records, Error> {
        if topic != Topic::Events {
            return self.inner.read(topic, partition, from, max_bytes, wait).await;
        }
        let begin = inner(from);
        // In a hole at the end nothing has to be waited for: the answer ends past it.
        let wait = if outer(begin) > from { Duration::ZERO } else { wait };
        let records = self.inner.read(topic, partition, begin, max_bytes, wait).await?;
        if records.is_empty() {
            return Ok(records.with_base(outer(begin)));
        }
        // Up to the next hole.
        let together = (EVERY - begin % EVERY).min(records.len() as u64);
        let bytes = records.iter().take(together as usize);
        let bytes: usize = bytes.map(|r| crate::RecordsBuilder::size_of(r.key, r.source, r.value)).sum();
        Ok(records.part(begin, bytes).with_base(outer(begin)))
    }

    async fn range(&self, topic: Topic, partition: u32) -> Result<Range<u64>, Error> {
        let range = self.inner.range(topic, partition).await?;
        Ok(if topic == Topic::Events { outer(range.start)..outer(range.end) } else { range })
    }

    async fn release(&self, topic: Topic, partition: u32, offset: u64) -> Result<(), Error> {
        let offset = if topic == Topic::Events { inner(offset) } else { offset };
        self.inner.release(topic, partition, offset).await
    }

    async fn join(&self) -> Result<Assignment, Error> {
        self.inner.join().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryLog;
    use crate::testing::batch;

    #[tokio::test]
    async fn reads_begin_past_holes_and_end_past_the_last_one() {
        let log = HoleyLog::new(MemoryLog::new(1));
        log.append(Topic::Events, vec![(0, batch("a", 6))]).await.unwrap();
        assert_eq!(log.range(Topic::Events, 0).await.unwrap(), 0..10);
        let mut next = 0;
        let mut seen = Vec::new();
        loop {
            let records = log.read(Topic::Events, 0, next, 1 << 20, Duration::ZERO).await.unwrap();
            seen.push((records.base_offset(), records.len()));
            if records.next_offset() == next {
                break;
            }
            next = records.next_offset();
        }
        assert_eq!(seen, [(0, 3), (5, 3), (10, 0), (10, 0)]);
        for offset in 0..40 {
            assert!(inner(outer(offset)) == offset && outer(inner(offset)) >= offset, "{offset}");
        }
    }
}
