//! A computed day against what stands in the tables: rows that changed, and rows that are no more.

use schemas::Definition;
use schemas::live::WindowFigures;

use super::news::{Changed, window_figures};
use super::recompute::Computed;
use super::risk::carry_of;
use super::waiting::{in_steps, settles_in};
use super::{Partition, Work};
use crate::operators::day::{Block, DayResult, Window};
use crate::rows::{RowContext, Tables, print_block, print_day, print_interruption, print_window};
use crate::state::chunk::token_place;
use crate::state::emitted::{Emitted, MessageRow, Print, WindowRow};
use crate::state::id::Id;
use crate::state::user::User;

impl Partition {
    /// Writes what changed of a day; says whether later days must know. `None` when a load must come first.
    pub(super) fn emit(&mut self, work: &mut Work, slot: usize, computed: &Computed, streak: i32) -> Option<bool> {
        let Computed { local, result, .. } = computed;
        let (day, d) = (local.day, &self.config.definition);
        let user = work.touched[slot].user;
        let known = &mut self.users[user as usize];
        let mut standing = match known.emitted.binary_search_by_key(&day, |e| e.day) {
            Ok(at) => std::mem::replace(&mut known.emitted[at], Emitted::new(day)),
            Err(_) => Emitted::new(day),
        };
        let person = known.person.clone();
        let name = std::mem::take(&mut known.name);
        let mut emit = Emit {
            definition: d,
            context: RowContext { user: &name, person: &person, definition: d.version.into(), version: work.version },
            tables: &mut work.tables,
            watermark: self.saved.watermark,
            next_due: i64::MAX,
            changed: Changed::default(),
        };
        let windows = emit.windows(&result.windows, &standing.windows);
        let messages = emit.interruptions(known, result, &standing.messages);
        let blocks = emit.blocks(&result.blocks, &standing.blocks);
        let had_day = standing.daily.is_some();
        let (daily, settled) = emit.day(known, computed, streak, standing.daily);
        let (due, changed) = (in_steps(emit.next_due), emit.changed);

        standing.windows = windows;
        standing.messages = messages;
        standing.blocks = blocks;
        standing.daily = daily;
        work.counts.ignored_phases += u64::from(result.ignored_phases.saturating_sub(standing.ignored_phases));
        standing.ignored_phases = result.ignored_phases;
        if due != standing.due && due != i64::MAX {
            self.waiting.push(due, user, day);
        }
        standing.due = due;
        known.name = name;
        *known.emitted_mut(day) = standing;

        let carry = result.daily.as_ref().map(|d| carry_of(local, d, streak, settled));
        let before = known.set_carry(day, carry);
        // Once it is settled, or is no more.
        if carry.map_or(had_day, |new| settled && before != Some(new)) {
            work.touched[slot].told.push(day);
        }
        self.news(work, slot, computed, changed);
        Some(before.map(|c| (c.streak, c.last_active)) != carry.map(|c| (c.streak, c.last_active)))
    }
}

/// The rows of one day, table by table: each gives what stands afterwards.
struct Emit<'a> {
    definition: &'a Definition,
    context: RowContext<'a>,
    tables: &'a mut Tables,
    watermark: i64,
    /// The first time at which a row becomes final that is not yet.
    next_due: i64,
    changed: Changed,
}

impl Emit<'_> {
    fn is_final(&mut self, due: i64) -> bool {
        let done = self.watermark >= due;
        if !done {
            self.is_open(due);
        }
        done
    }

    /// To be looked at again; never final now.
    fn is_open(&mut self, due: i64) -> bool {
        self.next_due = self.next_due.min(due);
        false
    }

    fn windows(&mut self, found: &[Window], standing: &[WindowRow]) -> Vec<WindowRow> {
        let d = self.definition;
        let mut standing = standing.iter().peekable();
        let mut written = Vec::with_capacity(found.len());
        for window in found {
            let is_final = self.is_final(window.start + d.window_ms + d.session_max_ms);
            let row = self.context.window(window, is_final);
            let (number, print) = ((window.start / d.window_ms) as u32, print_window(&row));
            while let Some(gone) = standing.next_if(|old| old.number < number) {
                self.no_window(gone);
            }
            let before = standing.next_if(|old| old.number == number).map(WindowRow::print);
            if before != Some(print) {
                self.tables.windows.push(&row);
            }
            if before.is_none_or(|b| !b.same_figures(print)) {
                self.changed.windows.push(window_figures(window));
            }
            written.push(WindowRow::new(number, print));
        }
        standing.for_each(|gone| self.no_window(gone));
        written
    }

    fn no_window(&mut self, gone: &WindowRow) {
        let start = i64::from(gone.number) * self.definition.window_ms;
        self.tables.windows.push(&self.context.no_window(start));
        self.changed.windows.push(WindowFigures { window_start: start, ..WindowFigures::default() });
    }

    fn interruptions(&mut self, known: &User, result: &DayResult, standing: &[MessageRow]) -> Vec<MessageRow> {
        let d = self.definition;
        let mut text = String::new();
        let mut messages: Vec<MessageRow> = Vec::with_capacity(result.interruptions.len());
        for found in &result.interruptions {
            let Some(id) = message_id(known, found.token) else { continue };
            let is_final = self.is_final(found.ts + d.lag_max_ms + d.attend_within_ms + d.session_max_ms);
            // The id is written out only for rows that are: most stand already.
            let mut row = self.context.interruption(found, known.symbols.get(found.channel), is_final);
            let print = print_interruption(&row);
            let written = MessageRow { ts: found.ts, id, print };
            let before = standing.binary_search_by_key(&written.key(), MessageRow::key);
            if before.ok().map(|at| standing[at].print) != Some(print) {
                row.message_id = id.write(&known.symbols, &mut text);
                self.tables.interruptions.push(&row);
            }
            messages.push(written);
        }
        messages.sort_unstable_by_key(MessageRow::key);
        let stays = |m: &MessageRow| messages.binary_search_by_key(&m.key(), MessageRow::key).is_ok();
        for gone in standing.iter().filter(|m| !stays(m)) {
            let id = gone.id.write(&known.symbols, &mut text);
            self.tables.interruptions.push(&self.context.no_interruption(id, gone.ts));
        }
        messages
    }

    fn blocks(&mut self, found: &[Block], standing: &[(i64, Print)]) -> Vec<(i64, Print)> {
        let mut blocks: Vec<(i64, Print)> = Vec::with_capacity(found.len());
        for block in found {
            let is_final = self.is_final(block.span.end + self.definition.session_max_ms);
            let row = self.context.block(block, is_final);
            let print = print_block(&row);
            if standing.iter().find(|b| b.0 == block.span.start).map(|b| b.1) != Some(print) {
                self.tables.blocks.push(&row);
            }
            blocks.push((block.span.start, print));
        }
        for gone in standing.iter().filter(|b| !blocks.iter().any(|n| n.0 == b.0)) {
            self.tables.blocks.push(&self.context.no_block(gone.0));
        }
        blocks
    }

    /// What stands of it, and whether that is final.
    fn day(&mut self, known: &User, computed: &Computed, streak: i32, before: Option<Print>) -> (Option<Print>, bool) {
        let Computed { local, result, fresh } = computed;
        let (day, d) = (local.day, self.definition);
        let first = self.context.person.day_start(day);
        let Some(daily) = &result.daily else {
            if before.is_some() {
                self.tables.days.push(&self.context.no_day(day, first));
                self.tables.risks.push(&self.context.no_risk(day, first));
                self.changed.day = true;
            }
            return (None, true);
        };
        let yesterday = known.carry_of(day - 1).and_then(|c| c.last_active);
        let rest_ms = daily.first_active.zip(yesterday).map(|(first, last)| first - last);
        // Last of all that belongs to the day: a row that is not final here tells that something waits.
        let end = local.end() + settles_in(d);
        let runs = result.runs_end.map_or(end, |e| e + d.session_max_ms);
        let due = end.max(runs).max(result.sessions_until.unwrap_or(end));
        // Late events leave it open for a commit: the risks of four weeks hang on it, and are told once of all that come together.
        let is_final = if *fresh { self.is_open(due) } else { self.is_final(due) };
        let row = self.context.day(day, first, daily, streak, rest_ms, is_final);
        let print = print_day(&row);
        if before != Some(print) {
            self.tables.days.push(&row);
            self.changed.day = before.is_none_or(|b| !b.same_figures(print));
        }
        (Some(print), is_final)
    }
}

fn message_id(user: &User, token: u64) -> Option<Id> {
    let (day, place) = token_place(token);
    user.chunk(day)?.id_at(place)
}
