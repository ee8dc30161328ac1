//! What reading ahead may take, and what is told of it. In a process of its own: it is measured as memory of the process,
//! and the metrics are the process's.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "kafka/broker.rs"]
mod broker;
#[path = "kafka/gauges.rs"]
mod gauges;

use std::time::Duration;

use broker::Broker;
use focusflow_eventlog::kafka::KafkaLog;
use focusflow_eventlog::metrics::{KAFKA_BROKERS_UP as BROKERS_UP, KAFKA_READ_AHEAD_BYTES as READ_AHEAD};
use focusflow_eventlog::{EventLog, RecordsBuilder, Topic};

/// A consumer that stands still has only so much read ahead for it, and loses nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_holds_back_the_fetching() {
    let broker = Broker::get();
    let gauges = gauges::Gauges::install();
    let mut config = broker.config();
    config.read_ahead_bytes = 4 << 20;
    let log = KafkaLog::open(config.clone()).await.unwrap();
    let mut builder = RecordsBuilder::default();
    for i in 0..30_000 {
        builder.push(1_700_000_000_000 + i, b"user", b"test", &noise(i as u64));
    }
    let records = builder.finish();
    for _ in 0..3 {
        log.append(Topic::Events, vec![(0, records.clone())]).await.unwrap();
    }
    log.close().await;
    let log = KafkaLog::open(config).await.unwrap();
    let before = resident_bytes();
    log.read(Topic::Events, 0, 0, 1, Duration::ZERO).await.unwrap();
    // Until the client has told its statistics.
    tokio::time::sleep(Duration::from_secs(6)).await;
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 40 << 20, "{grown} bytes more for 90 MB that nobody has asked for");
    let told = gauges.get(READ_AHEAD);
    assert!(told > 500_000.0 && told < 4e6, "{told} bytes are read ahead");
    assert_eq!(gauges.get(BROKERS_UP), 1.0);
    let (mut next, mut count) = (0, 0);
    while next < 90_000 {
        let records = log.read(Topic::Events, 0, next, 1 << 20, Duration::ZERO).await.unwrap();
        assert_eq!(records.base_offset(), next);
        (next, count) = (records.next_offset(), count + records.len());
    }
    assert_eq!(count, 90_000);
    broker.clean_up().await;
}

/// A thousand bytes that no compression makes shorter.
fn noise(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(next).take(125).flatten().collect()
}

fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}
