//! The database as this program needs it: made, brought up to date or, without the right to, found to be so.

use schemas::Table;
use schemas::clickhouse::{Create, Layout, column_type, is_replaced, quote, ttl};
use schemas::rows::{BURNOUT_RISK, TABLES};
use schemas::table::DELETED;

use super::Config;
use super::connection::Connection;
use super::journal::Journal;
use crate::Error;
use crate::rows::damaged;
use crate::sql::TEAM_VIEWS;

/// The oldest server that this is meant for; tested with 26.9.
const OLDEST: (u32, u32) = (25, 8);

struct Migration {
    number: u32,
    name: &'static str,
    /// Idempotent: it may have been run in part before, or by another process at the same time.
    statements: fn(&Layout) -> Vec<String>,
}

/// Never changed once released, only followed by others. Columns that are new in the definitions need none: they are added to
/// the tables that lack them.
const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "claims and journal", statements: Journal::tables },
    Migration { number: 2, name: "tables", statements: |layout| TABLES.iter().flat_map(|t| layout.table(t)).collect() },
    Migration { number: 3, name: "snapshots", statements: snapshots },
    // They knew nothing of the rule about showing units: statements on them are planned here now.
    Migration {
        number: 4,
        name: "no team views",
        statements: |layout| TEAM_VIEWS.iter().map(|view| layout.drop_view(view)).collect(),
    },
    // Nothing wrote to it yet, and its rows are to vanish with their days, which the engine must know.
    Migration {
        number: 5,
        name: "burnout risk anew",
        statements: |layout| [layout.drop_table(&BURNOUT_RISK), layout.table(&BURNOUT_RISK)].concat(),
    },
];

/// The version this program needs.
pub(super) const NEWEST: u32 = 5;

fn snapshots(layout: &Layout) -> Vec<String> {
    layout.create(&Create {
        name: "snapshots",
        columns: "    `name` String,\n    `snapshot` UInt64,\n    `at` DateTime64(3, 'UTC') DEFAULT now64(3)",
        engine: "ReplacingMergeTree",
        parameters: "snapshot",
        clauses: "ORDER BY `name`",
        comment: "Which snapshot of a table that is replaced as a whole is the latest.",
        spread: None,
    })
}

pub(super) async fn run(connection: &Connection, config: &Config) -> Result<(), Error> {
    check_version(connection).await?;
    let layout = &config.layout;
    if config.migrate {
        for sql in layout.databases() {
            execute(connection, &sql).await?;
        }
        for sql in records(layout) {
            execute(connection, &sql).await?;
        }
    }
    let done = recorded(connection, layout).await?;
    if done > NEWEST {
        return Err(Error::Invalid(format!(
            "the database {} is of version {done} and this program knows up to {NEWEST}: run the newer program, or restore a backup",
            layout.database
        )));
    }
    if config.migrate {
        for Migration { number, name, statements } in MIGRATIONS.iter().filter(|m| m.number > done) {
            tracing::info!(number, name, database = layout.database, "migrates");
            for sql in statements(layout) {
                // A new database has it as it should be, and so has one where another process was quicker.
                if sql.starts_with("DROP TABLE") && has_tombstones(connection, layout, &BURNOUT_RISK).await? {
                    continue;
                }
                execute(connection, &sql).await?;
            }
            let record = format!("INSERT INTO {}.migrations (number, name) VALUES ({number}, '{name}')", quote(&layout.rows()));
            execute(connection, &record).await?;
        }
    } else if done < NEWEST {
        return Err(Error::Invalid(format!(
            "the database {} is of version {done} and this program needs {NEWEST}: start one process with clickhouse.migrate = true",
            layout.database
        )));
    }
    columns(connection, config).await?;
    if config.migrate {
        expiry(connection, config).await?;
        views(connection, layout).await?;
    }
    Ok(())
}

async fn has_tombstones(connection: &Connection, layout: &Layout, table: &Table) -> Result<bool, Error> {
    let (rows, local) = (layout.rows(), layout.local(table));
    let sql =
        format!("SELECT count() FROM system.columns WHERE database = '{rows}' AND table = '{local}' AND name = '{DELETED}'");
    let found: Vec<u64> = connection.fetch("looking at columns", connection.query(&sql)).await?;
    Ok(found.first().is_some_and(|count| *count > 0))
}

async fn execute(connection: &Connection, sql: &str) -> Result<(), Error> {
    tracing::debug!(sql, "runs");
    connection.execute("making or changing a table", connection.query(sql)).await
}

pub(super) async fn check_version(connection: &Connection) -> Result<(), Error> {
    let version: Vec<String> = connection.fetch("its version", connection.query("SELECT version()")).await?;
    let version = version.first().map_or("", String::as_str);
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let (major, minor) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if (major, minor) < OLDEST {
        let (a, b) = OLDEST;
        return Err(Error::Invalid(format!("the server is ClickHouse {version}; {a}.{b} or newer is needed: upgrade it")));
    }
    Ok(())
}

fn records(layout: &Layout) -> Vec<String> {
    layout.create(&Create {
        name: "migrations",
        columns: "    `number` UInt32,\n    `name` String,\n    `at` DateTime64(3, 'UTC') DEFAULT now64(3)",
        engine: "ReplacingMergeTree",
        parameters: "",
        clauses: "ORDER BY `number`",
        comment: "What was done to this database, and when.",
        spread: None,
    })
}

pub(super) async fn recorded(connection: &Connection, layout: &Layout) -> Result<u32, Error> {
    let exists = format!("SELECT count() FROM system.tables WHERE database = '{}' AND name = 'migrations'", layout.rows());
    let exists: Vec<u64> = connection.fetch("looking for its tables", connection.query(&exists)).await?;
    if exists.first().is_none_or(|count| *count == 0) {
        return Ok(0);
    }
    let newest = format!("SELECT max(number) FROM {}.migrations", quote(&layout.rows()));
    let newest: Vec<u32> = connection.fetch("looking for its version", connection.query(&newest)).await?;
    Ok(newest.first().copied().unwrap_or(0))
}

/// Adds columns that the table lacks; any other difference is not for a program to decide.
async fn columns(connection: &Connection, config: &Config) -> Result<(), Error> {
    let layout = &config.layout;
    let sql = format!("SELECT table, name, type FROM system.columns WHERE database = '{}'", layout.rows());
    let found: Vec<(String, String, String)> = connection.fetch("looking at columns", connection.query(&sql)).await?;
    let mut wanted = Vec::new();
    TABLES.iter().for_each(|table| wanted.extend(table.columns.iter().map(|column| (*table, column))));
    for (table, column) in wanted {
        let (local, wanted) = (layout.local(table), column_type(column));
        match found.iter().find(|(table, name, _)| *table == local && name == column.name) {
            Some((.., found)) if *found == wanted => {}
            Some((.., found)) => {
                return Err(Error::Invalid(format!(
                    "the column {}.{} is {found} in ClickHouse and {wanted} in this program: run the program that made it, or ALTER it",
                    table.name, column.name
                )));
            }
            None if config.migrate => {
                for sql in layout.add_column(table, column) {
                    execute(connection, &sql).await?;
                }
            }
            None => {
                return Err(Error::Invalid(format!(
                    "the table {} lacks the column {}: start one process with clickhouse.migrate = true",
                    table.name, column.name
                )));
            }
        }
    }
    Ok(())
}

/// Rows expire after the days configured, however many those were before.
async fn expiry(connection: &Connection, config: &Config) -> Result<(), Error> {
    let layout = &config.layout;
    let sql = format!(
        "SELECT name, extract(engine_full, ' TTL (.*?)(?: SETTINGS .*)?$') FROM system.tables WHERE database = '{}'",
        layout.rows()
    );
    let found: Vec<(String, String)> = connection.fetch("looking at expiry", connection.query(&sql)).await?;
    for table in TABLES.iter().filter(|table| !is_replaced(table)) {
        let local = layout.local(table);
        let found = found.iter().find(|(name, _)| *name == local);
        let (_, found) = found.ok_or_else(|| damaged(format!("the table {} is gone", table.name)))?;
        let days = config.retention_days(table.name);
        if *found == days.and_then(|days| ttl(table, days)).unwrap_or_default() {
            continue;
        }
        tracing::info!(table = table.name, ?days, "sets when rows expire");
        for sql in layout.expire(table, days) {
            execute(connection, &sql).await?;
        }
    }
    Ok(())
}

/// Made anew at each start: they hold nothing, and follow the definitions.
async fn views(connection: &Connection, layout: &Layout) -> Result<(), Error> {
    let make = |table: &&'static Table| {
        let sql = layout.view(table);
        async move { execute(connection, &sql).await }
    };
    futures::future::try_join_all(TABLES.iter().map(make)).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_without_holes() {
        let numbers: Vec<u32> = MIGRATIONS.iter().map(|m| m.number).collect();
        assert_eq!(numbers, (1..=NEWEST).collect::<Vec<_>>());
    }
}
