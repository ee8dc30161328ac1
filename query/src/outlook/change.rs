//! Shifts of a level that last: where the workdays before a day and those after it are of two kinds. Ranks decide, so that wild
//! days do not (the greatest of the Mann-Whitney statistics of all places); each side is looked at again for more.

use serde::Serialize;

use super::robust::{median, spread};
use super::{History, Measure, as_date};

/// Workdays that a level lasts, at least: two weeks.
const LASTS: usize = 10;
/// Standard deviations that the ranks before and after differ by. It is the greatest of many, so far more than the usual two or
/// three: the tests say how often it is reached where nothing changed.
const SURE: f64 = 4.2;
/// More would be a list to read, not what changed.
const MOST: usize = 5;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    pub measure: Measure,
    /// The first workday of the new level.
    #[serde(serialize_with = "as_date")]
    pub day: i32,
    pub before: f64,
    pub after: f64,
    /// Workdays that the medians are of: up to the change before this one, and the one after it.
    pub workdays_before: usize,
    pub workdays_after: usize,
    /// In spreads of single days.
    pub strength: f64,
}

/// Of one measure, in order.
pub fn changes(history: &History, measure: Measure) -> Vec<Change> {
    let days = history.workdays(measure);
    let values: Vec<f64> = days.iter().map(|(_, value)| *value).collect();
    let mut cuts = Vec::new();
    cut(&values, 0, measure, &mut cuts);
    cuts.sort_unstable();
    let ends = |at: usize| if at == 0 { 0 } else { cuts.get(at - 1).copied().unwrap_or(values.len()) };
    let change = |(at, cut): (usize, &usize)| {
        let (before, after) = (&values[ends(at)..*cut], &values[*cut..ends(at + 2)]);
        let step = Step::of(before, after, measure);
        Change {
            measure,
            day: days[*cut].0,
            before: step.before,
            after: step.after,
            workdays_before: before.len(),
            workdays_after: after.len(),
            strength: step.strength(),
        }
    };
    cuts.iter().enumerate().map(change).collect()
}

/// The strongest of all measures, latest first.
pub fn strongest(changes: Vec<Vec<Change>>) -> Vec<Change> {
    let mut all: Vec<Change> = changes.into_iter().flatten().collect();
    all.sort_by(|a, b| b.strength.total_cmp(&a.strength));
    all.truncate(MOST);
    all.sort_by_key(|change| -change.day);
    all
}

/// Adds the places where values change, counted from `start`, on both sides of one another.
fn cut(values: &[f64], start: usize, measure: Measure, cuts: &mut Vec<usize>) {
    let Some(at) = split(values).filter(|at| Step::of(&values[..*at], &values[*at..], measure).is_felt(measure)) else { return };
    cuts.push(start + at);
    cut(&values[..at], start, measure, cuts);
    cut(&values[at..], start + at, measure, cuts);
}

struct Step {
    before: f64,
    after: f64,
    /// Of single days around their own median.
    spread: f64,
}

impl Step {
    fn of(before: &[f64], after: &[f64], measure: Measure) -> Step {
        let (was, is) = (median(&mut before.to_vec()), median(&mut after.to_vec()));
        let away = before.iter().map(|value| value - was).chain(after.iter().map(|value| value - is));
        let spread = spread(&away.collect::<Vec<_>>(), 0.0).max(measure.least() / 2.0);
        Step { before: was, after: is, spread }
    }

    fn strength(&self) -> f64 {
        (self.after - self.before).abs() / self.spread
    }

    /// By at least the spread of single days: less is found in long histories, and changes nobody's days.
    fn is_felt(&self, measure: Measure) -> bool {
        self.strength() >= 1.0 && (self.after - self.before).abs() >= measure.least()
    }
}

/// The place where the ranks before and after differ most, if by more than chance would have it.
fn split(values: &[f64]) -> Option<usize> {
    let n = values.len();
    if n < 2 * LASTS {
        return None;
    }
    let mut sum = 0.0;
    let places = ranks(values).into_iter().enumerate().map(|(i, rank)| {
        sum += rank;
        let (before, n) = ((i + 1) as f64, n as f64);
        let expected = before * (n + 1.0) / 2.0;
        (i + 1, (sum - expected).abs() / (before * (n - before) * (n + 1.0) / 12.0).sqrt())
    });
    let inside = places.filter(|(at, _)| (LASTS..=n - LASTS).contains(at));
    inside.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, deviations)| *deviations > SURE).map(|(at, _)| at)
}

/// From 1; equal values share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    for equal in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = from as f64 + (equal.len() + 1) as f64 / 2.0;
        equal.iter().for_each(|at| ranks[*at] = rank);
        from += equal.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::super::lives::{HOUR, Life, MONDAY};
    use super::*;

    #[test]
    fn ranks_share_what_is_equal() {
        assert_eq!(ranks(&[5.0, 1.0, 5.0, 0.0]), [3.5, 2.0, 3.5, 1.0]);
    }

    #[test]
    fn a_shift_that_lasts_is_found_on_about_its_day() {
        let mut found = 0;
        for seed in 1..=40 {
            let life = Life { shift: Some((91, -1.5)), ..Life::steady(seed) };
            let changes = changes(&life.history(182), Measure::Focus);
            if let [change] = &changes[..] {
                let off = (change.day - (MONDAY + 91)).abs();
                assert!(change.before > change.after, "{change:?}");
                assert!((change.before - change.after - 1.5 * HOUR).abs() < 0.6 * HOUR, "{change:?}");
                found += usize::from(off <= 7);
            }
        }
        println!("a shift of 1.5 h where days vary by 0.7 h is found within a week for {found} of 40");
        assert!(found >= 36, "{found}");
    }

    #[test]
    fn two_shifts_are_two_and_their_medians_are_of_the_days_between() {
        let level = |d: i32| {
            if d < 56 {
                4.0
            } else if d < 112 {
                2.0
            } else {
                5.0
            }
        };
        let life = Life::steady(8);
        let history = life.history_of(168, |day, hours| hours - 4.0 + level(day));
        let found = changes(&history, Measure::Focus);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!((found[0].after / HOUR - 2.0).abs() < 0.4 && (found[1].before - found[0].after).abs() < 1.0, "{found:?}");
        assert!((found[1].after / HOUR - 5.0).abs() < 0.4);
    }

    #[test]
    fn a_fortnight_of_wild_days_is_no_level_when_half_of_them_are_plain() {
        let history = Life::steady(9).history_of(182, |day, hours| if day > 170 && day % 2 == 0 { 12.0 } else { hours });
        assert_eq!(changes(&history, Measure::Focus), []);
    }

    #[test]
    fn steady_histories_raise_next_to_no_alarms() {
        let count = |carry: f64| -> usize {
            let lives = (1..=200).map(|seed| Life { carry, ..Life::steady(seed) }.history(182));
            lives.map(|history| Measure::ALL.map(|measure| changes(&history, measure).len()).iter().sum::<usize>()).sum()
        };
        let (steady, carried) = (count(0.0), count(0.4));
        println!(
            "false changes among 200 people, half a year, five measures: {steady}; where days take after the one before: {carried}"
        );
        assert!(steady <= 2, "{steady}");
        assert!(carried <= 12, "{carried}");
    }

    #[test]
    fn the_strongest_come_latest_first_and_are_five_at_most() {
        let one = |day, strength| Change {
            measure: Measure::Load,
            day,
            before: 0.0,
            after: 1.0,
            workdays_before: 10,
            workdays_after: 10,
            strength,
        };
        let told = strongest(vec![(1..=7).map(|i| one(i, f64::from(i))).collect()]);
        assert_eq!(told.iter().map(|change| change.day).collect::<Vec<_>>(), [7, 6, 5, 4, 3]);
    }
}
