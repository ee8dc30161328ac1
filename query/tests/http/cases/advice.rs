//! A person's own advice, what they say of it, and what others learn of that.

use std::sync::atomic::Ordering;
use std::time::Instant;

use reqwest::Method;
use schemas::rows::*;
use serde_json::{Value, json};
use store::control::ControlStore;

use super::setting::*;

const HIDDEN_MS: i64 = 90 * DAY_MS;
const NOT_USEFUL: &str = "/v1/me/advice/focus-hours:09/not-useful";

/// Six weeks of t-2.1: focus at nine and ten, little later. Of t-2.2 two weeks of the same.
fn history() -> Vec<Rows> {
    let (mut days, mut windows) = (UserDailyColumns::default(), User5mColumns::default());
    for (user, back) in [("t-2.1", 42), ("t-2.2", 14)] {
        for day in (TODAY - back..TODAY).filter(|day| schemas::directory::weekday(*day) < 5) {
            days.push(&user_daily(user, "t-2", day, 3));
            for at in 108..204 {
                let focus = if at < 132 { 200_000 } else { 60_000 + i64::from((day * 31 + at * 17) % 90) * 1_000 };
                let start = i64::from(day) * DAY_MS + i64::from(at) * 300_000;
                windows.push(&User5m { interruptions: i64::from(at % 9 == 0), ..user_5m(user, "t-2", start, focus) });
            }
        }
    }
    vec![(&USER_DAILY, days.finish().unwrap()), (&USER_5M, windows.finish().unwrap())]
}

async fn world() -> World {
    World::of(directory(), history(), |_| {}).await
}

fn ids(answer: &Value, list: &str) -> Vec<String> {
    answer[list].as_array().unwrap().iter().map(|piece| piece["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn advice_is_one_s_own_and_nobody_else_s() {
    let world = world().await;
    let answer = world.get("member", "/v1/me/advice").await;
    assert_eq!(answer["scope"], json!({"kind": "me", "id": "t-2.1", "name": "Name of t-2.1"}));
    assert_eq!((&answer["days"], &answer["from"], &answer["to"]), (&json!(30), &json!("2026-02-04"), &json!("2026-03-17")));
    let piece = &answer["advice"][0];
    assert_eq!((&piece["id"], &piece["kind"]), (&json!("focus-hours:09"), &json!("focus-hours")), "{answer}");
    assert_eq!((&piece["since"], &piece["until"]), (&json!("2026-02-04"), &json!("2026-03-17")));
    let held = &piece["evidence"][0];
    assert_eq!((&held["unit"], &held["n_here"], &held["n_elsewhere"]), (&json!("share"), &json!(30), &json!(30)));
    assert!(held["here"].as_f64().unwrap() > held["elsewhere"].as_f64().unwrap() + 0.2, "{held}");
    assert!(piece["why"].as_str().unwrap().contains("30 workdays"), "{piece}");

    // The manager of the same team: nothing of their own, and nothing of others'.
    let answer = world.get("manager", "/v1/me/advice").await;
    assert_eq!((&answer["scope"]["id"], &answer["days"], &answer["advice"]), (&json!("boss"), &json!(0), &json!([])));
    for (role, status) in [("admin", 403), ("analyst", 403), ("ingest", 403), ("", 401)] {
        assert_eq!(world.status(role, "/v1/me/advice").await, status, "{role}");
        for method in [Method::POST, Method::DELETE] {
            assert_eq!(world.send(method, role, NOT_USEFUL, None).await.status(), status, "{role}");
        }
    }
}

#[tokio::test]
async fn what_is_not_useful_is_not_shown_for_ninety_days_in_any_process() {
    let world = world().await;
    let before = world.get("member", "/v1/me/advice").await;
    assert_eq!(world.send(Method::POST, "member", NOT_USEFUL, None).await.status(), 204);
    assert_eq!(world.send(Method::POST, "member", NOT_USEFUL, None).await.status(), 204, "and again");
    let answer = world.beside().await.get("member", "/v1/me/advice").await;
    let without: Vec<String> = ids(&before, "advice").into_iter().filter(|id| id != "focus-hours:09").collect();
    assert_eq!(ids(&answer, "advice"), without);
    let hidden = json!([{"id": "focus-hours:09", "kind": "focus-hours", "title": "Keep 09:00–11:00 for focus", "until": NOON + HIDDEN_MS}]);
    assert_eq!(answer["hidden"], hidden);
    assert_eq!(world.get("manager", "/v1/me/advice").await["hidden"], json!([]), "each their own");

    for _ in 0..2 {
        assert_eq!(world.send(Method::DELETE, "member", NOT_USEFUL, None).await.status(), 204);
        assert_eq!(world.get("member", "/v1/me/advice").await, before);
    }
    world.send(Method::POST, "member", NOT_USEFUL, None).await;
    world.clock.store(NOON + HIDDEN_MS - 1, Ordering::Relaxed);
    assert_eq!(ids(&world.get("member", "/v1/me/advice").await, "hidden"), ["focus-hours:09"]);
    world.clock.store(NOON + HIDDEN_MS, Ordering::Relaxed);
    assert_eq!(ids(&world.get("member", "/v1/me/advice").await, "hidden"), Vec::<String>::new());
    assert_eq!(world.control.advice_feedback("t-2.1").await.unwrap().len(), 1, "counted for good");
}

#[tokio::test]
async fn what_is_the_id_of_no_advice_is_refused() {
    let world = world().await;
    for id in ["focus-hours:9", "focus-hours:77", "horoscope:09", "breaks", "breaks:because%20they%20are%20silly"] {
        for method in [Method::POST, Method::DELETE] {
            let answer = world.send(method, "member", &format!("/v1/me/advice/{id}/not-useful"), None).await;
            assert_eq!(problem(answer).await, (404, "not_found".into(), None), "{id}");
        }
    }
    assert_eq!(world.control.advice_feedback("t-2.1").await.unwrap(), []);
}

#[tokio::test]
async fn how_many_find_a_kind_not_useful_is_told_from_k_people_on_in_steps_of_k() {
    let world = world().await;
    let told = async |role: &str| {
        let answer = world.get(role, "/v1/advice/feedback").await;
        let kinds = answer["kinds"].as_array().unwrap().clone();
        assert_eq!((kinds.len(), &answer["k"]), (6, &json!(5)));
        assert!(kinds[1..].iter().all(|kind| kind["people"].is_null() && kind["suppressed"] == true), "{kinds:?}");
        assert_eq!(kinds[0]["kind"], "focus-hours");
        kinds[0]["people"].clone()
    };
    let say =
        async |person: &str| world.control.put_advice_feedback(person, "focus-hours:14", "focus-hours", NOON).await.unwrap();
    assert_eq!(told("admin").await, Value::Null);
    world.send(Method::POST, "member", NOT_USEFUL, None).await;
    say("t-2.1").await;
    for person in ["t-2.2", "t-2.3", "t-2.4"] {
        say(person).await;
    }
    assert_eq!(told("analyst").await, Value::Null, "four people");
    say("t-2.5").await;
    assert_eq!(told("admin").await, 5);
    say("t-2.6").await;
    assert_eq!(told("admin").await, 5, "one more is not told from the answer before");
    for (role, status) in [("manager", 403), ("member", 403), ("ingest", 403), ("", 401)] {
        assert_eq!(world.status(role, "/v1/advice/feedback").await, status, "{role}");
    }
}

/// With everything a person may have in six weeks: the figure is printed, the bound is for machines that are busy.
#[tokio::test]
async fn six_weeks_of_a_person_are_looked_through_in_no_time() {
    let world = world().await;
    world.get("member", "/v1/me/advice").await;
    let mut times = Vec::new();
    for _ in 0..20 {
        let began = Instant::now();
        world.get("member", "/v1/me/advice").await;
        times.push(began.elapsed());
    }
    times.sort();
    println!("advice of 42 days: median {:?}, slowest {:?}", times[10], times[19]);
    assert!(times[10].as_millis() < 2_000, "{times:?}");
}
