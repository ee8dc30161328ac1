//! The log on a real Apache Kafka. The broker is the one of TEST_KAFKA (`deploy/services.sh env kafka`); without that,
//! these tests start it themselves and leave it running for the next. Without a broker they fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "kafka/broker.rs"]
mod broker;
#[path = "kafka/check.rs"]
mod check;
#[path = "kafka/group.rs"]
mod group;
#[path = "kafka/others.rs"]
mod others;
#[path = "kafka/settings.rs"]
mod settings;

use std::time::Duration;

use broker::Broker;
use focusflow_eventlog::kafka::config::Compression;
use focusflow_eventlog::kafka::{Config, KafkaLog};
use focusflow_eventlog::testing::{batch, contract, read_all};
use focusflow_eventlog::{EventLog, Topic};

const SOON: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn it_passes_the_contract() {
    let broker = Broker::get();
    contract(async || KafkaLog::open(broker.config()).await.unwrap()).await;
    broker.clean_up().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_way_records_are_compressed_they_come_back() {
    let broker = Broker::get();
    let config = broker.config();
    let log = KafkaLog::open(config.clone()).await.unwrap();
    let mut expected = Vec::new();
    for compression in Compression::ALL {
        let writer = KafkaLog::open(Config { compression, ..config.clone() }).await.unwrap();
        writer.append(Topic::Events, vec![(0, batch(compression.as_str(), 2_000))]).await.unwrap();
        writer.close().await;
        expected.extend((0..2_000).map(|i| format!("{} {i}", compression.as_str())));
    }
    let values: Vec<String> = read_all(&log, Topic::Events, 0, 0).await.into_iter().map(|(_, value)| value).collect();
    assert_eq!(values, expected);
    broker.clean_up().await;
}

/// Jumps about in a partition that another task reads from its end: both get exactly what is there.
#[tokio::test(flavor = "multi_thread")]
async fn readers_of_one_partition_do_not_disturb_one_another() {
    let broker = Broker::get();
    let log = std::sync::Arc::new(KafkaLog::open(broker.config()).await.unwrap());
    log.append(Topic::Events, vec![(0, batch("early", 5_000))]).await.unwrap();
    let tail = tokio::spawn({
        let log = log.clone();
        async move {
            let mut next = 5_000;
            while next < 5_010 {
                let records = log.read(Topic::Events, 0, next, 1 << 20, SOON).await.unwrap();
                assert!(records.iter().all(|r| r.value.starts_with(b"late")), "from {next}: {}", records.base_offset());
                next = records.next_offset();
            }
        }
    });
    for i in 0..10 {
        let from = (i * 2_477) % 5_000;
        let records = log.read(Topic::Events, 0, from, 300, Duration::ZERO).await.unwrap();
        let first = records.iter().next().unwrap();
        assert_eq!((first.offset, first.value), (from, format!("early {from}").as_bytes()));
        log.append(Topic::Events, vec![(0, batch("late", 1))]).await.unwrap();
    }
    tokio::time::timeout(SOON, tail).await.unwrap().unwrap();
    broker.clean_up().await;
}
