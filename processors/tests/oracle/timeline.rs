//! Sections 1 and 2: active intervals, spells, switches, focus runs.

use super::events::Activity;
use super::{MINUTE, SECOND, Span};

pub const FOCUS: [&str; 5] = ["coding", "writing", "design", "data", "learning"];

/// An active interval, or a spell.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    pub start: i64,
    pub end: i64,
    pub app: String,
    pub category: String,
}

impl Piece {
    pub fn span(&self) -> Span {
        (self.start, self.end)
    }

    pub fn is_focus(&self) -> bool {
        FOCUS.contains(&self.category.as_str())
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub start: i64,
    pub end: i64,
    /// Focus time inside it.
    pub focus: i64,
}

impl Run {
    pub fn len(&self) -> i64 {
        self.end - self.start
    }

    pub fn is_block(&self) -> bool {
        self.len() >= 25 * MINUTE
    }

    pub fn is_deep(&self) -> bool {
        self.len() >= 60 * MINUTE
    }
}

/// Each event ends where it says or where the next one begins; what afk spans cover is taken away.
pub fn active_intervals(activity: &[Activity]) -> Vec<Piece> {
    let mut present: Vec<&Activity> = activity.iter().filter(|a| !a.afk).collect();
    present.sort_by_key(|a| (a.ts, a.id.clone()));
    let away: Vec<Span> = activity.iter().filter(|a| a.afk && a.duration > 0).map(|a| (a.ts, a.ts + a.duration)).collect();
    let mut intervals = Vec::new();
    for (i, event) in present.iter().enumerate() {
        let cut = present.get(i + 1).map_or(i64::MAX, |next| next.ts);
        let mut pieces = vec![(event.ts, cut.min(event.ts + event.duration))];
        for gone in &away {
            pieces = pieces.into_iter().flat_map(|piece| subtract(piece, *gone)).collect();
        }
        for (start, end) in pieces.into_iter().filter(|p| p.0 < p.1) {
            intervals.push(Piece { start, end, app: event.app.clone(), category: event.category.clone() });
        }
    }
    intervals
}

fn subtract(piece: Span, gone: Span) -> Vec<Span> {
    if gone.1 <= piece.0 || piece.1 <= gone.0 {
        return vec![piece];
    }
    vec![(piece.0, gone.0), (gone.1, piece.1)].into_iter().filter(|p| p.0 < p.1).collect()
}

/// Neighbours with the same app and category and at most 5 s between them are one.
pub fn spells(intervals: &[Piece]) -> Vec<Piece> {
    let mut spells: Vec<Piece> = Vec::new();
    for next in intervals {
        match spells.last_mut() {
            Some(last) if last.app == next.app && last.category == next.category && next.start - last.end <= 5 * SECOND => {
                last.end = next.end;
            }
            _ => spells.push(next.clone()),
        }
    }
    spells
}

/// Where a spell of at least 10 s follows one with another app that ended at most 60 s before.
pub fn switches(spells: &[Piece]) -> Vec<i64> {
    let long: Vec<&Piece> = spells.iter().filter(|s| s.end - s.start >= 10 * SECOND).collect();
    long.windows(2)
        .filter(|pair| pair[0].app != pair[1].app && pair[1].start - pair[0].end <= 60 * SECOND)
        .map(|pair| pair[1].start)
        .collect()
}

/// Focus intervals joined over gaps of at most 120 s, whatever lies in them.
pub fn runs(focus: &[Span]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for &(start, end) in focus {
        match runs.last_mut() {
            Some(run) if start - run.end <= 120 * SECOND => {
                run.end = end;
                run.focus += end - start;
            }
            _ => runs.push(Run { start, end, focus: end - start }),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, ts: i64, duration: i64, app: &str, category: &str) -> Activity {
        Activity { id: id.into(), ts, duration, afk: app == "afk", app: app.into(), category: category.into() }
    }

    fn spans(pieces: &[Piece]) -> Vec<(i64, i64, &str)> {
        pieces.iter().map(|p| (p.start, p.end, p.app.as_str())).collect()
    }

    #[test]
    fn a_later_event_cuts_off_the_one_before_and_does_not_give_the_rest_back() {
        let events = [event("1", 0, 100, "a", "coding"), event("2", 40, 10, "b", "other"), event("3", 70, 5, "c", "other")];
        assert_eq!(spans(&active_intervals(&events)), [(0, 40, "a"), (40, 50, "b"), (70, 75, "c")]);
    }

    #[test]
    fn at_the_same_time_the_greater_id_wins_and_no_duration_still_cuts() {
        let events = [event("2", 0, 100, "b", "coding"), event("1", 0, 100, "a", "coding"), event("3", 30, 0, "c", "other")];
        assert_eq!(spans(&active_intervals(&events)), [(0, 30, "b")]);
    }

    #[test]
    fn afk_events_are_united_cut_through_and_leave_pieces() {
        let events = [
            event("1", 0, 100, "a", "coding"),
            event("2", 20, 10, "afk", ""),
            event("3", 20, 30, "afk", ""),
            event("4", 45, 10, "afk", ""),
            event("5", 70, 0, "afk", ""),
            event("6", 90, 50, "afk", ""),
        ];
        assert_eq!(spans(&active_intervals(&events)), [(0, 20, "a"), (55, 90, "a")]);
    }

    #[test]
    fn spells_join_up_to_five_seconds_and_only_the_same_app_and_category() {
        let a = |ts, d, category| event(&format!("{ts:09}"), ts, d, "a", category);
        let events = [a(0, 1_000, "coding"), a(6_000, 1_000, "coding"), a(12_001, 1_000, "coding"), a(13_001, 5, "design")];
        assert_eq!(spans(&spells(&active_intervals(&events))), [(0, 7_000, "a"), (12_001, 13_001, "a"), (13_001, 13_006, "a")]);
    }

    #[test]
    fn switches_look_past_short_spells_and_need_another_app_within_a_minute() {
        let e = |ts, d, app: &str| event(&format!("{ts:09}"), ts, d, app, "coding");
        // b is too short to count; c follows a within 60 s; d follows c 60,001 ms later; the second d has the same app.
        let events =
            [e(0, 10_000, "a"), e(10_000, 9_999, "b"), e(70_000, 10_000, "c"), e(140_001, 10_000, "d"), e(160_001, 10_000, "d")];
        assert_eq!(switches(&spells(&active_intervals(&events))), [70_000]);
        let events = [e(0, 10_000, "a"), e(10_000, 9_999, "b"), e(69_999, 10_000, "a"), e(139_999, 10_000, "b")];
        assert_eq!(switches(&spells(&active_intervals(&events))), [139_999]);
    }

    #[test]
    fn runs_join_up_to_two_minutes_whatever_lies_between() {
        let runs = runs(&[(0, 10_000), (130_000, 140_000), (260_001, 260_002)]);
        assert_eq!(runs, [Run { start: 0, end: 140_000, focus: 20_000 }, Run { start: 260_001, end: 260_002, focus: 1 }]);
        let block = Run { start: 0, end: 25 * MINUTE, focus: 1 };
        assert!(block.is_block() && !block.is_deep());
        assert!(!Run { end: 25 * MINUTE - 1, ..block }.is_block());
    }
}
