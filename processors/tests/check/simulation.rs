//! The pipeline over seams that fail as real ones do: errors, commits and appends whose answer is lost, slow calls, short
//! reads, owners that die, that are stopped, and that freeze and wake up when another has long taken over; a store that
//! falls back to its last flush. In the end every row equals the oracle.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use eventlog::faulty::FaultyLog;
use eventlog::memory::MemoryLog;
use eventlog::{EventLog, RecordsBuilder, Topic, partition_of};
use schemas::category::Rules;
use schemas::control::Control;
use schemas::directory::{Directory, Document};
use serde_json::Value;
use store::Store;
use store::faulty::FaultyStore;
use store::memory::MemoryStore;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::compare::differences;
use super::pipeline::dump;
use super::survey::seeds;
use crate::oracle;
use crate::processors::{Config, Deps, Error, Stats, run};
use crate::random::{self, Case, Rng};

const PATIENCE: Duration = Duration::from_secs(40);

#[test]
fn faults_crashes_and_restarts_leave_no_trace() {
    for seed in seeds(100) {
        let case = random::case(seed);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let store = Arc::new(MemoryStore::new());
        let ground = Ground { open: async || store.clone(), crash: || store.crash(), pace: Duration::from_millis(3) };
        let lines = runtime.block_on(simulate(&case, ground));
        let shown: Vec<&String> = lines.iter().take(20).collect();
        assert!(lines.is_empty(), "seed {seed} (FOCUSFLOW_SEED={seed} runs it alone): {shown:#?}");
    }
}

/// A store that every process opens for itself, and how fast life goes on it.
pub struct Ground<O, C> {
    pub open: O,
    /// Back to its last flush, where it forgets.
    pub crash: C,
    /// Between two events of the simulation, at most.
    pub pace: Duration,
}

/// What outlives the owners.
struct World<S> {
    log: Arc<FaultyLog<MemoryLog>>,
    /// To look at.
    store: Arc<S>,
    control: watch::Sender<Arc<Control>>,
    clock: Arc<AtomicI64>,
    config: Config,
}

/// One process: its view of the store, and what it runs.
struct Life<S> {
    store: Arc<FaultyStore<S>>,
    cancel: CancellationToken,
    task: JoinHandle<Result<(), Error>>,
}

pub async fn simulate<S: Store>(case: &Case, ground: Ground<impl AsyncFn() -> Arc<S>, impl Fn()>) -> Vec<String> {
    let mut rng = Rng::new(case.seed ^ 0x5eed);
    let Ground { open, crash, pace } = ground;
    let pace = pace.as_micros() as u64;
    let world = World::new(case, &mut rng, open().await);
    let mut life = world.start(&mut rng, open().await);
    let mut frozen: Vec<Life<S>> = Vec::new();
    let mut troubles: Vec<String> = Vec::new();
    let mut rest = &case.events[..];
    let turn = rest.len() / 2;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(rest.len().min(1 + rng.below(25) as usize));
        world.append(now).await;
        if later.len() <= turn {
            world.control.send_replace(control(&case.document));
        }
        rest = later;
        tokio::time::sleep(Duration::from_micros(rng.below(pace))).await;
        match rng.below(8) {
            0 => {
                life.kill().await;
                if rng.chance(50) {
                    crash();
                }
                life = world.start(&mut rng, open().await);
            }
            1 => {
                life.stop(&mut troubles).await;
                life = world.start(&mut rng, open().await);
            }
            2 => {
                life.store.freeze();
                frozen.push(std::mem::replace(&mut life, world.start(&mut rng, open().await)));
            }
            3 => {
                for old in frozen.drain(..) {
                    old.store.thaw();
                    tokio::time::sleep(Duration::from_micros(rng.below(pace))).await;
                    old.kill().await;
                }
            }
            4 => world.store.flush().await.unwrap(),
            _ => {}
        }
        if life.task.is_finished() {
            troubles.push(format!("the processors gave up: {:?}", (&mut life.task).await));
            return troubles;
        }
    }
    world.control.send_replace(control(&case.document));
    for old in frozen {
        old.kill().await;
    }
    world.heal(&life);
    troubles.extend(world.await_rows(case).await);
    life.stop(&mut troubles).await;
    troubles
}

impl<S: Store> World<S> {
    fn new(case: &Case, rng: &mut Rng, store: Arc<S>) -> World<S> {
        let faults = eventlog::faulty::Faults {
            errors: share(rng),
            lost_answers: share(rng),
            delays: share(rng),
            max_delay: Duration::from_micros(500),
            short_reads: 0.5,
        };
        let latest = case.events.iter().filter_map(|event| event["ts"].as_i64()).max().unwrap_or(0);
        let config = Config {
            rules: Arc::new(Rules::none()),
            max_batch_bytes: *rng.pick(&[200, 2_000, 1 << 20]),
            memory_bytes: *rng.pick(&[1, 512 << 20]),
            tick: Duration::from_millis(1),
            min_commit_interval: Duration::ZERO,
            idle_after: Duration::from_millis(2),
            retry_from: Duration::from_micros(100),
            retry_to: Duration::from_millis(1),
            ..Config::default()
        };
        World {
            log: Arc::new(FaultyLog::new(MemoryLog::new(1 + rng.below(3) as u32), rng.next(), faults)),
            store,
            control: watch::channel(control(case.earlier.as_ref().unwrap_or(&case.document))).0,
            clock: Arc::new(AtomicI64::new(latest + 60_000)),
            config,
        }
    }

    fn start(&self, rng: &mut Rng, store: Arc<S>) -> Life<S> {
        let mut faults = store::faulty::Faults::none(rng.next());
        faults.failed = share(rng);
        faults.reply_lost = share(rng);
        faults.delayed = share(rng);
        faults.delay = Duration::from_micros(500);
        let store = Arc::new(FaultyStore::new(store, faults));
        let clock = self.clock.clone();
        let deps = Deps {
            log: self.log.clone(),
            store: store.clone(),
            control: self.control.subscribe(),
            clock: Arc::new(move || clock.load(Ordering::SeqCst)),
            stats: Arc::new(Stats::default()),
        };
        let cancel = CancellationToken::new();
        let task = tokio::spawn(run(self.config.clone(), deps, cancel.clone()));
        Life { store, cancel, task }
    }

    /// As a producer does: again until it is acknowledged, though it may be there already.
    async fn append(&self, events: &[Value]) {
        let partitions = self.log.partitions(Topic::Events);
        let mut batches: BTreeMap<u32, RecordsBuilder> = BTreeMap::new();
        for event in events {
            let user = event["user"].as_str().unwrap().as_bytes();
            let batch = batches.entry(partition_of(user, partitions)).or_default();
            batch.push(self.clock.load(Ordering::SeqCst), user, b"test", event.to_string().as_bytes());
        }
        let batches: Vec<_> = batches.into_iter().map(|(partition, mut batch)| (partition, batch.finish())).collect();
        while self.log.append(Topic::Events, batches.clone()).await.is_err() {}
    }

    /// No more faults, and everything long past.
    fn heal(&self, life: &Life<S>) {
        self.log.set(eventlog::faulty::Faults::default());
        life.store.set(store::faulty::Faults::none(0));
        self.clock.fetch_add(40 * 86_400_000, Ordering::SeqCst);
    }

    async fn await_rows(&self, case: &Case) -> Vec<String> {
        let expected = oracle::compute(&case.document, &case.events);
        let since = Instant::now();
        loop {
            let lines = differences(&expected, &dump(&*self.store).await);
            if lines.is_empty() || since.elapsed() > PATIENCE {
                return lines;
            }
            // Silence is told by the clock, so it has to go on.
            self.clock.fetch_add(60_000, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl<S> Life<S> {
    /// Gone at once, wherever it was.
    async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }

    /// Asked to end, and given the time.
    async fn stop(self, troubles: &mut Vec<String>) {
        self.cancel.cancel();
        match tokio::time::timeout(PATIENCE, self.task).await {
            Ok(Ok(Ok(()))) => {}
            other => troubles.push(format!("a stop ended as {other:?}")),
        }
    }
}

fn share(rng: &mut Rng) -> f64 {
    *rng.pick(&[0.0, 0.02, 0.2])
}

pub fn control(document: &Document) -> Arc<Control> {
    Arc::new(Control { directory: Arc::new(Directory::new(document.clone()).unwrap()), ..Control::default() })
}
