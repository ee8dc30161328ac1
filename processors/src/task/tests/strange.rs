//! What other producers do to a log: holes, records in the wrong place, and such as no other topic takes.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use eventlog::holey::HoleyLog;
use eventlog::memory::MemoryLog;
use eventlog::{Assignment, EventLog, Records, RecordsBuilder, Topic};
use serde_json::json;

use super::{NINE, activity, harness, read_all};
use crate::Config;

async fn append(log: &dyn EventLog, records: &[(&[u8], &[u8])]) {
    let mut builder = RecordsBuilder::default();
    records.iter().for_each(|(key, value)| builder.push(NINE, key, b"other", value));
    log.append(Topic::Events, vec![(0, builder.finish())]).await.unwrap();
}

#[tokio::test]
async fn holes_are_passed_and_committed() {
    let log = Arc::new(HoleyLog::new(MemoryLog::new(1)));
    let mut harness = harness(Config::default()).await;
    harness.deps.log = log.clone();
    harness.restart().await.unwrap();
    let mut count = 0;
    for (some, end) in [(3, 5), (1, 6), (5, 15), (0, 15)] {
        for _ in 0..some {
            count += 1;
            let (_, event) = activity("anna", &count.to_string(), NINE, 1, "coding");
            append(&*log, &[(b"anna", &event)]).await;
        }
        harness.catch_up().await.unwrap();
        harness.settle().await.unwrap();
        assert_eq!(harness.deps.stats.partitions()[0].position, end, "after {count} records");
        harness.restart().await.unwrap();
        assert_eq!(harness.tables().await.unwrap()["activity_events"].len(), count);
    }
    assert_eq!(harness.store.acquire(0).await.unwrap().position, 15);
}

/// A log that takes no dead letter over 100 KB, and no event of its past.
struct Picky(Arc<MemoryLog>);

#[async_trait]
impl EventLog for Picky {
    fn partitions(&self, topic: Topic) -> u32 {
        self.0.partitions(topic)
    }
    async fn append(&self, topic: Topic, batches: Vec<(u32, Records)>) -> Result<(), eventlog::Error> {
        for record in batches.iter().flat_map(|(_, records)| records.iter()) {
            if topic == Topic::DeadLetters && record.value.len() > 100_000 {
                return Err(eventlog::Error::TooLarge("it is".into()));
            }
            if topic == Topic::Events && record.value.windows(5).any(|w| w == b"old-1") {
                return Err(eventlog::Error::TooOld("it is".into()));
            }
        }
        self.0.append(topic, batches).await
    }
    async fn read(&self, topic: Topic, p: u32, from: u64, max_bytes: usize, wait: Duration) -> Result<Records, eventlog::Error> {
        self.0.read(topic, p, from, max_bytes, wait).await
    }
    async fn range(&self, topic: Topic, partition: u32) -> Result<Range<u64>, eventlog::Error> {
        self.0.range(topic, partition).await
    }
    async fn release(&self, topic: Topic, partition: u32, offset: u64) -> Result<(), eventlog::Error> {
        self.0.release(topic, partition, offset).await
    }
    async fn join(&self) -> Result<Assignment, eventlog::Error> {
        self.0.join().await
    }
}

#[tokio::test]
async fn a_record_that_no_topic_takes_does_not_stop_the_partition() {
    let mut harness = harness(Config::default()).await;
    let log = harness.log.clone();
    harness.deps.log = Arc::new(Picky(log.clone()));
    harness.restart().await.unwrap();
    let event = |id: &str| activity("anna", id, NINE, 1, "coding").1;
    let (good, old, other) = (event("1"), event("old-1"), event("2"));
    let long = vec![b'{'; 300_000];
    // Without keys: they are sent on, one of them in vain.
    append(&*log, &[(b"", &good), (b"anna", &long), (b"", &old), (b"", &other)]).await;
    harness.catch_up().await.unwrap();
    let tables = harness.tables().await.unwrap();
    let events: Vec<_> = tables["activity_events"].values().map(|row| (row["id"].clone(), row["source"].clone())).collect();
    assert_eq!(events, [(json!("1"), json!("other")), (json!("2"), json!("other"))]);
    let dead = read_all(&log, Topic::DeadLetters).await;
    let dead: Vec<_> = dead.iter().map(|(_, reason, value)| (String::from_utf8_lossy(reason), value.len())).collect();
    assert_eq!(dead.len(), 2);
    assert!(dead[0].1 < 100_000 && dead[0].0.ends_with("cut from 300000 bytes"), "{dead:?}");
    assert!(dead[1].0.contains("too old") && dead[1].1 == old.len(), "{dead:?}");
    assert_eq!(harness.deps.stats.partitions()[0].events, 6, "each record read has one outcome");
}
