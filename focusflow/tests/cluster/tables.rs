//! All rows of the tables the processors write, as the oracle names them.

use arrow::array::RecordBatch;
use schemas::directory::date;
use schemas::rows::{Kind, OptDay, OptFlag, OptInt, OptScore, OptText, OptTime};
use schemas::{ColumnType, Table};
use serde_json::{Value, json};
use store::{Scan, Store, Whose};

use crate::oracle::{Row, Tables};

/// Differences shown of those there are.
const SHOWN: usize = 25;
/// How an event came, not what it says.
const OF_THE_WAY: [&str; 2] = ["source", "ingested_at"];

pub async fn dump(store: &dyn Store) -> Tables {
    let mut tables = Tables::new();
    for table in processors::testing::DUMPED {
        let scan = Scan { table, whose: Whose::EVERYONE, from_ms: 0, to_ms: i64::MAX / 2, columns: None };
        let batches = store.scan(scan).await.unwrap();
        let rows = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(|row| keyed(table, read(table, batch, row))));
        tables.insert(table.name, rows.collect());
    }
    tables
}

/// Panics with the first differences, if there are any.
pub fn assert_none(what: &str, differences: &[String]) {
    let shown: Vec<&String> = differences.iter().take(SHOWN).collect();
    assert!(differences.is_empty(), "{what}: {} differences, the first: {shown:#?}", differences.len());
}

fn read(table: &Table, batch: &RecordBatch, row: usize) -> Row {
    let mut found = Row::new();
    for (index, (column, array)) in table.columns.iter().zip(batch.columns()).enumerate() {
        let value: Value = match column.ty {
            ColumnType::Text => OptText::get(array, row).flatten().into(),
            ColumnType::Time => OptTime::get(array, row).flatten().into(),
            ColumnType::Int => OptInt::get(array, row).flatten().into(),
            ColumnType::Score => OptScore::get(array, row).flatten().into(),
            ColumnType::Day => OptDay::get(array, row).flatten().map(|day| date(day).to_string()).into(),
            ColumnType::Flag => OptFlag::get(array, row).flatten().into(),
            ColumnType::Factors => {
                found.extend(processors::testing::flat(column.name, batch, index, row));
                continue;
            }
            ColumnType::Version => continue,
        };
        if !OF_THE_WAY.contains(&column.name) {
            found.insert(column.name.into(), value);
        }
    }
    found
}

/// With the oracle's key: the person, then what tells the rows of a person apart.
fn keyed(table: &Table, row: Row) -> (String, Row) {
    let rest = match table.name {
        "user_5m" => &row["window_start"],
        "focus_blocks" => &row["start_ts"],
        "interruptions" => &row["message_id"],
        "user_daily" | "burnout_risk" => &row["day"],
        _ => &row["id"],
    };
    let rest = rest.as_str().map_or_else(|| rest.to_string(), String::from);
    let user = row.get("user_id").unwrap_or(&json!("")).as_str().unwrap().to_owned();
    (format!("{user}|{rest}"), row)
}
