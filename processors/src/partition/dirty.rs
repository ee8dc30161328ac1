//! Which local days one event can change.
//!
//! ```text
//!            ◀─ lag 32 min ─┤activity├──────── 4 h and 8 min ────────▶   it may last, and runs and spells go on
//!      ◀──── response 8 h ──┤sent
//!                           ┤received├─▶ 2 min                            a break that follows is not self-made
//!         ◀─── 4 h ─────────┤phase├──── 4 h, or its plan ───▶             and on to the end of its chain
//! ```
//! A day that reaches into this span and has data is recomputed with the event's own. Runs that come from earlier days
//! are followed when the day is computed (`recompute`), as only then it is known how far they go.

use schemas::event::Direction;

use super::{Partition, Touched, Work};
use crate::operators::calendar::days_between;
use crate::operators::{LocalDay, SessionPhase, Span};
use crate::state::chunk::Unpacked;
use crate::state::context::utc_day;
use crate::state::user::User;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

impl Partition {
    pub(super) fn mark(&mut self, work: &mut Work, user: u32, event: &Unpacked) {
        let d = &self.config.definition;
        let known = &self.users[user as usize];
        // What of the time before a day decides whether its first minutes are in flow, switched or attended.
        let edge = d.flow_min_ms + d.run_gap_ms + d.switch_gap_ms + d.dwell_ms;
        let longest = if known.long_plans.is_empty() { d.session_max_ms } else { DAY + d.session_max_ms };
        let (ts, back, on, lasts) = match event {
            Unpacked::Activity(e) => {
                (e.ts, d.lag_max_ms + d.attend_within_ms, 4 * HOUR + edge, if e.afk { 0 } else { e.duration_ms })
            }
            Unpacked::Message(e) if e.direction == Direction::Sent => (e.ts, d.response_max_ms, 0, 0),
            Unpacked::Message(e) => (e.ts, 0, d.attend_within_ms, 0),
            Unpacked::Phase(e) => (e.ts, longest, longest + edge, 0),
        };
        let touched = &mut work.touched[known.touched as usize];
        if !touched.span.contains(ts) {
            let local = LocalDay::of(&known.person, known.person.local_day(ts));
            touched.span = local.parts.iter().copied().find(|p| p.contains(ts)).unwrap_or(Span::new(ts, ts + 1));
            touched.local = Some(local);
        }
        touched.add(touched.local.as_ref().map_or(i32::MIN, |l| l.day), ts);
        if let Unpacked::Phase(phase) = event
            && known.may_have_events(ts + 1, i64::MAX)
        {
            touched.chains.push(*phase);
        }
        let span = touched.span;
        let nothing_after =
            || ts + lasts < span.end && known.has_nothing_after(span.end, touched.local.as_ref().map_or(i32::MAX, |l| l.day));
        if span.contains(ts - back) && (span.contains(ts + on) || nothing_after()) {
            return;
        }
        let mut days = Vec::new();
        days_between(&known.person, ts - back, ts + on, &mut days);
        mark_near(touched, known, &days, ts, ts + lasts);
    }

    /// A phase in the middle of a chain may change how all later phases of the chain pair up.
    /// `false` when a load must come first.
    pub(super) fn follow_chains(&mut self, work: &mut Work, slot: usize) -> bool {
        let user = work.touched[slot].user;
        let max = self.config.definition.session_max_ms;
        let known = &mut self.users[user as usize];
        let mut missing = false;
        for phase in std::mem::take(&mut work.touched[slot].chains) {
            let end = chain_end(known, &phase, max);
            if let Some(cold) = (utc_day(phase.ts)..=utc_day(end + max)).find(|day| !known.knows_events(*day)) {
                work.needs.push(super::Need::Events { user, from: cold, to: cold + 1 });
                work.touched[slot].chains.push(phase);
                missing = true;
                continue;
            }
            let mut days = Vec::new();
            days_between(&known.person, phase.ts, end + max, &mut days);
            mark_near(&mut work.touched[slot], known, &days, phase.ts, phase.ts);
        }
        !missing
    }
}

/// Adds those of `days` that have data near the event, or into which it lasts.
fn mark_near(touched: &mut Touched, user: &User, days: &[i32], ts: i64, lasts_until: i64) {
    for &day in days {
        if touched.local.as_ref().is_some_and(|l| l.day == day) || touched.dirty.iter().any(|d| d.day == day && d.since <= ts) {
            continue;
        }
        let local = LocalDay::of(&user.person, day);
        let (start, end) = (local.start(), local.end());
        let cold = (utc_day(start)..=utc_day(end)).any(|d| !user.knows_events(d));
        let reached = ts < start && lasts_until > start;
        // Its rows may come from an activity that lasted over midnight alone.
        if cold || reached || user.may_have_events(start, end) || user.may_have_rows(day) {
            touched.add(day, ts);
        }
    }
}

/// The last phase of the chain that goes on from `phase`: no more than `max` between one and the next.
fn chain_end(user: &mut User, phase: &SessionPhase, max: i64) -> i64 {
    let mut end = phase.ts;
    let User { chunks, symbols, .. } = user;
    for chunk in chunks.iter_mut().filter(|c| c.day >= utc_day(phase.ts)) {
        chunk.sort(symbols);
        for next in chunk.phases(end, i64::MAX).filter(|p| p.kind == phase.kind && p.session == phase.session) {
            if next.ts - end > max {
                return end;
            }
            end = next.ts;
        }
    }
    end
}
