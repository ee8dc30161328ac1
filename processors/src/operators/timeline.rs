//! Activity events to the active intervals of the timeline.
//!
//! ```text
//! coding   ■■■■■■■■■■■■■■            a later event cuts off the one before it,
//! chat           ■■■■■■
//! afk                 ▒▒▒▒▒   ▒▒     afk spans are taken away from all of it:
//! active   cccccchhhhh     
//! ```

use schemas::event::Category;

use super::Activity;
use super::spans::{Span, push_union};

/// A stretch with one app in front, from one event: events of the same app stay apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    pub start: i64,
    pub end: i64,
    pub app: u32,
    pub category: Category,
}

impl Piece {
    pub fn span(&self) -> Span {
        Span::new(self.start, self.end)
    }
}

/// The active intervals past `from`, in order. Events sorted by (ts, id); `afk` is scratch.
pub fn timeline(activities: &[Activity], from: i64, afk: &mut Vec<Span>, out: &mut Vec<Piece>) {
    out.clear();
    afk.clear();
    for event in activities.iter().filter(|a| a.afk) {
        push_union(afk, Span::new(event.ts, event.ts + event.duration_ms));
    }
    let mut cutter = Cutter { afk, next: 0, from, out };
    let mut open: Option<Piece> = None;
    for event in activities.iter().filter(|a| !a.afk) {
        if let Some(mut piece) = open.take() {
            piece.end = piece.end.min(event.ts);
            cutter.push(piece);
        }
        open = Some(Piece { start: event.ts, end: event.ts + event.duration_ms, app: event.app, category: event.category });
    }
    if let Some(piece) = open {
        cutter.push(piece);
    }
}

struct Cutter<'a> {
    afk: &'a [Span],
    next: usize,
    from: i64,
    out: &'a mut Vec<Piece>,
}

impl Cutter<'_> {
    /// Pieces come in order and do not overlap, so one walk over the afk spans serves them all.
    #[inline]
    fn push(&mut self, mut piece: Piece) {
        piece.start = piece.start.max(self.from);
        while piece.start < piece.end {
            while self.next < self.afk.len() && self.afk[self.next].end <= piece.start {
                self.next += 1;
            }
            let Some(away) = self.afk.get(self.next).filter(|a| a.start < piece.end) else {
                self.out.push(piece);
                return;
            };
            if piece.start < away.start {
                self.out.push(Piece { end: away.start, ..piece });
            }
            piece.start = away.end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(ts: i64, duration_ms: i64, app: u32, afk: bool) -> Activity {
        Activity { ts, duration_ms, app, category: Category::Coding, afk }
    }

    #[test]
    fn a_later_event_cuts_and_afk_is_taken_away() {
        let events = [
            event(0, 100, 1, false),
            event(10, 15, 9, true),
            event(20, 20, 9, true),
            event(60, 0, 2, false),
            event(70, 30, 3, false),
            event(70, 30, 4, false),
            event(95, 5, 9, true),
        ];
        let (mut afk, mut out) = (Vec::new(), Vec::new());
        timeline(&events, 5, &mut afk, &mut out);
        let got: Vec<_> = out.iter().map(|p| (p.start, p.end, p.app)).collect();
        assert_eq!(got, [(5, 10, 1), (40, 60, 1), (70, 95, 4)]);
    }
}
