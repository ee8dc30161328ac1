//! The constants of the metric definitions (version 1), each under the name `metrics.md` gives it.

use crate::event::{Category, MessageKind};

#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// Recorded with results; anything but the defaults below must carry another number.
    pub version: u32,
    pub focus_categories: Vec<Category>,
    pub window_ms: i64,
    pub join_gap_ms: i64,
    pub dwell_ms: i64,
    pub switch_gap_ms: i64,
    pub run_gap_ms: i64,
    pub block_min_ms: i64,
    pub deep_min_ms: i64,
    pub session_max_ms: i64,
    pub flow_min_ms: i64,
    pub flow_grace_ms: i64,
    pub attend_within_ms: i64,
    pub lag_max_ms: i64,
    pub response_max_ms: i64,
    pub streak_goal_ms: i64,
    /// Lateness allowed before the watermark passes an event's time.
    pub lateness_ms: i64,
    pub weights: Weights,
    pub k_anonymity: u32,
    pub k_anonymity_burnout: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    pub call: f64,
    pub dm: f64,
    pub mention: f64,
    pub channel: f64,
    pub email: f64,
}

impl Weights {
    pub fn of(&self, kind: MessageKind) -> f64 {
        match kind {
            MessageKind::Call => self.call,
            MessageKind::Dm => self.dm,
            MessageKind::Mention => self.mention,
            MessageKind::Channel => self.channel,
            MessageKind::Email => self.email,
        }
    }
}

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

impl Default for Definition {
    fn default() -> Self {
        use Category::{Coding, Data, Design, Learning, Writing};
        Definition {
            version: 1,
            focus_categories: vec![Coding, Writing, Design, Data, Learning],
            window_ms: 5 * MINUTE,
            join_gap_ms: 5 * SECOND,
            dwell_ms: 10 * SECOND,
            switch_gap_ms: 60 * SECOND,
            run_gap_ms: 120 * SECOND,
            block_min_ms: 25 * MINUTE,
            deep_min_ms: 60 * MINUTE,
            session_max_ms: 4 * HOUR,
            flow_min_ms: 5 * MINUTE,
            flow_grace_ms: 60 * SECOND,
            attend_within_ms: 120 * SECOND,
            lag_max_ms: 30 * MINUTE,
            response_max_ms: 8 * HOUR,
            streak_goal_ms: 2 * HOUR,
            lateness_ms: 10 * MINUTE,
            weights: Weights { call: 3.0, dm: 1.5, mention: 1.2, channel: 0.5, email: 0.4 },
            k_anonymity: 5,
            k_anonymity_burnout: 8,
        }
    }
}
