#[path = "../../../eventlog/tests/kafka/gauges.rs"]
#[allow(dead_code)]
mod gauges;

use std::sync::Arc;
use std::time::{Duration, Instant};

use eventlog::memory::MemoryLog;
use eventlog::steered::{Dealer, SteeredLog};
use eventlog::{EventLog, RecordsBuilder, Topic};
use schemas::control::Control;
use store::faulty::{Faults, FaultyStore};
use store::memory::MemoryStore;
use store::{Commit, Store};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::Shared;
use crate::task::tests::{MIN, NINE, activity};
use crate::{Config, Deps, Error, PartitionStats, Stats, metrics, run};

const SOON: Duration = Duration::from_secs(10);
const PARTITIONS: u32 = 4;

/// One process of a group, whose partitions the test deals out.
struct Process {
    log: Arc<SteeredLog<MemoryLog>>,
    store: Arc<FaultyStore<MemoryStore>>,
    stats: Arc<Stats>,
    cancel: CancellationToken,
    running: JoinHandle<Result<(), Error>>,
    _control: watch::Sender<Arc<Control>>,
}

impl Process {
    fn start(log: &Arc<MemoryLog>, store: &Arc<MemoryStore>) -> Process {
        let log = Arc::new(SteeredLog::new(log.clone()));
        let store = Arc::new(FaultyStore::new(store.clone(), Faults::none(1)));
        let (control, receiver) = watch::channel(Arc::new(Control::default()));
        let stats = Arc::new(Stats::default());
        let deps =
            Deps { log: log.clone(), store: store.clone(), control: receiver, clock: Arc::new(|| NINE), stats: stats.clone() };
        let config = Config {
            tick: Duration::from_millis(2),
            min_commit_interval: Duration::ZERO,
            retry_from: Duration::from_millis(1),
            retry_to: Duration::from_millis(5),
            retry_stopped: Some(Duration::from_millis(5)),
            ..Config::default()
        };
        let cancel = CancellationToken::new();
        let running = tokio::spawn(run(config, deps, cancel.clone()));
        Process { log, store, stats, cancel, running, _control: control }
    }

    async fn joined(&self) -> Dealer {
        timeout(SOON, self.log.joined()).await.unwrap().unwrap()
    }

    async fn stop(self) {
        self.cancel.cancel();
        timeout(SOON, self.running).await.unwrap().unwrap().unwrap();
    }

    async fn until(&self, what: &str, done: impl Fn(&[PartitionStats]) -> bool) {
        let began = Instant::now();
        while !done(&self.stats.partitions()) {
            assert!(began.elapsed() < SOON, "not {what}: {:?}", self.stats.partitions());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

fn numbers(partitions: &[PartitionStats]) -> Vec<u32> {
    partitions.iter().map(|p| p.partition).collect()
}

/// Somebody whose events are in that partition.
fn user_of(partition: u32) -> String {
    let names = (0..).map(|n| format!("user-{n}"));
    names.into_iter().find(|name| eventlog::partition_of(name.as_bytes(), PARTITIONS) == partition).unwrap()
}

async fn append(log: &MemoryLog, partition: u32, id: &str) {
    let (user, event) = activity(&user_of(partition), id, NINE, 1, "coding");
    let mut builder = RecordsBuilder::default();
    builder.push(NINE, user.as_bytes(), b"test", &event);
    log.append(Topic::Events, vec![(partition, builder.finish())]).await.unwrap();
}

async fn events(store: &MemoryStore) -> usize {
    crate::testing::dump(store).await.unwrap()["activity_events"].len()
}

fn ground() -> (Arc<MemoryLog>, Arc<MemoryStore>) {
    (Arc::new(MemoryLog::new(PARTITIONS)), Arc::new(MemoryStore::new()))
}

#[tokio::test]
async fn owners_come_and_go_with_the_partitions() {
    let (log, store) = ground();
    let process = Process::start(&log, &store);
    let dealer = process.joined().await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!process.stats.is_ready(), "the group has not answered");
    dealer.gain(&[]).await;
    process.until("a standby", |_| process.stats.is_ready()).await;
    for partition in 0..PARTITIONS {
        append(&log, partition, "1").await;
    }
    dealer.gain(&[0, 2]).await;
    process.until("done", |p| numbers(p) == [0, 2] && p.iter().all(|p| p.position == 1)).await;
    assert_eq!(events(&store).await, 2);
    let gone = dealer.lose(&[2], false).await;
    timeout(SOON, gone).await.unwrap().unwrap_err();
    assert_eq!(numbers(&process.stats.partitions()), [0]);
    append(&log, 2, "2").await;
    dealer.gain(&[1, 2, 3]).await;
    process.until("all", |p| p.len() == 4 && p.iter().map(|p| p.position).sum::<u64>() == 5).await;
    assert!(process.stats.is_ready());
    process.stop().await;
    timeout(SOON, dealer.left()).await.unwrap();
    assert_eq!(events(&store).await, 5);
}

#[tokio::test]
async fn a_partition_is_let_go_of_when_its_commit_is_done_and_never_has_two_owners_here() {
    let (log, store) = ground();
    let process = Process::start(&log, &store);
    let dealer = process.joined().await;
    dealer.gain(&[0, 1]).await;
    process.until("owned", |p| p.len() == 2 && p.iter().all(|p| p.ready)).await;
    process.store.freeze();
    append(&log, 1, "1").await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let mut gone = dealer.lose(&[1], false).await;
    // It comes back at once.
    dealer.gain(&[1]).await;
    assert!(timeout(Duration::from_millis(50), &mut gone).await.is_err(), "what is being committed is finished first");
    process.store.thaw();
    timeout(SOON, gone).await.unwrap().unwrap_err();
    process.until("owned again", |p| p.len() == 2 && p.iter().all(|p| p.ready)).await;
    assert_eq!(events(&store).await, 1);
    append(&log, 1, "2").await;
    process.until("going on", |p| p.iter().any(|p| p.position == 2)).await;
    // One owner after the other, and this is the third.
    assert_eq!(store.acquire(1).await.unwrap().epoch, 3);
    process.stop().await;
}

#[tokio::test]
async fn whoever_wakes_up_late_is_refused_and_lets_go() {
    let (log, store) = ground();
    let (old, new) = (Process::start(&log, &store), Process::start(&log, &store));
    let (theirs, ours) = (old.joined().await, new.joined().await);
    theirs.gain(&[3]).await;
    old.until("owned", |p| p.iter().all(|p| p.ready) && p.len() == 1).await;
    old.store.freeze();
    append(&log, 3, "1").await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    ours.gain(&[3]).await;
    append(&log, 3, "2").await;
    new.until("done by the new owner", |p| p.iter().any(|p| p.position == 2)).await;
    old.store.thaw();
    let gone = theirs.lose(&[3], true).await;
    timeout(SOON, gone).await.unwrap().unwrap_err();
    old.until("gone", |p| p.is_empty()).await;
    append(&log, 3, "3").await;
    new.until("going on", |p| p.iter().any(|p| p.position == 3)).await;
    assert_eq!(events(&store).await, 3);
    old.stop().await;
    new.stop().await;
}

#[tokio::test]
async fn an_assignment_that_breaks_off_is_joined_again_unless_that_is_of_no_use() {
    let (log, store) = ground();
    let process = Process::start(&log, &store);
    let dealer = process.joined().await;
    dealer.gain(&[0]).await;
    process.until("owned", |p| p.iter().any(|p| p.ready)).await;
    dealer.fail(eventlog::Error::Unavailable("no broker".into())).await;
    let dealer = process.joined().await;
    assert!(!process.stats.is_ready() && process.stats.partitions().is_empty());
    dealer.gain(&[0, 1]).await;
    process.until("owned again", |p| p.len() == 2 && p.iter().all(|p| p.ready)).await;
    dealer.fail(eventlog::Error::Refused("no permission".into())).await;
    let error = timeout(SOON, process.running).await.unwrap().unwrap().unwrap_err();
    assert!(error.to_string().ends_with("no permission"), "{error}");
}

#[tokio::test]
async fn a_partition_that_cannot_go_on_stands_still_alone() {
    let gauges = gauges::Gauges::default();
    let _here = ::metrics::set_default_local_recorder(&gauges);
    let (log, store) = ground();
    // The log has lost what the store has.
    let epoch = store.acquire(1).await.unwrap().epoch;
    store.commit(Commit { partition: 1, epoch, from: 0, to: 2, state: Vec::new(), rows: Vec::new() }).await.unwrap();
    let process = Process::start(&log, &store);
    let dealer = process.joined().await;
    dealer.gain(&[0, 1]).await;
    append(&log, 0, "1").await;
    process.until("the other one done", |p| p.iter().any(|p| p.partition == 0 && p.position == 1)).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!process.stats.is_ready() && gauges.get(metrics::STOPPED) == 1.0);
    // Somebody brings it back.
    for id in ["1", "2", "3"] {
        append(&log, 1, id).await;
    }
    process.until("both done", |p| p.iter().all(|p| p.ready) && p.iter().any(|p| p.position == 3)).await;
    assert_eq!((events(&store).await, gauges.get(metrics::STOPPED)), (2, 0.0));
    process.stop().await;
}

#[test]
fn memory_is_shared_by_the_partitions_that_are_owned() {
    let (log, store) = ground();
    let (_control, control) = watch::channel(Arc::new(Control::default()));
    let deps = Deps { log, store, control, clock: Arc::new(|| NINE), stats: Arc::default() };
    let shared = Shared::new(Arc::new(Config { memory_bytes: 64 << 20, ..Config::default() }), deps);
    for (owners, share) in [(0, 64 << 20), (1, 64 << 20), (2, 32 << 20), (64, 1 << 20)] {
        shared.set_owners(owners);
        assert_eq!(shared.memory_share(), share);
    }
}

/// Its owner is stuck in a commit: what waits grows all the same, and is nothing once the partition is another's.
#[tokio::test]
async fn lag_grows_while_the_store_is_down_and_goes_with_the_partition() {
    let gauges = gauges::Gauges::default();
    let _here = ::metrics::set_default_local_recorder(&gauges);
    let (log, store) = ground();
    let process = Process::start(&log, &store);
    let dealer = process.joined().await;
    dealer.gain(&[1]).await;
    append(&log, 1, "0").await;
    process.until("done", |p| p.iter().any(|p| p.position == 1 && p.watermark_ms.is_some())).await;
    assert!(gauges.get(metrics::OWNED) == 1.0 && gauges.get(metrics::BYTES) > 0.0 && gauges.get(metrics::PEOPLE) == 1.0);
    process.store.freeze();
    for i in 1..30 {
        append(&log, 1, &i.to_string()).await;
    }
    process.until("behind", |p| p[0].lag() == 29).await;
    assert_eq!(gauges.get(metrics::LAG), 29.0);
    let gone = dealer.lose(&[1], false).await;
    process.store.thaw();
    timeout(SOON, gone).await.unwrap().unwrap_err();
    tokio::time::sleep(Duration::from_millis(30)).await;
    for gauge in [metrics::OWNED, metrics::LAG, metrics::BYTES, metrics::PEOPLE, metrics::CHUNKS] {
        assert_eq!(gauges.get(gauge), 0.0, "{gauge}");
    }
    assert!(gauges.get(metrics::WATERMARK).is_nan());
    // And while nobody knows how far it is, at least what came since it is ours.
    process.store.freeze();
    dealer.gain(&[2]).await;
    tokio::time::sleep(Duration::from_millis(30)).await;
    append(&log, 2, "1").await;
    process.until("counted", |p| p[0].lag() == 1 && !p[0].ready).await;
    process.store.thaw();
    process.stop().await;
}

/// A partition with a hundred times the traffic takes its turns; commits of the others hardly wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hot_partition_does_not_hold_up_the_others() {
    let (log, store) = ground();
    let mut builder = RecordsBuilder::default();
    let users: Vec<String> =
        (0..).map(|n| format!("hot-{n}")).filter(|u| eventlog::partition_of(u.as_bytes(), 4) == 0).take(300).collect();
    for i in 0..100_000 {
        let (user, event) = activity(&users[i % users.len()], &i.to_string(), NINE + (i as i64 / 300) * MIN, 1, "coding");
        builder.push(NINE, user.as_bytes(), b"test", &event);
    }
    log.append(Topic::Events, vec![(0, builder.finish())]).await.unwrap();
    let process = Process::start(&log, &store);
    let dealer = process.joined().await;
    dealer.gain(&[0, 1, 2, 3]).await;
    let is_hot = |stats: &Stats| stats.partitions().iter().any(|p| p.partition == 0 && p.position < 100_000);
    let mut slowest = Duration::ZERO;
    let mut taken = 0;
    process.until("ready", |p| p.len() == 4 && p.iter().all(|p| p.ready)).await;
    while is_hot(&process.stats) {
        taken += 1;
        let began = Instant::now();
        for partition in 1..4 {
            append(&log, partition, &taken.to_string()).await;
        }
        process.until("committed", |p| p.iter().filter(|p| p.partition > 0).all(|p| p.position == taken)).await;
        slowest = slowest.max(began.elapsed());
    }
    assert!(taken > 3, "the hot partition was done before anything else: {taken}");
    assert!(slowest < Duration::from_secs(2), "a commit took {slowest:?}");
    process.stop().await;
}
