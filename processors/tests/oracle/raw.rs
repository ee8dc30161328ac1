//! The raw events as the tables keep them: each once, with the person and the team it was sent from.

use std::collections::BTreeSet;

use schemas::directory::Directory;
use serde_json::{Value, json};

use super::Row;
use super::events::{instant, text};

const FIELDS: [(&str, &str, &[&str]); 3] = [
    ("activity", "activity_events", &["id", "app", "duration_ms", "title", "url", "device"]),
    ("message", "message_events", &["id", "channel", "kind", "direction", "peer", "thread", "priority"]),
    ("session", "session_events", &["id", "session", "kind", "phase", "planned_ms", "mood", "energy", "burnout"]),
];

/// Table, key and row. `source`, `ingested_at` and `extra` are how an event came, not what it says, and are left out.
pub fn rows(directory: &Directory, events: &[Value]) -> Vec<(&'static str, String, Row)> {
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    for event in events {
        let user = text(event, "user");
        let user = directory.resolve(&user).unwrap_or(&user).to_string();
        let key = format!("{user}|{}", text(event, "id"));
        if !seen.insert(key.clone()) {
            continue;
        }
        let ts = instant(&event["ts"]);
        let (kind, table, fields) = FIELDS.into_iter().find(|(kind, _, _)| event["type"] == *kind).expect("a known type");
        let mut row: Row = fields.iter().map(|field| (field.to_string(), event[*field].clone())).collect();
        row.insert("user_id".into(), json!(user));
        row.insert("team_id".into(), json!(directory.person(&user).team_at(ts)));
        row.insert("ts".into(), json!(ts));
        match kind {
            "activity" => {
                row.insert("afk".into(), json!(event["afk"].as_bool().unwrap_or(false)));
                row.insert("category".into(), json!(event["category"].as_str().unwrap_or("other")));
            }
            "message" => {
                row.insert("notified".into(), json!(event["notified"].as_bool().unwrap_or(true)));
            }
            _ => {}
        }
        rows.push((table, key, row));
    }
    rows
}
