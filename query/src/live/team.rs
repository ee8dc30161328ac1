//! The live state of a unit, and what of it changed.

use std::collections::BTreeMap;

use schemas::live::DayFigures;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::people::{People, PersonLive, WindowState};
use super::presence;
use crate::access::{shown, withhold_windows};
use crate::figures::stats::Stat;
use crate::figures::windows::WINDOW_MS;
use crate::rest::Scope;
use crate::rest::span::{day_start, day_text, local_day};

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TeamLive {
    pub scope: Scope,
    pub at: i64,
    pub k: u32,
    pub n: Option<u32>,
    pub suppressed: bool,
    pub rolled_up_to: Option<String>,
    pub now: Option<Now>,
    pub today: Option<Today>,
    pub windows: Vec<Window>,
    pub freshness_ms: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Now {
    active: u32,
    in_focus: u32,
    in_meeting: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Today {
    day: String,
    focus_ms: Option<Stat>,
    active_ms: Option<Stat>,
    interruptions: Option<Stat>,
    interruption_score: Option<Stat>,
    focus_score: Option<Stat>,
    load: Option<Stat>,
    switches: Option<Stat>,
    meeting_ms: Option<Stat>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Window {
    pub start: i64,
    pub n: Option<u32>,
    pub suppressed: bool,
    pub active_ms: Option<f64>,
    pub focus_ms: Option<f64>,
    pub meeting_ms: Option<f64>,
    pub interruptions: Option<f64>,
    pub interruption_score: Option<f64>,
    pub load: Option<f64>,
}

/// The unit's state now. `People::settle` has been called.
pub fn compute(people: &People, unit: usize, k: u32, now: i64) -> TeamLive {
    let org = &people.org;
    let zone = &org.unit(unit).zone;
    let day = local_day(now, zone);
    let from = day_start(day, zone);
    let answering = shown(org, unit, |at| people.today.released[at]);
    let of = answering.unwrap_or(unit);
    TeamLive {
        scope: Scope::unit(org, unit),
        at: now,
        k,
        n: answering.map(|at| people.today.total[at]),
        suppressed: answering.is_none(),
        rolled_up_to: answering.filter(|at| *at != unit).map(|at| org.unit(at).id.clone()),
        now: answering.map(|at| count_now(people, at, now)),
        today: answering.map(|at| today(people, at, day_text(day))),
        windows: windows(people, of, k, from),
        freshness_ms: None,
    }
}

fn count_now(people: &People, unit: usize, now: i64) -> Now {
    let mut count = Now::default();
    for person in people.members(unit).filter(|person| person.is_active_today()) {
        let at = presence::at(&person.now, now);
        count.active += u32::from(at.active);
        count.in_focus += u32::from(at.in_focus);
        count.in_meeting += u32::from(at.in_meeting);
    }
    count
}

fn today(people: &People, unit: usize, day: String) -> Today {
    let days: Vec<&DayFigures> =
        people.members(unit).filter(|person| person.is_active_today()).filter_map(PersonLive::today).collect();
    let mut values = Vec::with_capacity(days.len());
    let mut stat = |figure: &dyn Fn(&DayFigures) -> f64| {
        values.clear();
        values.extend(days.iter().map(|day| figure(day)));
        Stat::of(&mut values)
    };
    let mut scores: Vec<f64> = days.iter().filter_map(|day| day.focus_score).collect();
    Today {
        day,
        focus_ms: stat(&|d| d.focus_ms as f64),
        active_ms: stat(&|d| d.active_ms as f64),
        interruptions: stat(&|d| d.interruptions as f64),
        interruption_score: stat(&|d| d.interruption_score),
        focus_score: if people.today_focus.released[unit] { Stat::of(&mut scores) } else { None },
        load: stat(&|d| d.load),
        switches: stat(&|d| d.switches as f64),
        meeting_ms: stat(&|d| d.meeting_ms as f64),
    }
}

fn windows(people: &People, unit: usize, k: u32, from: i64) -> Vec<Window> {
    let number = |start: i64| ((start - from) / WINDOW_MS) as u16;
    let with_data: Vec<(i64, &WindowState)> = people.windows_from(from).filter(|(_, state)| state.sums[unit].n > 0).collect();
    let released: BTreeMap<u16, bool> = with_data.iter().map(|(start, state)| (number(*start), state.released[unit])).collect();
    let counts: Vec<(u16, u32)> = with_data.iter().map(|(start, state)| (number(*start), state.sums[unit].n)).collect();
    let people_of = |hidden: &[u16]| {
        if hidden.is_empty() || hidden.len() == counts.len() {
            // Nothing is hidden, or nothing shown: nothing to subtract.
            return 0;
        }
        let is_in = |person: &&PersonLive| {
            let active = |w: &u16| person.window(from + i64::from(*w) * WINDOW_MS).is_some_and(|w| w.active_ms > 0);
            hidden.iter().any(active)
        };
        people.members(unit).filter(is_in).take(k as usize).count() as u32
    };
    let extra = withhold_windows(&counts, k, |w| released.get(&w).copied().unwrap_or(false), people_of);
    let is_shown = |start: i64, state: &WindowState| state.released[unit] && !extra.contains(&number(start));
    with_data.into_iter().map(|(start, state)| Window::new(start, is_shown(start, state), state, unit)).collect()
}

impl Window {
    fn new(start: i64, is_shown: bool, state: &WindowState, unit: usize) -> Window {
        let sums = &state.sums[unit];
        let mean = |sum: f64| is_shown.then(|| sum / f64::from(sums.n));
        Window {
            start,
            n: is_shown.then_some(sums.n),
            suppressed: !is_shown,
            active_ms: mean(sums.active_ms as f64),
            focus_ms: mean(sums.focus_ms as f64),
            meeting_ms: mean(sums.meeting_ms as f64),
            interruptions: mean(sums.interruptions as f64),
            interruption_score: mean(sums.score),
            load: mean(sums.load),
        }
    }
}

pub enum Change {
    None,
    /// The JSON of a delta.
    Delta(String),
    /// So much is different that the whole state has to go out: another day, another set of windows.
    Whole,
}

/// What a reader of `before` needs to have `after`.
pub fn change(before: &TeamLive, after: &TeamLive) -> Change {
    let day = |state: &TeamLive| state.today.as_ref().map(|today| today.day.clone());
    let windows_left = before.windows.iter().any(|w| after.windows.binary_search_by_key(&w.start, |w| w.start).is_err());
    if windows_left || (before.today.is_some() && after.today.is_some() && day(before) != day(after)) {
        return Change::Whole;
    }
    let mut delta = Map::new();
    let mut set = |name: &str, changed: bool, value: &dyn Fn() -> Value| {
        if changed {
            delta.insert(name.to_owned(), value());
        }
    };
    set("scope", before.scope != after.scope, &|| json!(after.scope));
    set("k", before.k != after.k, &|| json!(after.k));
    set("n", before.n != after.n, &|| json!(after.n));
    set("suppressed", before.suppressed != after.suppressed, &|| json!(after.suppressed));
    set("rolled_up_to", before.rolled_up_to != after.rolled_up_to, &|| json!(after.rolled_up_to));
    set("now", before.now != after.now, &|| json!(after.now));
    set("today", before.today != after.today, &|| json!(after.today));
    let is_new = |window: &&Window| {
        let known = before.windows.binary_search_by_key(&window.start, |w| w.start);
        known.map_or(true, |at| before.windows[at] != **window)
    };
    let windows: Vec<&Window> = after.windows.iter().filter(is_new).collect();
    set("windows", !windows.is_empty(), &|| json!(windows));
    if delta.is_empty() {
        return Change::None;
    }
    delta.insert("at".into(), json!(after.at));
    delta.insert("freshness_ms".into(), json!(after.freshness_ms));
    Change::Delta(Value::Object(delta).to_string())
}
