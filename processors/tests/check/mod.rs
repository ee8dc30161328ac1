//! What the tests have in common: comparing tables, shrinking a failing case, printing it.

pub mod compare;
pub mod exactness;
mod finality;
pub mod golden;
pub mod models;
pub mod pipeline;
mod shrink;
pub mod simulation;
pub mod survey;

use serde_json::Value;

use crate::random::Case;

/// A case as it can be pasted into a file: the directory (and what it was before), then NDJSON.
pub fn print(case: &Case) -> String {
    let lines: Vec<String> = case.events.iter().map(Value::to_string).collect();
    let earlier = case.earlier.iter().map(|document| format!("was {}\n", serde_json::to_string(document).unwrap()));
    format!("{}{}\n{}", earlier.collect::<String>(), serde_json::to_string(&case.document).unwrap(), lines.join("\n"))
}
