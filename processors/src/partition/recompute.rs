//! Dirty user-days to rows: later days first, to find out which earlier ones their runs come from; then rows from the
//! earliest day on, because streak and rest go from day to day.

use super::moves::reread_from;
use super::{Need, Partition, Touched, Work};
use crate::operators::calendar::days_between;
use crate::operators::{DayResult, LocalDay, risk};
use crate::state::user::User;

const HOUR: i64 = 3_600_000;
/// Days back that are loaded for what later ones take from them: those that risks are made of, and two more; a streak may ask for
/// older ones.
const CARRY_BACK: i32 = risk::DAYS + 2;

pub(super) struct Computed {
    pub local: LocalDay,
    pub result: DayResult,
    /// Events of this commit lie in the day.
    pub fresh: bool,
}

impl Partition {
    /// Recomputes everyone touched. `false` when needs must be absorbed first; then it is called again and goes on.
    pub(super) fn recompute(&mut self, work: &mut Work) -> bool {
        let mut complete = true;
        for slot in 0..work.touched.len() {
            let touched = &work.touched[slot];
            if touched.has_nothing_to_do() {
                continue;
            }
            complete &= self.follow_chains(work, slot) && self.recompute_user(work, slot) && self.tell_risks(work, slot);
        }
        if complete {
            work.updates.extend(work.touched.iter_mut().filter_map(|t| t.update.take()));
        }
        complete
    }

    fn recompute_user(&mut self, work: &mut Work, slot: usize) -> bool {
        let user = work.touched[slot].user;
        if !self.knows_days(work, slot) {
            return false;
        }
        self.add_latest(work, slot);
        let mut computed: Vec<Computed> = Vec::with_capacity(work.touched[slot].dirty.len());
        let gap = self.config.definition.run_gap_ms;
        loop {
            let touched = &mut work.touched[slot];
            let next =
                touched.dirty.iter().filter(|d| !computed.iter().any(|c| c.local.day == d.day)).max_by_key(|d| d.day).copied();
            let Some(next) = next else { break };
            // Mostly the day that events were just marked on.
            let marked = work.touched[slot].local.as_ref().filter(|local| local.day == next.day).cloned();
            let local = marked.unwrap_or_else(|| LocalDay::of(&self.users[user as usize].person, next.day));
            let Some(result) = self.compute(work, user, &local) else { return false };
            // What happened since lies in or after a run that came from an earlier day: that day has it too.
            if result.continued_end.is_some_and(|end| next.since != i64::MAX && end.saturating_add(gap) >= next.since) {
                let person = &self.users[user as usize].person;
                work.touched[slot].add(person.local_day(local.start() - 1), next.since);
            }
            computed.push(Computed { local, result, fresh: next.since != i64::MAX });
        }
        if !self.knows_days(work, slot) {
            return false;
        }
        self.emit_in_order(work, slot, computed)
    }

    fn emit_in_order(&mut self, work: &mut Work, slot: usize, mut computed: Vec<Computed>) -> bool {
        let user = work.touched[slot].user;
        // Latest first, so that the earliest is at the end.
        computed.sort_by_key(|c| std::cmp::Reverse(c.local.day));
        while let Some(next) = computed.pop() {
            let day = next.local.day;
            let told = self.streak(work, user, &next).and_then(|streak| self.emit(work, slot, &next, streak));
            let Some(changed) = told else {
                // Days already written are settled; the rest is done again after the load.
                computed.push(next);
                work.touched[slot].dirty.retain(|d| computed.iter().any(|c| c.local.day == d.day));
                return false;
            };
            work.counts.days += 1;
            if !changed {
                continue;
            }
            // The next day that has a row hangs on this one.
            let carry = &self.users[user as usize].carry;
            let Some(after) = carry.get(carry.partition_point(|c| c.day <= day)).map(|c| c.day) else { continue };
            if computed.last().is_some_and(|c| c.local.day <= after) {
                continue;
            }
            let local = LocalDay::of(&self.users[user as usize].person, after);
            match self.compute(work, user, &local).filter(|_| self.knows_rows(work, user, &local)) {
                Some(result) => computed.push(Computed { local, result, fresh: false }),
                None => {
                    let dirty = &mut work.touched[slot].dirty;
                    dirty.retain(|d| computed.iter().any(|c| c.local.day == d.day));
                    work.touched[slot].add(after, i64::MAX);
                    return false;
                }
            }
        }
        work.touched[slot].dirty.clear();
        true
    }

    /// The pure part. `None` when events must be loaded first.
    fn compute(&mut self, work: &mut Work, user: u32, local: &LocalDay) -> Option<DayResult> {
        if local.parts.is_empty() {
            return Some(DayResult::default());
        }
        let definition = &self.config.definition;
        let mut runs_until = local.end();
        loop {
            let complete_to = match self.users[user as usize].context(definition, local, runs_until, &mut self.events) {
                Ok(to) => to,
                Err(missing) => {
                    work.needs.push(Need::Events { user, from: missing.from, to: missing.to });
                    return None;
                }
            };
            let result = self.scratch.day(definition, local, &self.events);
            match result.runs_end.filter(|end| end + definition.run_gap_ms >= complete_to) {
                // A run goes on beyond what was looked at: look further.
                Some(end) => runs_until = end + 4 * HOUR,
                None => return Some(self.scratch.take()),
            }
        }
    }

    /// Whether all that was written about the dirty days is in memory; asks for what is not.
    fn knows_days(&mut self, work: &mut Work, slot: usize) -> bool {
        let user = work.touched[slot].user;
        let known = &self.users[user as usize];
        let first = work.touched[slot].dirty.iter().map(|d| d.day).min().unwrap_or(i32::MAX);
        let mut all = true;
        if first != i32::MAX && known.carry_from >= first {
            work.needs.push(Need::Carry { user, from: first - CARRY_BACK });
            all = false;
        }
        for dirty in &work.touched[slot].dirty {
            if !known.knows_rows(dirty.day) {
                let local = LocalDay::of(&known.person, dirty.day);
                work.needs.push(Need::Rows { user, day: dirty.day, from: local.start(), to: local.end() });
                all = false;
            }
        }
        all
    }

    fn knows_rows(&self, work: &mut Work, user: u32, local: &LocalDay) -> bool {
        let known = self.users[user as usize].knows_rows(local.day);
        if !known {
            work.needs.push(Need::Rows { user, day: local.day, from: local.start(), to: local.end() });
        }
        known
    }

    /// News of a person tell of their latest day: it is computed along when an earlier one changes and people look on.
    fn add_latest(&mut self, work: &mut Work, slot: usize) {
        let touched = &mut work.touched[slot];
        let known = &self.users[touched.user as usize];
        let Some(latest) = known.carry.last().map(|c| c.day) else { return };
        if touched.accepted_at == 0 || touched.dirty.iter().any(|d| d.day >= latest) {
            return;
        }
        if is_live(&LocalDay::of(&known.person, latest), work.now_ms) {
            touched.add(latest, i64::MAX);
        }
    }

    /// Workdays in a row that reached the goal. `None` when earlier days must be loaded first.
    fn streak(&self, work: &mut Work, user: u32, computed: &Computed) -> Option<i32> {
        let known = &self.users[user as usize];
        let local = &computed.local;
        let Some(daily) = &computed.result.daily else { return Some(0) };
        let met = daily.block_ms >= self.config.definition.streak_goal_ms;
        if local.workday && !met {
            return Some(0);
        }
        let before = self.streak_before(work, user, known, local.day)?;
        Some(if local.workday { before + 1 } else { before })
    }

    fn streak_before(&self, work: &mut Work, user: u32, known: &User, day: i32) -> Option<i32> {
        let mut before = day - 1;
        loop {
            if before < known.carry_from {
                work.needs.push(Need::Carry { user, from: before - 4 * CARRY_BACK });
                return None;
            }
            if let Some(carry) = known.carry_of(before) {
                return Some(carry.streak);
            }
            // A workday without a row ends it, unless the person never had that date. Over a year off ends it too.
            let missed = known.person.is_workday(before) && !LocalDay::of(&known.person, before).parts.is_empty();
            if missed || day - before > 400 {
                return Some(0);
            }
            before -= 1;
        }
    }

    /// All local days with events or rows from an instant on, as the person's calendar is now.
    pub(super) fn mark_all(&mut self, work: &mut Work, user: u32, from_ms: i64) {
        let known = &self.users[user as usize];
        let mut days = Vec::new();
        let mut some = Vec::new();
        for chunk in known.chunks.iter().filter(|c| !c.is_empty()) {
            let midnight = chunk.midnight();
            // Until the next day's end: activities last over midnight.
            days_between(&known.person, midnight, midnight + 32 * HOUR, &mut some);
            days.append(&mut some);
        }
        days.extend(known.emitted.iter().map(|e| e.day));
        // The day the change falls into may end earlier or later than it did; and whatever was read again must be told anew
        // when it becomes final.
        let first = known.person.local_day(from_ms - 1).min(reread_from(from_ms));
        days.retain(|d| *d >= first);
        // Its working days may be others, which risks are made of.
        let known = &mut self.users[user as usize];
        known.carry.iter_mut().filter(|c| c.day >= first).for_each(|c| c.settled = false);
        let touched = self.touch(work, user);
        for day in days {
            touched.add(day, i64::MAX);
        }
    }
}

/// Within two days of the clock.
pub(super) fn is_live(local: &LocalDay, now_ms: i64) -> bool {
    local.end() > now_ms - 48 * HOUR && local.start() < now_ms + 48 * HOUR
}

impl Touched {
    fn has_nothing_to_do(&self) -> bool {
        self.dirty.is_empty() && self.chains.is_empty() && self.told.is_empty() && self.retold_from.is_none()
    }

    pub(super) fn is_news(&self) -> bool {
        self.accepted_at > 0
    }
}
