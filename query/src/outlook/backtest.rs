//! What a forecast would have been worth: from each past day on, with what was known then, the days that followed are foreseen
//! both ways and held against what they were. The better way is shown, with the errors it made as its interval.

use schemas::directory::weekday;
use serde::Serialize;

use super::forecast::{Fit, same_weekday};
use super::{History, Measure, as_date};

/// Days foreseen.
const AHEAD_DAYS: i32 = 14;
/// Today is not over and not foreseen: the first day foreseen comes two days after the last one known.
const FIRST_AHEAD: i32 = 2;
/// From how many days of history on forecasts are tried.
const LEAST_KNOWN: i32 = 14;
/// Fewer trials make no interval.
const LEAST_TRIALS: usize = 20;
/// Past days shown before the forecast.
const RECENT_DAYS: i32 = 28;
/// The share of days that an interval is to hold.
const LEVEL: f64 = 0.8;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    WeekdayLevel,
    SameWeekdayLastWeek,
}

#[derive(Debug, Serialize)]
pub struct Forecast {
    pub measure: Measure,
    pub method: Method,
    pub level: f64,
    pub backtest: Backtest,
    pub recent: Vec<Past>,
    pub days: Vec<Foreseen>,
}

/// Of both ways; coverage is that of the interval of the one shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Backtest {
    pub forecasts: usize,
    /// Days that were foreseen, each up to 14 times.
    pub days: usize,
    pub mean_error: f64,
    pub mean_error_same_weekday: f64,
    pub beats_same_weekday: bool,
    /// Of the forecasts that had enough before them, the share within an interval made of errors known by then.
    pub coverage: Option<f64>,
    pub coverage_forecasts: usize,
}

#[derive(Debug, Serialize)]
pub struct Past {
    #[serde(serialize_with = "as_date")]
    pub day: i32,
    pub value: Option<f64>,
}

/// No numbers on a day off.
#[derive(Debug, Serialize)]
pub struct Foreseen {
    #[serde(serialize_with = "as_date")]
    pub day: i32,
    pub day_off: bool,
    pub value: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// A forecast made at the end of `origin`, and by how much the day was more than foreseen.
struct Trial {
    origin: i32,
    day: i32,
    ours: f64,
    naive: f64,
}

/// The days after `today`. None where too little could be tried to say what a forecast is worth.
pub fn forecast(history: &History, measure: Measure, today: i32) -> Option<Forecast> {
    let trials = trials(history, measure);
    if trials.len() < LEAST_TRIALS {
        return None;
    }
    let mean_error = mean(trials.iter().map(|trial| trial.ours.abs()));
    let mean_error_same_weekday = mean(trials.iter().map(|trial| trial.naive.abs()));
    let beats_same_weekday = mean_error < mean_error_same_weekday;
    let (method, error): (Method, fn(&Trial) -> f64) = match beats_same_weekday {
        true => (Method::WeekdayLevel, |trial| trial.ours),
        false => (Method::SameWeekdayLastWeek, |trial| trial.naive),
    };
    let (within, coverage_forecasts) = coverage(&trials, error);
    let mut days: Vec<i32> = trials.iter().map(|trial| trial.day).collect();
    days.sort_unstable();
    days.dedup();
    let backtest = Backtest {
        forecasts: trials.len(),
        days: days.len(),
        mean_error,
        mean_error_same_weekday,
        beats_same_weekday,
        coverage: (coverage_forecasts > 0).then(|| within as f64 / coverage_forecasts as f64),
        coverage_forecasts,
    };
    let mut errors: Vec<f64> = trials.iter().map(error).collect();
    errors.sort_unstable_by(f64::total_cmp);
    let last = history.last();
    let (habit, band) = (history.habit(last), band(&errors));
    let fit = Fit::of(history, measure, last, habit)?;
    let foresee = |day| match method {
        Method::WeekdayLevel => Some(fit.at(day)),
        // A weekday of habit that has never been worked yet: the level is all there is.
        Method::SameWeekdayLastWeek => same_weekday(history, measure, last, day).or(Some(fit.at(day))),
    };
    let foreseen = |day| {
        let value = if habit[weekday(day)] { foresee(day) } else { None };
        let low = value.map(|value| (value + band.0).min(value).max(0.0));
        let high = value.map(|value| (value + band.1).max(value));
        Foreseen { day, day_off: value.is_none(), value, low, high }
    };
    Some(Forecast {
        measure,
        method,
        level: LEVEL,
        backtest,
        recent: (last + 1 - RECENT_DAYS..=last).map(|day| past(history, measure, day)).collect(),
        days: (today + 1..=today + AHEAD_DAYS).map(foreseen).collect(),
    })
}

fn past(history: &History, measure: Measure, day: i32) -> Past {
    Past { day, value: history.at(day).map(|values| values[measure as usize]) }
}

/// Of each past day, in order. Days that were foreseen as off, or on which nobody worked after all, are not judged.
fn trials(history: &History, measure: Measure) -> Vec<Trial> {
    let mut trials = Vec::new();
    for origin in history.first + LEAST_KNOWN - 1..=history.last() - FIRST_AHEAD {
        let habit = history.habit(origin);
        let Some(fit) = Fit::of(history, measure, origin, habit) else { continue };
        for (day, value) in history.worked(origin + FIRST_AHEAD, origin + FIRST_AHEAD + AHEAD_DAYS - 1, measure) {
            let Some(naive) = same_weekday(history, measure, origin, day).filter(|_| habit[weekday(day)]) else { continue };
            trials.push(Trial { origin, day, ours: value - fit.at(day), naive: value - naive });
        }
    }
    trials
}

/// How many trials lay within an interval of errors that were known when they were made, and of how many.
fn coverage(trials: &[Trial], error: fn(&Trial) -> f64) -> (usize, usize) {
    let mut over: Vec<&Trial> = trials.iter().collect();
    over.sort_by_key(|trial| trial.day);
    let mut over = over.into_iter().peekable();
    let mut known: Vec<f64> = Vec::with_capacity(trials.len());
    let (mut within, mut judged) = (0, 0);
    for trial in trials {
        while let Some(past) = over.next_if(|past| past.day <= trial.origin) {
            let past = error(past);
            known.insert(known.partition_point(|other| *other < past), past);
        }
        if known.len() >= LEAST_TRIALS {
            let (low, high) = band(&known);
            judged += 1;
            within += usize::from((low..=high).contains(&error(trial)));
        }
    }
    (within, judged)
}

/// The bounds that the next error keeps with probability `LEVEL`, were it drawn like these: ranks of n + 1, not of n.
fn band(sorted: &[f64]) -> (f64, f64) {
    let tail = (1.0 - LEVEL) / 2.0;
    let n = sorted.len();
    let below = (((n + 1) as f64 * tail).floor() as usize).clamp(1, n);
    (sorted[below - 1], sorted[n - below])
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len();
    values.sum::<f64>() / n as f64
}

#[cfg(test)]
mod tests {
    use super::super::lives::{Life, MONDAY};
    use super::*;

    fn of(life: Life, days: i32) -> Forecast {
        forecast(&life.history(days), Measure::Focus, MONDAY + days).unwrap()
    }

    #[test]
    fn people_with_habits_are_foreseen_better_than_by_last_week() {
        let (mut ratio, mut beaten, mut coverage) = (0.0, 0, 0.0);
        for seed in 1..=40 {
            let found = of(Life { weekday_sd: 0.8, ..Life::steady(seed) }, 182).backtest;
            ratio += found.mean_error / found.mean_error_same_weekday / 40.0;
            beaten += usize::from(found.beats_same_weekday);
            coverage += found.coverage.unwrap() / 40.0;
        }
        println!("error {ratio:.3} of the naive one's, better for {beaten} of 40, coverage {coverage:.3}");
        assert!(ratio < 0.82 && beaten >= 38, "{ratio} {beaten}");
        assert!((0.74..0.86).contains(&coverage), "{coverage}");
    }

    #[test]
    fn where_each_weekday_repeats_exactly_last_week_is_not_beaten_and_is_shown() {
        // Weekdays far apart that repeat to the minute, while the level falls: last week is the best there is.
        let life = Life { weekday_sd: 6.0, noise_sd: 0.0, drift_a_week: -0.01, base: 16.0, ..Life::steady(5) };
        let found = of(life, 182);
        assert!(!found.backtest.beats_same_weekday);
        assert_eq!(found.method, Method::SameWeekdayLastWeek);
        assert!(found.backtest.mean_error_same_weekday <= found.backtest.mean_error);
    }

    #[test]
    fn days_off_are_foreseen_as_such_and_the_interval_holds_the_value() {
        let found = of(Life::steady(2), 182);
        assert_eq!(found.days.len(), 14);
        assert_eq!(found.days[0].day, MONDAY + 183);
        for day in &found.days {
            let off = (day.day - MONDAY) % 7 >= 5;
            assert_eq!((day.day_off, day.value.is_none(), day.low.is_none()), (off, off, off));
            if let (Some(value), Some(low), Some(high)) = (day.value, day.low, day.high) {
                assert!(0.0 <= low && low <= value && value <= high, "{day:?}");
            }
        }
        assert_eq!(found.recent.len(), 28);
    }

    #[test]
    fn a_trial_knows_nothing_of_what_came_after_it() {
        let life = Life::steady(4);
        let whole = trials(&life.history(120), Measure::Focus);
        let short = trials(&life.history(80), Measure::Focus);
        assert!(short.len() > 100);
        for trial in &short {
            let same = whole.iter().find(|other| (other.origin, other.day) == (trial.origin, trial.day)).unwrap();
            assert_eq!((same.ours, same.naive), (trial.ours, trial.naive));
        }
    }

    #[test]
    fn four_weeks_are_tried_already() {
        let found = of(Life::steady(6), 28).backtest;
        assert!(found.forecasts >= LEAST_TRIALS && found.days >= 5, "{found:?}");
        assert!(forecast(&Life::steady(6).history(15), Measure::Focus, MONDAY + 15).is_none());
    }

    #[test]
    fn the_band_takes_ranks_of_one_more() {
        let errors: Vec<f64> = (1..=20).map(f64::from).collect();
        assert_eq!(band(&errors), (2.0, 19.0));
        assert_eq!(band(&errors[..5]), (1.0, 5.0));
    }
}
