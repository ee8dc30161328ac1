//! The house keeps its shape: who may know whom, and where the heavy libraries live.

// The whole file is a test, its functions as well.
#![allow(clippy::expect_used)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// `crate -> what it may depend on`, as ARCHITECTURE.md draws it.
const EDGES: [(&str, &[&str]); 8] = [
    ("focusflow-schemas", &[]),
    ("focusflow-eventlog", &["focusflow-schemas"]),
    ("focusflow-store", &["focusflow-schemas"]),
    ("focusflow-ingest", &["focusflow-schemas", "focusflow-eventlog"]),
    ("focusflow-processors", &["focusflow-schemas", "focusflow-eventlog", "focusflow-store"]),
    ("focusflow-query", &["focusflow-schemas", "focusflow-eventlog", "focusflow-store"]),
    (
        "focusflow",
        &[
            "focusflow-schemas",
            "focusflow-eventlog",
            "focusflow-store",
            "focusflow-ingest",
            "focusflow-processors",
            "focusflow-query",
        ],
    ),
    (
        "focusflow-benches",
        &[
            "focusflow-schemas",
            "focusflow-eventlog",
            "focusflow-store",
            "focusflow-ingest",
            "focusflow-processors",
            "focusflow-query",
        ],
    ),
];

/// `library -> the only crates that may depend on it`.
const HOMES: [(&str, &[&str]); 8] = [
    ("datafusion", &["focusflow-store"]),
    // `query` writes answers as Parquet; only the store reads or keeps it.
    ("parquet", &["focusflow-store", "focusflow-query"]),
    ("sqlx", &["focusflow-store"]),
    ("rdkafka", &["focusflow-eventlog"]),
    ("clickhouse", &["focusflow-store"]),
    ("clap", &["focusflow"]),
    ("anyhow", &["focusflow"]),
    ("axum", &["focusflow", "focusflow-benches", "focusflow-ingest", "focusflow-query"]),
];

fn packages() -> Vec<(String, BTreeSet<String>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root)
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("packages").iter().map(|package| {
        // Tests may reach further than the product: only normal and build dependencies count.
        let normal = package["dependencies"].as_array().expect("dependencies").iter().filter(|d| d["kind"] != "dev");
        (text(&package["name"]), normal.map(|d| text(&d["name"])).collect())
    });
    packages.collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a name").to_owned()
}

#[test]
fn crates_know_only_what_the_design_allows() {
    let packages = packages();
    let names: BTreeSet<&str> = packages.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, EDGES.iter().map(|(name, _)| *name).collect(), "a crate came or went without the design");
    for (name, dependencies) in &packages {
        let allowed = EDGES.iter().find(|(n, _)| n == name).map(|(_, a)| *a).expect("every crate is listed");
        for dependency in dependencies.iter().filter(|d| names.contains(d.as_str())) {
            assert!(allowed.contains(&dependency.as_str()), "{name} may not depend on {dependency}");
        }
    }
}

#[test]
fn heavy_libraries_stay_in_their_rooms() {
    for (name, dependencies) in packages() {
        for (library, homes) in HOMES {
            assert!(homes.contains(&name.as_str()) || !dependencies.contains(library), "{name} may not depend on {library}");
        }
    }
}
