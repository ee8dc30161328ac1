//! Two sets of tables, row by row.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::Value;

use crate::oracle::{Row, Tables};

/// Every missing, extra and different row, one line each; empty when there is none. Columns the expected row lacks
/// (`version`) are not looked at.
pub fn differences(expected: &Tables, got: &Tables) -> Vec<String> {
    let mut lines = Vec::new();
    let names: BTreeSet<&str> = expected.keys().chain(got.keys()).copied().collect();
    for table in names {
        let (want, have) = (expected.get(table).cloned().unwrap_or_default(), got.get(table).cloned().unwrap_or_default());
        for (key, row) in &want {
            match have.get(key) {
                None => lines.push(format!("{table} {key}: missing, expected {}", short(row))),
                Some(other) => lines.extend(columns(row, other).map(|difference| format!("{table} {key}: {difference}"))),
            }
        }
        let extra = have.iter().filter(|(key, _)| !want.contains_key(*key));
        lines.extend(extra.map(|(key, row)| format!("{table} {key}: extra, got {}", short(row))));
    }
    lines
}

/// As `differences`, for two runs of the same code: every value to the last bit, all columns but `version`.
pub fn unequal(one: &Tables, other: &Tables) -> Vec<String> {
    if bare(one) == bare(other) {
        return Vec::new();
    }
    let lines = differences(&bare(one), &bare(other));
    if lines.is_empty() { vec!["floats differ below 1e-9".into()] } else { lines }
}

fn bare(tables: &Tables) -> Tables {
    let mut tables = tables.clone();
    for row in tables.values_mut().flat_map(|rows| rows.values_mut()) {
        row.remove("version");
    }
    tables
}

fn columns(want: &Row, have: &Row) -> Option<String> {
    let mut text = String::new();
    for (column, value) in want {
        let other = have.get(column).unwrap_or(&Value::Null);
        if !same(value, other) {
            let _ = write!(text, " {column} expected {value} got {other};");
        }
    }
    (!text.is_empty()).then(|| text.trim().to_string())
}

/// Floats at 1e-9, everything else exactly.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(x), Some(y)) if a.is_f64() || b.is_f64() => (x - y).abs() <= 1e-9 * x.abs().max(1.0),
        _ => a == b,
    }
}

fn short(row: &Row) -> String {
    let shown = row.iter().filter(|(_, value)| !value.is_null() && value.as_f64() != Some(0.0));
    shown.map(|(column, value)| format!("{column}={value}")).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_kind_of_difference_is_seen() {
    let row = |value: f64| serde_json::json!({"load": value, "n": 1}).as_object().unwrap().clone();
    let tables = |rows: &[(&str, f64)]| Tables::from([("t", rows.iter().map(|(k, v)| (k.to_string(), row(*v))).collect())]);
    let expected = tables(&[("a", 1.0), ("b", 2.0)]);
    assert!(differences(&expected, &tables(&[("a", 1.0 + 1e-12), ("b", 2.0)])).is_empty());
    let lines = differences(&expected, &tables(&[("a", 1.0 + 1e-6), ("c", 2.0)]));
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].contains("load expected 1.0") && lines[1].contains("b: missing") && lines[2].contains("c: extra"));
}
