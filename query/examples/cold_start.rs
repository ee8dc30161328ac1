//! How long the first requests of dashboards take after a start, over 30 days of 2,000 people:
//! `cargo run --release -p focusflow-query --example cold_start [DIR [warm]]`. With a directory the data are kept for the next
//! run; `warm` waits a while before the first request.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eventlog::memory::MemoryLog;
use focusflow_query::{Config, Deps, PipelineStats, Service};
use reqwest::{Client, StatusCode};
use schemas::control::Role;
use schemas::rows::{USER_5M, USER_DAILY, User5m, User5mColumns, UserDaily, UserDailyColumns};
use serde_json::json;
use store::control::{ControlStore, MemoryControl, NewToken, Secret};
use store::embedded::EmbeddedStore;
use store::{Commit, Store};
use tokio_util::sync::CancellationToken;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const PEOPLE: usize = 2_000;
const TEAMS: usize = 200;
const DAYS: i64 = 30;
const WINDOWS: i64 = 110;
const DAY_MS: i64 = 86_400_000;
/// 2026-01-05.
const START: i64 = 20_458;
/// Noon of the last day.
const NOW: i64 = (START + DAYS - 1) * DAY_MS + DAY_MS / 2;
const SECRET: &str = "only-for-this-measurement";

fn user(person: usize) -> String {
    format!("u-{person:05}")
}

/// Neighbours by id are not in one team.
fn team(person: usize) -> String {
    format!("t-{:03}", (person * 7_919) % TEAMS)
}

/// Teams of ten, ten to a department.
fn directory() -> serde_json::Value {
    let departments = (0..TEAMS / 10).map(|i| json!({"id": format!("d-{i}"), "name": format!("Department {i}")}));
    let teams =
        (0..TEAMS).map(|i| json!({"id": format!("t-{i:03}"), "name": format!("Team {i}"), "parent": format!("d-{}", i / 10)}));
    let people: Vec<_> = (0..PEOPLE).map(|i| json!({"id": user(i), "team": team(i), "time_zone": "Europe/Berlin"})).collect();
    json!({"teams": departments.chain(teams).collect::<Vec<_>>(), "people": people})
}

async fn fill(store: &EmbeddedStore) -> Outcome<()> {
    let epoch = store.acquire(0).await?.epoch;
    for day in 0..DAYS {
        let (mut windows, mut days) = (User5mColumns::default(), UserDailyColumns::default());
        for person in 0..PEOPLE {
            let (user_id, team_id) = (user(person), team(person));
            for window in (0..WINDOWS).filter(|window| (person as i64 + window + day) % 7 != 0) {
                let start = (START + day) * DAY_MS + (84 + window) * 300_000;
                windows.push(&a_window(&user_id, &team_id, start, (person as i64 * 31 + window * 97) % 150_000));
            }
            days.push(&a_day(&user_id, &team_id, START + day, person as i64 % 9));
        }
        let rows: Vec<(&'static _, _)> = vec![(&USER_5M, windows.finish()?), (&USER_DAILY, days.finish()?)];
        let (from, to) = (day as u64, day as u64 + 1);
        store.commit(Commit { partition: 0, epoch, from, to, state: Vec::new(), rows }).await?;
    }
    store.flush().await?;
    Ok(store.compact().await?)
}

fn a_window<'a>(user_id: &'a str, team_id: &'a str, window_start: i64, focus_ms: i64) -> User5m<'a> {
    User5m {
        user_id,
        window_start,
        team_id: Some(team_id),
        active_ms: 100_000 + focus_ms,
        focus_ms,
        comm_ms: 20_000,
        meeting_ms: 0,
        switches: 3,
        messages_received: 1,
        interruptions: focus_ms % 2,
        self_interruptions: 0,
        load: focus_ms as f64 / 1e5,
        interruption_score: (focus_ms % 100) as f64,
        definition: 1,
        final_: true,
        version: 1,
        deleted: false,
    }
}

fn a_day<'a>(user_id: &'a str, team_id: &'a str, day: i64, hours: i64) -> UserDaily<'a> {
    let focus_ms = hours * 3_600_000;
    UserDaily {
        user_id,
        day: day as i32,
        team_id: Some(team_id),
        active_ms: 28_000_000,
        focus_ms,
        comm_ms: 4_000_000,
        meeting_ms: 3_000_000,
        switches: 90,
        blocks: 2,
        deep_blocks: 1,
        block_ms: focus_ms,
        deep_ms: focus_ms,
        longest_block_ms: focus_ms,
        stretch_ms: focus_ms,
        sessions: 1,
        sessions_completed: 1,
        session_ms: focus_ms,
        messages_received: 40,
        messages_sent: 20,
        sent_after_hours: 1,
        response_ms: Some(300_000),
        interruptions: 12,
        self_interruptions: 3,
        load: 17.5,
        interruption_score: 40.0,
        focus_score: Some(60.0),
        streak_days: 4,
        first_active: Some(day * DAY_MS + 25_000_000),
        last_active: Some(day * DAY_MS + 61_000_000),
        span_ms: 36_000_000,
        after_hours_ms: 0,
        rest_ms: Some(50_000_000),
        definition: 1,
        final_: true,
        version: 1,
        deleted: false,
    }
}

/// Resident memory of this process, in MiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1_024
}

async fn serve(store: Arc<EmbeddedStore>) -> Outcome<String> {
    let control = Arc::new(MemoryControl::new());
    control.put_directory(serde_json::from_value(directory())?).await?;
    let secret = Some(Secret::from_text(SECRET));
    control.create_token(NewToken { secret, ..NewToken::new("measurement", Role::Admin) }).await?;
    let deps = Deps {
        store,
        log: Arc::new(MemoryLog::new(1)),
        control: control.watch(),
        writer: control,
        pipeline: Arc::new(PipelineStats::default),
        metrics: Arc::new(String::new),
        clock: Arc::new(|| NOW),
        cancel: CancellationToken::new(),
    };
    let service = Service::new(Config::default(), deps);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    let router = service.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    tokio::spawn(async move { service.run_live().await });
    Ok(base)
}

async fn round(client: &Client, base: &str, name: &str, teams: std::ops::Range<usize>) -> Outcome<()> {
    let mut taken: Vec<(f64, String)> = Vec::new();
    for at in teams {
        for path in ["heatmap?from=2026-01-07", "summary?from=2026-01-05", "trends?from=2026-01-05", "timeline"] {
            let path = format!("/v1/teams/t-{at:03}/{path}");
            let started = Instant::now();
            let response = client.get(format!("{base}{path}")).bearer_auth(SECRET).send().await?;
            let (status, body) = (response.status(), response.bytes().await?);
            if status != StatusCode::OK || body.len() < 300 {
                return Err(format!("{path}: {status} {}", String::from_utf8_lossy(&body)).into());
            }
            taken.push((started.elapsed().as_secs_f64() * 1e3, path));
        }
    }
    let firsts: Vec<String> = taken.iter().take(4).map(|(ms, _)| format!("{ms:.1}")).collect();
    taken.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (median, p99, slowest) = (taken[taken.len() / 2].0, taken[taken.len() * 99 / 100].0, &taken[taken.len() - 1]);
    println!(
        "{name:<28} first four {:>30} ms  median {median:>6.1}  p99 {p99:>7.1}  slowest {:>7.1} ms ({})  {} MiB",
        firsts.join(" "),
        slowest.0,
        slowest.1,
        resident()
    );
    Ok(())
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let (kept, wait) = (std::env::args().nth(1).map(PathBuf::from), std::env::args().nth(2).is_some());
    let temporary = tempfile::tempdir()?;
    let dir = kept.unwrap_or_else(|| temporary.path().to_owned());
    {
        let store = EmbeddedStore::open(store::embedded::Config::new(&dir))?;
        if store.stats().files == 0 {
            fill(&store).await?;
        }
        store.close().await?;
    }
    println!("before the start {} MiB", resident());
    let (started, client) = (Instant::now(), Client::new());
    let base = serve(Arc::new(EmbeddedStore::open(store::embedded::Config::new(&dir))?)).await?;
    while client.get(format!("{base}/readyz")).send().await?.status() != StatusCode::OK {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    println!("ready after {} ms, {} MiB", started.elapsed().as_millis(), resident());
    if wait {
        tokio::time::sleep(Duration::from_secs(20)).await;
    }
    round(&client, &base, "the first requests", 0..10).await?;
    round(&client, &base, "the next", 10..100).await?;
    tokio::time::sleep(Duration::from_secs(22)).await;
    round(&client, &base, "after nobody asked for 22 s", 100..110).await
}
