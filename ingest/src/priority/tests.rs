use std::borrow::Cow;

use proptest::prelude::*;
use schemas::event::MessageKind;

use super::*;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const NOW: i64 = 1_790_000_000_000;

fn message<'a>(kind: MessageKind, peer: &'a str, text: Option<&'a str>) -> Message<'a> {
    Message {
        channel: "slack".into(),
        kind,
        direction: Direction::Received,
        peer: Some(peer.into()),
        thread: None,
        notified: true,
        priority: None,
        text: text.map(Cow::Borrowed),
    }
}

fn priorities() -> Priorities {
    Priorities::new(
        Bands::default(),
        &Weights { call: 3.0, dm: 1.5, mention: 1.2, channel: 0.5, email: 0.4 },
        Some(Habits::new(8)),
    )
}

fn decided(priorities: &Priorities, kind: MessageKind, peer: &str) -> u8 {
    priorities.decide(|| "ada", NOW, &message(kind, peer, None), NOW).unwrap()
}

/// A day of `n` messages from each peer, of which this share is answered a minute later.
fn day<'a>(peers: &[(&'a str, MessageKind, f64)], n: usize) -> Vec<Seen<'a>> {
    let mut seen = Vec::new();
    for i in 0..n {
        for (at, (peer, kind, share)) in peers.iter().enumerate() {
            let ts = NOW - 24 * HOUR + (i * peers.len() + at) as i64 * 11 * MINUTE;
            let one = Seen { ts, sent: false, kind: *kind, notified: true, channel: "slack", peer: Some(peer), thread: None };
            seen.push(one);
            if (i as f64 * share).fract() + share >= 1.0 {
                seen.push(Seen { ts: ts + MINUTE, sent: true, ..one });
            }
        }
    }
    seen.sort_by_key(|one| one.ts);
    seen
}

#[test]
fn bands_begin_where_they_are_set() {
    let bands = Bands::default();
    for (priority, band) in
        [(100, Band::Notify), (80, Band::Notify), (79, Band::Queue), (50, Band::Queue), (49, Band::Hold), (0, Band::Hold)]
    {
        assert_eq!(bands.of(priority), band, "{priority}");
    }
    let all = Bands { notify: 0, queue: 0 };
    assert!(all.check().is_ok() && all.of(0) == Band::Notify);
    assert!(Bands { notify: 101, queue: 0 }.check().is_err() && Bands { notify: 10, queue: 11 }.check().is_err());
}

#[test]
fn without_habits_the_kind_decides_and_urgent_words_lift() {
    use MessageKind::{Call, Channel, Dm, Email, Mention};
    let priorities = priorities();
    let of = |kind, text| priorities.decide(|| "ada", NOW, &message(kind, "p", text), NOW).unwrap();
    assert_eq!([Call, Dm, Mention, Channel, Email].map(|kind| of(kind, None)), [88, 70, 62, 29, 22]);
    let band = |kind, text| priorities.bands.of(of(kind, Some(text)));
    assert_eq!(band(Dm, "Urgent: can you restart it?"), Band::Notify);
    assert_eq!(band(Mention, "@ada urgent"), Band::Notify);
    assert_eq!(band(Dm, "are you coming for lunch?"), Band::Queue);
    assert_eq!(band(Email, "urgent, today"), Band::Queue);
    assert_eq!(band(Channel, "FYI: new digest"), Band::Hold);
    let silent = Message { notified: false, ..message(Dm, "p", None) };
    assert!(priorities.decide(|| "ada", NOW, &silent, NOW).unwrap() < of(Dm, None));
    // A weight may be nought.
    let weights = Weights { call: 0.0, dm: 1e9, mention: 1.0, channel: 1.0, email: 1.0 };
    let extreme = Priorities::new(Bands::default(), &weights, None);
    let of = |kind| extreme.decide(|| "ada", NOW, &message(kind, "p", None), NOW);
    assert_eq!((of(Call), of(Dm)), (Some(0), Some(100)));
}

#[test]
fn what_the_client_says_stands_and_sent_messages_and_history_get_none() {
    let priorities = priorities();
    let decide = |ts, m: &Message<'_>| priorities.decide(|| "ada", ts, m, NOW);
    let dm = message(MessageKind::Dm, "p", Some("urgent"));
    assert!(decide(NOW, &dm).is_some() && decide(NOW - MAX_AGE_MS, &dm).is_some() && decide(NOW + HOUR, &dm).is_some());
    assert_eq!(decide(NOW - MAX_AGE_MS - 1, &dm), None);
    assert_eq!(decide(NOW, &Message { priority: Some(3), ..dm.clone() }), None);
    assert_eq!(decide(NOW, &Message { direction: Direction::Sent, ..dm }), None);
}

#[test]
fn answered_is_what_is_sent_to_the_peer_or_in_the_thread_within_ten_minutes() {
    let one = |at: i64, sent, peer, thread| Seen {
        ts: at * MINUTE,
        sent,
        kind: MessageKind::Dm,
        notified: true,
        channel: "slack",
        peer,
        thread,
    };
    let check = |messages: &[Seen<'_>], expected: &[bool]| {
        let mut judged = judge(messages, HOUR);
        judged.reverse();
        assert_eq!(judged.iter().map(|j| j.answered).collect::<Vec<_>>(), expected, "{messages:?}");
    };
    let asked = one(0, false, Some("p"), Some("t"));
    check(&[asked, one(10, true, Some("p"), None)], &[true]);
    check(&[asked, one(11, true, Some("p"), None)], &[false]);
    check(&[asked, one(1, true, Some("q"), Some("t"))], &[true]);
    check(&[asked, one(1, true, Some("q"), Some("u"))], &[false]);
    check(&[asked, one(0, true, Some("p"), Some("t"))], &[false]);
    check(&[asked, asked, one(3, true, Some("p"), None), one(4, false, Some("p"), None)], &[true, true, false]);
    check(&[one(0, false, None, None), one(1, true, None, None)], &[false]);
    // Calls are taken otherwise, and what came at the end may still be answered.
    check(&[Seen { kind: MessageKind::Call, ..asked }, one(51, false, Some("p"), None)], &[]);
    check(&[one(50, false, Some("p"), None)], &[false]);
}

#[test]
fn whom_somebody_answers_quickly_comes_higher_and_whom_they_leave_lower() {
    use MessageKind::{Call, Dm};
    let priorities = priorities();
    let rule = decided(&priorities, Dm, "boss");
    let seen = day(&[("boss", Dm, 0.9), ("colleague", Dm, 0.4), ("bot", Dm, 0.0)], 40);
    priorities.learned("ada", &judge(&seen, NOW), NOW);
    let (boss, colleague, bot, new) = (
        decided(&priorities, Dm, "boss"),
        decided(&priorities, Dm, "colleague"),
        decided(&priorities, Dm, "bot"),
        decided(&priorities, Dm, "new"),
    );
    assert!(boss >= 80 && bot < 50, "{boss} {colleague} {bot}");
    assert!(boss > colleague && colleague > bot, "{boss} {colleague} {bot}");
    assert!(new.abs_diff(rule) <= 2, "{new} for somebody new, {rule} by the rule");
    assert!(decided(&priorities, Call, "boss") > 88, "their calls too");
    // Nobody else's habits.
    assert_eq!(priorities.decide(|| "bob", NOW, &message(Dm, "boss", None), NOW), Some(rule));
}

#[test]
fn few_messages_move_little_and_few_answers_nothing() {
    use MessageKind::Dm;
    let of = |n: usize, share: f64| {
        let priorities = priorities();
        let mut seen = day(&[("p", Dm, share)], n);
        seen.extend(day(&[("q", Dm, 0.5)], 40));
        seen.sort_by_key(|one| one.ts);
        priorities.learned("ada", &judge(&seen, NOW), NOW);
        decided(&priorities, Dm, "p")
    };
    let (one, ten, many) = (of(1, 1.0), of(10, 1.0), of(40, 1.0));
    assert!(one < ten && ten < many && one.abs_diff(70) < 8, "{one} {ten} {many}");
    let priorities = priorities();
    let mut silent = day(&[("p", Dm, 0.0)], 100);
    silent.extend(day(&[("q", Dm, 1.0)], 4));
    silent.sort_by_key(|one| one.ts);
    priorities.learned("ada", &judge(&silent, NOW), NOW);
    assert_eq!(decided(&priorities, Dm, "p"), 70, "who hardly ever answers in writing is judged by the rule");
}

/// Of somebody who answers half as often, the same habits make about the same priorities.
#[test]
fn how_much_somebody_answers_at_all_changes_little() {
    use MessageKind::Dm;
    let of = |share: f64| {
        let priorities = priorities();
        let seen = day(&[("p", Dm, share), ("q", Dm, share / 3.0)], 60);
        priorities.learned("ada", &judge(&seen, NOW), NOW);
        (decided(&priorities, Dm, "p"), decided(&priorities, Dm, "q"))
    };
    let (eager, slow) = (of(0.6), of(0.3));
    assert!(eager.0.abs_diff(slow.0) < 8 && eager.1.abs_diff(slow.1) < 8, "{eager:?} {slow:?}");
}

#[tokio::test]
async fn a_person_is_asked_for_once_and_again_after_a_day() {
    let priorities = priorities();
    let habits = priorities.habits().unwrap();
    let decide = |user: &'static str, now| priorities.decide(|| user, now, &message(MessageKind::Dm, "p", None), now);
    for _ in 0..3 {
        decide("ada", NOW);
        decide("bob", NOW);
    }
    let mut wanted = habits.wanted().await;
    wanted.sort();
    assert_eq!(wanted, ["ada", "bob"]);
    wanted.iter().for_each(|user| priorities.learned(user, &[], NOW));
    decide("ada", NOW + 24 * HOUR - 1);
    let nobody = tokio::time::timeout(std::time::Duration::from_millis(20), habits.wanted()).await;
    assert!(nobody.is_err(), "{nobody:?}");
    decide("ada", NOW + 24 * HOUR);
    assert_eq!(habits.wanted().await, ["ada"]);
}

#[test]
fn no_more_people_are_remembered_than_are_to_be() {
    let priorities = priorities();
    let habits = priorities.habits().unwrap();
    let names: Vec<String> = (0..100).map(|i| format!("u{i}")).collect();
    for (i, name) in names.iter().enumerate() {
        let now = NOW + i as i64 * MINUTE;
        priorities.learned(name, &[], now);
        // One of them is heard of all the time.
        priorities.decide(|| "u0", now, &message(MessageKind::Dm, "p", None), now);
        assert!(habits.len() <= 8);
    }
    assert!(habits.knows("u0") && habits.knows("u99") && !habits.knows("u50"));
    // What waits is bounded too.
    (0..5_000).map(|i| format!("new{i}")).for_each(|name| {
        priorities.decide(|| &name, NOW, &message(MessageKind::Dm, "p", None), NOW);
    });
    assert!(habits.waiting() <= 1024);
}

#[test]
fn nothing_that_is_kept_names_anybody() {
    let priorities = priorities();
    priorities.learned("ada", &judge(&day(&[("the-peer", MessageKind::Dm, 0.9), ("q", MessageKind::Dm, 0.1)], 40), NOW), NOW);
    let shown = format!("{priorities:?}");
    assert!(!shown.contains("ada") && !shown.contains("the-peer"), "{shown}");
    let kept = priorities.habits().unwrap().kept("ada");
    assert!(!kept.contains("the-peer") && !kept.contains("slack") && kept.contains("peers: [("), "{kept}");
}

proptest! {
    #[test]
    fn whatever_the_messages_say_a_priority_is_one(text in ".{0,200}", kind in 0..5usize, notified: bool) {
        let m = Message { notified, ..message(MessageKind::ALL[kind], "p", Some(&text)) };
        let priority = priorities().decide(|| "ada", NOW, &m, NOW);
        prop_assert!(priority.is_some_and(|p| p <= 100));
    }
}
