//! Rows on their way into the tables. All that reaches here is committed, so rows of any partitions may share an insert: what
//! waits while one is under way goes with the next, and ClickHouse gets few large parts instead of many small ones.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use schemas::clickhouse::{Layout, quote};
use tokio::sync::{mpsc, oneshot};

use super::arrow_stream::encode;
use super::connection::Connection;
use super::partition::random;
use crate::{Error, metrics as names};

/// Rows in one insert, about.
const MAX_ROWS: usize = 500_000;
/// Writes of one table that wait; further ones wait to be let in.
const WAITING: usize = 64;

pub(super) struct Writers {
    connection: Arc<Connection>,
    database: String,
    /// The server gathers inserts of all processes into one part before it answers.
    asynchronous: bool,
    tables: Mutex<HashMap<&'static str, mpsc::Sender<Write>>>,
}

struct Write {
    batch: RecordBatch,
    done: oneshot::Sender<Result<(), Error>>,
}

impl Writers {
    pub fn new(connection: Arc<Connection>, layout: &Layout, asynchronous: bool) -> Writers {
        Writers { connection, database: quote(&layout.rows()), asynchronous, tables: Mutex::default() }
    }

    /// Returns once the rows can be read.
    pub async fn write(&self, table: &'static str, batch: RecordBatch) -> Result<(), Error> {
        let (done, answer) = oneshot::channel();
        let gone = |_| Error::Unavailable(format!("writing {table} ended early"));
        self.sender(table).send(Write { batch, done }).await.map_err(|_| gone(()))?;
        answer.await.map_err(|_| gone(()))?
    }

    fn sender(&self, table: &'static str) -> mpsc::Sender<Write> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        // A runtime that ended took its tasks along.
        if let Some(sender) = tables.get(table).filter(|sender| !sender.is_closed()) {
            return sender.clone();
        }
        let (sender, writes) = mpsc::channel(WAITING);
        let into = format!("{}.{}", self.database, quote(table));
        tokio::spawn(run(self.connection.clone(), into, self.asynchronous, writes));
        tables.insert(table, sender.clone());
        sender
    }
}

/// Ends when the store is dropped.
async fn run(connection: Arc<Connection>, into: String, asynchronous: bool, mut writes: mpsc::Receiver<Write>) {
    while let Some(first) = writes.recv().await {
        let mut rows = first.batch.num_rows();
        let mut gathered = vec![first];
        while rows < MAX_ROWS
            && let Ok(next) = writes.try_recv()
        {
            rows += next.batch.num_rows();
            gathered.push(next);
        }
        let written = insert(&connection, &into, asynchronous, &gathered).await;
        for write in gathered {
            // Whoever does not wait any more comes back for it.
            let _ = write.done.send(written.clone());
        }
    }
}

async fn insert(connection: &Connection, into: &str, asynchronous: bool, writes: &[Write]) -> Result<(), Error> {
    let batches: Vec<&RecordBatch> = writes.iter().map(|w| &w.batch).collect();
    let Some(first) = batches.first() else { return Ok(()) };
    let names: Vec<String> = first.schema_ref().fields().iter().map(|f| quote(f.name())).collect();
    let into = format!("{into} ({})", names.join(", "));
    let body = encode(&batches)?;
    // One token for all tries: an insert whose answer was lost is taken once.
    let token = format!("{:016x}{:016x}", random(), random());
    // On a cluster: in the shards' own tables when it is acknowledged, not on the way there.
    let mut settings = vec![("distributed_foreground_insert", "1")];
    match asynchronous {
        true => settings.extend([("async_insert", "1"), ("wait_for_async_insert", "1")]),
        false => settings.extend([("async_insert", "0"), ("insert_deduplication_token", &*token)]),
    }
    let started = std::time::Instant::now();
    connection.insert("writing rows", &into, &body, &settings).await?;
    metrics::histogram!(names::INSERT_SECONDS).record(started.elapsed().as_secs_f64());
    Ok(())
}
