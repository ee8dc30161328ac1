//! The metrics of one person's local day, as pure transforms: no clock, no I/O, same input, same bytes.
//!
//! Each file is one transform with a picture of it; `day` chains them:
//!
//! ```text
//! activities ─▶ timeline ─▶ spells ─▶ switches, communication ─┐
//!                  │   └───▶ runs ───▶ blocks, flow ───────────┤
//! phases ───▶ sessions ───────────▶ in session, meetings ──────┼─▶ day: windows, daily figures,
//! messages ─▶ responses, interruptions ◀── in focus? attended? ┘       interruptions, blocks, presence
//!
//! days ─▶ risk
//! ```

pub mod calendar;
pub mod day;
pub mod interruptions;
pub mod responses;
pub mod risk;
pub mod runs;
pub mod score;
pub mod sessions;
pub mod spans;
pub mod spells;
#[cfg(test)]
mod tests;
pub mod timeline;
pub mod windows;

use schemas::event::{Category, Direction, MessageKind, Phase, SessionKind};

pub use calendar::LocalDay;
pub use day::{Block, Daily, DayResult, Interruption, Scratch, day};
pub use spans::Span;

/// What an operator knows of one activity event. Names are numbers given by the caller: equal names, equal numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Activity {
    pub ts: i64,
    pub duration_ms: i64,
    pub app: u32,
    pub category: Category,
    pub afk: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Message {
    pub ts: i64,
    pub kind: MessageKind,
    pub direction: Direction,
    pub notified: bool,
    pub channel: u32,
    pub peer: Option<u32>,
    /// What the caller knows the message by; comes back in `Interruption`.
    pub token: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SessionPhase {
    pub ts: i64,
    pub session: u32,
    pub kind: SessionKind,
    pub phase: Phase,
    pub planned_ms: Option<i64>,
}

/// One person's events around a day, each list sorted by (ts, id), duplicates removed.
///
/// A day is exact when everything is there that its figures depend on: activities from 8 h before its first instant
/// until 40 min past its end and past the end of its last run, messages until 8 h past it, and of sessions whole chains
/// (see `sessions`).
#[derive(Debug, Clone, Default)]
pub struct Events {
    pub activities: Vec<Activity>,
    pub messages: Vec<Message>,
    pub phases: Vec<SessionPhase>,
}

impl Events {
    pub fn clear(&mut self) {
        self.activities.clear();
        self.messages.clear();
        self.phases.clear();
    }

    pub fn is_empty(&self) -> bool {
        self.activities.is_empty() && self.messages.is_empty() && self.phases.is_empty()
    }
}
