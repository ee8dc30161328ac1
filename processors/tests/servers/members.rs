//! Several processes at one topic and one database, in a group that never comes to rest: they join, leave, and one is frozen
//! past its session in the middle of a commit and goes on when others have long had its partitions. In the end every row
//! equals the oracle.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use eventlog::kafka::{Config as Topics, KafkaLog};
use eventlog::{EventLog, RecordsBuilder, Topic, partition_of};
use schemas::directory::Document;
use serde_json::{Value, json};
use store::clickhouse::ClickHouseStore;
use store::faulty::{Faults, FaultyStore};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Database, topics};
use crate::check::compare::differences;
use crate::check::pipeline::{dump, records};
use crate::check::simulation::control;
use crate::oracle;
use crate::processors::{Config, Deps, Error, Stats, run};
use crate::random::{self, Case};

const PARTITIONS: u32 = 6;
const CASES: u64 = 60;
/// Longer than a session.
const FROZEN: Duration = Duration::from_secs(9);
const STEP: Duration = Duration::from_millis(2_500);
const SOON: Duration = Duration::from_secs(60);

/// Many cases side by side: each has people of its own.
fn workforce() -> Case {
    let mut document = Document { teams: Vec::new(), people: Vec::new() };
    let mut lives: Vec<Vec<Value>> = Vec::new();
    for seed in 0..CASES {
        let case = random::case(seed);
        let own = |name: &str| format!("c{seed}-{name}");
        document.teams.extend(case.document.teams.into_iter().map(|mut team| {
            (team.id, team.parent) = (own(&team.id), team.parent.as_deref().map(own));
            team
        }));
        document.people.extend(case.document.people.into_iter().map(|mut person| {
            (person.id, person.team) = (own(&person.id), person.team.as_deref().map(own));
            person.aliases.iter_mut().for_each(|alias| *alias = own(alias));
            person
        }));
        lives.push(case.events);
        for event in &mut lives[seed as usize] {
            event["user"] = json!(own(event["user"].as_str().unwrap()));
        }
    }
    // All of them in parallel.
    let longest = lives.iter().map(Vec::len).max().unwrap_or(0);
    let events = (0..longest).flat_map(|i| lives.iter().filter_map(move |life| life.get(i).cloned())).collect();
    Case { seed: 0, document, earlier: None, events }
}

struct Member {
    log: Arc<KafkaLog>,
    stats: Arc<Stats>,
    cancel: CancellationToken,
    running: JoinHandle<Result<(), Error>>,
    _control: watch::Sender<Arc<schemas::control::Control>>,
}

impl Member {
    async fn start(
        topics: &Topics,
        store: store::clickhouse::Config,
        slow: Duration,
        document: &Document,
        clock: Arc<AtomicI64>,
    ) -> Member {
        let log = Arc::new(KafkaLog::open(topics.clone()).await.unwrap());
        let faults = Faults { delayed: if slow.is_zero() { 0.0 } else { 1.0 }, delay: slow, ..Faults::none(3) };
        let store = FaultyStore::new(Arc::new(ClickHouseStore::open(store).await.unwrap()), faults);
        let (sender, receiver) = watch::channel(control(document));
        let stats = Arc::new(Stats::default());
        let deps = Deps {
            log: log.clone(),
            store: Arc::new(store),
            control: receiver,
            clock: Arc::new(move || clock.load(Ordering::SeqCst)),
            stats: stats.clone(),
        };
        let config = Config {
            rules: Arc::new(schemas::category::Rules::none()),
            max_batch_bytes: 40_000,
            tick: Duration::from_millis(50),
            idle_after: Duration::from_secs(30),
            ..Config::default()
        };
        let cancel = CancellationToken::new();
        let running = tokio::spawn(run(config, deps, cancel.clone()));
        Member { log, stats, cancel, running, _control: sender }
    }

    async fn stop(self) {
        self.cancel.cancel();
        tokio::time::timeout(SOON, self.running).await.expect("it ends").unwrap().unwrap();
        self.log.close().await;
    }

    fn owned(&self) -> usize {
        self.stats.partitions().len()
    }
}

/// As producers do, most of them well: some know nothing of keys, some of another partitioner.
async fn produce(topics: Topics, case: Case, now_ms: i64) {
    let log = KafkaLog::open(topics).await.unwrap();
    let all = records(&case).records;
    let pause = Duration::from_secs(22).div_f64(all.chunks(50).len() as f64);
    for some in all.chunks(50) {
        let mut batches: BTreeMap<u32, RecordsBuilder> = BTreeMap::new();
        for (user, json) in some {
            let place = partition_of(user.as_bytes(), PARTITIONS);
            let (key, partition) = match user.len() % 10 {
                0 => (&[][..], (place + 1) % PARTITIONS),
                1 => (user.as_bytes(), (place + 2) % PARTITIONS),
                _ => (user.as_bytes(), place),
            };
            batches.entry(partition).or_default().push(now_ms, key, b"storm", json);
        }
        let batches: Vec<_> = batches.into_iter().map(|(partition, mut batch)| (partition, batch.finish())).collect();
        while log.append(Topic::Events, batches.clone()).await.is_err() {}
        tokio::time::sleep(pause).await;
    }
    log.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_group_does_every_row_equals_the_oracle() {
    let case = workforce();
    let (topics, database) = (Topics { partitions: PARTITIONS, ..topics(PARTITIONS) }, Database::new());
    let now_ms = case.events.iter().filter_map(|event| event["ts"].as_i64()).max().unwrap() + 60_000;
    let clock = Arc::new(AtomicI64::new(now_ms));
    let start = async || Member::start(&topics, database.config(), Duration::ZERO, &case.document, clock.clone()).await;
    let mut one = start().await;
    let producing = tokio::spawn(produce(topics.clone(), case.clone(), now_ms));
    let mut zombie = Process::start(&topics, &database, now_ms);
    let mut two = start().await;
    zombie.until(|owned| owned > 0);
    for round in 0..2 {
        tokio::time::sleep(STEP).await;
        zombie.freeze();
        let frozen = Instant::now();
        two.stop().await;
        tokio::time::sleep(STEP).await;
        two = start().await;
        tokio::time::sleep(STEP).await;
        if round == 1 {
            one.stop().await;
            one = start().await;
        }
        tokio::time::sleep(FROZEN.saturating_sub(frozen.elapsed())).await;
        // Others have all that was its own; it goes on as if nothing had been, and in the end gets some back.
        until(|| one.owned() + two.owned() == PARTITIONS as usize).await;
        zombie.signal("CONT");
        until(|| one.owned() + two.owned() < PARTITIONS as usize).await;
    }
    producing.await.unwrap();
    // Killed in the midst of it.
    drop(zombie);
    let view = ClickHouseStore::open(database.config()).await.unwrap();
    let expected = oracle::compute(&case.document, &case.events);
    let began = Instant::now();
    let all_in = async || {
        let mut stats = [one.stats.partitions(), two.stats.partitions()].concat();
        stats.sort_by_key(|p| p.partition);
        let mut done = stats.len() == PARTITIONS as usize;
        for p in &stats {
            done &= p.ready && p.position == one.log.range(Topic::Events, p.partition).await.unwrap().end;
        }
        done
    };
    while !all_in().await {
        assert!(began.elapsed() < SOON, "{:?} {:?}", one.stats.partitions(), two.stats.partitions());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(one.owned() > 0 && two.owned() > 0, "each has its part");
    clock.fetch_add(40 * 86_400_000, Ordering::SeqCst);
    let lines = loop {
        let lines = differences(&expected, &dump(&view).await);
        if lines.is_empty() || began.elapsed() > 2 * SOON {
            break lines;
        }
        clock.fetch_add(60_000, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(300)).await;
    };
    let shown: Vec<&String> = lines.iter().take(20).collect();
    assert!(lines.is_empty(), "{} differences: {shown:#?}", lines.len());
    one.stop().await;
    two.stop().await;
}

async fn until(holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < SOON, "the group does not come to what it should");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A member in a process of its own, so that all of it can be frozen. Its store is slow: wherever it stops, it is within a
/// commit or before one.
struct Process {
    child: Child,
    /// How many partitions it owns, whenever that changes.
    says: mpsc::Receiver<usize>,
    owned: usize,
}

impl Process {
    /// This test program again, running `member` alone.
    fn start(topics: &Topics, database: &Database, now_ms: i64) -> Process {
        let told = json!({"brokers": topics.brokers, "topics": topics.topics, "group": topics.group,
            "url": database.config().url, "database": database.config().layout.database, "now": now_ms});
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "servers::members::member", "--nocapture", "--test-threads=1"])
            .env("MEMBER_OF", told.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (tells, says) = mpsc::channel();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some((_, count)) = line.split_once("owns: ") {
                    tells.send(count.parse().unwrap()).ok();
                }
            }
        });
        Process { child, says, owned: 0 }
    }

    fn until(&mut self, enough: impl Fn(usize) -> bool) {
        while !enough(self.owned) {
            self.owned = self.says.recv_timeout(SOON).expect("the other process says what it owns");
        }
    }

    /// What it said before that is past.
    fn freeze(&mut self) {
        self.signal("STOP");
        std::thread::sleep(Duration::from_millis(50));
        while let Ok(owned) = self.says.try_recv() {
            self.owned = owned;
        }
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Not a test of its own: the other process, told by MEMBER_OF what to join. Goes on until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn member() {
    let Ok(told) = std::env::var("MEMBER_OF") else { return };
    let told: Value = serde_json::from_str(&told).unwrap();
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    let topics = Topics {
        topics: serde_json::from_value(told["topics"].clone()).unwrap(),
        group: text("group"),
        partitions: PARTITIONS,
        replication: 1,
        min_insync: 1,
        session_timeout: Duration::from_secs(6),
        ..Topics::new(text("brokers"), "")
    };
    let mut store = store::clickhouse::Config::new(text("url"));
    (store.layout.database, store.layout.fsync) = (text("database"), false);
    let clock = Arc::new(AtomicI64::new(told["now"].as_i64().unwrap()));
    let member = Member::start(&topics, store, Duration::from_millis(150), &workforce().document, clock).await;
    let mut before = 0;
    while !member.running.is_finished() {
        let owned = member.owned();
        if owned != before {
            before = owned;
            println!("owns: {owned}");
            std::io::stdout().flush().unwrap();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it gave up: {:?}", member.running.await);
}
