//! SQL: every form, parameters, limits, errors.

use std::io::Cursor;

use arrow::array::{Array, Int64Array};
use arrow::ipc::reader::StreamReader;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::setting::*;

const STATEMENT: &str = "SELECT user_id, day, focus_ms, rest_ms FROM user_daily WHERE user_id LIKE 't-2.%' AND day = DATE '2026-03-18' ORDER BY user_id";

async fn run(world: &World, accept: &str, body: Value) -> Response {
    run_as(world, "admin", accept, body).await
}

async fn run_as(world: &World, role: &str, accept: &str, body: Value) -> Response {
    let request = world.client.post(format!("{}/v1/sql", world.base)).bearer_auth(secret(role)).json(&body);
    request.header("accept", accept).send().await.unwrap()
}

async fn text(world: &World, accept: &str, sql: &str) -> String {
    let response = run(world, accept, json!({ "sql": sql })).await;
    assert_eq!(response.status(), 200);
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with(accept));
    response.text().await.unwrap()
}

#[tokio::test]
async fn json_has_columns_and_rows() {
    let world = World::start().await;
    let answer: Value = run(&world, "*/*", json!({"sql": STATEMENT})).await.json().await.unwrap();
    let names: Vec<&str> = answer["columns"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["user_id", "day", "focus_ms", "rest_ms"]);
    assert_eq!(answer["columns"][2]["type"], "Int64");
    assert_eq!(answer["rows"].as_array().unwrap().len(), 7);
    assert_eq!(answer["rows"][1], json!(["t-2.2", "2026-03-18", 2 * HOUR, 16 * HOUR]));
    assert_eq!(answer["truncated"], false);
    let empty: Value =
        run(&world, "*/*", json!({"sql": "SELECT user_id FROM user_daily WHERE false"})).await.json().await.unwrap();
    assert_eq!((&empty["rows"], &empty["columns"][0]["name"]), (&json!([]), &json!("user_id")));
}

#[tokio::test]
async fn times_nulls_and_lists_are_json() {
    let world = World::start().await;
    let sql = "SELECT first_active, response_ms, final FROM user_daily ORDER BY first_active DESC LIMIT 1";
    let answer: Value = run(&world, "*/*", json!({ "sql": sql })).await.json().await.unwrap();
    assert_eq!(answer["rows"], json!([["2026-03-18T09:00:00Z", null, true]]));
    let sql = json!({"sql": "SELECT features FROM burnout_risk LIMIT 1"});
    let answer: Value = run_as(&world, "analyst", "*/*", sql).await.json().await.unwrap();
    assert_eq!(answer["rows"][0][0].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn lines_and_csv_carry_the_same_rows() {
    let world = World::start().await;
    let lines = text(&world, "application/x-ndjson", STATEMENT).await;
    assert_eq!(lines.lines().count(), 7);
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(first, json!({"user_id": "t-2.1", "day": "2026-03-18", "focus_ms": HOUR, "rest_ms": 16 * HOUR}));
    let csv = text(&world, "text/csv", STATEMENT).await;
    assert_eq!(csv.lines().count(), 8);
    assert!(csv.starts_with("user_id,day,focus_ms,rest_ms\nt-2.1,2026-03-18,3600000,57600000\n"), "{csv}");
    assert_eq!(text(&world, "text/csv", "SELECT user_id FROM user_daily WHERE false").await, "user_id\n");
}

fn sum(column: &dyn Array) -> i64 {
    column.as_any().downcast_ref::<Int64Array>().unwrap().iter().flatten().sum()
}

#[tokio::test]
async fn arrow_and_parquet_carry_the_same_rows() {
    let world = World::start().await;
    let expected = 28 * HOUR;
    let bytes = run(&world, "application/vnd.apache.arrow.stream", json!({"sql": STATEMENT})).await.bytes().await.unwrap();
    let batches: Vec<_> = StreamReader::try_new(Cursor::new(bytes), None).unwrap().map(Result::unwrap).collect();
    assert_eq!(batches.iter().map(|b| sum(b.column(2))).sum::<i64>(), expected);
    let bytes = run(&world, "application/vnd.apache.parquet", json!({"sql": STATEMENT})).await.bytes().await.unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap();
    assert_eq!(reader.map(|b| sum(b.unwrap().column(2))).sum::<i64>(), expected);
}

#[tokio::test]
async fn parameters_are_bound_by_place_and_by_name() {
    let world = World::start().await;
    let count = async |body: Value| -> Value {
        let answer: Value = run(&world, "*/*", body).await.json().await.unwrap();
        answer["rows"][0][0].clone()
    };
    let sql = "SELECT count(*) FROM user_daily WHERE user_id = $1 AND focus_ms >= $2";
    assert_eq!(count(json!({"sql": sql, "params": ["t-2.3", HOUR]})).await, 2);
    let sql = "SELECT count(*) FROM user_daily WHERE user_id = $who";
    assert_eq!(count(json!({"sql": sql, "params": {"who": "t-2.3' OR 1=1 --"}})).await, 0);
    let (status, code, field) = problem(run(&world, "*/*", json!({"sql": "SELECT 1", "params": 7})).await).await;
    assert_eq!((status, code.as_str(), field.as_deref()), (400, "bad_parameter", Some("params")));
}

#[tokio::test]
async fn errors_point_at_the_place() {
    let world = World::start().await;
    let response = run(&world, "*/*", json!({"sql": "SELECT user_id\nFROM user_daily\nWHER day"})).await;
    assert_eq!(response.status(), 400);
    let body: Value = response.json().await.unwrap();
    assert_eq!((&body["code"], &body["line"]), (&json!("sql_error"), &json!(3)), "{body}");
    let body: Value = run(&world, "*/*", json!({"sql": "SELECT nothing FROM user_daily"})).await.json().await.unwrap();
    assert_eq!((&body["code"], &body["line"], &body["column"]), (&json!("sql_error"), &json!(1), &json!(8)), "{body}");
}

#[tokio::test]
async fn what_writes_is_refused() {
    let world = World::start().await;
    for sql in [
        "DROP TABLE user_daily",
        "COPY user_daily TO '/tmp/x.csv'",
        "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc'",
        "SET a.b = 1",
    ] {
        let (status, code, _) = problem(run(&world, "*/*", json!({ "sql": sql })).await).await;
        assert_eq!((status, code.as_str()), (403, "sql_forbidden"), "{sql}");
    }
}

#[tokio::test]
async fn a_limit_on_rows_cuts_json_and_breaks_the_rest() {
    let world = World::with(|config| config.sql_rows = 3).await;
    let answer: Value = run(&world, "application/json", json!({"sql": STATEMENT})).await.json().await.unwrap();
    assert_eq!((answer["rows"].as_array().unwrap().len(), &answer["truncated"]), (3, &json!(true)));
    assert_eq!(answer["error"]["code"], "sql_limit");
    let request = world.client.post(format!("{}/v1/sql", world.base)).bearer_auth(secret("admin")).header("accept", "text/csv");
    let broken = match request.json(&json!({"sql": STATEMENT})).send().await {
        Ok(response) => response.text().await.is_err(),
        Err(_) => true,
    };
    assert!(broken, "a part must not look like the whole");
}

#[tokio::test]
async fn requests_that_are_no_statement_get_their_own_status() {
    let world = World::with(|config| config.sql_body_bytes = 1_000).await;
    let check = async |response: Response, status: u16, code: &str| {
        let (found, found_code, _) = problem(response).await;
        assert_eq!((found, found_code.as_str()), (status, code));
    };
    check(run(&world, "text/html", json!({"sql": "SELECT 1"})).await, 406, "not_acceptable").await;
    check(run(&world, "*/*", json!({"query": "SELECT 1"})).await, 400, "bad_request").await;
    check(run(&world, "*/*", json!({"sql": " ".repeat(2_000)})).await, 413, "too_large").await;
    let post = |body: &'static str, kind: &'static str| {
        world
            .client
            .post(format!("{}/v1/sql", world.base))
            .bearer_auth(secret("admin"))
            .header("content-type", kind)
            .body(body)
            .send()
    };
    check(post("SELECT 1", "text/plain").await.unwrap(), 415, "unsupported_media_type").await;
    check(post("{", "application/json").await.unwrap(), 400, "bad_request").await;
    assert_eq!(world.send(Method::GET, "admin", "/v1/sql", None).await.status(), 405);
}

#[tokio::test]
async fn a_token_with_its_share_in_use_waits_and_so_does_everybody_when_the_server_is_full() {
    let check = async |change: fn(&mut focusflow_query::Config), status: u16, code: &str| {
        let world = World::with(change).await;
        let response = run(&world, "*/*", json!({"sql": "SELECT 1"})).await;
        assert_eq!(response.headers()["retry-after"], "1");
        let (found, found_code, _) = problem(response).await;
        assert_eq!((found, found_code.as_str()), (status, code));
    };
    check(|config| config.sql_concurrency_per_token = 0, 429, "too_many_queries").await;
    check(|config| config.sql_concurrency = 0, 503, "busy").await;
}

#[tokio::test]
async fn one_client_s_statements_leave_room_for_the_next() {
    let world = World::with(|config| (config.sql_concurrency, config.sql_concurrency_per_token) = (2, 1)).await;
    // Runs until nobody reads it any more.
    let endless = json!({"sql": "SELECT a.* FROM generate_series(1, 100000000) a"});
    let mut running = run(&world, "application/x-ndjson", endless.clone()).await;
    assert!(running.chunk().await.unwrap().is_some());
    assert_eq!(run(&world, "*/*", json!({"sql": "SELECT 1"})).await.status(), 429);
    let other = async || world.send(Method::POST, "analyst", "/v1/sql", Some(json!({"sql": "SELECT 1"}))).await.status();
    assert_eq!(other().await, 200);
    drop(running);
    soon(async {
        while run(&world, "*/*", json!({"sql": "SELECT 1"})).await.status() != 200 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_reader_that_takes_nothing_does_not_keep_its_slot() {
    let world = World::with(|config| {
        config.sql_concurrency_per_token = 1;
        config.sql_time = std::time::Duration::from_secs(1);
    })
    .await;
    let endless = json!({"sql": "SELECT a.* FROM generate_series(1, 100000000) a"});
    let mut stalled = run(&world, "application/x-ndjson", endless).await;
    assert!(stalled.chunk().await.unwrap().is_some());
    soon(async {
        while run(&world, "*/*", json!({"sql": "SELECT 1"})).await.status() != 200 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    let rest = async {
        while stalled.chunk().await.map_err(|_| ())?.is_some() {}
        Ok::<_, ()>(())
    };
    assert_eq!(soon(rest).await, Err(()), "what was cut must not look like the whole");
}

#[tokio::test]
async fn a_form_that_cannot_hold_a_column_names_it() {
    let world = World::start().await;
    let mut unfit = vec![("text/csv", "SELECT user_id, features FROM burnout_risk", "features")];
    if !is_on_clickhouse() {
        // ClickHouse knows nothing that Parquet does not.
        let span = "SELECT arrow_cast('1 month', 'Interval(MonthDayNano)') AS span FROM burnout_risk";
        unfit.push(("application/vnd.apache.parquet", span, "span"));
    }
    for (form, sql, column) in unfit {
        let response = run_as(&world, "analyst", form, json!({ "sql": sql })).await;
        let (status, body): (_, Value) = (response.status(), response.json().await.unwrap());
        assert!(status == 406 && body["code"] == "not_acceptable", "{form}: {body}");
        assert!(body["detail"].as_str().unwrap().contains(column), "{form}: {body}");
    }
}
