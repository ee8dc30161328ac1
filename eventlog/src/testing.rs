//! The contract suite: what every implementation of the log passes. Each invariant of the crate is a case named after
//! it. For tests alone, hence the panics.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::{Change, Error, EventLog, Record, Records, RecordsBuilder, Topic, partition_of};

const SOON: Duration = Duration::from_secs(10);
const LOTS: usize = 64 << 20;
/// The end of the year 9999.
const FAR: i64 = 253_402_300_799_999;

/// Runs every case on a new, empty log of at least two partitions. Logs that retain little test retention better.
pub async fn contract<L: EventLog>(make: impl AsyncFn() -> L) {
    an_append_is_there_when_it_returns(make().await).await;
    offsets_count_up_from_0_by_one(make().await).await;
    a_record_once_read_is_read_again_under_the_same_offset(Arc::new(make().await)).await;
    records_of_one_append_to_one_partition_stand_together(Arc::new(make().await)).await;
    retention_never_takes_a_record_at_or_past_the_release_offset(make().await).await;
    a_record_comes_back_as_it_was(make().await).await;
    a_read_gives_at_least_one_record_and_about_max_bytes(make().await).await;
    a_read_at_the_end_waits_for_the_next_append(Arc::new(make().await)).await;
    offsets_outside_the_log_are_refused(make().await).await;
    an_unknown_partition_is_refused_and_nothing_of_the_append_is_there(make().await).await;
    topics_and_partitions_are_apart(make().await).await;
    whoever_joins_alone_gains_every_partition(make().await).await;
}

/// Runs every case on a log of its own, of at least two partitions, which `open` opens under the name given: empty at first,
/// and again after it was dropped. For logs that outlive their process.
pub async fn contract_durable<L: EventLog>(open: impl AsyncFn(&str) -> L) {
    what_was_acknowledged_is_there_after_reopening(&open).await;
    offsets_go_on_after_reopening(&open).await;
    retention_after_reopening_takes_no_record_that_was_not_released(&open).await;
}

/// `n` records whose values are "NAME 0", "NAME 1", …
pub fn batch(name: &str, n: usize) -> Records {
    let mut builder = RecordsBuilder::default();
    (0..n)
        .for_each(|i| builder.push(1_700_000_000_000 + i as i64, name.as_bytes(), b"contract", format!("{name} {i}").as_bytes()));
    builder.finish()
}

/// The values from an offset to the end, with their offsets.
pub async fn read_all(log: &impl EventLog, topic: Topic, partition: u32, from: u64) -> Vec<(u64, String)> {
    let mut values = Vec::new();
    let mut next = from;
    let end = log.range(topic, partition).await.unwrap().end;
    while next < end {
        let records = log.read(topic, partition, next, 1 << 20, Duration::ZERO).await.unwrap();
        assert_eq!(records.base_offset(), next);
        assert!(!records.is_empty(), "nothing at {next} of {end}");
        values.extend(records.iter().map(|r| (r.offset, String::from_utf8(r.value.to_vec()).unwrap())));
        next = records.next_offset();
    }
    values
}

async fn an_append_is_there_when_it_returns(log: impl EventLog) {
    for i in 0..20 {
        let name = format!("append {i}");
        log.append(Topic::Events, vec![(1, batch(&name, 3))]).await.unwrap();
        let records = log.read(Topic::Events, 1, i * 3, LOTS, Duration::ZERO).await.unwrap();
        assert!(records.iter().next().is_some_and(|r| r.value == format!("{name} 0").as_bytes()));
    }
}

async fn offsets_count_up_from_0_by_one(log: impl EventLog) {
    assert_eq!(log.range(Topic::Events, 0).await.unwrap(), 0..0);
    for n in [1, 7, 100, 0, 3] {
        log.append(Topic::Events, vec![(0, batch("a", n))]).await.unwrap();
    }
    assert_eq!(log.range(Topic::Events, 0).await.unwrap(), 0..111);
    let offsets: Vec<u64> = read_all(&log, Topic::Events, 0, 0).await.into_iter().map(|(offset, _)| offset).collect();
    assert_eq!(offsets, (0..111).collect::<Vec<_>>());
    assert_eq!(read_all(&log, Topic::Events, 0, 57).await[0].0, 57);
}

async fn a_record_once_read_is_read_again_under_the_same_offset(log: Arc<impl EventLog>) {
    let writers: Vec<_> = (0..4)
        .map(|w| {
            let log = log.clone();
            tokio::spawn(async move {
                for i in 0..25 {
                    log.append(Topic::Events, vec![(0, batch(&format!("{w}-{i}"), 1 + i % 5))]).await.unwrap();
                }
            })
        })
        .collect();
    let total = 4 * (0..25).map(|i| 1 + i % 5).sum::<u64>();
    let mut seen = Vec::new();
    while (seen.len() as u64) < total {
        let records = log.read(Topic::Events, 0, seen.len() as u64, 200, SOON).await.unwrap();
        assert!(!records.is_empty());
        seen.extend(records.iter().map(|r| (r.offset, String::from_utf8(r.value.to_vec()).unwrap())));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(seen, read_all(&*log, Topic::Events, 0, 0).await);
}

async fn records_of_one_append_to_one_partition_stand_together(log: Arc<impl EventLog>) {
    let partitions = log.partitions(Topic::Events);
    let writers: Vec<_> = (0..8)
        .map(|w| {
            let log = log.clone();
            tokio::spawn(async move {
                for i in 0..10 {
                    let name = format!("{w}.{i}");
                    let batches = (0..partitions).map(|p| (p, batch(&name, 5))).chain([(0, batch(&name, 5))]).collect();
                    log.append(Topic::Events, batches).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    for partition in 0..partitions {
        let values: Vec<String> =
            read_all(&*log, Topic::Events, partition, 0).await.into_iter().map(|(_, value)| value).collect();
        let twice = if partition == 0 { 2 } else { 1 };
        assert_eq!(values.len(), 8 * 10 * 5 * twice);
        let mut last = HashMap::new();
        for group in values.chunks(5 * twice) {
            let name = group[0].split(' ').next().unwrap();
            let whole: Vec<String> = (0..twice).flat_map(|_| (0..5).map(|i| format!("{name} {i}"))).collect();
            assert_eq!(group, whole, "in order and together");
            let (writer, i) = name.split_once('.').unwrap();
            let before = last.insert(writer.to_owned(), i.parse::<i32>().unwrap());
            assert!(before.is_none_or(|b| b < i.parse().unwrap()), "appends that wait for one another keep their order");
        }
    }
}

async fn retention_never_takes_a_record_at_or_past_the_release_offset(log: impl EventLog) {
    for i in 0..40 {
        log.append(Topic::Events, vec![(0, batch(&format!("{i}"), 10))]).await.unwrap();
    }
    assert_eq!(log.range(Topic::Events, 0).await.unwrap(), 0..400, "nothing was released");
    log.release(Topic::Events, 0, 205).await.unwrap();
    log.release(Topic::Events, 0, 100).await.unwrap();
    for i in 40..60 {
        log.append(Topic::Events, vec![(0, batch(&format!("{i}"), 10))]).await.unwrap();
        let range = log.range(Topic::Events, 0).await.unwrap();
        assert!(range.start <= 205 && range.end == (i + 1) * 10, "{range:?}");
        assert_eq!(read_all(&log, Topic::Events, 0, 205).await[0], (205, "20 5".into()));
    }
    // Past the end is as far as the end.
    log.release(Topic::Events, 0, 1_000_000).await.unwrap();
    log.append(Topic::Events, vec![(0, batch("last", 1))]).await.unwrap();
    assert_eq!(read_all(&log, Topic::Events, 0, 600).await, [(600, "last 0".into())]);
}

async fn a_record_comes_back_as_it_was(log: impl EventLog) {
    let mut builder = RecordsBuilder::default();
    let long = vec![0xab; 300_000];
    builder.push(1, b"", b"", b"");
    builder.push(FAR, "jürgen".as_bytes(), b"laptop", &long);
    builder.push(1_700_000_000_123, b"k", b"", b"{\"a\":1}");
    log.append(Topic::DeadLetters, vec![(1, builder.finish())]).await.unwrap();
    let records = log.read(Topic::DeadLetters, 1, 0, LOTS, Duration::ZERO).await.unwrap();
    let all: Vec<Record<'_>> = records.iter().collect();
    let expected = [
        Record { offset: 0, timestamp_ms: 1, key: b"", source: b"", value: b"" },
        Record { offset: 1, timestamp_ms: FAR, key: "jürgen".as_bytes(), source: b"laptop", value: &long },
        Record { offset: 2, timestamp_ms: 1_700_000_000_123, key: b"k", source: b"", value: b"{\"a\":1}" },
    ];
    // Not every log gives all it has at once.
    assert!(!all.is_empty());
    assert_eq!(all, expected[..all.len()]);
    for record in &expected {
        let one = log.read(Topic::DeadLetters, 1, record.offset, 1, Duration::ZERO).await.unwrap();
        assert_eq!(one.iter().next().as_ref(), Some(record));
    }
}

async fn a_read_gives_at_least_one_record_and_about_max_bytes(log: impl EventLog) {
    for i in 0..100 {
        log.append(Topic::Events, vec![(0, batch(&format!("{i}"), 100))]).await.unwrap();
    }
    let mut next = 0;
    while next < 10_000 {
        let max_bytes = [1, 100, 5_000, 70_000][next as usize % 4];
        let records = log.read(Topic::Events, 0, next, max_bytes, Duration::ZERO).await.unwrap();
        assert!(!records.is_empty() && records.base_offset() == next);
        assert!(records.len() == 1 || records.wire().len() <= max_bytes, "{} for {max_bytes}", records.wire().len());
        next = records.next_offset();
    }
}

async fn a_read_at_the_end_waits_for_the_next_append(log: Arc<impl EventLog>) {
    let started = Instant::now();
    let none = log.read(Topic::Updates, 0, 0, LOTS, Duration::from_millis(30)).await.unwrap();
    assert!(none.is_empty() && none.next_offset() == 0 && started.elapsed() >= Duration::from_millis(30));
    let reader = tokio::spawn({
        let log = log.clone();
        async move { log.read(Topic::Updates, 0, 0, LOTS, Duration::from_secs(60)).await.unwrap() }
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    log.append(Topic::Updates, vec![(1, batch("elsewhere", 1))]).await.unwrap();
    log.append(Topic::Updates, vec![(0, batch("here", 2))]).await.unwrap();
    let records = tokio::time::timeout(SOON, reader).await.expect("the reader wakes").unwrap();
    assert!(records.iter().next().is_some_and(|r| r.value == b"here 0"));
}

async fn offsets_outside_the_log_are_refused(log: impl EventLog) {
    log.append(Topic::Events, vec![(0, batch("a", 5))]).await.unwrap();
    let error = log.read(Topic::Events, 0, 6, LOTS, Duration::ZERO).await.unwrap_err();
    assert!(matches!(error, Error::OutOfRange { offset: 6, start: 0, end: 5 }), "{error}");
    assert!(log.read(Topic::Events, 0, 5, LOTS, Duration::ZERO).await.unwrap().is_empty());
}

async fn an_unknown_partition_is_refused_and_nothing_of_the_append_is_there(log: impl EventLog) {
    let beyond = log.partitions(Topic::Events);
    let error = log.append(Topic::Events, vec![(0, batch("a", 1)), (beyond, batch("a", 1))]).await.unwrap_err();
    assert!(matches!(error, Error::NoPartition(p) if p == beyond));
    assert_eq!(log.range(Topic::Events, 0).await.unwrap(), 0..0);
    assert!(matches!(log.read(Topic::Events, beyond, 0, 1, Duration::ZERO).await, Err(Error::NoPartition(_))));
    assert!(matches!(log.range(Topic::Events, beyond).await, Err(Error::NoPartition(_))));
    assert!(matches!(log.release(Topic::Events, beyond, 0).await, Err(Error::NoPartition(_))));
}

async fn what_was_acknowledged_is_there_after_reopening<L: EventLog>(open: &impl AsyncFn(&str) -> L) {
    const NAME: &str = "acknowledged";
    let mut builder = RecordsBuilder::default();
    builder.push(FAR, "jürgen".as_bytes(), b"laptop", &[0xab; 300_000]);
    builder.push(1, b"", b"", b"");
    let log = open(NAME).await;
    let partitions = log.partitions(Topic::Events);
    let sent = builder.finish();
    for topic in Topic::ALL {
        log.append(topic, vec![(0, sent.clone()), (1, batch("b", 3))]).await.unwrap();
    }
    drop(log);
    for _ in 0..2 {
        let log = open(NAME).await;
        assert_eq!(log.partitions(Topic::Events), partitions);
        for topic in Topic::ALL {
            let mut next = 0;
            while next < 2 {
                let records = log.read(topic, 0, next, LOTS, Duration::ZERO).await.unwrap();
                let expected: Vec<Record<'_>> = sent.iter().skip(next as usize).take(records.len()).collect();
                assert_eq!(records.iter().collect::<Vec<_>>(), expected);
                next = records.next_offset();
            }
            let others: Vec<String> = read_all(&log, topic, 1, 0).await.into_iter().map(|(_, value)| value).collect();
            assert_eq!(others, ["b 0", "b 1", "b 2"]);
        }
    }
}

async fn offsets_go_on_after_reopening<L: EventLog>(open: &impl AsyncFn(&str) -> L) {
    for life in 0..5u64 {
        let log = open("offsets").await;
        assert_eq!(log.range(Topic::Events, 0).await.unwrap(), 0..life * 10);
        log.append(Topic::Events, vec![(0, batch(&format!("{life}"), 10))]).await.unwrap();
        let all = read_all(&log, Topic::Events, 0, 0).await;
        assert_eq!(all.len() as u64, (life + 1) * 10);
        assert!(all.iter().all(|(offset, value)| *value == format!("{} {}", offset / 10, offset % 10)));
    }
}

async fn retention_after_reopening_takes_no_record_that_was_not_released<L: EventLog>(open: &impl AsyncFn(&str) -> L) {
    let log = open("retention").await;
    for i in 0..40 {
        log.append(Topic::Events, vec![(0, batch(&format!("{i}"), 10))]).await.unwrap();
    }
    log.release(Topic::Events, 0, 205).await.unwrap();
    drop(log);
    let log = open("retention").await;
    for i in 40..60 {
        log.append(Topic::Events, vec![(0, batch(&format!("{i}"), 10))]).await.unwrap();
    }
    let range = log.range(Topic::Events, 0).await.unwrap();
    assert!(range.start <= 205 && range.end == 600, "{range:?}");
    assert_eq!(read_all(&log, Topic::Events, 0, 205).await[0], (205, "20 5".into()));
}

async fn topics_and_partitions_are_apart(log: impl EventLog) {
    for topic in Topic::ALL {
        assert!(log.partitions(topic) >= 2);
        for partition in 0..log.partitions(topic) {
            log.append(topic, vec![(partition, batch(&format!("{}-{partition}", topic.as_str()), 1 + partition as usize))])
                .await
                .unwrap();
        }
    }
    for topic in Topic::ALL {
        // The last first: they come in the order in which they were asked for.
        let partitions: Vec<u32> = (0..log.partitions(topic)).rev().collect();
        let ends: Vec<u64> = partitions.iter().map(|partition| 1 + u64::from(*partition)).collect();
        assert_eq!(log.ends(topic, &partitions).await.unwrap(), ends);
        for partition in 0..log.partitions(topic) {
            let values = read_all(&log, topic, partition, 0).await;
            assert_eq!(values.len(), 1 + partition as usize);
            assert!(values.iter().all(|(i, value)| *value == format!("{}-{partition} {i}", topic.as_str())));
        }
    }
    assert!((0..1000).all(|i| partition_of(format!("user {i}").as_bytes(), 4) < 4));
}

async fn whoever_joins_alone_gains_every_partition(log: impl EventLog) {
    let mut assignment = log.join().await.unwrap();
    let mut gained = Vec::new();
    while (gained.len() as u32) < log.partitions(Topic::Events) {
        match tokio::time::timeout(SOON, assignment.next()).await.expect("there are more to come").unwrap() {
            Change::Gained(partitions) => gained.extend(partitions),
            Change::Lost(lost) => panic!("nobody else is there to get {:?}", lost.partitions),
        }
    }
    gained.sort_unstable();
    assert_eq!(gained, (0..log.partitions(Topic::Events)).collect::<Vec<_>>());
    let more = tokio::time::timeout(Duration::from_millis(50), assignment.next()).await;
    assert!(more.is_err(), "there is no more to say: {more:?}");
}
