//! SQL over the embedded store: what it shows, what it refuses, what it says.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use focusflow_store::embedded::{Config, EmbeddedStore};
use focusflow_store::testing::{MONDAY_MS, commit_of};
use focusflow_store::{Error, Limits, Params, Reader, Statement, Store};
use futures::StreamExt;
use schemas::rows::FOCUS_BLOCKS;

use crate::suite::{DAY_MS, fill, limits, query};

pub fn open() -> (tempfile::TempDir, EmbeddedStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(Config::new(dir.path())).unwrap();
    (dir, store)
}

mod suite {
    crate::on_a_store!(super::opened);
}

async fn opened() -> (tempfile::TempDir, EmbeddedStore) {
    open()
}

async fn run(store: &EmbeddedStore, sql: &str, params: Params, limits: Limits) -> Result<Vec<RecordBatch>, Error> {
    crate::suite::run(store, Statement { sql: sql.to_owned(), params, limits, reader: Reader::default() }).await
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
async fn filters_on_teams_and_time_read_less() {
    let (_dir, store) = open();
    fill(&store, 40, 5, true).await;
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
        assert_eq!(query(&*store, sql).await.unwrap(), "true", "half a commit showed");
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
