//! What a person's own days say of the next ones: for that person alone, and nothing of too few days.

use schemas::rows::*;
use serde_json::{Value, json};

use super::setting::*;

const ME: &str = "t-2.1";

fn is_workday(day: i32) -> bool {
    (day + 3).rem_euclid(7) < 5
}

/// A person's workdays of the weeks before today, with focus of so many hours, and their windows from 9 to 17.
fn weeks_of(user: &'static str, weeks: i32, focus: impl Fn(i32) -> f64) -> Vec<Rows> {
    let (mut days, mut windows) = (UserDailyColumns::default(), User5mColumns::default());
    for day in (TODAY - 7 * weeks..TODAY).filter(|day| is_workday(*day)) {
        let (focus_ms, load) = ((focus(day) * HOUR as f64) as i64, 10.0 + focus(day));
        days.push(&UserDaily { focus_ms, load, ..user_daily(user, "t-2", day, 4) });
        let nine = i64::from(day) * DAY_MS + 9 * HOUR;
        for window in 0..8 * 12 {
            windows.push(&User5m { active_ms: 300_000, ..user_5m(user, "t-2", nine + window * 300_000, 200_000) });
        }
    }
    vec![(&USER_DAILY, days.finish().unwrap()), (&USER_5M, windows.finish().unwrap())]
}

/// Plain days with some of this and that, the same each time.
fn uneven(day: i32) -> f64 {
    let mixed = i64::from(day) * i64::from(day) * 7 % 13;
    4.0 + (mixed - 6) as f64 / 6.0
}

async fn outlook(rows: Vec<Rows>) -> Value {
    World::of(directory(), rows, |_| {}).await.get("member", "/v1/me/outlook").await
}

#[tokio::test]
async fn two_weeks_are_foreseen_with_what_that_is_worth() {
    let answer = outlook(weeks_of(ME, 20, uneven)).await;
    assert_eq!(answer["scope"], json!({"kind": "me", "id": ME, "name": format!("Name of {ME}")}));
    assert_eq!((&answer["enough_history"], &answer["to"]), (&json!(true), &json!("2026-03-17")));
    let forecasts = answer["forecasts"].as_array().unwrap();
    assert_eq!(forecasts.iter().map(|f| f["measure"].as_str().unwrap()).collect::<Vec<_>>(), ["focus_ms", "load"]);
    for forecast in forecasts {
        assert_eq!((&forecast["method"], &forecast["backtest"]["beats_same_weekday"]), (&json!("weekday_level"), &json!(true)));
        let error = |name: &str| forecast["backtest"][name].as_f64().unwrap();
        assert!(error("mean_error") < error("mean_error_same_weekday"));
        let days = forecast["days"].as_array().unwrap();
        assert_eq!((days.len(), &days[0]["day"], &days[13]["day"]), (14, &json!("2026-03-19"), &json!("2026-04-01")));
        let off: Vec<bool> = days.iter().map(|day| day["day_off"].as_bool().unwrap()).collect();
        assert_eq!(off.iter().filter(|off| **off).count(), 4);
        // Saturday, 2026-03-21.
        assert_eq!((off[2], &days[2]["value"], &days[2]["low"]), (true, &Value::Null, &Value::Null));
        let figure = |name: &str| days[0][name].as_f64().unwrap();
        assert!(0.0 < figure("low") && figure("low") < figure("value") && figure("value") < figure("high"));
    }
    assert_eq!((&answer["changes"], &answer["unusual"]), (&json!([]), &json!([])));
    let week = answer["weeks"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&week["week"], &week["workdays"], &week["pattern"]),
        (&json!("2026-W11"), &json!(5), &json!("standard_continuous"))
    );
    assert_eq!((&week["active_hours"], &week["expected_hours"], &week["inside"]), (&json!(8), &json!(9), &json!(1.0)));
}

#[tokio::test]
async fn where_last_week_is_as_good_it_is_what_is_shown() {
    // A weekday's focus is the same each week but for a slow decline: last week says nearly all.
    let focus = |day: i32| 12.0 - f64::from(day.rem_euclid(7)) * 1.5 - f64::from(day - TODAY + 140) / 7.0 * 0.01;
    let answer = outlook(weeks_of(ME, 20, focus)).await;
    let forecast = &answer["forecasts"][0];
    assert_eq!(forecast["backtest"]["beats_same_weekday"], json!(false), "{forecast}");
    assert_eq!(forecast["method"], json!("same_weekday_last_week"));
    // Thursday, 2026-03-19: that of the week before.
    assert_eq!(forecast["days"][0]["value"].as_f64().unwrap(), ((focus(TODAY - 6) * HOUR as f64) as i64) as f64);
}

#[tokio::test]
async fn a_change_that_lasts_and_a_wild_day_are_told_in_medians() {
    let focus = |day: i32| match day - TODAY {
        -5 => 12.0,
        ..-70 => uneven(day) + 2.0,
        _ => uneven(day),
    };
    let answer = outlook(weeks_of(ME, 26, focus)).await;
    let change = &answer["changes"][0];
    // A Wednesday ten weeks ago.
    assert_eq!((&change["measure"], &change["day"]), (&json!("focus_ms"), &json!("2026-01-07")), "{answer}");
    let hours = |of: &Value, name: &str| of[name].as_f64().unwrap() / HOUR as f64;
    assert!((hours(change, "before") - 6.0).abs() < 0.5 && (hours(change, "after") - 4.0).abs() < 0.5, "{change}");
    let unusual = answer["unusual"].as_array().unwrap();
    let focus = unusual.iter().find(|day| day["measure"] == "focus_ms").unwrap();
    assert_eq!((&focus["day"], hours(focus, "value")), (&json!("2026-03-13"), 12.0));
}

#[tokio::test]
async fn too_few_days_say_so_and_nothing_else() {
    for rows in [usual_rows(), weeks_of(ME, 3, uneven)] {
        let answer = outlook(rows).await;
        assert_eq!((&answer["enough_history"], &answer["history_days_needed"]), (&json!(false), &json!(28)));
        for list in ["forecasts", "changes", "unusual"] {
            assert_eq!(answer[list], json!([]), "{list}");
        }
    }
}

#[tokio::test]
async fn days_that_are_not_final_and_today_are_no_history() {
    let mut rows = weeks_of(ME, 20, uneven);
    let mut days = UserDailyColumns::default();
    days.push(&UserDaily { final_: false, version: 2, focus_ms: 23 * HOUR, ..user_daily(ME, "t-2", TODAY - 1, 4) });
    days.push(&UserDaily { focus_ms: 23 * HOUR, ..user_daily(ME, "t-2", TODAY, 4) });
    rows.push((&USER_DAILY, days.finish().unwrap()));
    let answer = outlook(rows).await;
    let recent = answer["forecasts"][0]["recent"].as_array().unwrap();
    assert_eq!(recent.last().unwrap(), &json!({"day": "2026-03-17", "value": null}));
    assert_eq!(answer["unusual"], json!([]));
}

#[tokio::test]
async fn nobody_sees_another_s() {
    let mut rows = weeks_of(ME, 20, uneven);
    let alone = outlook(rows.clone()).await;
    rows.extend(weeks_of("t-2.2", 26, |_| 9.0));
    let world = World::of(directory(), rows, |_| {}).await;
    assert_eq!(world.get("member", "/v1/me/outlook").await, alone);
    // Nor can anybody be asked for.
    assert_eq!(world.get("member", "/v1/me/outlook?person=t-2.2&user_id=t-2.2").await, alone);
    // `boss` leads the team and has no days of their own.
    let boss = world.get("manager", "/v1/me/outlook").await;
    assert_eq!((&boss["scope"]["id"], &boss["history_days"], &boss["weeks"]), (&json!("boss"), &json!(0), &json!([])));
    for role in ["admin", "analyst", "ingest"] {
        assert_eq!(world.problem(role, "/v1/me/outlook").await.0, 403, "{role}");
    }
    assert_eq!(world.problem("", "/v1/me/outlook").await.0, 401);
}
