//! The way to the server breaks at every request of a commit, and the server itself is killed.

use std::collections::BTreeMap;
use std::time::Duration;

use focusflow_store::clickhouse::{ClickHouseStore, Config};
use focusflow_store::testing::{Block, MONDAY_MS, commit_of, read_blocks};
use focusflow_store::{Commit, Error, Store};

use super::Database;
use super::proxy::{Cut, Proxy};
use crate::services::Own;

const DAY_MS: i64 = 86_400_000;

/// One partition and the days its rows are on, so that many may share a database.
#[derive(Clone, Copy)]
struct Line {
    partition: u32,
}

const FIRST: Line = Line { partition: 0 };

impl Line {
    fn start(self) -> i64 {
        MONDAY_MS + i64::from(self.partition) * 10 * DAY_MS
    }

    /// New rows on two days, a correction of an earlier row, and now and then its removal.
    fn rows_of(self, step: u64) -> Vec<Block<'static>> {
        let (at, earlier) = (self.start() + step as i64, self.start() + (step / 2) as i64);
        vec![("a", at, step + 1, 1, false), ("b", at + DAY_MS, step + 1, 1, false), ("a", earlier, step + 1, 7, step % 5 == 4)]
    }

    fn step(self, epoch: u64, step: u64) -> Commit {
        commit_of(self.partition, epoch, step, step + 1, &self.rows_of(step)).unwrap()
    }

    fn expected(self, steps: u64) -> Vec<(String, i64, u64, i64)> {
        let mut rows = BTreeMap::new();
        for (user, start, version, number, deleted) in (0..steps).flat_map(|step| self.rows_of(step)) {
            rows.insert((user, start), (version, number, deleted));
        }
        rows.into_iter().filter(|(_, v)| !v.2).map(|((u, s), (v, n, _))| (u.to_owned(), s, v, n)).collect()
    }

    async fn all(self, store: &ClickHouseStore) -> Vec<(String, i64, u64, i64)> {
        read_blocks(store, &["a", "b"], self.start(), self.start() + 5 * DAY_MS).await.unwrap()
    }

    /// Goes on from wherever the store stands to `to`, until something fails.
    async fn work(self, store: &ClickHouseStore, to: u64) -> Result<(), Error> {
        let got = store.acquire(self.partition).await?;
        for at in got.position..to {
            store.commit(self.step(got.epoch, at)).await?;
        }
        Ok(())
    }
}

fn step(epoch: u64, step: u64) -> Commit {
    FIRST.step(epoch, step)
}

fn expected(steps: u64) -> Vec<(String, i64, u64, i64)> {
    FIRST.expected(steps)
}

async fn all(store: &ClickHouseStore) -> Vec<(String, i64, u64, i64)> {
    FIRST.all(store).await
}

fn impatient(database: &Database, url: &str) -> Config {
    let mut config = Config { url: url.into(), ..database.config() };
    config.retry_from = Duration::from_millis(1);
    config.retry_for = Duration::from_millis(5);
    config
}

#[tokio::test]
async fn a_process_that_ends_at_any_request_leaves_whole_commits() {
    const TO: u64 = 3;
    for cut in [Cut::Before, Cut::After] {
        let database = Database::new();
        let next = ClickHouseStore::open(database.config()).await.unwrap();
        let proxy = Proxy::new(&database.config().url, cut).await;
        let mut most = None;
        for n in 1.. {
            let line = Line { partition: n as u32 };
            proxy.heal();
            let config = Config { migrate: false, ..impatient(&database, &proxy.url) };
            let store = ClickHouseStore::open(config).await.unwrap();
            proxy.cut_from(n);
            let before = proxy.requests();
            let ended = line.work(&store, TO).await;
            if ended.is_ok() {
                assert_eq!(store.durable_position(line.partition).await.unwrap(), TO);
                most = Some(proxy.requests() - before);
                break;
            }
            drop(store);

            let at = next.acquire(line.partition).await.unwrap().position;
            assert_eq!(line.all(&next).await, line.expected(at), "{cut:?} at request {n}, position {at}");
            line.work(&next, TO).await.unwrap();
            assert_eq!(line.all(&next).await, line.expected(TO), "{cut:?} at request {n}");
        }
        assert!(most.is_some_and(|requests| requests > 12), "{cut:?}: {most:?} requests");
    }
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_gone_on_with_where_it_stopped() {
    for cut in [Cut::Before, Cut::After] {
        for n in 1..=4 {
            let database = Database::new();
            let proxy = Proxy::new(&database.config().url, cut).await;
            let store = ClickHouseStore::open(impatient(&database, &proxy.url)).await.unwrap();
            let epoch = store.acquire(0).await.unwrap().epoch;
            store.commit(step(epoch, 0)).await.unwrap();
            proxy.cut_from(n);
            let failed = store.commit(step(epoch, 1)).await;
            if n > 3 && failed.is_ok() {
                continue;
            }
            assert!(matches!(failed, Err(Error::Unavailable(_))), "{cut:?} {n}: {failed:?}");
            proxy.heal();
            let other = store.commit(commit_of(0, epoch, 1, 3, &[("a", MONDAY_MS, 9, 9, false)]).unwrap()).await;
            assert!(matches!(other, Err(Error::Stale { .. })), "another commit must not slip in: {other:?}");
            store.commit(step(epoch, 1)).await.unwrap();
            store.commit(step(epoch, 2)).await.unwrap();
            assert_eq!(all(&store).await, expected(3), "{cut:?} {n}");
            assert_eq!(store.durable_position(0).await.unwrap(), 3);
        }
    }
}

#[tokio::test]
async fn a_partition_changes_hands_in_the_middle_of_a_commit() {
    for cut in [Cut::Before, Cut::After] {
        for n in 1..=3 {
            let database = Database::new();
            let proxy = Proxy::new(&database.config().url, cut).await;
            let old = ClickHouseStore::open(impatient(&database, &proxy.url)).await.unwrap();
            let epoch = old.acquire(0).await.unwrap().epoch;
            old.commit(step(epoch, 0)).await.unwrap();
            proxy.cut_from(n);
            let failed = old.commit(step(epoch, 1)).await;
            assert!(matches!(failed, Err(Error::Unavailable(_))), "{cut:?} {n}: {failed:?}");

            let new = ClickHouseStore::open(database.config()).await.unwrap();
            let got = new.acquire(0).await.unwrap();
            assert_eq!(all(&new).await, expected(got.position), "{cut:?} {n}");
            proxy.heal();
            let late = old.commit(step(epoch, 1)).await;
            match got.position {
                1 => assert!(matches!(late, Err(Error::Stale { stored: 1, .. })), "{cut:?} {n}: {late:?}"),
                _ => assert!(late.is_ok(), "the new owner went on from it: {cut:?} {n}: {late:?}"),
            }
            assert_eq!(all(&new).await, expected(got.position), "nothing comes late: {cut:?} {n}");
            new.commit(step(got.epoch, got.position)).await.unwrap();
            assert!(matches!(old.commit(step(epoch, 2)).await, Err(Error::Stale { .. })));
            assert_eq!(all(&new).await, expected(got.position + 1), "{cut:?} {n}");
        }
    }
}

#[tokio::test]
async fn a_new_owner_that_dies_at_once_holds_nobody_up() {
    let database = Database::new();
    let store = ClickHouseStore::open(database.config()).await.unwrap();
    let epoch = store.acquire(0).await.unwrap().epoch;
    store.commit(step(epoch, 0)).await.unwrap();
    database.ask(&format!("INSERT INTO {{db}}_rows.claims (partition, epoch, owner) VALUES (0, {}, 'dead')", epoch + 1));
    let refused = store.commit(step(epoch, 1)).await;
    assert!(matches!(refused, Err(Error::Stale { stored_epoch, .. }) if stored_epoch == epoch + 1), "{refused:?}");
    assert_eq!(all(&store).await, expected(1), "it is not known to be committed, so it does not show");
    let got = store.acquire(0).await.unwrap();
    assert_eq!((got.epoch, got.position), (epoch + 2, 2), "and now it is");
    assert_eq!(all(&store).await, expected(2));
}

#[tokio::test]
async fn what_was_committed_survives_the_servers_kill() {
    let server = Own::start("clickhouse");
    let database = Database::at(server.address());
    let mut config = database.config();
    config.layout.fsync = true;
    config.retry_for = Duration::from_millis(300);
    let store = ClickHouseStore::open(config.clone()).await.unwrap();
    let epoch = store.acquire(0).await.unwrap().epoch;
    for at in 0..3 {
        store.commit(step(epoch, at)).await.unwrap();
    }
    server.kill("engine");
    let down = store.commit(step(epoch, 3)).await;
    assert!(matches!(down, Err(Error::Unavailable(_))), "{down:?}");
    assert!(matches!(ClickHouseStore::open(config.clone()).await, Err(Error::Unavailable(_))), "said at start");
    server.again();
    assert_eq!(all(&store).await, expected(3));
    store.commit(step(epoch, 3)).await.unwrap();
    let next = ClickHouseStore::open(config).await.unwrap();
    assert_eq!(next.acquire(0).await.unwrap().position, 4);
    assert_eq!(all(&next).await, expected(4));
}

#[tokio::test]
async fn a_commit_as_large_as_they_get_is_taken_and_taken_over() {
    let database = Database::new();
    let store = ClickHouseStore::open(database.config()).await.unwrap();
    let mut events = schemas::rows::ActivityEventColumns::default();
    // Of what compresses badly: 24 MiB.
    let mut number = 1u64;
    for i in 0..24_000i64 {
        let title: String = std::iter::repeat_with(|| {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            format!("{:016x}", number ^ (number >> 29))
        })
        .take(64)
        .collect();
        events.push(&schemas::rows::ActivityEvent {
            id: &format!("e-{i}"),
            user_id: &format!("u-{}", i % 500),
            team_id: Some("t-1"),
            ts: MONDAY_MS + i,
            app: "editor",
            duration_ms: 1_000,
            afk: false,
            category: "coding",
            title: Some(&title),
            url: None,
            device: None,
            source: "test",
            ingested_at: MONDAY_MS,
            extra: None,
            version: 1,
        });
    }
    let epoch = store.acquire(0).await.unwrap().epoch;
    let rows = vec![(&schemas::rows::ACTIVITY_EVENTS, events.finish().unwrap())];
    assert!(rows[0].1.get_array_memory_size() > 24 << 20);
    store.commit(Commit { partition: 0, epoch, from: 0, to: 24_000, state: vec![7; 1 << 20], rows }).await.unwrap();
    assert_eq!(database.ask("SELECT count(), uniqExact(title) FROM {db}.activity_events"), "24000\t24000");
    // Its rows come from the journal once more.
    let next = ClickHouseStore::open(database.config()).await.unwrap();
    let got = next.acquire(0).await.unwrap();
    assert_eq!((got.position, got.state.len()), (24_000, 1 << 20));
    assert_eq!(database.ask("SELECT count() FROM {db}.activity_events"), "24000");
}
