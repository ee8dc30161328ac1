//! The log on local disk. What is acknowledged has been synced; a crash at any byte of any write loses none of it.
//!
//! Layout: `DIR/lock`, `DIR/format`, and `DIR/TOPIC/PARTITION/FIRST_OFFSET.log`, append-only segments of checksummed
//! frames (`frame`). One writer thread takes all appends that wait, writes each partition once and syncs each touched
//! file once (`writer`), so that the cost of durability is shared by everybody who waits for it.
//!
//! A failed write or sync is answered with `Unavailable` or `Full` and cut off again before anything else is written; once the
//! disk has room again, appends work again by themselves. Of an append to several partitions, those whose partition
//! worked may be in the log although the append as a whole failed.

mod disk;
mod frame;
mod lane;
mod lock;
mod partition;
mod queue;
mod segment;
#[cfg(test)]
mod tests;
mod writer;

use std::io::{self, IoSlice};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Semaphore, oneshot};

use self::disk::{Disk, LocalDisk};
use self::lane::Lane;
use self::lock::DirLock;
use self::partition::Partition;
use self::queue::{Queue, Request};
use self::writer::Writer;
use crate::{Assignment, Error, EventLog, Records, Topic};

/// Shorter segments would be little else than files.
pub const MIN_SEGMENT_BYTES: u64 = 4096;

#[derive(Debug, Clone)]
pub struct Config {
    pub dir: PathBuf,
    /// Of each topic. Decides at the first open; later the log keeps what it has, since keys belong to partitions.
    pub partitions: u32,
    /// A segment is closed once it is this long, at least `MIN_SEGMENT_BYTES`; retention deletes whole segments.
    pub segment_bytes: u64,
    /// Of each partition: what may stay on disk after it was released. The segment in use always stays.
    pub retain_bytes: u64,
    /// What is older goes at the latest half this time later.
    pub retain_age: Option<Duration>,
    /// The same for dead letters, which nobody releases: somebody has to find the time to look at them.
    pub retain_dead_letters: Option<Duration>,
    pub retention_interval: Duration,
    /// Bytes of appends that may wait; further ones wait outside.
    pub queue_bytes: usize,
    /// Of each partition: how many bytes of the newest records stay in memory for its reader.
    pub cache_bytes: usize,
    /// Files synced at the same time, besides the one the writer thread syncs itself.
    pub sync_threads: usize,
}

impl Config {
    pub fn new(dir: impl Into<PathBuf>, partitions: u32) -> Config {
        Config {
            dir: dir.into(),
            partitions,
            segment_bytes: 64 << 20,
            retain_bytes: 1 << 30,
            retain_age: Some(Duration::from_secs(7 * 24 * 3600)),
            retain_dead_letters: Some(Duration::from_secs(30 * 24 * 3600)),
            retention_interval: Duration::from_secs(10),
            queue_bytes: 32 << 20,
            cache_bytes: 8 << 20,
            sync_threads: (partitions as usize).clamp(1, 8) - 1,
        }
    }
}

#[derive(Debug)]
pub struct EmbeddedLog {
    /// By topic, then partition.
    partitions: [Vec<Arc<Partition>>; Topic::ALL.len()],
    disk: Arc<dyn Disk>,
    queue: Arc<Queue>,
    queue_bytes: usize,
    room: Arc<Semaphore>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// Let go of after the writer has ended.
    _lock: Option<DirLock>,
}

impl EmbeddedLog {
    /// Opens or makes the log in `config.dir`, which no other process may have open. Blocks while it recovers.
    pub fn open(mut config: Config) -> Result<EmbeddedLog, Error> {
        config.segment_bytes = config.segment_bytes.max(MIN_SEGMENT_BYTES);
        let lock = DirLock::acquire(&config.dir)?;
        EmbeddedLog::open_on(Arc::new(LocalDisk), config, Some(lock))
    }

    fn open_on(disk: Arc<dyn Disk>, config: Config, lock: Option<DirLock>) -> Result<EmbeddedLog, Error> {
        let count = read_or_write_format(&*disk, &config)?;
        let mut partitions = Topic::ALL.map(|_| Vec::new());
        for topic in Topic::ALL {
            let dir = config.dir.join(topic.as_str());
            disk.create_dir(&dir).map_err(|error| unavailable("cannot make the directory", &dir, &error))?;
            for partition in 0..count {
                let partition = Partition::open(&*disk, topic, dir.join(partition.to_string()))?;
                partitions[topic as usize].push(Arc::new(partition));
            }
        }
        let queue = Arc::new(Queue::default());
        let queue_bytes = config.queue_bytes.clamp(1, u32::MAX as usize);
        let lanes = partitions.iter().flatten().map(|partition| Lane::new(partition.clone(), disk.clone())).collect();
        let threads = |error| Error::Unavailable(format!("cannot start the log's threads: {error}"));
        let writer = Writer::new(config, queue.clone(), lanes).map_err(threads)?;
        let writer = std::thread::Builder::new().name("log-writer".into()).spawn(|| writer.run()).map_err(threads)?;
        let room = Arc::new(Semaphore::new(queue_bytes));
        Ok(EmbeddedLog { partitions, disk, queue, queue_bytes, room, writer: Mutex::new(Some(writer)), _lock: lock })
    }

    /// Takes no more appends, finishes those that wait, and returns when the last is answered. Reading goes on.
    pub async fn close(&self) {
        if let Some(writer) = self.stop() {
            tokio::task::spawn_blocking(|| writer.join()).await.ok();
        }
    }

    fn stop(&self) -> Option<JoinHandle<()>> {
        self.room.close();
        self.queue.close();
        crate::memory::lock(&self.writer).take()
    }

    fn partition(&self, topic: Topic, partition: u32) -> Result<&Arc<Partition>, Error> {
        self.partitions[topic as usize].get(partition as usize).ok_or(Error::NoPartition(partition))
    }
}

impl Drop for EmbeddedLog {
    fn drop(&mut self) {
        if let Some(writer) = self.stop() {
            writer.join().ok();
        }
    }
}

#[async_trait]
impl EventLog for EmbeddedLog {
    fn partitions(&self, topic: Topic) -> u32 {
        self.partitions[topic as usize].len() as u32
    }

    async fn append(&self, topic: Topic, mut batches: Vec<(u32, Records)>) -> Result<(), Error> {
        for (partition, _) in &batches {
            self.partition(topic, *partition)?;
        }
        batches.retain(|(_, records)| !records.is_empty());
        if batches.is_empty() {
            return Ok(());
        }
        let bytes: usize = batches.iter().map(|(_, records)| records.wire().len()).sum();
        let share = self.room.clone().acquire_many_owned(bytes.min(self.queue_bytes) as u32).await.map_err(|_| Error::Closed)?;
        let (reply, answer) = oneshot::channel();
        if !self.queue.push(Request { topic, batches, reply, share }) {
            return Err(Error::Closed);
        }
        answer.await.unwrap_or(Err(Error::Closed))
    }

    async fn read(&self, topic: Topic, partition: u32, from: u64, max_bytes: usize, wait: Duration) -> Result<Records, Error> {
        self.partition(topic, partition)?.read(&self.disk, from, max_bytes, wait).await
    }

    async fn range(&self, topic: Topic, partition: u32) -> Result<Range<u64>, Error> {
        Ok(crate::memory::lock(&self.partition(topic, partition)?.shared).range())
    }

    async fn release(&self, topic: Topic, partition: u32, offset: u64) -> Result<(), Error> {
        let mut shared = crate::memory::lock(&self.partition(topic, partition)?.shared);
        shared.released = shared.released.max(offset.min(shared.end));
        Ok(())
    }

    async fn join(&self) -> Result<Assignment, Error> {
        Ok(Assignment::all(self.partitions(Topic::Events)))
    }
}

/// What the `format` file says before the number.
const FORMAT: &str = "focusflow-log 1 partitions ";

/// The partition count of the log, from its `format` file; a new log gets one.
fn read_or_write_format(disk: &dyn Disk, config: &Config) -> Result<u32, Error> {
    let path = config.dir.join("format");
    let failed = |error| unavailable("cannot open", &path, &error);
    disk.create_dir(&config.dir).map_err(failed)?;
    let names = disk.list(&config.dir).map_err(failed)?;
    // Topics are made after the format is durable.
    let begun = names.iter().any(|name| Topic::ALL.iter().any(|topic| topic.as_str() == name));
    let there = names.iter().any(|name| name == "format");
    if begun && !there {
        // Keys belong to partitions: with another number of them what is there would be lost to its readers.
        return Err(Error::Corrupt(format!(
            "{} is missing, and there are records beside it; restore it from a backup, or write the line `{FORMAT}N` into it, \
             where N is the number of folders in {}",
            path.display(),
            config.dir.join(Topic::Events.as_str()).display()
        )));
    }
    if begun {
        let file = disk.open(&path).map_err(failed)?;
        let mut text = vec![0; file.len().map_err(failed)? as usize];
        file.read_at(0, &mut text).map_err(failed)?;
        let text = String::from_utf8_lossy(&text);
        let count = text.strip_prefix(FORMAT).and_then(|rest| rest.strip_suffix('\n')?.parse().ok()).filter(|count| *count > 0);
        let Some(count) = count else {
            let what = "is not of a version this program knows; use the program that made it, or another directory";
            return Err(Error::Corrupt(format!("{} {what}", path.display())));
        };
        if count != config.partitions {
            tracing::warn!(has = count, asked = config.partitions, "the log keeps its number of partitions");
        }
        return Ok(count);
    }
    // One that is there was cut short at its making, or is not known to be on the disk.
    let count = config.partitions.max(1);
    let file = disk.create(&path).map_err(failed)?;
    let line = format!("{FORMAT}{count}\n");
    let write = file.append(&mut [IoSlice::new(line.as_bytes())]).and_then(|()| file.sync());
    write.and_then(|()| disk.sync_dir(&config.dir)).map_err(failed)?;
    Ok(count)
}

fn unavailable(what: &str, path: &Path, error: &io::Error) -> Error {
    use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let (variant, cure): (fn(String) -> Error, _) = match error.kind() {
        StorageFull | QuotaExceeded => (Error::Full, "free space on that disk, and it goes on by itself"),
        PermissionDenied | ReadOnlyFilesystem => (Error::Unavailable, "let this user write there"),
        _ => (Error::Unavailable, "look at the disk and the system's log"),
    };
    variant(format!("{what} {}: {error}; {cure}", path.display()))
}
