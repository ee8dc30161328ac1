//! Priorities of messages: the role ingest judges by the rule for everybody, or reads habits from ClickHouse where it is told to.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use schemas::directory::DAY_MS;
use serde_json::{Value, json};

use crate::cluster::{Cluster, SOON, Servers};
use crate::node::{Node, Role};
use crate::workload::{Workload, ok};

const MINUTE: i64 = 60_000;

fn message(id: &str, ts: i64, peer: &str, direction: &str) -> Value {
    json!({"id": id, "type": "message", "user": "ada", "ts": ts, "channel": "slack", "kind": "dm", "direction": direction, "peer": peer})
}

/// Ada answers her boss within a minute, and the bot never.
fn history(now: i64) -> Vec<String> {
    let at = |i: i64| now - 2 * DAY_MS - i * 45 * MINUTE;
    let events = (0..200).flat_map(|i| {
        [
            message(&format!("boss-{i}"), at(i), "boss", "received"),
            message(&format!("answer-{i}"), at(i) + MINUTE, "boss", "sent"),
            message(&format!("bot-{i}"), at(i) + 5 * MINUTE, "bot", "received"),
        ]
    });
    events.map(|event| event.to_string()).collect()
}

/// What ada's own program is told.
async fn told(cluster: &Cluster, node: &Node, token: &str, id: &str, peer: &str) -> u64 {
    let began = Instant::now();
    loop {
        let event = message(id, Timestamp::now().as_millisecond(), peer, "received").to_string();
        let url = format!("{}/v1/events?priorities=true", node.url);
        let answer = cluster.http.post(url).bearer_auth(token).body(event).send().await.unwrap();
        let status = answer.status().as_u16();
        let answer: Value = answer.json().await.unwrap();
        if status == 202 {
            return answer["priorities"][0]["priority"].as_u64().unwrap();
        }
        // A new token is known within a second.
        assert!(status == 401 && began.elapsed() < SOON, "{status} {answer}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ingest_reads_habits_where_it_is_told_to_and_goes_by_the_rule_elsewhere() {
    let document = json!({"teams": [{"id": "t", "name": "T"}], "people": [{"id": "ada", "team": "t"}]});
    let document = serde_json::from_value(document).unwrap();
    let workload = Workload { document, lines: history(Timestamp::now().as_millisecond()) };
    let cluster = Cluster::on(Servers::shared(), &workload, &[]).await;
    let by_rule = cluster.start(Role::Ingest).await;
    // It takes events before there are any tables to read.
    let habits = ["--set", "priority.habits_on_cluster=true"];
    let reading = cluster.start_with(Role::Ingest, &habits[1..]).await;
    let token = ["token", "create", "--name", "laptop", "--role", "ingest", "--person", "ada"];
    let token = ok(cluster.command(&token).arg("--data").arg(cluster.path("cli"))).trim().to_owned();
    let _processor = cluster.start(Role::Process).await;
    cluster.load(&workload, Duration::from_secs(1)).finish().await;
    cluster.caught_up().await;

    let began = Instant::now();
    for n in 0.. {
        let priority = told(&cluster, &reading, &token, &format!("now-{n}"), "boss").await;
        if priority >= 80 {
            break;
        }
        assert!(priority == 70 && began.elapsed() < SOON, "still {priority}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(told(&cluster, &reading, &token, "bot", "bot").await < 50);
    assert_eq!(told(&cluster, &by_rule, &token, "boss", "boss").await, 70);

    let check = |more: &[&str]| {
        let args = [&["check", "--role", "ingest", "--set", "server.listen=127.0.0.1:0"], more].concat();
        ok(cluster.command(&args).arg("--data").arg(cluster.path("cli")))
    };
    assert!(check(&[]).contains("priorities: by the rule for everybody"));
    assert!(check(&habits).contains("priorities: by people's habits; ClickHouse answers"));
    cluster.close().await;
}
