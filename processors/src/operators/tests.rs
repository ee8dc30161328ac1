use schemas::Definition;
use schemas::directory::{Directory, Document, HoursEntry, PersonEntry};
use schemas::event::{Category, Direction, MessageKind, Phase, SessionKind};

use super::runs::InFocusBy;
use super::{Activity, DayResult, Events, Message, SessionPhase, day};

const MIN: i64 = 60_000;
const HOUR: i64 = 60 * MIN;
/// 2026-11-20, a Friday.
const DAY: i32 = 20_777;
const NINE: i64 = DAY as i64 * 24 * HOUR + 9 * HOUR;

/// Minutes from 09:00 on.
fn act(at: i64, minutes: i64, category: Category) -> Activity {
    Activity { ts: NINE + at * MIN, duration_ms: minutes * MIN, app: category as u32, category, afk: false }
}

fn message(at: i64, kind: MessageKind, direction: Direction, peer: u32) -> Message {
    Message { ts: NINE + at * MIN, kind, direction, notified: true, channel: 0, peer: Some(peer), token: at as u64 }
}

fn phase(at: i64, kind: SessionKind, phase: Phase, plan: Option<i64>) -> SessionPhase {
    SessionPhase { ts: NINE + at * MIN, session: 1, kind, phase, planned_ms: plan.map(|p| p * MIN) }
}

fn compute(events: &Events) -> DayResult {
    let directory = Directory::default();
    day(&Definition::default(), directory.person("p"), events, DAY)
}

#[test]
fn a_morning_by_hand() {
    use Category::{Coding, Communication, Meeting};
    use Direction::{Received, Sent};
    let events = Events {
        activities: vec![
            act(0, 20, Coding),
            act(20, 3, Communication),
            act(24, 11, Coding),       // a run of its own: 4 min since the last focus
            act(35, 1, Communication), // joins: a gap of one minute
            act(36, 30, Coding),
            act(70, 30, Meeting),
        ],
        messages: vec![
            message(3, MessageKind::Dm, Received, 7),       // no flow yet: the run is 3 min old
            message(19, MessageKind::Mention, Received, 7), // flow; chat from minute 20: attended, back at minute 24
            message(21, MessageKind::Dm, Sent, 7),
            message(40, MessageKind::Channel, Received, 8), // flow, not attended
            message(75, MessageKind::Call, Received, 8),    // not in focus
        ],
        phases: vec![phase(90, SessionKind::Meeting, Phase::Start, Some(20)), phase(110, SessionKind::Meeting, Phase::End, None)],
    };
    let result = compute(&events);
    let daily = result.daily.clone().unwrap();
    assert_eq!(daily.active_ms, 95 * MIN);
    assert_eq!(daily.focus_ms, 61 * MIN);
    assert_eq!(daily.comm_ms, 4 * MIN);
    assert_eq!(daily.meeting_ms, 40 * MIN, "30 of activity, 20 of session, 10 of both");
    assert_eq!(
        daily.switches, 4,
        "the meeting starts four minutes after the coding ended, the second coding one minute after the chat"
    );
    assert_eq!((daily.blocks, daily.deep_blocks, daily.block_ms), (1, 0, 41 * MIN));
    assert_eq!(daily.longest_block_ms, 42 * MIN);
    assert_eq!(daily.stretch_ms, (20 * 20 + 42 * 42) * MIN / 62 + 1, "half up");
    assert_eq!((daily.messages_received, daily.messages_sent, daily.sent_after_hours), (4, 1, 0));
    assert_eq!(daily.response_ms, Some(10 * MIN), "18 and 2 minutes");
    assert_eq!((daily.first_active, daily.last_active), (Some(NINE), Some(NINE + 100 * MIN)));
    assert_eq!(daily.after_hours_ms, 0);
    assert_eq!(daily.sessions, 0, "a meeting is no focus session");
    assert_eq!(daily.self_interruptions, 1, "the chat of minute 35; that of minute 20 followed a message");
    assert_eq!(daily.interruptions, 2);
    let found: Vec<_> = result.interruptions.iter().map(|i| (i.token, i.by, i.lag_ms)).collect();
    assert_eq!(found, [(19, InFocusBy::Flow, Some(5 * MIN)), (40, InFocusBy::Flow, None)]);
    let load = 1.2 * 1.5 + 0.5 * 0.3;
    assert!((daily.load - load).abs() < 1e-12);
    let hours = 62.0 / 60.0;
    assert!((daily.interruption_score - 100.0 * (1.0 - (-load / (5.77 * hours)).exp())).abs() < 1e-9);
    assert_eq!(result.blocks.len(), 1);
    assert_eq!((result.blocks[0].span.start, result.blocks[0].interruptions), (NINE + 24 * MIN, 1));
    let windows: Vec<_> = result.windows.iter().map(|w| (w.start - NINE) / MIN).collect();
    assert_eq!(windows, (0..14).map(|i| i * 5).chain((14..20).map(|i| i * 5)).collect::<Vec<_>>());
    let fourth = result.windows[4];
    assert_eq!((fourth.active_ms, fourth.focus_ms, fourth.comm_ms, fourth.switches), (4 * MIN, MIN, 3 * MIN, 1 + 1));
}

#[test]
fn in_a_session_every_message_interrupts_and_breaks_are_self_made() {
    use Category::{Communication, Other};
    let events = Events {
        activities: vec![act(0, 10, Other), act(10, 2, Communication), act(12, 20, Other)],
        messages: vec![
            message(5, MessageKind::Email, Direction::Received, 1),
            message(15, MessageKind::Dm, Direction::Received, 1),
        ],
        phases: vec![
            phase(0, SessionKind::Focus, Phase::Start, Some(25)),
            phase(14, SessionKind::Focus, Phase::Pause, None),
            phase(16, SessionKind::Focus, Phase::Resume, None),
            phase(25, SessionKind::Focus, Phase::End, None),
        ],
    };
    let result = compute(&events);
    let daily = result.daily.unwrap();
    assert_eq!(daily.interruptions, 1, "the second came in the pause");
    assert_eq!(result.interruptions[0].by, InFocusBy::Session);
    assert_eq!(result.interruptions[0].lag_ms, None);
    assert_eq!(daily.self_interruptions, 1, "the email came five minutes before");
    assert_eq!((daily.sessions, daily.sessions_completed, daily.session_ms), (1, 1, 23 * MIN));
    assert_eq!(result.presence.session, Some((NINE + 16 * MIN, NINE + 25 * MIN)));
}

#[test]
fn hours_that_run_over_midnight_belong_to_the_day_they_start_in() {
    let entry = PersonEntry {
        id: "p".into(),
        name: None,
        aliases: vec![],
        team: None,
        time_zone: "UTC".into(),
        working_hours: HoursEntry { start: "22:00".into(), end: "06:00".into(), days: vec!["thu".into()] },
        manager: false,
        valid_from: None,
    };
    let directory = Directory::new(Document { teams: vec![], people: vec![entry] }).unwrap();
    // Friday 05:00-08:00: an hour of Thursday's shift, two after it.
    let events = Events { activities: vec![act(-240, 180, Category::Other)], messages: vec![], phases: vec![] };
    let result = day(&Definition::default(), directory.person("p"), &events, DAY);
    assert_eq!(result.daily.unwrap().after_hours_ms, 2 * HOUR);
}

#[test]
fn a_block_is_the_day_it_starts_in_and_counts_what_interrupts_it_after_midnight() {
    let events = Events {
        activities: vec![act(14 * 60, 90, Category::Coding)], // 23:00 to 00:30
        messages: vec![message(15 * 60 + 10, MessageKind::Dm, Direction::Received, 1)],
        phases: vec![],
    };
    let first = compute(&events);
    assert_eq!(first.blocks.len(), 1);
    assert_eq!((first.blocks[0].span.ms(), first.blocks[0].interruptions, first.blocks[0].deep), (90 * MIN, 1, true));
    let daily = first.daily.unwrap();
    assert_eq!((daily.active_ms, daily.block_ms, daily.interruptions), (60 * MIN, 90 * MIN, 0));
    let second = day(&Definition::default(), Directory::default().person("p"), &events, DAY + 1);
    assert_eq!((second.blocks.len(), second.interruptions.len()), (0, 1));
    assert_eq!(second.continued_end, Some(NINE + 15 * HOUR + 30 * MIN));
    assert_eq!(second.daily.unwrap().active_ms, 30 * MIN);
}

#[test]
fn a_meeting_alone_makes_no_row() {
    let phases = vec![phase(0, SessionKind::Meeting, Phase::Start, Some(30))];
    let result = compute(&Events { activities: vec![], messages: vec![], phases });
    assert_eq!((result.daily, result.windows.len()), (None, 0));
}
