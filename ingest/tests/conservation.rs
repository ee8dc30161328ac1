//! Received = sum of outcomes: in the intake for any mixture of events, and in the metrics over whole requests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use eventlog::faulty::{Faults, FaultyLog};
use eventlog::memory::MemoryLog;
use eventlog::{EventLog, Topic};
use focusflow_ingest::{Config, Deps, Intake, Sender};
use harness::*;
use proptest::prelude::*;
use schemas::category::Rules;
use schemas::control::Settings;
use schemas::outcome::Code;

/// One line and the code it ends in, if it is refused.
fn line() -> impl Strategy<Value = (String, Option<Code>)> {
    let user = prop::sample::select(vec!["ada", "email:ada@x.org", "bob", "who", "slack:U1"]);
    (0..9u8, user, 0..1000u32).prop_map(|(what, user, id)| {
        let good = activity(&id.to_string(), user);
        match what {
            0 => ("{\"id\":".into(), Some(Code::Malformed)),
            1 => (good.replace("activity", "keystroke"), Some(Code::UnknownType)),
            2 => (good.replace("\"app\"", "\"application\""), Some(Code::Missing)),
            3 => (good.replace("5000", "\"5000\""), Some(Code::BadField)),
            4 => (good.replace("5000", "99999999"), Some(Code::OutOfRange)),
            5 => (good.replace(&NOW.to_string(), "9000000000000"), Some(Code::InFuture)),
            6 => (good.replace(&NOW.to_string(), "5"), Some(Code::TooOld)),
            7 => (good.replace("Code", &"y".repeat(70_000)), Some(Code::TooLarge)),
            _ => (good, None),
        }
    })
}

proptest! {
    #[test]
    fn every_event_ends_in_one_outcome(lines in prop::collection::vec(line(), 0..60), per_call in 1..20usize, listed in 0..40usize) {
        let control = control(Settings::default());
        let sender = Sender { control: &control, source: "test", now_ms: NOW };
        let mut intake = Intake::new(Arc::new(Rules::none()), 3, 86_400_000, listed);
        for chunk in lines.chunks(per_call) {
            let text: String = chunk.iter().map(|(line, _)| format!("{line}\n\n")).collect();
            intake.lines(text.as_bytes(), &sender);
        }
        let taken = intake.finish();
        let good: Vec<&String> = lines.iter().filter(|(_, code)| code.is_none()).map(|(line, _)| line).collect();
        let bad: Vec<(u64, Code)> = lines.iter().enumerate().filter_map(|(i, (_, code))| Some((i as u64, (*code)?))).collect();
        prop_assert_eq!(taken.received(), lines.len() as u64);
        prop_assert_eq!(taken.accepted, good.len() as u64);
        for code in Code::ALL {
            prop_assert_eq!(taken.rejected_by_code[*code as usize], bad.iter().filter(|(_, c)| c == code).count() as u64);
        }
        let listed_found: Vec<(u64, Code)> = taken.rejected.iter().map(|r| (r.index, r.code)).collect();
        prop_assert_eq!(&listed_found[..], &bad[..listed.min(bad.len())]);
        // The records are the good lines, each person's in order.
        let mut kept: Vec<(u32, String, String)> = Vec::new();
        for (partition, records) in &taken.batches {
            for record in records.iter() {
                kept.push((*partition, String::from_utf8(record.key.to_vec()).unwrap(), String::from_utf8(record.value.to_vec()).unwrap()));
            }
        }
        prop_assert_eq!(kept.len(), good.len());
        for user in ["ada", "bob", "who"] {
            let of_user = |line: &&&String| {
                let event = schemas::decode::event(line.as_bytes()).unwrap();
                control.directory.resolve(&event.user).unwrap_or(&event.user) == user
            };
            let expected: Vec<&String> = good.iter().filter(of_user).copied().collect();
            let found: Vec<&String> = kept.iter().filter(|(_, key, _)| key == user).map(|(_, _, value)| value).collect();
            prop_assert_eq!(found, expected);
            prop_assert!(kept.iter().all(|(partition, key, _)| *partition == eventlog::partition_of(key.as_bytes(), 3)));
        }
        prop_assert_eq!(intake.finish().received(), 0);
    }
}

/// A counter of the exposition, summed over its labels.
fn sum(text: &str, name: &str) -> u64 {
    let values = text.lines().filter(|l| l.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])));
    values.map(|l| l.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

#[test]
fn the_metrics_add_up() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    // One thread, so that the recorder sees everything this server does.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let server = start(Config { max_in_flight_per_token: 1, ..Config::default() }).await;
            let good = activity("1", "ada");
            let bodies =
                [good.clone(), format!("[{good},{good},7]"), "7\n8\n".into(), format!("[{good},{{"), "[]".into(), String::new()];
            for body in &bodies {
                server.post("application/json", body.clone()).await;
            }
            server.log.broken.store(true, Ordering::SeqCst);
            assert_eq!(server.post("application/json", format!("[{good},7]")).await.0, 503);
            // One token may have one request under way: the second is told so.
            server.log.broken.store(false, Ordering::SeqCst);
            server.gate(true);
            let first = tokio::spawn(answer(server.request().body(good.clone())));
            while server.log.waiting.load(Ordering::SeqCst) == 0 {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            assert_eq!(server.post("application/json", good.clone()).await.0, 429);
            server.gate(false);
            assert_eq!(first.await.unwrap().0, 202);
        })
    });
    let text = handle.render();
    assert_eq!(sum(&text, "focusflow_ingest_events_received_total"), 1 + 3 + 2 + 2 + 2 + 1);
    assert_eq!(sum(&text, "focusflow_ingest_events_total"), 11);
    for (outcome, n) in [("accepted", 5), ("invalid", 5), ("rate_limited", 1)] {
        assert_eq!(sum(&text, &format!("focusflow_ingest_events_total{{outcome=\"{outcome}\"}}")), n, "{text}");
    }
    assert_eq!(sum(&text, "focusflow_ingest_rejections_total"), 5);
    assert_eq!(sum(&text, "focusflow_ingest_requests_total"), 9);
    for (status, n) in [(202, 5), (400, 2), (429, 1), (503, 1)] {
        assert_eq!(sum(&text, &format!("focusflow_ingest_requests_total{{status=\"{status}\"}}")), n, "{text}");
    }
    for user in ["ada", "watchers"] {
        assert!(!text.contains(user), "{text}");
    }
}

/// A log may take some partitions of an append and refuse it all the same: whoever is told so sends all of it again.
#[tokio::test]
async fn what_is_sent_until_it_is_taken_is_there_in_every_partition() {
    let faults = Faults { errors: 0.2, lost_answers: 0.6, ..Faults::default() };
    let log = Arc::new(FaultyLog::new(MemoryLog::new(4), 11, faults));
    let (_control, receiver) = tokio::sync::watch::channel(Arc::new(control(Settings::default())));
    let deps =
        Deps { log: log.clone(), control: receiver, rules: Arc::new(Rules::none()), priorities: None, clock: Arc::new(|| NOW) };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/events", listener.local_addr().unwrap());
    let serving = tokio::spawn(async { axum::serve(listener, focusflow_ingest::router(Config::default(), deps)).await.unwrap() });
    let (client, mut refused) = (reqwest::Client::new(), 0);
    let mut sent = std::collections::BTreeSet::new();
    for batch in 0..30 {
        let events: Vec<(String, String)> = (0..20).map(|i| (format!("u{}", i % 8), format!("{batch}.{i}"))).collect();
        let body: String = events.iter().map(|(user, id)| activity(id, user) + "\n").collect();
        sent.extend(events);
        loop {
            let request = client.post(&url).bearer_auth(SENDER).header("content-type", "application/x-ndjson");
            match answer(request.body(body.clone())).await.0 {
                202 => break,
                status => assert_eq!(status, 503),
            }
            refused += 1;
        }
    }
    let mut kept = std::collections::BTreeSet::new();
    for partition in 0..4 {
        let records = log.inner().read(Topic::Events, partition, 0, 1 << 30, std::time::Duration::ZERO).await.unwrap();
        for record in records.iter() {
            let event = schemas::decode::event(record.value).unwrap();
            assert_eq!(partition, eventlog::partition_of(record.key, 4));
            kept.insert((String::from_utf8(record.key.to_vec()).unwrap(), event.id.into_owned()));
        }
    }
    assert!(refused > 20, "{refused}");
    assert_eq!(kept, sent);
    serving.abort();
}
