//! A store in memory that keeps the whole contract but SQL: for tests of everything that commits and scans.
//!
//! `crash` sets it back to the last flush, as losing the process would.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;
use arrow::compute::interleave_record_batch;
use async_trait::async_trait;
use schemas::Table;

use crate::ledger::Ledger;
use crate::rows::{KeyEncoder, committable, damaged, replaceable, scannable, times, tombstones, users, versions};
use crate::{Checkpoint, Commit, Error, Rows, Scan, Statement, Store, Whose};

const BATCH_ROWS: usize = 8_192;

#[derive(Default)]
pub struct MemoryStore {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    ledger: Ledger,
    durable: Ledger,
    tables: HashMap<&'static str, People>,
    replaced: HashMap<&'static str, (u64, RecordBatch)>,
    /// What the rows written since the last flush replaced, oldest first.
    undo: Vec<Undo>,
}

type People = BTreeMap<String, BTreeMap<Box<[u8]>, Entry>>;

/// The latest version of one row.
#[derive(Clone)]
struct Entry {
    batch: Arc<RecordBatch>,
    row: usize,
    version: u64,
    time_ms: i64,
    deleted: bool,
}

struct Undo {
    table: &'static str,
    user: String,
    key: Box<[u8]>,
    before: Option<Entry>,
}

impl MemoryStore {
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }

    /// Forgets what was committed after the last flush; epochs and replaced tables stay.
    pub fn crash(&self) {
        let mut inner = self.lock();
        let inner = &mut *inner;
        inner.ledger = inner.ledger.rewound_to(&inner.durable);
        for undo in std::mem::take(&mut inner.undo).into_iter().rev() {
            let rows = inner.tables.entry(undo.table).or_default().entry(undo.user).or_default();
            match undo.before {
                Some(entry) => rows.insert(undo.key, entry),
                None => rows.remove(&undo.key),
            };
        }
    }

    /// What `replace` last put there.
    pub fn replaced(&self, table: &'static Table) -> Option<RecordBatch> {
        self.lock().replaced.get(table.name).map(|(_, rows)| rows.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn write(&mut self, table: &'static Table, batch: RecordBatch) -> Result<(), Error> {
        let keys = KeyEncoder::new(table)?.encode(&batch)?;
        let batch = Arc::new(batch);
        let (times, users, versions, tombstones) = (times(table, &batch)?, users(&batch)?, versions(&batch)?, tombstones(&batch));
        for row in 0..batch.num_rows() {
            let version = versions.value(row);
            let people = self.tables.entry(table.name).or_default();
            let rows = match people.get_mut(users.value(row)) {
                Some(rows) => rows,
                None => people.entry(users.value(row).to_owned()).or_default(),
            };
            let key = keys.row(row).data();
            if rows.get(key).is_some_and(|known| known.version > version) {
                continue;
            }
            let deleted = tombstones.is_some_and(|t| t.value(row));
            let entry = Entry { batch: batch.clone(), row, version, time_ms: times.at(row), deleted };
            let before = rows.insert(key.into(), entry);
            self.undo.push(Undo { table: table.name, user: users.value(row).to_owned(), key: key.into(), before });
        }
        Ok(())
    }

    fn read(&self, scan: &Scan) -> Result<Vec<RecordBatch>, Error> {
        let Some(people) = self.tables.get(scan.table.name) else { return Ok(Vec::new()) };
        let mut wanted: Vec<&String> = match &scan.whose {
            Whose::People(users) => users.iter().collect(),
            Whose::Partition { .. } => people.keys().collect(),
        };
        wanted.sort_unstable();
        wanted.dedup();
        let entries: Vec<&Entry> = wanted
            .into_iter()
            .filter_map(|user| people.get(user))
            .flat_map(BTreeMap::values)
            .filter(|e| !e.deleted && (scan.from_ms..scan.to_ms).contains(&e.time_ms))
            .collect();
        let project = |batch: RecordBatch| match scan.columns {
            Some(columns) => {
                let places = columns.iter().map(|name| batch.schema_ref().index_of(name)).collect::<Result<Vec<_>, _>>();
                batch.project(&places.map_err(damaged)?).map_err(damaged)
            }
            None => Ok(batch),
        };
        entries.chunks(BATCH_ROWS).map(|entries| project(gather(entries)?)).collect()
    }
}

fn gather(entries: &[&Entry]) -> Result<RecordBatch, Error> {
    let mut batches: Vec<&RecordBatch> = Vec::new();
    let mut places: HashMap<*const RecordBatch, usize> = HashMap::new();
    let indices: Vec<(usize, usize)> = entries
        .iter()
        .map(|entry| {
            let place = *places.entry(Arc::as_ptr(&entry.batch)).or_insert_with(|| {
                batches.push(&entry.batch);
                batches.len() - 1
            });
            (place, entry.row)
        })
        .collect();
    interleave_record_batch(&batches, &indices).map_err(damaged)
}

#[async_trait]
impl Store for MemoryStore {
    async fn acquire(&self, partition: u32) -> Result<Checkpoint, Error> {
        let mut inner = self.lock();
        let epoch = inner.ledger.get(partition).epoch + 1;
        Ok(inner.ledger.set_epoch(partition, epoch))
    }

    async fn commit(&self, commit: Commit) -> Result<(), Error> {
        let mut inner = self.lock();
        inner.ledger.check(&commit)?;
        for (table, batch) in &commit.rows {
            committable(table, batch)?;
        }
        for (table, batch) in commit.rows {
            inner.write(table, batch)?;
        }
        inner.ledger.advance(commit.partition, commit.to, commit.state);
        Ok(())
    }

    async fn scan(&self, scan: Scan) -> Result<Vec<RecordBatch>, Error> {
        scannable(scan.table)?;
        self.lock().read(&scan)
    }

    async fn sql(&self, _statement: Statement) -> Result<Rows, Error> {
        Err(Error::Invalid("the memory store speaks no SQL: use the embedded one".into()))
    }

    async fn flush(&self) -> Result<(), Error> {
        let mut inner = self.lock();
        inner.durable = inner.ledger.clone();
        inner.undo.clear();
        Ok(())
    }

    async fn durable_position(&self, partition: u32) -> Result<u64, Error> {
        Ok(self.lock().durable.get(partition).position)
    }

    async fn replace(&self, table: &'static Table, version: u64, rows: RecordBatch) -> Result<(), Error> {
        replaceable(table, &rows)?;
        let replaced = &mut self.lock().replaced;
        if replaced.get(table.name).is_none_or(|(known, _)| *known <= version) {
            replaced.insert(table.name, (version, rows));
        }
        Ok(())
    }
}
