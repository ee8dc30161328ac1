//! The store of one machine: hot rows in memory, Parquet files on disk, SQL by DataFusion over both.
//!
//! ```text
//!   commit ──▶ hot generation ──freeze──▶ flushing ──sort, write, sync──▶ files ──merge──▶ fewer files
//!                    │                       │                              │
//!                    └────── readers see all three, the newest version of each row ──────┘
//! ```
//!
//! There is no log of its own: rows that were not flushed are replayed from the event log, from the position in the
//! manifest. A key's rows all have the same time, so that a table's days are independent of one another.

mod compact;
mod engine;
mod file;
mod flush;
mod hot;
mod keys;
mod manifest;
mod merge;
mod people;
mod snapshot;
mod steps;
mod write;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use async_trait::async_trait;
use schemas::Table;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use self::engine::{Engine, remove_orphans};
use self::manifest::{Manifest, io};
pub use self::steps::{Step, Steps};
use crate::rows::{replaceable, scannable};
use crate::sql::{Planner, Threads};
use crate::{Checkpoint, Commit, Error, Rows, Scan, Statement, Store, Whose, metrics as names};

#[derive(Debug, Clone)]
pub struct Config {
    pub dir: PathBuf,
    /// A generation of hot rows is flushed at this size; twice this is the most commits put in memory before they wait.
    pub hot_bytes: usize,
    /// Rows are not kept out of files for longer than this.
    pub flush_every: Duration,
    /// A day with more files than this is merged.
    pub max_files: usize,
    /// A past day is merged into one file once nothing was flushed for this long.
    pub compact_after: Duration,
    /// Days a table's rows are kept; for tables not named, `retention_default_days`.
    pub retention: Vec<(&'static str, u32)>,
    /// `None` keeps them for good.
    pub retention_default_days: Option<u32>,
    /// Files kept open, with their footers read.
    pub open_files: usize,
    /// Memory for those footers and the indexes of people.
    pub index_cache_bytes: usize,
    /// Threads that run queries.
    pub query_threads: usize,
    /// For tests: called at each place where a crash leaves something half done.
    pub steps: Steps,
}

impl Config {
    pub fn new(dir: impl Into<PathBuf>) -> Config {
        Config {
            dir: dir.into(),
            hot_bytes: 96 << 20,
            flush_every: Duration::from_secs(15),
            max_files: 8,
            compact_after: Duration::from_secs(60),
            retention: Vec::new(),
            retention_default_days: None,
            open_files: 512,
            index_cache_bytes: 64 << 20,
            query_threads: 2,
            steps: Steps::default(),
        }
    }

    fn retention_days(&self, table: &str) -> Option<u32> {
        self.retention.iter().find(|(t, _)| *t == table).map(|(_, days)| *days).or(self.retention_default_days)
    }
}

pub struct EmbeddedStore {
    engine: Arc<Engine>,
    sql: Planner,
    /// Queries and background work run here.
    threads: Threads,
    stop: CancellationToken,
}

/// For `/metrics` and the pipeline page.
#[derive(Debug, Clone, Serialize)]
pub struct Stats {
    pub hot_rows: usize,
    pub hot_bytes: usize,
    pub files: usize,
    pub file_rows: u64,
    pub file_bytes: u64,
    /// Milliseconds since the last flush of this process.
    pub since_flush_ms: Option<u64>,
    /// Why the last flush failed, while it has not been made up for.
    pub flush_error: Option<String>,
    pub tables: Vec<TableStats>,
}

#[derive(Debug, Clone, Serialize)]
pub struct TableStats {
    pub table: &'static str,
    pub files: usize,
    pub rows: u64,
    pub bytes: u64,
}

/// How long a start waits for a predecessor that is about to let go of the directory.
const LOCK_WAIT: Duration = Duration::from_secs(5);

impl EmbeddedStore {
    /// Opens or creates the store in `config.dir`. Reads the manifest and lists files: milliseconds, but blocking ones.
    pub fn open(config: Config) -> Result<EmbeddedStore, Error> {
        fs::create_dir_all(&config.dir).map_err(|e| io("create", &config.dir, &e))?;
        let lock = lock(&config.dir)?;
        let manifest = Manifest::load(&config.dir)?;
        let highest = remove_orphans(&config.dir, &manifest)?;
        if let Some(lost) = manifest.files.iter().map(|f| f.path(&config.dir)).find(|p| !p.exists()) {
            return Err(Error::Corrupt(format!(
                "{} is in the manifest but not on disk: restore it from a backup",
                lost.display()
            )));
        }
        let threads = Threads::start(config.query_threads)?;
        let sql = Planner::new(config.query_threads.max(1))?;
        let engine = Arc::new(Engine::new(config, manifest, highest + 1, lock)?);
        let stop = CancellationToken::new();
        let handle = threads.handle()?;
        handle.spawn(flush_when_due(engine.clone(), stop.clone()));
        handle.spawn(compact_now_and_then(engine.clone(), stop.clone()));
        Ok(EmbeddedStore { engine, sql, threads, stop })
    }

    /// Flushes, stops and lets go of the directory; commits are refused from here on. Dropping without it is what a
    /// crash is: the last flush stands.
    pub async fn close(&self) -> Result<(), Error> {
        self.stop.cancel();
        let engine = self.engine.clone();
        self.blocking(move || engine.close()).await
    }

    /// Merges files and drops expired days now; the store does so by itself in the background.
    pub async fn compact(&self) -> Result<(), Error> {
        let engine = self.engine.clone();
        self.blocking(move || engine.compact()).await
    }

    pub fn stats(&self) -> Stats {
        stats(&self.engine)
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
        self.threads.handle()?.spawn_blocking(work).await.unwrap_or_else(|e| {
            // A panic in there is a defect of ours; the caller's task should not die of it.
            Err(Error::Unavailable(format!("work in the store ended early: {e}")))
        })
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        self.stop.cancel();
        self.engine.shut();
    }
}

#[async_trait]
impl Store for EmbeddedStore {
    async fn acquire(&self, partition: u32) -> Result<Checkpoint, Error> {
        let engine = self.engine.clone();
        self.blocking(move || engine.acquire(partition)).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), Error> {
        self.engine.commit(commit).await
    }

    async fn scan(&self, scan: Scan) -> Result<Vec<RecordBatch>, Error> {
        scannable(scan.table)?;
        if scan.from_ms >= scan.to_ms {
            return Ok(Vec::new());
        }
        let units = self.engine.units(scan.table, hot::day_of(scan.from_ms), hot::day_of(scan.to_ms - 1));
        if units.is_empty() {
            return Ok(Vec::new());
        }
        let users = match &scan.whose {
            Whose::People(users) => {
                let mut users = users.clone();
                users.sort_unstable();
                users.dedup();
                Some(users)
            }
            Whose::Partition { .. } => None,
        };
        self.blocking(move || snapshot::scan(&units, &scan, users)).await
    }

    async fn sql(&self, statement: Statement) -> Result<Rows, Error> {
        metrics::counter!(names::QUERIES).increment(1);
        let answer = self.sql.run(self.threads.handle()?, Arc::new(self.engine.snapshot()), statement).await;
        if answer.is_err() {
            metrics::counter!(names::QUERY_FAILURES).increment(1);
        }
        answer
    }

    async fn flush(&self) -> Result<(), Error> {
        let engine = self.engine.clone();
        self.blocking(move || engine.flush()).await
    }

    async fn durable_position(&self, partition: u32) -> Result<u64, Error> {
        Ok(self.engine.durable_position(partition))
    }

    async fn replace(&self, table: &'static Table, version: u64, rows: RecordBatch) -> Result<(), Error> {
        replaceable(table, &rows)?;
        self.engine.replace(table, version, rows);
        Ok(())
    }
}

fn lock(dir: &Path) -> Result<File, Error> {
    let path = dir.join("lock");
    let file = File::create(&path).map_err(|e| io("create", &path, &e))?;
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if started.elapsed() < LOCK_WAIT => std::thread::sleep(Duration::from_millis(20)),
            Err(TryLockError::WouldBlock) => {
                let dir = dir.display();
                return Err(Error::Unavailable(format!(
                    "{dir} is in use by another process: stop it, or give this one another directory"
                )));
            }
            Err(TryLockError::Error(e)) => return Err(io("lock", &path, &e)),
        }
    }
}

async fn flush_when_due(engine: Arc<Engine>, stop: CancellationToken) {
    let tick = (engine.config.flush_every / 8).clamp(Duration::from_millis(10), Duration::from_secs(1));
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = engine.flush_due.notified() => {}
            () = tokio::time::sleep(tick) => {}
        }
        report(&engine);
        if !engine.flush_is_due() {
            continue;
        }
        let worker = engine.clone();
        let flushed = tokio::task::spawn_blocking(move || worker.flush()).await;
        if !matches!(flushed, Ok(Ok(()))) {
            // Said and counted where it happened; a full disk is not asked again at once.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

async fn compact_now_and_then(engine: Arc<Engine>, stop: CancellationToken) {
    let every = engine.config.compact_after.clamp(Duration::from_millis(50), Duration::from_secs(2));
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
        let worker = engine.clone();
        match tokio::task::spawn_blocking(move || worker.compact()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                metrics::counter!(names::MERGE_FAILURES).increment(1);
                tracing::warn!(%error, "a merge failed and will be tried again");
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
            Err(error) => tracing::warn!(%error, "a merge ended early"),
        }
    }
}

fn report(engine: &Engine) {
    let (bytes, rows, files) = {
        let state = engine.state();
        (state.hot_bytes(), state.hot_rows(), state.files.clone())
    };
    metrics::gauge!(names::HOT_BYTES).set(bytes as f64);
    metrics::gauge!(names::HOT_ROWS).set(rows as f64);
    metrics::gauge!(names::FILES).set(files.values().map(Vec::len).sum::<usize>() as f64);
    metrics::gauge!(names::FILE_BYTES).set(files.values().flatten().map(|f| f.entry.bytes).sum::<u64>() as f64);
}

fn stats(engine: &Engine) -> Stats {
    let (hot_bytes, hot_rows, files, since_flush, flush_error) = {
        let state = engine.state();
        let since = state.last_flush.map(|at| at.elapsed().as_millis() as u64);
        (state.hot_bytes(), state.hot_rows(), state.files.clone(), since, state.failed.as_ref().map(ToString::to_string))
    };
    let mut tables: Vec<TableStats> = Vec::new();
    for ((table, _), day) in files.iter() {
        if tables.last().is_none_or(|last| last.table != *table) {
            tables.push(TableStats { table, files: 0, rows: 0, bytes: 0 });
        }
        if let Some(last) = tables.last_mut() {
            last.files += day.len();
            last.rows += day.iter().map(|f| f.entry.rows).sum::<u64>();
            last.bytes += day.iter().map(|f| f.entry.bytes).sum::<u64>();
        }
    }
    Stats {
        hot_rows,
        hot_bytes,
        files: tables.iter().map(|t| t.files).sum(),
        file_rows: tables.iter().map(|t| t.rows).sum(),
        file_bytes: tables.iter().map(|t| t.bytes).sum(),
        since_flush_ms: since_flush,
        flush_error,
        tables,
    }
}
