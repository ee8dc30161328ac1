//! Crashes of the embedded store at every step of a flush and of a merge, full disks, and what is left behind.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use focusflow_store::embedded::{Config, EmbeddedStore, Step, Steps};
use focusflow_store::testing::{Block, MONDAY_MS, commit_of, read_blocks};
use focusflow_store::{Error, Store};

const DAY_MS: i64 = 86_400_000;

fn rows_of(step: u64) -> Vec<Block<'static>> {
    // New rows on two days, a correction of an earlier row, and now and then its removal.
    let at = MONDAY_MS + step as i64;
    let earlier = MONDAY_MS + (step / 2) as i64;
    vec![("a", at, step + 1, 1, false), ("b", at + DAY_MS, step + 1, 1, false), ("a", earlier, step + 1, 7, step % 5 == 4)]
}

fn expected(steps: u64) -> Vec<(String, i64, u64, i64)> {
    let mut rows = std::collections::BTreeMap::new();
    for (user, start, version, number, deleted) in (0..steps).flat_map(rows_of) {
        rows.insert((user, start), (version, number, deleted));
    }
    rows.into_iter().filter(|(_, v)| !v.2).map(|((u, s), (v, n, _))| (u.to_owned(), s, v, n)).collect()
}

fn config(dir: &Path, steps: Steps) -> Config {
    Config {
        flush_every: Duration::from_secs(3600),
        compact_after: Duration::from_secs(3600),
        max_files: 2,
        steps,
        ..Config::new(dir)
    }
}

async fn all(store: &EmbeddedStore) -> Vec<(String, i64, u64, i64)> {
    read_blocks(store, &["a", "b"], MONDAY_MS - DAY_MS, MONDAY_MS + 5 * DAY_MS).await.unwrap()
}

fn parquet_files(dir: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
    entries
        .flatten()
        .map(|e| {
            if e.path().is_dir() {
                parquet_files(&e.path())
            } else {
                usize::from(e.path().extension().is_some_and(|x| x == "parquet"))
            }
        })
        .sum()
}

/// Goes on from wherever the store stands to `to`, flushing and merging on the way, until something fails.
async fn work(store: &EmbeddedStore, to: u64) -> Result<(), Error> {
    let got = store.acquire(0).await?;
    for step in got.position..to {
        store.commit(commit_of(0, got.epoch, step, step + 1, &rows_of(step))?).await?;
        if step % 3 == 2 {
            store.flush().await?;
        }
        if step % 7 == 6 {
            store.compact().await?;
        }
    }
    store.flush().await
}

#[tokio::test]
async fn a_crash_at_any_step_leaves_a_whole_commit_and_replay_completes_it() {
    const TO: u64 = 24;
    for step in Step::ALL {
        for nth in 1.. {
            let dir = tempfile::tempdir().unwrap();
            let passed = Arc::new(AtomicUsize::new(0));
            let hook = {
                let passed = passed.clone();
                move |at| {
                    // Once crashed, nothing goes on.
                    if (at == step || passed.load(Ordering::SeqCst) >= nth) && passed.fetch_add(1, Ordering::SeqCst) + 1 >= nth {
                        return Err(Error::Unavailable(format!("crash at {at:?}")));
                    }
                    Ok(())
                }
            };
            let store = EmbeddedStore::open(config(dir.path(), Steps::with(hook))).unwrap();
            let ended = work(&store, TO).await;
            let durable = store.durable_position(0).await.unwrap();
            drop(store);
            let crashed = passed.load(Ordering::SeqCst) >= nth;
            assert_eq!(ended.is_err(), crashed, "{step:?} {nth}: {ended:?}");

            let store = EmbeddedStore::open(config(dir.path(), Steps::default())).unwrap();
            let at = store.durable_position(0).await.unwrap();
            assert!(at >= durable, "{step:?} {nth}: durable {durable}, found {at}");
            assert_eq!(all(&store).await, expected(at), "{step:?} {nth} at {at}");
            assert_eq!(parquet_files(dir.path()), store.stats().files, "{step:?} {nth}: nothing is left behind");
            work(&store, TO).await.unwrap();
            store.compact().await.unwrap();
            assert_eq!(all(&store).await, expected(TO), "{step:?} {nth}");
            store.close().await.unwrap();
            let store = EmbeddedStore::open(config(dir.path(), Steps::default())).unwrap();
            assert_eq!(all(&store).await, expected(TO), "{step:?} {nth}, reopened");
            if !crashed || nth >= 4 {
                assert!(nth > 1 || crashed, "{step:?} was never reached");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_failed_flush_keeps_rows_and_the_next_one_writes_them() {
    let dir = tempfile::tempdir().unwrap();
    let left = Arc::new(AtomicUsize::new(3));
    let hook = {
        let left = left.clone();
        move |at| match at {
            Step::FileWritten if left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok() => {
                Err(Error::Unavailable("no space left on device".into()))
            }
            _ => Ok(()),
        }
    };
    let store = EmbeddedStore::open(config(dir.path(), Steps::with(hook))).unwrap();
    let epoch = store.acquire(0).await.unwrap().epoch;
    store.commit(commit_of(0, epoch, 0, 1, &rows_of(0)).unwrap()).await.unwrap();
    assert!(store.flush().await.is_err());
    assert!(store.stats().flush_error.is_some());
    store.commit(commit_of(0, epoch, 1, 2, &rows_of(1)).unwrap()).await.unwrap();
    assert_eq!(all(&store).await, expected(2), "all rows still show");
    assert_eq!(store.durable_position(0).await.unwrap(), 0);
    while store.flush().await.is_err() {}
    assert_eq!(store.durable_position(0).await.unwrap(), 2);
    assert_eq!(store.stats().flush_error, None);
    assert_eq!(all(&store).await, expected(2));
}

#[tokio::test]
async fn commits_wait_when_memory_is_full_and_fail_when_it_cannot_be_written() {
    let dir = tempfile::tempdir().unwrap();
    let broken = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let hook = {
        let broken = broken.clone();
        move |at| {
            if at == Step::Frozen && broken.load(Ordering::SeqCst) { Err(Error::Unavailable("no space".into())) } else { Ok(()) }
        }
    };
    let store = EmbeddedStore::open(Config { hot_bytes: 64 << 10, ..config(dir.path(), Steps::with(hook)) }).unwrap();
    let epoch = store.acquire(0).await.unwrap().epoch;
    let mut most = 0;
    for step in 0..300 {
        store.commit(commit_of(0, epoch, step, step + 1, &rows_of(step)).unwrap()).await.unwrap();
        most = most.max(store.stats().hot_bytes);
    }
    assert!(most < 4 * (64 << 10), "{most} bytes in memory");
    assert!(store.stats().files > 0, "it flushed by itself");
    broken.store(true, Ordering::SeqCst);
    let mut refused = None;
    for step in 300..2_000 {
        if let Err(error) = store.commit(commit_of(0, epoch, step, step + 1, &rows_of(step)).unwrap()).await {
            refused = Some((step, error));
            break;
        }
    }
    let (step, error) = refused.unwrap();
    assert!(matches!(&error, Error::Unavailable(m) if m.contains("no space")), "{error:?}");
    broken.store(false, Ordering::SeqCst);
    store.flush().await.unwrap();
    store.commit(commit_of(0, epoch, step, step + 1, &rows_of(step)).unwrap()).await.unwrap();
    assert_eq!(all(&store).await, expected(step + 1));
}

#[tokio::test]
async fn merging_drops_tombstones_and_old_versions() {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(config(dir.path(), Steps::default())).unwrap();
    let epoch = store.acquire(0).await.unwrap().epoch;
    for step in 0..6u64 {
        let rows = [("a", MONDAY_MS, step + 1, 1, step == 5), ("b", MONDAY_MS, step + 1, step as i64, false)];
        store.commit(commit_of(0, epoch, step, step + 1, &rows).unwrap()).await.unwrap();
        store.flush().await.unwrap();
    }
    assert_eq!((store.stats().files, store.stats().file_rows), (6, 12));
    store.compact().await.unwrap();
    let stats = store.stats();
    assert!(stats.files <= 2, "{stats:?}");
    assert_eq!(all(&store).await, [("b".to_owned(), MONDAY_MS, 6, 5)]);
    assert_eq!(parquet_files(dir.path()), stats.files, "replaced files are gone");
}

#[tokio::test]
async fn a_past_day_becomes_one_file_once_it_is_quiet() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { compact_after: Duration::ZERO, max_files: 100, ..config(dir.path(), Steps::default()) };
    let store = EmbeddedStore::open(config).unwrap();
    work(&store, 12).await.unwrap();
    store.compact().await.unwrap();
    assert_eq!(store.stats().files, 2, "one for each of two days");
    assert_eq!(all(&store).await, expected(12));
}

#[tokio::test]
async fn days_past_their_retention_are_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    let config = Config { retention: vec![("focus_blocks", 30)], ..config(dir.path(), Steps::default()) };
    let store = EmbeddedStore::open(config.clone()).unwrap();
    let epoch = store.acquire(0).await.unwrap().epoch;
    let rows = [("a", now - 32 * DAY_MS, 1, 1, false), ("a", now - 29 * DAY_MS, 1, 2, false), ("a", now, 1, 3, false)];
    store.commit(commit_of(0, epoch, 0, 1, &rows).unwrap()).await.unwrap();
    store.flush().await.unwrap();
    store.compact().await.unwrap();
    let kept: Vec<i64> = read_blocks(&store, &["a"], 0, now + DAY_MS).await.unwrap().iter().map(|r| r.3).collect();
    assert_eq!(kept, [2, 3]);
    assert_eq!(parquet_files(dir.path()), 2);
    drop(store);
    assert_eq!(EmbeddedStore::open(config).unwrap().stats().files, 2);
}

#[tokio::test]
async fn a_directory_has_one_owner_and_damage_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(config(dir.path(), Steps::default())).unwrap();
    work(&store, 3).await.unwrap();
    let second = tokio::task::spawn_blocking({
        let config = config(dir.path(), Steps::default());
        move || EmbeddedStore::open(config).map(|_| ())
    });
    let second = second.await.unwrap().unwrap_err();
    assert!(matches!(&second, Error::Unavailable(m) if m.contains("in use by another process")), "{second}");
    store.close().await.unwrap();

    let manifest = dir.path().join("manifest.json");
    let good = std::fs::read(&manifest).unwrap();
    std::fs::write(&manifest, &good[..good.len() / 2]).unwrap();
    let damaged = EmbeddedStore::open(config(dir.path(), Steps::default())).map(|_| ()).unwrap_err();
    assert!(matches!(&damaged, Error::Corrupt(m) if m.contains("manifest.json")), "{damaged}");
    std::fs::write(&manifest, &good).unwrap();
    let tables = dir.path().join("tables/focus_blocks");
    std::fs::rename(&tables, dir.path().join("elsewhere")).unwrap();
    let damaged = EmbeddedStore::open(config(dir.path(), Steps::default())).map(|_| ()).unwrap_err();
    assert!(matches!(&damaged, Error::Corrupt(m) if m.contains("not on disk")), "{damaged}");
}
