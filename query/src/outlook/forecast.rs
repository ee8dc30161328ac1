//! Two ways to foresee a day: a level that follows the last weeks plus what the weekday usually adds, and what the same weekday
//! was last time. Both know of the days up to one day alone, and both are about days that are worked: who is ill or on
//! holiday is not foreseen.

use schemas::directory::weekday;

use super::robust::{centre, median};
use super::{History, Measure};

/// A day this long ago weighs half as much for the level.
const LEVEL_HALF_LIFE: f64 = 14.0;
/// And for what a weekday adds, which seldom changes.
const WEEKDAY_HALF_LIFE: f64 = 84.0;
/// Days as good as nothing that a weekday's days are weighed against: of two Mondays little is believed.
const DOUBT: f64 = 2.0;
/// A weekday is compared with the days this far around it, so that a change of the level is not taken for the weekday's.
const AROUND_DAYS: i32 = 10;
/// Older days say nothing more.
const MEMORY_DAYS: i32 = 126;

/// Level and weekdays as of a day.
pub struct Fit {
    level: f64,
    weekdays: [f64; 7],
}

impl Fit {
    /// Of the worked days up to `until` on weekdays of habit; None where there are none.
    pub fn of(history: &History, measure: Measure, until: i32, habit: [bool; 7]) -> Option<Fit> {
        let worked = history.worked(until - MEMORY_DAYS + 1, until, measure);
        let days: Vec<(i32, f64)> = worked.filter(|(day, _)| habit[weekday(*day)]).collect();
        if days.is_empty() {
            return None;
        }
        let age = |day: i32, half_life: f64| 0.5f64.powf(f64::from(until - day) / half_life);
        let mut away: [Vec<(f64, f64)>; 7] = Default::default();
        for (day, value) in &days {
            let around = days.iter().filter(|(other, _)| (other - day).abs() <= AROUND_DAYS);
            let level = median(&mut around.map(|(_, value)| *value).collect::<Vec<_>>());
            away[weekday(*day)].push((value - level, age(*day, WEEKDAY_HALF_LIFE)));
        }
        let weekdays = away.map(|mut away| {
            let weight: f64 = away.iter().map(|(_, weight)| weight).sum();
            if away.is_empty() { 0.0 } else { centre(&mut away) * weight / (weight + DOUBT) }
        });
        let without = |(day, value): &(i32, f64)| (value - weekdays[weekday(*day)], age(*day, LEVEL_HALF_LIFE));
        let level = centre(&mut days.iter().map(without).collect::<Vec<_>>());
        Some(Fit { level, weekdays })
    }

    pub fn at(&self, day: i32) -> f64 {
        (self.level + self.weekdays[weekday(day)]).max(0.0)
    }
}

/// The last one of the same weekday up to `until` that was worked: last week's, unless that is not over or was off.
pub fn same_weekday(history: &History, measure: Measure, until: i32, day: i32) -> Option<f64> {
    let back = (1..).map(|weeks| day - 7 * weeks).skip_while(|day| *day > until);
    back.take_while(|day| *day >= history.first).find_map(|day| history.at(day).map(|values| values[measure as usize]))
}

#[cfg(test)]
mod tests {
    use super::super::lives::{MONDAY, OFFICE};
    use super::*;

    fn history(value: impl Fn(i32) -> f64, days: i32) -> History {
        let days: Vec<_> = (0..days).filter(|d| d % 7 < 5).map(|d| (MONDAY + d, [value(d); 5])).collect();
        History::new(OFFICE, &days, MONDAY + 139)
    }

    fn fit(history: &History) -> Fit {
        Fit::of(history, Measure::Focus, history.last(), OFFICE).unwrap()
    }

    #[test]
    fn weekdays_are_told_apart_and_a_wild_day_is_not_followed() {
        let with_wild = |d: i32| if d == 137 { 500.0 } else { 100.0 + f64::from(d % 7) * 10.0 };
        let fit = fit(&history(with_wild, 140));
        for weekday in 0..5 {
            let foreseen = fit.at(MONDAY + 140 + weekday);
            assert!((foreseen - (100.0 + f64::from(weekday) * 10.0)).abs() < 8.0, "{weekday}: {foreseen}");
        }
    }

    #[test]
    fn a_new_level_is_followed_within_weeks_and_not_taken_for_the_weekdays() {
        let fit = fit(&history(|d| if d < 112 { 100.0 } else { 200.0 }, 140));
        let week: Vec<f64> = (140..145).map(|d| fit.at(MONDAY + d)).collect();
        assert!(week.iter().all(|value| (160.0..=205.0).contains(value)), "{week:?}");
        assert!(week.iter().all(|value| (value - week[0]).abs() < 8.0), "{week:?}");
    }

    #[test]
    fn the_same_weekday_is_the_last_one_known_and_worked() {
        let history = history(f64::from, 140);
        let naive = |until: i32, day: i32| same_weekday(&history, Measure::Focus, MONDAY + until, MONDAY + day);
        assert_eq!(naive(139, 140), Some(133.0));
        assert_eq!(naive(132, 140), Some(126.0));
        assert_eq!(naive(139, 145), None);
        assert_eq!(naive(1, 9), None);
    }

    #[test]
    fn nothing_below_nothing_and_nothing_of_nothing() {
        let mut fit = fit(&history(|_| 1.0, 140));
        fit.weekdays[0] = -9.0;
        assert_eq!(fit.at(MONDAY), 0.0);
        assert!(Fit::of(&History::new(OFFICE, &[], MONDAY), Measure::Load, MONDAY, OFFICE).is_none());
    }
}
