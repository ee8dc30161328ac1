//! Models of burnout risk: who sees them, how they get their turn, what becomes of one that can no longer be trusted, and what
//! everybody may know of how often they are wrong.

use reqwest::Method;
use schemas::risk::{Card, FEATURES};
use schemas::rows::*;
use serde_json::{Value, json};

use super::setting::*;

fn card() -> Value {
    serde_json::from_str(include_str!("../../../../schemas/examples/model-card.json")).unwrap()
}

fn name() -> String {
    card()["name"].as_str().unwrap().to_owned()
}

async fn post(world: &World, role: &str, path: &str, body: Value) -> (u16, Value) {
    let response = world.send(Method::POST, role, path, Some(body)).await;
    (response.status().as_u16(), response.json().await.unwrap_or_default())
}

/// Each of 60 people answers four times, after days whose features are all `value`; of five answers, `yes` say yes.
fn answers(value: f64, yes: usize) -> Vec<Rows> {
    let (mut sessions, mut risks) = (SessionEventColumns::default(), BurnoutRiskColumns::default());
    for person in 0..60 {
        let user = format!("answers-{person}");
        for week in 1..=4 {
            let day = TODAY - 7 * week;
            let id = format!("{user}-{week}");
            sessions.push(&SessionEvent {
                id: &id,
                user_id: &user,
                team_id: None,
                ts: i64::from(day + 2) * DAY_MS + HOUR,
                session: &id,
                kind: "checkin",
                phase: "end",
                planned_ms: None,
                mood: Some(3),
                energy: None,
                burnout: Some(if (person + week as usize) % 5 < yes { 4 } else { 1 }),
                source: "test",
                ingested_at: NOON,
                extra: None,
                version: 1,
            });
            risks.push(&BurnoutRisk {
                user_id: &user,
                day,
                team_id: None,
                risk: Some(0.25),
                risk_low: Some(0.125),
                risk_high: Some(0.5),
                level: Some("low"),
                status: "ok",
                model: "baseline-1",
                active_days: 20,
                features: FEATURES.iter().map(|name| Factor { name, value, contribution: 0.0 }).collect(),
                definition: 1,
                final_: true,
                version: 1,
                deleted: false,
            });
        }
    }
    vec![(&SESSION_EVENTS, sessions.finish().unwrap()), (&BURNOUT_RISK, risks.finish().unwrap())]
}

/// The models once they were looked at.
async fn looked_at(world: &World) -> Value {
    soon(async {
        loop {
            let models = world.get("admin", "/v1/models").await;
            if !models["lately"].is_null() {
                return models;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await
}

/// The turns once there are so many.
async fn after(world: &World, turns: usize) -> Value {
    soon(async {
        loop {
            let found = world.get("admin", "/v1/models").await["turns"].clone();
            if found.as_array().unwrap().len() >= turns {
                return found;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await
}

#[tokio::test]
async fn admins_add_models_and_give_them_their_turn() {
    let world = World::start().await;
    for role in ["member", "manager", "analyst"] {
        assert_eq!(post(&world, role, "/v1/models", card()).await.0, 403, "{role}");
    }
    assert_eq!(post(&world, "admin", "/v1/models", card()).await.0, 201);
    let models = world.get("analyst", "/v1/models").await;
    let Value::Object(mut stored) = models["models"][0]["card"].clone() else { panic!("{models}") };
    assert_eq!((&models["serving"], &models["models"][0]["share"]), (&json!("baseline-1"), &json!(0)), "beside, shown to nobody");
    assert_eq!(stored.remove("verdict").unwrap(), card()["verdict"]);

    let mut forged = card();
    forged["held_out"]["gain_low"] = json!(-0.1);
    let (status, problem) = post(&world, "admin", "/v1/models", forged).await;
    assert_eq!((status, &problem["code"]), (400, &json!("bad_model")), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("verdict"), "{problem}");

    let turn = json!({"model": name(), "seen": 0, "share": 10, "from": "2026-03-16", "why": "a tenth first"});
    assert_eq!(post(&world, "manager", "/v1/models/turns", turn.clone()).await.0, 403);
    assert_eq!(post(&world, "admin", "/v1/models/turns", turn).await.0, 200);
    let models = world.get("admin", "/v1/models").await;
    assert_eq!((&models["serving"], &models["models"][0]["share"]), (&json!("baseline-1"), &json!(10)));
    assert_eq!(post(&world, "admin", "/v1/models/turns", json!({"model": name(), "seen": 1})).await.0, 200);
    let turns = world.get("admin", "/v1/models").await["turns"].clone();
    assert_eq!((&turns[0]["why"], &turns[1]["from"]), (&json!("a tenth first"), &json!("2026-03-19")), "tomorrow, unless said");

    for (turn, names) in [
        (json!({"model": "logistic-0", "seen": 2}), "logistic-0"),
        (json!({"model": name(), "seen": 2, "from": "2026-01-01"}), "outside"),
        (json!({"model": name(), "seen": 2, "from": "soon"}), "no date"),
        (json!({"model": name(), "seen": 2, "share": 101}), "0 to 100"),
        (json!({"model": "baseline-1", "seen": 2, "share": 20}), "give 100"),
        (json!({"model": name(), "seen": 1}), "somebody else decided"),
        (json!({"model": name()}), "missing field `seen`"),
        (json!({"name": name()}), "unknown field"),
    ] {
        let (status, problem) = post(&world, "admin", "/v1/models/turns", turn).await;
        assert!(status == 400 && problem["detail"].as_str().unwrap().contains(names), "{problem}");
    }
}

#[tokio::test]
async fn a_model_that_is_not_to_be_used_gets_no_turn() {
    let world = World::start().await;
    let mut useless = card();
    useless["held_out"]["gain_low"] = json!(-0.02);
    useless["verdict"] = json!({"beats_the_baseline": false, "reasons": ["it tells people apart no better than the baseline"]});
    assert_eq!(post(&world, "admin", "/v1/models", useless).await.0, 201);
    let (status, problem) = post(&world, "admin", "/v1/models/turns", json!({"model": name(), "seen": 0, "share": 1})).await;
    assert!(status == 400 && problem["detail"].as_str().unwrap().contains("not to be used"), "{problem}");
    assert_eq!(world.get("admin", "/v1/models").await["turns"], json!([]));
}

#[tokio::test]
async fn everybody_reads_how_often_it_is_wrong_and_only_some_the_models() {
    let mut rows = usual_rows();
    rows.extend(answers(0.0, 1));
    let world = World::of(directory(), rows, |_| {}).await;
    for (role, models, accuracy) in
        [("ingest", 403, 403), ("member", 403, 200), ("manager", 403, 200), ("analyst", 200, 200), ("admin", 200, 200)]
    {
        assert_eq!(world.status(role, "/v1/models").await, models, "{role}");
        assert_eq!(world.status(role, "/v1/burnout/accuracy").await, accuracy, "{role}");
    }
    let models = looked_at(&world).await;
    assert_eq!((&models["lately"]["people"], &models["lately"]["answers"]), (&json!(60), &json!(240)));
    let told = world.get("member", "/v1/burnout/accuracy").await;
    assert_eq!(
        (&told["model"]["name"], &told["model"]["learned"], &told["measured"]),
        (&json!("baseline-1"), &json!(false), &json!(null))
    );
    // One in five says yes, and everybody is told the least there is.
    let lately = &told["lately"];
    let least = 1.0 / (1.0 + 3.2f64.exp());
    assert_eq!((&lately["told"], &lately["auc"]), (&json!((least * 100.0).round() / 100.0), &json!(0.5)), "rounded");
    assert_eq!(lately["came_true"], json!(0.2));
    assert_eq!((&models["lately"]["from"], &models["lately"]["to"]), (&json!("2026-01-19"), &json!("2026-03-15")), "whole weeks");
    assert!(told["published"]["right"].as_array().unwrap().iter().all(|right| right["precision"].as_f64().unwrap() < 0.5));

    post(&world, "admin", "/v1/models", card()).await;
    post(&world, "admin", "/v1/models/turns", json!({"model": name(), "seen": 0, "from": "2026-03-10"})).await;
    let told = world.get("member", "/v1/burnout/accuracy").await;
    assert_eq!((&told["model"]["name"], &told["model"]["since"]), (&json!(name()), &json!("2026-03-10")));
    assert_eq!(told["measured"]["scores"], card()["held_out"]["learned"]);
    assert_eq!(told["features"][0], json!({"name": "overwork", "weight": card()["weights"]["overwork"]}));
}

#[tokio::test]
async fn few_people_who_answer_are_told_nothing_of() {
    let mut rows = usual_rows();
    let mut some = answers(0.0, 1);
    some.iter_mut().for_each(|(_, batch)| *batch = batch.slice(0, 40 * 4));
    rows.extend(some);
    let world = World::of(directory(), rows, |_| {}).await;
    let models = looked_at(&world).await;
    assert_eq!((&models["lately"]["people"], &models["lately"]["models"]), (&json!(40), &json!([])));
    assert_eq!(world.get("member", "/v1/burnout/accuracy").await["lately"], json!(null));
}

#[tokio::test]
async fn one_that_can_no_longer_be_trusted_gives_its_turn_back() {
    let mut rows = usual_rows();
    // The card's model tells 8 % where nothing is; four of five say yes.
    rows.extend(answers(0.0, 4));
    let world = World::of(directory(), rows, |_| {}).await;
    looked_at(&world).await;
    post(&world, "admin", "/v1/models", card()).await;
    // One that tells four of five, and another that everybody else is told by goes on.
    let mut good: Card = serde_json::from_value(card()).unwrap();
    good.bias = 4f64.ln();
    good.data.features.values_mut().for_each(|shares| *shares = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    good.name = Card::name_of(good.bias, &FEATURES.map(|name| good.weights[name]));
    post(&world, "admin", "/v1/models", serde_json::to_value(&good).unwrap()).await;
    post(&world, "admin", "/v1/models/turns", json!({"model": good.name, "seen": 0, "from": "2026-03-10"})).await;
    post(&world, "admin", "/v1/models/turns", json!({"model": name(), "seen": 1, "share": 20, "from": "2026-03-10"})).await;
    // Another process looks when it starts; the hour is not waited for.
    let other = world.beside().await;
    let models = looked_at(&other).await;
    assert_eq!(models["lately"]["models"][1]["model"], json!(name()), "those beside are looked at too");
    let turns = after(&world, 3).await;
    assert_eq!(
        (&turns[2]["model"], &turns[2]["from"], &turns[2]["share"]),
        (&json!(name()), &json!("2026-03-18"), &json!(0)),
        "{turns}"
    );
    assert_eq!(world.get("admin", "/v1/models").await["serving"], json!(good.name));
    let why = turns[2]["why"].as_str().unwrap();
    assert!(why.starts_with(&name()) && why.contains("80 % came true"), "{why}");

    // Where it tells everybody, the baseline takes over.
    post(&world, "admin", "/v1/models/turns", json!({"model": name(), "seen": 3, "from": "2026-03-10"})).await;
    let _third = world.beside().await;
    let turns = after(&world, 5).await;
    assert_eq!((&turns[4]["model"], &turns[4]["share"]), (&json!("baseline-1"), &json!(100)), "{turns}");
}
