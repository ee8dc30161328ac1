//! A person's last weeks, by local day and five minutes of its clock.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemas::directory::{DAY_MS, Person};

use super::subject::Half;
use crate::figures::windows::{Sums, WINDOW_MS};

pub const HOUR_MS: f64 = 3_600_000.0;
/// Windows in an hour.
pub const HOUR: u16 = 12;
/// Of activity, for a day or half a day to count.
const LEAST_MS: f64 = HOUR_MS;
/// More than half a window: where all of them have that much, no pause of five minutes fits in.
const MOST_OF_WINDOW: i64 = WINDOW_MS / 2;
/// An evening is late from here on, or two hours after the end of work where that is later.
const LATE: i8 = 21;

#[derive(Debug, Clone, Copy, Default)]
pub struct Window {
    /// Of the local clock, from midnight.
    pub at: u16,
    pub active_ms: i64,
    pub focus_ms: i64,
    pub meeting_ms: i64,
    pub interruptions: i64,
}

#[derive(Debug, Clone, Default)]
pub struct Day {
    pub day: i32,
    pub workday: bool,
    /// In order; at the end of summer time some come twice.
    pub windows: Vec<Window>,
    /// Where each focus block starts, and how long it is.
    pub blocks: Vec<(u16, i64)>,
    pub rest_ms: Option<i64>,
}

pub struct History {
    pub days: Vec<Day>,
    /// From which hour on an evening is late; None for who works at night.
    pub late_from: Option<u8>,
}

/// What of a day's row is needed here.
pub struct DayRow {
    pub day: i32,
    pub rest_ms: Option<i64>,
}

impl Window {
    pub fn hour(&self) -> usize {
        usize::from(self.at / HOUR)
    }

    pub fn half(&self) -> Option<Half> {
        match self.at / HOUR {
            5..12 => Some(Half::Morning),
            12..19 => Some(Half::Afternoon),
            _ => None,
        }
    }

    /// At work, or in a meeting without a keyboard.
    pub fn busy_ms(&self) -> i64 {
        self.active_ms.max(self.meeting_ms)
    }

    pub fn is_busy(&self) -> bool {
        self.busy_ms() > MOST_OF_WINDOW
    }

    pub fn is_meeting(&self) -> bool {
        self.meeting_ms > MOST_OF_WINDOW
    }
}

impl Day {
    pub fn busy_ms(&self) -> f64 {
        self.windows.iter().map(|w| w.busy_ms() as f64).sum()
    }

    pub fn focus_ms(&self) -> f64 {
        self.windows.iter().map(|w| w.focus_ms as f64).sum()
    }

    /// Enough of it to be compared.
    pub fn counts(&self) -> bool {
        self.workday && self.busy_ms() >= LEAST_MS
    }

    /// Runs of windows without a pause, as places in `windows`.
    pub fn runs(&self, is: impl Fn(&Window) -> bool) -> Vec<std::ops::Range<usize>> {
        let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
        for (place, window) in self.windows.iter().enumerate().filter(|(_, window)| is(window)) {
            match runs.last_mut() {
                Some(run) if run.end == place && self.windows[place - 1].at + 1 == window.at => run.end += 1,
                _ => runs.push(place..place + 1),
            }
        }
        runs
    }
}

impl History {
    /// `windows` by their start, `blocks` as start and end.
    pub fn new(person: &Person, now: i64, windows: &[(i64, Sums)], rows: &[DayRow], blocks: &[(i64, i64)]) -> History {
        let mut days: BTreeMap<i32, Day> = BTreeMap::new();
        let place = |ts: i64| {
            let zone = &person.entry_at(ts).zone;
            let offset = Timestamp::from_millisecond(ts).map_or(0, |t| i64::from(zone.to_offset(t).seconds()) * 1_000);
            let local = ts + offset;
            (local.div_euclid(DAY_MS) as i32, (local.rem_euclid(DAY_MS) / WINDOW_MS) as u16)
        };
        for (start, sums) in windows {
            let (day, at) = place(*start);
            let Sums { active_ms, focus_ms, meeting_ms, interruptions, .. } = *sums;
            days.entry(day).or_default().windows.push(Window { at, active_ms, focus_ms, meeting_ms, interruptions });
        }
        for (start, end) in blocks {
            let (day, at) = place(*start);
            days.entry(day).or_default().blocks.push((at, end - start));
        }
        for row in rows {
            days.entry(row.day).or_default().rest_ms = row.rest_ms;
        }
        for (number, day) in &mut days {
            (day.day, day.workday) = (*number, person.is_workday(*number));
        }
        let hours = person.entry_at(now).hours;
        let late = LATE.max(hours.end.hour() + 2);
        let late_from = (hours.start < hours.end && late < 24).then_some(late as u8);
        History { days: days.into_values().collect(), late_from }
    }

    /// Workdays with enough activity to be compared.
    pub fn workdays(&self) -> impl Iterator<Item = &Day> {
        self.days.iter().filter(|day| day.counts())
    }

    pub fn day(&self, day: i32) -> Option<&Day> {
        self.days.binary_search_by_key(&day, |each| each.day).ok().map(|at| &self.days[at])
    }

    pub fn first(&self) -> i32 {
        self.days.first().map_or(0, |day| day.day)
    }

    /// Two weeks have a number: what is compared is of the same ones, so that a project that ended does not look like advice.
    pub fn fortnight(&self, day: i32) -> usize {
        ((day - self.first()) / 14) as usize
    }

    pub fn weeks(&self) -> f64 {
        let last = self.days.last().map_or(0, |day| day.day);
        f64::from(last - self.first() + 1) / 7.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::Directory;

    #[test]
    fn windows_stand_at_the_clock_of_the_zone_that_held_then() {
        let document = serde_json::json!({"people": [
            {"id": "ada", "time_zone": "Asia/Tokyo"},
            {"id": "ada", "time_zone": "America/New_York", "valid_from": "2026-03-10"}]});
        let directory = Directory::new(serde_json::from_value(document).unwrap()).unwrap();
        let noon = |day: i64| (day * DAY_MS + DAY_MS / 2, Sums { active_ms: 300_000, ..Sums::default() });
        // 2026-03-06, a Friday, and 2026-03-11: 21:00 in Tokyo, 08:00 in New York.
        let windows = [noon(20_518), noon(20_523)];
        let history = History::new(directory.person("ada"), windows[1].0, &windows, &[], &[]);
        let found: Vec<_> = history.days.iter().map(|d| (d.day, d.workday, d.windows[0].hour())).collect();
        assert_eq!(found, [(20_518, true, 21), (20_523, true, 8)]);
        assert_eq!(history.late_from, Some(21));
    }

    #[test]
    fn a_run_ends_where_a_window_is_missing_or_less_than_half_full() {
        let window = |at, active_ms| Window { at, active_ms, ..Window::default() };
        let full = |at| window(at, 300_000);
        let day = Day { windows: vec![full(10), full(11), full(13), window(14, 150_000), full(15)], ..Day::default() };
        assert_eq!(day.runs(Window::is_busy), [0..2, 2..3, 4..5]);
    }
}
