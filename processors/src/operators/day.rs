//! One person's local day: the chain of the transforms, and what comes out.

use std::collections::HashMap;

use schemas::Definition;
use schemas::directory::Person;
use schemas::event::{Category, Direction, MessageKind};
use schemas::live::Presence;

use super::interruptions::{Attention, load};
use super::responses::responses;
use super::runs::{FocusCategories, FocusInterval, FocusTest, InFocusBy, Run, runs};
use super::score::{focus_score, interruption_score, median, stretch_ms};
use super::sessions::Sessions;
use super::spans::{Span, push_union, union_into};
use super::spells::spells;
use super::timeline::{Piece, timeline};
use super::windows::Windows;
use super::{Events, LocalDay, Message};

const HOUR: i64 = 3_600_000;
/// The timeline is exact from this long before the day: no activity is longer.
pub const EXACT_BEFORE_MS: i64 = 4 * HOUR;

/// A window's figures, as in `user_5m`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Window {
    pub start: i64,
    pub active_ms: i64,
    pub focus_ms: i64,
    pub comm_ms: i64,
    pub meeting_ms: i64,
    pub switches: i64,
    pub messages_received: i64,
    pub interruptions: i64,
    pub self_interruptions: i64,
    pub load: f64,
    pub interruption_score: f64,
}

/// The day's figures, as in `user_daily`, but for what the days before it decide (streak, rest).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Daily {
    pub active_ms: i64,
    pub focus_ms: i64,
    pub comm_ms: i64,
    pub meeting_ms: i64,
    pub switches: i64,
    pub blocks: i64,
    pub deep_blocks: i64,
    pub block_ms: i64,
    pub deep_ms: i64,
    pub longest_block_ms: i64,
    pub stretch_ms: i64,
    pub sessions: i64,
    pub sessions_completed: i64,
    pub session_ms: i64,
    pub messages_received: i64,
    pub messages_sent: i64,
    pub sent_after_hours: i64,
    pub response_ms: Option<i64>,
    pub interruptions: i64,
    pub self_interruptions: i64,
    pub load: f64,
    pub interruption_score: f64,
    pub focus_score: Option<f64>,
    pub first_active: Option<i64>,
    pub last_active: Option<i64>,
    pub after_hours_ms: i64,
}

impl Daily {
    pub fn span_ms(&self) -> i64 {
        self.last_active.unwrap_or(0) - self.first_active.unwrap_or(0)
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interruption {
    pub token: u64,
    pub ts: i64,
    pub channel: u32,
    pub kind: MessageKind,
    pub by: InFocusBy,
    /// None: not attended.
    pub lag_ms: Option<i64>,
    pub load: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    pub span: Span,
    pub focus_ms: i64,
    pub deep: bool,
    pub interruptions: i64,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct DayResult {
    /// In order of time; only those that exist.
    pub windows: Vec<Window>,
    /// None when no active time, message or focus-session start falls into the day.
    pub daily: Option<Daily>,
    pub interruptions: Vec<Interruption>,
    pub blocks: Vec<Block>,
    pub presence: Presence,
    /// End of the last run that starts in the day.
    pub runs_end: Option<i64>,
    /// End of the last run that started before the day: what happens until then may change an earlier day.
    pub continued_end: Option<i64>,
    /// Until when phases may still change sessions that start in the day.
    pub sessions_until: Option<i64>,
    pub ignored_phases: u32,
}

/// One day with buffers of its own; for many days keep a `Scratch`.
pub fn day(definition: &Definition, person: &Person, events: &Events, day: i32) -> DayResult {
    let mut scratch = Scratch::default();
    scratch.day(definition, &LocalDay::of(person, day), events).clone()
}

/// Buffers that live on from day to day.
#[derive(Default)]
pub struct Scratch {
    pieces: Vec<Piece>,
    afk: Vec<Span>,
    intervals: Vec<FocusInterval>,
    runs: Vec<Run>,
    run_spans: Vec<Span>,
    comm: Vec<Span>,
    meeting: Vec<Span>,
    covered: Vec<Span>,
    merged: Vec<Span>,
    hits: Vec<i64>,
    responses: Vec<i64>,
    next_sent: HashMap<u32, i64>,
    sessions: Sessions,
    windows: Windows,
    result: DayResult,
}

impl Scratch {
    pub fn day(&mut self, definition: &Definition, local: &LocalDay, events: &Events) -> &DayResult {
        self.result.windows.clear();
        self.result.interruptions.clear();
        self.result.blocks.clear();
        let mut daily = Daily::default();
        let mut exists = false;
        let whole = Span::new(local.start(), local.end());
        self.windows.reset(definition.window_ms, whole);

        timeline(&events.activities, whole.start - EXACT_BEFORE_MS, &mut self.afk, &mut self.pieces);
        runs(definition, &self.pieces, &mut self.intervals, &mut self.runs);
        self.sessions.compute(definition, &events.phases);
        self.activity(definition, local, &mut daily, &mut exists);
        self.spells(definition, local, &mut daily);
        self.sessions(local, &mut daily, &mut exists);
        self.cover(local, &mut daily);
        self.messages(definition, local, &events.messages, &mut daily, &mut exists);
        self.self_interruptions(definition, local, &events.messages, &mut daily);
        self.blocks(definition, local, &mut daily);
        responses(definition.response_max_ms, &events.messages, local, &mut self.next_sent, &mut self.responses);
        daily.response_ms = median(&mut self.responses);
        daily.focus_score = focus_score(&daily);

        self.result.windows.extend(self.windows.existing().filter(|(start, _)| local.contains(*start)).map(|(start, c)| {
            Window {
                start,
                active_ms: c.active_ms,
                focus_ms: c.focus_ms,
                comm_ms: c.comm_ms,
                meeting_ms: c.meeting_ms,
                switches: c.switches.into(),
                messages_received: c.messages_received.into(),
                interruptions: c.interruptions.into(),
                self_interruptions: c.self_interruptions.into(),
                load: c.load,
                interruption_score: interruption_score(c.load, c.covered_ms),
            }
        }));
        self.result.presence = self.presence(definition);
        self.result.daily = exists.then_some(daily);
        self.result.ignored_phases = self.sessions.ignored;
        &self.result
    }

    pub fn take(&mut self) -> DayResult {
        std::mem::take(&mut self.result)
    }

    fn activity(&mut self, definition: &Definition, local: &LocalDay, daily: &mut Daily, exists: &mut bool) {
        let focus = FocusCategories::of(definition);
        self.meeting.clear();
        for piece in &self.pieces {
            if piece.category == Category::Meeting {
                push_union(&mut self.meeting, piece.span());
            }
            for part in local.parts.iter().filter_map(|p| p.overlap(piece.span())) {
                let ms = part.ms();
                let is_focus = focus.has(piece.category);
                let is_comm = piece.category == Category::Communication;
                *exists = true;
                daily.active_ms += ms;
                daily.focus_ms += if is_focus { ms } else { 0 };
                daily.comm_ms += if is_comm { ms } else { 0 };
                daily.after_hours_ms += ms - local.working_ms(part);
                daily.first_active = daily.first_active.or(Some(part.start));
                daily.last_active = Some(part.end);
                self.windows.spread(part, |cell, ms| {
                    cell.exists = true;
                    cell.active_ms += ms;
                    cell.focus_ms += if is_focus { ms } else { 0 };
                    cell.comm_ms += if is_comm { ms } else { 0 };
                });
            }
        }
    }

    fn spells(&mut self, definition: &Definition, local: &LocalDay, daily: &mut Daily) {
        let (comm, windows) = (&mut self.comm, &mut self.windows);
        comm.clear();
        let keep_comm = |spell: super::spells::Spell| {
            if spell.category == Category::Communication {
                comm.push(spell.span);
            }
        };
        let count_switch = |at: i64| {
            if local.contains(at) {
                daily.switches += 1;
                if let Some(cell) = windows.at(at) {
                    cell.switches += 1;
                }
            }
        };
        spells(definition, &self.pieces, keep_comm, count_switch);
    }

    fn sessions(&mut self, local: &LocalDay, daily: &mut Daily, exists: &mut bool) {
        let mut until = None;
        for instance in self.sessions.instances.iter().filter(|i| local.contains(i.start)) {
            until = until.max(Some(instance.open_until));
            if instance.is_focus() {
                *exists = true;
                if let Some(cell) = self.windows.at(instance.start) {
                    cell.exists = true;
                }
                daily.sessions += 1;
                daily.sessions_completed += i64::from(instance.completed);
                daily.session_ms += instance.ms;
            }
        }
        self.result.sessions_until = until;
    }

    /// Meetings, and the hours of focus that interruptions are measured against.
    fn cover(&mut self, local: &LocalDay, daily: &mut Daily) {
        union_into(&self.meeting, &self.sessions.meetings, &mut self.merged);
        std::mem::swap(&mut self.meeting, &mut self.merged);
        for part in self.meeting.iter().flat_map(|m| local.parts.iter().filter_map(|p| p.overlap(*m))) {
            daily.meeting_ms += part.ms();
            self.windows.spread(part, |cell, ms| cell.meeting_ms += ms);
        }
        self.run_spans.clear();
        self.run_spans.extend(self.runs.iter().map(|r| r.span));
        union_into(&self.run_spans, &self.sessions.focus, &mut self.covered);
        for part in self.covered.iter().flat_map(|c| local.parts.iter().filter_map(|p| p.overlap(*c))) {
            self.windows.spread(part, |cell, ms| cell.covered_ms += ms);
        }
    }

    fn messages(
        &mut self,
        definition: &Definition,
        local: &LocalDay,
        messages: &[Message],
        daily: &mut Daily,
        exists: &mut bool,
    ) {
        let own_runs = || self.runs.iter().filter(|r| local.contains(r.span.start));
        self.result.runs_end = own_runs().map(|r| r.span.end).max();
        self.result.continued_end = self.runs.iter().filter(|r| r.span.start < local.start()).map(|r| r.span.end).max();
        // Blocks count what interrupts them also where they reach into the next day.
        let until = local.end().max(self.result.runs_end.unwrap_or(i64::MIN));
        let mut focus = FocusTest::new(definition, &self.sessions.focus, &self.intervals);
        let mut attention = Attention::new(definition, &self.comm, &self.intervals);
        self.hits.clear();
        let first = messages.partition_point(|m| m.ts < local.start());
        for m in messages[first..].iter().take_while(|m| m.ts < until) {
            let inside = local.contains(m.ts);
            if inside {
                *exists = true;
                let received = m.direction == Direction::Received;
                if let Some(cell) = self.windows.at(m.ts) {
                    cell.exists = true;
                    cell.messages_received += u32::from(received);
                }
                if received {
                    daily.messages_received += 1;
                } else {
                    daily.messages_sent += 1;
                    daily.sent_after_hours += i64::from(!local.is_working(m.ts));
                }
            }
            if m.direction != Direction::Received || !m.notified {
                continue;
            }
            let Some(by) = focus.at(m.ts) else { continue };
            self.hits.push(m.ts);
            if inside {
                let lag_ms = attention.lag(m.ts);
                let load = load(definition, m.kind, lag_ms);
                daily.interruptions += 1;
                daily.load += load;
                if let Some(cell) = self.windows.at(m.ts) {
                    cell.interruptions += 1;
                    cell.load += load;
                }
                let found = Interruption { token: m.token, ts: m.ts, channel: m.channel, kind: m.kind, by, lag_ms, load };
                self.result.interruptions.push(found);
            }
        }
        let hours = self.covered.iter().flat_map(|c| local.parts.iter().filter_map(|p| p.overlap(*c))).map(Span::ms).sum();
        daily.interruption_score = interruption_score(daily.load, hours);
    }

    fn self_interruptions(&mut self, definition: &Definition, local: &LocalDay, messages: &[Message], daily: &mut Daily) {
        let mut focus = FocusTest::new(definition, &self.sessions.focus, &self.intervals);
        let mut received = messages.iter().filter(|m| m.direction == Direction::Received).map(|m| m.ts).peekable();
        let mut last = None;
        for spell in self.comm.iter().filter(|s| local.contains(s.start)) {
            while let Some(ts) = received.next_if(|ts| *ts <= spell.start) {
                last = Some(ts);
            }
            let called = last.is_some_and(|ts| ts >= spell.start - definition.attend_within_ms);
            if !called && focus.at(spell.start).is_some() {
                daily.self_interruptions += 1;
                if let Some(cell) = self.windows.at(spell.start) {
                    cell.self_interruptions += 1;
                }
            }
        }
    }

    fn blocks(&mut self, definition: &Definition, local: &LocalDay, daily: &mut Daily) {
        let own = || self.runs.iter().filter(|r| local.contains(r.span.start));
        daily.stretch_ms = stretch_ms(own().map(|r| r.span.ms()));
        for run in own().filter(|r| r.span.ms() >= definition.block_min_ms) {
            let deep = run.span.ms() >= definition.deep_min_ms;
            daily.blocks += 1;
            daily.block_ms += run.focus_ms;
            daily.longest_block_ms = daily.longest_block_ms.max(run.span.ms());
            if deep {
                daily.deep_blocks += 1;
                daily.deep_ms += run.focus_ms;
            }
            let from = self.hits.partition_point(|t| *t < run.span.start);
            let to = self.hits.partition_point(|t| *t < run.span.end);
            let interruptions = (to - from) as i64;
            self.result.blocks.push(Block { span: run.span, focus_ms: run.focus_ms, deep, interruptions });
        }
    }

    fn presence(&self, definition: &Definition) -> Presence {
        let flow = self.intervals.last().map(|i| (i.run_start + definition.flow_min_ms, i.end + definition.flow_grace_ms));
        let last = |spans: &[Span]| spans.last().map(|s| (s.start, s.end));
        let mut active: Option<Span> = None;
        for piece in self.pieces.iter().rev() {
            match &mut active {
                None => active = Some(piece.span()),
                Some(a) if a.start - piece.end <= definition.join_gap_ms => a.start = piece.start,
                Some(_) => break,
            }
        }
        Presence {
            flow: flow.filter(|(from, until)| from < until),
            session: last(&self.sessions.focus),
            meeting: last(&self.meeting),
            active: active.map(|a| (a.start, a.end)),
        }
    }
}
