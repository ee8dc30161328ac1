//! What is final stays as it is while nothing comes late.

use super::compare::differences;
use super::pipeline::{keyed_tables, records};
use super::survey::survey;
use crate::oracle::{self, Tables};
use crate::processors::Config;
use crate::processors::testing::Harness;
use crate::random::{Case, Rng};

/// Events come up to ten minutes out of order, which is not late.
const LATENESS: i64 = 600_000;

#[test]
fn what_is_final_is_what_it_will_be() {
    survey("final rows changed, or were not yet right", 60, |case| {
        let mut case = case.clone();
        case.events = super::exactness::without_duplicates(&case);
        // The day of a far late event is not what this is about: keep the small cases small.
        case.events.truncate(120);
        let mut rng = Rng::new(case.seed);
        case.events.sort_by_cached_key(|event| {
            (event["ts"].as_i64().unwrap_or(0) + rng.below(LATENESS as u64) as i64, event.to_string())
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(step_by_step(&case))
    });
}

async fn step_by_step(case: &Case) -> Vec<String> {
    let expected = oracle::compute(&case.document, &case.events);
    let records = records(case);
    let config = Config { rules: std::sync::Arc::new(schemas::category::Rules::none()), ..Config::default() };
    let mut harness = Harness::new(1, config, records.directory, 0).await.unwrap();
    for (i, (record, event)) in records.records.iter().zip(&case.events).enumerate() {
        let now = event["ts"].as_i64().unwrap_or(0);
        harness.set_clock(now);
        harness.append(std::slice::from_ref(record), now).await.unwrap();
        harness.catch_up().await.unwrap();
        let lines = differences(&expected, &with_what_is_open(&expected, keyed_tables(&harness.tables().await.unwrap())));
        if !lines.is_empty() {
            return lines.into_iter().map(|line| format!("{line} (after event {i})")).collect();
        }
    }
    Vec::new()
}

/// Only final rows are judged: for the others, and for rows still to come, the expected ones stand in.
fn with_what_is_open(expected: &Tables, mut found: Tables) -> Tables {
    for (table, rows) in &mut found {
        rows.retain(|_, row| row.get("final").is_some_and(|value| value == true));
        for (key, row) in expected.get(table).into_iter().flatten() {
            rows.entry(key.clone()).or_insert_with(|| row.clone());
        }
    }
    found
}
