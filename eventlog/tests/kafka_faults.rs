//! The log on three real brokers while they die, lose their leaders and come back: what was acknowledged is there, in
//! order; what cannot be done now is answered in time, says why, and works again by itself.
//!
//! Starts the brokers through `deploy/services.sh`, and stops them at the end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use focusflow_eventlog::kafka::{Config, KafkaLog};
use focusflow_eventlog::testing::{batch, read_all};
use focusflow_eventlog::{Error, EventLog, Topic};

const APPENDERS: usize = 3;
const BATCH: usize = 20;

/// Three brokers in a folder of their own.
struct Cluster {
    dir: tempfile::TempDir,
    brokers: String,
}

impl Cluster {
    fn start() -> Cluster {
        let mut cluster = Cluster { dir: tempfile::tempdir().unwrap(), brokers: String::new() };
        cluster.run("start", "kafka3");
        let env = cluster.run("env", "kafka3");
        let line = env.lines().find_map(|line| line.strip_prefix("export TEST_KAFKA3="));
        cluster.brokers = line.expect("the address").to_owned();
        cluster
    }

    fn run(&self, verb: &str, what: &str) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/services.sh");
        let dir = self.dir.path().to_str().unwrap();
        // Ports of its own: somebody may have the usual three running.
        let mut command = Command::new(script);
        command.args([verb, "--data", dir, what]).env("KAFKA3_PORT", "19392");
        let output = command.output().expect("deploy/services.sh runs");
        assert!(output.status.success(), "{verb} {what}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn kill(&self, broker: u32) {
        let pid = std::fs::read_to_string(self.dir.path().join(format!("kafka3/{broker}.pid"))).unwrap();
        let pid = pid.split(' ').next().unwrap().to_owned();
        assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    }

    fn restart(&self, broker: u32) {
        self.run("start", &format!("kafka3/{broker}"));
    }

    fn config(&self, prefix: &str) -> Config {
        Config {
            partitions: 3,
            delivery_timeout: Duration::from_secs(20),
            // The records of these tests are of 2023.
            retention: Duration::from_secs(3_650 * 86_400),
            ..Config::new(&self.brokers, prefix)
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.run("stop", "kafka3");
    }
}

/// Appends batch after batch to every partition until told to stop; gives the names of those that were acknowledged.
async fn append(log: Arc<KafkaLog>, appender: usize, stop: Arc<AtomicBool>) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for i in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let name = format!("{appender}.{i}");
        let batches = (0..3).map(|partition| (partition, batch(&name, BATCH))).collect();
        match log.append(Topic::Events, batches).await {
            Ok(()) => acknowledged.push(name),
            Err(error) => assert!(error.is_retryable(), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    acknowledged
}

/// Reads on from the start until told to stop and at the end; gives the values.
async fn follow(log: Arc<KafkaLog>, partition: u32, stop: Arc<AtomicBool>) -> Vec<String> {
    let (mut next, mut values) = (0, Vec::new());
    loop {
        let last = stop.load(Ordering::Relaxed);
        match log.read(Topic::Events, partition, next, 1 << 20, Duration::from_millis(200)).await {
            Ok(records) if records.is_empty() && last => return values,
            Ok(records) => {
                assert_eq!(records.base_offset(), next);
                values.extend(records.iter().map(|r| String::from_utf8(r.value.to_vec()).unwrap()));
                next = records.next_offset();
            }
            Err(error) => assert!(error.is_retryable(), "{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn brokers_may_die_one_after_the_other() {
    let cluster = Cluster::start();
    let log = Arc::new(KafkaLog::open(cluster.config("one.")).await.unwrap());
    let stop = Arc::new(AtomicBool::new(false));
    let appenders: Vec<_> = (0..APPENDERS).map(|a| tokio::spawn(append(log.clone(), a, stop.clone()))).collect();
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..3).map(|partition| tokio::spawn(follow(log.clone(), partition, done.clone()))).collect();
    for broker in 1..=3 {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let end = log.range(Topic::Events, 0).await.unwrap().end;
        cluster.kill(broker);
        // Two of three are enough: it goes on while one is away.
        grows(&log, end).await;
        tokio::task::block_in_place(|| cluster.restart(broker));
    }
    stop.store(true, Ordering::Relaxed);
    let mut acknowledged = BTreeSet::new();
    for appender in appenders {
        acknowledged.extend(appender.await.unwrap());
    }
    done.store(true, Ordering::Relaxed);
    for (partition, reader) in (0..).zip(readers) {
        let followed = reader.await.unwrap();
        let there: Vec<String> = read_all(&*log, Topic::Events, partition, 0).await.into_iter().map(|(_, v)| v).collect();
        assert_eq!(followed, there, "whoever read along read the same");
        all_there_in_order(&acknowledged, &there);
    }
    too_few_brokers(&cluster, &log).await;
    log.close().await;
}

async fn grows(log: &KafkaLog, end: u64) {
    let began = Instant::now();
    loop {
        assert!(began.elapsed() < Duration::from_secs(30), "no append went through");
        match log.range(Topic::Events, 0).await {
            Ok(range) if range.end > end + 200 => return,
            Ok(_) => {}
            Err(error) => assert!(error.is_retryable(), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn all_there_in_order(acknowledged: &BTreeSet<String>, there: &[String]) {
    let mut names = BTreeSet::new();
    for group in there.chunk_by(|a, b| a.split(' ').next() == b.split(' ').next()) {
        let name = group[0].split(' ').next().unwrap();
        // What was not acknowledged may be there in part.
        if acknowledged.contains(name) {
            let whole: Vec<String> = (0..BATCH).map(|i| format!("{name} {i}")).collect();
            assert_eq!(group, whole, "once, together and in order");
            assert!(names.insert(name.to_owned()), "{name} is there once");
        }
    }
    assert_eq!(names.len(), acknowledged.len(), "all that was acknowledged");
    assert!(names.len() > 100, "{}", names.len());
}

/// One broker is not enough: nothing is acknowledged, in bounded time, and reading never says "nothing there" for "nobody there".
async fn too_few_brokers(cluster: &Cluster, log: &Arc<KafkaLog>) {
    let end = log.range(Topic::Events, 0).await.unwrap().end;
    tokio::task::block_in_place(|| cluster.run("stop", "kafka3"));
    let began = Instant::now();
    let error = log.append(Topic::Events, vec![(0, batch("never", 10))]).await.unwrap_err();
    assert!(matches!(&error, Error::Unavailable(_)), "{error}");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    let error = log.read(Topic::Events, 0, end, 1 << 20, Duration::from_secs(2)).await.unwrap_err();
    assert!(error.is_retryable() && error.to_string().contains("up"), "{error}");
    tokio::task::block_in_place(|| cluster.run("start", "kafka3"));
    let began = Instant::now();
    while let Err(error) = log.append(Topic::Events, vec![(0, batch("again", 10))]).await {
        assert!(error.is_retryable() && began.elapsed() < Duration::from_secs(30), "{error}");
    }
    let values = read_all(&**log, Topic::Events, 0, end).await;
    assert!(values.iter().any(|(_, value)| value == "again 9"), "{values:?}");
}
