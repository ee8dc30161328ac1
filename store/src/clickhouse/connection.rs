//! Requests to the server: settings, deadlines, and trying again.

use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use clickhouse::query::Query;
use clickhouse::{Client, Compression, RowOwned, RowRead};

use super::arrow_stream::{Arriving, conform};
use super::failure::{self, Failure};
use super::{Config, User};
use crate::{Error, metrics as names};

/// A body is compressed and sent in pieces of this size.
const PIECE: usize = 1 << 20;

pub(super) struct Connection {
    writer: Client,
    reader: Client,
    timeout: Duration,
    retry_from: Duration,
    retry_for: Duration,
}

impl Connection {
    pub fn new(config: &Config) -> Connection {
        let compression = if config.compress { Compression::Lz4 } else { Compression::None };
        let arrow = Client::default()
            .with_url(&config.url)
            .with_compression(compression)
            .with_product_info("focusflow", env!("CARGO_PKG_VERSION"))
            .with_setting("output_format_arrow_compression_method", "none")
            .with_setting("output_format_arrow_low_cardinality_as_dictionary", "0");
        let known = |user: &User| arrow.clone().with_user(&user.name).with_password(&user.password);
        Connection {
            writer: known(&config.user),
            reader: known(config.reader.as_ref().unwrap_or(&config.user)),
            timeout: config.timeout,
            retry_from: config.retry_from,
            retry_for: config.retry_for,
        }
    }

    /// Somebody's statement, as the restricted user.
    pub fn statement(&self, sql: &str) -> Query {
        self.reader.query_raw(sql)
    }

    /// One of our own.
    pub fn query(&self, sql: &str) -> Query {
        self.writer.query_raw(sql)
    }

    pub async fn execute(&self, what: &'static str, query: Query) -> Result<(), Error> {
        let mut tries = self.tries(what);
        loop {
            match self.in_time(query.clone().execute()).await {
                Ok(()) => return Ok(()),
                Err(failure) => tries.again(failure).await?,
            }
        }
    }

    pub async fn fetch<T: RowOwned + RowRead>(&self, what: &'static str, query: Query) -> Result<Vec<T>, Error> {
        let mut tries = self.tries(what);
        loop {
            match self.in_time(query.clone().fetch_all::<T>()).await {
                Ok(rows) => return Ok(rows),
                Err(failure) => tries.again(failure).await?,
            }
        }
    }

    /// All rows of an answer, in the form of `schema`.
    pub async fn rows(&self, what: &'static str, query: Query, schema: &SchemaRef) -> Result<Vec<RecordBatch>, Error> {
        let mut tries = self.tries(what);
        loop {
            match self.read(query.clone(), schema).await {
                Ok(batches) => return Ok(batches),
                Err(failure) => tries.again(failure).await?,
            }
        }
    }

    async fn read(&self, query: Query, schema: &SchemaRef) -> Result<Vec<RecordBatch>, Failure> {
        let mut arriving = Arriving::new(query.fetch_bytes("ArrowStream")?);
        let mut batches = Vec::new();
        while let Some(batch) = self.in_time(arriving.next()).await? {
            batches.push(conform(&batch, schema).map_err(Failure::Store)?);
        }
        Ok(batches)
    }

    /// Puts an Arrow stream into a table; all of it or nothing, as long as it is one block of one of the table's partitions.
    pub async fn insert(&self, what: &'static str, into: &str, body: &Bytes, settings: &[(&str, &str)]) -> Result<(), Error> {
        let mut tries = self.tries(what);
        loop {
            match self.send(into, body, settings).await {
                Ok(()) => return Ok(()),
                Err(failure) => tries.again(failure.into()).await?,
            }
        }
    }

    async fn send(&self, into: &str, body: &Bytes, settings: &[(&str, &str)]) -> Result<(), clickhouse::error::Error> {
        let mut insert = self
            .writer
            .insert_formatted_with(format!("INSERT INTO {into} FORMAT ArrowStream"))
            .with_timeouts(Some(self.timeout), Some(self.timeout));
        for (name, value) in settings {
            insert = insert.with_setting(*name, *value);
        }
        for at in (0..body.len()).step_by(PIECE) {
            insert.send(body.slice(at..body.len().min(at + PIECE))).await?;
        }
        insert.end().await
    }

    async fn in_time<T, E: Into<Failure>>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, Failure> {
        match tokio::time::timeout(self.timeout, work).await {
            Ok(done) => done.map_err(Into::into),
            Err(_) => Err(Failure::Server(clickhouse::error::Error::TimedOut)),
        }
    }

    fn tries(&self, what: &'static str) -> Tries {
        Tries { what, until: Instant::now() + self.retry_for, pause: self.retry_from }
    }
}

/// What may pass is tried again, with growing pauses, for a while: then it is for the caller to come back.
struct Tries {
    what: &'static str,
    until: Instant,
    pause: Duration,
}

impl Tries {
    async fn again(&mut self, failure: Failure) -> Result<(), Error> {
        let error = match failure {
            Failure::Server(error) => error,
            Failure::Store(error) => return Err(error),
        };
        if !failure::is_passing(&error) || Instant::now() + self.pause > self.until {
            return Err(failure::ours(self.what, &error));
        }
        tracing::debug!(%error, what = self.what, "tries again");
        metrics::counter!(names::RETRIES).increment(1);
        tokio::time::sleep(self.pause).await;
        self.pause *= 2;
        Ok(())
    }
}
