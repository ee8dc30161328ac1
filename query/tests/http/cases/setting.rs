//! A small organisation with rows in it, served on a free port.
//!
//! Under t-0: t-1 with 6 people, t-2 with 7, t-3 with 2. t-9 has 5, nobody above it. `boss` leads t-2 and works in it.
//! Noon of Wednesday, 2026-03-18, UTC.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use eventlog::memory::MemoryLog;
use eventlog::{EventLog, RecordsBuilder, Topic};
use focusflow_query::{Config, Deps, PartitionStats, PipelineStats, Service};
use reqwest::{Client, Method, Response, StatusCode};
use schemas::control::Role;
use schemas::live::{DayFigures, Presence, Update, WindowFigures};
use schemas::rows::*;
use serde_json::{Value, json};
use store::clickhouse::ClickHouseStore;
use store::control::{ControlStore, MemoryControl, NewToken, Secret};
use store::embedded::EmbeddedStore;
use store::{Commit, Store};
use tokio_util::sync::CancellationToken;

use crate::database::Database;

pub const DAY_MS: i64 = 86_400_000;
pub const HOUR: i64 = 3_600_000;
/// 2026-03-18.
pub const TODAY: i32 = 20_530;
pub const MIDNIGHT: i64 = TODAY as i64 * DAY_MS;
pub const NOON: i64 = MIDNIGHT + 12 * HOUR;

pub struct World {
    pub base: String,
    pub address: String,
    pub client: Client,
    pub store: Arc<dyn Store>,
    pub log: Arc<MemoryLog>,
    pub control: Arc<MemoryControl>,
    pub clock: Arc<AtomicI64>,
    pub cancel: CancellationToken,
    /// What the rows are in, until the end.
    _place: Box<dyn Any + Send + Sync>,
}

/// Team, and how many people it has: `t-2` has `t-2.1` to `t-2.7`.
pub const TEAMS: [(&str, usize); 4] = [("t-1", 6), ("t-2", 7), ("t-3", 2), ("t-9", 5)];

pub fn people() -> impl Iterator<Item = (String, &'static str, usize)> {
    TEAMS.iter().flat_map(|(team, n)| (1..=*n).map(move |i| (format!("{team}.{i}"), *team, i)))
}

pub fn secret(role: &str) -> String {
    format!("secret-of-the-{role}-0123456789")
}

pub type Rows = (&'static schemas::Table, arrow::array::RecordBatch);

/// Waits at most ten seconds.
pub async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(std::time::Duration::from_secs(10), work).await.expect("it takes too long")
}

/// This file is compiled once for each store.
pub fn is_on_clickhouse() -> bool {
    module_path!().contains("on_clickhouse")
}

async fn open() -> (Arc<dyn Store>, Box<dyn Any + Send + Sync>) {
    if is_on_clickhouse() {
        let database = Database::new();
        return (Arc::new(ClickHouseStore::open(database.config()).await.unwrap()), Box::new(database));
    }
    let dir = tempfile::tempdir().unwrap();
    (Arc::new(EmbeddedStore::open(store::embedded::Config::new(dir.path())).unwrap()), Box::new(dir))
}

impl World {
    pub async fn start() -> World {
        World::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Config)) -> World {
        World::of(directory(), usual_rows(), change).await
    }

    pub async fn of(directory: Value, rows: Vec<Rows>, change: impl FnOnce(&mut Config)) -> World {
        let (store, place) = open().await;
        World::on(store, place, directory, rows, change).await
    }

    /// On a store that something is put over.
    pub async fn over(cover: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>) -> World {
        let (store, place) = open().await;
        World::on(cover(store), place, directory(), usual_rows(), |_| {}).await
    }

    async fn on(
        store: Arc<dyn Store>,
        place: Box<dyn Any + Send + Sync>,
        directory: Value,
        rows: Vec<Rows>,
        change: impl FnOnce(&mut Config),
    ) -> World {
        let log = Arc::new(MemoryLog::new(2));
        let control = Arc::new(MemoryControl::new());
        control.put_directory(serde_json::from_value(directory).unwrap()).await.unwrap();
        let tokens = [
            (Role::Admin, "admin", None),
            (Role::Analyst, "analyst", None),
            (Role::Manager, "manager", Some("boss")),
            (Role::Member, "member", Some("t-2.1")),
            (Role::Ingest, "ingest", None),
        ];
        for (role, name, person) in tokens {
            let token = NewToken {
                person: person.map(String::from),
                secret: Some(Secret::from_text(secret(name))),
                ..NewToken::new(name, role)
            };
            control.create_token(token).await.unwrap();
        }
        let epoch = store.acquire(0).await.unwrap().epoch;
        store.commit(Commit { partition: 0, epoch, from: 0, to: 1, state: Vec::new(), rows }).await.unwrap();
        let clock = Arc::new(AtomicI64::new(NOON));
        let world = World::serve(store, log, control, clock, place, change).await;
        world.until_ready().await;
        world
    }

    /// Another process on the same store, log and control data.
    pub async fn beside(&self) -> World {
        let world = self.beside_unready().await;
        world.until_ready().await;
        world
    }

    pub async fn beside_unready(&self) -> World {
        let (log, control, clock) = (self.log.clone(), self.control.clone(), self.clock.clone());
        World::serve(self.store.clone(), log, control, clock, Box::new(()), |_| {}).await
    }

    async fn serve(
        store: Arc<dyn Store>,
        log: Arc<MemoryLog>,
        control: Arc<MemoryControl>,
        clock: Arc<AtomicI64>,
        place: Box<dyn Any + Send + Sync>,
        change: impl FnOnce(&mut Config),
    ) -> World {
        let none = std::time::Duration::ZERO;
        let mut config = Config { figures_fresh: none, figures_stale: none, ..Config::default() };
        change(&mut config);
        let (now, cancel) = (clock.clone(), CancellationToken::new());
        let deps = Deps {
            store: store.clone(),
            log: log.clone(),
            control: control.watch(),
            writer: control.clone(),
            pipeline: Arc::new(|| PipelineStats {
                partitions: vec![PartitionStats {
                    partition: 0,
                    position: 0,
                    watermark: Some(NOON - HOUR),
                    accepted_at: Some(NOON - 1_000),
                }],
            }),
            metrics: Arc::new(|| "# HELP up\nup 1\n".into()),
            clock: Arc::new(move || now.load(Ordering::Relaxed)),
            cancel: cancel.clone(),
        };
        let service = Service::new(config, deps);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let router = service.router();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        tokio::spawn(async move { service.run_live().await.unwrap() });
        World {
            base: format!("http://{address}"),
            address,
            client: Client::new(),
            store,
            log,
            control,
            clock,
            cancel,
            _place: place,
        }
    }

    pub async fn until_ready(&self) {
        soon(async {
            while self.client.get(format!("{}/readyz", self.base)).send().await.unwrap().status() != StatusCode::OK {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        })
        .await;
    }

    pub async fn send(&self, method: Method, role: &str, path: &str, body: Option<Value>) -> Response {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if !role.is_empty() {
            request = request.bearer_auth(secret(role));
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    pub async fn status(&self, role: &str, path: &str) -> u16 {
        self.send(Method::GET, role, path, None).await.status().as_u16()
    }

    /// The answer, which must be 200.
    pub async fn get(&self, role: &str, path: &str) -> Value {
        let response = self.send(Method::GET, role, path, None).await;
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The problem, which must be well formed: (status, code, field).
    pub async fn problem(&self, role: &str, path: &str) -> (u16, String, Option<String>) {
        problem(self.send(Method::GET, role, path, None).await).await
    }

    /// A statement's answer: the rows, with the columns by name.
    pub async fn rows(&self, role: &str, sql: &str) -> Vec<serde_json::Map<String, Value>> {
        let began = std::time::Instant::now();
        let (status, answer): (StatusCode, Value) = loop {
            let response = self.send(Method::POST, role, "/v1/sql", Some(json!({ "sql": sql }))).await;
            let (status, answer) = (response.status(), response.json().await.unwrap());
            // The work of a statement that failed just before may take a moment longer than its answer.
            if status != StatusCode::TOO_MANY_REQUESTS || began.elapsed().as_secs() >= 5 {
                break (status, answer);
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        };
        assert_eq!(status, StatusCode::OK, "{sql}: {answer}");
        let names: Vec<String> =
            answer["columns"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap().to_owned()).collect();
        let row = |row: &Value| names.iter().cloned().zip(row.as_array().unwrap().iter().cloned()).collect();
        answer["rows"].as_array().unwrap().iter().map(row).collect()
    }

    pub async fn publish(&self, update: Update) {
        let mut records = RecordsBuilder::default();
        records.push(update.accepted_at, update.user_id.as_bytes(), b"", &serde_json::to_vec(&update).unwrap());
        let partition = eventlog::partition_of(update.user_id.as_bytes(), 2);
        self.log.append(Topic::Updates, vec![(partition, records.finish())]).await.unwrap();
    }
}

pub async fn problem(response: Response) -> (u16, String, Option<String>) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["status"], status);
    assert!(body["type"].is_string() && body["title"].is_string() && body["detail"].is_string(), "{body}");
    (status, body["code"].as_str().unwrap().to_owned(), body["field"].as_str().map(String::from))
}

pub fn directory() -> Value {
    let people: Vec<Value> = people()
        .map(|(id, team, _)| json!({"id": id, "name": format!("Name of {id}"), "team": team, "aliases": [format!("slack:{id}")]}))
        .chain([json!({"id": "boss", "name": "Boss", "team": "t-2", "manager": true})])
        .collect();
    json!({
        "teams": [{"id": "t-0", "name": "All"}, {"id": "t-1", "name": "One", "parent": "t-0"}, {"id": "t-2", "name": "Two", "parent": "t-0"},
                  {"id": "t-3", "name": "Three", "parent": "t-0"}, {"id": "t-9", "name": "Nine"}],
        "people": people,
    })
}

/// A person's day: i hours of focus, i interruptions, a focus score of 10 i; two windows at 10:00 and 10:05.
pub fn user_daily<'a>(user: &'a str, team: &'a str, day: i32, i: usize) -> UserDaily<'a> {
    let i = i as i64;
    UserDaily {
        user_id: user,
        day,
        team_id: Some(team),
        active_ms: 8 * HOUR,
        focus_ms: i * HOUR,
        comm_ms: HOUR,
        meeting_ms: HOUR,
        switches: 40,
        blocks: 2,
        deep_blocks: 1,
        block_ms: i * HOUR,
        deep_ms: HOUR,
        longest_block_ms: HOUR,
        stretch_ms: HOUR / 2,
        sessions: 1,
        sessions_completed: 1,
        session_ms: HOUR,
        messages_received: 20,
        messages_sent: 10,
        sent_after_hours: 0,
        response_ms: None,
        interruptions: i,
        self_interruptions: 0,
        load: i as f64 * 1.5,
        interruption_score: i as f64,
        focus_score: Some(10.0 * i as f64),
        streak_days: 3,
        first_active: Some(i64::from(day) * DAY_MS + 9 * HOUR),
        last_active: Some(i64::from(day) * DAY_MS + 17 * HOUR),
        span_ms: 8 * HOUR,
        after_hours_ms: 0,
        rest_ms: Some(16 * HOUR),
        definition: 1,
        final_: true,
        version: 1,
        deleted: false,
    }
}

pub fn user_5m<'a>(user: &'a str, team: &'a str, start: i64, focus_ms: i64) -> User5m<'a> {
    User5m {
        user_id: user,
        window_start: start,
        team_id: Some(team),
        active_ms: 240_000,
        focus_ms,
        comm_ms: 0,
        meeting_ms: 0,
        switches: 1,
        messages_received: 1,
        interruptions: 1,
        self_interruptions: 0,
        load: 1.5,
        interruption_score: 40.0,
        definition: 1,
        final_: true,
        version: 1,
        deleted: false,
    }
}

/// Today and yesterday for everybody; at 22:00 yesterday one of t-2 works alone.
pub fn usual_rows() -> Vec<Rows> {
    let (mut days, mut windows, mut blocks) =
        (UserDailyColumns::default(), User5mColumns::default(), FocusBlockColumns::default());
    let (mut interruptions, mut risks) = (InterruptionColumns::default(), BurnoutRiskColumns::default());
    for (user, team, i) in people() {
        for day in [TODAY - 1, TODAY] {
            days.push(&user_daily(&user, team, day, i));
            let ten = i64::from(day) * DAY_MS + 10 * HOUR;
            windows.push(&user_5m(&user, team, ten, i as i64 * 10_000));
            windows.push(&user_5m(&user, team, ten + 300_000, 20_000));
            blocks.push(&FocusBlock {
                user_id: &user,
                start_ts: ten,
                team_id: Some(team),
                end_ts: ten + HOUR,
                focus_ms: HOUR - 1,
                deep: true,
                interruptions: 2,
                definition: 1,
                final_: true,
                version: 1,
                deleted: false,
            });
            let id = format!("m-{user}-{day}");
            interruptions.push(&Interruption {
                user_id: &user,
                message_id: &id,
                team_id: Some(team),
                ts: ten + 60_000,
                channel: "slack",
                kind: "dm",
                in_focus_by: "flow",
                attended: true,
                lag_ms: 120_000,
                load: 1.8,
                definition: 1,
                final_: true,
                version: 1,
                deleted: false,
            });
        }
        let features = vec![Factor { name: "overwork", value: 0.5, contribution: 0.8 }];
        risks.push(&BurnoutRisk {
            user_id: &user,
            day: TODAY,
            team_id: Some(team),
            risk: Some(0.25),
            risk_low: Some(0.125),
            risk_high: Some(0.5),
            level: Some("low"),
            status: "ok",
            model: "baseline-1",
            active_days: 20,
            features,
            definition: 1,
            final_: true,
            version: 1,
            deleted: false,
        });
    }
    windows.push(&user_5m("t-2.7", "t-2", MIDNIGHT - 2 * HOUR, 100_000));
    vec![
        (&USER_DAILY, days.finish().unwrap()),
        (&USER_5M, windows.finish().unwrap()),
        (&FOCUS_BLOCKS, blocks.finish().unwrap()),
        (&INTERRUPTIONS, interruptions.finish().unwrap()),
        (&BURNOUT_RISK, risks.finish().unwrap()),
    ]
}

/// News of a person: the day so far and a window at 11:55, in flow now.
pub fn update(user: &str, team: &str, focus_ms: i64) -> Update {
    let window = WindowFigures {
        window_start: NOON - 300_000,
        active_ms: 200_000,
        focus_ms: 100_000,
        load: 1.0,
        interruption_score: 30.0,
        ..WindowFigures::default()
    };
    Update {
        user_id: user.into(),
        team_id: Some(team.into()),
        accepted_at: NOON - 40,
        day: DayFigures { day: TODAY, active_ms: 5 * HOUR, focus_ms, focus_score: Some(50.0), ..DayFigures::default() },
        windows: vec![window],
        now: Presence { flow: Some((NOON - HOUR, NOON + HOUR)), active: Some((NOON - HOUR, NOON + HOUR)), ..Presence::default() },
    }
}
