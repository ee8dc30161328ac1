//! Keeps the figures of the last weeks at hand, from the start on, so that no dashboard has to wait for them: the days are
//! loaded when the live feed runs, the newest first, as far as memory goes, and looked after from then on.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use schemas::directory::DAY_MS;
use tokio_util::sync::CancellationToken;

use super::{OfDays, OfWindows};
use crate::Error;
use crate::app::App;

/// What the pages ask for: 28 days of heat map, in the zone that is furthest ahead.
const DAYS: i32 = 31;
/// Looking after the days costs a statement, and the loading of what has changed.
const EVERY: Duration = Duration::from_secs(5);
/// Of one processor's time, at most a twentieth goes into it.
const REST: u32 = 20;
const START: Duration = Duration::from_millis(50);

pub async fn run(app: App, cancel: CancellationToken) {
    // What everybody waits for comes first.
    while !app.live_runs.load(Ordering::Acquire) {
        tokio::time::sleep(START).await;
    }
    let started = Instant::now();
    match load(&app).await {
        Ok(()) => tracing::info!(ms = started.elapsed().as_millis() as u64, "figures of the last weeks are at hand"),
        Err(error) => tracing::warn!(%error, "figures could not be loaded ahead"),
    }
    let mut took = Duration::ZERO;
    while cancel.run_until_cancelled(tokio::time::sleep(EVERY.max(took * REST))).await.is_some() {
        let started = Instant::now();
        if let Err(error) = tend(&app).await {
            tracing::warn!(%error, "figures could not be brought up to date");
        }
        took = started.elapsed();
    }
}

fn days(app: &App) -> std::ops::RangeInclusive<i32> {
    let today = app.now().div_euclid(DAY_MS) as i32;
    today - DAYS..=today + 1
}

async fn load(app: &App) -> Result<(), Error> {
    let days = days(app);
    app.figures.keep(days.clone());
    app.figures.days(days.clone()).await?;
    let mut last = *days.end();
    while last >= *days.start() && app.figures.windows.has_room() {
        let first = (last - app.figures.windows.chunk() + 1).max(*days.start());
        app.figures.windows(first..=last).await?;
        last = first - 1;
    }
    decide(app, days).await
}

async fn tend(app: &App) -> Result<(), Error> {
    let (figures, days) = (&app.figures, days(app));
    figures.keep(days.clone());
    // A day that has begun since is not held yet.
    figures.days(*days.end() - 1..=*days.end()).await?;
    figures.windows(*days.end() - 1..=*days.end()).await?;
    figures.daily.tend(days.clone(), &OfDays(figures)).await?;
    figures.windows.tend(days.clone(), &OfWindows(figures)).await?;
    decide(app, days).await
}

/// What may be shown is remembered with each day: the first who asks need not wait for that either.
async fn decide(app: &App, days: std::ops::RangeInclusive<i32>) -> Result<(), Error> {
    let (held, org, k) = (app.figures.windows.held(days), app.org(&app.control()), app.config.k());
    let units = app.figures.units(&org);
    let work = move || held.iter().for_each(|day| drop(day.released(&org, &units, k)));
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::Internal(format!("what may be shown could not be decided: {e}")))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use eventlog::memory::MemoryLog;
    use store::control::{ControlStore, MemoryControl};
    use store::embedded::EmbeddedStore;

    use super::*;
    use crate::{Config, Deps, PipelineStats, Service};

    /// A day without rows takes 64 bytes.
    fn app(dir: &std::path::Path, days_that_fit: usize) -> App {
        let control = Arc::new(MemoryControl::new());
        let deps = Deps {
            store: Arc::new(EmbeddedStore::open(store::embedded::Config::new(dir)).unwrap()),
            log: Arc::new(MemoryLog::new(1)),
            control: control.watch(),
            writer: control,
            pipeline: Arc::new(|| PipelineStats { partitions: Vec::new() }),
            metrics: Arc::new(String::new),
            clock: Arc::new(|| 20_000 * DAY_MS),
            cancel: CancellationToken::new(),
        };
        Service::new(Config { figures_bytes: days_that_fit * 64 * 4, ..Config::default() }, deps).app
    }

    #[tokio::test]
    async fn the_last_weeks_are_at_hand_and_a_long_span_leaves_them_there() {
        let dir = tempfile::tempdir().unwrap();
        let app = app(dir.path(), 40);
        load(&app).await.unwrap();
        let at_hand = |app: &App| app.figures.daily.held(days(app)).len();
        assert_eq!(at_hand(&app), DAYS as usize + 2);
        assert!(!app.figures.windows.held(days(&app)).is_empty());
        let (found, other) = tokio::join!(app.figures.days(19_000..=19_399), app.figures.days(18_000..=18_399));
        assert_eq!((found.unwrap().len(), other.unwrap().len()), (400, 400));
        assert_eq!(at_hand(&app), DAYS as usize + 2);
        assert!(app.figures.daily.bytes() <= 40 * 64);
        tend(&app).await.unwrap();
        assert_eq!(at_hand(&app), DAYS as usize + 2);
    }

    #[tokio::test]
    async fn long_spans_take_turns_and_short_ones_do_not_wait() {
        let dir = tempfile::tempdir().unwrap();
        let app = app(dir.path(), 40);
        let turn = app.figures.turn(400).await.unwrap();
        assert!(turn.is_some() && app.figures.turn(30).await.unwrap().is_none());
        let next = tokio::time::timeout(Duration::from_millis(50), app.figures.turn(400));
        assert!(next.await.is_err(), "one is under way");
        drop(turn);
        assert!(app.figures.turn(400).await.unwrap().is_some());
    }
}
