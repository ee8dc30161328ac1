//! Single workdays that are far from what was usual: further than anything in the eight weeks before, by several spreads.

use serde::Serialize;

use super::change::Change;
use super::robust::{median, quantile, spread};
use super::{History, LEAST_DAYS, Measure, USUAL_WEEKS, as_date};

/// Days told of: the last four weeks.
const RECENT_DAYS: i32 = 28;
/// Workdays that make a baseline.
const LEAST_BASELINE: usize = 15;
/// Spreads from the median.
const FAR: f64 = 5.0;
const MOST: usize = 5;
/// Where the 90th percentile of a normal distribution lies, in standard deviations.
const NORMAL_P90: f64 = 1.2816;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unusual {
    pub measure: Measure,
    #[serde(serialize_with = "as_date")]
    pub day: i32,
    pub value: f64,
    /// The median of the workdays before.
    pub usual: f64,
    pub workdays: usize,
    /// In spreads.
    pub strength: f64,
}

/// The strongest of the last weeks, latest first. `changes`: of each measure, in the order of `Measure::ALL`.
pub fn strongest(history: &History, changes: &[Vec<Change>]) -> Vec<Unusual> {
    let each = Measure::ALL.into_iter().zip(changes);
    let mut all: Vec<Unusual> = each.flat_map(|(measure, changes)| unusual(history, measure, changes)).collect();
    all.sort_by(|a, b| b.strength.total_cmp(&a.strength));
    all.truncate(MOST);
    all.sort_by_key(|unusual| -unusual.day);
    all
}

fn unusual(history: &History, measure: Measure, changes: &[Change]) -> Vec<Unusual> {
    let days = history.workdays(measure);
    let since = history.last() + 1 - RECENT_DAYS;
    let recent = days.iter().filter(|(day, _)| *day >= since);
    let judge = |(day, value): &(i32, f64)| {
        // After a change of level the days before it are no baseline.
        let level = changes.iter().rev().find(|change| change.day <= *day).map_or(i32::MIN, |change| change.day);
        let from = (day - 7 * USUAL_WEEKS).max(level);
        let usual: Vec<(i32, f64)> = days.iter().filter(|(other, _)| (from..*day).contains(other)).copied().collect();
        let reach = usual.first().map_or(0, |(first, _)| day - first);
        let baseline = Baseline::of(usual.iter().map(|(_, value)| *value).collect(), measure)?;
        let strength = baseline.strength(*value).filter(|_| reach >= LEAST_DAYS)?;
        Some(Unusual { measure, day: *day, value: *value, usual: baseline.median, workdays: usual.len(), strength })
    };
    recent.filter_map(judge).collect()
}

struct Baseline {
    sorted: Vec<f64>,
    median: f64,
    spread: f64,
    least: f64,
}

impl Baseline {
    fn of(mut values: Vec<f64>, measure: Measure) -> Option<Baseline> {
        if values.len() < LEAST_BASELINE {
            return None;
        }
        let median = median(&mut values);
        let spread = spread(&values, median).max(measure.least() / 2.0).max(median / 10.0);
        Some(Baseline { sorted: values, median, spread, least: measure.least() })
    }

    /// How far, where that is worth telling. What is mostly nothing and now and then much (evenings) has no spread about its
    /// median: its tail says how wide it is.
    fn strength(&self, value: f64) -> Option<f64> {
        let (lowest, highest) = (*self.sorted.first()?, *self.sorted.last()?);
        let tail = match value > self.median {
            true => quantile(&self.sorted, 0.9) - self.median,
            false => self.median - quantile(&self.sorted, 0.1),
        };
        let away = (value - self.median).abs();
        let strength = away / self.spread.max(tail / NORMAL_P90);
        let is_new = value > highest || value < lowest;
        (is_new && strength > FAR && away >= self.least).then_some(strength)
    }
}

#[cfg(test)]
mod tests {
    use super::super::change::changes;
    use super::super::lives::{HOUR, Life, MONDAY};
    use super::*;

    fn of(history: &History) -> Vec<Unusual> {
        strongest(history, &Measure::ALL.map(|measure| changes(history, measure)))
    }

    #[test]
    fn a_day_far_from_the_usual_is_told_with_what_is_usual() {
        let history = Life::steady(3).history_of(182, |day, hours| if day == 178 { 10.0 } else { hours });
        let found = of(&history);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].measure, found[0].day, found[0].value), (Measure::Focus, MONDAY + 178, 10.0 * HOUR));
        assert!((found[0].usual / HOUR - 4.0).abs() < 0.5 && found[0].workdays >= 30);
    }

    #[test]
    fn after_a_change_of_level_its_days_are_not_unusual() {
        let shifted = |day: i32, hours: f64| if day >= 161 { hours + 5.0 } else { hours };
        let history = Life::steady(3).history_of(182, shifted);
        assert_eq!(changes(&history, Measure::Focus).len(), 1);
        assert!(of(&history).iter().all(|unusual| unusual.day < MONDAY + 161), "{:?}", of(&history));
    }

    #[test]
    fn less_than_four_weeks_are_no_baseline() {
        let history = Life::steady(3).history_of(26, |day, hours| if day == 24 { 12.0 } else { hours });
        assert_eq!(of(&history), []);
    }

    #[test]
    fn an_evening_now_and_then_is_usual() {
        let mut values = vec![0.0; 34];
        values.extend([40.0, 50.0, 55.0, 60.0, 45.0, 70.0].map(|minutes| minutes * 60_000.0));
        let baseline = Baseline::of(values, Measure::AfterHours).unwrap();
        assert_eq!(baseline.strength(75.0 * 60_000.0), None);
        assert!(baseline.strength(5.0 * HOUR).is_some());
    }

    #[test]
    fn steady_histories_have_few_unusual_days() {
        let told = |seed| of(&Life::steady(seed).history(182)).len();
        let told: usize = (1..=200).map(told).sum();
        println!("unusual days told to 200 people with a steady history, four weeks, five measures: {told}");
        assert!(told <= 20, "{told}");
    }
}
