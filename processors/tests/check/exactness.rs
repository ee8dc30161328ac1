//! The pipeline against the oracle, and against itself: whatever the order of arrival, the batches, the repetitions, the
//! partitions and the restarts, the same set of events gives the same rows.

use std::collections::{BTreeMap, BTreeSet};

use crate::processors::testing::Kill;
use serde_json::Value;

use super::compare::{differences, unequal};
use super::pipeline::{Plan, run};
use super::survey::{survey, survey_of};
use crate::oracle;
use crate::random::{self, Case, Rng};

#[test]
fn every_row_equals_the_oracle() {
    survey("the pipeline and the oracle differ", 400, |case| {
        differences(&oracle::compute(&case.document, &case.events), &run(case, &Plan::straight()))
    });
}

#[test]
fn rows_do_not_depend_on_the_order_of_arrival() {
    survey("the order of arrival shows", 100, |case| {
        let case = Case { events: without_duplicates(case), ..case.clone() };
        let reference = run(&case, &Plan::straight());
        let mut rng = Rng::new(case.events.len() as u64);
        let mut sorted = case.clone();
        sorted.events.sort_by_key(|event| event["ts"].as_i64());
        let mut shuffled = case.clone();
        rng.shuffle(&mut shuffled.events);
        let plan = Plan::straight().batch(5);
        [sorted, shuffled].iter().flat_map(|other| unequal(&reference, &run(other, &plan))).collect()
    });
}

#[test]
fn rows_do_not_depend_on_how_events_are_split_into_commits() {
    survey("the batches show", 100, |case| {
        let reference = run(case, &Plan::straight());
        let batches = if case.events.len() < 60 { vec![1, 3, 17] } else { vec![7, 64] };
        let plans = batches.into_iter().map(|batch| Plan::straight().batch(batch));
        plans.flat_map(|plan| unequal(&reference, &run(case, &plan))).collect()
    });
}

#[test]
fn repeated_events_change_nothing() {
    survey("repetitions show", 100, |case| {
        let reference = run(case, &Plan::straight());
        let mut rng = Rng::new(case.events.len() as u64);
        let mut repeated = case.clone();
        for event in &case.events {
            // After the one that stands, anywhere.
            let first = repeated.events.iter().position(|other| other == event).unwrap_or(0);
            let at = first + 1 + rng.below((repeated.events.len() - first) as u64) as usize;
            repeated.events.insert(at, event.clone());
        }
        unequal(&reference, &run(&repeated, &Plan::straight().batch(11)))
    });
}

#[test]
fn rows_do_not_depend_on_the_number_of_partitions() {
    survey("the partitions show", 100, |case| {
        let reference = run(case, &Plan::straight());
        unequal(&reference, &run(case, &Plan::straight().partitions(4).batch(9)))
    });
}

#[test]
fn rows_do_not_depend_on_restarts() {
    survey("restarts show", 100, |case| {
        let reference = run(case, &Plan::straight());
        let small = case.events.len() < 60;
        let plans = [
            Plan::straight().batch(if small { 2 } else { 25 }).kill(Kill::EveryBatch),
            // Commits that were not yet flushed are lost and made again.
            Plan::straight().batch(if small { 3 } else { 30 }).kill(Kill::EveryBatchFlushedEvery(3)),
        ];
        plans.iter().flat_map(|plan| unequal(&reference, &run(case, plan))).collect()
    });
}

#[test]
fn rows_do_not_depend_on_what_is_still_in_memory() {
    survey("forgetting shows", 100, |case| {
        let reference = run(case, &Plan::straight());
        unequal(&reference, &run(case, &Plan::straight().batch(13).forgetful()))
    });
}

/// Rows that were final come open again when something late arrives, and are final in the end.
#[test]
fn rows_do_not_depend_on_when_they_were_final_first() {
    survey("finality shows", 100, |case| {
        let reference = run(case, &Plan::straight());
        unequal(&reference, &run(case, &Plan::straight().batch(9).settle_each()))
    });
}

/// Nor on which owner's clock is right, as long as time passes.
#[test]
fn rows_do_not_depend_on_the_clocks_of_owners() {
    survey("the clocks show", 60, |case| {
        let batch = (case.events.len() / 10).max(1);
        let expected = oracle::compute(&case.document, &case.events);
        differences(&expected, &run(case, &Plan::straight().batch(batch).skewed().settle_each()))
    });
}

#[test]
fn rows_do_not_depend_on_the_store() {
    survey("the store on disk shows", 40, |case| {
        let batch = (case.events.len() / 8).max(1);
        let plan = Plan::straight().batch(batch).kill(Kill::EveryBatchFlushedEvery(2)).forgetful().settle_each();
        let expected = oracle::compute(&case.document, &case.events);
        differences(&expected, &run(case, &plan.directory_changes().on_disk()))
    });
}

#[test]
fn a_changed_directory_is_as_if_it_had_always_been_so() {
    survey("the earlier directory shows", 100, |case| {
        let expected = oracle::compute(&case.document, &case.events);
        let plan = Plan::straight().batch(20);
        let plans = [plan.clone(), plan.clone().forgetful().settle_each(), plan.offline()];
        plans.iter().flat_map(|plan| differences(&expected, &run(case, &plan.clone().directory_changes()))).collect()
    });
}

/// All of it at once.
#[test]
fn rows_do_not_depend_on_the_way() {
    survey("some way through shows", 400, |case| {
        let mut rng = Rng::new(case.seed);
        let batch = *rng.pick(if case.events.len() < 40 { &[1, 2, 3, 10] } else { &[4, 20, 50, 200] });
        let mut plan = Plan::straight().partitions(1 + rng.below(4) as u32).batch(batch);
        plan = plan.kill(*rng.pick(&[
            Kill::Never,
            Kill::EveryBatch,
            Kill::EveryBatchFlushedEvery(2),
            Kill::EveryBatchFlushedEvery(5),
        ]));
        if rng.chance(50) {
            plan = plan.forgetful();
        }
        if rng.chance(50) {
            plan = plan.settle_each();
        }
        plan = plan.directory_changes();
        if rng.chance(30) {
            plan = plan.offline();
        }
        let mut lines = differences(&oracle::compute(&case.document, &case.events), &run(case, &plan));
        if !lines.is_empty() {
            lines.push(format!("by {plan:?}"));
        }
        lines
    });
}

/// What hangs on four weeks: late events, restarts and corrections reach far.
#[test]
fn risks_do_not_depend_on_the_way() {
    survey_of(random::months, "some way to a risk shows", 60, |case| {
        let mut rng = Rng::new(case.seed);
        let mut plan = Plan::straight().partitions(1 + rng.below(2) as u32).batch(*rng.pick(&[5, 20, 60, 1_000]));
        plan = plan.kill(*rng.pick(&[Kill::Never, Kill::EveryBatch, Kill::EveryBatchFlushedEvery(3)]));
        if rng.chance(50) {
            plan = plan.forgetful();
        }
        if rng.chance(50) {
            plan = plan.settle_each();
        }
        plan = plan.directory_changes();
        if rng.chance(30) {
            plan = plan.offline();
        }
        let expected = oracle::compute(&case.document, &case.events);
        let mut lines = differences(&expected, &run(case, &plan));
        if !lines.is_empty() {
            lines.push(format!("by {plan:?}"));
        }
        lines
    });
}

/// The cases above are of use: most have risks with and without a number, at every level.
#[test]
fn random_months_have_risks_of_every_kind() {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..20 {
        let case = random::months(seed);
        for row in oracle::compute(&case.document, &case.events)["burnout_risk"].values() {
            *kinds.entry(row["level"].to_string()).or_default() += 1;
            let named = row.iter().filter(|(name, value)| name.ends_with('+') && value.as_f64() > Some(0.0));
            named.for_each(|(name, _)| *kinds.entry(name.clone()).or_default() += 1);
        }
    }
    assert_eq!(kinds.len(), 4 + 11, "{kinds:?}");
    assert!(kinds.values().all(|count| *count > 5), "{kinds:?}");
}

/// Each event once: the first under its user and id.
pub fn without_duplicates(case: &Case) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let name = |event: &Value| (event["user"].to_string(), event["id"].to_string());
    case.events.iter().filter(|event| seen.insert(name(event))).cloned().collect()
}
