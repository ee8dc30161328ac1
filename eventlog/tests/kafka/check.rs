//! What `focusflow check` finds out about a cluster, without leaving anything there.

use std::time::Duration;

use focusflow_eventlog::kafka::config::{Sasl, Tls};
use focusflow_eventlog::kafka::{Config, KafkaLog};
use focusflow_eventlog::testing::batch;
use focusflow_eventlog::{EventLog, Topic};

use crate::broker::Broker;

async fn found(config: &Config) -> Vec<(String, String, bool)> {
    let findings = KafkaLog::check(config.clone()).await;
    let told = |(name, outcome): (String, Result<String, _>)| match outcome {
        Ok(text) => (name, text, true),
        Err(error) => (name, focusflow_eventlog::Error::to_string(&error), false),
    };
    findings.into_iter().map(told).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_finds_all_well_and_changes_nothing() {
    let broker = Broker::get();
    let config = broker.config();
    let before = found(&config).await;
    assert!(
        before.iter().all(|(_, _, ok)| *ok) && before.iter().any(|(_, text, _)| text.contains("not there yet")),
        "{before:?}"
    );
    let before = found(&config).await;
    assert!(before.iter().any(|(_, text, _)| text.contains("not there yet")), "it made a topic: {before:?}");

    let log = KafkaLog::open(config.clone()).await.unwrap();
    log.append(Topic::Events, vec![(0, batch("a", 3))]).await.unwrap();
    let after = found(&config).await;
    assert!(after.iter().all(|(_, _, ok)| *ok), "{after:?}");
    assert!(after.iter().any(|(name, text, _)| name.contains("writing") && text == "is allowed"), "{after:?}");
    for topic in Topic::ALL {
        let written = if topic == Topic::Events { 3 } else { 0 };
        assert_eq!(log.range(topic, 0).await.unwrap().end, written, "{topic:?}");
    }
    broker.clean_up().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_names_what_is_wrong() {
    let broker = Broker::get();
    let config = broker.config();
    drop(KafkaLog::open(config.clone()).await.unwrap());
    let wrong = |findings: Vec<(String, String, bool)>| {
        findings.into_iter().filter(|(_, _, ok)| !ok).map(|(name, text, _)| format!("{name}: {text}")).collect::<Vec<_>>()
    };
    let more = wrong(found(&Config { partitions: config.partitions + 1, ..config.clone() }).await);
    assert!(more.len() == 3 && more[0].contains("eventlog.partitions"), "{more:?}");
    let nobody = Config { request_timeout: Duration::from_secs(2), ..Config::new("127.0.0.1:1", "x.") };
    let nobody = wrong(found(&nobody).await);
    assert!(nobody.len() == 1 && nobody[0].contains("127.0.0.1:1"), "{nobody:?}");
    let stranger = Config {
        brokers: broker.env("TEST_KAFKA_SECURE").to_owned(),
        tls: Some(Tls { ca: Some(broker.env("TEST_KAFKA_CA").into()), ..Tls::default() }),
        sasl: Some(Sasl { mechanism: "SCRAM-SHA-512".into(), user: "nobody".into(), password: "wrong".into() }),
        ..config
    };
    let stranger = wrong(found(&stranger).await);
    assert!(stranger.len() == 1 && stranger[0].contains("SASL") && !stranger[0].contains("wrong;"), "{stranger:?}");
    broker.clean_up().await;
}
