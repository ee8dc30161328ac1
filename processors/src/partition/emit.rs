//! A computed day against what stands in the tables: changed rows, rows that are no more, and the news for live views.

use std::cmp::Reverse;

use schemas::live::{DayFigures, Update, WindowFigures};
use schemas::rows;

use super::recompute::{Computed, is_live};
use super::{Partition, Work};
use crate::operators::day::{Daily, Window};
use crate::rows::{RowContext, print_block, print_day, print_interruption, print_window};
use crate::state::chunk::token_place;
use crate::state::emitted::{Emitted, MessageRow, Print, WindowRow};
use crate::state::id::Id;
use crate::state::user::{Carry, User};

const HOUR: i64 = 3_600_000;
/// Finality is looked after this often: rows of one person become final together, not one by one.
const FINAL_STEP_MS: i64 = 15 * 60_000;

/// When rows wait for the watermark, and the first of those that still do.
struct Finality {
    watermark: i64,
    next: i64,
}

impl Finality {
    fn of(&mut self, due: i64) -> bool {
        let done = self.watermark >= due;
        if !done {
            self.next = self.next.min(due);
        }
        done
    }
}

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
        let context = RowContext { user: &name, person: &person, definition: d.version.into(), version: work.version };
        let mut finality = Finality { watermark: self.saved.watermark, next: i64::MAX };
        let mut changed = Changed { windows: Vec::new(), day: false };

        let due = |w: &Window| w.start + d.window_ms + d.session_max_ms;
        let windows: Vec<WindowRow> = result
            .windows
            .iter()
            .scan(0, |old, window| {
                let row = context.window(window, finality.of(due(window)));
                let (number, print) = ((window.start / d.window_ms) as u32, print_window(&row));
                while standing.windows.get(*old).is_some_and(|o| o.number < number) {
                    let start = i64::from(standing.windows[*old].number) * d.window_ms;
                    work.tables.windows.push(&context.no_window(start));
                    changed.windows.push(WindowFigures { window_start: start, ..WindowFigures::default() });
                    *old += 1;
                }
                let before = standing.windows.get(*old).filter(|o| o.number == number).map(WindowRow::print);
                *old += usize::from(before.is_some());
                if before != Some(print) {
                    work.tables.windows.push(&row);
                }
                if before.is_none_or(|b| !b.same_figures(print)) {
                    changed.windows.push(window_figures(window));
                }
                Some(WindowRow::new(number, print))
            })
            .collect();
        let last = windows.last().map(|w| w.number);
        for gone in standing.windows.iter().filter(|o| last.is_none_or(|last| o.number > last)) {
            let start = i64::from(gone.number) * d.window_ms;
            work.tables.windows.push(&context.no_window(start));
            changed.windows.push(WindowFigures { window_start: start, ..WindowFigures::default() });
        }

        let mut text = String::new();
        let mut messages: Vec<MessageRow> = Vec::with_capacity(result.interruptions.len());
        for found in &result.interruptions {
            let Some(id) = message_id(known, found.token) else { continue };
            // The id is written out only for rows that are: most stand already.
            let mut row = rows::Interruption {
                user_id: context.user,
                message_id: "",
                team_id: person.team_at(found.ts),
                ts: found.ts,
                channel: known.symbols.get(found.channel),
                kind: found.kind.as_str(),
                in_focus_by: found.by.as_str(),
                attended: found.lag_ms.is_some(),
                lag_ms: found.lag_ms.unwrap_or(0),
                load: found.load,
                definition: context.definition,
                final_: finality.of(found.ts + d.lag_max_ms + d.attend_within_ms + d.session_max_ms),
                version: work.version,
                deleted: false,
            };
            let print = print_interruption(&row);
            let written = MessageRow { ts: found.ts, id, print };
            let before = standing.messages.binary_search_by_key(&written.key(), MessageRow::key);
            if before.ok().map(|at| standing.messages[at].print) != Some(print) {
                row.message_id = id.write(&known.symbols, &mut text);
                work.tables.interruptions.push(&row);
            }
            messages.push(written);
        }
        messages.sort_unstable_by_key(MessageRow::key);
        let stays = |m: &MessageRow| messages.binary_search_by_key(&m.key(), MessageRow::key).is_ok();
        for gone in standing.messages.iter().filter(|m| !stays(m)) {
            let id = gone.id.write(&known.symbols, &mut text);
            work.tables.interruptions.push(&context.no_interruption(id, gone.ts));
        }

        let mut blocks: Vec<(i64, Print)> = Vec::with_capacity(result.blocks.len());
        for block in &result.blocks {
            let row = context.block(block, finality.of(block.span.end + d.session_max_ms));
            let print = print_block(&row);
            if standing.blocks.iter().find(|b| b.0 == block.span.start).map(|b| b.1) != Some(print) {
                work.tables.blocks.push(&row);
            }
            blocks.push((block.span.start, print));
        }
        for gone in standing.blocks.iter().filter(|b| !blocks.iter().any(|n| n.0 == b.0)) {
            work.tables.blocks.push(&context.no_block(gone.0));
        }

        let yesterday = known.carry_of(day - 1).and_then(|c| c.last_active);
        let daily = result.daily.as_ref().map(|daily| {
            let rest_ms = daily.first_active.zip(yesterday).map(|(first, last)| first - last);
            // Last of all that belongs to the day: a row that is not final here tells that something waits.
            let end = local.end() + d.response_max_ms;
            let due = end.max(result.runs_end.map_or(end, |e| e + d.session_max_ms)).max(result.sessions_until.unwrap_or(end));
            let row = context.day(day, person.day_start(day), daily, streak, rest_ms, finality.of(due));
            (print_day(&row), row)
        });
        match (&daily, standing.daily) {
            (Some((print, _)), Some(before)) if *print == before => {}
            (Some((print, row)), before) => {
                work.tables.days.push(row);
                changed.day = before.is_none_or(|b| !b.same_figures(*print));
            }
            (None, Some(_)) => {
                work.tables.days.push(&context.no_day(day, person.day_start(day)));
                changed.day = true;
            }
            (None, None) => {}
        }
        let print = daily.map(|(print, _)| print);

        standing.windows = windows;
        standing.messages = messages;
        standing.blocks = blocks;
        standing.daily = print;
        work.counts.ignored_phases += u64::from(result.ignored_phases.saturating_sub(standing.ignored_phases));
        standing.ignored_phases = result.ignored_phases;
        let due = match finality.next {
            i64::MAX => i64::MAX,
            next => next.div_euclid(FINAL_STEP_MS).saturating_add(1) * FINAL_STEP_MS,
        };
        if due != standing.due && due != i64::MAX {
            self.waiting.push(Reverse((due, user, day)));
        }
        standing.due = due;
        known.name = name;
        *known.emitted_mut(day) = standing;

        let carry = result.daily.as_ref().map(|d| Carry { day, streak, last_active: d.last_active });
        let told = known.set_carry(day, carry);
        self.news(work, slot, computed, changed);
        Some(told)
    }

    /// One update of a person and commit, of the latest day, when that is about now.
    fn news(&mut self, work: &mut Work, slot: usize, computed: &Computed, changed: Changed) {
        let touched = &mut work.touched[slot];
        let known = &self.users[touched.user as usize];
        let latest = known.carry.last().is_none_or(|c| c.day <= computed.local.day);
        if !touched.is_news() || !(changed.day || !changed.windows.is_empty() || latest && touched.update.is_some()) {
            return;
        }
        if !is_live(&computed.local, work.now_ms) {
            return;
        }
        let update = touched.update.get_or_insert_with(|| Update {
            user_id: known.name.to_string(),
            team_id: known.person.team_at(work.now_ms).map(String::from),
            accepted_at: touched.accepted_at,
            day: DayFigures::default(),
            windows: Vec::new(),
            now: Default::default(),
        });
        update.windows.extend(changed.windows.into_iter().filter(|w| w.window_start >= work.now_ms - 24 * HOUR));
        let none = Daily::default();
        let daily = computed.result.daily.as_ref().unwrap_or(&none);
        update.day = day_figures(computed.local.day, daily);
        update.now = computed.result.presence.clone();
    }
}

struct Changed {
    windows: Vec<WindowFigures>,
    day: bool,
}

fn message_id(user: &User, token: u64) -> Option<Id> {
    let (day, place) = token_place(token);
    user.chunk(day)?.id_at(place)
}

fn window_figures(w: &Window) -> WindowFigures {
    WindowFigures {
        window_start: w.start,
        active_ms: w.active_ms,
        focus_ms: w.focus_ms,
        comm_ms: w.comm_ms,
        meeting_ms: w.meeting_ms,
        switches: w.switches,
        messages_received: w.messages_received,
        interruptions: w.interruptions,
        load: w.load,
        interruption_score: w.interruption_score,
    }
}

fn day_figures(day: i32, d: &Daily) -> DayFigures {
    DayFigures {
        day,
        active_ms: d.active_ms,
        focus_ms: d.focus_ms,
        comm_ms: d.comm_ms,
        meeting_ms: d.meeting_ms,
        switches: d.switches,
        blocks: d.blocks,
        deep_blocks: d.deep_blocks,
        stretch_ms: d.stretch_ms,
        messages_received: d.messages_received,
        messages_sent: d.messages_sent,
        interruptions: d.interruptions,
        self_interruptions: d.self_interruptions,
        load: d.load,
        interruption_score: d.interruption_score,
        focus_score: d.focus_score,
        after_hours_ms: d.after_hours_ms,
        first_active: d.first_active,
        last_active: d.last_active,
    }
}
