//! What a message cost that came in the middle of focus.
//!
//! ```text
//! focus     ■■■■■■■■■■■■■                  ■■■■
//! message            ▼ t
//! comm                    ▂▂▂▂▂   ▂▂▂
//!                    │≤120s│ attended      │ first focus interval after t and after that spell began
//!                    ╰────── lag ──────────╯ at most 30 min
//! ```

use schemas::Definition;
use schemas::event::MessageKind;

use super::runs::FocusInterval;
use super::spans::Span;

/// Answers for moments that come in order.
pub struct Attention<'a> {
    definition: &'a Definition,
    /// Communication spells: sorted, disjoint.
    comm: &'a [Span],
    intervals: &'a [FocusInterval],
    spell: usize,
}

impl<'a> Attention<'a> {
    pub fn new(definition: &'a Definition, comm: &'a [Span], intervals: &'a [FocusInterval]) -> Attention<'a> {
        Attention { definition, comm, intervals, spell: 0 }
    }

    /// The resumption lag after a message at `t`; `None` when it was not attended.
    pub fn lag(&mut self, t: i64) -> Option<i64> {
        while self.comm.get(self.spell).is_some_and(|s| s.end <= t) {
            self.spell += 1;
        }
        // Under way at t, or the next to start.
        let spell = self.comm.get(self.spell).filter(|s| s.start <= t + self.definition.attend_within_ms)?;
        let left = t.max(spell.start);
        let back = self.intervals.partition_point(|i| i.start <= left);
        let lag = self.intervals.get(back).map_or(i64::MAX, |i| i.start - t);
        Some(lag.min(self.definition.lag_max_ms))
    }
}

pub fn load(definition: &Definition, kind: MessageKind, lag_ms: Option<i64>) -> f64 {
    let weight = definition.weights.of(kind);
    match lag_ms {
        Some(lag) => weight * (1.0 + (lag as f64 / 60_000.0) / 10.0),
        None => weight * 0.3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000;

    #[test]
    fn lag_runs_to_the_first_focus_after_message_and_spell() {
        let definition = Definition::default();
        let focus = |start: i64, end: i64| FocusInterval { start: start * S, end: end * S, run_start: 0 };
        let comm = [Span::new(100 * S, 160 * S), Span::new(300 * S, 400 * S)];
        let intervals = [focus(0, 100), focus(160, 300), focus(5_000, 5_100)];
        let mut attention = Attention::new(&definition, &comm, &intervals);
        assert_eq!(attention.lag(50 * S), Some(110 * S), "the spell starts within 120 s");
        assert_eq!(attention.lag(130 * S), Some(30 * S), "under way");
        assert_eq!(attention.lag(179 * S), None, "121 s before the next");
        assert_eq!(attention.lag(180 * S), Some(1_800 * S), "exactly 120 s before; back only after 80 min");
        assert_eq!(attention.lag(400 * S), None, "the spell has ended");
        assert_eq!(load(&definition, MessageKind::Dm, Some(600_000)), 3.0);
        assert!((load(&definition, MessageKind::Call, None) - 0.9).abs() < 1e-12);
    }
}
