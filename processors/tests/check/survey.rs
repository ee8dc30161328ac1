//! Many seeds through one check; what fails is sorted by kind, shrunk and printed.

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{print, shrink};
use crate::random::{self, Case};

/// `0..count`; `FOCUSFLOW_SEEDS=n` runs n of them instead, `FOCUSFLOW_SEED=s` that one alone.
pub fn seeds(count: u64) -> Range<u64> {
    let number = |variable: &str| std::env::var(variable).ok().and_then(|text| text.parse::<u64>().ok());
    match number("FOCUSFLOW_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("FOCUSFLOW_SEEDS").unwrap_or(count),
    }
}

/// Runs the check, which gives what is wrong, over the seeds.
pub fn survey(name: &str, count: u64, check: impl Fn(&Case) -> Vec<String>) {
    survey_of(random::case, name, count, check);
}

/// The same for cases of another kind.
pub fn survey_of(case: fn(u64) -> Case, name: &str, count: u64, check: impl Fn(&Case) -> Vec<String>) {
    let seeds = seeds(count);
    // A panic of the pipeline is a difference like any other.
    let check = |case: &Case| -> Vec<String> {
        catch_unwind(AssertUnwindSafe(|| check(case))).unwrap_or_else(|cause| vec![format!("panic: {}", said(&cause))])
    };
    let mut kinds: BTreeMap<String, Vec<(usize, u64)>> = BTreeMap::new();
    let all = seeds.end - seeds.start;
    for seed in seeds {
        let case = case(seed);
        if let Some(line) = check(&case).first() {
            kinds.entry(kind(line)).or_default().push((case.events.len(), seed));
        }
    }
    if kinds.is_empty() {
        return;
    }
    let mut report = String::new();
    for (kind, failures) in &kinds {
        report += &format!("{:5} of {all} seeds: {kind}\n", failures.len());
    }
    for (kind, mut failures) in kinds.into_iter().take(4) {
        failures.sort();
        let (_, seed) = failures[0];
        // Shrunk only while it stays the same kind of difference.
        let small = shrink::shrink(&case(seed), &|case| check(case).first().is_some_and(|line| self::kind(line) == kind));
        let lines = check(&small);
        report += &format!("\nseed {seed}, {kind}\n{}\n{}\n", print(&small), lines.join("\n"));
    }
    panic!("{name}\n{report}");
}

/// Table and columns of a difference, without keys and values.
fn kind(line: &str) -> String {
    let words: Vec<&str> = line.split([' ', ';', ':']).collect();
    let table = words.first().copied().unwrap_or_default();
    let columns = words.windows(2).filter(|pair| pair[1] == "expected" && pair[0] != "missing,").map(|pair| pair[0]);
    match ["missing", "extra"].iter().find(|word| line.contains(*word)) {
        _ if table == "panic" => line.chars().take(100).collect(),
        Some(word) => format!("{table} {word}"),
        None => format!("{table} {}", columns.take(1).collect::<Vec<_>>().join(" ")),
    }
}

fn said(cause: &Box<dyn std::any::Any + Send>) -> String {
    let text = cause.downcast_ref::<String>().cloned();
    text.or_else(|| cause.downcast_ref::<&str>().map(|text| text.to_string())).unwrap_or_default()
}
