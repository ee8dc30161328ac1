//! User-days with rows that are not final: when the watermark is to look at them, and how far back they lie.
//!
//! An entry is never wrong but may be out of date: whether the day still waits is known to the day itself. So what is
//! told here is a bound: nothing is due earlier, and nothing older than the first day is open.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use schemas::Definition;

/// Rows are looked after this often: those of one person become final together, not one by one.
const STEP_MS: i64 = 15 * 60_000;

/// The first look after rows are due.
pub fn in_steps(due: i64) -> i64 {
    due.div_euclid(STEP_MS).saturating_add(1).saturating_mul(STEP_MS)
}

/// How long after its end a day may be changed by what belongs to it: a day that is final has only final rows.
pub fn settles_in(d: &Definition) -> i64 {
    d.response_max_ms.max(d.session_max_ms + d.window_ms.max(d.lag_max_ms + d.attend_within_ms))
}

#[derive(Default)]
pub struct Waiting {
    /// (when, who, day).
    entries: BinaryHeap<Reverse<(i64, u32, i32)>>,
    /// How many entries each day has.
    days: BTreeMap<i32, u32>,
}

impl Waiting {
    pub fn push(&mut self, due: i64, user: u32, day: i32) {
        self.entries.push(Reverse((due, user, day)));
        *self.days.entry(day).or_default() += 1;
    }

    pub fn has_due(&self, watermark: i64) -> bool {
        self.first_due().is_some_and(|due| due <= watermark)
    }

    /// The earliest, if the watermark has passed it.
    pub fn pop(&mut self, watermark: i64) -> Option<(i64, u32, i32)> {
        if !self.has_due(watermark) {
            return None;
        }
        let Reverse(entry) = self.entries.pop()?;
        if let Some(count) = self.days.get_mut(&entry.2) {
            *count -= 1;
            if *count == 0 {
                self.days.remove(&entry.2);
            }
        }
        Some(entry)
    }

    /// `None` when nothing waits.
    pub fn first_due(&self) -> Option<i64> {
        self.entries.peek().map(|Reverse((due, ..))| *due)
    }

    /// `None` when nothing waits.
    pub fn first_day(&self) -> Option<i32> {
        self.days.keys().next().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_comes_after_what_is_due_and_not_much_later() {
        assert_eq!([-1, 0, STEP_MS - 1, STEP_MS].map(in_steps), [0, STEP_MS, STEP_MS, 2 * STEP_MS]);
        assert_eq!(in_steps(i64::MAX), i64::MAX);
    }

    #[test]
    fn the_earliest_due_comes_first_and_the_first_day_stays_until_its_last_entry_is_gone() {
        let mut waiting = Waiting::default();
        assert_eq!((waiting.first_day(), waiting.pop(i64::MAX)), (None, None));
        for (due, user, day) in [(50, 1, 7), (20, 1, 9), (30, 2, 7)] {
            waiting.push(due, user, day);
        }
        assert_eq!((waiting.has_due(19), waiting.pop(19), waiting.first_day()), (false, None, Some(7)));
        assert_eq!((waiting.has_due(20), waiting.pop(20), waiting.first_day()), (true, Some((20, 1, 9)), Some(7)));
        assert_eq!((waiting.pop(40), waiting.first_day()), (Some((30, 2, 7)), Some(7)));
        assert_eq!((waiting.pop(60), waiting.first_day()), (Some((50, 1, 7)), None));
    }
}
