//! What a person's own days say: of the next two weeks and how far that may be trusted (`forecast`, `backtest`), of what
//! changed (`change`, `unusual`), and of how their weeks went (`weeks`).
//!
//! In: one person's days that are over, half a year of them at most, and for the weeks their five-minute windows. Out: figures
//! for that person alone. Invariants: nobody else's days enter; a day that is not final is not history; without four weeks of
//! history there are no numbers; the same days give the same answer. Deliberately absent: a clock, the store, randomness.
//!
//! Why no library: decision 21.

mod backtest;
mod change;
mod forecast;
#[cfg(test)]
mod lives;
mod robust;
mod unusual;
pub mod weeks;

use schemas::directory::{date, weekday};
use serde::{Serialize, Serializer};

use backtest::Forecast;
use change::Change;
use unusual::Unusual;
use weeks::Week;

/// How far back days are looked at: half a year, in whole weeks.
pub const HISTORY_DAYS: i32 = 26 * 7;
/// Fewer say nothing of a habit.
const LEAST_DAYS: i32 = 28;
/// Under this a day was not worked (as for burnout risk).
pub const WORKED_MS: f64 = 1_800_000.0;
/// Weeks that say on which weekdays somebody works, and what is usual for them.
const USUAL_WEEKS: i32 = 8;
/// Worked days within `USUAL_WEEKS` that are a history.
const LEAST_WORKED: usize = 10;
const MINUTE: f64 = 60_000.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Measure {
    #[serde(rename = "focus_ms")]
    Focus,
    #[serde(rename = "load")]
    Load,
    #[serde(rename = "active_ms")]
    Active,
    #[serde(rename = "after_hours_ms")]
    AfterHours,
    #[serde(rename = "meeting_ms")]
    Meetings,
}

impl Measure {
    pub const ALL: [Measure; 5] = [Measure::Focus, Measure::Load, Measure::Active, Measure::AfterHours, Measure::Meetings];

    /// The column of `user_daily`.
    pub fn column(self) -> &'static str {
        match self {
            Measure::Focus => "focus_ms",
            Measure::Load => "load",
            Measure::Active => "active_ms",
            Measure::AfterHours => "after_hours_ms",
            Measure::Meetings => "meeting_ms",
        }
    }

    /// A smaller difference is none that anybody would feel, however regular the days are.
    fn least(self) -> f64 {
        match self {
            Measure::Load => 4.0,
            Measure::Focus | Measure::Active | Measure::Meetings => 30.0 * MINUTE,
            Measure::AfterHours => 40.0 * MINUTE,
        }
    }
}

/// By `Measure::ALL`.
pub type Values = [f64; Measure::ALL.len()];

/// A person's days that are over.
pub struct History {
    first: i32,
    /// One a calendar day; None where they did not work or nothing is known for good.
    days: Vec<Option<Values>>,
    /// The weekdays of their working hours, Monday first.
    schedule: [bool; 7],
}

impl History {
    /// `days` in order, worked and final ones alone; `last` is the last day that is over.
    pub fn new(schedule: [bool; 7], days: &[(i32, Values)], last: i32) -> History {
        let first = days.first().map_or(last + 1, |(day, _)| *day).max(last + 1 - HISTORY_DAYS);
        let mut all = vec![None; (last + 1 - first).max(0) as usize];
        for (day, values) in days {
            if let Some(place) = usize::try_from(day - first).ok().and_then(|at| all.get_mut(at)) {
                *place = Some(*values);
            }
        }
        History { first, days: all, schedule }
    }

    fn last(&self) -> i32 {
        self.first + self.days.len() as i32 - 1
    }

    fn at(&self, day: i32) -> Option<&Values> {
        self.days.get(usize::try_from(day - self.first).ok()?)?.as_ref()
    }

    /// The worked days among these, in order, with one measure.
    fn worked(&self, from: i32, to: i32, measure: Measure) -> impl Iterator<Item = (i32, f64)> + '_ {
        (from.max(self.first)..=to.min(self.last())).filter_map(move |day| self.at(day).map(|v| (day, v[measure as usize])))
    }

    /// Worked days of the last eight weeks.
    fn recent(&self) -> usize {
        self.worked(self.last() + 1 - 7 * USUAL_WEEKS, self.last(), Measure::Active).count()
    }

    fn is_enough(&self) -> bool {
        self.days.len() >= LEAST_DAYS as usize && self.recent() >= LEAST_WORKED
    }

    /// The weekdays on which work is to be expected after a day. Working hours say so unless eight weeks say otherwise: a
    /// day off that is worked more often than not, a working day that is worked in fewer than one week of four. Weeks off
    /// do not count.
    fn habit(&self, until: i32) -> [bool; 7] {
        let (mut weeks, mut worked) = (0, [0; 7]);
        for week in 0..USUAL_WEEKS {
            let end = until - 7 * week;
            let mut any = false;
            for (day, _) in self.worked(end - 6, end, Measure::Active) {
                worked[weekday(day)] += 1;
                any = true;
            }
            weeks += i32::from(any);
        }
        std::array::from_fn(|day| match self.schedule[day] {
            true => weeks < 4 || worked[day] * 4 >= weeks,
            false => weeks >= 4 && worked[day] * 2 > weeks,
        })
    }

    /// Working days by the working hours that were worked: days of one kind.
    fn workdays(&self, measure: Measure) -> Vec<(i32, f64)> {
        self.worked(self.first, self.last(), measure).filter(|(day, _)| self.schedule[weekday(*day)]).collect()
    }
}

/// Without enough history the lists are empty, but for the weeks.
#[derive(Debug, Serialize)]
pub struct Outlook {
    pub enough_history: bool,
    /// Calendar days from the first worked one to yesterday.
    pub history_days: i32,
    pub history_days_needed: i32,
    /// Of the last eight weeks.
    pub worked_days: usize,
    pub worked_days_needed: usize,
    pub forecasts: Vec<Forecast>,
    pub unusual: Vec<Unusual>,
    pub changes: Vec<Change>,
    pub weeks: Vec<Week>,
}

impl Outlook {
    /// From the day after `today` on; `weeks` as `weeks::of` has them.
    pub fn of(history: &History, today: i32, weeks: Vec<Week>) -> Outlook {
        let enough_history = history.is_enough();
        let mut outlook = Outlook {
            enough_history,
            history_days: history.days.len() as i32,
            history_days_needed: LEAST_DAYS,
            worked_days: history.recent(),
            worked_days_needed: LEAST_WORKED,
            forecasts: Vec::new(),
            unusual: Vec::new(),
            changes: Vec::new(),
            weeks,
        };
        if enough_history {
            let both = [Measure::Focus, Measure::Load];
            outlook.forecasts = both.into_iter().filter_map(|measure| backtest::forecast(history, measure, today)).collect();
            let changes: Vec<Vec<Change>> = Measure::ALL.map(|measure| change::changes(history, measure)).into();
            outlook.unusual = unusual::strongest(history, &changes);
            outlook.changes = change::strongest(changes);
        }
        outlook
    }
}

fn as_date<S: Serializer>(day: &i32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&date(*day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lives::{Life, MONDAY, OFFICE};

    fn history(worked: impl Fn(i32) -> bool, days: i32) -> History {
        let days: Vec<_> = (0..days).filter(|d| worked(*d)).map(|d| (MONDAY + d, [1.0; 5])).collect();
        let last = days.last().unwrap().0;
        History::new(OFFICE, &days, last)
    }

    fn check_habit(worked: impl Fn(i32) -> bool, expected: [bool; 7]) {
        let history = history(worked, 70);
        assert_eq!(history.habit(history.last()), expected);
    }

    #[test]
    fn work_is_expected_by_the_hours_unless_habit_says_otherwise() {
        check_habit(|d| d % 7 < 5, OFFICE);
        // Fridays off, whatever the directory says; one Friday worked changes nothing.
        check_habit(|d| d % 7 < 4 || d == 60, [true, true, true, true, false, false, false]);
        // Most Saturdays worked, one Sunday.
        check_habit(|d| d % 7 < 5 || d % 7 == 5 && d % 4 > 0 || d == 55, [true, true, true, true, true, true, false]);
        // Four weeks of holiday are no habit.
        check_habit(|d| d % 7 < 5 && !(35..63).contains(&d), OFFICE);
    }

    #[test]
    fn four_weeks_and_ten_days_are_enough() {
        let enough = |worked: &dyn Fn(i32) -> bool, days| history(worked, days).is_enough();
        assert!(!enough(&|d| d % 7 < 5, 26));
        assert!(enough(&|d| d % 7 < 5, 33));
        assert!(!enough(&|d| d % 7 == 0, 57));
        let long_ago: Vec<_> = (0..40).map(|d| (MONDAY + d, [1.0; 5])).collect();
        assert!(!History::new(OFFICE, &long_ago, MONDAY + 150).is_enough());
    }

    #[test]
    fn half_a_year_and_no_more_is_looked_at() {
        let days: Vec<_> = (0..400).map(|d| (MONDAY + d, [1.0; 5])).collect();
        let history = History::new(OFFICE, &days, MONDAY + 399);
        assert_eq!(history.days.len(), HISTORY_DAYS as usize);
        assert_eq!(history.last(), MONDAY + 399);
    }

    #[test]
    fn no_numbers_without_history() {
        let outlook = Outlook::of(&Life::steady(1).history(20), MONDAY + 20, Vec::new());
        assert!(!outlook.enough_history);
        assert_eq!((outlook.forecasts.len(), outlook.changes.len(), outlook.unusual.len()), (0, 0, 0));
        let outlook = Outlook::of(&Life::steady(1).history(182), MONDAY + 182, Vec::new());
        assert!(outlook.enough_history && outlook.forecasts.len() == 2);
        let outlook = Outlook::of(&History::new(OFFICE, &[], MONDAY), MONDAY + 1, Vec::new());
        assert_eq!((outlook.enough_history, outlook.history_days), (false, 0));
    }

    /// `cargo test --release -- --nocapture half_a_year_takes` for the figure in decision 21.
    #[test]
    fn half_a_year_takes_milliseconds() {
        let history = Life::steady(3).history(182);
        let began = std::time::Instant::now();
        for _ in 0..10 {
            std::hint::black_box(Outlook::of(&history, MONDAY + 182, Vec::new()));
        }
        let each = began.elapsed() / 10;
        println!("the outlook of half a year takes {each:.1?}");
        assert!(each.as_millis() < 250, "{each:?}");
    }
}
