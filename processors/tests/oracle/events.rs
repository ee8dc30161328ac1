//! Native events as each section needs them, duplicates removed, by person.

use std::collections::BTreeMap;

use schemas::directory::{Directory, days_since_epoch};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    pub id: String,
    pub ts: i64,
    pub duration: i64,
    pub afk: bool,
    pub app: String,
    pub category: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub id: String,
    pub ts: i64,
    pub channel: String,
    pub kind: String,
    pub received: bool,
    pub notified: bool,
    pub peer: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Phase {
    pub id: String,
    pub ts: i64,
    pub session: String,
    pub kind: String,
    pub phase: String,
    pub planned: Option<i64>,
}

#[derive(Debug, Default)]
pub struct History {
    pub activity: Vec<Activity>,
    pub messages: Vec<Message>,
    pub phases: Vec<Phase>,
    /// Of check-ins: when, and 1-5.
    pub moods: Vec<(i64, f64)>,
}

const CATEGORIES: [&str; 11] = [
    "coding",
    "writing",
    "design",
    "data",
    "learning",
    "communication",
    "meeting",
    "planning",
    "browsing",
    "entertainment",
    "other",
];

pub fn histories(directory: &Directory, events: &[Value]) -> BTreeMap<String, History> {
    let mut standing: BTreeMap<(String, String), Vec<i64>> = BTreeMap::new();
    let mut histories: BTreeMap<String, History> = BTreeMap::new();
    for event in events {
        let user = text(event, "user");
        let user = directory.resolve(&user).unwrap_or(&user).to_string();
        let id = text(event, "id");
        let day = instant(&event["ts"]).div_euclid(86_400_000);
        let days = standing.entry((user.clone(), id.clone())).or_default();
        if days.iter().all(|other| (other - day).abs() > 1) {
            days.push(day);
            histories.entry(user).or_default().add(id, event);
        }
    }
    histories
}

impl History {
    fn add(&mut self, id: String, event: &Value) {
        let ts = instant(&event["ts"]);
        match event["type"].as_str() {
            Some("activity") => self.activity.push(Activity {
                id,
                ts,
                duration: event["duration_ms"].as_i64().expect("an activity has duration_ms"),
                afk: event["afk"].as_bool().unwrap_or(false),
                app: text(event, "app"),
                category: category(event),
            }),
            Some("message") => self.messages.push(Message {
                id,
                ts,
                channel: text(event, "channel"),
                kind: text(event, "kind"),
                received: text(event, "direction") == "received",
                notified: event["notified"].as_bool().unwrap_or(true),
                peer: event["peer"].as_str().map(String::from),
            }),
            Some("session") => {
                if event["kind"] == "checkin"
                    && let Some(mood) = event["mood"].as_f64()
                {
                    self.moods.push((ts, mood));
                }
                self.phases.push(Phase {
                    id,
                    ts,
                    session: text(event, "session"),
                    kind: text(event, "kind"),
                    phase: text(event, "phase"),
                    planned: event["planned_ms"].as_i64(),
                });
            }
            other => panic!("an event of type {other:?}"),
        }
    }
}

pub fn text(event: &Value, field: &str) -> String {
    event[field].as_str().unwrap_or_else(|| panic!("{field} is missing in {event}")).to_string()
}

/// No category rules are configured here, so what has no known category is `other`.
fn category(event: &Value) -> String {
    let given = event["category"].as_str().unwrap_or("other");
    if CATEGORIES.contains(&given) { given.into() } else { "other".into() }
}

/// Integer milliseconds, or `2026-03-02T09:00:00.250+01:00` (fraction optional, `Z` for zero).
pub fn instant(ts: &Value) -> i64 {
    if let Some(ms) = ts.as_i64() {
        return ms;
    }
    let text = ts.as_str().expect("ts is a number or text");
    let (date, time) = text.split_once('T').expect("ts has a T");
    let zone_at = time.find(['Z', '+', '-']).expect("ts has a zone");
    let (clock, zone) = time.split_at(zone_at);
    let offset = match zone {
        "Z" => 0,
        _ => (if zone.starts_with('-') { -1 } else { 1 }) * clock_ms(&zone[1..]),
    };
    i64::from(days_since_epoch(date.parse().expect("ts has a date"))) * 24 * super::HOUR + clock_ms(clock) - offset
}

fn clock_ms(clock: &str) -> i64 {
    let parts: Vec<f64> = clock.split(':').map(|part| part.parse().expect("a number in a time of day")).collect();
    let seconds = parts[0] * 3600.0 + parts[1] * 60.0 + parts.get(2).copied().unwrap_or(0.0);
    (seconds * 1000.0).round() as i64
}

#[test]
fn instants_are_read_in_both_forms() {
    use serde_json::json;
    assert_eq!(instant(&json!(1_767_225_600_000_i64)), 1_767_225_600_000);
    assert_eq!(instant(&json!("2026-01-01T00:00:00Z")), 1_767_225_600_000);
    assert_eq!(instant(&json!("2026-01-01T01:30:00.250+01:30")), 1_767_225_600_250);
    assert_eq!(instant(&json!("2025-12-31T19:00:00-05:00")), 1_767_225_600_000);
}

#[test]
fn the_first_of_a_user_and_id_stands_whatever_its_type() {
    use serde_json::json;
    let events = [
        json!({"id": "1", "type": "message", "user": "a", "ts": 5, "channel": "slack", "kind": "dm", "direction": "sent"}),
        json!({"id": "1", "type": "activity", "user": "a", "ts": 6, "app": "x", "duration_ms": 1}),
        json!({"id": "1", "type": "activity", "user": "b", "ts": 7, "app": "x", "duration_ms": 1, "category": "gardening"}),
    ];
    let histories = histories(&Directory::default(), &events);
    assert_eq!((histories["a"].messages.len(), histories["a"].activity.len()), (1, 0));
    assert!(histories["a"].messages[0].notified && !histories["a"].messages[0].received);
    assert_eq!(histories["b"].activity[0].category, "other");
}
