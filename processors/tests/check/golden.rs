//! Golden cases: `golden/*.ndjson` with their directories and expected rows.

use std::path::PathBuf;

use crate::processors::testing::Kill;
use schemas::directory::Document;
use serde_json::{Value, json};

use super::compare::{differences, same};
use super::pipeline::{Plan, run};
use crate::oracle::{self, Row, Rows, TABLES, Tables};
use crate::random::Case;

pub struct Golden {
    pub name: String,
    pub document: Document,
    pub events: Vec<Value>,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")
}

fn read(file: &str) -> String {
    let path = folder().join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn cases() -> Vec<Golden> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = files.filter_map(|file| file.strip_suffix(".ndjson").map(String::from)).collect();
    names.sort();
    assert!(names.len() >= 9, "golden cases are missing: {names:?}");
    let case = |name: String| Golden {
        document: serde_json::from_str(&read(&format!("{name}.directory.json"))).unwrap(),
        events: read(&format!("{name}.ndjson")).lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        name,
    };
    names.into_iter().map(case).collect()
}

pub fn expected(name: &str) -> Tables {
    let file: serde_json::Map<String, Value> = serde_json::from_str(&read(&format!("{name}.expected.json"))).unwrap();
    let rows = |table: &str| -> Rows { serde_json::from_value(file[table].clone()).unwrap() };
    TABLES.into_iter().map(|table| (table, rows(table))).collect()
}

/// One row per line.
fn written(tables: &Tables) -> String {
    let table = |(name, rows): (&&str, &Rows)| {
        let rows: Vec<String> = rows.iter().map(|(key, row)| format!("  {}: {}", json!(key), json!(row))).collect();
        format!("{}: {{\n{}\n}}", json!(name), rows.join(",\n"))
    };
    format!("{{\n{}\n}}\n", tables.iter().map(table).collect::<Vec<_>>().join(",\n"))
}

#[test]
fn the_oracle_gives_what_is_expected() {
    for case in cases() {
        let tables = oracle::compute(&case.document, &case.events);
        if std::env::var_os("FOCUSFLOW_BLESS").is_some() {
            std::fs::write(folder().join(format!("{}.expected.json", case.name)), written(&tables)).unwrap();
        }
        let lines = differences(&expected(&case.name), &tables);
        assert!(lines.is_empty(), "{}:\n{}", case.name, lines.join("\n"));
    }
}

#[test]
fn the_pipeline_gives_what_is_expected() {
    for golden in cases() {
        let case = Case { seed: 0, document: golden.document, earlier: None, events: golden.events };
        let plans = [
            ("straight", Plan::straight()),
            ("straight, 4 partitions", Plan::straight().partitions(4)),
            ("one by one", Plan::straight().batch(1)),
            ("killed at every commit", Plan::straight().batch(1).kill(Kill::EveryBatch)),
            ("killed at every commit, 4 partitions", Plan::straight().batch(1).partitions(4).kill(Kill::EveryBatch)),
            ("set back at every third commit", Plan::straight().batch(1).kill(Kill::EveryBatchFlushedEvery(3))),
            ("on disk", Plan::straight().on_disk()),
            (
                "on disk, forgetful, set back again and again",
                Plan::straight().batch(7).forgetful().kill(Kill::EveryBatchFlushedEvery(3)).on_disk(),
            ),
        ];
        for (name, plan) in plans {
            let lines = differences(&expected(&golden.name), &run(&case, &plan));
            assert!(lines.is_empty(), "{}, {name}:\n{}", golden.name, lines.join("\n"));
        }
    }
}

/// Each line of the table in the README that was computed by hand.
#[test]
fn the_expected_rows_are_what_was_computed_by_hand() {
    let readme = read("README.md");
    let lines = readme.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| case"));
    let mut wrong = Vec::new();
    let mut checked = 0;
    for line in lines {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let (case, table, key, column, value) = (cells[1], cells[2], cells[3], cells[4], cells[5]);
        let (user, rest) = key.split_once(' ').unwrap();
        let key = format!("{user}|{}", as_ms(rest).map_or(rest.to_string(), |ms| ms.to_string()));
        let row = expected(case)[table].get(&key).cloned();
        if !holds(row.as_ref(), column, value) {
            wrong.push(format!("{line}\n    found {:?}", row.map(|row| row.get(column).cloned())));
        }
        checked += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 80, "only {checked} lines were found");
}

fn as_ms(text: &str) -> Option<i64> {
    text.contains('T').then(|| oracle::events::instant(&json!(text)))
}

fn holds(row: Option<&Row>, column: &str, value: &str) -> bool {
    let Some(row) = row else { return value == "no row" };
    let found = &row[column];
    if let Some(ms) = as_ms(value) {
        return same(found, &json!(ms));
    }
    match (value.parse::<f64>(), found.as_f64()) {
        (Ok(number), Some(found)) => {
            let decimals = value.split_once('.').map_or(0, |(_, digits)| digits.len()) as i32;
            let tolerance = if decimals == 0 { 1e-9 } else { 0.5 * 10f64.powi(-decimals) };
            (number - found).abs() <= tolerance
        }
        _ => *found == serde_json::from_str::<Value>(value).unwrap_or_else(|_| json!(value)),
    }
}
