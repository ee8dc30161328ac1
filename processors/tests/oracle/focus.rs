//! Section 4: being in focus, interruptions, breaks one makes oneself, the interruption score.

use super::events::Message;
use super::timeline::{Piece, runs};
use super::{HOUR, MINUTE, SECOND, Span, contains};

/// What a person's instants are judged by.
pub struct Focus {
    /// Active intervals of the focus categories.
    pub intervals: Vec<Span>,
    /// Spells of communication.
    pub communication: Vec<Piece>,
    /// The union of the focus sessions' time.
    pub sessions: Vec<Span>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Interruption {
    pub message: Message,
    /// `session` or `flow`.
    pub by: &'static str,
    pub attended: bool,
    pub lag: i64,
    pub load: f64,
}

impl Focus {
    pub fn at(&self, t: i64) -> Option<&'static str> {
        if contains(&self.sessions, t) {
            return Some("session");
        }
        // Only what lies before t is seen, and of it only the part before t.
        let seen: Vec<Span> = self.intervals.iter().filter(|i| i.0 < t).map(|i| (i.0, i.1.min(t))).collect();
        let latest = runs(&seen).pop()?;
        let flows = latest.start <= t - 5 * MINUTE && latest.end > t - 60 * SECOND;
        flows.then_some("flow")
    }

    pub fn interruptions(&self, messages: &[Message]) -> Vec<Interruption> {
        let can = messages.iter().filter(|m| m.received && m.notified);
        can.filter_map(|m| Some(self.interruption(m, self.at(m.ts)?))).collect()
    }

    fn interruption(&self, message: &Message, by: &'static str) -> Interruption {
        let t = message.ts;
        let under_way = self.communication.iter().find(|s| s.start <= t && t < s.end);
        let starts_soon = || self.communication.iter().find(|s| t <= s.start && s.start <= t + 120 * SECOND);
        let weight = weight(&message.kind);
        match under_way.or_else(starts_soon) {
            Some(spell) => {
                let back = self.intervals.iter().map(|i| i.0).find(|start| *start > t && *start > spell.start);
                let lag = back.map_or(30 * MINUTE, |back| (back - t).min(30 * MINUTE));
                let load = weight * (1.0 + lag as f64 / MINUTE as f64 / 10.0);
                Interruption { message: message.clone(), by, attended: true, lag, load }
            }
            None => Interruption { message: message.clone(), by, attended: false, lag: 0, load: weight * 0.3 },
        }
    }

    /// The starts of communication spells inside focus that no received message explains.
    pub fn self_made(&self, messages: &[Message]) -> Vec<i64> {
        let starts = self.communication.iter().map(|s| s.start);
        let called = |t: i64| messages.iter().any(|m| m.received && t - 120 * SECOND <= m.ts && m.ts <= t);
        starts.filter(|t| self.at(*t).is_some() && !called(*t)).collect()
    }
}

fn weight(kind: &str) -> f64 {
    match kind {
        "call" => 3.0,
        "dm" => 1.5,
        "mention" => 1.2,
        "channel" => 0.5,
        "email" => 0.4,
        other => panic!("a message of kind {other}"),
    }
}

pub fn score(load: f64, focus_ms: i64) -> f64 {
    let hours = (focus_ms as f64 / HOUR as f64).max(0.5);
    100.0 * (1.0 - (-load / (5.77 * hours)).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 12 * HOUR;

    fn message(ts: i64) -> Message {
        let (id, channel, kind) = ("m".into(), "slack".into(), "mention".into());
        Message { id, ts, channel, kind, received: true, notified: true, peer: None }
    }

    fn communication(start: i64, end: i64) -> Piece {
        Piece { start, end, app: "chat".into(), category: "communication".into() }
    }

    /// Ten minutes of focus before noon, with the given communication.
    fn morning(communication: Vec<Piece>, back: Option<i64>) -> Focus {
        let mut intervals = vec![(NOON - 10 * MINUTE, NOON)];
        intervals.extend(back.map(|start| (start, start + MINUTE)));
        Focus { intervals, communication, sessions: Vec::new() }
    }

    #[test]
    fn flow_needs_five_minutes_and_lasts_less_than_one_more() {
        let focus = morning(vec![], None);
        assert_eq!(focus.at(NOON - 5 * MINUTE), Some("flow"));
        assert_eq!(focus.at(NOON - 5 * MINUTE - 1), None);
        assert_eq!(focus.at(NOON + 60 * SECOND - 1), Some("flow"));
        assert_eq!(focus.at(NOON + 60 * SECOND), None);
        // What begins at t is not yet seen: the gap before it counts.
        let again = morning(vec![], Some(NOON + 60 * SECOND));
        assert_eq!(again.at(NOON + 60 * SECOND), None);
        assert_eq!(again.at(NOON + 60 * SECOND + 1), Some("flow"));
    }

    #[test]
    fn a_session_counts_before_flow_and_is_half_open() {
        let focus = Focus { sessions: vec![(NOON - MINUTE, NOON)], ..morning(vec![], None) };
        assert_eq!(focus.at(NOON - MINUTE - 1), Some("flow"));
        assert_eq!(focus.at(NOON - MINUTE), Some("session"));
        assert_eq!(focus.at(NOON), Some("flow"));
    }

    fn outcome(focus: &Focus, t: i64) -> (bool, i64) {
        let found = focus.interruptions(&[message(t)]);
        (found[0].attended, found[0].lag)
    }

    #[test]
    fn attended_within_two_minutes_and_lag_until_focus_starts_again() {
        let at = |start| morning(vec![communication(start, start + MINUTE)], Some(start + 4 * MINUTE));
        assert_eq!(outcome(&at(NOON), NOON), (true, 4 * MINUTE));
        assert_eq!(outcome(&at(NOON + 2 * MINUTE), NOON), (true, 6 * MINUTE));
        assert_eq!(outcome(&at(NOON + 2 * MINUTE + 1), NOON), (false, 0));
        // Under way since before t.
        assert_eq!(outcome(&at(NOON - 30 * SECOND), NOON), (true, 3 * MINUTE + 30 * SECOND));
        // Just over: the end is not inside.
        assert_eq!(outcome(&at(NOON - MINUTE), NOON), (false, 0));
        let never = morning(vec![communication(NOON, NOON + MINUTE)], None);
        assert_eq!(outcome(&never, NOON), (true, 30 * MINUTE));
        let late = morning(vec![communication(NOON, NOON + MINUTE)], Some(NOON + 31 * MINUTE));
        assert_eq!(outcome(&late, NOON), (true, 30 * MINUTE));
    }

    #[test]
    fn load_weighs_kind_and_lag() {
        let focus = morning(vec![communication(NOON, NOON + MINUTE)], Some(NOON + 5 * MINUTE));
        assert!((focus.interruptions(&[message(NOON)])[0].load - 1.2 * 1.5).abs() < 1e-12);
        let unattended = morning(vec![], None);
        assert!((unattended.interruptions(&[message(NOON)])[0].load - 0.36).abs() < 1e-12);
        let silent = Message { notified: false, ..message(NOON) };
        let sent = Message { received: false, ..message(NOON) };
        assert!(unattended.interruptions(&[silent, sent]).is_empty());
    }

    #[test]
    fn a_break_is_self_made_when_no_message_came_in_the_two_minutes_before() {
        let focus = morning(vec![communication(NOON, NOON + MINUTE)], None);
        assert_eq!(focus.self_made(&[]), [NOON]);
        assert!(focus.self_made(&[message(NOON)]).is_empty());
        assert!(focus.self_made(&[message(NOON - 2 * MINUTE)]).is_empty());
        assert_eq!(focus.self_made(&[message(NOON - 2 * MINUTE - 1), message(NOON + 1)]), [NOON]);
        let silent = Message { notified: false, ..message(NOON) };
        assert!(focus.self_made(&[silent]).is_empty());
        let outside = morning(vec![communication(NOON + MINUTE, NOON + 2 * MINUTE)], None);
        assert!(outside.self_made(&[]).is_empty());
    }

    #[test]
    fn four_plain_mentions_an_hour_are_about_fifty() {
        assert_eq!(score(0.0, HOUR), 0.0);
        let one_minute_lag_each = 4.0 * 1.2;
        assert!((score(one_minute_lag_each, HOUR) - 56.5).abs() < 0.1);
        assert!((score(4.0, HOUR) - 50.0).abs() < 0.1);
        assert_eq!(score(1.0, 0), score(1.0, HOUR / 2));
    }
}
