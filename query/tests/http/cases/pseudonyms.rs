//! SQL for analysts: everybody is there, and nobody can be recognised by what the statement says.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use schemas::rows::*;
use serde_json::{Value, json};

use super::setting::*;

const TABLES: [&str; 9] = [
    "activity_events",
    "message_events",
    "session_events",
    "interruptions",
    "focus_blocks",
    "user_5m",
    "user_daily",
    "burnout_risk",
    "directory",
];

/// Everybody has one event of each kind, in which everything there is names them.
fn events() -> Vec<Rows> {
    let (mut activities, mut messages, mut sessions) =
        (ActivityEventColumns::default(), MessageEventColumns::default(), SessionEventColumns::default());
    for (user, team, i) in people() {
        let of = |what: &str| format!("{what} of {user}");
        let (title, url, device, source, extra) = (of("title"), of("url"), of("device"), of("source"), of("extra"));
        let (thread, session, activity_id, session_id) = (of("thread"), of("session"), of("activity"), of("phase"));
        let message_id = format!("m-{user}-{TODAY}");
        let peer = format!("{team}.{}", i % 2 + 1);
        let (ts, ingested_at, version) = (MIDNIGHT + 10 * HOUR + 60_000, NOON, 1);
        activities.push(&ActivityEvent {
            id: &activity_id,
            user_id: &user,
            team_id: Some(team),
            ts,
            app: "editor",
            duration_ms: 1_000,
            afk: false,
            category: "coding",
            title: Some(&title),
            url: Some(&url),
            device: Some(&device),
            source: &source,
            ingested_at,
            extra: Some(&extra),
            version,
        });
        messages.push(&MessageEvent {
            id: &message_id,
            user_id: &user,
            team_id: Some(team),
            ts,
            channel: "slack",
            kind: "dm",
            direction: "received",
            peer: Some(&peer),
            thread: Some(&thread),
            notified: true,
            priority: None,
            source: &source,
            ingested_at,
            extra: Some(&extra),
            version,
        });
        sessions.push(&SessionEvent {
            id: &session_id,
            user_id: &user,
            team_id: Some(team),
            ts,
            session: &session,
            kind: "focus",
            phase: "start",
            planned_ms: None,
            mood: None,
            energy: None,
            burnout: None,
            source: &source,
            ingested_at,
            extra: Some(&extra),
            version,
        });
    }
    vec![
        (&ACTIVITY_EVENTS, activities.finish().unwrap()),
        (&MESSAGE_EVENTS, messages.finish().unwrap()),
        (&SESSION_EVENTS, sessions.finish().unwrap()),
    ]
}

async fn world() -> World {
    let mut rows = usual_rows();
    rows.extend(events());
    World::of(directory(), rows, |_| {}).await
}

/// All that leaves for a statement, be it rows or an error.
async fn everything(world: &World, sql: &str) -> String {
    let body = json!({ "sql": sql });
    world.send(Method::POST, "analyst", "/v1/sql", Some(body)).await.text().await.unwrap()
}

/// Fails when a text names anybody. What the statement itself says does not count.
fn nobody_in(text: &str, sql: &str) {
    for (user, _, _) in people().chain([("boss".to_owned(), "", 0)]) {
        let names = [user.clone(), format!("Name of {user}"), format!("slack:{user}")];
        for name in names.iter().filter(|name| !sql.contains(name.as_str())) {
            assert!(!text.contains(name.as_str()), "{sql} told {name}: {text}");
        }
    }
}

async fn column(world: &World, sql: &str) -> Vec<String> {
    let rows = world.rows("analyst", sql).await;
    rows.iter().map(|row| row.values().next().unwrap().as_str().unwrap_or("null").to_owned()).collect()
}

#[tokio::test]
async fn every_table_is_there_without_anybody_s_name() {
    let world = world().await;
    for table in TABLES {
        for flushed in [false, true] {
            let sql = format!("SELECT * FROM {table}");
            let text = everything(&world, &sql).await;
            let rows: Value = serde_json::from_str(&text).unwrap();
            assert!(rows["rows"].as_array().unwrap().len() >= 20, "{table}: {text}");
            nobody_in(&text, &sql);
            for hidden in [
                "title of",
                "url of",
                "extra of",
                "device of",
                "source of",
                "thread of",
                "session of",
                "\"version\"",
                "\"manager\"",
            ] {
                assert!(!text.contains(hidden), "{table} told {hidden}: {text}");
            }
            if !flushed {
                store::Store::flush(&*world.store).await.unwrap();
            }
        }
        if ["directory", "burnout_risk"].contains(&table) {
            // The process's owner puts the one there for admins, what analysts see is made for them; the other admins do not see.
            continue;
        }
        // Who may see everything does.
        let whole = world.rows("admin", &format!("SELECT user_id FROM {table} WHERE user_id = 't-2.1'")).await;
        assert!(!whole.is_empty(), "{table}");
    }
}

#[tokio::test]
async fn a_person_has_one_pseudonym_in_all_tables_and_joins_work() {
    let world = world().await;
    let mut people: Vec<BTreeSet<String>> = Vec::new();
    for table in TABLES {
        let of =
            column(&world, &format!("SELECT DISTINCT user_id FROM {table} WHERE user_id IN (SELECT user_id FROM user_daily)"))
                .await;
        assert!(of.iter().all(|name| name.starts_with("p_") && name.len() == 22), "{of:?}");
        people.push(of.into_iter().collect());
    }
    assert!(people.iter().all(|of| of.len() == 20 && *of == people[0]));
    for sql in [
        "SELECT count(*) AS n FROM interruptions i JOIN message_events m ON m.user_id = i.user_id AND m.id = i.message_id",
        "SELECT count(*) AS n FROM message_events m JOIN user_daily d ON d.user_id = m.peer AND d.day = DATE '2026-03-18'",
        "SELECT count(DISTINCT device) AS n FROM activity_events",
        "SELECT sum(focus_ms) AS n FROM user_5m WHERE window_start >= '2026-03-18 10:05:00'",
        "SELECT count(*) AS n FROM user_daily WHERE day = DATE '2026-03-17'",
    ] {
        assert_eq!(world.rows("analyst", sql).await, world.rows("admin", sql).await, "{sql}");
    }
}

#[tokio::test]
async fn one_pseudonym_s_rows_can_be_followed() {
    let world = world().await;
    store::Store::flush(&*world.store).await.unwrap();
    let whole = world.rows("admin", "SELECT user_id, sum(focus_ms) AS focus FROM user_5m GROUP BY user_id").await;
    let mut expected: Vec<i64> = whole.iter().map(|row| row["focus"].as_i64().unwrap()).collect();
    let mut found = Vec::new();
    for name in column(&world, "SELECT DISTINCT user_id FROM user_daily").await {
        let sql = format!("SELECT user_id, sum(focus_ms) AS focus FROM user_5m WHERE user_id = '{name}' GROUP BY user_id");
        let rows = world.rows("analyst", &sql).await;
        assert_eq!((rows.len(), &rows[0]["user_id"]), (1, &json!(name)));
        found.push(rows[0]["focus"].as_i64().unwrap());
    }
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn nobody_reads_burnout_risk_by_name() {
    let world = world().await;
    let mut statements = vec![
        "SELECT * FROM burnout_risk",
        "SELECT r.risk FROM user_daily d JOIN burnout_risk AS r USING (user_id, day)",
        "SELECT count(*) FROM user_daily WHERE user_id IN (SELECT user_id FROM burnout_risk WHERE risk > 0.2)",
        "WITH r AS (SELECT * FROM \"burnout_risk\") SELECT user_id FROM r ORDER BY risk DESC",
        "SELECT 1 AS a UNION ALL SELECT max(risk) FROM burnout_risk",
        "SELECT b.n, r.risk FROM team_burnout b, burnout_risk r",
    ];
    if is_on_clickhouse() {
        statements.extend(["SELECT * FROM `burnout\\x5frisk`", "SELECT (SELECT max(risk) FROM `burnout_risk`)"]);
    }
    for sql in statements {
        let response = world.send(Method::POST, "admin", "/v1/sql", Some(json!({ "sql": sql }))).await;
        let (status, body): (_, Value) = (response.status(), response.json().await.unwrap());
        let told = body["detail"].as_str().unwrap();
        assert!(status == 403 && (told.contains("role analyst") || told.contains("without escapes")), "{sql}: {body}");
    }
    assert_eq!(world.rows("analyst", "SELECT risk FROM burnout_risk").await.len(), people().count());
    assert!(!world.rows("admin", "SHOW TABLES").await.iter().any(|row| row.values().any(|name| name == "burnout_risk")));
}

#[tokio::test]
async fn a_real_id_finds_nothing() {
    let world = world().await;
    for sql in [
        "SELECT * FROM user_daily WHERE user_id = 't-2.1'",
        "SELECT * FROM user_5m WHERE user_id IN ('t-2.1', 't-1.1')",
        "SELECT * FROM user_daily WHERE user_id LIKE 't-%' OR user_id > 'q'",
        "SELECT * FROM user_daily WHERE starts_with(user_id, 't-2')",
        "SELECT * FROM activity_events WHERE user_id = 't-2.1' AND ts >= '2026-03-18'",
        "SELECT * FROM message_events WHERE peer = 't-2.1' OR id = 'm-t-2.1-20530'",
        "SELECT * FROM directory WHERE user_id = 'boss'",
        "WITH x AS (SELECT 't-2.1' AS user_id) SELECT d.* FROM x JOIN user_daily d USING (user_id)",
        "SELECT * FROM burnout_risk WHERE user_id IN (SELECT 't-2.1')",
        "SELECT * FROM focusflow.public.user_daily WHERE user_id = 't-2.1'",
        "SELECT * FROM interruptions WHERE regexp_like(user_id, '^t-2')",
    ] {
        assert_eq!(world.rows("analyst", sql).await.len(), 0, "{sql}");
    }
    let body = json!({"sql": "SELECT count(*) FROM user_daily WHERE user_id = $1", "params": ["t-2.1"]});
    let answer: Value = world.send(Method::POST, "analyst", "/v1/sql", Some(body)).await.json().await.unwrap();
    assert_eq!(answer["rows"], json!([[0]]));
}

#[tokio::test]
async fn plans_catalogs_and_errors_tell_nobody() {
    let world = world().await;
    store::Store::flush(&*world.store).await.unwrap();
    for sql in [
        "EXPLAIN SELECT * FROM user_daily WHERE user_id = 't-2.1'",
        "EXPLAIN VERBOSE SELECT u.user_id FROM user_5m u JOIN directory d USING (user_id)",
        "EXPLAIN ANALYZE SELECT * FROM user_daily ORDER BY user_id",
        "EXPLAIN ANALYZE VERBOSE SELECT team_id, max(user_id) FROM user_5m GROUP BY 1",
        "EXPLAIN ANALYZE SELECT * FROM team_daily WHERE team_id = 't-3'",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM information_schema.columns",
        "SELECT * FROM information_schema.views",
        "SELECT * FROM information_schema.schemata",
        "SELECT * FROM information_schema.df_settings",
        "SELECT routine_name FROM information_schema.routines",
        "SHOW TABLES",
        "SHOW COLUMNS FROM directory",
        "DESCRIBE activity_events",
        "SELECT CAST(user_id AS BIGINT) FROM user_daily",
        "SELECT CAST(user_id AS DATE) FROM user_daily WHERE user_id < 'z'",
        "SELECT to_timestamp(user_id) FROM interruptions",
        "SELECT 1 / (length(user_id) - 22) FROM user_daily",
        "SELECT user_id::UUID FROM user_daily",
        "SELECT decode(user_id, 'base64') FROM user_daily",
        "SELECT (SELECT user_id FROM user_daily) FROM user_5m",
        "SELECT arrow_cast(user_id, 'Int64') FROM directory",
        "SELECT array_agg(user_id)[1] + 1 FROM user_5m",
        "SELECT date_trunc(user_id, now()) FROM user_daily",
        "SELECT regexp_match(user_id, '(' || user_id) FROM user_daily",
    ] {
        nobody_in(&everything(&world, sql).await, sql);
    }
    let names = column(&world, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'").await;
    let expected: BTreeSet<&str> = TABLES.into_iter().chain(["team_5m", "team_daily", "team_burnout"]).collect();
    assert_eq!(names.iter().map(String::as_str).collect::<BTreeSet<_>>(), expected);
}

#[tokio::test]
async fn what_is_hidden_is_not_there() {
    let world = world().await;
    for sql in [
        "SELECT * FROM alerts",
        "SELECT name FROM directory",
        "SELECT manager FROM directory",
        "SELECT valid_from FROM directory",
        "SELECT title FROM activity_events",
        "SELECT url FROM activity_events",
        "SELECT extra FROM message_events",
        "SELECT ingested_at FROM session_events",
        "SELECT version FROM user_daily",
        "SELECT deleted FROM user_5m",
        "SELECT user_daily.version FROM user_daily ORDER BY version",
    ] {
        let text = everything(&world, sql).await;
        let problem: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&problem["code"], &problem["status"]), (&json!("sql_error"), &json!(400)), "{sql}: {text}");
        nobody_in(&text, sql);
    }
    // Nor does the mistake tell what else there would have been.
    let text = everything(&world, "SELECT * FROM alertz").await;
    assert!(!text.contains("alerts"), "{text}");
}

#[tokio::test]
async fn rows_come_in_no_order_that_the_ids_have() {
    let world = world().await;
    for table in TABLES {
        for _ in 0..2 {
            let names = column(&world, &format!("SELECT user_id FROM {table}")).await;
            // Days on end, each in the order of pseudonyms: whoever comes again begins a new one.
            let breaks = names.windows(2).filter(|pair| pair[0] > pair[1]).count();
            assert!(breaks <= 1, "{table} is not in the order of its pseudonyms: {names:?}");
            store::Store::flush(&*world.store).await.unwrap();
        }
    }
    let first = column(&world, "SELECT user_id FROM user_daily LIMIT 1").await;
    let least = column(&world, "SELECT min(user_id) FROM user_daily").await;
    assert_eq!(first, least, "the first row is nobody in particular");
}

#[tokio::test]
async fn nobody_is_known_by_a_small_team_or_by_odd_hours() {
    let mut document = directory();
    let people = document["people"].as_array_mut().unwrap();
    for person in people.iter_mut().filter(|person| person["id"] == "t-2.3") {
        person["time_zone"] = json!("Asia/Tokyo");
    }
    let mut rows = usual_rows();
    rows.extend(events());
    let world = World::of(document, rows, |_| {}).await;
    // Eight people in t-2; of the rest no team has as many.
    for table in TABLES {
        let rows =
            world.rows("analyst", &format!("SELECT team_id, count(DISTINCT user_id) AS n FROM {table} GROUP BY team_id")).await;
        let found: BTreeMap<String, i64> = rows.iter().map(|r| (r["team_id"].to_string(), r["n"].as_i64().unwrap())).collect();
        let (teams, all): (Vec<&str>, i64) = (found.keys().map(String::as_str).collect(), found.values().sum());
        assert_eq!((teams, all >= 20), (vec!["\"t-2\"", "null"], true), "{table}: {found:?}");
    }
    let of = async |team: &str| {
        world.rows("analyst", &format!("SELECT DISTINCT time_zone, work_start FROM directory WHERE team_id {team}")).await
    };
    let (small, large) = (of("= 't-2'").await, of("IS NULL").await);
    assert_eq!((small.len(), &small[0]["time_zone"], &small[0]["work_start"]), (1, &Value::Null, &Value::Null));
    assert_eq!((large.len(), &large[0]["time_zone"], &large[0]["work_start"]), (1, &json!("UTC"), &json!("09:00")));
}

#[tokio::test]
async fn pseudonyms_stay_when_the_directory_changes() {
    let world = world().await;
    let before = column(&world, "SELECT DISTINCT user_id FROM user_daily ORDER BY 1").await;
    let changed = world.send(Method::PATCH, "admin", "/v1/directory/people/t-2.1", Some(json!({"team": "t-1"}))).await;
    assert_eq!(changed.status(), 200);
    assert_eq!(column(&world, "SELECT DISTINCT user_id FROM user_daily ORDER BY 1").await, before);
    // Seven are left in t-2, which is too few to be named.
    assert_eq!(column(&world, "SELECT DISTINCT team_id FROM user_daily").await, ["null"]);
}
