//! A person's days that are over, and what they say of habits.

use schemas::directory::weekday;

use super::{HISTORY_DAYS, LEAST_DAYS, LEAST_WORKED, Measure, USUAL_WEEKS, Values};

/// A person's days that are over.
pub struct History {
    pub(super) first: i32,
    /// One a calendar day; None where they did not work or nothing is known for good.
    pub(super) days: Vec<Option<Values>>,
    /// The weekdays of their working hours, Monday first.
    pub(super) schedule: [bool; 7],
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

    pub(super) fn last(&self) -> i32 {
        self.first + self.days.len() as i32 - 1
    }

    pub(super) fn at(&self, day: i32) -> Option<&Values> {
        self.days.get(usize::try_from(day - self.first).ok()?)?.as_ref()
    }

    /// The worked days among these, in order, with one measure.
    pub(super) fn worked(&self, from: i32, to: i32, measure: Measure) -> impl Iterator<Item = (i32, f64)> + '_ {
        (from.max(self.first)..=to.min(self.last())).filter_map(move |day| self.at(day).map(|v| (day, v[measure as usize])))
    }

    /// Worked days of the last eight weeks.
    pub(super) fn recent(&self) -> usize {
        self.worked(self.last() + 1 - 7 * USUAL_WEEKS, self.last(), Measure::Active).count()
    }

    pub(super) fn is_enough(&self) -> bool {
        self.days.len() >= LEAST_DAYS as usize && self.recent() >= LEAST_WORKED
    }

    /// The weekdays on which work is to be expected after a day. Working hours say so unless eight weeks say otherwise: a
    /// day off that is worked more often than not, a working day that is worked in fewer than one week of four. Weeks off
    /// do not count.
    pub(super) fn habit(&self, until: i32) -> [bool; 7] {
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
    pub(super) fn workdays(&self, measure: Measure) -> Vec<(i32, f64)> {
        self.worked(self.first, self.last(), measure).filter(|(day, _)| self.schedule[weekday(*day)]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::lives::{MONDAY, OFFICE};
    use super::*;

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
}
