//! What processors publish on the `updates` topic: the news of one person, for live views and alerts.

use serde::{Deserialize, Serialize};

/// One person's change in one commit, keyed by user. JSON on the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Update {
    pub user_id: String,
    /// The team as of now.
    pub team_id: Option<String>,
    /// Append time of the newest event that is in this update; what freshness is measured from.
    pub accepted_at: i64,
    /// The person's latest local day, whole.
    pub day: DayFigures,
    /// The windows of the last hours that changed.
    pub windows: Vec<WindowFigures>,
    pub now: Presence,
}

/// The day so far, as in `user_daily`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DayFigures {
    /// Days since 1970-01-01, the person's local date.
    pub day: i32,
    pub active_ms: i64,
    pub focus_ms: i64,
    pub comm_ms: i64,
    pub meeting_ms: i64,
    pub switches: i64,
    pub blocks: i64,
    pub deep_blocks: i64,
    pub stretch_ms: i64,
    pub messages_received: i64,
    pub messages_sent: i64,
    pub interruptions: i64,
    pub self_interruptions: i64,
    pub load: f64,
    pub interruption_score: f64,
    pub focus_score: Option<f64>,
    pub after_hours_ms: i64,
    pub first_active: Option<i64>,
    pub last_active: Option<i64>,
}

/// One window, as in `user_5m`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WindowFigures {
    pub window_start: i64,
    pub active_ms: i64,
    pub focus_ms: i64,
    pub comm_ms: i64,
    pub meeting_ms: i64,
    pub switches: i64,
    pub messages_received: i64,
    pub interruptions: i64,
    pub load: f64,
    pub interruption_score: f64,
}

/// Where the person stands, as half-open intervals, so that a reader's clock decides without a further event.
/// Null means not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Presence {
    /// In flow within [from, until): the latest run since it is 5 minutes old, until a minute past its last focus.
    pub flow: Option<(i64, i64)>,
    /// In an open focus session within [from, until).
    pub session: Option<(i64, i64)>,
    /// In a meeting within [from, until).
    pub meeting: Option<(i64, i64)>,
    /// Active (any app, not afk) within [from, until).
    pub active: Option<(i64, i64)>,
}
