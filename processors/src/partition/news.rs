//! What live views are told of a commit: one update a person, of their latest day.

use schemas::live::{DayFigures, Update, WindowFigures};

use super::recompute::{Computed, is_live};
use super::{Partition, Work};
use crate::operators::day::{Daily, Window};

const HOUR: i64 = 3_600_000;

/// What changed of a day.
#[derive(Default)]
pub(super) struct Changed {
    pub windows: Vec<WindowFigures>,
    pub day: bool,
}

impl Partition {
    /// One update of a person and commit, of the latest day, when that is about now.
    pub(super) fn news(&mut self, work: &mut Work, slot: usize, computed: &Computed, changed: Changed) {
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

pub(super) fn window_figures(w: &Window) -> WindowFigures {
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
