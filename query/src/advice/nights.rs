//! Late evenings and short nights, and how much focus the day after has.

use super::history::{Day, HOUR, History};
use super::noise::{Difference, Sample, less};
use super::subject::Subject;
use super::{Advice, Evidence, Unit, duration};

/// Of activity, for an evening to be late.
const LATE_MS: i64 = 900_000;
/// What comes before this of the next day is the evening's as well.
const NIGHT_ENDS: u16 = 4 * HOUR;
const SHORT_MS: i64 = 11 * 3_600_000;
const LEAST: usize = 6;
const LEAST_LOST: f64 = 20.0 * 60_000.0;

/// Both are much the same days, so the one that shows more is told.
pub fn late_or_short(history: &History) -> Option<Advice> {
    let late = history.late_from.and_then(|hour| late_evenings(history, hour));
    let short = short_nights(history);
    late.into_iter().chain(short).max_by(|a, b| a.strength.total_cmp(&b.strength))
}

fn compare(history: &History, is: impl Fn(&Day) -> Option<bool>) -> Option<Difference> {
    let sample = |day: &Day| {
        let stratum = history.fortnight(day.day);
        Some(Sample { stratum, here: is(day)?, value: day.focus_ms(), day: day.day })
    };
    less(&history.workdays().filter_map(sample).collect::<Vec<_>>(), LEAST).filter(|found| found.lost >= LEAST_LOST)
}

fn late_evenings(history: &History, hour: u8) -> Option<Advice> {
    let late = |day: &Day| {
        // The first day's evening before is not known.
        (day.day > history.first()).then(|| {
            let evening = history.day(day.day - 1).into_iter().flat_map(|before| &before.windows);
            let evening = evening.filter(|w| w.at >= u16::from(hour) * HOUR);
            let night = day.windows.iter().filter(|w| w.at < NIGHT_ENDS);
            evening.chain(night).map(|w| w.active_ms).sum::<i64>() >= LATE_MS
        })
    };
    let found = compare(history, late)?;
    let why = format!(
        "On {} workdays after an evening with work past {hour}:00 you had {} of focus, on {} others {}.",
        found.n_here,
        duration(found.here),
        found.n_elsewhere,
        duration(found.elsewhere),
    );
    Some(advice(Subject::LateEvenings(hour), why, "after late evenings", found))
}

fn short_nights(history: &History) -> Option<Advice> {
    let found = compare(history, |day| day.rest_ms.map(|rest| rest < SHORT_MS))?;
    let why = format!(
        "On {} workdays that began less than eleven hours after the last one ended you had {} of focus, on {} others {}.",
        found.n_here,
        duration(found.here),
        found.n_elsewhere,
        duration(found.elsewhere),
    );
    Some(advice(Subject::ShortNights, why, "after short nights", found))
}

fn advice(subject: Subject, why: String, here: &str, found: Difference) -> Advice {
    let focus = Evidence {
        name: "focus_ms",
        what: "Focus of the day",
        unit: Unit::Ms,
        here: Some(found.here),
        elsewhere: Some(found.elsewhere),
        n_here: found.n_here,
        n_elsewhere: found.n_elsewhere,
        of: "days",
    };
    let elsewhere = "other days".into();
    Advice { subject, why, here: here.into(), elsewhere, evidence: vec![focus], days: found.days, strength: found.strength }
}
