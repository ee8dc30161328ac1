//! How the cluster is reached, what is made there, and what is said when that does not work.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use focusflow_eventlog::kafka::config::{Properties, Sasl, Tls};
use focusflow_eventlog::kafka::{Config, KafkaLog};
use focusflow_eventlog::testing::{batch, read_all};
use focusflow_eventlog::{Cure, Error, EventLog, RecordsBuilder, Topic};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;

use crate::broker::Broker;

fn secure(broker: &Broker) -> Config {
    let password = broker.env("TEST_KAFKA_PASSWORD").to_owned();
    let user = broker.env("TEST_KAFKA_USER").to_owned();
    Config {
        brokers: broker.env("TEST_KAFKA_SECURE").to_owned(),
        tls: Some(Tls { ca: Some(broker.env("TEST_KAFKA_CA").into()), ..Tls::default() }),
        sasl: Some(Sasl { mechanism: "SCRAM-SHA-512".into(), user, password }),
        ..broker.config()
    }
}

async fn refusal(config: Config) -> String {
    let began = Instant::now();
    let Err(error) = KafkaLog::open(config).await else { panic!("it opened") };
    assert_eq!(error.cure(), Cure::Stop, "{error}");
    assert!(began.elapsed() < Duration::from_secs(15), "it took {:?} to say: {error}", began.elapsed());
    error.to_string()
}

fn admin(broker: &Broker) -> AdminClient<DefaultClientContext> {
    ClientConfig::new().set("bootstrap.servers", broker.env("TEST_KAFKA")).create().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_works_over_tls_with_a_password() {
    let broker = Broker::get();
    let log = KafkaLog::open(secure(&broker)).await.unwrap();
    log.append(Topic::Events, vec![(1, batch("secret", 100))]).await.unwrap();
    assert_eq!(read_all(&log, Topic::Events, 1, 0).await.len(), 100);
    let mut assignment = log.join().await.unwrap();
    tokio::time::timeout(crate::SOON, assignment.next()).await.unwrap().unwrap();
    drop(assignment);
    log.close().await;
    broker.clean_up().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_refused_with_the_reason() {
    let broker = Broker::get();
    let mut config = secure(&broker);
    config.sasl.as_mut().unwrap().password = "wrong".into();
    let said = refusal(config).await;
    assert!(said.contains("Authentication failed") && said.contains("SASL") && !said.contains("wrong;"), "{said}");
    let said = refusal(Config { tls: Some(Tls::default()), ..secure(&broker) }).await;
    assert!(said.contains("certificate"), "{said}");
    let password = broker.env("TEST_KAFKA_PASSWORD").to_owned();
    let properties = Properties(BTreeMap::from([("ssl.key.password".to_owned(), password)]));
    let said = format!("{:?}", Config { properties, ..secure(&broker) });
    assert!(!said.contains(broker.env("TEST_KAFKA_PASSWORD")), "{said}");
}

#[tokio::test]
async fn brokers_that_are_not_there_are_named() {
    let config = Config { request_timeout: Duration::from_secs(2), ..Config::new("127.0.0.1:1", "x.") };
    let Err(error) = KafkaLog::open(config).await else { panic!("it opened") };
    let said = error.to_string();
    assert!(error.is_retryable() && said.contains("127.0.0.1:1") && said.contains("up"), "{said}");
}

#[tokio::test]
async fn settings_that_contradict_one_another_or_the_log_are_refused() {
    let said = refusal(Config::new(" ", "x.")).await;
    assert!(said.contains("host:port"), "{said}");
    let said = refusal(Config { replication: 1, min_insync: 2, ..Config::new("127.0.0.1:1", "x.") }).await;
    assert!(said.contains("min_insync"), "{said}");
    for (key, expected) in [("acks", "acks"), ("no.such.setting", "no.such.setting")] {
        let properties = Properties(BTreeMap::from([(key.to_owned(), "1".to_owned())]));
        let said = refusal(Config { properties, ..Config::new("127.0.0.1:1", "x.") }).await;
        assert!(said.contains(expected), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_made_as_configured_and_kept_as_they_are() {
    let broker = Broker::get();
    let config = Config { retention: Duration::from_secs(3 * 24 * 3600), ..broker.config() };
    drop(KafkaLog::open(config.clone()).await.unwrap());
    let topics: Vec<_> = config.topics.iter().map(|name| ResourceSpecifier::Topic(name)).collect();
    let described = admin(&broker).describe_configs(&topics, &AdminOptions::new()).await.unwrap();
    let value = |topic: Topic, key: &str| described[topic as usize].as_ref().unwrap().get(key).unwrap().value.clone().unwrap();
    assert_eq!(value(Topic::Events, "retention.ms"), "259200000");
    assert_eq!(value(Topic::Updates, "retention.ms"), "3600000");
    assert_eq!(value(Topic::Events, "min.insync.replicas"), "1");
    assert_eq!(value(Topic::DeadLetters, "max.message.bytes"), "2097152");
    let log = KafkaLog::open(Config { retention: Duration::from_secs(1), ..config.clone() }).await.unwrap();
    assert_eq!(Topic::ALL.map(|topic| log.partitions(topic)), [config.partitions; 3]);
    let said = refusal(Config { partitions: config.partitions + 1, ..config.clone() }).await;
    assert!(said.contains(&format!("set eventlog.partitions = {}", config.partitions)), "{said}");
    broker.clean_up().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compacted_topic_is_refused() {
    let broker = Broker::get();
    let config = broker.config();
    let topic = NewTopic::new(&config.topics[0], config.partitions as i32, TopicReplication::Fixed(1));
    let made = admin(&broker).create_topics(&[topic.set("cleanup.policy", "compact")], &AdminOptions::new()).await.unwrap();
    made[0].as_ref().unwrap();
    let said = refusal(config.clone()).await;
    assert!(said.contains(&config.topics[0]) && said.contains("cleanup.policy=delete"), "{said}");
    broker.clean_up().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_too_large_is_rejected_and_the_next_is_not() {
    let broker = Broker::get();
    let log = KafkaLog::open(Config { max_record_bytes: 100_000, ..broker.config() }).await.unwrap();
    let of = |bytes: usize| {
        let mut builder = RecordsBuilder::default();
        builder.push(1_700_000_000_000, b"k", b"s", &vec![b'x'; bytes]);
        builder.finish()
    };
    let error = log.append(Topic::Events, vec![(0, of(10)), (0, of(100_001))]).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge(_)) && error.cure() == Cure::Reject, "{error}");
    log.append(Topic::Events, vec![(0, of(90_000))]).await.unwrap();
    // It goes to the dead letters all the same.
    log.append(Topic::DeadLetters, vec![(0, of(100_000))]).await.unwrap();
    assert_eq!(log.range(Topic::Events, 0).await.unwrap(), 0..1);
    broker.clean_up().await;
}
