//! Rows that every kind of statement finds something in.

use focusflow_store::testing::{MONDAY_MS, directory};
use focusflow_store::{Commit, Store};
use schemas::rows::{
    BURNOUT_RISK, BurnoutRisk, BurnoutRiskColumns, DIRECTORY, FOCUS_BLOCKS, Factor, FocusBlock, FocusBlockColumns, INTERRUPTIONS,
    Interruption, InterruptionColumns, SESSION_EVENTS, SessionEvent, SessionEventColumns, USER_5M, USER_DAILY, User5m,
    User5mColumns, UserDaily, UserDailyColumns,
};

pub const DAY_MS: i64 = 86_400_000;

pub fn person(n: usize) -> String {
    format!("u-{n:02}")
}

/// Sixteen people in two teams of seven and one of two, three days, with corrections and rows that vanish.
pub async fn fill(store: &dyn Store) {
    let epoch = store.acquire(0).await.unwrap().epoch;
    for version in 1..=2u64 {
        let (mut windows, mut days) = (User5mColumns::default(), UserDailyColumns::default());
        let (mut risks, mut blocks, mut messages) =
            (BurnoutRiskColumns::default(), FocusBlockColumns::default(), InterruptionColumns::default());
        let mut sessions = SessionEventColumns::default();
        for n in 0..16usize {
            let (user, team) = (person(n), format!("t-{}", n / 7));
            let (user_id, team_id) = (user.as_str(), Some(team.as_str()));
            for day in 0..3i64 {
                let (at, number) = (MONDAY_MS + day * DAY_MS, n as i64 * 60_000 + day * 1_000 + version as i64);
                let deleted = version == 2 && n == 3 && day == 1;
                windows.push(&User5m {
                    user_id,
                    window_start: at,
                    team_id,
                    active_ms: 300_000,
                    focus_ms: number,
                    comm_ms: 7,
                    meeting_ms: 0,
                    switches: day,
                    messages_received: 2,
                    interruptions: 1,
                    self_interruptions: 0,
                    load: 0.1 * n as f64,
                    interruption_score: 33.3,
                    definition: 1,
                    final_: version == 2,
                    version,
                    deleted,
                });
                let date = (at / DAY_MS) as i32;
                days.push(&UserDaily { team_id, version, active_ms: number, deleted, ..a_day(user_id, date) });
                let features =
                    (0..n % 3).map(|i| Factor { name: "late's \"hours\"", value: i as f64, contribution: 0.5 }).collect();
                risks.push(&BurnoutRisk {
                    user_id,
                    day: date,
                    team_id: Some(if n < 9 { "t-0" } else { "t-1" }),
                    risk: (n % 4 > 0).then_some(0.25),
                    risk_low: (n % 4 > 0).then_some(0.125),
                    risk_high: None,
                    level: (n % 4 > 0).then_some(if n % 4 == 1 { "low" } else { "high" }),
                    status: if n % 4 > 0 { "ok" } else { "insufficient_data" },
                    model: "baseline-1",
                    active_days: 20,
                    features,
                    definition: 1,
                    final_: true,
                    version,
                    deleted,
                });
                sessions.push(&SessionEvent {
                    id: &format!("c-{day}"),
                    user_id,
                    team_id,
                    ts: at + 2 * DAY_MS + 7,
                    session: "c",
                    kind: "checkin",
                    phase: "end",
                    planned_ms: None,
                    mood: Some(3),
                    energy: None,
                    burnout: (n % 2 == 0).then_some(1 + n as i64 % 5),
                    source: "test",
                    ingested_at: at,
                    extra: None,
                    version,
                });
                blocks.push(&FocusBlock {
                    user_id,
                    start_ts: at + 5,
                    team_id,
                    end_ts: at + number,
                    focus_ms: number,
                    deep: n % 2 == 0,
                    interruptions: 0,
                    definition: 1,
                    final_: false,
                    version,
                    deleted,
                });
                messages.push(&Interruption {
                    user_id,
                    message_id: &format!("m-{day}-é"),
                    team_id,
                    ts: at + 9,
                    channel: "slack",
                    kind: "dm",
                    in_focus_by: "flow",
                    attended: day == 0,
                    lag_ms: number,
                    load: 1.5,
                    definition: 1,
                    final_: true,
                    version,
                    deleted,
                });
            }
        }
        let rows = vec![
            (&USER_5M, windows.finish().unwrap()),
            (&USER_DAILY, days.finish().unwrap()),
            (&BURNOUT_RISK, risks.finish().unwrap()),
            (&FOCUS_BLOCKS, blocks.finish().unwrap()),
            (&INTERRUPTIONS, messages.finish().unwrap()),
            (&SESSION_EVENTS, sessions.finish().unwrap()),
        ];
        store.commit(Commit { partition: 0, epoch, from: version - 1, to: version, state: Vec::new(), rows }).await.unwrap();
    }
    store.replace(&DIRECTORY, 1, directory("u-01").unwrap()).await.unwrap();
}

fn a_day(user_id: &str, day: i32) -> UserDaily<'_> {
    UserDaily {
        user_id,
        day,
        team_id: None,
        active_ms: 0,
        focus_ms: 11,
        comm_ms: 12,
        meeting_ms: 13,
        switches: 14,
        blocks: 1,
        deep_blocks: 0,
        block_ms: 15,
        deep_ms: 16,
        longest_block_ms: 17,
        stretch_ms: 18,
        sessions: 0,
        sessions_completed: 0,
        session_ms: 0,
        messages_received: 3,
        messages_sent: 4,
        sent_after_hours: 0,
        response_ms: None,
        interruptions: 2,
        self_interruptions: 1,
        load: 0.75,
        interruption_score: 12.5,
        focus_score: (day % 2 == 0).then_some(88.5),
        streak_days: 2,
        first_active: Some(i64::from(day) * DAY_MS + 1),
        last_active: Some(i64::from(day) * DAY_MS + 2),
        span_ms: 1,
        after_hours_ms: 0,
        rest_ms: None,
        definition: 1,
        final_: true,
        version: 1,
        deleted: false,
    }
}
