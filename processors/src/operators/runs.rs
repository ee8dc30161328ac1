//! Focus intervals to runs, and whether a moment lies in focus.
//!
//! ```text
//! focus     ■■■■  ■■■   ■■■■■■        ■■■■       gaps of at most 120 s join, whatever lies in them
//! runs      ├────────────────┤        ├──┤
//! flow           ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁                 from 5 min into a run until a minute past its last focus
//! ```

use schemas::Definition;
use schemas::event::Category;

use super::spans::Span;
use super::timeline::Piece;

/// A focus interval and the start of the run it belongs to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FocusInterval {
    pub start: i64,
    pub end: i64,
    pub run_start: i64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Run {
    pub span: Span,
    /// Focus time inside: its length without the gaps.
    pub focus_ms: i64,
}

/// Which categories are focus, as bits.
#[derive(Debug, Clone, Copy)]
pub struct FocusCategories(u16);

impl FocusCategories {
    pub fn of(definition: &Definition) -> FocusCategories {
        FocusCategories(definition.focus_categories.iter().fold(0, |bits, c| bits | 1 << *c as u16))
    }

    #[inline]
    pub fn has(self, category: Category) -> bool {
        self.0 & (1 << category as u16) != 0
    }
}

pub fn runs(definition: &Definition, pieces: &[Piece], intervals: &mut Vec<FocusInterval>, runs: &mut Vec<Run>) {
    intervals.clear();
    runs.clear();
    let focus = FocusCategories::of(definition);
    for piece in pieces.iter().filter(|p| focus.has(p.category)) {
        match runs.last_mut() {
            Some(run) if piece.start - run.span.end <= definition.run_gap_ms => {
                run.span.end = piece.end;
                run.focus_ms += piece.end - piece.start;
            }
            _ => runs.push(Run { span: piece.span(), focus_ms: piece.end - piece.start }),
        }
        let run_start = runs.last().map_or(piece.start, |r| r.span.start);
        intervals.push(FocusInterval { start: piece.start, end: piece.end, run_start });
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InFocusBy {
    Session,
    Flow,
}

impl InFocusBy {
    pub fn as_str(self) -> &'static str {
        match self {
            InFocusBy::Session => "session",
            InFocusBy::Flow => "flow",
        }
    }
}

/// Answers "in focus at t?" for moments that come in order.
pub struct FocusTest<'a> {
    definition: &'a Definition,
    /// Time in focus sessions: sorted, disjoint.
    sessions: &'a [Span],
    intervals: &'a [FocusInterval],
    session: usize,
    seen: usize,
}

impl<'a> FocusTest<'a> {
    pub fn new(definition: &'a Definition, sessions: &'a [Span], intervals: &'a [FocusInterval]) -> FocusTest<'a> {
        FocusTest { definition, sessions, intervals, session: 0, seen: 0 }
    }

    pub fn at(&mut self, t: i64) -> Option<InFocusBy> {
        while self.sessions.get(self.session).is_some_and(|s| s.end <= t) {
            self.session += 1;
        }
        if self.sessions.get(self.session).is_some_and(|s| s.start <= t) {
            return Some(InFocusBy::Session);
        }
        // Seen only up to t: intervals that start before it, cut off there.
        while self.intervals.get(self.seen).is_some_and(|i| i.start < t) {
            self.seen += 1;
        }
        let last = self.intervals.get(self.seen.checked_sub(1)?)?;
        let flow = last.run_start <= t - self.definition.flow_min_ms && last.end.min(t) > t - self.definition.flow_grace_ms;
        flow.then_some(InFocusBy::Flow)
    }
}
