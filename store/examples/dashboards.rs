//! How long the dashboards' queries take over 30 days of 2,000 people, warm, on this machine:
//! `cargo run --release -p focusflow-store --example dashboards [DIR [NAME]]`. With a directory the
//! data are kept for the next run; with a name only the queries that contain it are run.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use focusflow_store::embedded::{Config, EmbeddedStore};
use focusflow_store::{Commit, Error, Limits, Params, Reader, Scan, Statement, Store, Whose};
use futures::StreamExt;
use schemas::Table;
use schemas::rows::{USER_5M, USER_DAILY, User5m, User5mColumns, UserDaily, UserDailyColumns};

const PEOPLE: usize = 2_000;
const DAYS: i64 = 30;
const WINDOWS: i64 = 110;
const DAY_MS: i64 = 86_400_000;
/// 2026-01-05.
const START: i64 = 20_458;
const RUNS: usize = 60;

fn mix(seed: u64) -> i64 {
    let mut z = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    ((z ^ (z >> 27)) >> 33) as i64
}

fn user(person: usize) -> String {
    format!("u-{person:05}")
}

/// Scattered over the people, as in a real directory: neighbours by id are not in one team.
fn team(person: usize) -> String {
    format!("t-{:03}", (person * 7919) % (PEOPLE / 10))
}

fn windows(day: i64, people: std::ops::Range<usize>) -> Result<User5mColumns, Error> {
    let mut columns = User5mColumns::default();
    for person in people {
        let (user_id, team_id) = (user(person), team(person));
        for window in 0..WINDOWS {
            let random = mix(((day as u64) << 40) | ((person as u64) << 12) | window as u64);
            columns.push(&User5m {
                user_id: &user_id,
                window_start: (START + day) * DAY_MS + (84 + window) * 300_000,
                team_id: Some(&team_id),
                active_ms: 100_000 + random % 200_000,
                focus_ms: random % 150_000,
                comm_ms: random % 40_000,
                meeting_ms: if random % 5 == 0 { 300_000 } else { 0 },
                switches: random % 9,
                messages_received: random % 4,
                interruptions: random % 2,
                self_interruptions: random % 3 / 2,
                load: (random % 100) as f64 / 10.0,
                interruption_score: (random % 1_000) as f64 / 10.0,
                definition: 1,
                final_: true,
                version: 1,
                deleted: false,
            });
        }
    }
    Ok(columns)
}

fn days(day: i64) -> UserDailyColumns {
    let mut columns = UserDailyColumns::default();
    for person in 0..PEOPLE {
        let (user_id, team_id) = (user(person), team(person));
        let random = mix(((day as u64) << 40) | person as u64);
        columns.push(&UserDaily {
            user_id: &user_id,
            day: (START + day) as i32,
            team_id: Some(&team_id),
            active_ms: 20_000_000 + random % 9_000_000,
            focus_ms: random % 9_000_000,
            comm_ms: random % 4_000_000,
            meeting_ms: random % 7_000_000,
            switches: random % 200,
            blocks: random % 5,
            deep_blocks: random % 2,
            block_ms: random % 8_000_000,
            deep_ms: random % 5_000_000,
            longest_block_ms: random % 4_000_000,
            stretch_ms: random % 2_000_000,
            sessions: random % 4,
            sessions_completed: random % 3,
            session_ms: random % 6_000_000,
            messages_received: random % 90,
            messages_sent: random % 50,
            sent_after_hours: random % 5,
            response_ms: Some(random % 900_000),
            interruptions: random % 40,
            self_interruptions: random % 20,
            load: (random % 900) as f64 / 10.0,
            interruption_score: (random % 1_000) as f64 / 10.0,
            focus_score: Some((random % 1_000) as f64 / 10.0),
            streak_days: random % 20,
            first_active: Some((START + day) * DAY_MS + 25_000_000),
            last_active: Some((START + day) * DAY_MS + 61_000_000),
            span_ms: 36_000_000,
            after_hours_ms: random % 3_600_000,
            rest_ms: Some(50_000_000),
            definition: 1,
            final_: true,
            version: 1,
            deleted: false,
        });
    }
    columns
}

async fn fill(store: &EmbeddedStore) -> Result<(), Error> {
    let epoch = store.acquire(0).await?.epoch;
    let (mut at, mut rows, mut busy) = (0, 0, Duration::ZERO);
    let started = Instant::now();
    let mut put = async |table: &'static Table, batch: arrow::array::RecordBatch| {
        rows += batch.num_rows();
        let before = Instant::now();
        at += 1;
        let commit = Commit { partition: 0, epoch, from: at - 1, to: at, state: Vec::new(), rows: vec![(table, batch)] };
        let done = store.commit(commit).await;
        busy += before.elapsed();
        done
    };
    for day in 0..DAYS {
        // As the processors do: people by partition, not in order.
        for part in 0..20 {
            let batch = windows(day, part * PEOPLE / 20..(part + 1) * PEOPLE / 20)?.finish();
            put(&USER_5M, batch.map_err(|e| Error::Invalid(e.to_string()))?).await?;
        }
        put(&USER_DAILY, days(day).finish().map_err(|e| Error::Invalid(e.to_string()))?).await?;
    }
    println!(
        "committed {rows} rows: {:.2} s waiting for commits, {:.2} s in all",
        busy.as_secs_f64(),
        started.elapsed().as_secs_f64()
    );
    let started = Instant::now();
    store.flush().await?;
    store.compact().await?;
    println!(
        "last flush and merges: {:.2} s, {:.0} ms of CPU in all; {:?}",
        started.elapsed().as_secs_f64(),
        cpu_ms(),
        store.stats()
    );
    Ok(())
}

/// CPU time of this process so far, in milliseconds: on a busy machine the figure to trust.
fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: f64 = after_name.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<f64>().ok()).sum();
    ticks * 10.0
}

async fn time(store: &EmbeddedStore, name: &str, sql: &str) -> Result<(), Error> {
    let limits = Limits { time: Duration::from_secs(60), memory_bytes: 1 << 30, rows: 1_000_000 };
    let mut taken: Vec<f64> = Vec::new();
    let mut rows = 0;
    if std::env::args().nth(2).is_some_and(|only| !name.contains(&only)) {
        return Ok(());
    }
    let mut cpu = 0.0;
    for run in 0..RUNS {
        if run == 1 {
            cpu = cpu_ms();
        }
        let started = Instant::now();
        let mut answer =
            store.sql(Statement { sql: sql.to_owned(), params: Params::None, limits, reader: Reader::default() }).await?;
        rows = 0;
        while let Some(batch) = answer.batches.next().await {
            rows += batch?.num_rows();
        }
        taken.push(started.elapsed().as_secs_f64() * 1e3);
    }
    report(name, rows, taken, cpu_ms() - cpu);
    Ok(())
}

fn report(name: &str, rows: usize, mut taken: Vec<f64>, cpu: f64) {
    let first = taken.remove(0);
    taken.sort_by(f64::total_cmp);
    let (median, p99) = (taken[taken.len() / 2], taken[taken.len() * 99 / 100]);
    let cpu = cpu / taken.len() as f64;
    println!("{name:<40} {rows:>6} rows  first {first:>7.1} ms  median {median:>6.1} ms  p99 {p99:>6.1} ms  CPU {cpu:>6.1} ms");
}

async fn time_scan(
    store: &EmbeddedStore,
    name: &str,
    table: &'static Table,
    users: Vec<String>,
    from: i64,
    to: i64,
) -> Result<(), Error> {
    let (mut taken, mut rows) = (Vec::new(), 0);
    if std::env::args().nth(2).is_some_and(|only| !name.contains(&only)) {
        return Ok(());
    }
    let mut cpu = 0.0;
    for run in 0..RUNS {
        if run == 1 {
            cpu = cpu_ms();
        }
        let started = Instant::now();
        let scan = Scan {
            table,
            whose: Whose::People(users.clone()),
            from_ms: (START + from) * DAY_MS,
            to_ms: (START + to) * DAY_MS,
            columns: None,
        };
        rows = store.scan(scan).await?.iter().map(|b| b.num_rows()).sum();
        taken.push(started.elapsed().as_secs_f64() * 1e3);
    }
    report(name, rows, taken, cpu_ms() - cpu);
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let kept = std::env::args().nth(1).map(PathBuf::from);
    let temporary = tempfile::tempdir().map_err(|e| Error::Unavailable(e.to_string()))?;
    let dir = kept.unwrap_or_else(|| temporary.path().to_owned());
    let store = EmbeddedStore::open(Config { compact_after: Duration::ZERO, ..Config::new(&dir) })?;
    if store.stats().files == 0 {
        fill(&store).await?;
    }
    let ten: Vec<String> = (0..PEOPLE).filter(|p| team(*p) == "t-007").map(user).collect();
    let quoted = ten.iter().map(|u| format!("'{u}'")).collect::<Vec<_>>().join(", ");
    let heat = "date_part('dow', window_start) AS weekday, date_part('hour', window_start) AS hour, sum(focus_ms) AS focus_ms, sum(active_ms) AS active_ms, avg(interruption_score) AS score";
    time(&store, "nothing (planning alone)", "SELECT 1").await?;
    time(
        &store,
        "a team's days, aggregated",
        "SELECT team_id, avg(focus_ms), avg(focus_score), sum(interruptions) FROM user_daily GROUP BY team_id",
    )
    .await?;
    time(&store, "one person's windows", "SELECT * FROM user_5m WHERE user_id = 'u-00777' ORDER BY window_start").await?;
    time(&store, "one person's last day", "SELECT * FROM user_5m WHERE user_id = 'u-00777' AND window_start >= '2026-02-03'")
        .await?;
    time(
        &store,
        "heat map of a team, by people",
        &format!("SELECT {heat} FROM user_5m WHERE user_id IN ({quoted}) GROUP BY 1, 2"),
    )
    .await?;
    time(&store, "heat map of a team, by team", &format!("SELECT {heat} FROM user_5m WHERE team_id = 't-007' GROUP BY 1, 2"))
        .await?;
    time(&store, "heat map of everyone", &format!("SELECT {heat} FROM user_5m GROUP BY 1, 2")).await?;
    time(&store, "team_daily of one team", "SELECT * FROM team_daily WHERE team_id = 't-007' ORDER BY day").await?;
    time(&store, "plan of team_daily", "EXPLAIN SELECT * FROM team_daily WHERE team_id = 't-007' ORDER BY day").await?;
    time(
        &store,
        "three figures of team_daily",
        "SELECT day, n, focus_ms_median, focus_score_mean, load_p90 FROM team_daily WHERE team_id = 't-007' ORDER BY day",
    )
    .await?;
    time(&store, "team_5m of one team's day", "SELECT window_start, n, focus_ms_median, interruption_score_mean FROM team_5m WHERE team_id = 't-007' AND window_start >= '2026-02-03'").await?;
    time_scan(&store, "scan: one person, one day", &USER_5M, vec![user(777)], 10, 11).await?;
    time_scan(&store, "scan: 500 people, one day", &USER_5M, (0..500).map(|p| user(p * 4)).collect(), 10, 11).await?;
    time_scan(&store, "scan: one person, a day without rows", &USER_5M, vec![user(777)], 100, 101).await?;
    store.close().await
}
