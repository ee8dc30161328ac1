//! What statements show, where they end, and what their errors say.

use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use focusflow_store::testing::{MONDAY_MS, commit_of, directory};
use focusflow_store::{Commit, Error, Limits, Params, Reader, Statement, Store};
use futures::StreamExt;
use schemas::rows::{DIRECTORY, USER_DAILY, UserDaily, UserDailyColumns};

use super::{DAY_MS, an_idle_day, fill, limits, planned, query, query_as, run};

pub async fn tombstones_hide_rows_until_a_higher_version(store: &dyn Store) {
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
            assert_eq!(query(store, sql).await.unwrap(), expected);
            assert_eq!(query(store, "SELECT count(*) FROM focus_blocks").await.unwrap(), expected.lines().count().to_string());
            store.flush().await.unwrap();
        }
    }
    let hidden = query(store, "SELECT deleted FROM focus_blocks").await.unwrap_err();
    assert!(hidden.to_string().contains("deleted"), "{hidden}");
    assert_eq!(query(store, "SELECT * FROM focus_blocks LIMIT 1").await.unwrap().split_whitespace().count(), 10);
}

pub async fn a_row_that_changed_teams_shows_in_its_new_team_alone(store: &dyn Store) {
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
                assert_eq!(query(store, &sql).await.unwrap(), people, "{team} after version {to}");
                let planned =
                    format!("{sql} -- planned").replace("WHERE", "WHERE EXISTS (SELECT 1 FROM information_schema.tables) AND");
                assert_eq!(query(store, &planned).await.unwrap(), people, "{team} after version {to}, planned");
            }
            store.flush().await.unwrap();
        }
    }
}

pub async fn control_tables_are_replaced_as_a_whole_and_never_by_older_ones(store: &dyn Store) {
    let people = "SELECT user_id FROM directory WHERE team_id = 't-1'";
    assert_eq!(query(store, "SELECT count(*) FROM directory").await.unwrap(), "0");
    for (version, user, shown) in [(3, "a", "a"), (7, "b", "b"), (5, "late", "b"), (8, "c", "c"), (3, "later", "c")] {
        store.replace(&DIRECTORY, version, directory(user).unwrap()).await.unwrap();
        assert_eq!(query(store, people).await.unwrap(), shown, "after version {version}");
        let planned = "SELECT d.user_id FROM directory d, (SELECT count(*) FROM information_schema.tables) t";
        assert_eq!(query(store, planned).await.unwrap(), shown, "after version {version}, planned");
    }
    store.replace(&DIRECTORY, 9, directory("x").unwrap().slice(0, 0)).await.unwrap();
    assert_eq!(query(store, "SELECT count(*) FROM directory").await.unwrap(), "0");
}

pub async fn filters_on_people_teams_and_time_find_the_same(store: &dyn Store) {
    fill(store, 40, 5, true).await;
    // Beside what only the planner has a table is read by it.
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
        let beside = "user_5m, (SELECT count(*) FROM information_schema.tables) t";
        let got = query(store, &format!("SELECT count(*), count(load) FROM {beside} WHERE {filter}")).await.unwrap();
        assert_eq!(got, format!("{rows} {rows}"), "{filter}");
    }
    // More people than are named to a server.
    let many: Vec<String> = (0..5_000).map(|i| format!("'u-{i:03}'")).collect();
    let beside = "user_5m, (SELECT count(*) FROM information_schema.tables) t";
    let sql = format!("SELECT count(*) FROM {beside} WHERE user_id IN ({})", many.join(","));
    assert_eq!(query(store, &sql).await.unwrap(), "200");
}

pub async fn tables_are_listed_and_described(store: &dyn Store) {
    let tables = query(store, "SHOW TABLES").await.unwrap();
    for table in ["user_5m", "team_5m", "team_burnout", "directory"] {
        assert!(tables.contains(table), "{table}: {tables}");
    }
    assert!(!tables.contains("journal"));
    assert!(query(store, "DESCRIBE user_5m").await.unwrap().contains("window_start Timestamp(ms, \"UTC\") NO"));
    assert!(query(store, "SHOW COLUMNS FROM team_5m").await.unwrap().contains("suppressed"));
    let mine = query_as(store, "SHOW TABLES", planned()).await.unwrap();
    assert!(mine.contains("user_5m") && !mine.contains("user_daily"), "{mine}");
}

pub async fn a_name_that_is_not_there_is_pointed_at(store: &dyn Store) {
    let at = |e: &Error| match e {
        Error::Statement { at, .. } => *at,
        other => panic!("{other:?}"),
    };
    for reader in [Reader::default(), planned()] {
        let error = query_as(store, "SELECT user_id,\n  focus_m FROM user_5m", reader.clone()).await.unwrap_err();
        assert_eq!(at(&error), Some((2, 3)), "{error}");
        assert!(error.to_string().contains("focus_ms"), "{error}");
        let error = query_as(store, "SELECT *\nFROM user_5n", reader.clone()).await.unwrap_err();
        assert_eq!(at(&error), Some((2, 6)), "{error}");
        assert!(error.to_string().contains("user_5n"), "{error}");
        let error = query_as(store, "SELECT *\nFORM user_5m x y", reader).await.unwrap_err();
        assert!(at(&error).is_some_and(|(line, _)| line == 2), "{error}: {:?}", at(&error));
    }
}

pub async fn limits_on_rows_time_and_memory_end_a_planned_statement(store: &dyn Store) {
    fill(store, 100, 3, false).await;
    let of = |sql: &str, limits: Limits| Statement { sql: sql.into(), params: Params::None, limits, reader: planned() };
    let mut rows = store.sql(of("SELECT * FROM user_5m", Limits { rows: 50, ..limits() })).await.unwrap();
    let (mut given, mut last) = (0, None);
    while let Some(batch) = rows.batches.next().await {
        match batch {
            Ok(batch) => given += batch.num_rows(),
            Err(error) => last = Some(error),
        }
    }
    assert_eq!(given, 50);
    assert!(matches!(&last, Some(Error::Limit(m)) if m.contains("50 rows")), "{last:?}");
    let exactly = run(store, of("SELECT user_id FROM user_5m", Limits { rows: 300, ..limits() })).await.unwrap();
    assert_eq!(exactly.iter().map(RecordBatch::num_rows).sum::<usize>(), 300);

    let forever = "SELECT count(*) FROM generate_series(1, 1000000000) a, generate_series(1, 1000000000) b";
    let started = Instant::now();
    let error = run(store, of(forever, Limits { time: Duration::from_millis(200), ..limits() })).await.unwrap_err();
    assert!(matches!(&error, Error::Limit(m) if m.contains("0.2 s")), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(5));

    let much = "SELECT value % 999983, count(*) FROM generate_series(1, 3000000) GROUP BY 1";
    let error = run(store, of(much, Limits { memory_bytes: 1 << 20, ..limits() })).await.unwrap_err();
    assert!(matches!(&error, Error::Limit(m) if m.contains("1 MiB")), "{error:?}");
}
