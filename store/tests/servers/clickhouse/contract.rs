//! The contract every store keeps, and what it says of two processes.

use std::sync::Arc;

use async_trait::async_trait;
use focusflow_store::clickhouse::{ClickHouseStore, Config};
use focusflow_store::testing::{MONDAY_MS, Subject, commit_of, contract, read_blocks};
use focusflow_store::{Error, Store};
use schemas::rows::DIRECTORY;

use super::Database;

const DAY_MS: i64 = 86_400_000;

struct OnServer {
    config: Config,
    store: Option<Arc<ClickHouseStore>>,
    _database: Database,
}

#[async_trait]
impl Subject for OnServer {
    fn store(&self) -> Arc<dyn Store> {
        self.store.clone().unwrap()
    }
    async fn crash(&mut self) -> Result<(), Error> {
        let old = self.store.take().unwrap();
        assert_eq!(Arc::strong_count(&old), 1, "a case still holds the store it lets crash");
        drop(old);
        self.store = Some(Arc::new(ClickHouseStore::open(self.config.clone()).await?));
        Ok(())
    }
    fn tells_partitions_apart(&self) -> bool {
        true
    }
}

async fn on_server(change: impl Fn(&mut Config)) -> Result<OnServer, Error> {
    let database = Database::new();
    let mut config = database.config();
    change(&mut config);
    let store = ClickHouseStore::open(config.clone()).await?;
    Ok(OnServer { config, store: Some(Arc::new(store)), _database: database })
}

#[tokio::test]
async fn clickhouse_keeps_the_contract() {
    contract(async || on_server(|_| ()).await).await.unwrap();
}

#[tokio::test]
async fn clickhouse_keeps_it_with_other_settings() {
    let change = |config: &mut Config| {
        config.compress = false;
        config.async_inserts = true;
        config.layout.fsync = true;
        config.retention_default_days = Some(36_500);
    };
    contract(async || on_server(change).await).await.unwrap();
}

/// As `concurrent_owners_leave_one_line_of_commits`, between processes that know nothing of one another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn owners_in_several_processes_leave_one_line_of_commits() {
    let database = Database::new();
    let first = Arc::new(ClickHouseStore::open(database.config()).await.unwrap());
    let owners = (0..3).map(|owner| {
        let config = database.config();
        async move {
            let store = ClickHouseStore::open(config).await?;
            let mut taken = 0u64;
            for _ in 0..8 {
                let got = match store.acquire(0).await {
                    Ok(got) => got,
                    Err(error) if error.is_retryable() => continue,
                    Err(error) => return Err(error),
                };
                for step in 0..2 {
                    let at = got.position + step;
                    let rows = [("a", MONDAY_MS + at as i64, at + 1, owner, false)];
                    match store.commit(commit_of(0, got.epoch, at, at + 1, &rows)?).await {
                        Ok(()) => taken += 1,
                        Err(Error::Stale { .. }) => break,
                        Err(other) => return Err(other),
                    }
                }
            }
            Ok(taken)
        }
    });
    let taken: u64 = futures::future::try_join_all(owners).await.unwrap().into_iter().sum();
    let got = first.acquire(0).await.unwrap();
    assert_eq!(got.position, taken, "each commit taken is one step");
    assert_eq!(got.state, taken.to_be_bytes());
    let rows = read_blocks(&*first, &["a"], MONDAY_MS, MONDAY_MS + DAY_MS).await.unwrap();
    assert_eq!(rows.len() as u64, taken, "and has its row, and no other does");
    assert!(taken > 0);
}

#[tokio::test]
async fn a_former_owner_in_another_process_writes_nothing() {
    let database = Database::new();
    let zombie = ClickHouseStore::open(database.config()).await.unwrap();
    let owner = ClickHouseStore::open(database.config()).await.unwrap();
    let old = zombie.acquire(0).await.unwrap().epoch;
    zombie.commit(commit_of(0, old, 0, 10, &[("a", MONDAY_MS, 1, 1, false)]).unwrap()).await.unwrap();
    let new = owner.acquire(0).await.unwrap();
    assert_eq!((new.epoch, new.position), (old + 1, 10));

    let late = commit_of(0, old, 10, 30, &[("a", MONDAY_MS + 1, 99, 99, false), ("a", MONDAY_MS, 99, 99, false)]).unwrap();
    let refused = zombie.commit(late.clone()).await;
    assert!(matches!(refused, Err(Error::Stale { stored_epoch, stored: 10, .. }) if stored_epoch == new.epoch), "{refused:?}");
    owner.commit(commit_of(0, new.epoch, 10, 20, &[("b", MONDAY_MS, 2, 2, false)]).unwrap()).await.unwrap();
    assert!(matches!(zombie.commit(late).await, Err(Error::Stale { stored: 20, .. })));

    // Nor does what it left in the journal come back with the next owner.
    let next = zombie.acquire(0).await.unwrap();
    assert_eq!((next.epoch, next.position), (new.epoch + 1, 20));
    let rows = read_blocks(&owner, &["a", "b"], MONDAY_MS, MONDAY_MS + DAY_MS).await.unwrap();
    let seen: Vec<_> = rows.iter().map(|(user, start, version, _)| (user.as_str(), *start, *version)).collect();
    assert_eq!(seen, [("a", MONDAY_MS, 1), ("b", MONDAY_MS, 2)]);
}

#[tokio::test]
async fn replaced_tables_show_one_snapshot_and_keep_few() {
    let database = Database::new();
    let (one, two) =
        (ClickHouseStore::open(database.config()).await.unwrap(), ClickHouseStore::open(database.config()).await.unwrap());
    let rows = |user: &str| focusflow_store::testing::directory(user).unwrap();
    for i in 0..5 {
        one.replace(&DIRECTORY, 2 * i + 1, rows(&format!("a{i}"))).await.unwrap();
        two.replace(&DIRECTORY, 2 * i + 2, rows(&format!("b{i}"))).await.unwrap();
        assert_eq!(database.ask("SELECT groupArray(user_id) FROM {db}.directory"), format!("['b{i}']"));
    }
    assert_eq!(database.ask("SELECT uniqExact(snapshot) FROM {db}_rows.directory"), "2");
    one.replace(&DIRECTORY, 11, rows("x").slice(0, 0)).await.unwrap();
    assert_eq!(database.ask("SELECT count() FROM {db}.directory"), "0");
}

#[tokio::test]
async fn of_many_processes_that_replace_at_once_the_newest_version_stays() {
    let database = Database::new();
    let stores = futures::future::join_all((0..3).map(|_| ClickHouseStore::open(database.config()))).await;
    let stores: Vec<ClickHouseStore> = stores.into_iter().map(Result::unwrap).collect();
    for round in 0..4u64 {
        let put = stores.iter().enumerate().map(|(i, store)| {
            let version = round * 10 + 1 + i as u64;
            let rows = focusflow_store::testing::directory(&format!("v{version}")).unwrap();
            async move { store.replace(&DIRECTORY, version, rows).await }
        });
        futures::future::join_all(put).await.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
        assert_eq!(database.ask("SELECT groupArray(user_id) FROM {db}.directory"), format!("['v{}']", round * 10 + 3));
    }
    // All of them again, the slowest last: nothing changes.
    stores[0].replace(&DIRECTORY, 31, focusflow_store::testing::directory("slow").unwrap()).await.unwrap();
    assert_eq!(database.ask("SELECT groupArray(user_id) FROM {db}.directory"), "['v33']");
}
