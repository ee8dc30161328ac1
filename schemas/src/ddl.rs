//! The tables' page of documentation, from the one definition. (Their DDL is in `clickhouse`.)

use std::fmt::Write;

use crate::rows::TABLES;
use crate::table::{ColumnType, DELETED};

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
