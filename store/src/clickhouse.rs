//! The store on ClickHouse, for several processes.
//!
//! ```text
//!   acquire ──▶ claim ──▶ last entry of the journal, its rows written once more ──▶ checkpoint
//!   commit  ──▶ one row of the journal (position, state, all rows) ──▶ committed ──▶ rows into the tables, large batches
//!   readers ──▶ views over the tables: the latest version of each row, no tombstones; or planned here, over days of rows
//! ```
//!
//! ClickHouse has no transaction over tables. One row is written whole or not at all, so one row is a commit; the tables follow
//! from it. A commit is in the tables before it returns, and all of it is durable then. Why two owners cannot both commit:
//! `docs/decisions`.

mod access;
mod arrow_stream;
mod check;
mod connection;
mod days;
mod dialect;
mod failure;
mod guard;
mod journal;
mod lexer;
mod migrate;
mod partition;
mod snapshot;
mod sql;
mod writer;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow::array::RecordBatch;
use async_trait::async_trait;
use schemas::clickhouse::{Layout, quote};
use schemas::{ColumnType, Table};

pub use self::access::{Quota, access};
use self::connection::Connection;
use self::journal::Journal;
use self::partition::Partition;
use self::snapshot::Snapshots;
use self::sql::Runner;
use self::writer::Writers;
use crate::rows::{DAY_MS, committable, replaceable, scannable};
use crate::{Checkpoint, Commit, Error, Finding, Rows, Scan, Statement, Store, Whose, metrics as names};

#[derive(Debug, Clone)]
pub struct Config {
    /// Of the HTTP interface, such as http://127.0.0.1:8123.
    pub url: String,
    pub layout: Layout,
    /// Owns the tables.
    pub user: User,
    /// Runs statements of people; `access` gives its rights. Without one they run as the owner, kept to the views by what the
    /// store checks alone.
    pub reader: Option<User>,
    /// Makes and changes tables at start; without it they must be there.
    pub migrate: bool,
    /// Days a table's rows are kept; for tables not named, `retention_default_days`.
    pub retention: Vec<(&'static str, u32)>,
    /// `None` keeps them for good.
    pub retention_default_days: Option<u32>,
    /// Bodies travel in LZ4.
    pub compress: bool,
    /// The server gathers inserts of all processes before it writes a part: fewer parts, and a commit takes up to its flush
    /// interval longer.
    pub async_inserts: bool,
    /// Of one request.
    pub timeout: Duration,
    /// A request that may work later is tried again for this long, first after `retry_from`, then ever more slowly.
    pub retry_from: Duration,
    pub retry_for: Duration,
    /// Threads for statements that are planned in this process.
    pub query_threads: usize,
}

#[derive(Clone)]
pub struct User {
    pub name: String,
    pub password: String,
}

/// Its `Debug` does not tell the password, so that it cannot slip into a log.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "User({}, …)", self.name)
    }
}

impl Config {
    pub fn new(url: impl Into<String>) -> Config {
        Config {
            url: url.into(),
            layout: Layout { database: "focusflow".into(), cluster: None, fsync: true },
            user: User { name: "default".into(), password: String::new() },
            reader: None,
            migrate: true,
            retention: Vec::new(),
            retention_default_days: None,
            compress: true,
            async_inserts: false,
            timeout: Duration::from_secs(30),
            retry_from: Duration::from_millis(50),
            retry_for: Duration::from_secs(10),
            query_threads: 2,
        }
    }

    fn retention_days(&self, table: &str) -> Option<u32> {
        self.retention.iter().find(|(t, _)| *t == table).map(|(_, days)| *days).or(self.retention_default_days)
    }
}

pub struct ClickHouseStore {
    connection: Arc<Connection>,
    journal: Journal,
    writers: Writers,
    snapshots: Snapshots,
    runner: Runner,
    rows: String,
    partitions: Mutex<HashMap<u32, Arc<tokio::sync::Mutex<Partition>>>>,
}

impl ClickHouseStore {
    /// Connects, and brings the database up to date or finds that it is.
    pub async fn open(config: Config) -> Result<ClickHouseStore, Error> {
        let connection = Arc::new(Connection::new(&config));
        migrate::run(&connection, &config).await?;
        let runner = Runner::open(&connection, &config.layout, config.query_threads).await?;
        Ok(ClickHouseStore {
            journal: Journal::new(connection.clone(), &config.layout),
            writers: Writers::new(connection.clone(), &config.layout, config.async_inserts),
            snapshots: Snapshots::new(connection.clone(), &config.layout),
            runner,
            rows: quote(&config.layout.rows()),
            partitions: Mutex::default(),
            connection,
        })
    }

    async fn scan_of(&self, scan: &Scan, whose: Whose) -> Result<Vec<RecordBatch>, Error> {
        let table = scan.table;
        let schema = table.schema();
        let schema = match scan.columns {
            Some(columns) => Arc::new(schema.project(&places(table, columns)?).map_err(|e| Error::Invalid(e.to_string()))?),
            None => schema,
        };
        let columns: Vec<String> = schema.fields().iter().map(|field| quote(field.name())).collect();
        let order: Vec<String> = table.order().map(quote).collect();
        let (people, users) = match whose {
            Whose::People(users) => (" AND user_id IN {users:Array(String)}".into(), Some(users)),
            Whose::Partition { of: 1, .. } => (String::new(), None),
            // As Kafka's own clients tell the partition of a key.
            Whose::Partition { number, of } => {
                (format!(" AND bitAnd(kafkaMurmurHash(user_id), 0x7fffffff) % {of} = {number}"), None)
            }
        };
        let sql = format!(
            "SELECT {} FROM {}.{} FINAL PREWHERE {}{people} ORDER BY {}",
            columns.join(", "),
            self.rows,
            quote(table.name),
            span(table, scan.from_ms, scan.to_ms),
            order.join(", ")
        );
        // Whose and when are of the sort key, so they may be asked before the versions are merged: two to six times quicker.
        // All versions of a row lie in one partition, as its time never changes.
        let query = self.connection.query(&sql).with_setting("do_not_merge_across_partitions_select_final", "1");
        let query = if let Some(users) = users { query.param("users", users) } else { query };
        self.connection.rows("reading rows", query, &schema).await
    }

    /// What is wrong with a connection and would keep a process from its work; changes nothing.
    pub async fn check(config: &Config) -> Vec<Finding> {
        check::check(config).await
    }

    fn partition(&self, number: u32) -> Arc<tokio::sync::Mutex<Partition>> {
        let mut partitions = self.partitions.lock().unwrap_or_else(PoisonError::into_inner);
        partitions.entry(number).or_default().clone()
    }
}

#[async_trait]
impl Store for ClickHouseStore {
    async fn acquire(&self, partition: u32) -> Result<Checkpoint, Error> {
        let known = self.partition(partition);
        let mut known = known.lock().await;
        known.acquire(partition, &self.journal, &self.writers).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), Error> {
        for (table, batch) in &commit.rows {
            committable(table, batch)?;
        }
        let known = self.partition(commit.partition);
        let mut known = known.lock().await;
        known.commit(&commit, &self.journal, &self.writers).await?;
        metrics::counter!(names::COMMITS).increment(1);
        metrics::counter!(names::ROWS).increment(commit.rows.iter().map(|(_, batch)| batch.num_rows() as u64).sum());
        Ok(())
    }

    async fn scan(&self, scan: Scan) -> Result<Vec<RecordBatch>, Error> {
        scannable(scan.table)?;
        if scan.from_ms >= scan.to_ms {
            return Ok(Vec::new());
        }
        let Whose::People(mut users) = scan.whose.clone() else { return self.scan_of(&scan, scan.whose.clone()).await };
        users.sort_unstable();
        users.dedup();
        let mut batches = Vec::new();
        // Rows are in the order of people, and so are the pieces of a list that is too long for one request.
        for users in pieces(users) {
            batches.extend(self.scan_of(&scan, Whose::People(users)).await?);
        }
        Ok(batches)
    }

    async fn sql(&self, statement: Statement) -> Result<Rows, Error> {
        metrics::counter!(names::QUERIES).increment(1);
        let answer = self.runner.run(&self.connection, statement).await;
        if answer.is_err() {
            metrics::counter!(names::QUERY_FAILURES).increment(1);
        }
        answer
    }

    /// A commit is durable when it returns.
    async fn flush(&self) -> Result<(), Error> {
        Ok(())
    }

    async fn durable_position(&self, partition: u32) -> Result<u64, Error> {
        let known = self.partition(partition);
        // Not while a commit is under way: then the journal knows.
        if let Ok(known) = known.try_lock()
            && let Some(position) = known.position()
        {
            return Ok(position);
        }
        Ok(self.journal.position(partition).await?.map_or(0, |(_, position)| position))
    }

    async fn replace(&self, table: &'static Table, version: u64, rows: RecordBatch) -> Result<(), Error> {
        replaceable(table, &rows)?;
        self.snapshots.replace(table, version, rows).await
    }
}

/// People or teams named in one request: they travel in its address line.
const NAMED_BYTES: usize = 16 << 10;

/// With quotes and comma, as they are escaped there.
fn named_bytes(name: &str) -> usize {
    name.len() + 9
}

/// Sorted people in pieces.
fn pieces(users: Vec<String>) -> Vec<Vec<String>> {
    let (mut pieces, mut bytes): (Vec<Vec<String>>, _) = (Vec::new(), 0);
    for user in users {
        bytes += named_bytes(&user);
        match pieces.last_mut() {
            Some(last) if bytes <= NAMED_BYTES => last.push(user),
            _ => {
                bytes = named_bytes(&user);
                pieces.push(vec![user]);
            }
        }
    }
    pieces
}

/// Where columns stand in their table.
fn places(table: &Table, columns: &[&str]) -> Result<Vec<usize>, Error> {
    let place = |name: &&str| table.columns.iter().position(|column| column.name == *name);
    let places: Option<Vec<usize>> = columns.iter().map(place).collect();
    places.ok_or_else(|| Error::Invalid(format!("{} has not all of the columns {columns:?}", table.name)))
}

/// The table's time within [from, to), in words that its sort order and partitions can be searched by.
fn span(table: &Table, from_ms: i64, to_ms: i64) -> String {
    let time = quote(table.time);
    match table.column(table.time).map(|c| c.ty) {
        Some(ColumnType::Day) => {
            // A day is its midnight: those from the first midnight at or after `from` on.
            let day = |ms: i64| -(-ms).div_euclid(DAY_MS);
            format!("{time} >= toDate32({}) AND {time} < toDate32({})", bounded_day(day(from_ms)), bounded_day(day(to_ms)))
        }
        _ => {
            format!("{time} >= fromUnixTimestamp64Milli({from_ms}, 'UTC') AND {time} < fromUnixTimestamp64Milli({to_ms}, 'UTC')")
        }
    }
}

/// Days the engine's dates have: 1900 to 2299.
fn bounded_day(day: i64) -> i64 {
    day.clamp(-25_567, 120_529)
}

#[cfg(test)]
mod tests {
    use schemas::rows::{USER_5M, USER_DAILY};

    use super::*;

    #[test]
    fn days_are_those_whose_midnight_is_within() {
        let wanted = |from: i64, to: i64| format!("`day` >= toDate32({from}) AND `day` < toDate32({to})");
        assert_eq!(span(&USER_DAILY, 0, DAY_MS), wanted(0, 1));
        assert_eq!(span(&USER_DAILY, 1, DAY_MS + 1), wanted(1, 2));
        assert_eq!(span(&USER_DAILY, -DAY_MS - 1, -1), wanted(-1, 0));
        assert!(
            span(&USER_5M, -5, 7).contains("fromUnixTimestamp64Milli(-5, 'UTC') AND `window_start` < fromUnixTimestamp64Milli(7")
        );
    }

    #[test]
    fn long_lists_of_people_go_in_pieces() {
        assert!(pieces(Vec::new()).is_empty());
        let users: Vec<String> = (0..5_000).map(|i| format!("u-{i:05}")).collect();
        let found = pieces(users.clone());
        assert!(found.len() > 4 && found.iter().all(|piece| piece.iter().map(|u| named_bytes(u)).sum::<usize>() <= NAMED_BYTES));
        assert_eq!(found.concat(), users);
    }

    #[test]
    fn a_password_does_not_show() {
        let config = Config { user: User { name: "ff".into(), password: "hunter2".into() }, ..Config::new("http://x") };
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
