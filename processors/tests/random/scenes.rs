//! Where and when: zones, days on which clocks or people move, working hours.

use schemas::directory::{Directory, Document, date, days_since_epoch};
use serde_json::{Value, json};

use super::Rng;

pub struct Scene {
    pub document: Document,
    /// The last of them is sometimes unknown to the directory.
    pub people: Vec<String>,
    pub first_day: i32,
    pub days: i32,
    /// Events per person, about.
    pub size: usize,
}

/// A zone, and a date next to which its clocks are set.
const PLACES: [(&str, &str); 13] = [
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2025-10-26"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2025-11-02"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2025-10-05"),
    ("Asia/Kolkata", "2026-02-11"),
    ("Pacific/Apia", "2026-01-01"),
    // On the 30th there was no day at all.
    ("Pacific/Apia", "2011-12-31"),
    ("Pacific/Pago_Pago", "2026-03-01"),
    ("Pacific/Chatham", "2026-04-05"),
    ("UTC", "2026-02-28"),
    ("America/Santiago", "2026-04-05"),
];

const HOURS: [(&str, &str); 5] =
    [("09:00", "17:00"), ("22:00", "06:00"), ("13:37", "21:05"), ("00:00", "00:00"), ("02:30", "10:30")];

pub fn scene(rng: &mut Rng) -> Scene {
    let (zone, near) = *rng.pick(&PLACES);
    let first_day = days_since_epoch(near.parse().expect("a date")) - rng.below(3) as i32;
    // Mostly a few busy days; now and then two thin weeks, for streaks.
    let (days, size) = match rng.below(10) {
        0..=3 => (1 + rng.below(2) as i32, 4 + rng.below(10) as usize),
        4..=6 => (1 + rng.below(4) as i32, 15 + rng.below(45) as usize),
        7..=8 => (1 + rng.below(3) as i32, 80 + rng.below(120) as usize),
        _ => (9 + rng.below(7) as i32, 20 + rng.below(30) as usize),
    };
    let people: Vec<String> = (0..=rng.below(3)).map(|i| format!("p{i}")).collect();
    let mut entries = Vec::new();
    for (i, id) in people.iter().enumerate() {
        if i == 0 || rng.chance(90) {
            entries.extend(history(rng, id, zone, first_day, days));
        }
    }
    Scene { document: document(entries), people, first_day, days, size }
}

pub fn months(rng: &mut Rng) -> Scene {
    let (zone, near) = *rng.pick(&PLACES);
    let days = 20 + rng.below(40) as i32;
    let first_day = days_since_epoch(near.parse().expect("a date")) - rng.below(days as u64) as i32;
    let people: Vec<String> = (0..=rng.below(2)).map(|i| format!("p{i}")).collect();
    let entries = people.iter().flat_map(|id| history(rng, id, zone, first_day, days)).collect();
    Scene { document: document(entries), people, first_day, days, size: 0 }
}

/// Another directory of the same people: what they were before somebody corrected all of it, or something that holds from
/// a date on.
pub fn earlier(rng: &mut Rng, scene: &Scene) -> Document {
    let zone = rng.pick(&PLACES).0;
    if rng.chance(50) {
        return document(scene.people.iter().flat_map(|id| history(rng, id, zone, scene.first_day, scene.days)).collect());
    }
    let mut entries: Vec<Value> = scene.document.people.iter().map(|entry| json!(entry)).collect();
    let dated: Vec<usize> = (0..entries.len()).filter(|i| entries[*i]["valid_from"].is_string()).collect();
    if !dated.is_empty() && rng.chance(70) {
        entries.remove(*rng.pick(&dated));
    } else {
        let from = scene.first_day + rng.below(scene.days as u64 + 1) as i32;
        let id = rng.pick(&scene.people).clone();
        entries.push(entry(rng, &id, zone, Some(from)));
    }
    document(entries)
}

fn document(mut entries: Vec<Value>) -> Document {
    loop {
        let document: Document = serde_json::from_value(json!({
            "teams": [{"id": "t0", "name": "All"}, {"id": "t1", "name": "One", "parent": "t0"}, {"id": "t2", "name": "Two"}],
            "people": entries,
        }))
        .expect("a directory");
        // Dates of two zones may begin at the same instant, which no person may have twice.
        if Directory::new(document.clone()).is_ok() {
            return document;
        }
        entries.pop();
    }
}

/// One entry as a rule; else a few that begin within the days.
fn history(rng: &mut Rng, id: &str, zone: &str, first_day: i32, days: i32) -> Vec<Value> {
    let mut from = if rng.chance(80) { None } else { Some(first_day + rng.below(2) as i32) };
    let mut entries = vec![entry(rng, id, zone, from)];
    while rng.chance(25) {
        let next = from.unwrap_or(first_day - 1) + 1 + rng.below(days as u64) as i32;
        let place = if rng.chance(50) { zone } else { rng.pick(&PLACES).0 };
        entries.push(entry(rng, id, place, Some(next)));
        from = Some(next);
    }
    entries
}

fn entry(rng: &mut Rng, id: &str, zone: &str, from: Option<i32>) -> Value {
    let (start, end) = *rng.pick(&HOURS);
    let days: &[&str] = match rng.below(6) {
        0..=2 => &["mon", "tue", "wed", "thu", "fri"],
        3 => &["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        4 => &["sat", "sun"],
        _ => &["mon", "wed", "thu"],
    };
    let mut entry = json!({"id": id, "time_zone": zone, "working_hours": {"start": start, "end": end, "days": days}});
    if rng.chance(85) {
        entry["team"] = json!(rng.pick(&["t0", "t1", "t2"]));
    }
    if let Some(day) = from {
        entry["valid_from"] = json!(date(day).to_string());
    }
    entry
}
