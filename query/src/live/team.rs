//! The live state of a unit, and what of it changed.

use std::collections::HashSet;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use super::people::{People, WindowState};
use super::person::PersonLive;
use super::presence;
use super::window::Kept;
use crate::access::{ROOT, Window, day_start, local_day, shown, shown_windows};
use crate::figures::daily::{Figures, Shown, values_of};
use crate::figures::head::Head;
use crate::figures::windows::Point;
use crate::rest::span::day_text;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TeamLive {
    #[serde(flatten)]
    pub head: Head,
    pub at: i64,
    pub n: Option<u32>,
    pub suppressed: bool,
    pub now: Option<Now>,
    pub today: Option<Today>,
    pub windows: Vec<Point>,
    pub freshness_ms: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Now {
    active: u32,
    in_focus: u32,
    in_meeting: u32,
}

/// The date in the zone of the unit asked for, and the figures of it that a page shows live.
#[derive(Debug, Clone, PartialEq)]
pub struct Today {
    day: i32,
    figures: Figures,
}

const TODAY: [&str; 8] =
    ["focus_ms", "active_ms", "interruptions", "interruption_score", "focus_score", "load", "switches", "meeting_ms"];

impl Serialize for Today {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(TODAY.len() + 1))?;
        map.serialize_entry("day", &day_text(self.day))?;
        for name in TODAY {
            map.serialize_entry(name, &self.figures.get(name))?;
        }
        map.end()
    }
}

/// The unit's state now. `People::settle` has been called.
pub fn compute(people: &People, unit: usize, k: u32, now: i64) -> TeamLive {
    let org = &people.org;
    let zone = &org.unit(unit).zone;
    let day = local_day(now, zone);
    let answering = answering(people, unit, day);
    let figures = answering.and_then(|at| Some((at, people.shown(day)?)));
    TeamLive {
        head: Head::new(org, unit, answering, k),
        at: now,
        n: figures.map(|(at, shown)| shown.total[at]),
        suppressed: answering.is_none(),
        now: answering.map(|at| count_now(people, at, day, now)),
        today: figures.map(|(at, shown)| today(people, at, day, shown)),
        windows: windows(people, answering.unwrap_or(unit), k, day_start(day, zone)),
        freshness_ms: None,
    }
}

/// As REST over the same day: the unit itself or the nearest above it with enough people on that date.
pub fn answering(people: &People, unit: usize, day: i32) -> Option<usize> {
    let of_day = people.shown(day)?;
    shown(&people.org, unit, |at| of_day.released[at])
}

/// Those who count today, as they stand this moment: who is at it is no secret of the page, and news of it do not wait.
fn count_now(people: &People, unit: usize, day: i32, now: i64) -> Now {
    let mut count = Now::default();
    for person in people.members(unit).filter(|person| person.latest_day(day).is_some_and(|day| day.active_ms > 0)) {
        let at = presence::at(&person.now, now);
        count.active += u32::from(at.active);
        count.in_focus += u32::from(at.in_focus);
        count.in_meeting += u32::from(at.in_meeting);
    }
    count
}

fn today(people: &People, unit: usize, day: i32, shown: &Shown) -> Today {
    let values: Vec<_> = people.members(unit).filter_map(|person| person.active_day(day)).map(values_of).collect();
    Today { day, figures: Figures::of(&values, shown.focus[unit]) }
}

/// Those from an instant on in which anybody was active. What may be shown of them depends on all of the unit's own local day.
fn windows(people: &People, unit: usize, k: u32, from: i64) -> Vec<Point> {
    let zone = &people.org.unit(unit).zone;
    let states: Vec<(i64, &WindowState)> =
        people.windows_from(day_start(local_day(from, zone), zone)).filter(|(_, state)| state.sums[ROOT].n > 0).collect();
    let of_unit = states.iter().filter(|(_, state)| state.sums[unit].n > 0);
    let window =
        |(start, state): &(i64, &WindowState)| Window { start: *start, n: state.sums[unit].n, released: state.released[unit] };
    let windows: Vec<Window> = of_unit.map(window).collect();
    let people_of = |hidden: &[i64]| {
        let is_active = |person: &PersonLive, start: i64| person.window(start).is_some_and(Kept::is_active);
        let of = people.members(unit).filter(|person| hidden.iter().any(|start| is_active(person, *start)));
        of.take(k as usize).count() as u32
    };
    let shown = shown_windows(zone, &windows, k, people_of);
    let shown: HashSet<i64> = windows.iter().zip(shown).filter(|(_, shown)| *shown).map(|(window, _)| window.start).collect();
    let point = |(start, state): (i64, &WindowState)| {
        let sums = &state.sums[unit];
        Point::of_sums(start, shown.contains(&start).then_some((sums.n, sums)))
    };
    states.into_iter().filter(|(start, _)| *start >= from).map(point).collect()
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
    let day = |state: &TeamLive| state.today.as_ref().map(|today| today.day);
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
    let (head, known) = (&after.head, &before.head);
    set("scope", known.scope != head.scope, &|| json!(head.scope));
    set("k", known.k != head.k, &|| json!(head.k));
    set("n", before.n != after.n, &|| json!(after.n));
    set("suppressed", before.suppressed != after.suppressed, &|| json!(after.suppressed));
    set("rolled_up_to", known.rolled_up_to != head.rolled_up_to, &|| json!(head.rolled_up_to));
    set("rolled_up_to_name", known.rolled_up_to_name != head.rolled_up_to_name, &|| json!(head.rolled_up_to_name));
    set("now", before.now != after.now, &|| json!(after.now));
    set("today", before.today != after.today, &|| json!(after.today));
    let is_new = |window: &&Point| {
        let known = before.windows.binary_search_by_key(&window.start, |w| w.start);
        known.map_or(true, |at| before.windows[at] != **window)
    };
    let windows: Vec<&Point> = after.windows.iter().filter(is_new).collect();
    set("windows", !windows.is_empty(), &|| json!(windows));
    if delta.is_empty() {
        return Change::None;
    }
    delta.insert("at".into(), json!(after.at));
    delta.insert("freshness_ms".into(), json!(after.freshness_ms));
    Change::Delta(Value::Object(delta).to_string())
}
