//! Statements of people: read by the server first, then run by it as the restricted user, under their limits, and streamed.

use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use clickhouse::query::Query;
use futures::StreamExt;

use super::arrow_stream::Arriving;
use super::connection::Connection;
use super::dialect::{Bound, bind};
use super::failure::{self, Failure};
use super::guard::Guard;
use crate::{Error, Limits, Reader, Rows, Statement, metrics as names};

/// What the server may take longer than the statement's limit, to end by itself with its own words.
const GRACE: Duration = Duration::from_millis(500);
/// As the embedded store and the standard have it.
const STANDARD: &[(&str, &str)] = &[
    ("join_use_nulls", "1"),
    ("aggregate_functions_null_for_empty", "1"),
    ("cast_keep_nullable", "1"),
    ("union_default_mode", "DISTINCT"),
];

pub(super) struct Runner {
    database: String,
    guard: Guard,
}

impl Runner {
    pub async fn open(connection: &Connection, database: &str) -> Result<Runner, Error> {
        let sql = "SELECT name FROM system.table_functions";
        let functions: Vec<String> = connection.fetch("the names of its functions", connection.query(sql)).await?;
        Ok(Runner { database: database.to_owned(), guard: Guard::new(database, functions) })
    }

    pub async fn run(&self, connection: &Connection, statement: Statement) -> Result<Rows, Error> {
        let started = Instant::now();
        let Statement { sql, params, limits, reader } = statement;
        if reader.disguise.is_some() {
            // Pseudonyms are made of rows in this process; the server has no part in them, nor in their key.
            return Err(Error::Forbidden(
                "statements on pseudonyms are not there on ClickHouse: ask for the figures of a team, or for an export".into(),
            ));
        }
        let bound = bind(&sql, &params)?;
        let deadline = tokio::time::Instant::from_std(started + limits.time + GRACE);
        let opened = async {
            let read = self.query(connection, &format!("EXPLAIN AST {}", bound.sql), &bound, &limits);
            // As text: a FORMAT of the statement's own applies here too, and then the first line is none that is allowed.
            let nodes = read.fetch_bytes("TSVRaw")?.collect().await?;
            let nodes = String::from_utf8_lossy(&nodes);
            self.guard.check(&nodes.lines().collect::<Vec<_>>(), reader.units.is_some()).map_err(Failure::Store)?;
            let mut arriving = Arriving::new(self.query(connection, &bound.sql, &bound, &limits).fetch_bytes("ArrowStream")?);
            let schema = arriving.schema().await?;
            Ok((arriving, schema))
        };
        let (arriving, schema) = match tokio::time::timeout_at(deadline, opened).await {
            Ok(opened) => opened.map_err(|e| worded(e, &limits))?,
            Err(_) => return Err(failure::out_of_time(&limits)),
        };
        metrics::histogram!(names::QUERY_START_SECONDS).record(started.elapsed().as_secs_f64());
        let answer = Answer { arriving, deadline, limits, left: limits.rows, ended: false, _reader: reader };
        Ok(Rows { schema, batches: futures::stream::unfold(answer, Answer::next).boxed() })
    }

    fn query(&self, connection: &Connection, sql: &str, bound: &Bound, limits: &Limits) -> Query {
        let mut query = connection
            .statement(sql)
            .with_setting("database", &self.database)
            .with_setting("readonly", "1")
            .with_setting("max_execution_time", limits.time.as_secs_f64().to_string())
            .with_setting("max_memory_usage", limits.memory_bytes.to_string())
            // One more than may be given, so that it shows that there are more.
            .with_setting("limit", (limits.rows + 1).to_string());
        for (name, value) in STANDARD {
            query = query.with_setting(*name, *value);
        }
        bound.params.iter().fold(query, |query, (name, value)| query.param(name, value))
    }
}

fn worded(failure: Failure, limits: &Limits) -> Error {
    match failure {
        Failure::Server(error) => failure::statement(&error, limits),
        Failure::Store(error) => error,
    }
}

/// Batches on their way to the reader, and the limits on them. Dropping it closes the connection, which ends the work.
struct Answer {
    arriving: Arriving,
    deadline: tokio::time::Instant,
    limits: Limits,
    left: usize,
    ended: bool,
    /// With its slot.
    _reader: Reader,
}

impl Answer {
    async fn next(mut self) -> Option<(Result<RecordBatch, Error>, Answer)> {
        if self.ended {
            return None;
        }
        let batch = match tokio::time::timeout_at(self.deadline, self.arriving.next()).await {
            Ok(Ok(None)) => return None,
            Ok(Ok(Some(_))) if self.left == 0 => Err(failure::too_many_rows(&self.limits)),
            Ok(Ok(Some(batch))) => {
                // The rows up to the limit are given; the error follows only if there are more.
                let given = batch.num_rows().min(self.left);
                self.left -= given;
                if batch.num_rows() > given {
                    self.arriving.put_back(batch.slice(given, batch.num_rows() - given));
                }
                Ok(batch.slice(0, given))
            }
            Ok(Err(failure)) => Err(worded(failure, &self.limits)),
            Err(_) => Err(failure::out_of_time(&self.limits)),
        };
        self.ended = batch.is_err();
        Some((batch, self))
    }
}
