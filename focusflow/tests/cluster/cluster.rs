//! A cluster of one test: topics, databases and a directory of its own, and the processes started on them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use eventlog::kafka::KafkaLog;
use eventlog::{EventLog, Topic};
use futures::future::join_all;
use sqlx::{Connection, Executor, PgConnection};
use store::Store;
use store::clickhouse::ClickHouseStore;
use tokio::sync::OnceCell;

use crate::compare::differences;
use crate::load::Load;
use crate::node::{Doors, Node, Role};
use crate::oracle::Tables;
use crate::services::shared;
use crate::tables::{assert_none, dump};
use crate::workload::{Workload, focusflow, ok};

pub const PARTITIONS: u32 = 4;
pub const ADMIN: &str = "an-administrators-token-of-the-tests";
/// Of a start, and of what should come soon.
pub const SOON: Duration = Duration::from_secs(90);
/// Of everything that was sent.
const PATIENCE: Duration = Duration::from_secs(180);
/// Logs shown when a test fails, and lines of each.
const LOGS_SHOWN: usize = 8;
const LINES_SHOWN: usize = 25;

/// Where the servers are.
pub struct Servers {
    pub kafka: String,
    pub brokers: u16,
    pub clickhouse: String,
    pub postgres: String,
}

impl Servers {
    /// Those all tests share.
    pub fn shared() -> Servers {
        Servers { kafka: shared("kafka"), brokers: 1, clickhouse: shared("clickhouse"), postgres: shared("postgres") }
    }
}

pub struct Cluster {
    /// Of its topics, databases and schema.
    pub name: String,
    pub servers: Servers,
    pub http: reqwest::Client,
    pub doors: Doors,
    /// Taken when a test fails: then it stays.
    dir: Option<tempfile::TempDir>,
    settings: Vec<String>,
    nodes: AtomicU32,
    logs: Mutex<Vec<PathBuf>>,
    seams: OnceCell<(KafkaLog, ClickHouseStore)>,
}

impl Cluster {
    /// On the shared servers, with the directory of a workload.
    pub async fn new(workload: &Workload) -> Cluster {
        Cluster::on(Servers::shared(), workload, &[]).await
    }

    /// `settings` are `section.key=value`, and win over those of the tests.
    pub async fn on(servers: Servers, workload: &Workload, settings: &[&str]) -> Cluster {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("c{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut connection = PgConnection::connect(&servers.postgres).await.unwrap();
        connection.execute(sqlx::AssertSqlSafe(format!("CREATE SCHEMA {name}"))).await.unwrap();
        let copies = servers.brokers;
        let ours = [
            format!("kafka.brokers={}", servers.kafka),
            format!("kafka.topic_prefix={name}."),
            format!("kafka.replication={copies}"),
            format!("kafka.min_insync={}", copies.div_ceil(2)),
            // The least that brokers allow.
            "kafka.session_timeout=6s".into(),
            format!("eventlog.partitions={PARTITIONS}"),
            format!("clickhouse.url={}", servers.clickhouse),
            format!("clickhouse.database={name}"),
            // No power cuts here.
            "clickhouse.fsync=false".into(),
            format!("control.url={}?options=-csearch_path%3D{name}", servers.postgres),
            // Days are over, and rows final, soon after the last event.
            "processors.idle_after=1s".into(),
            "log.filter=info".into(),
        ];
        let cluster = Cluster {
            name,
            servers,
            http: reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap(),
            doors: Doors::default(),
            dir: Some(tempfile::tempdir().unwrap()),
            settings: ours.into_iter().chain(settings.iter().map(|s| s.to_string())).collect(),
            nodes: AtomicU32::new(0),
            logs: Mutex::default(),
            seams: OnceCell::new(),
        };
        cluster.put_directory(workload);
        cluster
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.as_ref().unwrap().path().join(name)
    }

    /// A command of the binary with the settings of this cluster.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = focusflow();
        command.current_dir(self.dir.as_ref().unwrap().path()).args(args).env("FOCUSFLOW_ADMIN_TOKEN", ADMIN);
        command.args(self.settings.iter().flat_map(|setting| ["--set", setting]));
        command
    }

    pub fn put_directory(&self, workload: &Workload) {
        let file = self.path("directory.json");
        workload.write_directory(&file);
        ok(self.command(&["directory", "put", "directory.json"]).arg("--data").arg(self.path("cli")));
    }

    /// A process that can do its duty.
    pub async fn start(&self, role: Role) -> Node {
        self.start_with(role, &[]).await
    }

    pub async fn start_with(&self, role: Role, settings: &[&str]) -> Node {
        self.ready(self.launch(role, settings)).await
    }

    /// A process whose clock is wrong by so many minutes: that of the wall, not the one that durations are measured with.
    pub async fn start_at(&self, role: Role, minutes: i64) -> Node {
        let library = self.path("clock.so");
        if !library.exists() {
            let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster/clock.c");
            ok(Command::new("cc").args(["-O1", "-shared", "-fPIC", "-o"]).arg(&library).arg(source));
        }
        let node = self.spawn(role, &[], |command| {
            command.env("LD_PRELOAD", &library).env("CLOCK_OFFSET", (minutes * 60).to_string());
        });
        self.ready(node).await
    }

    async fn ready(&self, mut node: Node) -> Node {
        node.listening(SOON).await;
        let began = Instant::now();
        while self.status(&node, "/readyz").await != Some(200) {
            assert!(node.is_running(), "{} ended", node.name());
            assert!(
                began.elapsed() < SOON,
                "{} listens, and cannot do its duty: {:?}",
                node.name(),
                self.get(&node, "/readyz").await
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        node
    }

    /// A process that was just started.
    pub fn launch(&self, role: Role, settings: &[&str]) -> Node {
        self.spawn(role, settings, |_| ())
    }

    fn spawn(&self, role: Role, settings: &[&str], change: impl FnOnce(&mut Command)) -> Node {
        let name = format!("{}-{}", role.as_str(), self.nodes.fetch_add(1, Ordering::Relaxed));
        let log = self.path(&format!("{name}.log"));
        self.logs.lock().unwrap().push(log.clone());
        let mut command = self.command(&[role.as_str(), "--listen", "127.0.0.1:0"]);
        command.args(settings.iter().flat_map(|setting| ["--set", setting]));
        command.arg("--data").arg(self.path(&name));
        change(&mut command);
        Node::spawn(role, command, log, self.doors.clone())
    }

    /// Status and body; None when nobody answers.
    pub async fn get(&self, node: &Node, path: &str) -> Option<(u16, String)> {
        let answer = self.http.get(format!("{}{path}", node.url)).bearer_auth(ADMIN).send().await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    }

    async fn status(&self, node: &Node, path: &str) -> Option<u16> {
        self.get(node, path).await.map(|(status, _)| status)
    }

    /// The sum of a metric over its labels; None where the process does not have it.
    pub async fn metric(&self, node: &Node, name: &str) -> Option<f64> {
        let (_, text) = self.get(node, "/metrics").await?;
        let named = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
        let values: Vec<f64> = text.lines().filter(named).filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect();
        (!values.is_empty()).then(|| values.iter().sum())
    }

    /// Sends the events of a workload, spread over so long.
    pub fn load(&self, workload: &Workload, over: Duration) -> Load {
        self.load_batches(workload.batches(), over)
    }

    pub fn load_batches(&self, batches: Vec<String>, over: Duration) -> Load {
        Load::start(&self.http, ADMIN, &self.doors, batches, over)
    }

    /// The log and the store, as a process of the cluster has them.
    pub async fn seams(&self) -> (&KafkaLog, &ClickHouseStore) {
        let open = async || {
            let mut config = eventlog::kafka::Config::new(&self.servers.kafka, &format!("{}.", self.name));
            (config.replication, config.min_insync) = (self.servers.brokers, self.servers.brokers.div_ceil(2));
            config.partitions = PARTITIONS;
            let mut store = store::clickhouse::Config::new(&self.servers.clickhouse);
            store.layout.database = self.name.clone();
            store.layout.fsync = false;
            (KafkaLog::open(config).await.unwrap(), ClickHouseStore::open(store).await.unwrap())
        };
        let (log, store) = self.seams.get_or_init(open).await;
        (log, store)
    }

    /// Of each partition: the next event to process, and the end of the log. The ends are read last: what a partition had
    /// sent on to another before it moved is counted there.
    pub async fn positions(&self) -> Vec<(u64, u64)> {
        let (log, store) = self.seams().await;
        let positions = join_all((0..PARTITIONS).map(|partition| store.durable_position(partition))).await;
        let ends = join_all((0..PARTITIONS).map(|partition| log.range(Topic::Events, partition))).await;
        positions.into_iter().zip(ends).map(|(position, range)| (position.unwrap(), range.unwrap().end)).collect()
    }

    /// Events that wait to be processed.
    pub async fn lag(&self) -> u64 {
        self.positions().await.iter().map(|(position, end)| end.saturating_sub(*position)).sum()
    }

    /// Everything that is in the log is in the tables.
    pub async fn caught_up(&self) {
        let began = Instant::now();
        while self.lag().await > 0 {
            assert!(began.elapsed() < PATIENCE, "still behind: {:?}", self.positions().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// ...and all of it is final.
    pub async fn settled(&self) {
        self.caught_up().await;
        let tables = ["user_5m", "user_daily", "interruptions", "focus_blocks"];
        let open = tables.map(|table| format!("(SELECT count() FROM {}.{table} WHERE NOT final)", self.name)).join(" + ");
        let began = Instant::now();
        loop {
            let open = self.ask(&format!("SELECT {open}")).await;
            if open == "0" {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{open} rows are not final");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The answer of ClickHouse itself to a statement.
    pub async fn ask(&self, sql: &str) -> String {
        let answer = self.http.post(&self.servers.clickhouse).body(sql.to_owned()).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{sql}: {text}");
        text.trim_end().to_owned()
    }

    pub async fn tables(&self) -> Tables {
        dump(self.seams().await.1).await
    }

    /// Every row there should be, and no other.
    pub async fn assert_equal(&self, expected: &Tables) {
        assert_none("the tables and the oracle", &differences(expected, &self.tables().await));
    }

    /// What a test that went well leaves behind.
    pub async fn close(&self) {
        let topics = Topic::ALL.map(|topic| format!("{}.{}", self.name, topic.as_str().replace('_', "-")));
        let names: Vec<&str> = topics.iter().map(String::as_str).collect();
        let admin: rdkafka::admin::AdminClient<_> =
            rdkafka::ClientConfig::new().set("bootstrap.servers", &self.servers.kafka).create().unwrap();
        admin.delete_topics(&names, &rdkafka::admin::AdminOptions::new()).await.unwrap();
        for database in [self.name.clone(), format!("{}_rows", self.name)] {
            self.ask(&format!("DROP DATABASE IF EXISTS {database}")).await;
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let Some(dir) = self.dir.take() else { return };
        eprintln!("cluster {}: everything it said is in {}", self.name, dir.keep().display());
        let logs = std::mem::take(&mut *self.logs.lock().unwrap());
        for log in logs.iter().rev().take(LOGS_SHOWN).rev() {
            eprintln!("-- the end of {}\n{}", log.display(), end(log));
        }
    }
}

fn end(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n")
}
