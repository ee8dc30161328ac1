//! Where a person stands at an instant, from the intervals an update carries.

use schemas::live::Presence;
use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct At {
    pub active: bool,
    pub in_focus: bool,
    pub in_meeting: bool,
    /// Since when in focus, else in a meeting, else active.
    pub since: Option<i64>,
}

/// Watchers report an activity when it ends, so what is known of a person trails the clock. For so long the person is
/// taken to be as last seen.
const TRAILS_MS: i64 = 5 * 60_000;

pub fn at(presence: &Presence, now: i64) -> At {
    let seen = match presence.active {
        Some((from, until)) if until <= now && now < until + TRAILS_MS => from.max(until - 1),
        _ => now,
    };
    let holds =
        |interval: Option<(i64, i64)>, at: i64| interval.filter(|(from, until)| *from <= at && at < *until).map(|(from, _)| from);
    // Declared sessions and meetings go by the clock; what is told by activity goes by when it was last seen.
    let (flow, session) = (holds(presence.flow, seen), holds(presence.session, now));
    let focus = match (flow, session) {
        (Some(flow), Some(session)) => Some(flow.min(session)),
        (one, other) => one.or(other),
    };
    let meeting = holds(presence.meeting, now).or(holds(presence.meeting, seen));
    let active = holds(presence.active, seen);
    At { active: active.is_some(), in_focus: focus.is_some(), in_meeting: meeting.is_some(), since: focus.or(meeting).or(active) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_half_open_and_focus_comes_first() {
        let presence = Presence { flow: Some((10, 20)), session: Some((5, 12)), meeting: None, active: Some((0, 30)) };
        let check = |now: i64, in_focus: bool, active: bool, since: Option<i64>| {
            assert_eq!(at(&presence, now), At { active, in_focus, in_meeting: false, since }, "at {now}");
        };
        check(-1, false, false, None);
        check(4, false, true, Some(0));
        check(11, true, true, Some(5));
        check(12, true, true, Some(10));
        check(20, false, true, Some(0));
        check(30, false, true, Some(0));
        check(30 + TRAILS_MS, false, false, None);
    }

    #[test]
    fn someone_whose_activity_is_told_when_it_ends_stays_in_focus_between_two_reports() {
        let reported = Presence { flow: Some((0, 360_000)), session: None, meeting: None, active: Some((0, 300_000)) };
        assert!(at(&reported, 300_000 + 100_000).in_focus, "the next report is due any moment");
        assert!(!at(&reported, 300_000 + TRAILS_MS).in_focus);
    }
}
