//! Local days and working hours of a person, through all zone changes.

use std::collections::BTreeMap;

use schemas::directory::Person;

use super::{MINUTE, Span, union};

/// Each local day in [from, to) with its pieces (a day is one piece but for the oddest zone changes). Looks at every
/// minute: time zones and directory entries change at whole minutes.
pub fn local_days(person: &Person, from: i64, to: i64) -> BTreeMap<i32, Vec<Span>> {
    let mut days: BTreeMap<i32, Vec<Span>> = BTreeMap::new();
    let mut minute = from.div_euclid(MINUTE) * MINUTE;
    let mut last_day = None;
    while minute < to {
        let day = person.local_day(minute);
        let pieces = days.entry(day).or_default();
        match pieces.last_mut() {
            Some(piece) if last_day == Some(day) => piece.1 = minute + MINUTE,
            _ => pieces.push((minute, minute + MINUTE)),
        }
        last_day = Some(day);
        minute += MINUTE;
    }
    days
}

/// Working time of all these days: hours that run into the next day belong to the day they start in.
pub fn working_time(person: &Person, first_day: i32, last_day: i32) -> Vec<Span> {
    let intervals: Vec<Span> = (first_day..=last_day).filter_map(|day| person.working_interval(day)).collect();
    union(&intervals)
}

#[cfg(test)]
mod tests {
    use schemas::directory::{Directory, Document};
    use serde_json::json;

    use super::super::{HOUR, events::instant};
    use super::*;

    fn hours(people: serde_json::Value, from: &str, to: &str) -> Vec<(String, i64)> {
        let document: Document = serde_json::from_value(json!({ "people": people })).unwrap();
        let directory = Directory::new(document).unwrap();
        let days = local_days(directory.person("p"), instant(&json!(from)), instant(&json!(to)));
        let length = |pieces: Vec<Span>| pieces.iter().map(|p| p.1 - p.0).sum::<i64>() / HOUR;
        days.into_iter().map(|(day, pieces)| (schemas::directory::date(day).to_string(), length(pieces))).collect()
    }

    #[test]
    fn days_of_23_and_25_hours() {
        let berlin = json!([{"id": "p", "time_zone": "Europe/Berlin"}]);
        assert_eq!(hours(berlin.clone(), "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"), [("2026-03-29".into(), 23)]);
        assert_eq!(hours(berlin, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"), [("2026-10-25".into(), 25)]);
    }

    #[test]
    fn a_move_makes_a_day_longer_or_shorter() {
        let west = json!([{"id": "p", "time_zone": "Europe/Berlin"},
            {"id": "p", "time_zone": "America/New_York", "valid_from": "2026-06-02"}]);
        let found = hours(west, "2026-05-31T22:00:00Z", "2026-06-03T04:00:00Z");
        assert_eq!(found, [("2026-06-01".into(), 24), ("2026-06-02".into(), 30)]);
        let east = json!([{"id": "p", "time_zone": "America/New_York"},
            {"id": "p", "time_zone": "Europe/Berlin", "valid_from": "2026-06-02"}]);
        let found = hours(east, "2026-06-01T04:00:00Z", "2026-06-02T22:00:00Z");
        assert_eq!(found, [("2026-06-01".into(), 18), ("2026-06-02".into(), 24)]);
    }

    #[test]
    fn night_hours_belong_to_the_day_they_start_in() {
        let people = json!([{"id": "p", "working_hours": {"start": "22:00", "end": "06:00", "days": ["fri"]}}]);
        let document: Document = serde_json::from_value(json!({ "people": people })).unwrap();
        let directory = Directory::new(document).unwrap();
        let friday = instant(&json!("2026-06-05T22:00:00Z"));
        let day = directory.person("p").local_day(friday);
        assert_eq!(working_time(directory.person("p"), day - 3, day + 3), [(friday, friday + 8 * HOUR)]);
    }
}
