//! The events one local day depends on, taken from the chunks.
//!
//! ```text
//!        ◀─ chains ─┤◀─ 8 h ─┤■■■■■■■ the day ■■■■■■■├─ lag, run ─▶├── sessions 4 h ──▶├── responses 8 h ─▶
//! ```
//! An activity is at most 4 h long, so the timeline is exact from 4 h before the day on when events are there from 8 h
//! before it. A chain of one session's phases is followed back until more than 4 h lie between two of them.

use schemas::Definition;
use schemas::directory::DAY_MS;
use schemas::event::SessionKind;

use super::chunk::Unpacked;
use super::user::User;
use crate::operators::{Events, LocalDay, SessionPhase};

const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;
/// Chains that go on for longer than this without a pause of 4 h are taken as cut there: nobody works ten days on end.
const MAX_CHAIN_DAYS: i32 = 10;

/// UTC days (first and last) whose events must be loaded first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    pub from: i32,
    pub to: i32,
}

pub fn utc_day(ts: i64) -> i32 {
    ts.div_euclid(DAY_MS) as i32
}

/// How far past the end of a run activities are looked at: attention and lag, and what may join the run.
pub fn reach_ms(definition: &Definition) -> i64 {
    definition.lag_max_ms + definition.attend_within_ms + definition.run_gap_ms + 5 * MINUTE
}

impl User {
    /// Fills `out` for a day whose runs are known not to go beyond `runs_until` (or to be looked at only so far).
    /// Gives the time up to which activities are complete.
    pub fn context(&mut self, d: &Definition, local: &LocalDay, runs_until: i64, out: &mut Events) -> Result<i64, Missing> {
        out.clear();
        let from = local.start() - 8 * HOUR;
        let end = local.end().max(runs_until);
        let activities_to = end + reach_ms(d);
        let messages_to = end.max(local.end() + d.response_max_ms) + 1;
        let plans_to = self.long_plans.iter().filter(|p| p.0 < end).map(|p| p.1).max().unwrap_or(end);
        let phases_to = plans_to.max(end) + d.session_max_ms + 1;
        let (first, last) = (utc_day(from), utc_day(activities_to.max(messages_to).max(phases_to)));
        self.require(first, last)?;
        let User { chunks, symbols, .. } = self;
        for chunk in chunks.iter_mut().filter(|c| (first..=last).contains(&c.day)) {
            chunk.sort(symbols);
            chunk.visit(from, activities_to.max(messages_to), |event| match event {
                Unpacked::Activity(a) if a.ts < activities_to => out.activities.push(a),
                Unpacked::Message(m) if m.ts < messages_to => out.messages.push(m),
                _ => {}
            });
            out.phases.extend(chunk.phases(i64::MIN, phases_to));
        }
        self.chains(d, first, local, out)?;
        Ok(activities_to)
    }

    fn require(&self, first: i32, last: i32) -> Result<(), Missing> {
        let mut missing = (first..=last).filter(|day| !self.knows_events(*day));
        match missing.next() {
            Some(from) => Err(Missing { from, to: missing.next_back().unwrap_or(from) }),
            None => Ok(()),
        }
    }

    /// Puts before the phases what their chains began with.
    fn chains(&mut self, d: &Definition, first: i32, local: &LocalDay, out: &mut Events) -> Result<(), Missing> {
        let mut begin = i64::from(first) * DAY_MS;
        let key = |p: &SessionPhase| (p.kind, p.session);
        // A session planned for more than 4 h may reach into the day from before all that was gathered.
        let plan = self.long_plans.iter().filter(|p| p.0 < begin && p.1 > local.start() - d.session_max_ms).map(|p| p.0).min();
        let mut heads: Vec<((SessionKind, u32), i64)> = Vec::new();
        for phase in out.phases.iter().take_while(|p| p.ts <= begin + d.session_max_ms) {
            if !heads.iter().any(|(k, _)| *k == key(phase)) {
                heads.push((key(phase), phase.ts));
            }
        }
        let mut day = first;
        while day > first - MAX_CHAIN_DAYS && (!heads.is_empty() || plan.is_some_and(|ts| utc_day(ts) < day)) {
            day -= 1;
            self.require(day, day)?;
            let User { chunks, symbols, .. } = self;
            let mut earlier: Vec<SessionPhase> = Vec::new();
            if let Some(chunk) = chunks.iter_mut().find(|c| c.day == day) {
                chunk.sort(symbols);
                earlier.extend(chunk.phases(i64::MIN, i64::MAX));
            }
            for phase in earlier.iter().rev() {
                if let Some(head) = heads.iter_mut().find(|(k, ts)| *k == key(phase) && *ts - phase.ts <= d.session_max_ms) {
                    head.1 = phase.ts;
                }
            }
            let keep =
                |p: &SessionPhase| plan.is_some_and(|ts| p.ts >= ts) || heads.iter().any(|(k, ts)| *k == key(p) && p.ts >= *ts);
            earlier.retain(keep);
            out.phases.splice(0..0, earlier);
            begin -= DAY_MS;
            heads.retain(|(_, ts)| *ts <= begin + d.session_max_ms);
        }
        Ok(())
    }
}
