//! The burnout risk of everybody for one day, the whole way: the day's rows become final, four weeks are read from the store on
//! disk, risks are computed and committed; and once more when another model has its turn from that day on. One line for each figure, for
//! benches/RESULTS.md.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use eventlog::memory::MemoryLog;
use eventlog::{EventLog, RecordsBuilder, Topic, partition_of};
use processors::operators::risk::{DAYS, Day, risk};
use processors::{Config, Deps, Stats, run};
use schemas::control::Control;
use schemas::risk::{BASELINE, BASELINE_NAME, Card, Models, Turn};
use schemas::rows::{
    ACTIVITY_EVENTS, ActivityEvent, ActivityEventColumns, BURNOUT_RISK, Text, USER_DAILY, UserDaily, UserDailyColumns, column,
};
use store::embedded::{self, EmbeddedStore};
use store::{Commit, Scan, Store, Whose};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const PEOPLE: usize = 100_000;
/// As `focusflow up` has it.
const PARTITIONS: u32 = 4;
const ROWS_A_COMMIT: usize = 50_000;
const HOUR: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR;
/// A Friday, 2026-11-20.
const TODAY: i32 = 20_777;
const PATIENCE: Duration = Duration::from_secs(300);

fn main() -> Result<()> {
    one_person();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(everybody())
}

/// Features, risk and bounds of one person's month.
fn one_person() {
    let month: Vec<Day> = (0..DAYS).filter(|at| is_workday(*at)).map(day).collect();
    let began = Instant::now();
    let rounds = 20_000;
    for _ in 0..rounds {
        black_box(risk(&BASELINE, black_box(&month)));
    }
    println!("risk_one_month = {:.1} us", began.elapsed().as_secs_f64() * 1e6 / f64::from(rounds));
}

/// The last of the days is a Friday.
fn is_workday(at: i32) -> bool {
    (at + 5) % 7 < 5
}

/// No two days alike.
fn day(at: i32) -> Day {
    let some = i64::from(at * at % 13);
    Day {
        at,
        active_ms: 7 * HOUR + some * HOUR / 4,
        focus_ms: 4 * HOUR - some * HOUR / 5,
        meeting_ms: some * HOUR / 6,
        after_hours_ms: some * HOUR / 8,
        span_ms: 9 * HOUR + some * HOUR / 4,
        rest_ms: (at % 7 > 0).then_some(15 * HOUR - some * HOUR / 2),
        interruption_score: 20.0 + some as f64,
        workday: true,
        mood_sum: 0,
        moods: 0,
    }
}

async fn everybody() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let store = Arc::new(EmbeddedStore::open(embedded::Config::new(dir.path()))?);
    let log = Arc::new(MemoryLog::new(PARTITIONS));
    // Somebody in each partition, four weeks ago and today, so that its state says which days there are and which are open.
    let mut events = 0;
    for user in (0..).map(|n| format!("somebody-{n}")).take(32) {
        let mut builder = RecordsBuilder::default();
        for day in [TODAY - DAYS, TODAY] {
            let ts = i64::from(day) * DAY_MS + 9 * HOUR;
            let event = format!(
                r#"{{"id":"{day}","type":"activity","user":"{user}","ts":{ts},"app":"x","category":"coding","duration_ms":60000}}"#
            );
            builder.push(ts, user.as_bytes(), b"bench", event.as_bytes());
            events += 1;
        }
        log.append(Topic::Events, vec![(partition_of(user.as_bytes(), PARTITIONS), builder.finish())]).await?;
    }
    let evening = i64::from(TODAY) * DAY_MS + 18 * HOUR;
    let baseline = Arc::new(Models::default());
    let stats = process(&log, &store, evening, &baseline, async |stats| {
        stats.is_ready() && stats.partitions().iter().map(|p| p.position).sum::<u64>() >= events
    });
    stats.await?;
    for partition in 0..PARTITIONS {
        fill(&store, partition).await?;
    }
    store.flush().await?;

    let before = cpu_seconds()?;
    let began = Instant::now();
    let night = i64::from(TODAY + 1) * DAY_MS + 12 * HOUR;
    process(&log, &store, night, &baseline, async |_| told_by(&*store, BASELINE_NAME).await >= PEOPLE).await?;
    let (wall, cpu) = (began.elapsed().as_secs_f64(), cpu_seconds()? - before);
    println!(
        "risk_of_everybody = {wall:.1} s, {cpu:.1} CPU-s, for {PEOPLE} people whose day becomes final, all of them read from disk"
    );

    let card: Card = serde_json::from_str(include_str!("../../schemas/examples/model-card.json"))?;
    let turn =
        Turn { from: TODAY, model: card.name.clone(), share: 100, decided_at: i64::from(TODAY) * DAY_MS, why: String::new() };
    let models = Models::default().with_card(&card, 0)?.ok_or("the card is new")?.with_turn(turn, 0)?;
    let before = cpu_seconds()?;
    let began = Instant::now();
    process(&log, &store, night, &Arc::new(models), async |_| told_by(&*store, &card.name).await >= PEOPLE).await?;
    let (wall, cpu) = (began.elapsed().as_secs_f64(), cpu_seconds()? - before);
    println!(
        "risk_of_everybody_told_anew = {wall:.1} s, {cpu:.1} CPU-s, for {PEOPLE} people and one day, all of them read from disk"
    );
    Ok(())
}

/// Runs the processors at an hour until it is done.
async fn process(
    log: &Arc<MemoryLog>,
    store: &Arc<EmbeddedStore>,
    now_ms: i64,
    models: &Arc<Models>,
    is_done: impl AsyncFn(&Stats) -> bool,
) -> Result<()> {
    let stats = Arc::new(Stats::default());
    let (_keep, control) = watch::channel(Arc::new(Control { models: models.clone(), ..Control::default() }));
    let clock: processors::Clock = Arc::new(move || now_ms);
    let deps = Deps { log: log.clone(), store: store.clone(), control, clock, stats: stats.clone() };
    let cancel = CancellationToken::new();
    let config = Config { idle_after: Duration::ZERO, ..Config::default() };
    let running = tokio::spawn(run(config, deps, cancel.clone()));
    let began = Instant::now();
    while !is_done(&stats).await {
        if running.is_finished() || began.elapsed() > PATIENCE {
            return Err("the processors do not get there".into());
        }
        // Looking costs something too.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    cancel.cancel();
    Ok(running.await??)
}

/// Four weeks of everybody of a partition, of which today is not final, and today's activity.
async fn fill(store: &EmbeddedStore, partition: u32) -> Result<()> {
    let at = store.acquire(partition).await?;
    let mine: Vec<String> =
        (0..PEOPLE).map(|n| format!("p{n:06}")).filter(|user| partition_of(user.as_bytes(), PARTITIONS) == partition).collect();
    let (mut days, mut activities) = (UserDailyColumns::default(), ActivityEventColumns::default());
    let version = at.position << 16;
    let commit = async |rows| {
        let (from, to) = (at.position, at.position);
        store.commit(Commit { partition, epoch: at.epoch, from, to, state: at.state.clone(), rows }).await
    };
    for number in (0..DAYS).filter(|at| is_workday(*at)) {
        let date = TODAY - DAYS + 1 + number;
        let figures = day(number);
        let nine = i64::from(date) * DAY_MS + 9 * HOUR;
        for user_id in &mine {
            days.push(&UserDaily { user_id, day: date, final_: date != TODAY, version, ..row(&figures, nine) });
            if days.len() == ROWS_A_COMMIT {
                commit(vec![(&USER_DAILY, days.finish()?)]).await?;
            }
        }
    }
    for user_id in &mine {
        for hour in [9, 14] {
            let ts = i64::from(TODAY) * DAY_MS + hour * HOUR;
            let id = format!("{hour}");
            activities.push(&ActivityEvent { id: &id, user_id, ts, version, ..activity() });
        }
    }
    commit(vec![(&USER_DAILY, days.finish()?), (&ACTIVITY_EVENTS, activities.finish()?)]).await?;
    Ok(())
}

fn row(figures: &Day, nine: i64) -> UserDaily<'static> {
    UserDaily {
        user_id: "",
        day: 0,
        team_id: None,
        active_ms: figures.active_ms,
        focus_ms: figures.focus_ms,
        comm_ms: 0,
        meeting_ms: figures.meeting_ms,
        switches: 0,
        blocks: 0,
        deep_blocks: 0,
        block_ms: 0,
        deep_ms: 0,
        longest_block_ms: 0,
        stretch_ms: 0,
        sessions: 0,
        sessions_completed: 0,
        session_ms: 0,
        messages_received: 0,
        messages_sent: 0,
        sent_after_hours: 0,
        response_ms: None,
        interruptions: 0,
        self_interruptions: 0,
        load: 0.0,
        interruption_score: figures.interruption_score,
        focus_score: None,
        streak_days: 0,
        first_active: Some(nine),
        last_active: Some(nine + figures.span_ms),
        span_ms: figures.span_ms,
        after_hours_ms: figures.after_hours_ms,
        rest_ms: figures.rest_ms,
        definition: 1,
        final_: true,
        version: 0,
        deleted: false,
    }
}

fn activity() -> ActivityEvent<'static> {
    ActivityEvent {
        id: "",
        user_id: "",
        team_id: None,
        ts: 0,
        app: "editor",
        duration_ms: 4 * HOUR,
        afk: false,
        category: "coding",
        title: None,
        url: None,
        device: None,
        source: "bench",
        ingested_at: 0,
        extra: None,
        version: 0,
    }
}

/// Risks of today in the store that a model told.
async fn told_by(store: &dyn Store, model: &str) -> usize {
    let from_ms = i64::from(TODAY) * DAY_MS;
    let columns: Option<&[&str]> = Some(&["model"]);
    let scan = Scan { table: &BURNOUT_RISK, whose: Whose::EVERYONE, from_ms, to_ms: from_ms + DAY_MS, columns };
    let told = |batch: &RecordBatch| {
        let by = column::<Text>(batch, "model");
        by.map_or(0, |by| (0..batch.num_rows()).filter(|row| by(*row) == Some(model)).count())
    };
    store.scan(scan).await.map_or(0, |batches| batches.iter().map(told).sum())
}

/// Of this process so far, all threads.
fn cpu_seconds() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).ok_or("no CPU time in /proc/self/stat");
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}
