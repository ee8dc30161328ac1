//! Section 3: instances of sessions from their phases.

use std::collections::BTreeMap;

use super::events::Phase;
use super::{HOUR, Span};

#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    pub kind: String,
    pub start: i64,
    /// Its time: from the start to the close, without what was paused.
    pub parts: Vec<Span>,
    pub completed: bool,
}

impl Instance {
    pub fn is_focus(&self) -> bool {
        self.kind == "focus" || self.kind == "pomodoro"
    }

    pub fn is_meeting(&self) -> bool {
        self.kind == "meeting"
    }

    pub fn time(&self) -> i64 {
        self.parts.iter().map(|p| p.1 - p.0).sum()
    }
}

pub fn instances(phases: &[Phase]) -> Vec<Instance> {
    let mut named: BTreeMap<(&str, &str), Vec<&Phase>> = BTreeMap::new();
    for phase in phases {
        named.entry((&phase.kind, &phase.session)).or_default().push(phase);
    }
    let mut instances = Vec::new();
    for mut list in named.into_values() {
        list.sort_by_key(|p| (p.ts, p.id.clone()));
        let mut next = 0;
        while next < list.len() {
            if list[next].phase != "start" {
                // Makes no sense where it stands.
                next += 1;
                continue;
            }
            let start = list[next];
            let ends = |j: usize| (list[j].phase == "end" || list[j].phase == "abandon") && list[j].ts - start.ts <= 4 * HOUR;
            let closer = (next + 1..list.len()).find(|j| ends(*j));
            let close = closer.map_or(start.ts + start.planned.unwrap_or(4 * HOUR), |j| list[j].ts);
            let after = closer.unwrap_or_else(|| (next + 1..list.len()).find(|j| list[*j].ts >= close).unwrap_or(list.len()));
            let mut instance = Instance {
                kind: start.kind.clone(),
                start: start.ts,
                parts: parts(start.ts, close, &list[next + 1..after]),
                completed: false,
            };
            let ended = closer.is_some_and(|j| list[j].phase == "end");
            // At least 80 % of the plan, where there is one.
            instance.completed = ended && start.planned.is_none_or(|planned| 5 * instance.time() >= 4 * planned);
            instances.push(instance);
            next = closer.map_or(after, |j| j + 1);
        }
    }
    instances
}

fn parts(start: i64, close: i64, inside: &[&Phase]) -> Vec<Span> {
    let mut parts = Vec::new();
    let mut running_since = Some(start);
    for phase in inside {
        match (phase.phase.as_str(), running_since) {
            ("pause", Some(since)) => {
                parts.push((since, phase.ts));
                running_since = None;
            }
            ("resume", None) => running_since = Some(phase.ts),
            _ => {}
        }
    }
    if let Some(since) = running_since {
        parts.push((since, close));
    }
    parts.into_iter().filter(|p| p.0 < p.1).collect()
}

#[cfg(test)]
mod tests {
    use super::super::MINUTE;
    use super::*;

    /// `minute phase`, e.g. `0 start`; ids in list order.
    fn phases(planned: Option<i64>, list: &[(i64, &str)]) -> Vec<Phase> {
        let phase = |(i, (minute, phase)): (usize, &(i64, &str))| Phase {
            id: format!("{i:02}"),
            ts: minute * MINUTE,
            session: "s".into(),
            kind: "focus".into(),
            phase: phase.to_string(),
            planned,
        };
        list.iter().enumerate().map(phase).collect()
    }

    /// Start, time and completion in minutes.
    fn found(planned: Option<i64>, list: &[(i64, &str)]) -> Vec<(i64, i64, bool)> {
        let instances = instances(&phases(planned.map(|p| p * MINUTE), list));
        instances.iter().map(|i| (i.start / MINUTE, i.time() / MINUTE, i.completed)).collect()
    }

    #[test]
    fn an_end_within_four_hours_closes_and_completes() {
        assert_eq!(found(None, &[(0, "start"), (240, "end")]), [(0, 240, true)]);
        assert_eq!(found(None, &[(0, "start"), (241, "end")]), [(0, 240, false)]);
        assert_eq!(found(None, &[(0, "start"), (30, "abandon"), (31, "end")]), [(0, 30, false)]);
    }

    #[test]
    fn the_plan_closes_what_nobody_ended_and_decides_completion() {
        assert_eq!(found(Some(25), &[(0, "start")]), [(0, 25, false)]);
        assert_eq!(found(Some(25), &[(0, "start"), (20, "end")]), [(0, 20, true)]);
        assert_eq!(found(Some(25), &[(0, "start"), (19, "end")]), [(0, 19, false)]);
        // Ended late: its time is what it was.
        assert_eq!(found(Some(25), &[(0, "start"), (100, "end")]), [(0, 100, true)]);
        // Without an end, a start after the planned close opens another; with one, it is ignored.
        assert_eq!(found(Some(25), &[(0, "start"), (25, "start")]), [(0, 25, false), (25, 25, false)]);
        assert_eq!(found(Some(25), &[(0, "start"), (30, "start"), (50, "end")]), [(0, 50, true)]);
    }

    #[test]
    fn pauses_are_no_part_of_it() {
        assert_eq!(found(None, &[(0, "start"), (10, "pause"), (20, "resume"), (30, "end")]), [(0, 20, true)]);
        assert_eq!(found(None, &[(0, "start"), (10, "pause"), (30, "end")]), [(0, 10, true)]);
        let odd = [(0, "start"), (5, "resume"), (10, "pause"), (15, "pause"), (20, "resume"), (25, "resume"), (30, "end")];
        assert_eq!(found(None, &odd), [(0, 20, true)]);
    }

    #[test]
    fn phases_without_sense_are_ignored() {
        assert_eq!(found(None, &[(0, "end"), (1, "pause"), (2, "resume"), (3, "abandon")]), []);
        assert_eq!(found(None, &[(0, "start"), (10, "start"), (30, "end"), (40, "end")]), [(0, 30, true)]);
        assert_eq!(found(None, &[(5, "end"), (5, "start"), (9, "end")]), [(5, 4, true)]);
    }

    #[test]
    fn the_same_session_id_of_two_kinds_is_two_sessions() {
        let mut list = phases(None, &[(0, "start"), (10, "end"), (5, "start"), (20, "end")]);
        list[2].kind = "meeting".into();
        list[3].kind = "meeting".into();
        let kinds: Vec<(String, i64)> = instances(&list).into_iter().map(|i| (i.kind.clone(), i.time() / MINUTE)).collect();
        assert_eq!(kinds, [("focus".into(), 10), ("meeting".into(), 15)]);
    }
}
