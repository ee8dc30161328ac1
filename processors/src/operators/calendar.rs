//! When one person's local date happens: its stretches of time and the working hours in them.
//!
//! Usually one stretch of 24 h; 23 or 25 h where clocks change, shorter, longer or in parts when the person moves to
//! another time zone, and none at all when a move skips the date.

use schemas::directory::{DAY_MS, Person};

use super::spans::{Span, covered, normalize};

const HOUR: i64 = 3_600_000;

#[derive(Debug, Clone, PartialEq)]
pub struct LocalDay {
    pub day: i32,
    /// Sorted, disjoint; empty for a date the person never had.
    pub parts: Vec<Span>,
    /// Working time that reaches into the day, sorted and disjoint: also of the shift that began the day before.
    pub working: Vec<Span>,
    pub workday: bool,
}

impl LocalDay {
    pub fn of(person: &Person, day: i32) -> LocalDay {
        let parts = parts(person, day);
        let mut working = Vec::new();
        if let (Some(first), Some(last)) = (parts.first(), parts.last()) {
            let whole = Span::new(first.start, last.end);
            // Dates two away count too: after a move their hours may lie in this day.
            for near in day - 2..=day + 2 {
                let hours = person.working_interval(near).and_then(|(start, end)| Span::new(start, end).overlap(whole));
                working.extend(hours);
            }
            normalize(&mut working);
        }
        LocalDay { day, parts, working, workday: person.is_workday(day) }
    }

    pub fn start(&self) -> i64 {
        self.parts.first().map_or(0, |p| p.start)
    }

    pub fn end(&self) -> i64 {
        self.parts.last().map_or(0, |p| p.end)
    }

    #[inline]
    pub fn contains(&self, ts: i64) -> bool {
        self.parts.iter().any(|p| p.contains(ts))
    }

    pub fn is_working(&self, ts: i64) -> bool {
        self.working.iter().any(|w| w.contains(ts))
    }

    pub fn working_ms(&self, span: Span) -> i64 {
        covered(span, &self.working)
    }
}

/// The stretches in which the person's date is `day`: no zone is further than 14 h ahead of UTC or 12 h behind.
fn parts(person: &Person, day: i32) -> Vec<Span> {
    let midnight = i64::from(day) * DAY_MS;
    let mut parts = Vec::new();
    walk(person, midnight - 15 * HOUR, midnight + DAY_MS + 13 * HOUR, |span, at| {
        if at == day {
            super::spans::push_union(&mut parts, span);
        }
    });
    parts
}

/// The person's local dates that `[from, to]` touches, in order of time, each once.
pub fn days_between(person: &Person, from: i64, to: i64, out: &mut Vec<i32>) {
    out.clear();
    walk(person, from, to + 1, |_, day| {
        if !out.contains(&day) {
            out.push(day);
        }
    });
}

fn walk(person: &Person, from: i64, to: i64, mut visit: impl FnMut(Span, i32)) {
    let mut at = from;
    while at < to {
        let next = person.next_day_change(at);
        // A clock set back over midnight names a midnight that is past: go on in small steps there.
        let next = if next > at { next } else { at + 60_000 };
        visit(Span::new(at, next.min(to)), person.local_day(at));
        at = next;
    }
}
