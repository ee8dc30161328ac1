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

pub fn at(presence: &Presence, now: i64) -> At {
    let holds =
        |interval: Option<(i64, i64)>| interval.filter(|(from, until)| *from <= now && now < *until).map(|(from, _)| from);
    let (flow, session) = (holds(presence.flow), holds(presence.session));
    let focus = match (flow, session) {
        (Some(flow), Some(session)) => Some(flow.min(session)),
        (one, other) => one.or(other),
    };
    let (meeting, active) = (holds(presence.meeting), holds(presence.active));
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
        check(30, false, false, None);
    }
}
