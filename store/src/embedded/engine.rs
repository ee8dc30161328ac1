//! What the store holds at a moment, and the two ways it changes: a commit adds rows to the hot generation, a
//! publication (flush, merge, retention, new owner) replaces the manifest.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use arrow::array::RecordBatch;
use schemas::Table;
use tokio::sync::Notify;

use super::Config;
use super::file::{DataFile, FileCache};
use super::hot::{DayKey, Generation, HotView, Piece, by_day};
use super::manifest::{FileEntry, Manifest, StoredCheckpoint};
use super::snapshot::{Snapshot, Unit};
use crate::ledger::Ledger;
use crate::rows::{committable, committed_tables};
use crate::{Checkpoint, Commit, Error, metrics as names};

/// Files of each table and day, oldest first.
pub(crate) type Files = BTreeMap<DayKey, Vec<Arc<DataFile>>>;

pub(crate) struct Engine {
    pub config: Config,
    pub cache: Arc<FileCache>,
    state: Mutex<State>,
    /// The manifest on disk. Held through a publication and until memory says the same.
    manifest: Mutex<Manifest>,
    /// One flush at a time.
    pub(super) flush_gate: Mutex<()>,
    /// One merge at a time.
    pub(super) merge_gate: Mutex<()>,
    sequence: AtomicU64,
    /// A flush made room for commits.
    room: Notify,
    /// There is enough to flush.
    pub(super) flush_due: Notify,
    closed: AtomicBool,
    /// Held for as long as anything of this store may still write.
    lock: Mutex<Option<File>>,
}

pub(super) struct State {
    ledger: Ledger,
    durable: Ledger,
    hot: Generation,
    hot_since: Instant,
    pub flushing: Option<Arc<Frozen>>,
    pub files: Arc<Files>,
    /// With the versions of the control data they come from.
    replaced: HashMap<&'static str, (u64, Arc<RecordBatch>)>,
    /// Why the last flush failed.
    pub failed: Option<Error>,
    pub last_flush: Option<Instant>,
}

/// A generation on its way to disk, with the positions it goes to. Readers still see it.
pub(super) struct Frozen {
    pub generation: Generation,
    pub ledger: Ledger,
}

/// What a publication does to the files.
#[derive(Default)]
pub(super) struct Change {
    pub added: Vec<FileEntry>,
    /// Sequences of the files that go. Files added by a merge take their place.
    pub removed: HashSet<u64>,
    pub flushed: Option<Arc<Frozen>>,
}

impl Engine {
    pub fn new(config: Config, manifest: Manifest, sequence: u64, lock: File) -> Result<Engine, Error> {
        let checkpoints = manifest.partitions.iter().map(|(&p, c)| (p, Checkpoint::from(c))).collect();
        let ledger = Ledger::new(checkpoints);
        let mut files = Files::new();
        for entry in &manifest.files {
            let table = table_named(&entry.table)?;
            let file = Arc::new(DataFile::new(entry.clone(), table, &config.dir));
            files.entry((table.name, entry.day)).or_default().push(file);
        }
        let cache = Arc::new(FileCache::new(config.open_files, config.index_cache_bytes));
        let state = State {
            durable: ledger.clone(),
            ledger,
            hot: Generation::default(),
            hot_since: Instant::now(),
            flushing: None,
            files: Arc::new(files),
            replaced: HashMap::new(),
            failed: None,
            last_flush: None,
        };
        Ok(Engine {
            config,
            cache,
            state: Mutex::new(state),
            manifest: Mutex::new(manifest),
            flush_gate: Mutex::new(()),
            merge_gate: Mutex::new(()),
            sequence: AtomicU64::new(sequence),
            room: Notify::new(),
            flush_due: Notify::new(),
            closed: AtomicBool::new(false),
            lock: Mutex::new(Some(lock)),
        })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn next_sequence(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::Relaxed)
    }

    /// Nothing is published after this: a store that was dropped leaves the directory to its successor.
    pub fn shut(&self) {
        self.closed.store(true, Ordering::Release);
        self.room.notify_waiters();
    }

    /// Flushes, waits for a merge under way, and lets go of the directory. Blocks: not for async threads.
    pub fn close(&self) -> Result<(), Error> {
        let flushed = if self.is_shut() { Ok(()) } else { self.flush() };
        self.shut();
        let _no_merge = self.merge_gate.lock().unwrap_or_else(PoisonError::into_inner);
        let _no_flush = self.flush_gate.lock().unwrap_or_else(PoisonError::into_inner);
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
        flushed
    }

    pub fn is_shut(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Fences earlier owners at once, and durably before it returns.
    pub fn acquire(&self, partition: u32) -> Result<Checkpoint, Error> {
        let checkpoint = {
            let mut state = self.state();
            let epoch = state.ledger.get(partition).epoch + 1;
            state.ledger.set_epoch(partition, epoch)
        };
        self.publish(Change::default())?;
        Ok(checkpoint)
    }

    pub async fn commit(&self, commit: Commit) -> Result<(), Error> {
        let mut pieces: Vec<Piece> = Vec::with_capacity(commit.rows.len());
        let mut rows = 0;
        let Commit { partition, to, .. } = commit;
        for (table, batch) in &commit.rows {
            committable(table, batch)?;
            rows += batch.num_rows();
            pieces.extend(by_day(table, batch.clone())?);
        }
        let bytes = pieces.iter().map(|piece| piece.bytes).sum();
        loop {
            let room = self.room.notified();
            tokio::pin!(room);
            room.as_mut().enable();
            {
                let mut state = self.state();
                state.ledger.check(&commit)?;
                if self.is_shut() {
                    return Err(Error::Unavailable("the store is shutting down".into()));
                }
                if !state.is_full(self.config.hot_bytes, bytes) {
                    if state.hot.is_empty() {
                        state.hot_since = Instant::now();
                    }
                    pieces.into_iter().for_each(|piece| state.hot.push(piece));
                    state.ledger.advance(partition, to, commit.state);
                    if state.hot.bytes >= self.config.hot_bytes {
                        self.flush_due.notify_one();
                    }
                    break;
                }
                if let Some(error) = &state.failed {
                    return Err(Error::Unavailable(format!("memory is full of rows that cannot be written: {error}")));
                }
                self.flush_due.notify_one();
            }
            metrics::counter!(names::COMMIT_WAITS).increment(1);
            room.await;
        }
        metrics::counter!(names::ROWS).increment(rows as u64);
        metrics::counter!(names::COMMITS).increment(1);
        Ok(())
    }

    pub fn durable_position(&self, partition: u32) -> u64 {
        self.state().durable.get(partition).position
    }

    pub fn replace(&self, table: &'static Table, version: u64, rows: RecordBatch) {
        let mut state = self.state();
        if state.replaced.get(table.name).is_none_or(|(known, _)| *known <= version) {
            state.replaced.insert(table.name, (version, Arc::new(rows)));
        }
    }

    /// Everything, at one moment.
    pub fn snapshot(&self) -> Snapshot {
        let state = self.state();
        let flushing = state.flushing.as_ref().map(|f| f.generation.views()).unwrap_or_default();
        let replaced = state.replaced.iter().map(|(name, (_, rows))| (*name, rows.clone())).collect();
        let (hot, files) = (state.hot.views(), state.files.clone());
        drop(state);
        Snapshot::new(self.cache.clone(), files, flushing, hot, replaced)
    }

    /// One table's days [first, last], at one moment.
    pub fn units(&self, table: &'static Table, first: i32, last: i32) -> Vec<Unit> {
        let (flushing, hot, files) = {
            let state = self.state();
            let views = |generation: &Generation| -> HashMap<DayKey, HotView> {
                let wanted = generation.days.iter().filter(|((t, day), _)| *t == table.name && (first..=last).contains(day));
                wanted.map(|(&key, day)| (key, HotView::of(day))).collect()
            };
            (state.flushing.as_ref().map(|f| views(&f.generation)).unwrap_or_default(), views(&state.hot), state.files.clone())
        };
        if flushing.is_empty() && hot.is_empty() && files.range((table.name, first)..=(table.name, last)).next().is_none() {
            return Vec::new();
        }
        Snapshot::new(self.cache.clone(), files, flushing, hot, HashMap::new()).units(table, first, last)
    }

    pub fn files(&self) -> Arc<Files> {
        self.state().files.clone()
    }

    /// Sets hot rows aside for a flush; `None` when there is nothing that is not durable.
    pub(super) fn freeze(&self) -> Option<Arc<Frozen>> {
        let mut state = self.state();
        if let Some(frozen) = &state.flushing {
            return Some(frozen.clone());
        }
        if state.hot.is_empty() && state.ledger.same_positions(&state.durable) {
            return None;
        }
        let frozen = Arc::new(Frozen { generation: std::mem::take(&mut state.hot), ledger: state.ledger.clone() });
        state.flushing = Some(frozen.clone());
        drop(state);
        self.room.notify_waiters();
        Some(frozen)
    }

    pub(super) fn flush_is_due(&self) -> bool {
        let state = self.state();
        let aged = !state.hot.is_empty() && state.hot_since.elapsed() >= self.config.flush_every;
        let moved = state.hot.is_empty()
            && !state.ledger.same_positions(&state.durable)
            && state.last_flush.is_none_or(|at| at.elapsed() >= self.config.flush_every);
        state.flushing.is_some() || aged || moved || state.hot.bytes >= self.config.hot_bytes
    }

    /// Writes the manifest and then shows the same in memory. Positions are those last flushed, epochs those of now.
    pub(super) fn publish(&self, change: Change) -> Result<(), Error> {
        let mut manifest = self.manifest.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_shut() {
            return Err(Error::Unavailable("the store is shutting down".into()));
        }
        let mut next = manifest.clone();
        let place = next.files.iter().position(|f| change.removed.contains(&f.sequence)).unwrap_or(next.files.len());
        next.files.retain(|f| !change.removed.contains(&f.sequence));
        next.files.splice(place..place, change.added.iter().cloned());
        next.sequence = self.sequence.load(Ordering::Relaxed);
        let (ledger, durable) = {
            let state = self.state();
            (state.ledger.clone(), change.flushed.as_ref().map_or_else(|| state.durable.clone(), |f| f.ledger.clone()))
        };
        let durable = ledger.rewound_to(&durable);
        next.partitions = durable.partitions().iter().map(|(&p, c)| (p, StoredCheckpoint::from(c))).collect();
        next.publish(&self.config.dir, &self.config.steps)?;
        self.install(&change, &next, durable)?;
        *manifest = next;
        Ok(())
    }

    pub(super) fn wake_commits(&self) {
        self.room.notify_waiters();
    }

    fn install(&self, change: &Change, manifest: &Manifest, durable: Ledger) -> Result<(), Error> {
        let mut known: HashMap<u64, Arc<DataFile>> =
            self.files().values().flatten().map(|f| (f.entry.sequence, f.clone())).collect();
        let mut files = Files::new();
        for entry in &manifest.files {
            let table = table_named(&entry.table)?;
            let file =
                known.remove(&entry.sequence).unwrap_or_else(|| Arc::new(DataFile::new(entry.clone(), table, &self.config.dir)));
            files.entry((table.name, entry.day)).or_default().push(file);
        }
        let mut state = self.state();
        state.files = Arc::new(files);
        state.durable = durable;
        if change.flushed.is_some() {
            state.flushing = None;
            state.failed = None;
            state.last_flush = Some(Instant::now());
        }
        drop(state);
        self.cache.forget(&change.removed);
        known.values().for_each(|replaced| replaced.mark_obsolete());
        self.wake_commits();
        Ok(())
    }
}

impl State {
    /// Two generations full with what comes, or one that outgrew its bound before its flush began.
    fn is_full(&self, hot_bytes: usize, coming: usize) -> bool {
        let two = self.flushing.is_some() && !self.hot.is_empty() && self.hot.bytes + coming > hot_bytes;
        two || self.hot.bytes >= 2 * hot_bytes
    }

    pub fn hot_bytes(&self) -> usize {
        self.hot.bytes + self.flushing.as_ref().map_or(0, |f| f.generation.bytes)
    }

    pub fn hot_rows(&self) -> usize {
        self.hot.rows + self.flushing.as_ref().map_or(0, |f| f.generation.rows)
    }
}

fn table_named(name: &str) -> Result<&'static Table, Error> {
    committed_tables()
        .find(|t| t.name == name)
        .ok_or_else(|| Error::Corrupt(format!("the manifest names the table {name}, which this program does not know")))
}

/// Removes what no manifest names: what a crash left half done. Returns the highest sequence seen.
pub(super) fn remove_orphans(dir: &Path, manifest: &Manifest) -> Result<u64, Error> {
    let known: HashSet<_> = manifest.files.iter().map(|f| f.path(dir)).collect();
    let mut highest = manifest.sequence;
    for folder in
        subfolders(&dir.join("tables"))?.iter().map(|t| subfolders(t)).collect::<Result<Vec<_>, _>>()?.into_iter().flatten()
    {
        for file in std::fs::read_dir(&folder).map_err(|e| super::manifest::io("list", &folder, &e))?.flatten() {
            let path = file.path();
            let sequence = path.file_stem().and_then(|s| s.to_str()).and_then(|s| s.parse::<u64>().ok());
            highest = highest.max(sequence.unwrap_or(0));
            if !known.contains(&path) {
                tracing::info!(file = %path.display(), "removing a file that was never published, or was replaced");
                std::fs::remove_file(&path).map_err(|e| super::manifest::io("remove", &path, &e))?;
            }
        }
        // Only goes when empty.
        let _ = std::fs::remove_dir(&folder);
    }
    Ok(highest)
}

fn subfolders(dir: &Path) -> Result<Vec<std::path::PathBuf>, Error> {
    match std::fs::read_dir(dir) {
        Ok(entries) => Ok(entries.flatten().map(|e| e.path()).filter(|p| p.is_dir()).collect()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(super::manifest::io("list", dir, &e)),
    }
}
