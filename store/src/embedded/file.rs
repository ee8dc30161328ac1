//! One Parquet file of the store, its footer and its index of people, kept open while there is room.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::Read;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection};
use parquet::errors::Result as ParquetResult;
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::reader::{ChunkReader, Length};
use schemas::Table;

use super::keys::BATCH_ROWS;
use super::manifest::{FileEntry, io};
use super::people::PeopleIndex;
use crate::Error;
use crate::rows::damaged;
use crate::sql::{Run, Selection};

/// A file of the store. Once replaced it is removed when its last reader lets go.
pub(crate) struct DataFile {
    pub entry: FileEntry,
    pub table: &'static Table,
    path: PathBuf,
    obsolete: AtomicBool,
}

impl DataFile {
    pub fn new(entry: FileEntry, table: &'static Table, dir: &Path) -> DataFile {
        DataFile { path: entry.path(dir), entry, table, obsolete: AtomicBool::new(false) }
    }

    pub fn mark_obsolete(&self) {
        self.obsolete.store(true, Ordering::Release);
    }

    /// Whether rows of any of these people (sorted) can be in it.
    pub fn may_hold(&self, users: &[String]) -> bool {
        let first = users.partition_point(|u| *u < self.entry.min_user);
        users.get(first).is_some_and(|u| *u <= self.entry.max_user)
    }
}

impl Drop for DataFile {
    fn drop(&mut self) {
        if self.obsolete.load(Ordering::Acquire)
            && let Err(error) = fs::remove_file(&self.path)
        {
            // It is not in the manifest any more: the next start removes it.
            tracing::warn!(file = %self.path.display(), %error, "a replaced file could not be removed");
        }
    }
}

/// A file with its footer read.
pub(crate) struct OpenFile {
    file: Arc<File>,
    len: u64,
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    people: Mutex<Option<Arc<PeopleIndex>>>,
}

impl OpenFile {
    pub fn open(path: &Path) -> Result<OpenFile, Error> {
        let file = File::open(path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => Error::Corrupt(format!("{} is in the manifest but not on disk", path.display())),
            _ => io("open", path, &e),
        })?;
        let len = file.metadata().map_err(|e| io("read", path, &e))?.len();
        let file = Arc::new(file);
        let options = ArrowReaderOptions::new().with_offset_index_policy(PageIndexPolicy::Optional);
        let metadata =
            ArrowReaderMetadata::load(&Chunks { file: file.clone(), len }, options).map_err(|e| unreadable(path, &e))?;
        Ok(OpenFile { file, len, path: path.to_owned(), metadata, people: Mutex::new(None) })
    }

    /// Memory the footer takes, for the bound of the cache.
    fn bytes(&self) -> usize {
        self.metadata.metadata().memory_size() + 4_096
    }

    /// The rows of the named columns, in the file's column order.
    pub fn read(&self, columns: &[&str], rows: Option<Vec<Range<usize>>>) -> Result<Run, Error> {
        let chunks = Chunks { file: self.file.clone(), len: self.len };
        let mut reader = ParquetRecordBatchReaderBuilder::new_with_metadata(chunks, self.metadata.clone());
        let schema = self.metadata.schema();
        let roots: Vec<usize> = columns.iter().filter_map(|name| schema.index_of(name).ok()).collect();
        reader = reader.with_projection(ProjectionMask::roots(self.metadata.parquet_schema(), roots)).with_batch_size(BATCH_ROWS);
        if let Some(rows) = rows {
            let (groups, selection) = self.select(&rows);
            if groups.is_empty() {
                return Ok(Box::new(std::iter::empty()));
            }
            reader = reader.with_row_groups(groups).with_row_selection(selection);
        }
        let reader = reader.build().map_err(|e| unreadable(&self.path, &e))?;
        let path = self.path.clone();
        Ok(Box::new(reader.map(move |batch| batch.map_err(|e| unreadable(&path, &e)))))
    }

    /// Row groups that hold any of the rows, and the rows within those.
    fn select(&self, rows: &[Range<usize>]) -> (Vec<usize>, RowSelection) {
        let (mut groups, mut within) = (Vec::new(), Vec::new());
        let (mut start, mut kept) = (0, 0);
        for (index, group) in self.metadata.metadata().row_groups().iter().enumerate() {
            let end = start + group.num_rows() as usize;
            let first = rows.partition_point(|r| r.end <= start);
            let hits = rows[first..].iter().take_while(|r| r.start < end);
            let before = within.len();
            within.extend(hits.map(|r| r.start.max(start) - start + kept..r.end.min(end) - start + kept));
            if within.len() > before {
                groups.push(index);
                kept += end - start;
            }
            start = end;
        }
        (groups, RowSelection::from_consecutive_ranges(within.into_iter(), kept))
    }

    fn people(&self, table: &'static Table) -> Result<Arc<PeopleIndex>, Error> {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = &*people {
            return Ok(index.clone());
        }
        let columns: &[&str] = if table.column("team_id").is_some() { &["user_id", "team_id"] } else { &["user_id"] };
        let index = Arc::new(PeopleIndex::build(self.read(columns, None)?)?);
        *people = Some(index.clone());
        Ok(index)
    }
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Corrupt(format!("{}: {error}; restore the file from a backup", path.display()))
}

/// Reads at offsets of a shared file; nothing moves a cursor.
struct Chunks {
    file: Arc<File>,
    len: u64,
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for Chunks {
    type T = ReadAt;

    fn get_read(&self, start: u64) -> ParquetResult<ReadAt> {
        Ok(ReadAt { file: self.file.clone(), at: start, buffer: Vec::new(), used: 0 })
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<bytes::Bytes> {
        let mut buffer = vec![0; length];
        self.file.read_exact_at(&mut buffer, start)?;
        Ok(buffer.into())
    }
}

/// Page headers are read a few bytes at a time: hence the buffer.
struct ReadAt {
    file: Arc<File>,
    at: u64,
    buffer: Vec<u8>,
    used: usize,
}

impl Read for ReadAt {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.used == self.buffer.len() {
            self.buffer.resize(8_192, 0);
            let got = self.file.read_at(&mut self.buffer, self.at)?;
            self.buffer.truncate(got);
            self.at += got as u64;
            self.used = 0;
        }
        let length = out.len().min(self.buffer.len() - self.used);
        out[..length].copy_from_slice(&self.buffer[self.used..self.used + length]);
        self.used += length;
        Ok(length)
    }
}

/// Open files with their footers and indexes of people, the least recently used closed first. Files never change and
/// their sequence numbers are never given out again, so nothing here can be stale.
pub(crate) struct FileCache {
    max_files: usize,
    max_bytes: usize,
    inner: Mutex<Cached>,
}

#[derive(Default)]
struct Cached {
    files: HashMap<u64, (Arc<OpenFile>, usize, u64)>,
    bytes: usize,
    clock: u64,
}

impl FileCache {
    pub fn new(max_files: usize, max_bytes: usize) -> FileCache {
        FileCache { max_files, max_bytes, inner: Mutex::default() }
    }

    pub fn open(&self, file: &DataFile) -> Result<Arc<OpenFile>, Error> {
        {
            let mut inner = self.lock();
            inner.clock += 1;
            let now = inner.clock;
            if let Some((open, _, used)) = inner.files.get_mut(&file.entry.sequence) {
                *used = now;
                return Ok(open.clone());
            }
        }
        let open = Arc::new(OpenFile::open(&file.path)?);
        self.keep(file.entry.sequence, &open, open.bytes());
        Ok(open)
    }

    /// Where the people (and teams) asked for stand in the file; `None` for all of it.
    pub fn rows_of(&self, file: &DataFile, open: &Arc<OpenFile>, wanted: &Selection) -> Result<Option<Vec<Range<usize>>>, Error> {
        if wanted.is_all() {
            return Ok(None);
        }
        Ok(Some(self.people(file, open)?.ranges(wanted)))
    }

    pub fn people(&self, file: &DataFile, open: &Arc<OpenFile>) -> Result<Arc<PeopleIndex>, Error> {
        let people = open.people(file.table)?;
        self.keep(file.entry.sequence, open, open.bytes() + people.bytes());
        Ok(people)
    }

    pub fn forget(&self, sequences: &HashSet<u64>) {
        let mut inner = self.lock();
        for sequence in sequences {
            if let Some((_, bytes, _)) = inner.files.remove(sequence) {
                inner.bytes -= bytes;
            }
        }
    }

    fn keep(&self, sequence: u64, open: &Arc<OpenFile>, bytes: usize) {
        let mut inner = self.lock();
        let inner = &mut *inner;
        inner.clock += 1;
        if let Some((_, before, _)) = inner.files.insert(sequence, (open.clone(), bytes, inner.clock)) {
            inner.bytes -= before;
        }
        inner.bytes += bytes;
        while inner.files.len() > self.max_files || (inner.bytes > self.max_bytes && inner.files.len() > 1) {
            let Some(oldest) = inner.files.iter().min_by_key(|(_, (_, _, used))| *used).map(|(&s, _)| s) else { return };
            if let Some((_, freed, _)) = inner.files.remove(&oldest) {
                inner.bytes -= freed;
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Cached> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn parquet_failed(path: &Path, error: &parquet::errors::ParquetError) -> Error {
    match error {
        parquet::errors::ParquetError::External(source) => match source.downcast_ref::<std::io::Error>() {
            Some(e) => io("write", path, e),
            None => damaged(error),
        },
        _ => Error::Unavailable(format!("cannot write {}: {error}", path.display())),
    }
}
