//! By hand: how long a new owner takes to find its way over a long history, and what memory it takes.
#![allow(clippy::unwrap_used)]
extern crate focusflow_processors as processors;
use std::sync::Arc;
use std::time::Instant;

use eventlog::memory::MemoryLog;
use processors::partition::Saved;
use processors::task::Owner;
use processors::{Config, Deps, Stats};
use schemas::control::Control;
use schemas::rows::*;
use store::{Commit, Store};
use store::embedded::{self, EmbeddedStore};
use tokio_util::sync::CancellationToken;

const DAY: i64 = 86_400_000;
const LAST: i32 = 20_700;

fn rss(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with(key)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

fn number(name: &str, default: i64) -> i64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

fn day_row(user: &str, day: i32) -> UserDaily<'_> {
    let first = i64::from(day) * DAY + 9 * 3_600_000;
    UserDaily {
        user_id: user, day, team_id: Some("t-1"), active_ms: 20_000_000, focus_ms: 10_000_000 + i64::from(day), comm_ms: 3_000_000,
        meeting_ms: 1_000_000, switches: 120, blocks: 3, deep_blocks: 1, block_ms: 9_000_000, deep_ms: 5_000_000,
        longest_block_ms: 4_000_000, stretch_ms: 2_000_000, sessions: 2, sessions_completed: 1, session_ms: 3_000_000,
        messages_received: 60, messages_sent: 30, sent_after_hours: 2, response_ms: Some(500_000), interruptions: 11,
        self_interruptions: 4, load: 12.5, interruption_score: 33.0, focus_score: Some(60.0), streak_days: 3,
        first_active: Some(first), last_active: Some(first + 8 * 3_600_000), span_ms: 8 * 3_600_000, after_hours_ms: 0,
        rest_ms: Some(16 * 3_600_000), definition: 1, final_: day < LAST - 1, version: 1, deleted: false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recover() {
    let (people, days, phases) = (number("PEOPLE", 10_000), number("DAYS", 365) as i32, number("PHASES", 2));
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(EmbeddedStore::open(embedded::Config { retention_default_days: None, ..embedded::Config::new(dir.path()) }).unwrap());
    let epoch = store.acquire(0).await.unwrap().epoch;
    let names: Vec<String> = (0..people).map(|i| format!("person-{i:06}")).collect();
    let saved = Saved { max_day: LAST, max_ts: i64::from(LAST) * DAY, watermark: i64::from(LAST) * DAY, version: 1, ..Saved::new(1) };
    let began = Instant::now();
    for day in LAST - days..=LAST {
        let (mut rows, mut sessions) = (UserDailyColumns::default(), SessionEventColumns::default());
        for name in &names {
            rows.push(&day_row(name, day));
            for i in 0..phases {
                sessions.push(&SessionEvent {
                    id: &format!("{day}-{i}"), user_id: name, team_id: Some("t-1"), ts: i64::from(day) * DAY + 40_000_000 + i * 1_500_000,
                    session: "s", kind: "focus", phase: if i % 2 == 0 { "start" } else { "end" }, planned_ms: None, mood: None, energy: None,
                    burnout: None, source: "x", ingested_at: 0, extra: None, version: 1,
                });
            }
        }
        let rows = vec![(&USER_DAILY, rows.finish().unwrap()), (&SESSION_EVENTS, sessions.finish().unwrap())];
        store.commit(Commit { partition: 0, epoch, from: 0, to: 0, state: saved.encode(), rows }).await.unwrap();
        if day % 20 == 0 {
            store.flush().await.unwrap();
        }
    }
    store.flush().await.unwrap();
    println!("filled in {:?}: {:?}", began.elapsed(), store.stats().file_rows);
    let (_control, control) = tokio::sync::watch::channel(Arc::new(Control::default()));
    let deps = Deps { log: Arc::new(MemoryLog::new(1)), store: store.clone(), control, clock: Arc::new(|| i64::from(LAST) * DAY), stats: Arc::new(Stats::default()) };
    deps.stats.resize(1);
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = rss("VmRSS");
    let began = Instant::now();
    let owner = Owner::acquire(0, Arc::new(Config::default()), deps, CancellationToken::new()).await.unwrap();
    println!("acquired in {:?}; RSS before {before} MB, peak {} MB, after {} MB", began.elapsed(), rss("VmHWM"), rss("VmRSS"));
    drop(owner);
}
