//! The tables in ClickHouse, from the one definition.
//!
//! ```text
//!   focusflow.user_5m        a view: the latest version of each row, no tombstones; all that readers see
//!        └─ focusflow_rows.user_5m          every version, until parts merge. On a cluster a Distributed table over
//!               └─ focusflow_rows.user_5m_shard      the replicated one on each shard
//! ```

use crate::rows::{ALERTS, DIRECTORY, EVENT_TABLES};
use crate::table::{Column, ColumnType, DELETED, Table};

/// Where the tables are, and how they are spread.
#[derive(Debug, Clone)]
pub struct Layout {
    /// What readers see; the rows are in `<database>_rows`.
    pub database: String,
    /// Tables are replicated within each shard of this cluster (of the server's configuration, whose macros {shard} and {replica}
    /// tell the servers apart), and rows are spread over the shards by person.
    pub cluster: Option<String>,
    /// Inserts are on disk when they are acknowledged: what replicas are for on a cluster, one server does by fsync.
    pub fsync: bool,
}

/// Tables that are replaced as a whole: their rows carry the number of the snapshot they are of.
pub const SNAPSHOT: &str = "snapshot";

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

/// A longer retention is none: the engine's clock for expiry ends in 2106, and what it cannot add up it takes for long past.
const MAX_DAYS: u32 = 50 * 365;
/// Inserts of which the server remembers the token, to take a repeated one only once.
const REMEMBERED_INSERTS: u32 = 1_000;

impl Layout {
    /// The database that has the rows.
    pub fn rows(&self) -> String {
        format!("{}_rows", self.database)
    }

    fn on_cluster(&self) -> String {
        self.cluster.as_ref().map_or_else(String::new, |name| format!(" ON CLUSTER {}", quote(name)))
    }

    pub fn databases(&self) -> Vec<String> {
        [self.database.clone(), self.rows()]
            .iter()
            .map(|name| format!("CREATE DATABASE IF NOT EXISTS {}{}", quote(name), self.on_cluster()))
            .collect()
    }

    /// What makes a table: one statement, or on a cluster two for a table that is spread.
    pub fn create(&self, table: &Create<'_>) -> Vec<String> {
        let Create { name, comment, columns, engine, parameters, clauses, spread } = *table;
        let rows = quote(&self.rows());
        let mut settings = vec![format!("non_replicated_deduplication_window = {REMEMBERED_INSERTS}")];
        if self.cluster.is_some() {
            settings.clear();
        }
        if self.fsync {
            settings.extend(["fsync_after_insert = 1".to_owned(), "fsync_part_directory = 1".to_owned()]);
        }
        let settings = if settings.is_empty() { String::new() } else { format!("\nSETTINGS {}", settings.join(", ")) };
        let end = format!("{settings}\nCOMMENT {}", text(comment));
        let Some(cluster) = &self.cluster else {
            return vec![format!(
                "CREATE TABLE IF NOT EXISTS {rows}.{}\n(\n{columns}\n)\nENGINE = {engine}({parameters})\n{clauses}{end}",
                quote(name)
            )];
        };
        let comma = if parameters.is_empty() { "" } else { ", " };
        let database = self.rows();
        let (path, replica, local) = match spread {
            Some(_) => (format!("/clickhouse/tables/{{shard}}/{database}/{name}"), "{replica}", format!("{name}_shard")),
            None => (format!("/clickhouse/tables/{database}/{name}"), "{shard}-{replica}", name.to_owned()),
        };
        let on_cluster = self.on_cluster();
        let mut made = vec![format!(
            "CREATE TABLE IF NOT EXISTS {rows}.{}{on_cluster}\n(\n{columns}\n)\nENGINE = Replicated{engine}('{path}', '{replica}'{comma}{parameters})\n{clauses}{end}",
            quote(&local)
        )];
        if let Some(spread) = spread {
            made.push(format!(
                "CREATE TABLE IF NOT EXISTS {rows}.{}{on_cluster} AS {rows}.{}\nENGINE = Distributed({}, {}, {}, {spread})",
                quote(name),
                quote(&local),
                quote(cluster),
                quote(&database),
                quote(&local)
            ));
        }
        made
    }

    /// The table of the definition, for its rows.
    pub fn table(&self, table: &Table) -> Vec<String> {
        let mut columns: Vec<String> = table.columns.iter().map(|c| format!("    {}", column(table, c))).collect();
        let snapshots = is_replaced(table);
        if snapshots {
            columns.push(format!("    {} UInt64 COMMENT 'The latest one counts.'", quote(SNAPSHOT)));
        }
        let order: Vec<String> = table.order().map(quote).collect();
        let partition = match partition(table) {
            Some(function) => format!("PARTITION BY {function}({})\n", quote(table.time)),
            None => format!("PARTITION BY {}\n", quote(SNAPSHOT)),
        };
        self.create(&Create {
            name: table.name,
            comment: table.doc,
            columns: &columns.join(",\n"),
            engine: if snapshots { "MergeTree" } else { "ReplacingMergeTree" },
            parameters: match (snapshots, table.has_tombstones()) {
                (true, _) => "",
                (false, true) => "version, deleted",
                (false, false) => "version",
            },
            clauses: &format!("{partition}ORDER BY ({})", order.join(", ")),
            // All versions of a row on one shard, where FINAL finds them.
            spread: (!snapshots).then_some("cityHash64(user_id)"),
        })
    }

    /// Adds a column that tables made by an earlier program lack.
    pub fn add_column(&self, table: &Table, new: &Column) -> Vec<String> {
        let place = table.columns.iter().position(|c| c.name == new.name).and_then(|at| at.checked_sub(1));
        let after = place.map_or_else(|| "FIRST".to_owned(), |at| format!("AFTER {}", quote(table.columns[at].name)));
        let change = format!("ADD COLUMN IF NOT EXISTS {} {after}", column(table, new));
        self.alter(table, &change, true)
    }

    /// Rows expire `days` after their time; never, when there are none. Snapshots do not expire.
    pub fn expire(&self, table: &Table, days: Option<u32>) -> Vec<String> {
        match days.and_then(|days| ttl(table, days)) {
            _ if is_replaced(table) => Vec::new(),
            Some(ttl) => self.alter(table, &format!("MODIFY TTL {ttl}"), false),
            None => self.alter(table, "REMOVE TTL", false),
        }
    }

    /// The local table, whose definition tells what is so.
    pub fn local<'a>(&self, table: &'a Table) -> std::borrow::Cow<'a, str> {
        match (&self.cluster, is_replaced(table)) {
            (Some(_), false) => format!("{}_shard", table.name).into(),
            _ => table.name.into(),
        }
    }

    fn alter(&self, table: &Table, change: &str, everywhere: bool) -> Vec<String> {
        let local = self.local(table);
        let distributed = (everywhere && local != table.name).then_some(table.name);
        let alter = |name: &str| format!("ALTER TABLE {}.{}{} {change}", quote(&self.rows()), quote(name), self.on_cluster());
        std::iter::once(&*local).chain(distributed).map(alter).collect()
    }

    /// What readers see of a table: the latest version of each row, without tombstones and the column that marks them.
    pub fn view(&self, table: &Table) -> String {
        let public: Vec<String> = table.columns.iter().filter(|c| c.name != DELETED).map(|c| quote(c.name)).collect();
        let from = format!("{}.{}", quote(&self.rows()), quote(table.name));
        let rows = if is_replaced(table) {
            let latest = format!("SELECT max(snapshot) FROM {}.snapshots WHERE name = '{}'", quote(&self.rows()), table.name);
            format!("{from}\nWHERE {} = ({latest})", quote(SNAPSHOT))
        } else {
            // With the engine's own mark of deletion FINAL leaves tombstones out too.
            format!("{from} FINAL")
        };
        // It reads with its maker's rights, so that readers need none on the rows.
        format!(
            "CREATE OR REPLACE VIEW {}.{}{} DEFINER = CURRENT_USER SQL SECURITY DEFINER AS\nSELECT {}\nFROM {rows}",
            quote(&self.database),
            quote(table.name),
            self.on_cluster(),
            public.join(", ")
        )
    }

    /// With what is in it, on every server, before the statement ends.
    pub fn drop_table(&self, table: &Table) -> Vec<String> {
        let local = self.local(table);
        let distributed = (local != table.name).then_some(table.name);
        let drop = |name: &str| format!("DROP TABLE IF EXISTS {}.{}{} SYNC", quote(&self.rows()), quote(name), self.on_cluster());
        distributed.into_iter().chain([&*local]).map(drop).collect()
    }

    pub fn drop_view(&self, name: &str) -> String {
        format!("DROP VIEW IF EXISTS {}.{}{}", quote(&self.database), quote(name), self.on_cluster())
    }
}

/// A table to be made.
#[derive(Debug, Clone, Copy)]
pub struct Create<'a> {
    pub name: &'a str,
    pub comment: &'a str,
    pub columns: &'a str,
    /// Without `Replicated`.
    pub engine: &'a str,
    pub parameters: &'a str,
    pub clauses: &'a str,
    /// By what rows are spread over the shards of a cluster; none where every server has all of them.
    pub spread: Option<&'a str>,
}

/// Its rows come from control data, all at once.
pub fn is_replaced(table: &Table) -> bool {
    table.name == ALERTS.name || table.name == DIRECTORY.name
}

/// As the server words it in a table's definition; none where rows are kept for good.
pub fn ttl(table: &Table, days: u32) -> Option<String> {
    (days <= MAX_DAYS).then(|| format!("toDateTime({}) + toIntervalDay({days})", table.time))
}

/// Events are many and expire by the day; what is derived from them is kept long, and a thousand partitions are too many.
/// All versions of a row fall into one partition, as its time never changes under its key.
pub fn partition(table: &Table) -> Option<&'static str> {
    if is_replaced(table) {
        None
    } else if EVENT_TABLES.iter().any(|t| t.name == table.name) {
        Some("toYYYYMMDD")
    } else {
        Some("toYYYYMM")
    }
}

fn column(table: &Table, column: &Column) -> String {
    let comment = if column.doc.is_empty() { String::new() } else { format!(" COMMENT {}", text(column.doc)) };
    format!("{} {}{}{comment}", quote(column.name), column_type(column), codec(table, column))
}

pub fn column_type(column: &Column) -> String {
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
    if has_few_values(column) { format!("LowCardinality({plain})") } else { plain }
}

fn has_few_values(column: &Column) -> bool {
    column.ty == ColumnType::Text && FEW_VALUES.contains(&column.name)
}

/// What made the columns of a million rows in the tables' order smallest; the default (LZ4) where it made no difference.
fn codec(table: &Table, column: &Column) -> &'static str {
    match column.ty {
        // Sorted by: nothing is left of it.
        ColumnType::Text if has_few_values(column) || table.key.first() == Some(&column.name) => "",
        ColumnType::Text | ColumnType::Score => " CODEC(ZSTD(1))",
        ColumnType::Time | ColumnType::Version => " CODEC(Delta, ZSTD(1))",
        ColumnType::Int => " CODEC(T64, ZSTD(1))",
        ColumnType::Day | ColumnType::Flag | ColumnType::Factors => "",
    }
}

pub fn quote(name: &str) -> String {
    format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
}

fn text(doc: &str) -> String {
    format!("'{}'", doc.trim().replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::{ACTIVITY_EVENTS, BURNOUT_RISK, INTERRUPTIONS, TABLES, USER_DAILY};

    fn plain() -> Layout {
        Layout { database: "ff".into(), cluster: None, fsync: true }
    }

    fn spread() -> Layout {
        Layout { cluster: Some("main".into()), fsync: false, ..plain() }
    }

    fn has(ddl: &str, lines: &[&str]) {
        for line in lines {
            assert!(ddl.contains(line), "{line} is not in\n{ddl}");
        }
    }

    #[test]
    fn a_table_with_tombstones_gives_them_to_the_engine() {
        let ddl = plain().table(&INTERRUPTIONS);
        assert_eq!(ddl.len(), 1);
        has(
            &ddl[0],
            &[
                "CREATE TABLE IF NOT EXISTS `ff_rows`.`interruptions`",
                "    `ts` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),",
                "    `team_id` LowCardinality(Nullable(String)),",
                "    `user_id` String,",
                "    `final` Bool,",
                "    `deleted` UInt8 COMMENT",
                "ENGINE = ReplacingMergeTree(version, deleted)",
                "PARTITION BY toYYYYMM(`ts`)",
                "ORDER BY (`user_id`, `ts`, `message_id`)",
                "fsync_after_insert = 1",
            ],
        );
    }

    #[test]
    fn events_are_partitioned_by_day_and_have_no_tombstones() {
        let ddl = &plain().table(&ACTIVITY_EVENTS)[0];
        has(ddl, &["ReplacingMergeTree(version)\nPARTITION BY toYYYYMMDD(`ts`)", "`extra` Nullable(String) CODEC(ZSTD(1))"]);
        assert!(!ddl.contains("deleted"), "{ddl}");
    }

    #[test]
    fn on_a_cluster_rows_are_replicated_and_spread_by_person() {
        let ddl = spread().table(&USER_DAILY);
        assert_eq!(ddl.len(), 2);
        has(
            &ddl[0],
            &[
                "`ff_rows`.`user_daily_shard` ON CLUSTER `main`",
                "ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/ff_rows/user_daily', '{replica}', version, deleted)",
            ],
        );
        assert!(!ddl[0].contains("SETTINGS"), "{}", ddl[0]);
        has(
            &ddl[1],
            &["`ff_rows`.`user_daily` ON CLUSTER", "Distributed(`main`, `ff_rows`, `user_daily_shard`, cityHash64(user_id))"],
        );
        let everywhere = spread().table(&DIRECTORY);
        assert_eq!(everywhere.len(), 1);
        has(&everywhere[0], &["ReplicatedMergeTree('/clickhouse/tables/ff_rows/directory', '{shard}-{replica}')"]);
        assert_eq!(spread().expire(&USER_DAILY, None), ["ALTER TABLE `ff_rows`.`user_daily_shard` ON CLUSTER `main` REMOVE TTL"]);
    }

    #[test]
    fn every_column_of_every_table_is_there_once() {
        for table in TABLES {
            let ddl = plain().table(table).concat();
            for column in table.columns {
                assert_eq!(ddl.matches(&format!("    `{}` ", column.name)).count(), 1, "{}.{}", table.name, column.name);
            }
        }
        assert!(plain().table(&BURNOUT_RISK)[0].contains("Array(Tuple(name String"));
    }

    #[test]
    fn every_dictionary_column_exists() {
        for name in FEW_VALUES {
            assert!(TABLES.iter().any(|t| t.column(name).is_some_and(|c| c.ty == ColumnType::Text)), "{name}");
        }
    }

    #[test]
    fn readers_see_no_tombstones() {
        let view = plain().view(&USER_DAILY);
        has(&view, &["CREATE OR REPLACE VIEW `ff`.`user_daily`", "FROM `ff_rows`.`user_daily` FINAL"]);
        assert!(!view.contains("deleted"), "{view}");
        has(
            &plain().view(&ALERTS),
            &["WHERE `snapshot` = (SELECT max(snapshot) FROM `ff_rows`.snapshots WHERE name = 'alerts')"],
        );
    }
}
