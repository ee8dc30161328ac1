//! Figures over REST: the numbers, what is withheld, what is wrong with a request.

use reqwest::Method;
use serde_json::{Value, json};

use super::setting::*;

fn close(found: &Value, expected: f64) {
    assert!((found.as_f64().unwrap_or(f64::NAN) - expected).abs() < 1e-9, "{found} is not {expected}");
}

#[tokio::test]
async fn a_team_of_seven_has_its_own_summary() {
    let world = World::start().await;
    let answer = world.get("admin", "/v1/teams/t-2/summary?from=2026-03-18&to=2026-03-18").await;
    assert_eq!(
        (&answer["n"], &answer["suppressed"], &answer["rolled_up_to"], &answer["days"]),
        (&json!(7), &json!(false), &Value::Null, &json!(1))
    );
    assert_eq!(answer["scope"], json!({"kind": "team", "id": "t-2", "name": "Two"}));
    let focus = &answer["figures"]["focus_ms"];
    // 1 to 7 hours.
    close(&focus["mean"], 4.0 * HOUR as f64);
    close(&focus["median"], 4.0 * HOUR as f64);
    close(&focus["p90"], 6.4 * HOUR as f64);
    close(&answer["figures"]["focus_score"]["median"], 40.0);
}

#[tokio::test]
async fn a_span_counts_person_days_and_people_once() {
    let world = World::start().await;
    let answer = world.get("analyst", "/v1/teams/t-2/summary?from=2026-03-01&to=2026-03-18").await;
    assert_eq!((&answer["n"], &answer["days"]), (&json!(7), &json!(2)));
    close(&answer["figures"]["interruptions"]["mean"], 4.0);
    // Nothing at all in the span.
    let answer = world.get("analyst", "/v1/teams/t-2/summary?from=2026-01-01&to=2026-01-02").await;
    assert_eq!((&answer["suppressed"], &answer["figures"], &answer["n"]), (&json!(true), &Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_small_team_rolls_up_and_takes_the_smallest_sibling_with_it() {
    let world = World::start().await;
    let parent = world.get("admin", "/v1/teams/t-0/summary").await;
    assert_eq!((&parent["n"], &parent["rolled_up_to"]), (&json!(15), &Value::Null));
    // t-3 has two people; with t-1 and t-2 both shown they would be what is left of t-0.
    for small in ["t-3", "t-1"] {
        let answer = world.get("admin", &format!("/v1/teams/{small}/summary")).await;
        assert_eq!(
            (&answer["rolled_up_to"], &answer["rolled_up_to_name"], &answer["n"], &answer["suppressed"]),
            (&json!("t-0"), &json!("All"), &json!(15), &json!(false)),
            "{small}"
        );
        assert_eq!(answer["figures"], parent["figures"]);
        assert_eq!(answer["scope"]["id"], small);
    }
    assert_eq!(world.get("admin", "/v1/teams/t-2/summary").await["rolled_up_to"], Value::Null);
    assert_eq!(world.get("admin", "/v1/teams/t-9/summary").await["n"], 5);
    assert_eq!(world.get("admin", "/v1/org/summary").await["n"], 20);
}

#[tokio::test]
async fn trends_go_day_by_day() {
    let world = World::start().await;
    let answer = world.get("admin", "/v1/teams/t-2/trends").await;
    let days: Vec<&str> = answer["points"].as_array().unwrap().iter().map(|p| p["day"].as_str().unwrap()).collect();
    assert_eq!(days, ["2026-03-17", "2026-03-18"]);
    close(&answer["points"][0]["figures"]["load"]["mean"], 6.0);
    assert_eq!(answer["points"][0]["n"], 7);
}

#[tokio::test]
async fn a_timeline_has_windows_hours_and_days() {
    let world = World::start().await;
    let answer = world.get("admin", "/v1/teams/t-2/timeline").await;
    let points = answer["points"].as_array().unwrap();
    assert_eq!(points.len(), 2);
    assert_eq!(points[0]["start"], MIDNIGHT + 10 * HOUR);
    close(&points[0]["focus_ms"], 40_000.0);
    close(&points[1]["focus_ms"], 20_000.0);
    let answer = world.get("admin", "/v1/teams/t-2/timeline?step=1h").await;
    assert_eq!(answer["points"].as_array().unwrap().len(), 1);
    let hour = &answer["points"][0];
    assert_eq!(hour["n"], 7);
    close(&hour["focus_ms"], 60_000.0);
    close(&hour["active_ms"], 480_000.0);
    close(&hour["interruption_score"], 40.0);
    let answer = world.get("admin", "/v1/teams/t-2/timeline?step=1d&from=2026-03-17&to=2026-03-18").await;
    assert_eq!(answer["points"].as_array().unwrap().len(), 2);
    close(&answer["points"][1]["focus_ms"], 4.0 * HOUR as f64);
    assert_eq!(answer["points"][1]["start"], MIDNIGHT);
}

#[tokio::test]
async fn who_works_alone_in_the_evening_is_not_shown_nor_left_over() {
    let world = World::start().await;
    let answer = world.get("admin", "/v1/teams/t-2/timeline?from=2026-03-17&to=2026-03-17").await;
    let shown: Vec<(i64, bool)> = answer["points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["start"].as_i64().unwrap(), p["suppressed"].as_bool().unwrap()))
        .collect();
    let ten = MIDNIGHT - DAY_MS + 10 * HOUR;
    // The window of one is hidden, and one of seven with it: the day less the windows shown must not be that one person.
    assert_eq!(shown, [(ten, true), (ten + 300_000, false), (MIDNIGHT - 2 * HOUR, true)]);
    let alone = &answer["points"][2];
    assert!(alone["n"].is_null() && alone["active_ms"].is_null() && alone["load"].is_null());
    let cells = world.get("admin", "/v1/teams/t-2/heatmap?from=2026-03-17&to=2026-03-17").await["cells"].clone();
    assert_eq!(cells.as_array().unwrap().len(), 2);
    assert_eq!((&cells[1]["hour"], &cells[1]["suppressed"], &cells[1]["focus_ms"]), (&json!(22), &json!(true), &Value::Null));
    close(&cells[0]["focus_ms"], 20_000.0);
}

#[tokio::test]
async fn a_heat_map_means_person_hours() {
    let world = World::start().await;
    let answer = world.get("admin", "/v1/teams/t-2/heatmap?from=2026-03-18&to=2026-03-18").await;
    assert_eq!(answer["time_zone"], "UTC");
    let cells = answer["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 1);
    // Wednesday, ten o'clock.
    assert_eq!((&cells[0]["weekday"], &cells[0]["hour"], &cells[0]["n"]), (&json!(2), &json!(10), &json!(7)));
    close(&cells[0]["focus_ms"], 60_000.0);
    close(&cells[0]["interruptions"], 2.0);
    let org = world.get("admin", "/v1/org/heatmap").await;
    assert_eq!(org["scope"]["kind"], "org");
}

#[tokio::test]
async fn members_see_their_own_day() {
    let world = World::start().await;
    let summary = world.get("member", "/v1/me/summary").await;
    assert_eq!(
        (&summary["days"], &summary["scope"]),
        (&json!(2), &json!({"kind": "me", "id": "t-2.1", "name": "Name of t-2.1"}))
    );
    close(&summary["figures"]["focus_ms"]["mean"], HOUR as f64);
    let trends = world.get("member", "/v1/me/trends").await;
    let point = &trends["points"][1];
    assert_eq!(
        (&point["day"], &point["streak_days"], &point["rest_ms"], &point["final"]),
        (&json!("2026-03-18"), &json!(3), &json!(16 * HOUR), &json!(true))
    );
    close(&point["figures"]["load"], 1.5);
    let timeline = world.get("member", "/v1/me/timeline").await;
    assert_eq!(timeline["points"].as_array().unwrap().len(), 2);
    close(&timeline["points"][0]["focus_ms"], 10_000.0);
    close(&world.get("member", "/v1/me/timeline?step=1h").await["points"][0]["focus_ms"], 30_000.0);
    close(&world.get("member", "/v1/me/timeline?step=1d").await["points"][0]["focus_ms"], HOUR as f64);
    let cells = world.get("member", "/v1/me/heatmap").await["cells"].clone();
    assert_eq!(cells.as_array().unwrap().len(), 2);
    close(&cells[0]["active_ms"], 480_000.0);
}

#[tokio::test]
async fn members_see_their_blocks_interruptions_and_risk() {
    let world = World::with(|config| config.list_rows = 1).await;
    let today = "from=2026-03-18&to=2026-03-18";
    let blocks = world.get("member", &format!("/v1/me/blocks?{today}")).await;
    let ten = MIDNIGHT + 10 * HOUR;
    let block = json!({"start": ten, "end": ten + HOUR, "focus_ms": HOUR - 1, "deep": true, "interruptions": 2, "final": true});
    assert_eq!((&blocks["blocks"], &blocks["truncated"]), (&json!([block]), &json!(false)));
    let found = world.get("member", &format!("/v1/me/interruptions?{today}")).await;
    assert_eq!(
        found["interruptions"][0],
        json!({"message_id": "m-t-2.1-20530", "ts": ten + 60_000, "channel": "slack", "kind": "dm", "in_focus_by": "flow", "attended": true,
               "lag_ms": 120_000, "load": 1.8, "final": true})
    );
    // Two days have two of them, and one is the limit.
    let found = world.get("member", "/v1/me/interruptions").await;
    assert_eq!((found["interruptions"].as_array().unwrap().len(), &found["truncated"]), (1, &json!(true)));
    let risk = world.get("member", "/v1/me/burnout").await;
    assert_eq!(
        risk["points"],
        json!([{"day": "2026-03-18", "risk": 0.25, "risk_low": 0.125, "risk_high": 0.5, "level": "low", "status": "ok", "model": "baseline-1", "active_days": 20,
                "features": [{"name": "overwork", "value": 0.5, "contribution": 0.8}], "final": true}])
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_named() {
    let world = World::start().await;
    let check = async |path: &str, code: &str, field: Option<&str>| {
        let (_, found, named) = world.problem("admin", path).await;
        assert_eq!((found.as_str(), named.as_deref()), (code, field), "{path}");
    };
    check("/v1/teams/t-2/summary?from=yesterday", "bad_parameter", Some("from")).await;
    check("/v1/teams/t-2/summary?from=2026-03-19&to=2026-03-18", "bad_parameter", Some("from")).await;
    check("/v1/teams/t-2/summary?from=2024-03-18&to=2026-03-18", "bad_parameter", Some("from")).await;
    check("/v1/org/heatmap?from=2025-10-01&to=2026-03-18", "bad_parameter", Some("from")).await;
    check("/v1/teams/t-2/timeline?step=7m", "bad_parameter", Some("step")).await;
    check("/v1/teams/t-2/timeline?from=2026-01-01&to=2026-03-01", "bad_parameter", Some("from")).await;
    check("/v1/teams/t-2/timeline?to=2026-03-18T10:00:00", "bad_parameter", Some("to")).await;
    check("/v1/teams/t-2/timeline?to=%ff", "bad_parameter", Some("to")).await;
    check("/v1/org/trends?to=2026-03-18&to=2026-03-17", "bad_parameter", Some("query")).await;
    check("/v1/teams/nobody/summary", "not_found", None).await;
    check("/v1/nothing", "not_found", None).await;
    assert_eq!(world.send(Method::DELETE, "admin", "/v1/teams", None).await.status(), 405);
    // Far away and long ago are fine, and empty.
    assert_eq!(world.get("admin", "/v1/org/trends?from=2999-01-01&to=2999-02-01").await["points"], json!([]));
}

#[tokio::test]
async fn rows_committed_later_show_once_an_update_tells() {
    let world = World::start().await;
    let path = "/v1/teams/t-2/summary?from=2026-03-18&to=2026-03-18";
    close(&world.get("admin", path).await["figures"]["focus_ms"]["mean"], 4.0 * HOUR as f64);
    let mut days = schemas::rows::UserDailyColumns::default();
    days.push(&schemas::rows::UserDaily { version: 2, focus_ms: 8 * HOUR, ..user_daily("t-2.1", "t-2", TODAY, 1) });
    let rows = vec![(&schemas::rows::USER_DAILY, days.finish().unwrap())];
    let rows = rows.into_iter().map(|(table, batch): (&'static _, _)| (table, batch)).collect();
    store::Store::commit(&*world.store, store::Commit { partition: 0, epoch: 1, from: 1, to: 2, state: Vec::new(), rows })
        .await
        .unwrap();
    world.publish(update("t-2.1", "t-2", 8 * HOUR)).await;
    soon(async {
        while world.get("admin", path).await["figures"]["focus_ms"]["mean"] != json!(5.0 * HOUR as f64) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_path_that_cannot_be_decoded_is_a_problem() {
    let world = World::start().await;
    assert_eq!(world.problem("admin", "/v1/teams/%FF/summary").await, (400, "bad_parameter".into(), Some("id".into())));
    for (method, path) in [(reqwest::Method::PATCH, "/v1/directory/people/%FF"), (reqwest::Method::DELETE, "/v1/tokens/%FF")] {
        let (status, code, _) = problem(world.send(method, "admin", path, Some(serde_json::json!({}))).await).await;
        assert_eq!((status, code.as_str()), (400, "bad_parameter"), "{path}");
    }
}

/// A store that cannot be reached for a while.
struct Away(std::sync::Arc<dyn store::Store>, std::sync::atomic::AtomicBool);

#[async_trait::async_trait]
impl store::Store for Away {
    async fn acquire(&self, partition: u32) -> Result<store::Checkpoint, store::Error> {
        self.0.acquire(partition).await
    }
    async fn commit(&self, commit: store::Commit) -> Result<(), store::Error> {
        self.0.commit(commit).await
    }
    async fn scan(&self, scan: store::Scan) -> Result<Vec<arrow::array::RecordBatch>, store::Error> {
        self.0.scan(scan).await
    }
    async fn sql(&self, statement: store::Statement) -> Result<store::Rows, store::Error> {
        if self.1.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(store::Error::Unavailable("it is away".into()));
        }
        self.0.sql(statement).await
    }
    async fn flush(&self) -> Result<(), store::Error> {
        self.0.flush().await
    }
    async fn durable_position(&self, partition: u32) -> Result<u64, store::Error> {
        self.0.durable_position(partition).await
    }
    async fn replace(
        &self,
        table: &'static schemas::Table,
        version: u64,
        rows: arrow::array::RecordBatch,
    ) -> Result<(), store::Error> {
        self.0.replace(table, version, rows).await
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_said_to_be_and_is_waited_for() {
    let away = std::sync::Arc::new(std::sync::OnceLock::new());
    let kept = away.clone();
    let over = move |store| {
        let store = std::sync::Arc::new(Away(store, std::sync::atomic::AtomicBool::new(false)));
        let _ = kept.set(store.clone());
        store as std::sync::Arc<dyn store::Store>
    };
    let world = World::over(over).await;
    let away = |is_away: bool| away.get().unwrap().1.store(is_away, std::sync::atomic::Ordering::Relaxed);
    away(true);
    for path in ["/v1/org/summary", "/v1/teams/t-2/timeline", "/v1/teams/t-2/heatmap"] {
        let response = world.send(reqwest::Method::GET, "admin", path, None).await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["retry-after"]),
            (503, &reqwest::header::HeaderValue::from_static("1"))
        );
        assert_eq!(problem(response).await.1, "unavailable", "{path}");
    }
    let sql = Some(json!({"sql": "SELECT 1"}));
    assert_eq!(world.send(reqwest::Method::POST, "admin", "/v1/sql", sql).await.status(), 503);
    away(false);
    assert_eq!(world.status("admin", "/v1/org/summary").await, 200);
    // A process that starts meanwhile waits until it is there.
    away(true);
    let starting = tokio::spawn({
        let other = world.beside_unready().await;
        async move {
            other.until_ready().await;
            other
        }
    });
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(!starting.is_finished());
    away(false);
    starting.await.unwrap();
}
