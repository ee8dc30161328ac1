//! `up --demo`: a simulated company, founded where people are at work when the demo first starts. Its last two weeks come in
//! in bulk through the same intake as everybody's events, then its people work on as time goes by: home in the evening, away
//! on weekends, and somebody is always at it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use eventlog::{EventLog, Topic};
use schemas::directory::DAY_MS;
use serde::{Deserialize, Serialize};
use store::control::ControlStore;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::data_dir::DataDir;
use crate::import::Sink;
use crate::problem::Problem;
use crate::simulate::{self, Home, Workforce};
use crate::terminal::{Terminal, count, took};
use crate::wiring::services::now_ms;

const HISTORY_DAYS: i64 = 14;
/// After a longer stop the gap stays: nobody waits for months of history.
const MAX_CATCH_UP_MS: i64 = 30 * DAY_MS;
const PIECE_BYTES: usize = 2 << 20;
const TICK: Duration = Duration::from_millis(500);
const REMEMBER_EVERY: Duration = Duration::from_secs(10);

/// What must be the same when the demo goes on after a restart.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Standing {
    seed: u64,
    start_day: i32,
    home: Home,
    /// Events before this time are in the log.
    until_ms: i64,
}

impl Standing {
    fn company(&self, people: usize) -> simulate::Config {
        let founded = simulate::Config::new(self.seed, people, self.start_day, HISTORY_DAYS as i32);
        simulate::Config { as_sent: true, home: Some(self.home.clone()), ..founded }
    }
}

/// Events that come before a time.
struct Batch {
    lines: Bytes,
    events: u64,
    until_ms: i64,
}

pub struct Demo {
    pub data: DataDir,
    pub control: Arc<dyn ControlStore>,
    pub sink: Arc<dyn Sink>,
    pub terminal: Terminal,
    pub people: usize,
}

/// Made-up people among real ones, or real ones among made-up people, could never be told apart again.
pub async fn may_move_in(data: &DataDir, control: &dyn ControlStore, log: &dyn EventLog) -> Result<()> {
    if is_home(data) {
        return Ok(());
    }
    let mut taken = control.watch().borrow().directory.people().next().is_some();
    for partition in 0..log.partitions(Topic::Events) {
        taken |= log.range(Topic::Events, partition).await?.end > 0;
    }
    if taken {
        let what = format!("{} has people or events of its own, and a demo would mix its made-up ones in", data.path().display());
        return Err(Problem::new(what).cure("give the demo a directory to itself: focusflow up --demo --data DIR").into());
    }
    Ok(())
}

/// Whether a demo company lives there.
pub fn is_home(data: &DataDir) -> bool {
    standing_path(data).exists()
}

fn standing_path(data: &DataDir) -> PathBuf {
    data.path().join("demo.json")
}

impl Demo {
    pub async fn run(self, cancel: CancellationToken) -> Result<()> {
        let mut standing = self.standing();
        // Before anybody is put in: from now on the directory is the demo's.
        self.keep(&standing)?;
        let workforce = Workforce::new(standing.company(self.people));
        if self.control.watch().borrow().directory.people().next().is_none() {
            self.control.put_directory(workforce.directory().clone()).await.context("the demo's directory")?;
        }
        let (now, from) = (now_ms(), standing.until_ms);
        let (give, mut take) = mpsc::channel(2);
        let stop = cancel.clone();
        let making = tokio::task::spawn_blocking(move || make(&workforce, from, now, &give, &stop));
        let mut report = Report {
            terminal: &self.terminal,
            people: self.people,
            from,
            now,
            started: Instant::now(),
            events: 0,
            quarter: 0,
            live: false,
        };
        let mut last_kept = Instant::now();
        report.begin();
        while let Some(Some(batch)) = cancel.run_until_cancelled(take.recv()).await {
            let sending = self.sink.take(batch.lines).await?;
            sending.await.context("the demo's events")?;
            standing.until_ms = batch.until_ms;
            report.add(batch.events, batch.until_ms);
            if last_kept.elapsed() >= REMEMBER_EVERY {
                self.keep(&standing)?;
                last_kept = Instant::now();
            }
        }
        self.keep(&standing)?;
        if !cancel.is_cancelled() {
            making.await.context("the demo")?;
        }
        Ok(())
    }

    fn standing(&self) -> Standing {
        let now = now_ms();
        let known: Option<Standing> =
            std::fs::read(standing_path(&self.data)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let start_day = (now.div_euclid(DAY_MS) - HISTORY_DAYS) as i32;
        let fresh = Standing { seed: 1, start_day, home: Home::at_work(now), until_ms: i64::from(start_day) * DAY_MS };
        let mut standing = known.unwrap_or(fresh);
        standing.until_ms = standing.until_ms.clamp(now - MAX_CATCH_UP_MS, now);
        standing
    }

    fn keep(&self, standing: &Standing) -> Result<()> {
        self.data.replace(&standing_path(&self.data), &serde_json::to_vec(standing)?)
    }
}

/// History in large pieces, then what comes with each tick of the clock, until nobody takes it.
fn make(workforce: &Workforce, from: i64, now: i64, give: &mpsc::Sender<Batch>, cancel: &CancellationToken) {
    let mut events = workforce.events(from, i64::MAX / 2);
    let mut until_ms = from;
    // A piece of history is what comes in a few minutes, until there is enough of it.
    while until_ms < now && !cancel.is_cancelled() {
        let (mut lines, mut made) = (Vec::with_capacity(PIECE_BYTES + PIECE_BYTES / 4), 0);
        while until_ms < now && lines.len() < PIECE_BYTES {
            until_ms = (until_ms + 5 * 60_000).min(now);
            made += events.write_before(until_ms, &mut lines) as u64;
        }
        if give.blocking_send(Batch { lines: lines.into(), events: made, until_ms }).is_err() {
            return;
        }
    }
    while !cancel.is_cancelled() {
        std::thread::sleep(TICK);
        let until_ms = now_ms();
        let mut lines = Vec::new();
        let made = events.write_before(until_ms, &mut lines) as u64;
        if made > 0 && give.blocking_send(Batch { lines: lines.into(), events: made, until_ms }).is_err() {
            return;
        }
    }
}

/// Says how far the history is, at each quarter.
struct Report<'a> {
    terminal: &'a Terminal,
    people: usize,
    from: i64,
    now: i64,
    started: Instant,
    events: u64,
    quarter: i64,
    live: bool,
}

impl Report<'_> {
    fn begin(&self) {
        let days = (self.now - self.from) as f64 / DAY_MS as f64;
        let days = if days >= 1.5 { format!("{days:.0} days") } else { format!("{:.1} hours", days * 24.0) };
        self.terminal.say("demo", &format!("{} simulated people: catching up on {days}; the page works meanwhile", self.people));
    }

    fn add(&mut self, events: u64, until_ms: i64) {
        if self.live {
            return;
        }
        self.events += events;
        let quarter = (until_ms - self.from) * 4 / (self.now - self.from).max(1);
        if until_ms >= self.now {
            self.live = true;
            let text = format!("{} events of history in {}; live from here", count(self.events), took(self.started));
            self.terminal.say("demo", &text);
        } else if quarter > self.quarter {
            self.quarter = quarter;
            self.terminal.say("demo", &format!("{} % ({} events)", quarter * 25, count(self.events)));
        }
    }
}

#[cfg(test)]
mod tests;
