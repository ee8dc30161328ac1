//! The live feed over WebSocket: snapshot, deltas, resume, rights, heartbeat.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use schemas::live::{Update, WindowFigures};
use serde_json::{Value, json};
use store::control::ControlStore;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::setting::*;

pub struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    /// As a browser does: the token among the subprotocols.
    pub async fn connect(world: &World, role: &str) -> Client {
        let mut request = format!("ws://{}/v1/live", world.address).into_client_request().unwrap();
        let protocols = format!("focusflow.v1, bearer.{}", secret(role));
        request.headers_mut().insert("sec-websocket-protocol", protocols.parse().unwrap());
        let (socket, response) = soon(connect_async(request)).await.unwrap();
        assert_eq!(response.headers()["sec-websocket-protocol"], "focusflow.v1");
        Client(socket)
    }

    async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    pub async fn subscribe(&mut self, sub: &str, topic: &str, from: Option<u64>) {
        let mut message = json!({"op": "subscribe", "sub": sub, "topic": topic});
        if let Some(from) = from {
            message["from"] = json!(from);
        }
        self.send(message).await;
    }

    /// The next message that is text.
    pub async fn next(&mut self) -> Value {
        soon(async {
            loop {
                match self.0.next().await.unwrap().unwrap() {
                    Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                    Message::Ping(_) | Message::Pong(_) => {}
                    other => panic!("{other:?}"),
                }
            }
        })
        .await
    }

    /// Waits for the end, in whatever way the socket shows it.
    async fn ended(&mut self) {
        soon(async {
            while let Some(Ok(message)) = self.0.next().await {
                if matches!(message, Message::Close(_)) {
                    return;
                }
            }
        })
        .await
    }

    /// The code of the close that comes.
    async fn closed(&mut self) -> u16 {
        soon(async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                    Some(Ok(_)) => {}
                    other => panic!("{other:?}"),
                }
            }
        })
        .await
    }
}

/// Everybody of t-2 works.
async fn work(world: &World, hours: i64) {
    for (user, team, _) in people().filter(|(_, team, _)| *team == "t-2") {
        world.publish(update(&user, team, hours * HOUR)).await;
    }
}

#[tokio::test]
async fn a_team_starts_with_a_snapshot_from_the_store() {
    let world = World::start().await;
    let mut client = Client::connect(&world, "manager").await;
    client.subscribe("a", "team:t-2", None).await;
    let snapshot = client.next().await;
    assert_eq!((&snapshot["sub"], &snapshot["type"]), (&json!("a"), &json!("snapshot")));
    let data = &snapshot["data"];
    assert_eq!(
        (&data["n"], &data["k"], &data["suppressed"], &data["rolled_up_to"]),
        (&json!(7), &json!(5), &json!(false), &Value::Null)
    );
    assert_eq!(data["scope"], json!({"kind": "team", "id": "t-2", "name": "Two"}));
    assert_eq!(data["today"]["day"], "2026-03-18");
    assert_eq!(data["today"]["focus_ms"]["median"], 4.0 * HOUR as f64);
    assert_eq!(data["windows"].as_array().unwrap().len(), 2);
    assert_eq!(data["windows"][0]["focus_ms"], 40_000.0);
    assert_eq!(data["now"], json!({"active": 0, "in_focus": 0, "in_meeting": 0}));
}

#[tokio::test]
async fn updates_become_deltas_that_count_up() {
    // All news but the first come in one tick: figures change when those of enough people do.
    let world = World::with(|config| config.live.tick = Duration::from_millis(400)).await;
    let mut client = Client::connect(&world, "manager").await;
    client.subscribe("a", "team:t-2", None).await;
    let first = client.next().await["seq"].as_u64().unwrap();
    work(&world, 2).await;
    let (mut seq, mut state) = (first, serde_json::Map::new());
    while state.get("now") != Some(&json!({"active": 7, "in_focus": 7, "in_meeting": 0}))
        || state.get("windows").is_none_or(|w| w[0]["n"] != 7)
    {
        let delta = client.next().await;
        assert_eq!((&delta["type"], delta["seq"].as_u64()), (&json!("delta"), Some(seq + 1)));
        seq += 1;
        assert_eq!(delta["data"]["freshness_ms"], 40);
        assert!(delta["data"].get("scope").is_none(), "only what changed");
        state.extend(delta["data"].as_object().unwrap().clone());
    }
    assert_eq!(
        state["windows"],
        json!([{"start": NOON - 300_000, "n": 7, "suppressed": false, "active_ms": 200_000.0, "focus_ms": 100_000.0,
        "meeting_ms": 0.0, "interruptions": 0.0, "interruption_score": 30.0, "load": 1.0}])
    );
    assert_eq!(state["today"]["focus_ms"]["mean"], 2.0 * HOUR as f64);
    // Time alone ends the flow.
    world.clock.fetch_add(2 * HOUR, Ordering::Relaxed);
    work(&world, 2).await;
    let mut now = json!(null);
    while now["in_focus"] != 0 {
        now = client.next().await["data"]["now"].clone();
    }
}

#[tokio::test]
async fn a_window_of_few_people_is_withheld_live_too() {
    let world = World::start().await;
    let mut client = Client::connect(&world, "admin").await;
    client.subscribe("a", "team:t-2", None).await;
    client.next().await;
    world.publish(update("t-2.1", "t-2", HOUR)).await;
    for i in 2..=5 {
        world.publish(Update { windows: Vec::new(), ..update(&format!("t-2.{i}"), "t-2", HOUR) }).await;
    }
    let windows = loop {
        if let Some(windows) = client.next().await["data"]["windows"].as_array() {
            break windows.clone();
        }
    };
    // The new window has one person; one shown before goes with it, so that the day less the windows is not that person.
    assert_eq!(windows.len(), 2, "{windows:?}");
    assert!(windows.iter().all(|w| w["suppressed"] == true && w["n"].is_null() && w["active_ms"].is_null()));
}

#[tokio::test]
async fn one_person_s_news_move_no_figure_of_the_team_but_who_is_at_it() {
    let world = World::with(|config| config.live.tick = Duration::from_millis(20)).await;
    let (mut team, mut me) = (Client::connect(&world, "admin").await, Client::connect(&world, "member").await);
    team.subscribe("a", "team:t-2", None).await;
    let before = team.next().await["data"].clone();
    me.subscribe("me", "me", None).await;
    me.next().await;
    for hours in 1..=3 {
        world.publish(update("t-2.1", "t-2", hours * HOUR)).await;
        assert_eq!(me.next().await["data"]["day"]["focus_ms"], hours * HOUR, "they see it themselves");
    }
    let delta = team.next().await["data"].clone();
    assert_eq!(delta["now"], json!({"active": 1, "in_focus": 1, "in_meeting": 0}));
    for field in ["n", "today", "windows"] {
        assert!(delta.get(field).is_none(), "{field}: {delta}");
    }
    // Nor does it for one who comes later.
    let mut late = Client::connect(&world, "admin").await;
    late.subscribe("b", "team:t-2", None).await;
    let after = late.next().await["data"].clone();
    assert_eq!((&after["today"], &after["windows"], &after["n"]), (&before["today"], &before["windows"], &before["n"]));
}

#[tokio::test]
async fn rest_and_live_withhold_the_same() {
    let world = World::start().await;
    // One of t-2 and four of t-1 work at 11:55: rows and news say the same.
    let mut windows = schemas::rows::User5mColumns::default();
    let late = people().filter(|(_, team, i)| (*team == "t-2" && *i == 1) || (*team == "t-1" && *i <= 4));
    for (user, team, i) in late {
        let daily = user_daily(&user, team, TODAY, i);
        let mut news = update(&user, team, daily.focus_ms);
        news.day.active_ms = daily.active_ms;
        let w = &news.windows[0];
        windows.push(&schemas::rows::User5m {
            active_ms: w.active_ms,
            interruptions: w.interruptions,
            load: w.load,
            interruption_score: w.interruption_score,
            ..user_5m(&user, team, w.window_start, w.focus_ms)
        });
        world.publish(news).await;
    }
    // Others have news too, so that there are enough of them.
    for (user, team, i) in people().filter(|(_, team, i)| (*team == "t-2" && *i >= 4) || (*team == "t-1" && *i >= 5)) {
        let daily = user_daily(&user, team, TODAY, i);
        let mut news = Update { windows: Vec::new(), ..update(&user, team, daily.focus_ms) };
        news.day.active_ms = daily.active_ms;
        world.publish(news).await;
    }
    let rows = vec![(&schemas::rows::USER_5M, windows.finish().unwrap())];
    let rows = rows.into_iter().map(|(table, batch): (&'static _, _)| (table, batch)).collect();
    store::Store::commit(&*world.store, store::Commit { partition: 0, epoch: 1, from: 1, to: 2, state: Vec::new(), rows })
        .await
        .unwrap();
    for (topic, path) in [
        ("org", "/v1/org"),
        ("team:t-0", "/v1/teams/t-0"),
        ("team:t-1", "/v1/teams/t-1"),
        ("team:t-2", "/v1/teams/t-2"),
        ("team:t-3", "/v1/teams/t-3"),
    ] {
        let mut client = Client::connect(&world, "admin").await;
        let rest = world.get("admin", &format!("{path}/timeline")).await;
        // News may still be on their way: a later snapshot has them.
        let live = soon(async {
            let mut tries = 0;
            loop {
                tries += 1;
                let sub = format!("try-{tries}");
                client.subscribe(&sub, topic, None).await;
                let mut message = client.next().await;
                while message["sub"] != sub {
                    message = client.next().await;
                }
                if message["data"]["windows"].as_array().unwrap().len() == 3 || tries == 20 {
                    return message["data"].clone();
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
        assert_eq!((&live["windows"], &live["rolled_up_to"]), (&rest["points"], &rest["rolled_up_to"]), "{topic}");
    }
}

#[tokio::test]
async fn a_small_team_shows_the_unit_above() {
    let world = World::start().await;
    let mut client = Client::connect(&world, "admin").await;
    client.subscribe("small", "team:t-3", None).await;
    let data = client.next().await["data"].clone();
    assert_eq!((&data["rolled_up_to"], &data["n"], &data["scope"]["id"]), (&json!("t-0"), &json!(15), &json!("t-3")));
    assert_eq!(data["rolled_up_to_name"], "All");
    client.subscribe("all", "org", None).await;
    assert_eq!(client.next().await["data"]["n"], 20);
}

#[tokio::test]
async fn resuming_gives_what_was_missed() {
    let world = World::start().await;
    let mut client = Client::connect(&world, "manager").await;
    client.subscribe("a", "team:t-2", None).await;
    let first = client.next().await["seq"].as_u64().unwrap();
    work(&world, 2).await;
    let delta = client.next().await;
    drop(client);
    let mut again = Client::connect(&world, "manager").await;
    again.subscribe("b", "team:t-2", Some(first)).await;
    let missed = again.next().await;
    assert_eq!(
        (&missed["type"], &missed["seq"], &missed["data"], &missed["sub"]),
        (&json!("delta"), &delta["seq"], &delta["data"], &json!("b"))
    );
    again.subscribe("c", "team:t-2", Some(first - 1_000)).await;
    let found = loop {
        let message = again.next().await;
        if message["sub"] == "c" {
            break message;
        }
    };
    assert_eq!(found["type"], "snapshot");
}

#[tokio::test]
async fn a_person_sees_their_own_day_live() {
    let world = World::start().await;
    let mut client = Client::connect(&world, "member").await;
    client.subscribe("me", "me", None).await;
    let data = client.next().await["data"].clone();
    assert_eq!((&data["day"]["focus_ms"], &data["day"]["day"]), (&json!(HOUR), &json!("2026-03-18")));
    assert_eq!(data["windows"].as_array().unwrap().len(), 2);
    world.publish(update("t-2.2", "t-2", HOUR)).await;
    world.publish(update("t-2.1", "t-2", 3 * HOUR)).await;
    let delta = client.next().await;
    assert_eq!(delta["data"]["day"]["focus_ms"], 3 * HOUR);
    assert_eq!(delta["data"]["now"], json!({"active": true, "in_focus": true, "in_meeting": false, "since": NOON - HOUR}));
    assert_eq!(delta["data"]["windows"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_pipeline_reports_every_second() {
    let world = World::with(|config| config.live.pipeline = Duration::from_millis(30)).await;
    let mut client = Client::connect(&world, "member").await;
    client.subscribe("p", "pipeline", None).await;
    let first = client.next().await;
    assert_eq!(
        (&first["type"], &first["data"]["lag_events"], &first["data"]["watermark"]),
        (&json!("snapshot"), &json!(0), &json!(NOON - HOUR))
    );
    assert_eq!(first["data"]["connections"], 1);
    let mut records = eventlog::RecordsBuilder::default();
    records.push(NOON, b"x", b"", b"{}");
    eventlog::EventLog::append(&*world.log, eventlog::Topic::Events, vec![(0, records.finish())]).await.unwrap();
    let mut lag = json!(0);
    while lag != 1 {
        let delta = client.next().await;
        assert_eq!(delta["type"], "delta");
        lag = delta["data"]["lag_events"].clone();
    }
}

#[tokio::test]
async fn what_is_not_allowed_or_not_understood_is_an_error_and_the_connection_stays() {
    let world = World::with(|config| config.live.max_subscriptions = 1).await;
    let mut client = Client::connect(&world, "manager").await;
    let check = async |client: &mut Client, message: Value, code: &str| {
        client.send(message.clone()).await;
        let answer = client.next().await;
        assert_eq!((&answer["type"], answer["code"].as_str()), (&json!("error"), Some(code)), "{message}");
        assert!(answer["message"].is_string());
    };
    let subscribe = |sub: &str, topic: &str| json!({"op": "subscribe", "sub": sub, "topic": topic});
    check(&mut client, json!("hello"), "bad_message").await;
    check(&mut client, json!({"op": "subscribe", "topic": "org"}), "bad_message").await;
    check(&mut client, json!({"op": "subscribe", "sub": "a"}), "bad_message").await;
    check(&mut client, json!({"op": "dance", "sub": "a"}), "unknown_op").await;
    check(&mut client, subscribe("a", "weather"), "unknown_topic").await;
    check(&mut client, subscribe("a", "team:"), "unknown_topic").await;
    check(&mut client, subscribe("a", "org"), "forbidden").await;
    check(&mut client, subscribe("a", "team:t-1"), "forbidden").await;
    check(&mut client, json!({"op": "unsubscribe", "sub": "a"}), "unknown_sub").await;
    client.subscribe("a", "team:t-2", None).await;
    assert_eq!(client.next().await["type"], "snapshot");
    check(&mut client, subscribe("b", "me"), "too_many_subscriptions").await;
    client.send(json!({"op": "unsubscribe", "sub": "a"})).await;
    client.subscribe("b", "me", None).await;
    assert_eq!(client.next().await["sub"], "b");
}

#[tokio::test]
async fn without_a_token_there_is_no_connection() {
    let world = World::start().await;
    let request = format!("ws://{}/v1/live", world.address).into_client_request().unwrap();
    let error = connect_async(request).await.unwrap_err();
    assert!(matches!(error, tokio_tungstenite::tungstenite::Error::Http(r) if r.status() == 401));
    assert_eq!(world.problem("admin", "/v1/live").await.1, "bad_request");
    let full = World::with(|config| config.live.max_connections = 0).await;
    let (status, code, _) = full.problem("admin", "/v1/live/events?topic=org").await;
    assert_eq!((status, code.as_str()), (503, "busy"));
    let used = World::with(|config| config.live.max_connections_per_token = 1).await;
    let one = Client::connect(&used, "admin").await;
    let (status, code, _) = used.problem("admin", "/v1/live/events?topic=org").await;
    assert_eq!((status, code.as_str()), (429, "too_many_connections"));
    let others = used.send(reqwest::Method::GET, "analyst", "/v1/live/events?topic=org", None).await;
    assert_eq!(others.status(), 200);
    drop(one);
}

#[tokio::test]
async fn silence_ends_a_connection_and_pings_keep_it() {
    let world = World::with(|config| {
        config.live.ping = Duration::from_millis(30);
        config.live.silence = Duration::from_millis(150);
    })
    .await;
    // Pongs are sent by the client's own reading.
    let mut alive = Client::connect(&world, "member").await;
    let mut pings = 0;
    soon(async {
        while pings < 8 {
            pings += usize::from(matches!(alive.0.next().await.unwrap().unwrap(), Message::Ping(_)));
        }
    })
    .await;
    let mut silent = Client::connect(&world, "member").await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    silent.ended().await;
}

#[tokio::test]
async fn silence_is_measured_to_the_moment() {
    // No ping comes in between, so the client has nothing to answer.
    let world = World::with(|config| {
        config.live.ping = Duration::from_secs(20);
        config.live.silence = Duration::from_millis(400);
    })
    .await;
    let mut client = Client::connect(&world, "member").await;
    let started = std::time::Instant::now();
    assert_eq!(client.closed().await, 1008);
    let took = started.elapsed();
    assert!(took > Duration::from_millis(300) && took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test]
async fn a_slow_reader_gets_nothing_more_once_the_token_is_revoked() {
    let world = World::with(|config| {
        config.live.outbox = 4;
        config.live.tick = Duration::from_millis(1);
    })
    .await;
    let mut client = Client::connect(&world, "member").await;
    client.subscribe("me", "me", None).await;
    client.next().await;
    // Megabytes that nobody takes: the server waits in the middle of sending.
    let large = |round: i64| {
        let mut news = update("t-2.1", "t-2", round);
        let window = news.windows[0].clone();
        news.windows =
            (1..=140).map(|i| WindowFigures { window_start: NOON - i * 300_000, load: round as f64, ..window.clone() }).collect();
        news
    };
    for round in 1..=400 {
        world.publish(large(round)).await;
        tokio::time::sleep(Duration::from_millis(4)).await;
    }
    let id = world.control.watch().borrow().tokens.iter().find(|t| t.name == "member").unwrap().id.clone();
    world.control.revoke_token(&id).await.unwrap();
    world.publish(update("t-2.1", "t-2", 987_654_321)).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (mut bytes, mut code) = (0, None);
    soon(async {
        while let Some(Ok(message)) = client.0.next().await {
            match message {
                Message::Text(text) => {
                    bytes += text.len();
                    assert!(!text.contains("987654321"), "what happened after the token was revoked");
                }
                Message::Close(frame) => code = frame.map(|f| u16::from(f.code)),
                _ => {}
            }
        }
    })
    .await;
    assert!(bytes < 400 * 15_000, "nothing was slow about it: {bytes}");
    assert_eq!(code, Some(1008));
}

#[tokio::test]
async fn who_changes_teams_counts_there_at_once() {
    let world = World::start().await;
    let mut client = Client::connect(&world, "admin").await;
    client.subscribe("a", "team:t-9", None).await;
    assert_eq!(client.next().await["data"]["n"], 5);
    let patch = json!({"team": "t-9"});
    assert_eq!(world.send(reqwest::Method::PATCH, "admin", "/v1/directory/people/t-2.1", Some(patch)).await.status(), 200);
    while client.next().await["data"]["n"] != 6 {}
}

#[tokio::test]
async fn a_client_that_asks_without_end_is_told_to_wait() {
    let world = World::start().await;
    let mut client = Client::connect(&world, "member").await;
    for _ in 0..150 {
        client.send(json!({"op": "unsubscribe", "sub": "a"})).await;
    }
    while client.next().await["code"] != "too_many_messages" {}
}

#[tokio::test]
async fn rights_that_end_end_the_feed() {
    let world = World::start().await;
    let mut client = Client::connect(&world, "manager").await;
    client.subscribe("a", "team:t-2", None).await;
    client.next().await;
    let changes = serde_json::from_value(json!({"manager": false})).unwrap();
    world.control.patch_person("boss", changes).await.unwrap();
    let mut message = client.next().await;
    while message["type"] != "error" {
        message = client.next().await;
    }
    assert_eq!((&message["sub"], &message["code"]), (&json!("a"), &json!("forbidden")));
    let id = world.control.watch().borrow().tokens.iter().find(|t| t.name == "manager").unwrap().id.clone();
    world.control.revoke_token(&id).await.unwrap();
    assert_eq!(client.closed().await, 1008);
}

#[tokio::test]
async fn stopping_says_goodbye() {
    let world = World::start().await;
    let mut client = Client::connect(&world, "admin").await;
    client.subscribe("a", "org", None).await;
    client.next().await;
    world.cancel.cancel();
    assert_eq!(client.closed().await, 1001);
}

#[tokio::test]
async fn a_client_that_comes_back_to_another_process_gets_a_snapshot() {
    let here = World::start().await;
    let there = here.beside().await;
    let (mut one, mut other) = (Client::connect(&here, "member").await, Client::connect(&there, "member").await);
    let mut last = Vec::new();
    for client in [&mut one, &mut other] {
        client.subscribe("me", "me", None).await;
        client.next().await;
    }
    for hours in 1..=3 {
        here.publish(update("t-2.1", "t-2", hours * HOUR)).await;
        last = vec![one.next().await, other.next().await];
        assert_eq!(last[0]["data"]["day"], last[1]["data"]["day"], "both follow the same log");
    }
    let seq = last[0]["seq"].as_u64().unwrap();
    for from in [seq, seq - 1] {
        let mut moved = Client::connect(&there, "member").await;
        moved.subscribe("again", "me", Some(from)).await;
        let message = moved.next().await;
        assert_eq!(
            (&message["type"], &message["data"]["day"]["focus_ms"]),
            (&json!("snapshot"), &json!(3 * HOUR)),
            "from {from}"
        );
    }
}

#[tokio::test]
async fn what_a_lost_update_would_have_said_shows_all_the_same() {
    let world = World::with(|config| config.live.look = Duration::from_millis(400)).await;
    let (mut team, mut me) = (Client::connect(&world, "manager").await, Client::connect(&world, "member").await);
    team.subscribe("a", "team:t-2", None).await;
    me.subscribe("me", "me", None).await;
    let (before, mine) = (team.next().await, me.next().await);
    assert_eq!((&before["data"]["n"], &mine["data"]["day"]["focus_ms"]), (&json!(7), &json!(HOUR)));
    // Everybody of t-2 goes on working; the first one's day turns out to be none, and nobody is told.
    let (mut days, mut windows) = (schemas::rows::UserDailyColumns::default(), schemas::rows::User5mColumns::default());
    for (user, team, i) in people().filter(|(_, team, _)| *team == "t-2") {
        let version = 2;
        let deleted = i == 7;
        days.push(&schemas::rows::UserDaily { version, deleted, ..user_daily(&user, team, TODAY, i + 2) });
        windows.push(&schemas::rows::User5m { version, ..user_5m(&user, team, NOON - 300_000, 60_000) });
    }
    let rows = vec![(&schemas::rows::USER_DAILY, days.finish().unwrap()), (&schemas::rows::USER_5M, windows.finish().unwrap())];
    let rows = rows.into_iter().map(|(table, batch): (&'static _, _)| (table, batch)).collect();
    let commit = store::Commit { partition: 0, epoch: 1, from: 1, to: 2, state: Vec::new(), rows };
    store::Store::commit(&*world.store, commit).await.unwrap();
    let mut day = json!(null);
    while day["focus_ms"] != json!(3 * HOUR) {
        day = me.next().await["data"]["day"].clone();
    }
    let mut state = before["data"].as_object().unwrap().clone();
    while state["n"] != 6 || state["windows"].as_array().unwrap().iter().all(|w| w["start"] != json!(NOON - 300_000)) {
        state.extend(team.next().await["data"].as_object().unwrap().clone());
    }
    assert_eq!(state["today"]["focus_ms"]["mean"], 5.5 * HOUR as f64);
}
