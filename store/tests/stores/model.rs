//! Random commits, flushes, merges and crashes against a plain map: at every moment a scan and a query show what the
//! map has.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use focusflow_store::embedded::{Config, EmbeddedStore};
use focusflow_store::memory::MemoryStore;
use focusflow_store::testing::{Block, MONDAY_MS, commit_of, read_blocks};
use focusflow_store::{Limits, Params, Reader, Statement, Store};
use futures::StreamExt;
use proptest::prelude::*;
use schemas::rows::FocusBlock;

const DAY_MS: i64 = 86_400_000;
const PEOPLE: [&str; 5] = ["anna", "ben", "bo", "cleo", "zoe"];

#[derive(Debug, Clone)]
enum Op {
    /// (person, day, slot, number, deleted)
    Commit(Vec<(usize, i64, i64, i64, bool)>),
    Flush,
    Merge,
    Crash,
    Scan {
        people: Vec<usize>,
        from: i64,
        days: i64,
    },
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let row = (0..PEOPLE.len(), 0..4i64, 0..6i64, 0..100i64, prop::bool::weighted(0.2));
    let op = prop_oneof![
        6 => prop::collection::vec(row, 0..20).prop_map(Op::Commit),
        3 => Just(Op::Flush),
        1 => Just(Op::Merge),
        1 => Just(Op::Crash),
        3 => (prop::collection::vec(0..PEOPLE.len(), 0..4), -1..4i64, 0..4i64)
            .prop_map(|(people, from, days)| Op::Scan { people, from, days }),
    ];
    prop::collection::vec(op, 1..40)
}

type Rows = BTreeMap<(&'static str, i64), (u64, i64, bool)>;

#[derive(Default, Clone)]
struct Model {
    rows: Rows,
    position: u64,
}

impl Model {
    fn show(&self, people: &[&str], from: i64, to: i64) -> Vec<(String, i64, u64, i64)> {
        let wanted = |user: &str| people.is_empty() || people.contains(&user);
        let shown = self.rows.iter().filter(|((u, s), v)| wanted(u) && (from..to).contains(s) && !v.2);
        shown.map(|((u, s), (v, n, _))| ((*u).to_owned(), *s, *v, *n)).collect()
    }
}

async fn by_sql(store: &dyn Store) -> Vec<(String, i64, u64, i64)> {
    let sql = "SELECT *, false FROM focus_blocks ORDER BY user_id, start_ts".to_owned();
    let limits = Limits { time: Duration::from_secs(20), memory_bytes: 64 << 20, rows: 100_000 };
    let rows = store.sql(Statement { sql, params: Params::None, limits, reader: Reader::default() }).await.unwrap();
    let batches: Vec<_> = rows.batches.map(Result::unwrap).collect().await;
    batches
        .iter()
        .flat_map(|b| FocusBlock::read(b).map(|r| (r.user_id.to_owned(), r.start_ts, r.version, r.focus_ms)).collect::<Vec<_>>())
        .collect()
}

async fn check(ops: Vec<Op>, embedded: bool) {
    let dir = tempfile::tempdir().unwrap();
    let config =
        Config { flush_every: Duration::from_secs(3600), compact_after: Duration::ZERO, max_files: 2, ..Config::new(dir.path()) };
    let memory = Arc::new(MemoryStore::new());
    let open = || Arc::new(EmbeddedStore::open(config.clone()).unwrap());
    let mut disk = embedded.then(open);
    let mut store: Option<Arc<dyn Store>> = Some(match &disk {
        Some(disk) => disk.clone(),
        None => memory.clone(),
    });
    let (mut now, mut durable) = (Model::default(), Model::default());
    let mut epoch = store.as_ref().unwrap().acquire(0).await.unwrap().epoch;
    for op in ops {
        let s = store.clone().unwrap();
        match op {
            Op::Commit(rows) => {
                let version = now.position + 1;
                let rows: Vec<Block<'static>> = rows
                    .into_iter()
                    .map(|(p, day, slot, n, deleted)| {
                        (PEOPLE[p], MONDAY_MS + day * DAY_MS + slot * 3_600_000, version, n, deleted)
                    })
                    .collect();
                s.commit(commit_of(0, epoch, now.position, now.position + 1, &rows).unwrap()).await.unwrap();
                now.position += 1;
                now.rows.extend(rows.into_iter().map(|(u, start, v, n, d)| ((u, start), (v, n, d))));
            }
            Op::Flush => {
                s.flush().await.unwrap();
                durable = now.clone();
            }
            Op::Merge => {
                if let Some(disk) = &disk {
                    disk.compact().await.unwrap();
                }
            }
            Op::Crash => {
                drop(s);
                if embedded {
                    drop(store.take());
                    drop(disk.take());
                    disk = Some(open());
                    store = disk.clone().map(|d| d as Arc<dyn Store>);
                } else {
                    memory.crash();
                }
                now = durable.clone();
                let got = store.as_ref().unwrap().acquire(0).await.unwrap();
                assert_eq!(got.position, now.position);
                epoch = got.epoch;
            }
            Op::Scan { people, from, days } => {
                let people: Vec<&str> = people.into_iter().map(|p| PEOPLE[p]).collect();
                let (from, to) = (MONDAY_MS + from * DAY_MS + 3_600_000, MONDAY_MS + (from + days) * DAY_MS + 7_200_000);
                assert_eq!(read_blocks(&*s, &people, from, to).await.unwrap(), now.show(&people, from, to));
                if embedded {
                    assert_eq!(by_sql(&*s).await, now.show(&PEOPLE, i64::MIN, i64::MAX));
                }
            }
        }
        let s = store.clone().unwrap();
        assert_eq!(s.durable_position(0).await.unwrap(), durable.position);
        assert_eq!(
            read_blocks(&*s, &PEOPLE, MONDAY_MS, MONDAY_MS + 9 * DAY_MS).await.unwrap(),
            now.show(&PEOPLE, i64::MIN, i64::MAX)
        );
    }
}

fn run(ops: Vec<Op>, embedded: bool) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(check(ops, embedded));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_embedded_store_is_a_map(ops in ops()) {
        run(ops, true);
    }

    #[test]
    fn the_memory_store_is_a_map(ops in ops()) {
        run(ops, false);
    }
}
