//! Active intervals to spells, and spells to switches.
//!
//! ```text
//! active    aaa aaaa  bbbb   a cccc      same app and category, at most 5 s between: one spell
//! spells    aaaaaaaa  bbbb   · cccc      under 10 s (the lone a) it is no stay anywhere
//! switches            +        +         another app than the spell before, which ended at most 60 s earlier
//! ```

use schemas::Definition;
use schemas::event::Category;

use super::spans::Span;
use super::timeline::Piece;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spell {
    pub span: Span,
    pub app: u32,
    pub category: Category,
}

/// Calls `spell` for each spell and `switch` for the start of each that is a switch.
pub fn spells(definition: &Definition, pieces: &[Piece], mut spell: impl FnMut(Spell), mut switch: impl FnMut(i64)) {
    let mut before: Option<(i64, u32)> = None;
    let mut close = |done: Spell| {
        if done.span.ms() >= definition.dwell_ms {
            if before.is_some_and(|(end, app)| app != done.app && done.span.start - end <= definition.switch_gap_ms) {
                switch(done.span.start);
            }
            before = Some((done.span.end, done.app));
        }
        spell(done);
    };
    let mut open: Option<Spell> = None;
    for piece in pieces {
        match &mut open {
            Some(s)
                if s.app == piece.app && s.category == piece.category && piece.start - s.span.end <= definition.join_gap_ms =>
            {
                s.span.end = piece.end;
            }
            _ => {
                if let Some(done) = open.replace(Spell { span: piece.span(), app: piece.app, category: piece.category }) {
                    close(done);
                }
            }
        }
    }
    if let Some(done) = open {
        close(done);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_need_a_stay_before_and_after_and_another_app() {
        let piece = |start: i64, end: i64, app| Piece { start: start * 1000, end: end * 1000, app, category: Category::Other };
        let pieces = [
            piece(0, 10, 1),
            piece(15, 20, 1),   // joined: exactly 5 s between
            piece(20, 29, 2),   // 9 s: no stay
            piece(29, 40, 3),   // +, the spell before it is app 1
            piece(46, 60, 3),   // 6 s between: a spell of its own, same app
            piece(120, 130, 1), // +, exactly 60 s later
            piece(191, 210, 2), // 61 s later
        ];
        let (mut starts, mut switches) = (Vec::new(), Vec::new());
        spells(&Definition::default(), &pieces, |s| starts.push(s.span.start / 1000), |at| switches.push(at / 1000));
        assert_eq!(starts, [0, 20, 29, 46, 120, 191]);
        assert_eq!(switches, [29, 120]);
    }
}
