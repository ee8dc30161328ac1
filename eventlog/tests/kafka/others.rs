//! Other programs at the same topics: Java's own producer and consumer, transactions, nonsense.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use focusflow_eventlog::kafka::{Config, KafkaLog};
use focusflow_eventlog::{EventLog, Record, Records, RecordsBuilder, Topic, partition_of};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::SOON;
use crate::broker::Broker;

const LOTS: usize = 64 << 20;

/// One of the programs Kafka comes with; gives what it prints.
fn java(broker: &Broker, class: &str, args: &[&str], input: &str) -> String {
    let mut child = Command::new("java")
        .args(["-XX:TieredStopAtLevel=1", "-cp", &format!("{}/*", broker.env("TEST_KAFKA_JARS")), class])
        .args(["--bootstrap-server", broker.env("TEST_KAFKA")])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("java runs: deploy/install-tools.sh services");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{class}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

async fn all_of(log: &KafkaLog, partition: u32) -> Vec<(Vec<u8>, Vec<u8>)> {
    let records = log.read(Topic::Events, partition, 0, LOTS, Duration::ZERO).await.unwrap();
    records.iter().map(|r| (r.key.to_vec(), r.value.to_vec())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn javas_producer_writes_where_the_key_belongs() {
    let broker = Broker::get();
    let config = broker.config();
    let log = KafkaLog::open(config.clone()).await.unwrap();
    let users: Vec<String> = (0..50).map(|i| format!("user-{i}-jürgen")).collect();
    let lines: String = users.iter().map(|u| format!("{u}|{{\"id\":\"{u}\",\"type\":\"activity\"}}\n")).collect();
    let keyed = ["--topic", &config.topics[0], "--reader-property", "parse.key=true", "--reader-property", "key.separator=|"];
    java(&broker, "org.apache.kafka.tools.ConsoleProducer", &keyed, &lines);
    java(&broker, "org.apache.kafka.tools.ConsoleProducer", &["--topic", &config.topics[0]], "not JSON, and no key\n");
    let (mut found, mut unkeyed) = (0, 0);
    for partition in 0..config.partitions {
        for (key, value) in all_of(&log, partition).await {
            if key.is_empty() {
                assert_eq!(value, b"not JSON, and no key");
                unkeyed += 1;
                continue;
            }
            assert_eq!(partition_of(&key, config.partitions), partition, "{}", String::from_utf8_lossy(&key));
            found += 1;
        }
    }
    assert_eq!((found, unkeyed), (50, 1));
    broker.clean_up().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn javas_consumer_reads_every_topic() {
    let broker = Broker::get();
    let config = broker.config();
    let log = KafkaLog::open(config.clone()).await.unwrap();
    for topic in Topic::ALL {
        let mut builder = RecordsBuilder::default();
        builder.push(1_700_000_000_123, "jürgen".as_bytes(), b"laptop", br#"{"id":"1"}"#);
        builder.push(1_700_000_000_124, b"", b"", b"plain");
        log.append(topic, vec![(0, builder.finish())]).await.unwrap();
        let shows = ["timestamp", "key", "headers", "partition", "offset"].map(|what| format!("print.{what}=true"));
        let mut args = vec!["--topic", &config.topics[topic as usize], "--from-beginning", "--max-messages", "2"];
        shows.iter().for_each(|show| args.extend(["--formatter-property", show]));
        let printed = java(&broker, "org.apache.kafka.tools.consumer.ConsoleConsumer", &args, "");
        let lines: Vec<&str> = printed.lines().filter(|line| line.starts_with("CreateTime")).collect();
        assert_eq!(
            lines,
            [
                "CreateTime:1700000000123\tPartition:0\tOffset:0\tsource:laptop\tjürgen\t{\"id\":\"1\"}",
                "CreateTime:1700000000124\tPartition:0\tOffset:1\tNO_HEADERS\tnull\tplain",
            ]
        );
    }
    broker.clean_up().await;
}

/// Transactions of others leave holes in the offsets; what was aborted is not read.
#[tokio::test(flavor = "multi_thread")]
async fn holes_of_transactions_are_passed_over() {
    let broker = Broker::get();
    let config = broker.config();
    let log = KafkaLog::open(config.clone()).await.unwrap();
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", &config.brokers).set("transactional.id", &config.group);
    let producer: BaseProducer = client.create().unwrap();
    producer.init_transactions(SOON).unwrap();
    let mut expected = Vec::new();
    for transaction in 0..6 {
        producer.begin_transaction().unwrap();
        for i in 0..3 {
            let value = format!("{transaction}.{i}");
            producer.send(BaseRecord::<str, str>::to(&config.topics[0]).partition(0).payload(&value)).map_err(|e| e.0).unwrap();
        }
        producer.flush(SOON).unwrap();
        if transaction % 2 == 0 {
            producer.commit_transaction(SOON).unwrap();
            expected.extend((0..3).map(|i| format!("{transaction}.{i}")));
        } else {
            producer.abort_transaction(SOON).unwrap();
        }
    }
    // Three records and a marker each.
    assert_eq!(log.range(Topic::Events, 0).await.unwrap(), 0..24);
    let read = async |from: u64, max_bytes: usize| log.read(Topic::Events, 0, from, max_bytes, Duration::ZERO).await.unwrap();
    let mut next = 0;
    let mut values = Vec::new();
    while next < 24 {
        let records: Records = read(next, 60).await;
        assert!(records.next_offset() > next, "it goes on from {next}");
        values.extend(records.iter().map(|r: Record<'_>| String::from_utf8(r.value.to_vec()).unwrap()));
        next = records.next_offset();
    }
    assert_eq!((values, next), (expected, 24));
    // The same offsets again, from anywhere.
    for (from, first) in [(0, Some(0)), (3, Some(8)), (4, Some(8)), (10, Some(10)), (19, None), (23, None)] {
        let records = read(from, LOTS).await;
        assert_eq!(records.iter().next().map(|r| r.offset), first, "from {from}");
        assert!(first.is_some() || records.next_offset() == 24, "from {from}");
    }
    // And what comes after is there.
    log.append(Topic::Events, vec![(0, focusflow_eventlog::testing::batch("after", 1))]).await.unwrap();
    assert_eq!(read(next, LOTS).await.iter().next().map(|r| r.offset), Some(24));
    broker.clean_up().await;
}

/// Brokers delete by the records' times: what is older than that is refused, rather than gone before it was read.
#[tokio::test(flavor = "multi_thread")]
async fn events_older_than_the_retention_are_refused_to_their_producer() {
    let broker = Broker::get();
    let config = Config { retention: Duration::from_secs(86_400), ..broker.config() };
    let log = KafkaLog::open(config).await.unwrap();
    let error = log.append(Topic::Events, vec![(0, focusflow_eventlog::testing::batch("old", 1))]).await.unwrap_err();
    assert!(error.to_string().contains("InvalidTimestamp"), "{error}");
    broker.clean_up().await;
}

/// No key, no value, a value as long as the topic takes, bytes of no encoding, headers of others: all come out as they are.
#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_read_like_anything_else() {
    let broker = Broker::get();
    let config = broker.config();
    let log = KafkaLog::open(config.clone()).await.unwrap();
    let mut client = ClientConfig::new();
    let producer: BaseProducer =
        client.set("bootstrap.servers", &config.brokers).set("message.max.bytes", "2000000").create().unwrap();
    let long = vec![0xff; 1_000_000];
    let to = || BaseRecord::<[u8], [u8]>::to(&config.topics[0]).partition(0);
    let headers = rdkafka::message::OwnedHeaders::new()
        .insert(rdkafka::message::Header { key: "trace", value: Some("1") })
        .insert(rdkafka::message::Header { key: "source", value: None::<&str> });
    let long_key = vec![b'k'; 70_000];
    let keyed = to().key(&long_key).payload(b"{}");
    for record in [
        to(),
        keyed,
        to().key(&[0xc3, 0x28]).payload(&[0, 159, 146, 150]),
        to().payload(&long),
        to().payload(b"{").headers(headers),
    ] {
        producer.send(record).map_err(|e| e.0).unwrap();
    }
    producer.flush(SOON).unwrap();
    let mut found = Vec::new();
    while found.len() < 5 {
        let records = log.read(Topic::Events, 0, found.len() as u64, LOTS, SOON).await.unwrap();
        found.extend(records.iter().map(|r| (r.key.to_vec(), r.source.to_vec(), r.value.to_vec())));
    }
    let none: Vec<u8> = Vec::new();
    let expected = [
        (none.clone(), none.clone(), none.clone()),
        (none.clone(), none.clone(), b"{}".to_vec()),
        (vec![0xc3, 0x28], none.clone(), vec![0, 159, 146, 150]),
        (none.clone(), none.clone(), long),
        (none.clone(), none, b"{".to_vec()),
    ];
    assert!(found == expected, "{:?}", found.iter().map(|(k, s, v)| (k.len(), s.len(), v.len())).collect::<Vec<_>>());
    broker.clean_up().await;
}
