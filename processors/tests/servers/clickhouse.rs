//! What holds in memory holds on ClickHouse: golden cases, random ones, and the simulation.

use std::sync::Arc;
use std::time::Duration;

use store::clickhouse::ClickHouseStore;

use super::{Database, empty};
use crate::check::compare::differences;
use crate::check::golden::{cases, expected};
use crate::check::models;
use crate::check::pipeline::{Plan, run};
use crate::check::simulation::{Ground, simulate};
use crate::check::survey::{seeds, survey, survey_of};
use crate::oracle;
use crate::processors::testing::Kill;
use crate::random::{self, Case, Rng};

#[test]
fn golden_cases_are_the_same_on_clickhouse() {
    let database = Database::new();
    for golden in cases() {
        let case = Case { seed: 0, document: golden.document, earlier: None, events: golden.events };
        let plans = [
            ("straight, 4 partitions", Plan::straight().partitions(4)),
            ("forgetful and killed at every commit", Plan::straight().batch(4).forgetful().kill(Kill::EveryBatch)),
        ];
        for (name, plan) in plans {
            let lines = differences(&expected(&golden.name), &run(&case, &plan.on_clickhouse(database.config())));
            assert!(lines.is_empty(), "{}, {name}:\n{}", golden.name, lines.join("\n"));
            empty(&database);
        }
    }
}

#[test]
fn rows_do_not_depend_on_the_way_on_clickhouse() {
    let database = Database::new();
    survey("ClickHouse shows", 12, |case| {
        let mut rng = Rng::new(case.seed);
        let batch = (case.events.len() / 6).max(1);
        let mut plan = Plan::straight().partitions(1 + rng.below(3) as u32).batch(batch).directory_changes();
        plan = plan.kill(*rng.pick(&[Kill::Never, Kill::EveryBatch, Kill::EveryBatchFlushedEvery(1)]));
        if rng.chance(50) {
            plan = plan.forgetful();
        }
        if rng.chance(50) {
            plan = plan.settle_each();
        }
        if rng.chance(30) {
            plan = plan.offline();
        }
        let found = run(case, &plan.on_clickhouse(database.config()));
        empty(&database);
        differences(&oracle::compute(&case.document, &case.events), &found)
    });
}

#[test]
fn risks_follow_the_models_on_clickhouse() {
    let database = Database::new();
    survey_of(random::months, "ClickHouse shows some other model's risk", 5, |case| {
        let lines = models::shows(case, |plan| plan.on_clickhouse(database.config()));
        empty(&database);
        lines
    });
}

#[test]
fn faults_crashes_and_restarts_leave_no_trace_on_clickhouse() {
    let database = Database::new();
    for seed in seeds(5) {
        let case = random::case(seed);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let open = async || Arc::new(ClickHouseStore::open(database.config()).await.unwrap());
        // What it has committed is durable.
        let ground = Ground { open, crash: || {}, pace: Duration::from_millis(200) };
        let lines = runtime.block_on(simulate(&case, ground));
        let shown: Vec<&String> = lines.iter().take(20).collect();
        assert!(lines.is_empty(), "seed {seed} (FOCUSFLOW_SEED={seed} runs it alone): {shown:#?}");
        empty(&database);
    }
}
