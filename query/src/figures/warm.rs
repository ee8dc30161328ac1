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
