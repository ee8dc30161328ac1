mod strange;

use std::time::Duration;

use eventlog::faulty::FaultyLog;
use eventlog::memory::MemoryLog;
use eventlog::{EventLog, RecordsBuilder, Topic, partition_of};
use schemas::control::Control;
use schemas::directory::Document;
use schemas::live::Update;
use serde_json::json;
use store::Store;
use store::faulty::{Faults, FaultyStore};
use store::memory::MemoryStore;
use tokio::sync::watch;

use super::*;
use crate::testing::{Case, Harness, Options, run_case};
use crate::{Clock, Stats};

/// 2026-11-20, 09:00 UTC, a Friday.
pub(crate) const NINE: i64 = 1_795_165_200_000;
pub(crate) const MIN: i64 = 60_000;

pub(crate) fn activity(user: &str, id: &str, ts: i64, minutes: i64, category: &str) -> (String, Vec<u8>) {
    let event = json!({"id": id, "type": "activity", "user": user, "ts": ts, "app": category, "category": category, "duration_ms": minutes * MIN});
    (user.into(), event.to_string().into_bytes())
}

pub(super) fn message(user: &str, id: &str, ts: i64) -> (String, Vec<u8>) {
    let event = json!({"id": id, "type": "message", "user": user, "ts": ts, "channel": "slack", "kind": "dm", "direction": "received", "peer": "p"});
    (user.into(), event.to_string().into_bytes())
}

pub(super) async fn harness(config: Config) -> Harness {
    Harness::new(1, config, Document::default(), NINE + 60 * MIN).await.unwrap()
}

#[tokio::test]
async fn what_cuts_off_an_activity_that_lasted_over_midnight_takes_the_next_day_back() {
    let mut harness = harness(Config::default()).await;
    // Days that nobody looks on at: those of now are computed along anyhow. The second ends before midnight, or with it.
    let late = NINE - (10 * 24 - 14) * 60 * MIN;
    for (user, minutes) in [("anna", 10), ("bo", 30)] {
        harness.append(&[activity(user, "1", late, 180, "browsing")], late).await.unwrap();
        harness.catch_up().await.unwrap();
        let days = async |harness: &Harness| {
            harness.tables().await.unwrap()["user_daily"].keys().filter(|k| k.starts_with(user)).count()
        };
        assert_eq!(days(&harness).await, 2);
        harness.append(&[activity(user, "2", late + 30 * MIN, minutes, "planning")], late).await.unwrap();
        harness.catch_up().await.unwrap();
        assert_eq!(days(&harness).await, 1, "{user}");
    }
}

/// They would be computed from nothing: their rows stay as they are, and nothing takes them back.
#[tokio::test]
async fn a_new_directory_leaves_days_alone_whose_events_are_not_kept() {
    let team = |team: &str| -> Document {
        serde_json::from_value(json!({"teams": [{"id": "a", "name": "A"}, {"id": "b", "name": "B"}],
            "people": [{"id": "anna", "team": team, "time_zone": "UTC"}]}))
        .unwrap()
    };
    let day = 24 * 60 * MIN;
    let config = Config { events_kept: Some(Duration::from_secs(30 * 86_400)), ..Config::default() };
    let mut harness = Harness::new(1, config, team("a"), NINE + 60 * MIN).await.unwrap();
    for (id, ts) in [("1", NINE - 100 * day), ("2", NINE)] {
        harness.append(&[activity("anna", id, ts, 40, "coding")], NINE).await.unwrap();
        harness.catch_up().await.unwrap();
    }
    harness.set_directory(team("b")).unwrap();
    harness.settle().await.unwrap();
    let tables = harness.tables().await.unwrap();
    let teams: Vec<_> = tables["user_daily"].values().map(|row| row["team_id"].clone()).collect();
    assert_eq!(teams, ["a", "b"]);
}

/// An id that comes again with a time some days off is another event, whether or not the first is still in memory.
#[tokio::test]
async fn an_id_holds_for_a_day_and_those_next_to_it_whatever_is_in_memory() {
    let day = 24 * 60 * MIN;
    for memory_bytes in [1, 512 << 20] {
        let mut harness = harness(Config { memory_bytes, ..Config::default() }).await;
        for (ts, minutes) in [(NINE, 10), (NINE - day, 20), (NINE - 3 * day, 30), (NINE + day, 40)] {
            harness
                .append(
                    &[activity("anna", "1", ts, minutes, "coding"), activity("bo", &minutes.to_string(), ts, 1, "data")],
                    NINE,
                )
                .await
                .unwrap();
            harness.catch_up().await.unwrap();
        }
        let tables = harness.tables().await.unwrap();
        let active: Vec<_> = tables["user_daily"]
            .iter()
            .filter(|(key, _)| key.starts_with("anna"))
            .map(|(_, row)| row["active_ms"].clone())
            .collect();
        assert_eq!(active, [30 * MIN, 10 * MIN], "with {memory_bytes} bytes");
    }
}

async fn read_all(log: &MemoryLog, topic: Topic) -> Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> {
    let records = log.read(topic, 0, 0, 1 << 20, Duration::ZERO).await.unwrap();
    records.iter().map(|r| (r.key.to_vec(), r.source.to_vec(), r.value.to_vec())).collect()
}

#[tokio::test]
async fn updates_tell_the_latest_day_and_the_windows_that_changed() {
    let mut harness = harness(Config::default()).await;
    let first = [activity("anna", "1", NINE, 10, "coding"), message("anna", "2", NINE + 8 * MIN)];
    harness.append(&first, NINE + 10 * MIN).await.unwrap();
    harness.catch_up().await.unwrap();
    // A late event of the day before: the news are still about today.
    harness.append(&[activity("anna", "0", NINE - 1_440 * MIN, 1, "coding")], NINE + 11 * MIN).await.unwrap();
    harness.catch_up().await.unwrap();
    harness.append(&first, NINE + 12 * MIN).await.unwrap();
    harness.catch_up().await.unwrap();
    let updates = read_all(&harness.log, Topic::Updates).await;
    let updates: Vec<Update> = updates.iter().map(|(_, _, json)| serde_json::from_slice(json).unwrap()).collect();
    assert_eq!(updates.len(), 2, "duplicates are no news");
    let update = &updates[0];
    assert_eq!((update.user_id.as_str(), update.accepted_at, update.day.day), ("anna", NINE + 10 * MIN, 20_777));
    assert_eq!((update.day.active_ms, update.day.interruptions), (10 * MIN, 1));
    assert_eq!(update.windows.iter().map(|w| w.window_start).collect::<Vec<_>>(), [NINE, NINE + 5 * MIN]);
    assert_eq!(update.now.flow, Some((NINE + 5 * MIN, NINE + 11 * MIN)));
    assert_eq!(update.now.active, Some((NINE, NINE + 10 * MIN)));
    assert_eq!((updates[1].day.clone(), updates[1].accepted_at), (update.day.clone(), NINE + 11 * MIN));
}

#[tokio::test]
async fn what_cannot_be_used_goes_to_the_dead_letters_with_the_reason() {
    let mut harness = harness(Config::default()).await;
    let good = activity("anna", "1", NINE, 10, "coding");
    let mut builder = RecordsBuilder::default();
    let long = vec![b'['; 200_000];
    for (key, value) in
        [(&b"anna"[..], &b"{not json"[..]), (b"anna", b""), (b"", b""), (&[0xc3, 0x28], &good.1), (b"anna", &long)]
    {
        builder.push(NINE, key, b"test", value);
    }
    harness.log.append(Topic::Events, vec![(0, builder.finish())]).await.unwrap();
    harness.append(&[good], NINE).await.unwrap();
    harness.catch_up().await.unwrap();
    let dead = read_all(&harness.log, Topic::DeadLetters).await;
    assert_eq!(dead.len(), 5);
    assert_eq!((&dead[0].0[..], &dead[0].2[..]), (&b"anna"[..], &b"{not json"[..]));
    assert!(dead[0].1.starts_with(b"malformed: ") && dead[3].1.starts_with(b"the record's key is not UTF-8"), "{dead:?}");
    assert_eq!(dead[4].2, long);
    assert_eq!(harness.tables().await.unwrap()["activity_events"].len(), 1);
}

#[tokio::test]
async fn rows_become_final_with_the_watermark_and_open_again_when_something_comes_late() {
    let mut harness = harness(Config::default()).await;
    harness.append(&[activity("anna", "1", NINE, 10, "coding"), message("anna", "2", NINE + 8 * MIN)], NINE).await.unwrap();
    harness.catch_up().await.unwrap();
    let finals = async |harness: &Harness, table: &str| -> Vec<bool> {
        harness.tables().await.unwrap()[table].values().map(|r| r["final"] == json!(true)).collect()
    };
    assert_eq!(finals(&harness, "user_5m").await, [false, false]);
    // Five hours on, the windows can no longer change; the day can.
    harness.set_clock(NINE + 300 * MIN);
    harness.settle().await.unwrap();
    assert_eq!((finals(&harness, "user_5m").await, finals(&harness, "user_daily").await), (vec![true, true], vec![false]));
    harness.restart().await.unwrap();
    harness.set_clock(NINE + 2_000 * MIN);
    harness.settle().await.unwrap();
    assert_eq!(finals(&harness, "user_daily").await, [true], "a new owner knows what waits");
    harness.append(&[activity("anna", "3", NINE + 20 * MIN, 40, "coding")], NINE).await.unwrap();
    harness.catch_up().await.unwrap();
    let day = async |harness: &Harness| harness.tables().await.unwrap()["user_daily"].values().next().unwrap().clone();
    let risk = async |harness: &Harness| harness.tables().await.unwrap()["burnout_risk"].values().next().unwrap().clone();
    let (open, before) = (day(&harness).await, risk(&harness).await);
    assert_eq!((&open["active_ms"], &open["final"]), (&json!(50 * MIN), &json!(false)), "more may come with it");
    harness.settle().await.unwrap();
    let (settled, after) = (day(&harness).await, risk(&harness).await);
    assert_eq!((&settled["active_ms"], &settled["final"]), (&json!(50 * MIN), &json!(true)));
    assert_eq!(
        (&before["active_days"], &after["active_days"]),
        (&json!(0), &json!(1)),
        "its risk is told when all of it is there"
    );
}

#[tokio::test]
async fn rows_that_are_no_more_are_taken_back() {
    let mut harness = harness(Config::default()).await;
    harness.append(&[activity("anna", "1", NINE, 40, "coding"), message("anna", "2", NINE + 20 * MIN)], NINE).await.unwrap();
    harness.catch_up().await.unwrap();
    let count = async |harness: &Harness| {
        let tables = harness.tables().await.unwrap();
        (tables["user_5m"].len(), tables["focus_blocks"].len(), tables["interruptions"].len())
    };
    assert_eq!(count(&harness).await, (8, 1, 1));
    harness.restart().await.unwrap();
    // It turns out that they went away after four minutes and something else was in front.
    let mut away = json!({"id": "3", "type": "activity", "user": "anna", "ts": NINE + 4 * MIN, "app": "x", "duration_ms": 0});
    harness.append(&[("anna".into(), away.to_string().into_bytes())], NINE).await.unwrap();
    harness.catch_up().await.unwrap();
    assert_eq!(count(&harness).await, (2, 0, 0), "the first window, and the one of the message");
    away["id"] = json!("1");
    harness.append(&[("anna".into(), away.to_string().into_bytes())], NINE).await.unwrap();
    harness.catch_up().await.unwrap();
    assert_eq!(count(&harness).await, (2, 0, 0), "a known id changes nothing, whatever it says");
}

#[tokio::test]
async fn a_former_owner_is_refused() {
    let mut harness = harness(Config::default()).await;
    let shared = Arc::new(Shared::new(harness.config.clone(), harness.deps.clone()));
    let mut rival = Owner::acquire(0, shared, CancellationToken::new()).await.unwrap();
    harness.append(&[activity("anna", "1", NINE, 1, "coding")], NINE).await.unwrap();
    assert!(matches!(harness.catch_up().await, Err(crate::testing::HarnessError::Processors(e)) if e.cure() == Cure::Reacquire));
    rival.catch_up().await.unwrap();
    assert_eq!(harness.tables().await.unwrap()["user_daily"].len(), 1);
}

#[tokio::test]
async fn a_log_that_lost_what_the_store_has_not_seen_stops_the_task() {
    let mut harness = harness(Config::default()).await;
    harness.append(&[activity("anna", "1", NINE, 1, "coding")], NINE).await.unwrap();
    harness.catch_up().await.unwrap();
    let deps = Deps { log: std::sync::Arc::new(MemoryLog::new(1)), ..harness.deps.clone() };
    let shared = Arc::new(Shared::new(harness.config.clone(), deps));
    let lost = Owner::acquire(0, shared, CancellationToken::new()).await.err().unwrap();
    assert!(matches!(lost, Error::Gap { position: 1, end: 0, .. }) && lost.cure() == Cure::Stop, "{lost}");
}

/// Kafka deletes by age, whoever has read what.
#[tokio::test]
async fn where_nobody_worked_before_it_begins_with_the_oldest_record_if_it_may() {
    let log = MemoryLog::bounded(1, 1);
    for id in ["1", "2", "3"] {
        let mut builder = RecordsBuilder::default();
        builder.push(NINE, b"anna", b"test", &activity("anna", id, NINE, 1, "coding").1);
        log.release(Topic::Events, 0, 2).await.unwrap();
        log.append(Topic::Events, vec![(0, builder.finish())]).await.unwrap();
    }
    let log = Arc::new(log);
    assert_eq!(log.range(Topic::Events, 0).await.unwrap(), 2..3);
    let harness = harness(Config::default()).await;
    for begins_at_oldest in [false, true] {
        let store = Arc::new(MemoryStore::new());
        let deps = Deps { log: log.clone(), store: store.clone(), ..harness.deps.clone() };
        let shared = Arc::new(Shared::new(Arc::new(Config { begins_at_oldest, ..Config::default() }), deps));
        match Owner::acquire(0, shared.clone(), CancellationToken::new()).await {
            Err(error) => assert!(!begins_at_oldest && matches!(error, Error::Gap { position: 0, start: 2, .. }), "{error}"),
            Ok(mut owner) => {
                assert!(begins_at_oldest);
                owner.catch_up().await.unwrap();
                assert_eq!(crate::testing::dump(&*store).await.unwrap()["activity_events"].len(), 1);
                // From then on it is a gap like any other, which is passed only if somebody says so.
                let emptied = Arc::new(MemoryLog::bounded(1, 1));
                for offset in 1..6 {
                    let mut builder = RecordsBuilder::default();
                    builder.push(NINE, b"anna", b"test", &activity("anna", "4", NINE, 1, "coding").1);
                    emptied.append(Topic::Events, vec![(0, builder.finish())]).await.unwrap();
                    emptied.release(Topic::Events, 0, offset).await.unwrap();
                }
                let deps = Deps { log: emptied, ..shared.deps.clone() };
                for skips_deleted in [false, true] {
                    let config = Arc::new(Config { begins_at_oldest, skips_deleted, ..Config::default() });
                    let shared = Arc::new(Shared::new(config, deps.clone()));
                    let owner = Owner::acquire(0, shared, CancellationToken::new()).await;
                    assert_eq!(owner.is_ok(), skips_deleted, "{:?}", owner.err());
                }
            }
        }
    }
}

/// The real loop over seams that fail, lose answers and give little at a time, with a rival that takes the partition away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_change_nothing() {
    for seed in 1..4 {
        let users = ["anna", "bo", "chi"];
        let records: Vec<_> = (0..900)
            .map(|i| {
                let (user, ts) = (users[i % 3], NINE + (i as i64 % 300) * 2 * MIN + (i as i64 % 7) * 1_000);
                match i % 5 {
                    0 => message(user, &format!("m{}", i % 400), ts),
                    n => activity(user, &format!("a{}", i % 700), ts, 2, ["coding", "communication", "coding", "writing"][n - 1]),
                }
            })
            .collect();
        let case = Case { directory: Document::default(), records: records.clone() };
        let expected = run_case(&case, &Options { partitions: 2, now_ms: Some(NINE), ..Options::default() }).await.unwrap();

        let inner = std::sync::Arc::new(MemoryStore::new());
        let store = std::sync::Arc::new(FaultyStore::new(
            inner.clone(),
            Faults { seed, failed: 0.1, reply_lost: 0.1, delayed: 0.1, delay: Duration::from_micros(300) },
        ));
        let log_faults = eventlog::faulty::Faults {
            errors: 0.1,
            lost_answers: 0.0,
            delays: 0.1,
            max_delay: Duration::from_micros(300),
            short_reads: 0.5,
        };
        let log = std::sync::Arc::new(FaultyLog::new(MemoryLog::new(2), seed, log_faults));
        let clock_ms = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(NINE));
        let told = clock_ms.clone();
        let clock: Clock = std::sync::Arc::new(move || told.load(std::sync::atomic::Ordering::SeqCst));
        let (_control, control) = watch::channel(std::sync::Arc::new(Control::default()));
        let deps = Deps { log: log.clone(), store: store.clone(), control, clock, stats: std::sync::Arc::new(Stats::default()) };
        let config = Config {
            max_batch_bytes: 4_000,
            tick: Duration::from_millis(1),
            min_commit_interval: Duration::from_micros(100),
            idle_after: Duration::ZERO,
            retry_from: Duration::from_micros(50),
            retry_to: Duration::from_millis(1),
            rules: std::sync::Arc::new(schemas::category::Rules::none()),
            ..Config::default()
        };
        let cancel = CancellationToken::new();
        let running = tokio::spawn(crate::run(config, deps.clone(), cancel.clone()));
        for (i, some) in records.chunks(100).enumerate() {
            for (user, value) in some {
                let mut builder = RecordsBuilder::default();
                builder.push(NINE, user.as_bytes(), b"test", value);
                let partition = partition_of(user.as_bytes(), 2);
                log.inner().append(Topic::Events, vec![(partition, builder.finish())]).await.unwrap();
            }
            if i % 3 == 2 {
                inner.acquire(i as u32 % 2).await.unwrap();
            }
        }
        let waited = |done: Box<dyn Fn(&crate::PartitionStats) -> bool + Send>| {
            let stats = deps.stats.clone();
            async move {
                for _ in 0..20_000 {
                    if stats.is_ready() && stats.partitions().iter().all(&done) {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                panic!("it does not come to an end: {:?}", stats.partitions());
            }
        };
        let ends = [0, 1].map(|p| records.iter().filter(|(u, _)| partition_of(u.as_bytes(), 2) == p).count() as u64);
        waited(Box::new(move |p| p.position == ends[p.partition as usize])).await;
        let later = NINE + 40 * 86_400_000;
        clock_ms.store(later, std::sync::atomic::Ordering::SeqCst);
        waited(Box::new(move |p| p.watermark_ms.is_some_and(|w| w > later - 86_400_000))).await;
        let scanned = |store: std::sync::Arc<MemoryStore>| async move { crate::testing::dump(&*store).await.unwrap() };
        for _ in 0..5_000 {
            if scanned(inner.clone()).await == expected {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        cancel.cancel();
        running.await.unwrap().unwrap();
        assert_eq!(scanned(inner).await, expected, "seed {seed}");
    }
}
