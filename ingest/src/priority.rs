//! How much a received message matters to the person it came to, 0-100, decided while it enters.
//!
//! ```text
//!   kind, notified ──▶ rule ─────┐
//!   text, in memory ─▶ wording ──┼─▶ log odds ──▶ 0-100 ──▶ notify | queue | hold
//!   person, peer, channel ─▶ habits ─┘
//! ```
//!
//! Invariants (each a test):
//! - What a client sent as `priority` stands. Sent messages get none, and neither does history: nothing is left to decide there.
//! - Of a message's text nothing leaves but this number.
//! - A person nobody knows yet, or who answers too seldom to tell, is judged by the rule. Nothing waits for habits to be read.
//! - Habits are kept as numbers under hashes that mean nothing outside this process: who writes to whom is not in them.
//!
//! Deliberately absent: the time of day (when somebody works is not what a message is worth) and what a thread is about.

mod habits;
mod profile;
mod rule;
mod wording;

use schemas::definition::Weights;
use schemas::event::{Direction, Message};
use serde::Serialize;

pub use habits::{Habits, REACH_MS};
pub use profile::{Judged, QUICK_MS, Seen, judge};
use rule::Rule;
use wording::Wording;

/// A message older than this is history.
pub const MAX_AGE_MS: i64 = 24 * 3_600_000;

/// What to do about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// Tell the person now.
    Notify,
    /// Tell them at the next break.
    Queue,
    /// Let them find it.
    Hold,
}

impl Band {
    pub const ALL: [Band; 3] = [Band::Notify, Band::Queue, Band::Hold];

    pub fn as_str(self) -> &'static str {
        match self {
            Band::Notify => "notify",
            Band::Queue => "queue",
            Band::Hold => "hold",
        }
    }
}

/// Where the bands begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bands {
    pub notify: u8,
    pub queue: u8,
}

impl Default for Bands {
    fn default() -> Self {
        Bands { notify: 80, queue: 50 }
    }
}

impl Bands {
    pub fn check(&self) -> Result<(), String> {
        let Bands { notify, queue } = *self;
        if notify > 100 {
            return Err(format!("notify = {notify}: a priority is at most 100; choose one from {queue} to 100"));
        }
        if queue > notify {
            return Err(format!("queue = {queue} is above notify = {notify}: lower queue, or raise notify"));
        }
        Ok(())
    }

    pub fn of(&self, priority: u8) -> Band {
        match priority {
            p if p >= self.notify => Band::Notify,
            p if p >= self.queue => Band::Queue,
            _ => Band::Hold,
        }
    }
}

/// What decides. One for all requests.
#[derive(Debug)]
pub struct Priorities {
    pub bands: Bands,
    rule: Rule,
    habits: Option<Habits>,
}

impl Priorities {
    /// Without `habits` everybody is judged by the rule.
    pub fn new(bands: Bands, weights: &Weights, habits: Option<Habits>) -> Priorities {
        Priorities { bands, rule: Rule::new(weights), habits }
    }

    pub fn habits(&self) -> Option<&Habits> {
        self.habits.as_ref()
    }

    /// What somebody answered quickly holds from now on.
    pub fn learned(&self, user: &str, judged: &[Judged<'_>], now_ms: i64) {
        if let Some(habits) = &self.habits {
            habits.learned(user, judged, &self.rule, now_ms);
        }
    }

    /// The priority of a message that came to this person at `ts`; none where none is to be given.
    pub fn decide<'u>(&self, user: impl FnOnce() -> &'u str, ts: i64, message: &Message<'_>, now_ms: i64) -> Option<u8> {
        let is_asked = message.direction == Direction::Received && message.priority.is_none() && now_ms - ts <= MAX_AGE_MS;
        is_asked.then(|| {
            let habit = self.habits.as_ref().map_or(0.0, |habits| habits.lift(user(), message, now_ms));
            let wording = message.text.as_deref().map_or(0.0, |text| Wording::read(text).log_odds());
            rule::number(self.rule.log_odds(message.kind, message.notified) + habit + wording)
        })
    }
}

#[cfg(test)]
mod tests;
