//! SQL over the embedded store: what it shows, what it refuses, what it says.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use arrow::util::pretty::pretty_format_batches;
use focusflow_store::embedded::{Config, EmbeddedStore};
use focusflow_store::testing::{MONDAY_MS, commit_of, directory};
use focusflow_store::{Commit, Error, Limits, Params, Reader, Statement, Store};
use futures::StreamExt;
use schemas::rows::{DIRECTORY, FOCUS_BLOCKS, USER_5M, USER_DAILY, User5m, User5mColumns, UserDaily, UserDailyColumns};

use crate::views::an_idle_day;

pub const DAY_MS: i64 = 86_400_000;

fn limits() -> Limits {
    Limits { time: Duration::from_secs(20), memory_bytes: 256 << 20, rows: 100_000 }
}

async fn run(store: &EmbeddedStore, sql: &str, params: Params, limits: Limits) -> Result<Vec<RecordBatch>, Error> {
    run_as(store, Statement { sql: sql.to_owned(), params, limits, reader: Reader::default() }).await
}

async fn run_as(store: &EmbeddedStore, statement: Statement) -> Result<Vec<RecordBatch>, Error> {
    let mut rows = store.sql(statement).await?;
    let mut batches = Vec::new();
    while let Some(batch) = rows.batches.next().await {
        let batch = batch?;
        assert_eq!(batch.schema().fields(), rows.schema.fields());
        batches.push(batch);
    }
    Ok(batches)
}

pub async fn query(store: &EmbeddedStore, sql: &str) -> Result<String, Error> {
    query_as(store, sql, Reader::default()).await
}

pub async fn query_as(store: &EmbeddedStore, sql: &str, reader: Reader) -> Result<String, Error> {
    let batches = run_as(store, Statement { sql: sql.to_owned(), params: Params::None, limits: limits(), reader }).await?;
    let table = pretty_format_batches(&batches).unwrap().to_string();
    let rows = table.lines().filter(|l| l.starts_with('|')).skip(1);
    Ok(rows
        .map(|l| l.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>().join(" ").trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n"))
}

pub fn open() -> (tempfile::TempDir, EmbeddedStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(Config::new(dir.path())).unwrap();
    (dir, store)
}

pub fn a_window<'a>(user_id: &'a str, team_id: &'a str, window_start: i64, focus_ms: i64) -> User5m<'a> {
    User5m {
        user_id,
        window_start,
        team_id: Some(team_id),
        active_ms: 300_000,
        focus_ms,
        comm_ms: 0,
        meeting_ms: 0,
        switches: 0,
        messages_received: 0,
        interruptions: 0,
        self_interruptions: 0,
        load: 0.5,
        interruption_score: 1.0,
        definition: 1,
        final_: true,
        version: 1,
        deleted: false,
    }
}

/// `people` people in teams of seven, each with one window a day for `days` days, whose focus is their number in minutes.
pub async fn fill(store: &EmbeddedStore, people: usize, days: i64, flush_between: bool) {
    let epoch = store.acquire(0).await.unwrap().epoch;
    for day in 0..days {
        let mut columns = User5mColumns::default();
        for person in 0..people {
            let (user, team) = (format!("u-{person:03}"), format!("t-{}", person / 7));
            columns.push(&a_window(&user, &team, MONDAY_MS + day * DAY_MS, person as i64 * 60_000));
        }
        let rows = vec![(&USER_5M, columns.finish().unwrap())];
        let (from, to) = (day as u64, day as u64 + 1);
        store.commit(Commit { partition: 0, epoch, from, to, state: Vec::new(), rows }).await.unwrap();
        if flush_between {
            store.flush().await.unwrap();
        }
    }
}

#[tokio::test]
async fn hot_rows_and_files_read_as_one_table() {
    let (_dir, store) = open();
    let epoch = store.acquire(0).await.unwrap().epoch;
    let sql = "SELECT user_id, version, focus_ms FROM focus_blocks ORDER BY user_id, start_ts";
    let commits: [&[_]; 3] = [
        &[("a", MONDAY_MS, 1, 1, false), ("b", MONDAY_MS, 1, 1, false), ("c", MONDAY_MS + DAY_MS, 1, 1, false)],
        &[("a", MONDAY_MS, 2, 2, false), ("b", MONDAY_MS, 2, 0, true)],
        &[("b", MONDAY_MS, 3, 3, false), ("c", MONDAY_MS + DAY_MS, 3, 0, true)],
    ];
    let expected = ["a 1 1\nb 1 1\nc 1 1", "a 2 2\nc 1 1", "a 2 2\nb 3 3"];
    for (i, (rows, expected)) in commits.iter().zip(expected).enumerate() {
        store.commit(commit_of(0, epoch, i as u64, i as u64 + 1, rows).unwrap()).await.unwrap();
        for _ in 0..2 {
            assert_eq!(query(&store, sql).await.unwrap(), expected);
            assert_eq!(query(&store, "SELECT count(*) FROM focus_blocks").await.unwrap(), expected.lines().count().to_string());
            store.flush().await.unwrap();
        }
    }
    store.compact().await.unwrap();
    assert_eq!(query(&store, sql).await.unwrap(), expected[2]);
    let hidden = query(&store, "SELECT deleted FROM focus_blocks").await.unwrap_err();
    assert!(hidden.to_string().contains("deleted"), "{hidden}");
    assert_eq!(query(&store, "SELECT * FROM focus_blocks LIMIT 1").await.unwrap().split_whitespace().count(), 10);
    assert!(FOCUS_BLOCKS.has_tombstones());
}

#[tokio::test]
async fn filters_on_people_teams_and_time_read_less_and_find_the_same() {
    let (_dir, store) = open();
    fill(&store, 40, 5, true).await;
    let cases = [
        ("user_id = 'u-003'", 5),
        ("user_id IN ('u-003', 'u-039', 'nobody')", 10),
        ("user_id = 'u-003' AND user_id = 'u-004'", 0),
        ("team_id = 't-0'", 35),
        ("team_id IN ('t-0', 't-5') AND user_id IN ('u-001', 'u-036', 'u-020')", 10),
        ("team_id <> 't-0'", 165),
        ("team_id IS NULL", 0),
        ("window_start >= '2026-01-06T00:00:00Z' AND window_start < '2026-01-08'", 80),
        ("window_start = to_timestamp('2026-01-09T00:00:00Z')", 40),
        ("CAST(window_start AS DATE) = DATE '2026-01-07' AND team_id = 't-1'", 7),
        ("window_start > '2027-01-01'", 0),
        ("user_id LIKE 'u-00%'", 50),
        ("NOT (user_id = 'u-001')", 195),
        ("user_id = 'u-001' OR team_id = 't-1'", 40),
    ];
    for (filter, rows) in cases {
        let got = query(&store, &format!("SELECT count(*) FROM user_5m WHERE {filter}")).await.unwrap();
        assert_eq!(got, rows.to_string(), "{filter}");
    }
    let plan =
        query(&store, "EXPLAIN SELECT load FROM user_5m WHERE team_id = 't-0' AND window_start < '2026-01-07'").await.unwrap();
    assert!(
        plan.contains("days=2") && plan.contains("teams=1") && plan.contains("columns=[window_start, team_id, load]"),
        "{plan}"
    );
}

#[tokio::test]
async fn parameters_are_by_place_or_by_name() {
    let (_dir, store) = open();
    fill(&store, 10, 2, false).await;
    let by_place = Params::Positional(vec!["u-003".into(), "2026-01-06".into()]);
    let rows =
        run(&store, "SELECT focus_ms FROM user_5m WHERE user_id = $1 AND window_start >= $2", by_place, limits()).await.unwrap();
    assert_eq!(rows[0].column(0).as_primitive::<Int64Type>().values(), &[180_000]);
    let by_name = Params::Named(vec![("who".into(), "u-003".into()), ("more".into(), serde_json::json!(1.5))]);
    let rows = run(&store, "SELECT focus_ms * $more FROM user_5m WHERE user_id = $who", by_name, limits()).await.unwrap();
    assert_eq!(rows[0].column(0).as_primitive::<Float64Type>().value(0), 270_000.0);
    let missing = run(&store, "SELECT $1", Params::Positional(Vec::new()), limits()).await.unwrap_err();
    assert!(matches!(missing, Error::Statement { .. }), "{missing:?}");
}

#[tokio::test]
async fn one_statement_sees_one_moment() {
    let (_dir, store) = open();
    let store = Arc::new(store);
    let epoch = store.acquire(0).await.unwrap().epoch;
    let writer = tokio::spawn({
        let store = store.clone();
        async move {
            for i in 0..200u64 {
                let rows = [("a", MONDAY_MS + i as i64, i + 1, 1, false), ("b", MONDAY_MS + DAY_MS + i as i64, i + 1, 1, false)];
                store.commit(commit_of(0, epoch, i, i + 1, &rows).unwrap()).await.unwrap();
                if i % 50 == 0 {
                    store.flush().await.unwrap();
                }
            }
        }
    });
    let sql = "SELECT (SELECT count(*) FROM focus_blocks WHERE user_id = 'a') = (SELECT count(*) FROM focus_blocks WHERE user_id = 'b')";
    while !writer.is_finished() {
        assert_eq!(query(&store, sql).await.unwrap(), "true", "half a commit showed");
    }
    writer.await.unwrap();
}

#[tokio::test]
async fn only_reading_is_allowed() {
    let (dir, store) = open();
    let refused = [
        "DROP TABLE user_5m",
        "CREATE TABLE x AS SELECT 1",
        "CREATE VIEW x AS SELECT 1",
        "INSERT INTO user_5m SELECT * FROM user_5m",
        "DELETE FROM user_5m",
        "UPDATE user_5m SET load = 1",
        "COPY user_5m TO '/tmp/x.parquet'",
        "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
        "SET datafusion.execution.batch_size = 1",
        "EXPLAIN ANALYZE INSERT INTO user_5m SELECT * FROM user_5m",
        "EXPLAIN COPY user_5m TO '/tmp/x.parquet'",
        "BEGIN",
        "PREPARE p AS SELECT 1",
        "SHOW ALL",
        "TRUNCATE user_5m",
    ];
    for sql in refused {
        let error = query(&store, sql).await.unwrap_err();
        assert!(matches!(error, Error::Forbidden(_)), "{sql}: {error:?}");
    }
    let wrong = [
        "SELECT 1; SELECT 2",
        "",
        "   ",
        "-- nothing",
        "SELECT * INTO x FROM user_5m",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM parquet_metadata('x')",
    ];
    for sql in wrong {
        let error = query(&store, sql).await.unwrap_err();
        assert!(matches!(error, Error::Statement { .. } | Error::Forbidden(_)), "{sql}: {error:?}");
    }
    let file = dir.path().join("lock");
    let error = query(&store, &format!("SELECT * FROM '{}'", file.display())).await.unwrap_err();
    assert!(matches!(error, Error::Statement { .. }), "{error:?}");
    for sql in [
        "SHOW TABLES",
        "DESCRIBE user_5m",
        "SHOW COLUMNS FROM team_5m",
        "VALUES (1)",
        "WITH x AS (SELECT 1) SELECT * FROM x",
        "EXPLAIN SELECT 1",
        "SELECT 1;",
    ] {
        assert!(!query(&store, sql).await.unwrap().is_empty(), "{sql}");
    }
}

#[tokio::test]
async fn errors_point_at_the_place_and_say_what_was_meant() {
    let (_dir, store) = open();
    let at = |e: &Error| match e {
        Error::Statement { at, .. } => *at,
        other => panic!("{other:?}"),
    };
    let error = query(&store, "SELECT user_id,\n  focus_m FROM user_5m").await.unwrap_err();
    assert_eq!(at(&error), Some((2, 3)), "{error}");
    assert!(error.to_string().contains("Did you mean 'focus_ms'?"), "{error}");
    let error = query(&store, "SELECT *\nFROM user_5n").await.unwrap_err();
    assert_eq!(at(&error), Some((2, 6)), "{error}");
    assert!(error.to_string().contains("user_5n") && error.to_string().contains("user_5m"), "{error}");
    let error = query(&store, "SELECT *\nFORM user_5m").await.unwrap_err();
    assert!(at(&error).is_some_and(|(line, _)| line == 2), "{error}: {:?}", at(&error));
    let error = query(&store, "SELECT nope(1)").await.unwrap_err();
    assert!(error.to_string().contains("nope"), "{error}");
    let error = query(&store, "SELECT sum(user_id) FROM user_5m").await.unwrap_err();
    assert!(matches!(error, Error::Statement { .. }), "{error:?}");
    let error = query(&store, "SELECT 1 / 0").await.unwrap_err();
    assert!(matches!(error, Error::Statement { .. }), "{error:?}");
}

#[tokio::test]
async fn limits_on_rows_time_and_memory_end_a_statement() {
    let (_dir, store) = open();
    fill(&store, 100, 3, false).await;
    let few = Limits { rows: 50, ..limits() };
    let mut rows = store
        .sql(Statement { sql: "SELECT * FROM user_5m".into(), params: Params::None, limits: few, reader: Reader::default() })
        .await
        .unwrap();
    let (mut given, mut last) = (0, None);
    while let Some(batch) = rows.batches.next().await {
        match batch {
            Ok(batch) => given += batch.num_rows(),
            Err(error) => last = Some(error),
        }
    }
    assert_eq!(given, 50);
    assert!(matches!(&last, Some(Error::Limit(m)) if m.contains("50 rows")), "{last:?}");
    let exactly = Limits { rows: 300, ..limits() };
    assert_eq!(
        run(&store, "SELECT user_id FROM user_5m", Params::None, exactly)
            .await
            .unwrap()
            .iter()
            .map(RecordBatch::num_rows)
            .sum::<usize>(),
        300
    );

    let forever = "SELECT count(*) FROM generate_series(1, 1000000000) a, generate_series(1, 1000000000) b";
    let short = Limits { time: Duration::from_millis(200), ..limits() };
    let started = std::time::Instant::now();
    let error = run(&store, forever, Params::None, short).await.unwrap_err();
    assert!(matches!(&error, Error::Limit(m) if m.contains("0.2 s")), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(5));

    let small = Limits { memory_bytes: 1 << 20, ..limits() };
    let error = run(&store, "SELECT value % 999983, count(*) FROM generate_series(1, 3000000) GROUP BY 1", Params::None, small)
        .await
        .unwrap_err();
    assert!(matches!(&error, Error::Limit(m) if m.contains("1 MiB")), "{error:?}");
}

#[tokio::test]
async fn control_tables_are_replaced_as_a_whole() {
    let (_dir, store) = open();
    assert_eq!(query(&store, "SELECT count(*) FROM directory").await.unwrap(), "0");
    for user in ["a", "b"] {
        store.replace(&DIRECTORY, directory(user).unwrap()).await.unwrap();
        assert_eq!(query(&store, "SELECT user_id FROM directory WHERE team_id = 't-1'").await.unwrap(), user);
    }
}

#[tokio::test]
async fn a_row_that_changed_teams_shows_in_its_new_team_alone() {
    let (_dir, store) = open();
    let epoch = store.acquire(0).await.unwrap().epoch;
    for (i, team_id) in [Some("t-1"), Some("t-2"), None, Some("t-1")].into_iter().enumerate() {
        let mut columns = UserDailyColumns::default();
        for user_id in ["a", "b"] {
            let team_id = if user_id == "b" { Some("t-1") } else { team_id };
            columns.push(&UserDaily { team_id, version: i as u64 + 1, ..an_idle_day(user_id, "", (MONDAY_MS / DAY_MS) as i32) });
        }
        let (from, to) = (i as u64, i as u64 + 1);
        let rows = vec![(&USER_DAILY, columns.finish().unwrap())];
        store.commit(Commit { partition: 0, epoch, from, to, state: Vec::new(), rows }).await.unwrap();
        for _ in 0..2 {
            for (team, people) in [
                ("t-1", if team_id == Some("t-1") { "a\nb" } else { "b" }),
                ("t-2", if team_id == Some("t-2") { "a" } else { "" }),
            ] {
                let sql = format!("SELECT user_id FROM user_daily WHERE team_id = '{team}' ORDER BY 1");
                assert_eq!(query(&store, &sql).await.unwrap(), people, "{team} after version {to}");
            }
            store.flush().await.unwrap();
        }
    }
    store.compact().await.unwrap();
    assert_eq!(query(&store, "SELECT user_id FROM user_daily WHERE team_id = 't-1' ORDER BY 1").await.unwrap(), "a\nb");
}
