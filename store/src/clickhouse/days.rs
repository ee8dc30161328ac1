//! Rows for the statements that are planned in this process: those of disguised readers, and those on the team views.
//!
//! A day is one statement of the server, and so of one moment (on a cluster, of one moment on each shard). There is no
//! snapshot over days and tables: they are read one after another while the statement runs, each with all commits that returned
//! before. Nothing is read ahead of what the plan takes, so that memory here is a few batches.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use clickhouse::query::Query;
use schemas::clickhouse::{Layout, partition, quote};
use schemas::{ColumnType, Table};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};

use super::arrow_stream::{Arriving, conform};
use super::connection::Connection;
use super::failure::{self, Failure};
use super::{NAMED_BYTES, named_bytes, span};
use crate::rows::{DAY_MS, damaged};
use crate::sql::{Day, Moment, Run, Selection, Unit};
use crate::{Error, Limits};

/// What the server may take for one day; the statement's own limit is on what is made of it.
const READ_BYTES: u64 = 2 << 30;

#[derive(Clone)]
pub(super) struct Days(Arc<Shared>);

struct Shared {
    connection: Arc<Connection>,
    layout: Layout,
    limits: Limits,
    deadline: Instant,
}

impl Days {
    pub fn new(connection: Arc<Connection>, layout: Layout, limits: Limits) -> Days {
        let deadline = Instant::now() + limits.time;
        Days(Arc::new(Shared { connection, layout, limits, deadline }))
    }
}

#[async_trait]
impl Moment for Days {
    async fn replaced(&self, table: &'static Table) -> Result<RecordBatch, Error> {
        let schema = table.public_schema();
        let names: Vec<String> = schema.fields().iter().map(|field| quote(field.name())).collect();
        let from = format!("{}.{}", quote(&self.0.layout.database), quote(table.name));
        let query = self.0.query(&format!("SELECT {} FROM {from}", names.join(", ")));
        let batches = self.0.connection.rows("reading a table for a statement", query, &schema).await?;
        arrow::compute::concat_batches(&schema, &batches).map_err(damaged)
    }

    /// By what the server keeps of each of the table's partitions: no rows are read for it. Within a month every day may have some.
    async fn days(&self, table: &'static Table) -> Result<Vec<Unit>, Error> {
        let (time, from) = (quote(table.time), self.0.table(table));
        let day = |bound: &str| match table.column(table.time).map(|column| column.ty) {
            Some(ColumnType::Day) => format!("toInt32({bound}({time}))"),
            _ => format!("toInt32(floor(toUnixTimestamp64Milli({bound}({time})) / {DAY_MS}))"),
        };
        let parts = partition(table).map(|function| format!("{function}({time})")).unwrap_or_default();
        let sql = format!("SELECT {}, {}, count() FROM {from} GROUP BY {parts}", day("min"), day("max"));
        let parts: Vec<(i32, i32, u64)> = self.0.connection.fetch("looking for days", self.0.query(&sql)).await?;
        let mut days: BTreeMap<i32, usize> = BTreeMap::new();
        for (first, last, rows) in parts {
            let a_day = (rows / (i64::from(last) - i64::from(first) + 1).max(1) as u64 + 1) as usize;
            (first..=last).for_each(|day| *days.entry(day).or_default() += a_day);
        }
        let unit = |(day, rows)| Unit::new(table, day, OfDay { shared: self.0.clone(), table, day, rows });
        Ok(days.into_iter().map(unit).collect())
    }
}

impl Shared {
    fn table(&self, table: &Table) -> String {
        format!("{}.{}", quote(&self.layout.rows()), quote(table.name))
    }

    fn query(&self, sql: &str) -> Query {
        // The server ends by itself what nobody waits for any more.
        let left = self.deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        self.connection
            .query(sql)
            .with_setting("readonly", "1")
            .with_setting("max_execution_time", left.as_secs_f64().to_string())
            .with_setting("max_memory_usage", READ_BYTES.to_string())
    }

    /// On the planner's threads, which may wait: others take their place meanwhile.
    fn wait<T, E: Into<Failure>>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, Error> {
        let in_time = timeout_at(self.deadline, work);
        match tokio::task::block_in_place(|| Handle::current().block_on(in_time)) {
            Ok(done) => done.map_err(|failure| match failure.into() {
                Failure::Server(error) => failure::reading(&error, &self.limits),
                Failure::Store(error) => error,
            }),
            Err(_) => Err(failure::out_of_time(&self.limits)),
        }
    }
}

struct OfDay {
    shared: Arc<Shared>,
    table: &'static Table,
    day: i32,
    rows: usize,
}

impl OfDay {
    /// FINAL gives the latest version of each row and no tombstones; filters on the sort key come before it (PREWHERE), as they
    /// spare it work, and those on other columns after it.
    fn query(&self, what: &str, wanted: &Selection, end: &str) -> Query {
        let from = i64::from(self.day) * DAY_MS;
        let (users, teams) = (wanted.users.as_ref().filter(|users| fits(users.iter())), wanted.teams.as_ref());
        let teams = teams.filter(|teams| fits(teams.iter()));
        let sql = format!(
            "SELECT {what} FROM {} FINAL PREWHERE {}{}{} {end}",
            self.shared.table(self.table),
            span(self.table, from, from + DAY_MS),
            if users.is_some() { " AND user_id IN {users:Array(String)}" } else { "" },
            if teams.is_some() { " WHERE team_id IN {teams:Array(String)}" } else { "" },
        );
        // All versions of a row lie in one partition, as its time never changes.
        let mut query = self.shared.query(&sql).with_setting("do_not_merge_across_partitions_select_final", "1");
        if let Some(users) = users {
            query = query.param("users", users);
        }
        if let Some(teams) = teams {
            query = query.param("teams", teams.iter().collect::<Vec<_>>());
        }
        query
    }

    fn run(&self, query: Query, columns: &[&'static str]) -> Result<Reading, Error> {
        let fields: Option<Vec<_>> =
            columns.iter().map(|name| self.table.column(name).map(|c| Field::new(c.name, c.ty.arrow(), c.nullable))).collect();
        let fields = fields.ok_or_else(|| damaged(format!("{} lacks one of {columns:?}", self.table.name)))?;
        let arriving = Arriving::new(query.fetch_bytes("ArrowStream").map_err(|e| failure::reading(&e, &self.shared.limits))?);
        Ok(Reading { shared: self.shared.clone(), arriving, schema: Arc::new(Schema::new(fields)), has_failed: false })
    }
}

impl Day for OfDay {
    fn max_rows(&self) -> usize {
        self.rows
    }

    fn read(&self, columns: &[&'static str], wanted: &Selection) -> Result<Run, Error> {
        // Of rows that are only counted the server has to send something too.
        let sent = if columns.is_empty() { &self.table.key[..1] } else { columns };
        let names: Vec<String> = sent.iter().map(|name| quote(name)).collect();
        let order: Vec<String> = self.table.order().map(quote).collect();
        let run = self.run(self.query(&names.join(", "), wanted, &format!("ORDER BY {}", order.join(", "))), sent)?;
        if columns.is_empty() {
            return Ok(Box::new(run.map(|batch| batch?.project(&[]).map_err(damaged))));
        }
        Ok(Box::new(run))
    }

    fn people(&self, is_wanted: &dyn Fn(&str) -> bool) -> Result<Vec<String>, Error> {
        let query = self.query("user_id", &Selection::default(), "GROUP BY user_id ORDER BY user_id");
        let mut people = Vec::new();
        for batch in self.run(query, &["user_id"])? {
            let batch = batch?;
            people.extend(batch.column(0).as_string::<i32>().iter().flatten().filter(|user| is_wanted(user)).map(str::to_owned));
        }
        Ok(people)
    }

    fn is_still(&self) -> bool {
        false
    }
}

/// Longer lists are left to the plan, which filters again.
fn fits<'a>(names: impl Iterator<Item = &'a String>) -> bool {
    names.map(|name| named_bytes(name)).sum::<usize>() <= NAMED_BYTES
}

/// Rows as they arrive.
struct Reading {
    shared: Arc<Shared>,
    arriving: Arriving,
    schema: SchemaRef,
    has_failed: bool,
}

impl Iterator for Reading {
    type Item = Result<RecordBatch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let batch = self.shared.clone().wait(self.arriving.next()).transpose()?;
        let batch = batch.and_then(|batch| conform(&batch, &self.schema));
        self.has_failed = batch.is_err();
        Some(batch)
    }
}
