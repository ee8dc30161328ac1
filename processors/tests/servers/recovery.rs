//! How long a partition of many people takes to come to a new owner.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eventlog::memory::MemoryLog;
use eventlog::{EventLog, RecordsBuilder, Topic};
use schemas::directory::Document;
use serde_json::json;
use store::clickhouse::ClickHouseStore;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Database;
use crate::check::simulation::control;
use crate::processors::{Config, Deps, Stats, run};

/// Half of them in each of two partitions.
const PEOPLE: usize = 20_000;
const DAYS: i64 = 90;
/// A Friday, 2026-11-20.
const TODAY: i64 = 20_777;
const DAY_MS: i64 = 86_400_000;
const NOON: i64 = TODAY * DAY_MS + DAY_MS / 2;

/// Until both partitions have their state; then the processors end again.
async fn acquire(log: &Arc<MemoryLog>, database: &Database, document: &Document, commits: u64) -> Duration {
    let store = Arc::new(ClickHouseStore::open(database.config()).await.unwrap());
    let stats = Arc::new(Stats::default());
    let (_control, receiver) = watch::channel(control(document));
    let deps = Deps { log: log.clone(), store, control: receiver, clock: Arc::new(|| NOON), stats: stats.clone() };
    let cancel = CancellationToken::new();
    let began = Instant::now();
    let running = tokio::spawn(run(Config::default(), deps, cancel.clone()));
    while !(stats.is_ready() && stats.partitions().iter().map(|p| p.position).sum::<u64>() >= commits) {
        assert!(!running.is_finished() && began.elapsed() < Duration::from_secs(60), "{:?}", stats.partitions());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let taken = began.elapsed();
    cancel.cancel();
    running.await.unwrap().unwrap();
    taken
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partition_of_10_000_people_is_taken_within_seconds() {
    let (log, database) = (Arc::new(MemoryLog::new(2)), Database::new());
    // Somebody in each partition, from the first day on and on the last three: so the state says what is open.
    let mut events = 0;
    for user in ["p-1", "p-2", "p-3", "p-4", "p-5"] {
        let mut builder = RecordsBuilder::default();
        for day in [TODAY - DAYS + 1, TODAY - 2, TODAY - 1, TODAY] {
            let event = json!({"id": day.to_string(), "type": "activity", "user": user, "ts": day * DAY_MS + 40_000_000, "app": "x", "duration_ms": 60_000});
            builder.push(NOON, user.as_bytes(), b"test", event.to_string().as_bytes());
            events += 1;
        }
        let partition = eventlog::partition_of(user.as_bytes(), 2);
        log.append(Topic::Events, vec![(partition, builder.finish())]).await.unwrap();
    }
    let nobody = Document { teams: Vec::new(), people: Vec::new() };
    acquire(&log, &database, &nobody, events).await;
    let rows = database.ask(&format!(
        "INSERT INTO {{db}}_rows.user_daily (user_id, day, active_ms, first_active, last_active, final, version) \
         SELECT 'p-' || toString(number % {PEOPLE}), toDate32({TODAY} - intDiv(number, {PEOPLE})), 1000, \
         fromUnixTimestamp64Milli(({TODAY} - intDiv(number, {PEOPLE})) * {DAY_MS} + 30000000), \
         fromUnixTimestamp64Milli(({TODAY} - intDiv(number, {PEOPLE})) * {DAY_MS} + 60000000), \
         intDiv(number, {PEOPLE}) > 2, 1 FROM numbers({})",
        PEOPLE as i64 * DAYS
    ));
    assert_eq!(rows, "");
    let same = acquire(&log, &database, &nobody, events).await;
    let somebody = serde_json::from_value(json!({"people": [{"id": "p-9", "time_zone": "Asia/Tokyo"}]})).unwrap();
    let changed = acquire(&log, &database, &somebody, events).await;
    println!("two partitions of {} people and {DAYS} days: {same:?}; with another directory {changed:?}", PEOPLE / 2);
    // By itself it takes half of the five seconds it may; here others have the processors too.
    assert!(same < Duration::from_secs(15) && changed < Duration::from_secs(15), "{same:?}, {changed:?}");
}
