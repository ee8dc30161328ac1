//! Where the live state starts from, and what it is compared with now and then (`lost`): the newest rows of the store.

use std::sync::Arc;

use arrow::array::Array;
use schemas::directory::DAY_MS;
use schemas::live::{DayFigures, WindowFigures};
use serde_json::json;
use store::{Limits, Store};

use super::people::People;
use crate::Error;
use crate::rest::span::day_text;
use crate::rows::{Columns, each, optional};

pub async fn seed(people: &mut People, store: &Arc<dyn Store>, limits: Limits, now: i64) -> Result<(), Error> {
    let from = people.keep_from();
    days(store, limits, from, |user, team, figures| people.seed_day(user, team.map(str::to_owned), figures, now)).await?;
    windows(store, limits, from, |user, window| people.seed_window(user, window)).await?;
    people.seeded();
    Ok(())
}

/// The days from about a time on, with their people and teams.
pub async fn days(
    store: &Arc<dyn Store>,
    limits: Limits,
    from: i64,
    mut take: impl FnMut(&str, Option<&str>, DayFigures),
) -> Result<(), Error> {
    // In some zones it is still the day before.
    let first_day = day_text(from.div_euclid(DAY_MS) as i32 - 1);
    each(store, include_str!("../../sql/live_days.sql"), vec![json!(first_day)], limits, |batch| {
        let c = Columns(batch);
        let (user, team, day) = (c.text("user_id")?, c.text("team_id")?, c.day("day")?);
        let ints = [
            "active_ms",
            "focus_ms",
            "comm_ms",
            "meeting_ms",
            "switches",
            "blocks",
            "deep_blocks",
            "stretch_ms",
            "messages_received",
            "messages_sent",
            "interruptions",
            "self_interruptions",
            "after_hours_ms",
        ];
        let ints = ints.iter().map(|name| c.int(name)).collect::<Result<Vec<_>, _>>()?;
        let (load, score, focus) = (c.float("load")?, c.float("interruption_score")?, c.float("focus_score")?);
        let (first, last) = (c.time("first_active")?, c.time("last_active")?);
        for row in 0..batch.num_rows() {
            let int = |at: usize| ints[at].value(row);
            let figures = DayFigures {
                day: day.value(row),
                active_ms: int(0),
                focus_ms: int(1),
                comm_ms: int(2),
                meeting_ms: int(3),
                switches: int(4),
                blocks: int(5),
                deep_blocks: int(6),
                stretch_ms: int(7),
                messages_received: int(8),
                messages_sent: int(9),
                interruptions: int(10),
                self_interruptions: int(11),
                load: load.value(row),
                interruption_score: score.value(row),
                focus_score: optional(&focus, row, |a, r| a.value(r)),
                after_hours_ms: int(12),
                first_active: optional(&first, row, |a, r| a.value(r)),
                last_active: optional(&last, row, |a, r| a.value(r)),
            };
            take(user.value(row), team.is_valid(row).then(|| team.value(row)), figures);
        }
        Ok(())
    })
    .await
}

/// The windows from a time on, with their people.
pub async fn windows(
    store: &Arc<dyn Store>,
    limits: Limits,
    from: i64,
    mut take: impl FnMut(&str, WindowFigures),
) -> Result<(), Error> {
    each(store, include_str!("../../sql/live_windows.sql"), vec![json!(from)], limits, |batch| {
        let c = Columns(batch);
        let (user, start) = (c.text("user_id")?, c.time("window_start")?);
        let ints = ["active_ms", "focus_ms", "comm_ms", "meeting_ms", "switches", "messages_received", "interruptions"];
        let ints = ints.iter().map(|name| c.int(name)).collect::<Result<Vec<_>, _>>()?;
        let (load, score) = (c.float("load")?, c.float("interruption_score")?);
        for row in 0..batch.num_rows() {
            let int = |at: usize| ints[at].value(row);
            let window = WindowFigures {
                window_start: start.value(row),
                active_ms: int(0),
                focus_ms: int(1),
                comm_ms: int(2),
                meeting_ms: int(3),
                switches: int(4),
                messages_received: int(5),
                interruptions: int(6),
                load: load.value(row),
                interruption_score: score.value(row),
            };
            take(user.value(row), window);
        }
        Ok(())
    })
    .await
}
