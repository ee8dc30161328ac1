//! The live state of one person, for that person.

use schemas::live::{DayFigures, WindowFigures};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::people::People;
use super::presence::{self, At};
use super::team::Change;
use super::window::Kept;
use crate::rest::span::day_text;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MeLive {
    pub at: i64,
    pub day: Option<Day>,
    pub windows: Vec<WindowFigures>,
    pub now: At,
    pub freshness_ms: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Day {
    day: String,
    #[serde(flatten)]
    figures: Figures,
}

/// `DayFigures` with the date as text.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Figures {
    active_ms: i64,
    focus_ms: i64,
    comm_ms: i64,
    meeting_ms: i64,
    switches: i64,
    blocks: i64,
    deep_blocks: i64,
    stretch_ms: i64,
    messages_received: i64,
    messages_sent: i64,
    interruptions: i64,
    self_interruptions: i64,
    load: f64,
    interruption_score: f64,
    focus_score: Option<f64>,
    after_hours_ms: i64,
    first_active: Option<i64>,
    last_active: Option<i64>,
}

impl Day {
    fn new(day: &DayFigures) -> Day {
        Day {
            day: day_text(day.day),
            figures: Figures {
                active_ms: day.active_ms,
                focus_ms: day.focus_ms,
                comm_ms: day.comm_ms,
                meeting_ms: day.meeting_ms,
                switches: day.switches,
                blocks: day.blocks,
                deep_blocks: day.deep_blocks,
                stretch_ms: day.stretch_ms,
                messages_received: day.messages_received,
                messages_sent: day.messages_sent,
                interruptions: day.interruptions,
                self_interruptions: day.self_interruptions,
                load: day.load,
                interruption_score: day.interruption_score,
                focus_score: day.focus_score,
                after_hours_ms: day.after_hours_ms,
                first_active: day.first_active,
                last_active: day.last_active,
            },
        }
    }
}

pub fn compute(people: &People, person: &str, now: i64) -> MeLive {
    let Some(person) = people.person(person) else {
        return MeLive { at: now, day: None, windows: Vec::new(), now: At::default(), freshness_ms: None };
    };
    MeLive {
        at: now,
        day: person.latest_day(person.today).map(Day::new),
        windows: person.latest_windows(person.today_from).iter().map(Kept::figures).collect(),
        now: presence::at(&person.now, now),
        freshness_ms: None,
    }
}

pub fn change(before: &MeLive, after: &MeLive) -> Change {
    let find = |windows: &[WindowFigures], start: i64| windows.binary_search_by_key(&start, |w| w.window_start).ok();
    if before.windows.iter().any(|w| find(&after.windows, w.window_start).is_none()) {
        return Change::Whole;
    }
    let mut delta = Map::new();
    if before.day != after.day {
        delta.insert("day".into(), json!(after.day));
    }
    if before.now != after.now {
        delta.insert("now".into(), json!(after.now));
    }
    let is_new = |w: &&WindowFigures| find(&before.windows, w.window_start).is_none_or(|at| before.windows[at] != **w);
    let windows: Vec<&WindowFigures> = after.windows.iter().filter(is_new).collect();
    if !windows.is_empty() {
        delta.insert("windows".into(), json!(windows));
    }
    if delta.is_empty() {
        return Change::None;
    }
    delta.insert("at".into(), json!(after.at));
    delta.insert("freshness_ms".into(), json!(after.freshness_ms));
    Change::Delta(Value::Object(delta).to_string())
}
