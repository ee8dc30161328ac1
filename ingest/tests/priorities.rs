//! Priorities of received messages, over a real socket: what is in the log, and what is answered to whom.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;

use std::sync::Arc;

use focusflow_ingest::priority::{Bands, Habits};
use focusflow_ingest::{Config, Intake, Priorities, Sender};
use harness::*;
use proptest::prelude::*;
use schemas::Body;
use schemas::category::Rules;
use schemas::control::Settings;
use schemas::definition::Definition;
use serde_json::{Value, json};

fn priorities() -> Arc<Priorities> {
    let weights = Definition::default().weights;
    Arc::new(Priorities::new(Bands::default(), &weights, Some(Habits::new(10))))
}

async fn start(config: Config) -> Server {
    start_prioritizing(config, Settings::default(), Arc::new(|| NOW), Some(priorities())).await
}

fn message(id: &str, user: &str, more: Value) -> String {
    let mut event =
        json!({"id": id, "type": "message", "user": user, "ts": NOW, "channel": "slack", "kind": "dm", "direction": "received"});
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event.to_string()
}

/// The answer to ada's own program.
async fn asked(server: &Server, query: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
    let url = format!("http://{}/v1/events{query}", server.addr);
    answer(server.client.post(url).bearer_auth(ADAS).header("content-type", "application/json").body(body)).await
}

async fn kept_priorities(server: &Server) -> Vec<(String, Option<u8>)> {
    let mut found: Vec<(String, Option<u8>)> = Vec::new();
    for record in server.kept().await {
        let event = schemas::decode::event(record.value.as_bytes()).unwrap();
        let priority = if let Body::Message(message) = event.body { message.priority } else { None };
        found.push((event.id.into_owned(), priority));
    }
    found.sort();
    found
}

#[tokio::test]
async fn received_messages_get_a_priority_before_they_are_in_the_log() {
    let server = start(Config::default()).await;
    let old = NOW - 24 * 3_600_000 - 1;
    let body = [
        message("1", "bob", json!({})),
        message("2", "bob", json!({"text": "URGENT, please call", "extra": {"a": [1]}})),
        message("3", "bob", json!({"priority": 7, "text": "urgent"})),
        message("4", "bob", json!({"direction": "sent"})),
        message("5", "bob", json!({"ts": old})),
        message("6", "bob", json!({"kind": "email", "channel": "email", "notified": false})),
        activity("7", "bob"),
    ];
    let (status, answer) = server.post("application/json", format!("[{}]", body.join(","))).await;
    assert_eq!((status, answer), (202, json!({"accepted": 7, "rejected": []})), "nothing is told that was not asked for");
    let kept = kept_priorities(&server).await;
    let expected = [("1", Some(70)), ("2", Some(91)), ("3", Some(7)), ("4", None), ("5", None), ("6", Some(9)), ("7", None)];
    assert_eq!(kept.iter().map(|(id, p)| (id.as_str(), *p)).collect::<Vec<_>>(), expected);
    // All else is as it was sent, and what needed nothing is the same bytes.
    let records = server.kept().await;
    let value = |id: &str| {
        let start = format!(r#"{{"id":"{id}""#);
        records
            .iter()
            .map(|r| serde_json::from_str::<Value>(&r.value).unwrap())
            .find(|v| v["id"] == id)
            .unwrap_or_else(|| panic!("{start}"))
    };
    let with = |at: usize, priority: u8| {
        let mut event: Value = serde_json::from_str(&body[at]).unwrap();
        event["priority"] = priority.into();
        event.as_object_mut().unwrap().remove("text");
        event
    };
    assert_eq!((value("1"), value("2")), (with(0, 70), with(1, 91)));
    assert!(records.iter().any(|r| r.value == body[6]) && records.iter().any(|r| r.value == body[3]));
}

#[tokio::test]
async fn a_persons_own_token_is_told_of_their_messages_alone() {
    let server = start(Config::default()).await;
    let body = [
        activity("1", "ada"),
        message("2", "slack:U1", json!({"text": "can you look at the outage?"})),
        message("3", "bob", json!({})),
        "7".into(),
        message("5", "ada", json!({"priority": 50})),
        message("6", "ada", json!({"kind": "channel"})),
        message("7", "ada", json!({"direction": "sent", "priority": 90})),
    ];
    let body = format!("[{}]", body.join(","));
    let (status, answered) = asked(&server, "?priorities=true", body.clone()).await;
    let expected = json!([
        {"index": 1, "priority": 94, "band": "notify"},
        {"index": 4, "priority": 50, "band": "queue"},
        {"index": 5, "priority": 29, "band": "hold"}
    ]);
    assert_eq!((status, &answered["accepted"], &answered["priorities"]), (202, &json!(6), &expected), "{answered}");
    assert!(answered["rejected"].as_array().is_some_and(|list| list.len() == 1) && answered.get("priorities_total").is_none());
    for query in ["", "?", "?priorities=false", "?other=1"] {
        assert!(asked(&server, query, body.clone()).await.1.get("priorities").is_none(), "{query}");
    }
    for query in ["?priorities=yes", "?priorities", "?priorities="] {
        let (status, problem) = asked(&server, query, body.clone()).await;
        assert_eq!((status, &problem["code"]), (400, &json!("bad_parameter")), "{query}");
    }
    // Whoever may send for anybody could ask about everybody.
    for secret in [SENDER, ADMIN] {
        let url = format!("http://{}/v1/events?priorities=true", server.addr);
        let (status, problem) = answer(server.client.post(url).bearer_auth(secret).body(body.clone())).await;
        assert_eq!((status, &problem["code"]), (403, &json!("forbidden")));
        assert!(problem["detail"].as_str().unwrap().contains("--person"), "{problem}");
    }
}

#[tokio::test]
async fn what_is_told_is_bounded_and_counted() {
    let server = start(Config { max_listed: 3, ..Config::default() }).await;
    let body: Vec<String> = (0..10).map(|i| message(&i.to_string(), "ada", json!({}))).collect();
    let (_, answered) = asked(&server, "?priorities=true", body.join("\n")).await;
    assert_eq!((answered["priorities"].as_array().unwrap().len(), &answered["priorities_total"]), (3, &json!(10)));
}

#[tokio::test]
async fn switched_off_nothing_is_given_or_told() {
    let server = start_with(Config::default(), Settings::default()).await;
    let (status, answered) = asked(&server, "?priorities=true", message("1", "ada", json!({"text": "urgent"}))).await;
    assert_eq!((status, answered), (202, json!({"accepted": 1, "rejected": []})));
    assert_eq!(kept_priorities(&server).await, [("1".into(), None)]);
}

/// One that is as large as may be is taken all the same.
#[tokio::test]
async fn no_message_is_refused_for_its_priority() {
    let server = start(Config::default()).await;
    let empty = message("1", "ada", json!({"pad": ""})).len();
    for (id, length) in [("1", 65_536), ("2", 65_536 - 13), ("3", 65_536 - 14)] {
        let body = message(id, "ada", json!({"pad": "x".repeat(length - empty)}));
        assert_eq!((body.len(), server.post("application/json", body).await.0), (length, 202));
    }
    let long = message("4", "ada", json!({"text": "x".repeat(65_000)}));
    assert_eq!(server.post("application/json", long).await.0, 202);
    let given: Vec<bool> = kept_priorities(&server).await.iter().map(|(_, priority)| priority.is_some()).collect();
    assert_eq!(given, [false, false, true, true]);
}

proptest! {
    /// Of a text nothing is in the records but the number: two that are judged alike leave the same bytes.
    #[test]
    fn no_word_of_a_text_is_in_the_log(text in "[a-zA-Z0-9 ?!@éж]{0,3}(urgent |you |today ){0,3}[qzжé]{4,40}", sent: bool) {
        let control = control(Settings::default());
        let sender = Sender { control: &control, source: "test", now_ms: NOW };
        let records = |text: Option<&str>| {
            let direction = if sent { "sent" } else { "received" };
            let body = message("1", "ada", json!({"text": text, "direction": direction, "data": {"body": text, "kept": 1}}));
            let mut intake = Intake::new(Arc::new(Rules::none()), 1, i64::MAX / 4, 10).prioritize(Some(priorities()), Some("ada".into()));
            intake.event(body.as_bytes(), &sender);
            let taken = intake.finish();
            (taken.batches[0].1.clone(), taken.told)
        };
        let ((with, told), (without, _)) = (records(Some(&text)), records(None));
        let value = |records: &eventlog::Records| String::from_utf8(records.iter().next().unwrap().value.to_vec()).unwrap();
        let (mut with, without): (Value, Value) =
            (serde_json::from_str(&value(&with)).unwrap(), serde_json::from_str(&value(&without)).unwrap());
        prop_assert_eq!(told.first().map(|t| json!(t.priority)), with.get("priority").cloned());
        prop_assert_eq!(with.get("priority").is_some(), !sent);
        if let Some(priority) = without.get("priority") {
            with["priority"] = priority.clone();
        }
        prop_assert_eq!(with, without);
    }
}

#[test]
fn priorities_are_counted_by_band_and_the_metrics_name_nobody() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    // One thread, so that the recorder sees everything this server does.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let server = start(Config::default()).await;
            let call = message("3", "ada", json!({"kind": "call", "peer": "bob"}));
            let body = [message("1", "ada", json!({})), message("2", "ada", json!({"priority": 99})), call];
            asked(&server, "?priorities=true", body.join("\n")).await;
        })
    });
    let text = handle.render();
    for (band, n) in [("notify", 1), ("queue", 1)] {
        assert!(text.contains(&format!("focusflow_ingest_priorities_total{{band=\"{band}\"}} {n}\n")), "{text}");
    }
    assert!(!text.contains("hold") && !text.contains("ada") && !text.contains("bob"), "{text}");
}
