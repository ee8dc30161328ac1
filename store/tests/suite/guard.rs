//! No statement ends or freezes the process it is planned in, however little it asks for.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use focusflow_store::{Error, Limits, Params, Reader, Statement, Store};
use futures::StreamExt;

use super::{fill, planned, query_as};

/// Refused, or ended at a limit, and soon.
async fn refused(store: &dyn Store, sql: &str) -> Error {
    let started = Instant::now();
    let short: String = sql.chars().take(80).collect();
    let Err(error) = query_as(store, sql, planned()).await else { panic!("{short}: is allowed") };
    assert!(matches!(error, Error::Statement { .. } | Error::Limit(_) | Error::Forbidden(_)), "{short}: {error:?}");
    assert!(started.elapsed() < Duration::from_secs(10), "{short}: took {:?}", started.elapsed());
    error
}

pub async fn long_statements_are_refused_where_they_get_too_long(store: &dyn Store) {
    let chain = |first: &str, more: &str, times: usize| format!("SELECT {first}{}", more.repeat(times));
    for sql in [
        chain("1", "+1", 2_000),
        chain("1", " + 1", 100_000),
        format!("SELECT 1 FROM user_5m WHERE load > 0{}", " OR load > 0".repeat(4_000)),
        chain("1", "::int", 2_000),
        chain("1", " IS NULL", 2_000),
        chain("1", " UNION ALL SELECT 1", 2_000),
        chain("1", "\nUNION SELECT 1", 2_000),
        chain("'a'", "||'a'", 2_000),
        chain("1", " BETWEEN 0 AND 1", 300),
        format!("SELECT 1 FROM user_5m{}", " CROSS JOIN user_5m".repeat(1_000)),
        format!("SELECT 1 FROM user_5m a{}", ", user_5m b".repeat(1_000)),
        format!("SELECT {}1{}", "coalesce(".repeat(40), ",1)".repeat(40)),
        format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000)),
        format!("SELECT {}1", "- ".repeat(5_000)),
        format!("SELECT {}true", "NOT ".repeat(5_000)),
    ] {
        let error = refused(store, &sql).await;
        assert!(matches!(&error, Error::Statement { .. }), "{error:?}");
    }
    let error = refused(store, &chain("1", "\n+ 1", 600)).await;
    assert!(matches!(&error, Error::Statement { at: Some((502, 1)), message } if message.contains("500 operators")), "{error:?}");
    // Lists lie flat.
    let values = (0..20_000).fold(String::new(), |mut list, n| {
        let _ = write!(list, ",{n}");
        list
    });
    let sql = format!("SELECT count(*) FROM (VALUES (1)) t(x) WHERE x IN (0{values}) AND true{}", " AND x < 5".repeat(150));
    assert_eq!(query_as(store, &sql, planned()).await.unwrap(), "1");
    let rows = vec!["(1)"; 2_000].join(",");
    assert_eq!(query_as(store, &format!("SELECT count(*) FROM (VALUES {rows})"), planned()).await.unwrap(), "2000");
}

pub async fn a_statement_does_not_double_itself(store: &dyn Store) {
    let named = |step: &dyn Fn(usize) -> String| {
        let steps: Vec<String> = (1..40).map(|n| format!("n{n} AS (SELECT {} )", step(n))).collect();
        format!("WITH n0 AS (SELECT 'x' AS s), {} SELECT length(s) FROM n39", steps.join(", "))
    };
    refused(store, &named(&|n| format!("a.s FROM n{0} a, n{0} b", n - 1))).await;
    refused(store, &named(&|n| format!("s || s AS s FROM n{}", n - 1))).await;
    refused(store, &named(&|n| format!("concat(s, s) AS s FROM n{}", n - 1))).await;
    refused(store, &named(&|n| format!("replace(s, 'x', 'xx') AS s FROM n{}", n - 1))).await;
    refused(store, &named(&|n| format!("encode(s, 'hex') AS s FROM n{}", n - 1))).await;
    refused(store, &named(&|n| format!("struct(s, s) AS s FROM n{}", n - 1))).await;
    refused(store, &named(&|n| format!("[s, s] AS s FROM n{}", n - 1))).await;
    refused(store, "WITH RECURSIVE r AS (SELECT 'x' s UNION ALL SELECT s || s FROM r) SELECT max(length(s)) FROM r").await;
}

pub async fn no_function_makes_much_out_of_little(store: &dyn Store) {
    fill(store, 100, 3, false).await;
    for call in [
        "length(repeat(user_id, 10000000))",
        "repeat('x', 300000000)",
        "lpad(user_id, 300000000)",
        "rpad(user_id, 300000000, 'x')",
        "range(0, 100000000)",
        "generate_series(0, 100000000)",
        "array_repeat(1, 1000000000)",
        "array_resize(features, 1000000000)",
        "levenshtein(user_id, user_id)",
        "array_agg(user_id)",
        "string_agg(user_id, ',')",
        "overlay(user_id placing user_id from 1)",
        "{'a': 1}",
        "MAP {'a': 1}",
        "regexp_like(user_id, user_id)",
        "regexp_like(user_id, '((a{1,100}){1,100}){1,100}')",
        "user_id ~ '(\\w{1,50}){1,50}'",
        "user_id SIMILAR TO user_id",
        "replace(user_id, 'u', repeat('x', 1000))",
    ] {
        refused(store, &format!("SELECT {call} FROM user_5m")).await;
    }
    let long = "x".repeat(140_000);
    refused(store, &format!("SELECT '{long}' FROM user_5m")).await;
    let many: Vec<String> = (0..20_000).map(|n| n.to_string()).collect();
    refused(store, &format!("SELECT {} FROM user_5m", many.join(","))).await;
    let text = "x".repeat(8_000);
    refused(store, &format!("SELECT replace('{text}', 'x', '{text}') FROM user_5m")).await;
    refused(store, &format!("SELECT regexp_replace('{text}', '(x)', '{text}', 'g') FROM user_5m")).await;
    refused(store, &format!("SELECT concat(user_id, '{text}', '{text}', '{text}') FROM user_5m")).await;
    let over_all = "SELECT count(*) OVER () FROM user_5m a, user_5m b, user_5m c, user_5m d";
    assert!(matches!(refused(store, over_all).await, Error::Limit(_)));
}

pub async fn what_is_allowed_says_what_it_said(store: &dyn Store) {
    fill(store, 2, 1, false).await;
    for (call, expected) in [
        ("user_id || '-' || team_id", "u-000-t-0"),
        ("user_id || NULL", ""),
        ("concat(user_id, NULL, 1)", "u-0001"),
        ("concat_ws('/', user_id, team_id)", "u-000/t-0"),
        ("replace(user_id, 'u', 'person')", "person-000"),
        ("regexp_replace(user_id, '[0-9]+', '#')", "u-#"),
        ("user_id ~ '^u' AND user_id SIMILAR TO 'u.*'", "true"),
        ("encode(user_id, 'hex')", "752d303030"),
        ("to_char(window_start, '%Y-%m-%d')", "2026-01-05"),
        ("date_trunc('hour', window_start)", "2026-01-05T00:00:00Z"),
        ("extract(hour FROM window_start)", "0"),
        ("substring(user_id, 3) || 1", "0001"),
        ("position('-' IN user_id)", "2"),
        ("coalesce(nullif(user_id, 'u-000'), 'x')", "x"),
        ("CASE WHEN load BETWEEN 0 AND 1 THEN 'calm' ELSE upper(user_id) END", "calm"),
        ("rank() OVER (ORDER BY user_id)", "1"),
    ] {
        let got = query_as(store, &format!("SELECT {call} FROM user_5m ORDER BY user_id LIMIT 1"), planned()).await;
        assert_eq!(got.as_deref().map_err(ToString::to_string), Ok(expected), "{call}");
    }
    assert_eq!(query_as(store, "SELECT count(*) FROM generate_series(1, 1000)", planned()).await.unwrap(), "1000");
}

/// Tells when it is dropped.
struct Slot(std::sync::Arc<tokio::sync::Notify>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

pub async fn a_reader_that_takes_nothing_gives_its_slot_back_in_time(store: &dyn Store) {
    for reader in [Reader::default(), planned()] {
        let free = std::sync::Arc::new(tokio::sync::Notify::new());
        let reader = Reader { slot: Some(std::sync::Arc::new(Slot(free.clone()))), ..reader };
        let limits = Limits { time: Duration::from_millis(500), memory_bytes: 64 << 20, rows: 100_000_000 };
        let sql = "SELECT * FROM generate_series(1, 100000000)".to_owned();
        let started = Instant::now();
        let mut rows = store.sql(Statement { sql, params: Params::None, limits, reader }).await.unwrap();
        assert!(rows.batches.next().await.unwrap().is_ok());
        tokio::time::timeout(Duration::from_secs(10), free.notified()).await.unwrap();
        assert!(started.elapsed() >= Duration::from_millis(400));
        // What was cut does not look like the end.
        let mut last = None;
        while let Some(batch) = rows.batches.next().await {
            last = batch.err();
        }
        assert!(matches!(&last, Some(Error::Limit(m)) if m.contains("0.5 s")), "{last:?}");
    }
}
