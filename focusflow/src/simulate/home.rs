//! Where most of a simulated company sits, and on which days it works: chosen so that whoever starts a demo finds people at
//! work, at any hour and on a Sunday too.

use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Home {
    pub zone: String,
    pub days: Vec<String>,
}

/// Between them it is always late enough to have begun and early enough to go on for hours.
const ZONES: [&str; 8] = [
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Auckland",
    "Pacific/Honolulu",
];
const FROM: Time = Time::constant(9, 30, 0, 0);
const TO: Time = Time::constant(15, 30, 0, 0);

impl Home {
    /// The first of the zones where it is the middle of the day; if that is a weekend, their week is another than most people's.
    pub fn at_work(now_ms: i64) -> Home {
        let now = Timestamp::from_millisecond(now_ms).unwrap_or_default();
        let local = |name: &str| Some(now.to_zoned(TimeZone::get(name).ok()?).datetime());
        let here = ZONES.into_iter().filter_map(|zone| Some((zone, local(zone)?)));
        let at_work = here.clone().find(|(_, at)| (FROM..TO).contains(&at.time()));
        let (zone, at) = at_work.or_else(|| here.clone().next()).unwrap_or(("UTC", jiff::civil::DateTime::default()));
        let days = match at.date().weekday() {
            Weekday::Saturday => ["tue", "wed", "thu", "fri", "sat"],
            Weekday::Sunday => ["sun", "mon", "tue", "wed", "thu"],
            _ => ["mon", "tue", "wed", "thu", "fri"],
        };
        Home { zone: zone.into(), days: days.map(String::from).into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::directory::{Directory, Document};

    /// Every half hour of two years, so that every pair of summer times is met.
    #[test]
    fn at_any_hour_of_any_day_people_have_begun_and_have_hours_left() {
        let start = 1_790_000_000_000_i64;
        for half_hour in 0..2 * 365 * 48 {
            let now = start + half_hour * 30 * 60_000;
            let home = Home::at_work(now);
            let entry = serde_json::json!({"id": "a", "time_zone": home.zone, "working_hours": {"start": "09:00", "end": "17:00", "days": home.days}});
            let document = Document { teams: Vec::new(), people: vec![serde_json::from_value(entry).unwrap()] };
            let directory = Directory::new(document).unwrap();
            let person = directory.person("a");
            let day = person.local_day(now);
            assert!(person.is_workday(day), "{now}: {home:?}");
            let (start, end) = person.working_interval(day).unwrap();
            assert!(start <= now && now + 3_600_000 < end, "{now}: {home:?} works from {start} to {end}");
        }
    }
}
