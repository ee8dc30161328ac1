//! What kind of week each was, by the clock hours that somebody was active in (the working patterns of the Viva Insights
//! libraries): how many hours of the clock, with or without empty ones between them, and where they lie against working hours.
//!
//!     clock hour   7  8  9 10 11 12 13 14 15 16 17 18 19 20 21
//!     two workdays       x  x  x     x  x  x  x  x        x       9 active, 12 from first to last, 3 empty between: flexible

mod signals;

use std::collections::BTreeMap;

use schemas::directory::{Person, date, weekday};
use serde::Serialize;

use super::{History, Measure, as_date};
use signals::{HOUR_MS, Hour, Signals};

/// Workdays on which a clock hour is active, to be one of the week's: one late evening does not make a long week.
const SIGNAL_DAYS: u8 = 2;
/// Worked workdays of a week that says something.
const LEAST_WORKDAYS: usize = 3;
/// Share of the days' active time that windows must be there for: they may expire before the days do.
const LEAST_KNOWN: f64 = 0.5;
const LOW_HOURS: usize = 3;
const ALWAYS_ON_HOURS: usize = 13;
const MOSTLY_INSIDE: f64 = 0.7;
const HARDLY_INSIDE: f64 = 0.3;
const MUCH_OUTSIDE: f64 = 0.15;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    Low,
    StandardContinuous,
    StandardFlexible,
    LongFlexible,
    LongContinuous,
    AlwaysOn,
}

/// Where the active time lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeOfDay {
    Standard,
    Morning,
    Evening,
    Overnight,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Week {
    /// As ISO 8601 has it: 2026-W12.
    pub week: String,
    /// Its Monday and Sunday.
    #[serde(serialize_with = "as_date")]
    pub from: i32,
    #[serde(serialize_with = "as_date")]
    pub to: i32,
    /// Working days that were worked.
    pub workdays: usize,
    /// None where that is not enough to say.
    #[serde(flatten)]
    pub told: Told,
}

/// A pattern with the figures that made it, or none at all.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Told {
    pub pattern: Option<Pattern>,
    /// All active hours within working hours or next to them.
    pub within_schedule: Option<bool>,
    pub time_of_day: Option<TimeOfDay>,
    /// Clock hours that are active on two workdays; from the first to the last; empty ones between.
    pub active_hours: Option<usize>,
    pub span_hours: Option<usize>,
    pub break_hours: Option<usize>,
    /// More active hours than these are long.
    pub expected_hours: Option<usize>,
    /// Shares of the active time.
    pub inside: Option<f64>,
    pub before: Option<f64>,
    pub after: Option<f64>,
}

/// Every whole week of the history, in order. `windows`: start and active time of those with any, in order.
pub fn of(history: &History, windows: &[(i64, i64)], person: &Person) -> Vec<Week> {
    let mut by_week: BTreeMap<i32, Signals> = BTreeMap::new();
    let mut hour = Hour::none();
    for (start, active_ms) in windows {
        if !hour.span.contains(start) {
            hour = Hour::of(*start, person);
        }
        let (day, place) = hour.place(*start);
        if history.schedule[weekday(day)] {
            by_week.entry(monday(day)).or_default().add(&mut hour, *active_ms, place);
        }
    }
    let first = history.first + (7 - weekday(history.first) as i32) % 7;
    let mondays = (first..=history.last() - 6).step_by(7);
    mondays.map(|monday| week(history, monday, by_week.get(&monday).unwrap_or(&Signals::default()), person)).collect()
}

fn monday(day: i32) -> i32 {
    day - weekday(day) as i32
}

fn week(history: &History, monday: i32, signals: &Signals, person: &Person) -> Week {
    let worked = history.worked(monday, monday + 6, Measure::Active).filter(|(day, _)| history.schedule[weekday(*day)]);
    let worked: Vec<f64> = worked.map(|(_, active_ms)| active_ms).collect();
    let is_enough = worked.len() >= LEAST_WORKDAYS && signals.total() as f64 >= LEAST_KNOWN * worked.iter().sum::<f64>();
    let told = if is_enough { Told::of(signals, expected_hours(monday, person)) } else { Told::default() };
    let iso = date(monday).iso_week_date();
    let week = format!("{:04}-W{:02}", iso.year(), iso.week());
    Week { week, from: monday, to: monday + 6, workdays: worked.len(), told }
}

/// Clock hours that working hours touch, and one: nobody leaves on the stroke.
fn expected_hours(monday: i32, person: &Person) -> usize {
    let lengths = (monday..monday + 7).filter_map(|day| person.working_interval(day)).map(|(from, to)| to - from);
    ((lengths.max().unwrap_or(8 * HOUR_MS) + HOUR_MS - 1) / HOUR_MS) as usize + 1
}

impl Told {
    fn of(signals: &Signals, expected: usize) -> Told {
        let hours = signals.days.map(|days| days >= SIGNAL_DAYS);
        let active = hours.iter().filter(|hour| **hour).count();
        let span = 24 - longest_rest(&hours);
        let total = signals.total().max(1) as f64;
        let [inside, before, after] = [signals.inside_ms, signals.before_ms, signals.after_ms].map(|ms| ms as f64 / total);
        Told {
            pattern: Some(pattern(active, span, expected)),
            within_schedule: Some(signals.days_outside.iter().all(|days| *days < SIGNAL_DAYS)),
            time_of_day: Some(time_of_day(inside, before, after)),
            active_hours: Some(active),
            span_hours: Some(span),
            break_hours: Some(span - active),
            expected_hours: Some(expected),
            inside: Some(inside),
            before: Some(before),
            after: Some(after),
        }
    }
}

fn pattern(active: usize, span: usize, expected: usize) -> Pattern {
    match (active, active > expected, active < span) {
        (..LOW_HOURS, ..) => Pattern::Low,
        (ALWAYS_ON_HOURS.., ..) => Pattern::AlwaysOn,
        (_, true, true) => Pattern::LongFlexible,
        (_, true, false) => Pattern::LongContinuous,
        (_, false, true) => Pattern::StandardFlexible,
        (_, false, false) => Pattern::StandardContinuous,
    }
}

fn time_of_day(inside: f64, before: f64, after: f64) -> TimeOfDay {
    match (inside, before, after) {
        _ if inside < HARDLY_INSIDE => TimeOfDay::Overnight,
        _ if inside > MOSTLY_INSIDE => TimeOfDay::Standard,
        _ if after >= MUCH_OUTSIDE && after >= before => TimeOfDay::Evening,
        _ => TimeOfDay::Morning,
    }
}

/// The most empty hours in a row, the clock being round: what is left is the day, also of those who work at night.
fn longest_rest(hours: &[bool; 24]) -> usize {
    let (mut longest, mut now) = (0, 0);
    for at in 0..48 {
        now = if hours[at % 24] { 0 } else { now + 1 };
        longest = longest.max(now);
    }
    longest.min(24)
}

#[cfg(test)]
mod tests {
    use super::super::lives::{MONDAY, OFFICE};
    use super::signals::{Place, SIGNAL_MS};
    use super::*;
    use schemas::Directory;

    const MINUTE_MS: i64 = 60_000;

    fn person(hours: &str) -> Person {
        let (start, end) = hours.split_once('-').unwrap();
        let document = serde_json::json!({"teams": [], "people": [{"id": "a", "time_zone": "Europe/Berlin",
            "working_hours": {"start": start, "end": end, "days": ["mon", "tue", "wed", "thu", "fri"]}}]});
        Directory::new(serde_json::from_value(document).unwrap()).unwrap().person("a").clone()
    }

    /// A week of five days with full activity in these hours of each day (from, to), counted from midnight.
    fn check(hours: &str, active: &[(i64, i64)], pattern: Pattern, within: bool, time_of_day: TimeOfDay) -> Told {
        let person = person(hours);
        let (mut windows, mut days) = (Vec::new(), Vec::new());
        for day in MONDAY..MONDAY + 5 {
            let midnight = person.day_start(day);
            for (from, to) in active {
                windows.extend((from * 12..to * 12).map(|w| (midnight + w * 5 * MINUTE_MS, 5 * MINUTE_MS)));
            }
            let total: i64 = active.iter().map(|(from, to)| (to - from) * HOUR_MS).sum();
            days.push((day, [total as f64; 5]));
        }
        let weeks = of(&History::new(OFFICE, &days, MONDAY + 6), &windows, &person);
        assert_eq!(weeks.len(), 1);
        let told = weeks[0].told.clone();
        assert_eq!(
            (told.pattern, told.within_schedule, told.time_of_day),
            (Some(pattern), Some(within), Some(time_of_day)),
            "{active:?}: {told:?}"
        );
        told
    }

    #[test]
    fn weeks_go_by_their_hours() {
        use Pattern::*;
        let told = check("09:00-17:00", &[(9, 17)], StandardContinuous, true, TimeOfDay::Standard);
        assert_eq!(
            (told.active_hours, told.span_hours, told.break_hours, told.expected_hours),
            (Some(8), Some(8), Some(0), Some(9))
        );
        assert_eq!((told.inside, told.after), (Some(1.0), Some(0.0)));
        check("09:00-17:00", &[(9, 12), (13, 17)], StandardFlexible, true, TimeOfDay::Standard);
        check("09:00-17:00", &[(12, 20)], StandardContinuous, false, TimeOfDay::Evening);
        check("09:00-17:00", &[(5, 13)], StandardContinuous, false, TimeOfDay::Morning);
        check("09:00-17:00", &[(8, 18)], LongContinuous, true, TimeOfDay::Standard);
        check("09:00-17:00", &[(9, 17), (20, 22)], LongFlexible, false, TimeOfDay::Standard);
        check("09:00-17:00", &[(8, 21)], AlwaysOn, false, TimeOfDay::Evening);
        check("09:00-17:00", &[(9, 11)], Low, true, TimeOfDay::Standard);
        check("09:00-17:00", &[(18, 23)], StandardContinuous, false, TimeOfDay::Overnight);
    }

    #[test]
    fn a_night_shift_is_one_day_and_standard_for_who_has_it() {
        let told = check("22:00-06:00", &[(22, 30)], Pattern::StandardContinuous, true, TimeOfDay::Standard);
        assert_eq!((told.active_hours, told.span_hours), (Some(8), Some(8)));
    }

    #[test]
    fn neither_a_glance_nor_one_evening_is_an_hour_of_the_week() {
        let person = person("09:00-17:00");
        let mut signals = Signals::default();
        let mut add = |day: i32, clock: i64, active_ms: i64| {
            let mut hour = Hour::of(person.day_start(MONDAY + day) + clock * HOUR_MS, &person);
            signals.add(&mut hour, active_ms, Place::After);
            let told = Told::of(&signals, 9);
            (told.active_hours, told.within_schedule)
        };
        assert_eq!(add(0, 21, SIGNAL_MS - 1), (Some(0), Some(true)));
        assert_eq!(add(1, 21, SIGNAL_MS), (Some(0), Some(true)));
        assert_eq!(add(2, 21, SIGNAL_MS), (Some(1), Some(false)));
        // Next to working hours is not away from them.
        assert_eq!((add(0, 17, SIGNAL_MS), add(1, 17, SIGNAL_MS)), ((Some(1), Some(false)), (Some(2), Some(false))));
    }

    #[test]
    fn thin_weeks_say_nothing_and_only_whole_ones_are_told() {
        let person = person("09:00-17:00");
        let days: Vec<_> = [0, 1, 7, 8, 9].map(|day| (MONDAY + day, [3.0 * HOUR_MS as f64; 5])).into();
        // Windows of the first week alone: those of the second have expired.
        let windows: Vec<(i64, i64)> =
            (0..36).map(|w| (person.day_start(MONDAY) + 9 * HOUR_MS + w * 5 * MINUTE_MS, 5 * MINUTE_MS)).collect();
        let weeks = of(&History::new(OFFICE, &days, MONDAY + 18), &windows, &person);
        let told: Vec<_> = weeks.iter().map(|week| (week.week.as_str(), week.workdays, week.told.pattern)).collect();
        assert_eq!(told, [("2026-W02", 2, None), ("2026-W03", 3, None)]);
        assert_eq!((weeks[0].from, weeks[0].to), (MONDAY, MONDAY + 6));
    }
}
