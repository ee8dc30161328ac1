//! The test oracle: a second implementation of the metric definitions (`metrics.md`, sections 1-9), written from
//! the text alone. It shares no logic with the processors: the vocabulary of `schemas` (directory, time zones) is all they
//! have in common.
//!
//! It is naive on purpose. All events of a person are taken at once, over the whole history; the timeline, runs, sessions
//! and interruptions are built as the text says, and only then cut into windows and local days. Nothing is incremental,
//! nothing is indexed, everything may be quadratic. Where the text leaves room, `READINGS.md` says what was read.

pub mod burnout;
pub mod days;
pub mod events;
pub mod focus;
pub mod person;
pub mod raw;
pub mod sessions;
pub mod teams;
pub mod timeline;

use std::collections::BTreeMap;

use schemas::directory::{Directory, Document};
use serde_json::Value;

pub type Row = serde_json::Map<String, Value>;
/// By key: `user|window_start`, `user|day`, `user|message_id`, `user|start_ts`; `team|…` for the aggregates.
pub type Rows = BTreeMap<String, Row>;
/// By table name.
pub type Tables = BTreeMap<&'static str, Rows>;

pub const SECOND: i64 = 1_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const WINDOW: i64 = 5 * MINUTE;

pub const TABLES: [&str; 8] = [
    "user_5m",
    "user_daily",
    "interruptions",
    "focus_blocks",
    "burnout_risk",
    "activity_events",
    "message_events",
    "session_events",
];

/// Half-open, UTC milliseconds.
pub type Span = (i64, i64);

/// Every row these events make, once the watermark has passed all of them. Of events with the same user and id, the
/// first in list order stands.
pub fn compute(document: &Document, events: &[Value]) -> Tables {
    compute_by(document, events, &|_, _| burnout::BASELINE)
}

/// The same where other models tell risks.
pub fn compute_by(document: &Document, events: &[Value], choose: burnout::Choose<'_>) -> Tables {
    let directory = Directory::new(document.clone()).expect("the directory is valid");
    let mut tables: Tables = TABLES.into_iter().map(|name| (name, Rows::new())).collect();
    for (table, key, row) in raw::rows(&directory, events) {
        tables.entry(table).or_default().insert(key, row);
    }
    for (user, history) in events::histories(&directory, events) {
        for (table, rows) in person::tables(&user, directory.person(&user), &history, choose) {
            tables.entry(table).or_default().extend(rows);
        }
    }
    tables
}

pub fn overlap(a: Span, b: Span) -> i64 {
    (a.1.min(b.1) - a.0.max(b.0)).max(0)
}

/// The same instants, as disjoint spans in order.
pub fn union(spans: &[Span]) -> Vec<Span> {
    let mut spans: Vec<Span> = spans.iter().copied().filter(|s| s.0 < s.1).collect();
    spans.sort();
    let mut united: Vec<Span> = Vec::new();
    for span in spans {
        match united.last_mut() {
            Some(last) if span.0 <= last.1 => last.1 = last.1.max(span.1),
            _ => united.push(span),
        }
    }
    united
}

/// How much of a window or day (which may be in several pieces) the spans cover; they must not overlap one another.
pub fn covered(spans: &[Span], within: &[Span]) -> i64 {
    spans.iter().flat_map(|s| within.iter().map(|w| overlap(*s, *w))).sum()
}

pub fn contains(within: &[Span], t: i64) -> bool {
    within.iter().any(|w| w.0 <= t && t < w.1)
}

/// To the nearest whole number, halves up.
pub fn rounded_ratio(numerator: i64, denominator: i64) -> i64 {
    let (n, d) = (i128::from(numerator), i128::from(denominator));
    ((2 * n + d).div_euclid(2 * d)) as i64
}

#[test]
fn ratios_round_half_up() {
    assert_eq!([rounded_ratio(5, 2), rounded_ratio(7, 3), rounded_ratio(8, 3), rounded_ratio(0, 7)], [3, 2, 3, 0]);
}

#[test]
fn union_joins_what_touches_and_drops_what_is_empty() {
    assert_eq!(union(&[(5, 9), (0, 2), (2, 3), (4, 4), (6, 7)]), [(0, 3), (5, 9)]);
    assert_eq!(covered(&[(0, 3), (5, 9)], &[(2, 6), (8, 20)]), 1 + 1 + 1);
}
