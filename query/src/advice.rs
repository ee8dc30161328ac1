//! What a person's own last weeks advise: hours to keep for focus, half-days to keep free of meetings, pauses, evenings, nights.
//!
//! What enters: one person's rows of some weeks (`History`). What leaves: pieces of advice, each with its evidence, the strongest
//! first. All of it is pure: the same rows give the same advice, anywhere.
//!
//! Invariants: nothing is said that chance would often say as well (`noise`), nor of a difference too small to matter, nor on few
//! days; a comparison is told as one, not as a cause.
//!
//! Deliberately absent: other people. Nobody is compared with anybody.

mod counted;
mod history;
mod hours;
mod meetings;
mod nights;
mod noise;
mod pauses;
mod subject;
#[cfg(test)]
mod tests;

use serde::Serialize;

pub use counted::Counted;
pub use history::{DayRow, History};
pub use subject::{KINDS, Subject};

/// Local days that are looked at, up to yesterday.
pub const DAYS: i32 = 42;
/// Workdays with an hour of activity, before anything is said.
pub const LEAST_DAYS: usize = 15;
const MOST: usize = 5;
/// How long a piece that was said to be not useful is not shown.
pub const HIDDEN_MS: i64 = 90 * 86_400_000;

#[derive(Debug, Clone)]
pub struct Advice {
    pub subject: Subject,
    pub why: String,
    /// What `here` of the evidence is, and `elsewhere`.
    pub here: String,
    pub elsewhere: String,
    pub evidence: Vec<Evidence>,
    /// First and last day it comes from.
    pub days: (i32, i32),
    /// The difference in its own spread by chance.
    strength: f64,
}

/// One comparison. None where there is nothing to take a mean of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    pub name: &'static str,
    pub what: &'static str,
    pub unit: Unit,
    pub here: Option<f64>,
    pub elsewhere: Option<f64>,
    pub n_here: usize,
    pub n_elsewhere: usize,
    /// What is counted.
    pub of: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Share,
    Ms,
    PerHour,
    PerWeek,
}

/// All there is to say, the strongest first.
pub fn find(history: &History) -> Vec<Advice> {
    if history.workdays().count() < LEAST_DAYS {
        return Vec::new();
    }
    let mut found = hours::best(history);
    found.extend(meetings::free(history));
    found.extend(meetings::gaps(history));
    found.extend(pauses::long_stretches(history));
    found.extend(nights::late_or_short(history));
    found.sort_by(|a, b| b.strength.total_cmp(&a.strength));
    found
}

/// Of what was found, what is shown to somebody who does not want to see `hidden`.
pub fn shown(found: Vec<Advice>, hidden: &[Subject]) -> Vec<Advice> {
    let wanted = |advice: &Advice| !hidden.iter().any(|subject| subject.covers(&advice.subject));
    found.into_iter().filter(wanted).take(MOST).collect()
}

/// `46 min`, `1 h 20 min`.
fn duration(ms: f64) -> String {
    let minutes = (ms / 60_000.0).round() as i64;
    match (minutes / 60, minutes % 60) {
        (0, rest) => format!("{rest} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, rest) => format!("{hours} h {rest} min"),
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}
