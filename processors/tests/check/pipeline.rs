//! The real pipeline, through its harness in memory.

use crate::processors::testing::{self, Case as Records, Kill, Options, run_case};
use arrow::array::RecordBatch;
use schemas::directory::{Directory, date};
use schemas::risk::Models;
use schemas::rows::{Kind, OptDay, OptFlag, OptInt, OptScore, OptText, OptTime};
use schemas::{ColumnType, Table};
use serde_json::{Value, json};
use store::{Scan, Store, Whose};

use crate::oracle::{Row, Rows, TABLES, Tables};
use crate::random::Case;

/// How a case goes through.
#[derive(Clone, Debug)]
pub struct Plan {
    options: Options,
    directory_changes: bool,
    on_disk: bool,
    model_changes: Vec<(usize, Models)>,
}

impl Plan {
    pub fn straight() -> Plan {
        Plan { options: Options::default(), directory_changes: false, on_disk: false, model_changes: Vec::new() }
    }

    pub fn batch(mut self, batch: usize) -> Plan {
        self.options.batch = batch;
        self
    }

    pub fn partitions(mut self, partitions: u32) -> Plan {
        self.options.partitions = partitions;
        self
    }

    pub fn kill(mut self, kill: Kill) -> Plan {
        self.options.kill = kill;
        self
    }

    /// Too little memory for anything: what is needed is forgotten and loaded again.
    pub fn forgetful(mut self) -> Plan {
        self.options.memory_bytes = 1;
        self
    }

    /// Half of the events come while the directory is still the earlier one.
    pub fn directory_changes(mut self) -> Plan {
        self.directory_changes = true;
        self
    }

    /// Two owners in turn, the clock of one an hour ahead.
    pub fn skewed(mut self) -> Plan {
        self.options.skew_ms = 3_600_000;
        self
    }

    /// Into the store of one machine instead of the one in memory.
    pub fn on_disk(mut self) -> Plan {
        self.on_disk = true;
        self
    }

    /// Into an empty database of ClickHouse.
    pub fn on_clickhouse(mut self, config: store::clickhouse::Config) -> Plan {
        self.options.on_clickhouse = Some(config);
        self
    }

    /// Before the given part of the batches, in eighths, other models have their turn.
    pub fn models(mut self, changes: Vec<(usize, Models)>) -> Plan {
        self.model_changes = changes;
        self
    }

    /// ...and nothing runs when it becomes another.
    pub fn offline(mut self) -> Plan {
        self.options.changes_offline = true;
        self
    }

    pub fn settle_each(mut self) -> Plan {
        self.options.settle_each = true;
        self
    }
}

pub fn run(case: &Case, plan: &Plan) -> Tables {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut options = plan.options.clone();
    let folder = plan.on_disk.then(|| tempfile::tempdir().unwrap());
    options.on_disk = folder.as_ref().map(|folder| folder.path().to_owned());
    let mut records = records(case);
    if let Some(earlier) = case.earlier.clone().filter(|_| plan.directory_changes) {
        let batches = records.records.len().div_ceil(options.batch);
        let now = std::mem::replace(&mut records.directory, earlier);
        options.directory_changes = vec![(batches / 2, now)];
    }
    let batches = records.records.len().div_ceil(options.batch);
    options.model_changes = plan.model_changes.iter().map(|(eighth, models)| (batches * eighth / 8, models.clone())).collect();
    keyed_tables(&runtime.block_on(run_case(&records, &options)).unwrap_or_else(|error| panic!("{error}")))
}

/// The harness's tables, with the oracle's keys.
pub fn keyed_tables(found: &testing::Tables) -> Tables {
    TABLES.into_iter().map(|table| (table, found[table].values().map(|row| keyed(table, row)).collect::<Rows>())).collect()
}

/// As ingest would log it: keyed by the directory's id.
pub fn records(case: &Case) -> Records {
    let directory = Directory::new(case.document.clone()).unwrap();
    let record = |event: &Value| {
        let user = event["user"].as_str().unwrap();
        (directory.resolve(user).unwrap_or(user).to_string(), event.to_string().into_bytes())
    };
    Records { directory: case.document.clone(), records: case.events.iter().map(record).collect() }
}

/// What stands in a store.
pub async fn dump(store: &dyn Store) -> Tables {
    let mut tables = Tables::new();
    for table in testing::DUMPED {
        let scan = Scan { table, whose: Whose::EVERYONE, from_ms: 0, to_ms: i64::MAX / 2, columns: None };
        let batches = store.scan(scan).await.unwrap();
        let rows = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(|row| read(table, batch, row)));
        tables.insert(table.name, rows.map(|row| keyed(table.name, &Value::Object(row))).collect());
    }
    tables
}

fn read(table: &Table, batch: &RecordBatch, row: usize) -> Row {
    let mut found = Row::new();
    for (index, (column, array)) in table.columns.iter().zip(batch.columns()).enumerate() {
        let value: Value = match column.ty {
            ColumnType::Text => OptText::get(array, row).flatten().into(),
            ColumnType::Time => OptTime::get(array, row).flatten().into(),
            ColumnType::Int => OptInt::get(array, row).flatten().into(),
            ColumnType::Score => OptScore::get(array, row).flatten().into(),
            ColumnType::Day => OptDay::get(array, row).flatten().into(),
            ColumnType::Flag => OptFlag::get(array, row).flatten().into(),
            ColumnType::Factors => {
                found.extend(testing::flat(column.name, batch, index, row));
                continue;
            }
            ColumnType::Version => continue,
        };
        found.insert(column.name.into(), value);
    }
    found
}

/// Days as text, and the oracle's keys.
fn keyed(table: &str, row: &Value) -> (String, Row) {
    let mut row = row.as_object().unwrap().clone();
    let user = row["user_id"].as_str().unwrap().to_string();
    let rest = match table {
        "user_5m" => row["window_start"].to_string(),
        "focus_blocks" => row["start_ts"].to_string(),
        "interruptions" => row["message_id"].as_str().unwrap().to_string(),
        "activity_events" | "message_events" | "session_events" => row["id"].as_str().unwrap().to_string(),
        _ => {
            let day = date(row["day"].as_i64().unwrap() as i32).to_string();
            row.insert("day".into(), json!(day));
            day
        }
    };
    (format!("{user}|{rest}"), row)
}
