//! A server on a port of its own, over a log a test can look into.
#![allow(dead_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use eventlog::memory::MemoryLog;
use eventlog::{Assignment, Error, EventLog, Records, Topic};
use focusflow_ingest::{Clock, Config, Deps, Priorities};
use schemas::category::Rules;
use schemas::control::{Control, Role, Settings, Token, Tokens, hash_secret};
use schemas::directory::{Directory, Document};
use tokio::sync::{Notify, watch};

pub const NOW: i64 = 1_790_000_000_000;
pub const SENDER: &str = "secret-of-the-sender";
/// Of a program on ada's own machine.
pub const ADAS: &str = "secret-of-adas-laptop";
pub const ADMIN: &str = "secret-of-the-admin";
pub const MEMBER: &str = "secret-of-the-member";
pub const EXPIRED: &str = "secret-of-the-past";

/// The memory log with a gate before it, which may also be broken.
pub struct GatedLog {
    pub log: MemoryLog,
    pub closed: AtomicBool,
    pub opened: Notify,
    pub broken: AtomicBool,
    pub waiting: AtomicU64,
}

#[async_trait]
impl EventLog for GatedLog {
    fn partitions(&self, topic: Topic) -> u32 {
        self.log.partitions(topic)
    }

    async fn append(&self, topic: Topic, batches: Vec<(u32, Records)>) -> Result<(), Error> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(Error::Full("cannot write /var/lib/focusflow/events/0/0.log: no space left on device".into()));
        }
        self.waiting.fetch_add(1, Ordering::SeqCst);
        loop {
            let opened = self.opened.notified();
            if !self.closed.load(Ordering::SeqCst) {
                break;
            }
            opened.await;
        }
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        self.log.append(topic, batches).await
    }

    async fn read(&self, topic: Topic, partition: u32, from: u64, max_bytes: usize, wait: Duration) -> Result<Records, Error> {
        self.log.read(topic, partition, from, max_bytes, wait).await
    }

    async fn range(&self, topic: Topic, partition: u32) -> Result<std::ops::Range<u64>, Error> {
        self.log.range(topic, partition).await
    }

    async fn release(&self, topic: Topic, partition: u32, offset: u64) -> Result<(), Error> {
        self.log.release(topic, partition, offset).await
    }

    async fn join(&self) -> Result<Assignment, Error> {
        self.log.join().await
    }
}

/// One record as a test looks at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    pub partition: u32,
    pub key: String,
    pub source: String,
    pub timestamp_ms: i64,
    pub value: String,
}

pub struct Server {
    pub addr: std::net::SocketAddr,
    pub log: Arc<GatedLog>,
    pub control: watch::Sender<Arc<Control>>,
    pub client: reqwest::Client,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

pub fn control(settings: Settings) -> Control {
    let token = |secret: &str, name: &str, role: Role, expires_at: Option<i64>| Token {
        id: name.into(),
        name: name.into(),
        role,
        person: None,
        hash: hash_secret(secret),
        created_at: 0,
        expires_at,
    };
    let document: Document = serde_json::from_str(
        r#"{"teams":[{"id":"t","name":"T"}],"people":[{"id":"ada","team":"t","aliases":["email:ada@x.org","slack:U1"]},{"id":"bob","team":"t"}]}"#,
    )
    .unwrap();
    Control {
        version: 1,
        directory: Arc::new(Directory::new(document).unwrap()),
        tokens: Tokens::new([
            token(SENDER, "watchers", Role::Ingest, None),
            Token { person: Some("ada".into()), ..token(ADAS, "laptop", Role::Ingest, None) },
            token(ADMIN, "root", Role::Admin, None),
            token(MEMBER, "ada's", Role::Member, None),
            token(EXPIRED, "old", Role::Ingest, Some(NOW)),
        ]),
        settings,
        ..Control::default()
    }
}

pub async fn start(config: Config) -> Server {
    start_with(config, Settings::default()).await
}

pub async fn start_with(config: Config, settings: Settings) -> Server {
    start_at(config, settings, Arc::new(|| NOW)).await
}

pub async fn start_at(config: Config, settings: Settings, clock: Clock) -> Server {
    start_prioritizing(config, settings, clock, None).await
}

pub async fn start_prioritizing(config: Config, settings: Settings, clock: Clock, priorities: Option<Arc<Priorities>>) -> Server {
    let log = Arc::new(GatedLog {
        log: MemoryLog::new(4),
        closed: AtomicBool::new(false),
        opened: Notify::new(),
        broken: AtomicBool::new(false),
        waiting: AtomicU64::new(0),
    });
    let (sender, receiver) = watch::channel(Arc::new(control(settings)));
    let deps = Deps { log: log.clone(), control: receiver, rules: Arc::new(Rules::default()), priorities, clock };
    let app = focusflow_ingest::router(config, deps);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    Server { addr, log, control: sender, client: reqwest::Client::new(), serving }
}

impl Server {
    pub fn request(&self) -> reqwest::RequestBuilder {
        self.client.post(format!("http://{}/v1/events", self.addr)).bearer_auth(SENDER)
    }

    /// Status and JSON of the answer.
    pub async fn post(&self, content_type: &str, body: impl Into<reqwest::Body>) -> (u16, serde_json::Value) {
        answer(self.request().header("content-type", content_type).body(body)).await
    }

    pub fn gate(&self, closed: bool) {
        self.log.closed.store(closed, Ordering::SeqCst);
        self.log.opened.notify_waiters();
    }

    pub async fn kept(&self) -> Vec<Kept> {
        let mut kept = Vec::new();
        for partition in 0..4 {
            loop {
                let from = kept.iter().filter(|k: &&Kept| k.partition == partition).count() as u64;
                let records = self.log.read(Topic::Events, partition, from, 1 << 30, Duration::ZERO).await.unwrap();
                if records.is_empty() {
                    break;
                }
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                kept.extend(records.iter().map(|r| Kept {
                    partition,
                    key: text(r.key),
                    source: text(r.source),
                    timestamp_ms: r.timestamp_ms,
                    value: text(r.value),
                }));
            }
        }
        kept
    }
}

pub async fn answer(request: reqwest::RequestBuilder) -> (u16, serde_json::Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let expected = if status == 202 { "application/json" } else { "application/problem+json" };
    assert_eq!(response.headers()["content-type"], expected);
    assert_eq!(response.headers().contains_key("retry-after"), matches!(status, 429 | 503), "{status}");
    let json: serde_json::Value = response.json().await.unwrap();
    if status != 202 {
        assert_eq!(json["status"], status);
        for member in ["type", "title", "code", "detail"] {
            assert!(json[member].as_str().is_some_and(|text| !text.is_empty()), "{json}");
        }
    }
    (status, json)
}

pub fn activity(id: &str, user: &str) -> String {
    format!(r#"{{"id":"{id}","type":"activity","user":"{user}","ts":{NOW},"app":"Code","duration_ms":5000}}"#)
}
