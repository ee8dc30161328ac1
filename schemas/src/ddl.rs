//! What a table looks like outside: its ClickHouse DDL and its page of documentation, both from the one definition.

use std::fmt::Write;

use crate::rows::{DIRECTORY, EVENT_TABLES, TABLES};
use crate::table::{Column, ColumnType, DELETED, Table};

/// Text columns with few distinct values over a whole installation: stored as dictionary codes.
const FEW_VALUES: &[&str] = &[
    "team_id",
    "app",
    "category",
    "source",
    "channel",
    "kind",
    "direction",
    "phase",
    "in_focus_by",
    "level",
    "status",
    "model",
    "rule",
    "scope",
    "state",
    "team_name",
    "parent_team_id",
    "time_zone",
    "work_start",
    "work_end",
    "work_days",
];

/// `CREATE TABLE IF NOT EXISTS` of one table. Of several rows with one key ClickHouse keeps the highest version when parts
/// merge; readers say FINAL, or read the views that do.
pub fn clickhouse(table: &Table) -> String {
    let columns: Vec<String> = table.columns.iter().map(|c| format!("    {}", clickhouse_column(c))).collect();
    let engine = if table.has_tombstones() { "version, deleted" } else { "version" };
    let mut ddl = format!("CREATE TABLE IF NOT EXISTS {}\n(\n{}\n)\n", quote(table.name), columns.join(",\n"));
    let key: Vec<String> = table.key.iter().map(|k| quote(k)).collect();
    ddl += &format!("ENGINE = ReplacingMergeTree({engine})\n");
    if let Some(partition) = partition(table) {
        ddl += &format!("PARTITION BY {partition}({})\n", quote(table.time));
    }
    ddl += &format!("ORDER BY ({})\n", key.join(", "));
    ddl + &format!("COMMENT {};\n", text(table.doc))
}

/// Every table of the contract.
pub fn clickhouse_all() -> String {
    TABLES.iter().map(|t| clickhouse(t)).collect::<Vec<_>>().join("\n")
}

/// Events are many and expire by the day; what is derived from them is kept long, and a thousand partitions are too many.
/// The directory is small. All versions of a row fall into one partition, as its time never changes under its key.
fn partition(table: &Table) -> Option<&'static str> {
    if table.name == DIRECTORY.name {
        None
    } else if EVENT_TABLES.iter().any(|t| t.name == table.name) {
        Some("toYYYYMMDD")
    } else {
        Some("toYYYYMM")
    }
}

fn clickhouse_column(column: &Column) -> String {
    let comment = if column.doc.is_empty() { String::new() } else { format!(" COMMENT {}", text(column.doc)) };
    format!("{} {}{comment}", quote(column.name), clickhouse_type(column))
}

fn clickhouse_type(column: &Column) -> String {
    let plain = match column.ty {
        ColumnType::Text => "String",
        ColumnType::Time => "DateTime64(3, 'UTC')",
        ColumnType::Int => "Int64",
        ColumnType::Score => "Float64",
        ColumnType::Day => "Date32",
        // The engine takes a UInt8 alone as its mark of deletion.
        ColumnType::Flag if column.name == DELETED => "UInt8",
        ColumnType::Flag => "Bool",
        ColumnType::Version => "UInt64",
        ColumnType::Factors => "Array(Tuple(name String, value Float64, contribution Float64))",
    };
    let plain = if column.nullable { format!("Nullable({plain})") } else { plain.to_owned() };
    let few = column.ty == ColumnType::Text && FEW_VALUES.contains(&column.name);
    if few { format!("LowCardinality({plain})") } else { plain }
}

fn quote(name: &str) -> String {
    format!("`{name}`")
}

fn text(doc: &str) -> String {
    format!("'{}'", doc.trim().replace('\\', "\\\\").replace('\'', "\\'"))
}

/// All tables as Markdown, as readers see them: without the tombstone column.
pub fn markdown() -> String {
    let mut out = String::from(
        "# Tables\n\nWritten from the definitions in `schemas/src/rows.rs`; a test fails when this file is stale \
         (`UPDATE=1` rewrites it).\nTimes are UTC milliseconds, `*_ms` columns are milliseconds. SQL reads the latest version of each row.\n",
    );
    for table in TABLES {
        let _ = writeln!(out, "\n## {}\n\n{}\n", table.name, table.doc.trim());
        let _ = writeln!(out, "Key: {}. Stored and expired by the UTC day of `{}`.\n", code_list(table.key), table.time);
        out += "| column | type | null | meaning |\n|---|---|---|---|\n";
        for column in table.columns.iter().filter(|c| c.name != DELETED) {
            let null = if column.nullable { "yes" } else { "" };
            let _ = writeln!(
                out,
                "| `{}` | {} | {null} | {} |",
                column.name,
                type_word(column.ty),
                column.doc.trim().replace('|', "\\|")
            );
        }
    }
    out
}

fn code_list(names: &[&str]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}

fn type_word(ty: ColumnType) -> &'static str {
    match ty {
        ColumnType::Text => "text",
        ColumnType::Time => "timestamp (ms, UTC)",
        ColumnType::Int => "int64",
        ColumnType::Score => "float64",
        ColumnType::Day => "date",
        ColumnType::Flag => "bool",
        ColumnType::Version => "uint64",
        ColumnType::Factors => "list of (name, value, contribution)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::{ACTIVITY_EVENTS, BURNOUT_RISK, INTERRUPTIONS};

    #[test]
    fn a_table_with_tombstones_gives_them_to_the_engine() {
        let ddl = clickhouse(&INTERRUPTIONS);
        for line in [
            "CREATE TABLE IF NOT EXISTS `interruptions`",
            "    `ts` DateTime64(3, 'UTC'),",
            "    `team_id` LowCardinality(Nullable(String)),",
            "    `user_id` String,",
            "    `final` Bool,",
            "    `version` UInt64,",
            "    `deleted` UInt8 COMMENT",
            "ENGINE = ReplacingMergeTree(version, deleted)",
            "PARTITION BY toYYYYMM(`ts`)",
            "ORDER BY (`user_id`, `message_id`)",
        ] {
            assert!(ddl.contains(line), "{line} is not in\n{ddl}");
        }
    }

    #[test]
    fn events_are_partitioned_by_day_and_have_no_tombstones() {
        let ddl = clickhouse(&ACTIVITY_EVENTS);
        assert!(ddl.contains("ReplacingMergeTree(version)\nPARTITION BY toYYYYMMDD(`ts`)"), "{ddl}");
        assert!(ddl.contains("`extra` Nullable(String)") && !ddl.contains("deleted"), "{ddl}");
    }

    #[test]
    fn every_column_of_every_table_is_there_once() {
        let ddl = clickhouse_all();
        assert_eq!(ddl.matches("CREATE TABLE").count(), TABLES.len());
        for table in TABLES {
            let ddl = clickhouse(table);
            for column in table.columns {
                assert_eq!(ddl.matches(&format!("    `{}` ", column.name)).count(), 1, "{}.{}", table.name, column.name);
            }
        }
        assert!(clickhouse(&BURNOUT_RISK).contains("Array(Tuple(name String"));
    }

    #[test]
    fn every_dictionary_column_exists() {
        for name in FEW_VALUES {
            assert!(TABLES.iter().any(|t| t.column(name).is_some_and(|c| c.ty == ColumnType::Text)), "{name}");
        }
    }

    #[test]
    fn tables_md_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/TABLES.md");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, markdown()).expect("TABLES.md can be written");
        }
        let stored = std::fs::read_to_string(path).unwrap_or_default();
        assert!(stored == markdown(), "schemas/TABLES.md is stale: run `UPDATE=1 cargo test -p focusflow-schemas`");
    }
}
