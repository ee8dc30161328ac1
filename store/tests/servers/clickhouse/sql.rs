//! Statements on ClickHouse: the same answers as on the embedded store, and nothing but what readers may see.

use std::time::Duration;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::util::display::array_value_to_string;
use focusflow_store::embedded::{Config, EmbeddedStore};
use focusflow_store::testing::MONDAY_MS;
use focusflow_store::{Error, Limits, Params, Reader, Statement, Store};
use futures::StreamExt;
use serde_json::{Value, json};

use super::opened;
use super::rows::{DAY_MS, fill, person};

fn limits() -> Limits {
    Limits { time: Duration::from_secs(20), memory_bytes: 512 << 20, rows: 100_000 }
}

async fn run(store: &dyn Store, sql: &str, params: Params, limits: Limits) -> Result<Vec<RecordBatch>, Error> {
    let mut rows = store.sql(Statement { sql: sql.to_owned(), params, limits, reader: Reader::default() }).await?;
    let mut batches = Vec::new();
    while let Some(batch) = rows.batches.next().await {
        let batch = batch?;
        assert_eq!(batch.schema().fields(), rows.schema.fields());
        batches.push(batch);
    }
    Ok(batches)
}

/// One line a row; engines may answer in other widths of the same type.
fn lines(batches: &[RecordBatch]) -> Vec<String> {
    let text = |column: &ArrayRef, row: usize| {
        let wide = match column.data_type() {
            ty if ty.is_integer() => cast(column, &DataType::Int64).unwrap(),
            ty if ty.is_floating() => cast(column, &DataType::Float64).unwrap(),
            _ => column.clone(),
        };
        array_value_to_string(&wide, row).unwrap()
    };
    let row = |batch: &RecordBatch, row| batch.columns().iter().map(|c| text(c, row)).collect::<Vec<_>>().join(" ");
    batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |r| row(batch, r))).collect()
}

async fn query(store: &dyn Store, sql: &str) -> Result<String, Error> {
    Ok(lines(&run(store, sql, Params::None, limits()).await?).join("\n"))
}

/// The parameters of `query/sql`'s statements; a new file there wants a line here.
fn parameters(file: &str) -> Vec<Value> {
    let (from, to) = (json!(MONDAY_MS), json!(MONDAY_MS + 2 * DAY_MS));
    let (first, last) = (json!("2026-01-05"), json!("2026-01-06"));
    match file {
        "burnout.sql" | "daily.sql" | "stamps.sql" => vec![first, last],
        "live_days.sql" => vec![first],
        "live_windows.sql" => vec![from],
        "windows.sql" => vec![from, to],
        "me_days.sql" | "me_burnout.sql" => vec![json!(person(5)), first, last],
        "answers.sql" => vec![first, json!("2026-01-09")],
        "me_windows.sql" => vec![json!(person(5)), from, to],
        "me_blocks.sql" | "me_interruptions.sql" => vec![json!(person(5)), from, to, json!(10)],
        _ => panic!("what are the parameters of query/sql/{file}?"),
    }
}

#[tokio::test]
async fn the_dashboards_statements_give_the_same_on_both_stores() {
    let (_database, clickhouse) = opened().await;
    let dir = tempfile::tempdir().unwrap();
    let embedded = EmbeddedStore::open(Config::new(dir.path())).unwrap();
    fill(&clickhouse).await;
    fill(&embedded).await;
    let same = async |sql: &str, params: Params, what: &str| {
        let (one, two) = (run(&clickhouse, sql, params.clone(), limits()).await, run(&embedded, sql, params, limits()).await);
        let (one, two) = (one.unwrap_or_else(|e| panic!("{what}: {e}")), two.unwrap());
        let names = |batches: &[RecordBatch]| {
            batches.first().map(|b| b.schema().fields().iter().map(|f| f.name().clone()).collect::<Vec<_>>())
        };
        assert_eq!(names(&one), names(&two), "{what}");
        let (mut one, mut two) = (lines(&one), lines(&two));
        one.sort();
        two.sort();
        assert!(!one.is_empty(), "{what} shows nothing");
        assert_eq!(one, two, "{what}");
    };
    let mut files = 0;
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../query/sql")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        same(&std::fs::read_to_string(&path).unwrap(), Params::Positional(parameters(&name)), &name).await;
        files += 1;
    }
    assert!(files >= 10, "{files}");
    for view in ["user_5m", "user_daily", "focus_blocks", "interruptions", "burnout_risk", "directory"] {
        same(&format!("SELECT * FROM {view}"), Params::None, view).await;
    }
    for sql in [
        "SELECT team_id, count(*) AS n, avg(focus_ms) AS focus FROM user_5m GROUP BY team_id ORDER BY team_id",
        "SELECT d.user_id, w.focus_ms AS focus_ms FROM user_daily d LEFT JOIN user_5m w ON w.user_id = d.user_id AND w.focus_ms > 900000 AND w.switches = 0",
        "SELECT sum(lag_ms) AS x FROM interruptions WHERE user_id = 'nobody'",
        "SELECT 1 AS a UNION SELECT 1 AS a",
        "SELECT count(*) AS n FROM user_5m WHERE window_start >= '2026-01-06' AND team_id IS NOT NULL",
        "SELECT count(*) AS n FROM user_5m WHERE window_start >= '2026-01-06 00:05:00'",
    ] {
        same(sql, Params::None, sql).await;
    }
}

#[tokio::test]
async fn parameters_are_by_place_or_by_name_and_of_every_kind() {
    let (_database, store) = opened().await;
    fill(&store).await;
    let by_place =
        Params::Positional(vec![json!("u-03"), json!([1, 2]), Value::Null, json!(true), json!("it's ? \\ {x:String} \n ü")]);
    let sql =
        "SELECT user_id, length($2), $3 IS NULL, $4, $5, '?' FROM user_5m WHERE user_id = $1 AND window_start < '2026-01-06'";
    let rows = lines(&run(&store, sql, by_place, limits()).await.unwrap());
    assert_eq!(rows, ["u-03 2 1 true it's ? \\ {x:String} \n ü ?"]);
    let by_name = Params::Named(vec![("who".into(), json!("u-03")), ("more".into(), json!(1.5))]);
    let rows = run(&store, "SELECT switches * $more FROM user_5m WHERE user_id = $who AND switches = 2", by_name, limits()).await;
    assert_eq!(lines(&rows.unwrap()), ["3.0"]);
    let missing = run(&store, "SELECT $1", Params::Positional(Vec::new()), limits()).await.unwrap_err();
    assert!(matches!(missing, Error::Statement { .. }), "{missing:?}");
}

#[tokio::test]
async fn only_the_views_are_readable() {
    let (database, store) = opened().await;
    fill(&store).await;
    let rows = format!("{}_rows", database.config().layout.database);
    let own = database.config().layout.database;
    let refused = [
        "DROP TABLE user_5m".to_owned(),
        "CREATE TABLE x (a Int32) ENGINE = Memory".into(),
        "INSERT INTO user_5m SELECT * FROM user_5m".into(),
        "ALTER TABLE user_5m DELETE WHERE 1".into(),
        "SET max_threads = 1".into(),
        "SYSTEM FLUSH LOGS".into(),
        "SHOW CREATE TABLE user_5m".into(),
        "SELECT 1 INTO OUTFILE '/tmp/x'".into(),
        "SELECT 1 FORMAT JSON".into(),
        "SELECT 1 FORMAT TSVRaw".into(),
        "SELECT 1 FORMAT Null".into(),
        "EXPLAIN INSERT INTO x SELECT 1".into(),
        format!("SELECT * FROM {rows}.user_5m"),
        format!("SELECT * FROM `{rows}`.`user_5m`"),
        format!("SELECT 1 WHERE 'a' IN {rows}.claims"),
        format!("SELECT (SELECT state FROM {rows}.journal LIMIT 1)"),
        "SELECT * FROM system.tables".into(),
        format!("SELECT * FROM merge('{rows}', '.*')"),
        format!("SELECT 1 WHERE 1 IN (SELECT * FROM merge('{own}', '.*'))"),
        "SELECT * FROM file('/etc/passwd', 'LineAsString')".into(),
        "SELECT file('/etc/passwd')".into(),
        "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')".into(),
        format!("SELECT * FROM remote('127.0.0.1', '{rows}', 'user_5m')"),
        "SELECT * FROM `user\\x5f5m`".into(),
        "SELECT * FROM {t:Identifier}".into(),
        "SELECT * FROM user_5m SETTINGS readonly = 0".into(),
        "SELECT * FROM user_5m SETTINGS max_memory_usage = 0".into(),
    ];
    for sql in refused {
        let params = Params::Named(vec![("t".into(), json!("user_5m"))]);
        let error = run(&store, &sql, params, limits()).await.expect_err(&sql);
        assert!(matches!(error, Error::Forbidden(_)), "{sql}: {error:?}");
    }
    for sql in ["SELECT 1; SELECT 2", "", "-- nothing", "SELECT * FROM nothing_of_that_name", "SELECT deleted FROM user_5m"] {
        let error = query(&store, sql).await.expect_err(sql);
        assert!(matches!(error, Error::Statement { .. }), "{sql}: {error:?}");
    }
    for sql in [
        "WITH x AS (SELECT 1 AS a) SELECT * FROM x".to_owned(),
        "EXPLAIN SELECT * FROM user_5m".into(),
        "SELECT 1;".into(),
        format!("SELECT count() FROM {own}.user_5m"),
        "SELECT * FROM numbers(3)".into(),
        "SELECT count(*) FROM user_5m u WHERE u.user_id IN (SELECT user_id FROM user_daily)".into(),
    ] {
        assert!(!query(&store, &sql).await.unwrap_or_else(|e| panic!("{sql}: {e}")).is_empty(), "{sql}");
    }
}

#[tokio::test]
async fn errors_point_at_the_place_and_limits_end_a_statement() {
    let (_database, store) = opened().await;
    fill(&store).await;
    let error = query(&store, "SELECT *\nFORM user_5m x y").await.unwrap_err();
    assert!(matches!(&error, Error::Statement { at: Some((2, _)), message } if message.len() < 200), "{error:?}");
    let error = query(&store, "SELECT focus_m FROM user_5m").await.unwrap_err();
    assert!(error.to_string().contains("focus_ms"), "{error}");

    let mut rows = store
        .sql(Statement {
            sql: "SELECT * FROM user_5m".into(),
            params: Params::None,
            limits: Limits { rows: 30, ..limits() },
            reader: Reader::default(),
        })
        .await
        .unwrap();
    let (mut given, mut last) = (0, None);
    while let Some(batch) = rows.batches.next().await {
        match batch {
            Ok(batch) => given += batch.num_rows(),
            Err(error) => last = Some(error),
        }
    }
    assert_eq!(given, 30);
    assert!(matches!(&last, Some(Error::Limit(m)) if m.contains("30 rows")), "{last:?}");
    let exactly = run(&store, "SELECT * FROM user_5m", Params::None, Limits { rows: 47, ..limits() }).await.unwrap();
    assert_eq!(exactly.iter().map(RecordBatch::num_rows).sum::<usize>(), 47);

    let forever = "SELECT count() FROM numbers(1000000000000)";
    let started = std::time::Instant::now();
    let error = run(&store, forever, Params::None, Limits { time: Duration::from_millis(300), ..limits() }).await.unwrap_err();
    assert!(matches!(&error, Error::Limit(m) if m.contains("0.3 s")), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(5));
    let much = "SELECT number % 999983 AS k, count() FROM numbers(3000000) GROUP BY k";
    let error = run(&store, much, Params::None, Limits { memory_bytes: 4 << 20, ..limits() }).await.unwrap_err();
    assert!(matches!(&error, Error::Limit(m) if m.contains("4 MiB")), "{error:?}");
}

#[tokio::test]
async fn large_answers_stream_and_may_fail_in_the_middle() {
    let (_database, store) = opened().await;
    let many = Limits { rows: 10_000_000, ..limits() };
    let sql = "SELECT number, toString(number) AS text FROM numbers(2000000)";
    let mut rows =
        store.sql(Statement { sql: sql.into(), params: Params::None, limits: many, reader: Reader::default() }).await.unwrap();
    let (mut batches, mut given) = (0, 0);
    while let Some(batch) = rows.batches.next().await {
        batches += 1;
        given += batch.unwrap().num_rows();
    }
    assert!(batches > 10, "{batches}");
    assert_eq!(given, 2_000_000);

    let sql = "SELECT number, throwIf(number = 1500000, 'in the middle') FROM numbers(2000000)";
    let mut rows =
        store.sql(Statement { sql: sql.into(), params: Params::None, limits: many, reader: Reader::default() }).await.unwrap();
    let (mut given, mut last) = (0, None);
    while let Some(batch) = rows.batches.next().await {
        match batch {
            Ok(batch) => given += batch.num_rows(),
            Err(error) => last = Some(error),
        }
    }
    assert!(given > 0, "the rows before are given");
    assert!(matches!(&last, Some(Error::Statement { message, .. }) if message.contains("in the middle")), "{last:?}");
    // Readers that go away in the middle leave nothing behind that would hold up the next.
    for _ in 0..20 {
        let sql = "SELECT number FROM numbers(100000000)";
        let limits = Limits { rows: 1_000_000_000, ..limits() };
        let mut rows =
            store.sql(Statement { sql: sql.into(), params: Params::None, limits, reader: Reader::default() }).await.unwrap();
        rows.batches.next().await.unwrap().unwrap();
    }
    assert_eq!(query(&store, "SELECT 1").await.unwrap(), "1");
}
