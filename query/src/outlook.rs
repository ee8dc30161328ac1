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
mod history;
#[cfg(test)]
mod lives;
mod robust;
mod unusual;
pub mod weeks;

use schemas::directory::date;
use serde::{Serialize, Serializer};

use backtest::Forecast;
use change::Change;
use unusual::Unusual;
use weeks::Week;

pub use history::History;

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
