//! A caller that re-acquires and goes on from the stored position comes out right over a faulty store.

use std::sync::Arc;
use std::time::Duration;

use focusflow_store::faulty::{Faults, FaultyStore};
use focusflow_store::memory::MemoryStore;
use focusflow_store::testing::{MONDAY_MS, commit_of, read_blocks};
use focusflow_store::{Error, Store};

const STEPS: u64 = 40;

async fn drive(store: &dyn Store) -> u64 {
    let mut faults = 0;
    loop {
        let Ok(got) = store.acquire(0).await else {
            faults += 1;
            continue;
        };
        let mut at = got.position;
        while at < STEPS {
            let rows = [("a", MONDAY_MS + at as i64, at + 1, at as i64, false)];
            match store.commit(commit_of(0, got.epoch, at, at + 1, &rows).unwrap()).await {
                Ok(()) => at += 1,
                Err(error) => {
                    assert!(error.is_retryable(), "{error}");
                    faults += 1;
                    break;
                }
            }
        }
        if at == STEPS {
            return faults;
        }
    }
}

#[tokio::test]
async fn a_retrying_owner_commits_each_step_once() {
    let mut faults = 0;
    for seed in 0..20 {
        let store = FaultyStore::new(
            Arc::new(MemoryStore::new()),
            Faults { seed, failed: 0.1, reply_lost: 0.1, delayed: 0.1, delay: Duration::from_micros(50) },
        );
        faults += drive(&store).await;
        let rows = read_blocks(&**store.inner(), &["a"], MONDAY_MS, MONDAY_MS + 1000).await.unwrap();
        assert_eq!(rows.len() as u64, STEPS, "seed {seed}");
        assert!(rows.iter().enumerate().all(|(i, r)| r.2 == i as u64 + 1), "seed {seed}");
    }
    assert!(faults > 20, "the faults did happen");
}

#[tokio::test]
async fn a_frozen_owner_cannot_overwrite_its_successor() {
    let shared = Arc::new(MemoryStore::new());
    let frozen = Arc::new(FaultyStore::new(shared.clone(), Faults::none(1)));
    let epoch = frozen.acquire(0).await.unwrap().epoch;
    frozen.freeze();
    let late = tokio::spawn({
        let (frozen, commit) = (frozen.clone(), commit_of(0, epoch, 0, 1, &[("a", MONDAY_MS, 1, 1, false)]).unwrap());
        async move { frozen.commit(commit).await }
    });
    let successor = FaultyStore::new(shared.clone(), Faults::none(2));
    let next = successor.acquire(0).await.unwrap();
    successor.commit(commit_of(0, next.epoch, 0, 1, &[("a", MONDAY_MS, 2, 2, false)]).unwrap()).await.unwrap();
    assert!(!late.is_finished());
    frozen.thaw();
    assert!(matches!(late.await.unwrap(), Err(Error::Stale { .. })));
    let rows = read_blocks(&*shared, &["a"], MONDAY_MS, MONDAY_MS + 1).await.unwrap();
    assert_eq!(rows, [("a".to_owned(), MONDAY_MS, 2, 2)]);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_faults() {
    let mut counts = Vec::new();
    for seed in [7, 7, 8, 9, 10, 11] {
        let store = FaultyStore::new(Arc::new(MemoryStore::new()), Faults { failed: 0.3, reply_lost: 0.2, ..Faults::none(seed) });
        counts.push(drive(&store).await);
    }
    assert_eq!(counts[0], counts[1]);
    assert!(counts[1..].iter().any(|c| *c != counts[0]), "{counts:?}");
}
