//! The team views: figures of enough people, nothing about fewer.

use focusflow_store::testing::MONDAY_MS;
use focusflow_store::{Commit, Scan, Store};
use schemas::rows::{BURNOUT_RISK, BurnoutRisk, BurnoutRiskColumns, Factor, USER_DAILY, UserDaily, UserDailyColumns};

use crate::sql::{DAY_MS, fill, open, query};

#[tokio::test]
async fn team_views_show_nothing_about_fewer_than_five() {
    let (_dir, store) = open();
    // Teams of seven, seven and two.
    fill(&store, 16, 1, true).await;
    let sql = "SELECT team_id, n, suppressed, focus_ms_mean, focus_ms_median, focus_ms_p90, load_mean, final FROM team_5m ORDER BY team_id";
    let expected = "t-0 7 false 180000.0 180000.0 324000.0 0.5 true
t-1 7 false 600000.0 600000.0 744000.0 0.5 true
t-2  true     true";
    assert_eq!(query(&store, sql).await.unwrap(), expected);
    assert_eq!(query(&store, "SELECT n FROM team_5m WHERE team_id = 't-1' AND window_start < '2026-01-06'").await.unwrap(), "7");
    for view in ["team_daily", "team_burnout"] {
        assert_eq!(query(&store, &format!("SELECT count(*) FROM {view}")).await.unwrap(), "0");
    }
}

#[tokio::test]
async fn lists_survive_files_and_burnout_shows_from_eight_people_on() {
    let (_dir, store) = open();
    let epoch = store.acquire(0).await.unwrap().epoch;
    let day = (MONDAY_MS / DAY_MS) as i32;
    let (mut risks, mut days) = (BurnoutRiskColumns::default(), UserDailyColumns::default());
    // Nine in one team, of whom one was not active; seven in another.
    for person in 0..16 {
        let (user_id, team_id) = (format!("u-{person:02}"), if person < 9 { "t-0" } else { "t-1" });
        let features = (0..person % 3).map(|i| Factor { name: "overwork", value: f64::from(i), contribution: 0.5 }).collect();
        let level = if person % 4 == 0 { Some("high") } else { Some("low") };
        let (status, model) = ("ok", "baseline-1");
        risks.push(&BurnoutRisk {
            user_id: &user_id,
            day,
            team_id: Some(team_id),
            risk: Some(0.2),
            level,
            status,
            model,
            active_days: 20,
            features,
            final_: true,
            version: 1,
        });
        days.push(&UserDaily { active_ms: if person == 8 { 0 } else { 1 }, ..an_idle_day(&user_id, team_id, day) });
    }
    let rows = vec![(&BURNOUT_RISK, risks.finish().unwrap()), (&USER_DAILY, days.finish().unwrap())];
    let before = rows[0].1.clone();
    store.commit(Commit { partition: 0, epoch, from: 0, to: 1, state: Vec::new(), rows }).await.unwrap();
    for _ in 0..2 {
        let scan = Scan { table: &BURNOUT_RISK, users: Vec::new(), from_ms: MONDAY_MS, to_ms: MONDAY_MS + DAY_MS };
        assert_eq!(store.scan(scan).await.unwrap(), std::slice::from_ref(&before));
        assert_eq!(query(&store, "SELECT sum(array_length(features)) FROM burnout_risk").await.unwrap(), "15");
        let shown =
            query(&store, "SELECT team_id, n, suppressed, low, elevated, high FROM team_burnout ORDER BY team_id").await.unwrap();
        assert_eq!(shown, "t-0 8 false 6 0 2\nt-1  true");
        let daily =
            query(&store, "SELECT n, active_ms_mean, response_ms_mean, rest_ms_p90 FROM team_daily WHERE team_id = 't-1'")
                .await
                .unwrap();
        assert_eq!(daily, "7 1.0", "a metric nobody has a value for is null");
        store.flush().await.unwrap();
    }
}

pub fn an_idle_day<'a>(user_id: &'a str, team_id: &'a str, day: i32) -> UserDaily<'a> {
    UserDaily {
        user_id,
        day,
        team_id: Some(team_id),
        active_ms: 0,
        focus_ms: 0,
        comm_ms: 0,
        meeting_ms: 0,
        switches: 0,
        blocks: 0,
        deep_blocks: 0,
        block_ms: 0,
        deep_ms: 0,
        longest_block_ms: 0,
        stretch_ms: 0,
        sessions: 0,
        sessions_completed: 0,
        session_ms: 0,
        messages_received: 0,
        messages_sent: 0,
        sent_after_hours: 0,
        response_ms: None,
        interruptions: 0,
        self_interruptions: 0,
        load: 0.0,
        interruption_score: 0.0,
        focus_score: None,
        streak_days: 0,
        first_active: None,
        last_active: None,
        span_ms: 0,
        after_hours_ms: 0,
        rest_ms: None,
        definition: 1,
        final_: true,
        version: 1,
        deleted: false,
    }
}
