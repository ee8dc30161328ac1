//! The read model of team figures: days of everybody, loaded from the store when asked for and kept within a bound, so that
//! a dashboard's question over 30 days is arithmetic in memory.
//!
//! Whole days of everybody, not one team's: what may be shown of a team depends on the teams around it (`access::release`).

pub mod daily;
pub mod days;
pub mod head;
pub mod warm;
pub mod windows;

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arrow::array::Array;
use schemas::directory::{DAY_MS, date};
use serde_json::json;
use store::{Limits, Store};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::access::Org;
use crate::config::Config;
use crate::rows::{self, Columns, optional};
use crate::{Error, metrics};
use daily::{Day, METRICS, PersonDay};
use days::{Days, Policy, Source};
use windows::{Sums, WINDOW_MS, WindowsDay, WindowsDayBuilder};

pub struct FigureStore {
    store: Arc<dyn Store>,
    limits: Limits,
    names: Mutex<Names>,
    daily: Days<Day>,
    windows: Days<WindowsDay>,
    long_spans: Arc<Semaphore>,
}

/// Longer than what is kept at hand.
const LONG_DAYS: i32 = 35;
/// How long a long span waits for its turn.
const PATIENCE: Duration = Duration::from_secs(20);

/// Small numbers for people and teams.
#[derive(Default)]
struct Names {
    people: HashMap<Box<str>, u32>,
    teams: HashMap<Box<str>, u32>,
    /// By team number; the first is no team.
    team_list: Vec<Option<Box<str>>>,
}

impl Names {
    fn person(&mut self, id: &str) -> u32 {
        let next = self.people.len() as u32;
        match self.people.get(id) {
            Some(number) => *number,
            None => *self.people.entry(id.into()).or_insert(next),
        }
    }

    fn team(&mut self, id: Option<&str>) -> u32 {
        if self.team_list.is_empty() {
            self.team_list.push(None);
        }
        let Some(id) = id else { return 0 };
        if let Some(number) = self.teams.get(id) {
            return *number;
        }
        let number = self.team_list.len() as u32;
        self.team_list.push(Some(id.into()));
        self.teams.insert(id.into(), number);
        number
    }
}

impl FigureStore {
    pub fn new(store: Arc<dyn Store>, config: &Config) -> Arc<FigureStore> {
        let policy = |max_bytes, chunk| Policy { fresh: config.figures_fresh, stale: config.figures_stale, max_bytes, chunk };
        Arc::new(FigureStore {
            store,
            limits: config.internal_limits(),
            names: Mutex::new(Names { team_list: vec![None], ..Names::default() }),
            daily: Days::new(policy(config.figures_bytes / 4, 31)),
            // A day of windows is many times a day of days, more so while it is loaded.
            windows: Days::new(policy(config.figures_bytes / 4 * 3, 4)),
            long_spans: Arc::new(Semaphore::new(1)),
        })
    }

    /// Days that stay whatever else is asked for.
    fn keep(&self, days: RangeInclusive<i32>) {
        self.daily.keep(days.clone());
        self.windows.keep(days);
    }

    /// A long span of days is in memory whole while its answer is computed: one at a time, until what is given is dropped.
    pub async fn turn(&self, days: i32) -> Result<Option<OwnedSemaphorePermit>, Error> {
        if days <= LONG_DAYS {
            return Ok(None);
        }
        let turn = timeout(PATIENCE, self.long_spans.clone().acquire_owned()).await;
        let turn = turn.map_err(|_| Error::Busy { what: "long spans of days to answer", limit: 1 })?;
        turn.map(Some).map_err(|e| Error::Internal(e.to_string()))
    }

    /// A local day has other rows than before.
    pub fn day_changed(&self, day: i32) {
        self.daily.invalidate(day);
    }

    /// A window (by its start) has.
    pub fn window_changed(&self, start: i64) {
        self.windows.invalidate(start.div_euclid(DAY_MS) as i32);
    }

    /// The unit of each team number, under a directory. Take it after the days: loading them may number new teams.
    pub fn units(&self, org: &Org) -> Vec<usize> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.team_list.iter().map(|team| org.unit_of(team.as_deref())).collect()
    }

    /// Local days.
    pub async fn days(self: &Arc<Self>, days: RangeInclusive<i32>) -> Result<Vec<(i32, Arc<Day>)>, Error> {
        let (data, old) = self.daily.get(days.clone(), &OfDays(self)).await?;
        if old {
            let (this, days) = (self.clone(), days.clone());
            tokio::spawn(async move { told(this.daily.tend(days, &OfDays(&this)).await) });
        }
        Ok(days.zip(data).collect())
    }

    /// The windows of UTC days.
    pub async fn windows(self: &Arc<Self>, days: RangeInclusive<i32>) -> Result<Vec<(i32, Arc<WindowsDay>)>, Error> {
        let (data, old) = self.windows.get(days.clone(), &OfWindows(self)).await?;
        if old {
            let (this, days) = (self.clone(), days.clone());
            tokio::spawn(async move { told(this.windows.tend(days, &OfWindows(&this)).await) });
        }
        Ok(days.zip(data).collect())
    }

    /// By local day: how many rows, and a sum over their versions.
    async fn stamps(&self, span: RangeInclusive<i32>) -> Result<HashMap<i32, u64>, Error> {
        let mut stamps = HashMap::new();
        let params = vec![json!(date(*span.start()).to_string()), json!(date(*span.end()).to_string())];
        rows::each(&self.store, include_str!("../sql/stamps.sql"), params, self.limits, |batch| {
            let columns = Columns(batch);
            let (days, rows, versions) = (columns.day("day")?, columns.int("rows")?, columns.int("versions")?);
            for row in 0..batch.num_rows() {
                let stamp = (versions.value(row) as u64).wrapping_mul(31).wrapping_add(rows.value(row) as u64);
                stamps.insert(days.value(row), stamp);
            }
            Ok(())
        })
        .await?;
        Ok(stamps)
    }

    async fn load_days(&self, span: RangeInclusive<i32>) -> Result<Vec<(Day, usize)>, Error> {
        let started = Instant::now();
        let first = *span.start();
        let mut days: Vec<Day> = span.clone().map(|_| Day::new()).collect();
        let params = vec![json!(date(*span.start()).to_string()), json!(date(*span.end()).to_string())];
        rows::each(&self.store, include_str!("../sql/daily.sql"), params, self.limits, |batch| {
            let columns = Columns(batch);
            let (users, teams, numbers) = (columns.text("user_id")?, columns.text("team_id")?, columns.day("day")?);
            let metrics = METRICS.iter().map(|name| columns.float(name)).collect::<Result<Vec<_>, _>>()?;
            let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            for row in 0..batch.num_rows() {
                let Some(day) = days.get_mut((numbers.value(row) - first) as usize) else { continue };
                let values = std::array::from_fn(|m| optional(&metrics[m], row, |a, r| a.value(r)).unwrap_or(f64::NAN));
                let person = names.person(users.value(row));
                let team = names.team(teams.is_valid(row).then(|| teams.value(row)));
                day.push(PersonDay { person, team, values });
            }
            Ok(())
        })
        .await?;
        let loaded = days.into_iter().map(|mut day| {
            day.shrink_to_fit();
            let bytes = day.len() * size_of::<PersonDay>() + 64;
            (day, bytes)
        });
        let loaded = loaded.collect::<Vec<_>>();
        self.loaded("daily", loaded.len(), started, self.daily.bytes());
        Ok(loaded)
    }

    async fn load_windows(&self, span: RangeInclusive<i32>) -> Result<Vec<(WindowsDay, usize)>, Error> {
        let started = Instant::now();
        let from = i64::from(*span.start()) * DAY_MS;
        let to = (i64::from(*span.end()) + 1) * DAY_MS;
        let mut days: Vec<WindowsDayBuilder> = span.map(|_| WindowsDayBuilder::default()).collect();
        rows::each(&self.store, include_str!("../sql/windows.sql"), vec![json!(from), json!(to)], self.limits, |batch| {
            let columns = Columns(batch);
            let (users, teams, starts) = (columns.text("user_id")?, columns.text("team_id")?, columns.time("window_start")?);
            let (active, focus) = (columns.int("active_ms")?, columns.int("focus_ms")?);
            let (meeting, interruptions) = (columns.int("meeting_ms")?, columns.int("interruptions")?);
            let (load, score) = (columns.float("load")?, columns.float("interruption_score")?);
            let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            // A person's windows come on end: their number is looked up once.
            let mut last: Option<(&str, Option<&str>, u32, u32)> = None;
            for row in 0..batch.num_rows() {
                let since = starts.value(row) - from;
                let Some(day) = days.get_mut(since.div_euclid(DAY_MS) as usize) else { continue };
                let sums = Sums {
                    n: 1,
                    active_ms: active.value(row),
                    focus_ms: focus.value(row),
                    meeting_ms: meeting.value(row),
                    interruptions: interruptions.value(row),
                    load: load.value(row),
                    score: score.value(row),
                };
                let window = (since.rem_euclid(DAY_MS) / WINDOW_MS) as u16;
                let (user, team_id) = (users.value(row), teams.is_valid(row).then(|| teams.value(row)));
                let (person, team) = match last {
                    Some((u, t, person, team)) if u == user && t == team_id => (person, team),
                    _ => (names.person(user), names.team(team_id)),
                };
                last = Some((user, team_id, person, team));
                day.push(person, team, window, &sums);
            }
            Ok(())
        })
        .await?;
        let loaded: Vec<_> = days.into_iter().map(WindowsDayBuilder::finish).collect();
        self.loaded("windows", loaded.len(), started, self.windows.bytes());
        Ok(loaded)
    }

    fn loaded(&self, kind: &'static str, days: usize, started: Instant, bytes: usize) {
        ::metrics::counter!(metrics::FIGURES_LOADS, "kind" => kind).increment(days as u64);
        ::metrics::histogram!(metrics::FIGURES_LOAD_SECONDS, "kind" => kind).record(started.elapsed().as_secs_f64());
        ::metrics::gauge!(metrics::FIGURES_BYTES, "kind" => kind).set(bytes as f64);
    }
}

fn told(outcome: Result<(), Error>) {
    if let Err(error) = outcome {
        tracing::warn!(%error, "figures could not be brought up to date");
    }
}

struct OfDays<'a>(&'a FigureStore);

impl Source<Day> for OfDays<'_> {
    async fn stamps(&self, span: RangeInclusive<i32>) -> Result<Vec<u64>, Error> {
        let stamps = self.0.stamps(span.clone()).await?;
        Ok(span.map(|day| stamps.get(&day).copied().unwrap_or(0)).collect())
    }

    async fn load(&self, span: RangeInclusive<i32>) -> Result<Vec<(Day, usize)>, Error> {
        self.0.load_days(span).await
    }
}

struct OfWindows<'a>(&'a FigureStore);

impl Source<WindowsDay> for OfWindows<'_> {
    /// A window that changes changes its local day, which began on the UTC day before, on the same or on the next.
    async fn stamps(&self, span: RangeInclusive<i32>) -> Result<Vec<u64>, Error> {
        let stamps = self.0.stamps(*span.start() - 1..=*span.end() + 1).await?;
        let of = |day: i32| stamps.get(&day).copied().unwrap_or(0);
        Ok(span.map(|day| of(day - 1).wrapping_mul(7) ^ of(day).wrapping_mul(11) ^ of(day + 1).wrapping_mul(13)).collect())
    }

    async fn load(&self, span: RangeInclusive<i32>) -> Result<Vec<(WindowsDay, usize)>, Error> {
        self.0.load_windows(span).await
    }
}
