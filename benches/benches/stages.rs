//! Each stage by itself: decode, intake, append, a day's operators, commit, query. Figures go into RESULTS.md.

#![allow(clippy::expect_used, reason = "a benchmark that cannot be set up has nothing else to say")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use eventlog::embedded::EmbeddedLog;
use eventlog::{EventLog, RecordsBuilder, Topic};
use futures::StreamExt;
use ingest::Intake;
use ingest::intake::Sender;
use ingest::priority::{Bands, Habits, Priorities, Seen, judge};
use processors::operators::day::Scratch;
use processors::operators::{Activity, Events, LocalDay, Message};
use schemas::category::Rules;
use schemas::control::Control;
use schemas::directory::{DAY_MS, Directory};
use schemas::event::{Category, Direction, MessageKind};
use schemas::rows::{USER_5M, User5m, User5mColumns};
use schemas::{Definition, Table};
use store::embedded::EmbeddedStore;
use store::{Commit, Limits, Params, Reader, Statement, Store};
use tokio::runtime::Runtime;

const DAY: i32 = 20_000;
const EVENTS: usize = 1_000;

fn line(i: usize) -> String {
    let ts = i64::from(DAY) * DAY_MS + 9 * 3_600_000 + i as i64 * 25_000;
    format!(
        r#"{{"id":"0190a1b2-c3d4-7e5f-8a9b-{i:012x}","type":"activity","user":"p{:05}","ts":{ts},"app":"Visual Studio Code","duration_ms":25000,"category":"coding"}}"#,
        i % 50
    )
}

fn lines() -> Vec<u8> {
    (0..EVENTS).map(|i| line(i) + "\n").collect::<String>().into_bytes()
}

/// What a browser's watcher sends: a title and no category, with the dash that every one of Firefox has.
fn titled_lines() -> Vec<u8> {
    let titled = |i| {
        let title = format!(r#""app":"firefox","title":"Quarterly review {i} – Wiki — Mozilla Firefox""#);
        line(i).replace(r#""app":"Visual Studio Code""#, &title).replace(r#","category":"coding""#, "") + "\n"
    };
    (0..EVENTS).map(titled).collect::<String>().into_bytes()
}

fn decode(c: &mut Criterion) {
    let bytes = lines();
    let events: Vec<&[u8]> = bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty()).collect();
    let mut group = c.benchmark_group("decode");
    group.throughput(Throughput::Elements(EVENTS as u64));
    group.bench_function("1000_events", |b| {
        b.iter(|| events.iter().filter(|e| schemas::decode::event(black_box(e)).is_ok()).count());
    });
    let control = Control::default();
    let now_ms = i64::from(DAY) * DAY_MS + 20 * 3_600_000;
    let mut intake = Intake::new(Arc::new(Rules::default()), 2, i64::MAX / 4, 100);
    group.bench_function("intake_1000_events", |b| {
        b.iter(|| {
            intake.lines(black_box(&bytes), &Sender { control: &control, source: "bench", now_ms });
            intake.finish().accepted
        });
    });
    let titled = titled_lines();
    group.bench_function("intake_1000_titled_events", |b| {
        b.iter(|| {
            intake.lines(black_box(&titled), &Sender { control: &control, source: "bench", now_ms });
            intake.finish().accepted
        });
    });
    group.finish();
}

/// Of somebody who knows fifty people, and answers some of them quickly.
fn priorities(now_ms: i64) -> Arc<Priorities> {
    let priorities = Priorities::new(Bands::default(), &Definition::default().weights, Some(Habits::new(100)));
    let peers: Vec<String> = (0..50).map(|peer| format!("slack:U{peer:06}")).collect();
    for user in (0..50).map(|user| format!("p{user:05}")) {
        let mut seen = Vec::new();
        for i in 0..1_000 {
            let (peer, ts) = (i * 7 % 50, now_ms - (1_000 - i as i64) * 600_000);
            let (kind, thread) = (MessageKind::Dm, None);
            let one = Seen { ts, sent: false, kind, notified: true, channel: "slack", peer: Some(&peers[peer]), thread };
            seen.push(one);
            if i % 50 < peer {
                seen.push(Seen { ts: ts + 60_000, sent: true, ..one });
            }
        }
        priorities.learned(&user, &judge(&seen, now_ms), now_ms);
    }
    Arc::new(priorities)
}

fn priority(c: &mut Criterion) {
    let now_ms = i64::from(DAY) * DAY_MS + 20 * 3_600_000;
    let priorities = priorities(now_ms);
    let text = "Could somebody have a look at the numbers of last week, please. ".repeat(32);
    let mut group = c.benchmark_group("priority");
    for (name, text) in [("one_message_with_2_kb_of_text", Some(text.as_str())), ("one_message", None)] {
        let message = schemas::event::Message {
            channel: "slack".into(),
            kind: MessageKind::Dm,
            direction: Direction::Received,
            peer: Some("slack:U000031".into()),
            thread: None,
            notified: true,
            priority: None,
            text: text.map(Into::into),
        };
        group.bench_function(name, |b| b.iter(|| priorities.decide(|| "p00007", now_ms, black_box(&message), now_ms)));
    }
    // The same lines with and without: what a received message costs more.
    let lines: String = (0..EVENTS)
        .map(|i| {
            let ts = now_ms - 3_600_000 + i as i64;
            format!(
                r#"{{"id":"0190a1b2-c3d4-7e5f-8a9b-{i:012x}","type":"message","user":"p{:05}","ts":{ts},"channel":"slack","kind":"dm","direction":"received","peer":"slack:U0000{:02}","thread":"t-{i}"}}"#,
                i % 50, i % 50
            ) + "\n"
        })
        .collect();
    let control = Control::default();
    group.throughput(Throughput::Elements(EVENTS as u64));
    for (name, priorities) in [("intake_1000_messages", Some(priorities.clone())), ("intake_1000_messages_without", None)] {
        let mut intake = Intake::new(Arc::new(Rules::default()), 2, i64::MAX / 4, 100).prioritize(priorities, None);
        group.bench_function(name, |b| {
            b.iter(|| {
                intake.lines(black_box(lines.as_bytes()), &Sender { control: &control, source: "bench", now_ms });
                intake.finish().accepted
            });
        });
    }
    group.finish();
}

fn append(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let dir = tempfile::tempdir().expect("a folder");
    let log = EmbeddedLog::open(eventlog::embedded::Config::new(dir.path(), 2)).expect("the log opens");
    let mut builder = RecordsBuilder::default();
    for i in 0..EVENTS {
        builder.push(1, b"p00001", b"bench", line(i).as_bytes());
    }
    let records = builder.finish();
    let mut group = c.benchmark_group("append");
    group.throughput(Throughput::Elements(EVENTS as u64)).measurement_time(Duration::from_secs(3)).sample_size(10);
    group.bench_function("1000_records_durable", |b| {
        b.iter(|| runtime.block_on(log.append(Topic::Events, vec![(0, records.clone())])).expect("appended"));
    });
    group.finish();
}

/// A working day: runs of coding with glances at chat, and a message every five minutes.
fn day_of_events() -> Events {
    let start = i64::from(DAY) * DAY_MS + 9 * 3_600_000;
    let mut events = Events::default();
    for i in 0..EVENTS as i64 {
        let category = if i % 17 == 0 { Category::Communication } else { Category::Coding };
        let app = u32::from(category == Category::Communication);
        events.activities.push(Activity { ts: start + i * 27_000, duration_ms: 26_000, app, category, afk: false });
    }
    for i in 0..100 {
        let (kind, direction) = (MessageKind::Dm, if i % 3 == 0 { Direction::Sent } else { Direction::Received });
        events.messages.push(Message {
            ts: start + i * 270_000,
            kind,
            direction,
            notified: true,
            channel: 0,
            peer: Some(1),
            token: 0,
        });
    }
    events
}

fn operators(c: &mut Criterion) {
    let (definition, directory, events) = (Definition::default(), Directory::default(), day_of_events());
    let local = LocalDay::of(directory.person("p"), DAY);
    let mut scratch = Scratch::default();
    c.bench_function("operators/day_of_1100_events", |b| {
        b.iter(|| scratch.day(&definition, black_box(&local), black_box(&events)).windows.len());
    });
}

const PEOPLE: usize = 2_000;
const WINDOWS: usize = 100;

fn windows(version: u64) -> arrow::array::RecordBatch {
    let mut columns = User5mColumns::default();
    for person in 0..PEOPLE {
        let (user_id, team_id) = (format!("p{person:05}"), format!("t{:03}", person / 10));
        for window in 0..WINDOWS as i64 {
            let figure = (person as i64 * 7 + window * 13) % 300_000;
            columns.push(&User5m {
                user_id: &user_id,
                window_start: i64::from(DAY) * DAY_MS + window * 300_000,
                team_id: Some(&team_id),
                active_ms: figure,
                focus_ms: figure / 2,
                comm_ms: figure / 4,
                meeting_ms: 0,
                switches: figure % 7,
                messages_received: figure % 3,
                interruptions: figure % 2,
                self_interruptions: 0,
                load: figure as f64 / 1e5,
                interruption_score: figure as f64 / 3e3,
                definition: 1,
                final_: true,
                version,
                deleted: false,
            });
        }
    }
    columns.finish().expect("a batch")
}

fn store(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let dir = tempfile::tempdir().expect("a folder");
    let store = EmbeddedStore::open(store::embedded::Config::new(dir.path())).expect("the store opens");
    let epoch = runtime.block_on(store.acquire(0)).expect("acquired").epoch;
    let table: &'static Table = &USER_5M;
    let mut position = 0;
    let mut commit = |rows| {
        let commit =
            Commit { partition: 0, epoch, from: position, to: position + 1, state: Vec::new(), rows: vec![(table, rows)] };
        position += 1;
        runtime.block_on(store.commit(commit)).expect("committed");
    };
    let mut group = c.benchmark_group("store");
    group.sample_size(10).measurement_time(Duration::from_secs(3)).throughput(Throughput::Elements((PEOPLE * WINDOWS) as u64));
    let batch = windows(1);
    group.bench_function("commit_200k_rows", |b| b.iter_batched(|| batch.clone(), &mut commit, BatchSize::PerIteration));
    group.finish();
    runtime.block_on(store.flush()).expect("flushed");
    // The same rows came many times: one file, or it is merging that is measured.
    runtime.block_on(store.compact()).expect("merged");

    let mut group = c.benchmark_group("query");
    group.sample_size(20).measurement_time(Duration::from_secs(3));
    for (name, sql) in [
        ("team_day", "SELECT window_start, avg(focus_ms) FROM user_5m WHERE team_id = 't042' GROUP BY window_start"),
        ("person_day", "SELECT window_start, focus_ms FROM user_5m WHERE user_id = 'p00420' ORDER BY window_start"),
        ("all_day", "SELECT window_start, avg(focus_ms), sum(interruptions) FROM user_5m GROUP BY window_start"),
    ] {
        let limits = Limits { time: Duration::from_secs(10), memory_bytes: 256 << 20, rows: 100_000 };
        group.bench_function(name, |b| {
            b.iter(|| {
                runtime.block_on(async {
                    let statement = Statement { sql: sql.into(), params: Params::None, limits, reader: Reader::default() };
                    let mut rows = store.sql(statement).await.expect("planned");
                    let mut count = 0;
                    while let Some(batch) = rows.batches.next().await {
                        count += batch.expect("a batch").num_rows();
                    }
                    count
                })
            });
        });
    }
    group.finish();
}

criterion_group!(stages, decode, priority, append, operators, store);
criterion_main!(stages);
