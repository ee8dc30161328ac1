//! Phases to session instances.
//!
//! ```text
//! phases     start   pause  resume   start      end          start              (nothing more)
//! instances  ├────────┤      ├───────────────────┤           ├─────── plan, or 4 h ───────┤
//!                                    ignored                        not completed
//! ```
//! The first `end` or `abandon` at most 4 h after a start closes it, whatever stands between them; only where there is
//! none does the plan (or 4 h) close it.

use schemas::Definition;
use schemas::event::{Phase, SessionKind};

use super::SessionPhase;
use super::spans::{Span, normalize};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Instance {
    pub kind: SessionKind,
    pub start: i64,
    pub close: i64,
    /// Without the pauses.
    pub ms: i64,
    pub completed: bool,
    /// Until when a further phase could still change it.
    pub open_until: i64,
}

impl Instance {
    pub fn is_focus(&self) -> bool {
        is_focus(self.kind)
    }
}

pub fn is_focus(kind: SessionKind) -> bool {
    matches!(kind, SessionKind::Focus | SessionKind::Pomodoro)
}

#[derive(Debug, Default)]
pub struct Sessions {
    pub instances: Vec<Instance>,
    /// Time in focus sessions and in meetings: sorted, disjoint, without pauses.
    pub focus: Vec<Span>,
    pub meetings: Vec<Span>,
    /// Phases that made no sense where they stood.
    pub ignored: u32,
    order: Vec<u32>,
    next_close: Vec<u32>,
}

impl Sessions {
    /// Phases sorted by (ts, id). Breaks and check-ins are no sessions here.
    pub fn compute(&mut self, definition: &Definition, phases: &[SessionPhase]) {
        self.instances.clear();
        self.focus.clear();
        self.meetings.clear();
        self.ignored = 0;
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        order.extend((0..phases.len() as u32).filter(|&i| {
            let kind = phases[i as usize].kind;
            is_focus(kind) || kind == SessionKind::Meeting
        }));
        order.sort_unstable_by_key(|&i| (phases[i as usize].kind, phases[i as usize].session, i));
        let mut rest = &order[..];
        while let Some(&first) = rest.first() {
            let key = |i: u32| (phases[i as usize].kind, phases[i as usize].session);
            let len = rest.iter().take_while(|&&i| key(i) == key(first)).count();
            let (chain, tail) = rest.split_at(len);
            self.chain(definition, phases, chain);
            rest = tail;
        }
        self.order = order;
        self.instances.sort_unstable_by_key(|i| (i.start, i.close, i.kind));
        normalize(&mut self.focus);
        normalize(&mut self.meetings);
    }

    /// The phases of one (kind, session id).
    fn chain(&mut self, definition: &Definition, phases: &[SessionPhase], chain: &[u32]) {
        let phase = |k: usize| &phases[chain[k] as usize];
        // For each place the next end or abandon at or after it, so that looking ahead stays linear.
        let mut next_close = std::mem::take(&mut self.next_close);
        next_close.clear();
        next_close.resize(chain.len() + 1, u32::MAX);
        for k in (0..chain.len()).rev() {
            let closes = matches!(phase(k).phase, Phase::End | Phase::Abandon);
            next_close[k] = if closes { k as u32 } else { next_close[k + 1] };
        }
        let mut k = 0;
        while k < chain.len() {
            let opening = phase(k);
            if opening.phase != Phase::Start {
                self.ignored += 1;
                k += 1;
                continue;
            }
            let limit = opening.ts + definition.session_max_ms;
            let closing = Some(next_close[k + 1] as usize).filter(|&j| j < chain.len() && phase(j).ts <= limit);
            let planned_close = opening.ts + opening.planned_ms.unwrap_or(definition.session_max_ms);
            let close = closing.map_or(planned_close, |j| phase(j).ts);
            let mut paused: Option<i64> = None;
            let mut away = 0;
            let mut from = opening.ts;
            let mut j = k + 1;
            let inside = |j: usize| match closing {
                Some(end) => j < end,
                None => j < chain.len() && phase(j).ts < close,
            };
            while inside(j) {
                let at = phase(j).ts;
                match (phase(j).phase, paused) {
                    (Phase::Pause, None) => {
                        self.piece(opening.kind, Span::new(from, at));
                        paused = Some(at);
                    }
                    (Phase::Resume, Some(since)) => {
                        away += at - since;
                        from = at;
                        paused = None;
                    }
                    _ => self.ignored += 1,
                }
                j += 1;
            }
            match paused {
                Some(since) => away += close - since,
                None => self.piece(opening.kind, Span::new(from, close)),
            }
            let ms = close - opening.ts - away;
            let ended = closing.is_some_and(|j| phase(j).phase == Phase::End);
            // 80 % of the plan, in whole numbers.
            let completed = ended && opening.planned_ms.is_none_or(|planned| ms * 5 >= planned * 4);
            let open_until = limit.max(planned_close);
            self.instances.push(Instance { kind: opening.kind, start: opening.ts, close, ms, completed, open_until });
            k = closing.map_or(j, |end| end + 1);
        }
        self.next_close = next_close;
    }

    fn piece(&mut self, kind: SessionKind, span: Span) {
        if is_focus(kind) { self.focus.push(span) } else { self.meetings.push(span) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: i64 = 60_000;

    fn run(phases: &[(i64, Phase, Option<i64>)]) -> Sessions {
        let phases: Vec<_> = phases
            .iter()
            .map(|&(min, phase, plan)| SessionPhase {
                ts: min * MIN,
                session: 1,
                kind: SessionKind::Focus,
                phase,
                planned_ms: plan.map(|p| p * MIN),
            })
            .collect();
        let mut sessions = Sessions::default();
        sessions.compute(&Definition::default(), &phases);
        sessions
    }

    fn shape(s: &Sessions) -> Vec<(i64, i64, i64, bool)> {
        s.instances.iter().map(|i| (i.start / MIN, i.close / MIN, i.ms / MIN, i.completed)).collect()
    }

    #[test]
    fn pauses_are_no_part_and_a_second_start_is_ignored() {
        use Phase::*;
        let s = run(&[
            (0, Start, Some(25)),
            (5, Pause, None),
            (6, Pause, None),
            (10, Resume, None),
            (12, Start, Some(1)),
            (30, End, None),
        ]);
        assert_eq!(shape(&s), [(0, 30, 25, true)]);
        assert_eq!(s.ignored, 2);
        assert_eq!(s.focus, [Span::new(0, 5 * MIN), Span::new(10 * MIN, 30 * MIN)]);
    }

    #[test]
    fn without_an_end_in_four_hours_the_plan_closes_it() {
        use Phase::*;
        let s = run(&[(0, Start, Some(25)), (20, Pause, None), (60, Start, None), (60 + 241, End, None), (400, End, None)]);
        assert_eq!(shape(&s), [(0, 25, 20, false), (60, 300, 240, false)]);
        assert_eq!(s.ignored, 2, "ends without a start");
        assert_eq!(
            shape(&run(&[(0, Start, Some(300)), (240, End, None)])),
            [(0, 240, 240, true)],
            "exactly four hours, exactly 80 %"
        );
        assert_eq!(shape(&run(&[(0, Start, Some(30)), (23, End, None)])), [(0, 23, 23, false)]);
        assert_eq!(shape(&run(&[(0, Start, Some(30)), (24, Abandon, None)])), [(0, 24, 24, false)]);
    }
}
