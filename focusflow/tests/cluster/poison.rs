//! What other programs write to the topic of events: what cannot be used goes to the dead letters, with its reason; what lies
//! in the wrong partition is sent on to its own, and counts.

use std::time::Duration;

use eventlog::{EventLog, Topic, partition_of};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::{Value, json};

use crate::cluster::{Cluster, PARTITIONS, SOON};
use crate::node::Role;
use crate::workload::Workload;

const EVENTS: &str = "focusflow_processors_events_total";

fn client(cluster: &Cluster) -> ClientConfig {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", &cluster.servers.kafka).set("message.max.bytes", "2000000");
    client
}

/// An event like those of the company, of somebody who is there.
fn event(company: &Workload, person: usize, n: usize) -> Value {
    let user = &company.document.people[person].id;
    let first: Value = serde_json::from_str(&company.lines[0]).unwrap();
    let ts = first["ts"].as_i64().unwrap() + n as i64 * 61_000;
    json!({"id": format!("other-{n}"), "type": "activity", "user": user, "ts": ts, "app": "editor", "category": "coding", "duration_ms": 60_000})
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_write_to_the_topic_does_no_harm() {
    let company = Workload::company();
    let cluster = Cluster::new(company).await;
    let _ingest = cluster.start(Role::Ingest).await;
    let owners = [cluster.start(Role::Process).await, cluster.start(Role::Process).await];
    let load = cluster.load(company, Duration::from_secs(20));
    load.reaches(0.2).await;
    let topic = format!("{}.events", cluster.name);
    let mut lines = company.lines.clone();

    let plain: BaseProducer = client(&cluster).create().unwrap();
    let send = |record: BaseRecord<'_, [u8], [u8]>| plain.send(record).map_err(|e| e.0).unwrap();
    let to = |partition: u32| BaseRecord::<[u8], [u8]>::to(&topic).partition(partition as i32);
    let huge = [b"{\"id\":\"".to_vec(), vec![b'x'; 900_000], b"\"}".to_vec()].concat();
    let (mut dead, mut sent_on) = (0, 0);
    for partition in 0..PARTITIONS {
        for value in [&b"not JSON"[..], b"{\"id\":", b"", b"[1,2]", b"null", &[0xff, 0xfe, 0x00], &huge] {
            send(to(partition).key(b"somebody").payload(value));
        }
        // A value that is not there (a tombstone, to Kafka); a key that is no text; an activity that lasts a month.
        send(to(partition).key(b"somebody"));
        send(to(partition).key(&[0xc3, 0x28]).payload(event(company, 1, 1_000).to_string().as_bytes()));
        let mut long = event(company, 1, 1_001);
        long["duration_ms"] = json!(30_i64 * 86_400_000);
        send(to(partition).key(b"somebody").payload(long.to_string().as_bytes()));
        dead += 10;
        // Without a key: the event says whose it is.
        let good = event(company, 2, 1_010 + partition as usize).to_string();
        send(to(partition).payload(good.as_bytes()));
        lines.push(good);
        sent_on += 1;
    }
    // Good events where they do not belong: in every partition but their own.
    for n in 0..40 {
        let value = event(company, n % 8, n);
        let user = value["user"].as_str().unwrap();
        let own = partition_of(user.as_bytes(), PARTITIONS);
        let elsewhere = (own + 1 + n as u32 % (PARTITIONS - 1)) % PARTITIONS;
        send(to(elsewhere).key(user.as_bytes()).payload(value.to_string().as_bytes()));
        lines.push(value.to_string());
        sent_on += 1;
    }
    plain.flush(SOON).unwrap();

    let transactional: BaseProducer = client(&cluster).set("transactional.id", &cluster.name).create().unwrap();
    transactional.init_transactions(SOON).unwrap();
    for transaction in 0..10 {
        transactional.begin_transaction().unwrap();
        for n in 0..5 {
            let value = event(company, 8 + n, 100 + transaction * 5 + n);
            let user = value["user"].as_str().unwrap().to_owned();
            let (key, partition) = (user.as_bytes(), partition_of(user.as_bytes(), PARTITIONS));
            let text = value.to_string();
            transactional.send(to(partition).key(key).payload(text.as_bytes())).map_err(|e| e.0).unwrap();
            if transaction % 2 == 0 {
                lines.push(text);
            }
        }
        transactional.flush(SOON).unwrap();
        match transaction % 2 {
            0 => transactional.commit_transaction(SOON).unwrap(),
            _ => transactional.abort_transaction(SOON).unwrap(),
        }
    }
    load.finish().await;
    cluster.settled().await;
    let sent = Workload { document: company.document.clone(), lines };
    cluster.assert_equal(&sent.rows()).await;

    // Each with its reason, and counted.
    let (log, _) = cluster.seams().await;
    let mut reasons = Vec::new();
    for partition in 0..log.partitions(Topic::DeadLetters) {
        let records = log.read(Topic::DeadLetters, partition, 0, 64 << 20, Duration::ZERO).await.unwrap();
        reasons.extend(records.iter().map(|record| String::from_utf8_lossy(record.source).into_owned()));
    }
    assert_eq!(reasons.len(), dead, "{reasons:#?}");
    assert!(reasons.iter().all(|reason| !reason.is_empty()), "{reasons:#?}");
    for (outcome, expected) in [("dead_lettered", dead), ("sent_on", sent_on)] {
        let mut counted = 0.0;
        for owner in &owners {
            let (_, text) = cluster.get(owner, "/metrics").await.unwrap();
            let lines = text.lines().filter(|line| line.starts_with(EVENTS) && line.contains(outcome));
            counted += lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>();
        }
        assert_eq!(counted, expected as f64, "{outcome}");
    }
    cluster.close().await;
}
