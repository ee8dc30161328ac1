use std::sync::Arc;

use schemas::rows::{BURNOUT_RISK, BurnoutRisk, BurnoutRiskColumns};
use serde_json::json;
use store::{Commit, Scan, Whose};
use tokio_util::sync::CancellationToken;

use crate::Config;
use crate::group::Shared;
use crate::partition::END_OF_TIME;
use crate::task::Owner;
use crate::task::tests::{MIN, NINE, activity, harness, message};
use crate::testing::Harness;

const DAY: i64 = 1_440 * MIN;

/// `final` of a table's rows, in the order of their keys.
async fn finals(harness: &Harness, table: &str) -> Vec<bool> {
    harness.tables().await.unwrap()[table].values().map(|row| row["final"] == json!(true)).collect()
}

/// A month passes between two events of a small team: the first day is open when the watermark has long passed it.
async fn leapt() -> Harness {
    let mut harness = harness(Config::default()).await;
    harness.append(&[activity("anna", "1", NINE, 10, "coding"), message("anna", "2", NINE + 8 * MIN)], NINE).await.unwrap();
    harness.catch_up().await.unwrap();
    harness.set_clock(NINE + 30 * DAY);
    harness.append(&[activity("bo", "1", NINE + 30 * DAY, 10, "coding")], NINE + 30 * DAY).await.unwrap();
    harness.catch_up().await.unwrap();
    assert_eq!(finals(&harness, "user_daily").await, [false, false]);
    harness
}

#[tokio::test]
async fn a_new_owner_knows_what_is_open_however_far_back_it_lies() {
    let mut harness = leapt().await;
    harness.restart().await.unwrap();
    harness.settle().await.unwrap();
    assert_eq!(finals(&harness, "user_daily").await, [true, false]);
    assert_eq!(finals(&harness, "user_5m").await, [true, true, false, false]);
    assert_eq!(finals(&harness, "interruptions").await, [true]);
}

/// Killed between its first commit and the next, it would leave nobody who knows of them.
#[tokio::test]
async fn a_new_owner_s_first_commit_names_who_is_still_to_move() {
    let mut harness = harness(Config { max_moved_per_commit: 1, ..Config::default() }).await;
    harness.append(&[activity("anna", "1", NINE, 10, "coding"), activity("bo", "1", NINE, 10, "coding")], NINE).await.unwrap();
    harness.catch_up().await.unwrap();
    let moved = json!({"teams": [{"id": "t", "name": "T"}], "people": [{"id": "anna", "team": "t"}, {"id": "bo", "team": "t"}]});
    harness.set_directory(serde_json::from_value(moved).unwrap()).unwrap();
    harness.append(&[activity("anna", "2", NINE + 20 * MIN, 10, "coding")], NINE).await.unwrap();
    harness.catch_up().await.unwrap();
    let shared = Arc::new(Shared::new(harness.config.clone(), harness.deps.clone()));
    let mut owner = Owner::acquire(0, shared, CancellationToken::new()).await.unwrap();
    assert_eq!(owner.partition().unwrap().saved.moves.len(), 1);
}

/// Format 1 did not say what is open.
#[tokio::test]
async fn a_checkpoint_of_the_first_format_has_everything_looked_at() {
    let mut harness = leapt().await;
    let checkpoint = harness.store.acquire(0).await.unwrap();
    let mut state = checkpoint.state;
    state[0] = 1;
    state.drain(53..57);
    state.drain(29..45);
    let (from, to) = (checkpoint.position, checkpoint.position);
    harness.store.commit(Commit { partition: 0, epoch: checkpoint.epoch, from, to, state, rows: Vec::new() }).await.unwrap();
    harness.restart().await.unwrap();
    harness.settle().await.unwrap();
    assert_eq!(finals(&harness, "user_daily").await, [true, false]);
}

/// Format 2 came before risks.
#[tokio::test]
async fn days_that_were_final_before_there_were_risks_are_told_theirs() {
    let mut harness = harness(Config::default()).await;
    harness.append(&[activity("anna", "1", NINE, 60, "coding")], NINE).await.unwrap();
    harness.catch_up().await.unwrap();
    harness.set_clock(NINE + 40 * 24 * 60 * MIN);
    harness.settle().await.unwrap();
    let risks = harness.tables().await.unwrap()["burnout_risk"].clone();
    assert_eq!(risks.len(), 1);

    let checkpoint = harness.store.acquire(0).await.unwrap();
    let scan = Scan { table: &BURNOUT_RISK, whose: Whose::EVERYONE, from_ms: 0, to_ms: END_OF_TIME, columns: None };
    let batch = &harness.store.scan(scan).await.unwrap()[0];
    let mut gone = BurnoutRiskColumns::default();
    BurnoutRisk::read(batch).for_each(|row| gone.push(&BurnoutRisk { deleted: true, ..row }));
    let rows = vec![(&BURNOUT_RISK, gone.finish().unwrap())];
    let mut state = checkpoint.state;
    state[0] = 2;
    state.drain(53..57);
    let (from, to) = (checkpoint.position, checkpoint.position);
    harness.store.commit(Commit { partition: 0, epoch: checkpoint.epoch, from, to, state, rows }).await.unwrap();
    assert!(harness.tables().await.unwrap()["burnout_risk"].is_empty());

    harness.restart().await.unwrap();
    harness.settle().await.unwrap();
    assert_eq!(harness.tables().await.unwrap()["burnout_risk"], risks);
    // Once: the next owner finds nothing to do.
    let shared = Arc::new(Shared::new(harness.config.clone(), harness.deps.clone()));
    let mut owner = Owner::acquire(0, shared, CancellationToken::new()).await.unwrap();
    owner.follow_control().await.unwrap();
    assert!(owner.retelling.is_none());
}

#[tokio::test]
async fn after_a_restart_windows_of_people_gone_home_become_final_before_their_day() {
    let mut harness = harness(Config::default()).await;
    // Twenty minutes of work, and a message in the evening.
    let (home, evening) = (NINE + 20 * MIN, NINE + 660 * MIN);
    harness.append(&[activity("anna", "1", NINE, 20, "coding"), message("anna", "2", evening)], evening).await.unwrap();
    harness.catch_up().await.unwrap();
    let at = async |harness: &mut Harness, now: i64| {
        harness.set_clock(now);
        harness.settle().await.unwrap();
        (finals(harness, "user_5m").await, finals(harness, "user_daily").await)
    };
    harness.restart().await.unwrap();
    // The event of the evening moved the watermark past the first windows: nobody had looked at them when the owner changed.
    let (windows, days) = at(&mut harness, home + 300 * MIN).await;
    assert_eq!((windows, days), (vec![true, true, true, true, false], vec![false]));
    harness.restart().await.unwrap();
    let midnight = NINE + 15 * 60 * MIN;
    let (windows, days) = at(&mut harness, midnight + 270 * MIN).await;
    assert_eq!((windows, days), (vec![true; 5], vec![false]));
    let (_, days) = at(&mut harness, midnight + 510 * MIN).await;
    assert_eq!(days, [true]);
}
