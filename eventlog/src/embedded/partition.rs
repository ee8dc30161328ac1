//! One partition of one topic: its folder of segments, what readers may see of it, and how it is read.

use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::disk::{Disk, DiskFile};
use super::frame::{SEGMENT_HEAD, SegmentHead};
use super::segment::{self, Index};
use crate::chunks::Chunks;
use crate::memory::lock;
use crate::records::concat;
use crate::{Error, Records, Topic};

#[derive(Debug)]
pub struct Partition {
    pub topic: Topic,
    pub dir: PathBuf,
    pub shared: Mutex<Shared>,
    pub appended: Notify,
}

/// What is acknowledged; readers see nothing else.
#[derive(Debug, Default)]
pub struct Shared {
    /// Ascending and consecutive; the last one is written to. Empty until the first append.
    pub segments: Vec<Segment>,
    pub end: u64,
    pub released: u64,
    /// The newest records, so that a reader close behind needs no disk.
    pub tail: Chunks,
    /// The closed segment read last.
    opened: Option<(u64, Arc<dyn DiskFile>)>,
}

#[derive(Debug)]
pub struct Segment {
    pub base: u64,
    /// Bytes that are acknowledged.
    pub len: u64,
    pub created_ms: i64,
    /// Built when first needed, or while it was written.
    pub index: Option<Index>,
    /// Kept open for the last one alone.
    pub file: Option<Arc<dyn DiskFile>>,
}

/// Where a read begins.
struct Place {
    base: u64,
    len: u64,
    position: Option<u64>,
    file: Option<Arc<dyn DiskFile>>,
}

impl Shared {
    pub fn range(&self) -> Range<u64> {
        self.segments.first().map_or(self.end, |s| s.base)..self.end
    }

    /// Takes the oldest segment off the list. It is not kept open: its space would not be free.
    pub fn take_first(&mut self) -> Segment {
        let segment = self.segments.remove(0);
        if self.opened.as_ref().is_some_and(|(base, _)| *base == segment.base) {
            self.opened = None;
        }
        segment
    }

    fn locate(&self, from: u64) -> Option<Place> {
        let segment = self.segments[..self.segments.partition_point(|s| s.base <= from)].last()?;
        let opened = || self.opened.as_ref().filter(|(base, _)| *base == segment.base).map(|(_, file)| file.clone());
        Some(Place {
            base: segment.base,
            len: segment.len,
            position: segment.index.as_ref().and_then(|index| index.floor(from)).map(|(_, position)| position),
            file: segment.file.clone().or_else(opened),
        })
    }
}

pub fn segment_path(dir: &Path, base: u64) -> PathBuf {
    dir.join(format!("{base:020}.log"))
}

impl Partition {
    /// Opens the folder, checks that the segments follow one another, and recovers the last.
    pub fn open(disk: &dyn Disk, topic: Topic, dir: PathBuf) -> Result<Partition, Error> {
        let failed = |error| super::unavailable("cannot open", &dir, &error);
        disk.create_dir(&dir).map_err(failed)?;
        let mut bases: Vec<u64> =
            disk.list(&dir).map_err(failed)?.iter().filter_map(|name| name.strip_suffix(".log")?.parse().ok()).collect();
        bases.sort_unstable();
        let mut segments: Vec<Segment> = Vec::with_capacity(bases.len());
        for (i, base) in bases.iter().copied().enumerate() {
            let path = segment_path(&dir, base);
            let open = |path: &Path| -> std::io::Result<_> {
                let file = disk.open(path)?;
                Ok((file.len()?, segment::read_head(&*file)?, file))
            };
            let (len, head, file) = open(&path).map_err(|error| super::unavailable("cannot open", &path, &error))?;
            let last = i + 1 == bases.len();
            // Its creation was cut short; it is finished before anything is written into it.
            if head.is_none() && last && len <= SEGMENT_HEAD as u64 && (base == 0 || !segments.is_empty()) {
                disk.remove(&path).and_then(|()| disk.sync_dir(&dir)).map_err(failed)?;
                break;
            }
            check_chain(&path, base, head, segments.last())?;
            let created_ms = head.map_or(0, |head| head.created_ms);
            segments.push(Segment { base, len, created_ms, index: None, file: Some(file) });
            if let [.., closed, _] = &mut segments[..] {
                closed.file = None;
            }
        }
        let mut shared = Shared::default();
        if let Some(last) = segments.last_mut() {
            let path = segment_path(&dir, last.base);
            let file = last.file.as_deref().ok_or(Error::Closed)?;
            // Its name may be as young as its last frames.
            disk.sync_dir(&dir).map_err(failed)?;
            let recovered = segment::recover(disk, file, &path, last.base)?;
            if recovered.torn > 0 {
                tracing::warn!(path = %path.display(), bytes = recovered.torn, "cut off an append that was never acknowledged");
            }
            (last.len, last.index) = (recovered.len, Some(recovered.index));
            shared.end = recovered.end;
        }
        shared.segments = segments;
        Ok(Partition { topic, dir, shared: Mutex::new(shared), appended: Notify::new() })
    }

    pub async fn read(
        self: &Arc<Self>,
        disk: &Arc<dyn Disk>,
        from: u64,
        max_bytes: usize,
        wait: Duration,
    ) -> Result<Records, Error> {
        let deadline = Instant::now() + wait;
        loop {
            let mut appended = std::pin::pin!(self.appended.notified());
            // Registered before the look, so that an append in between wakes us.
            appended.as_mut().enable();
            // Only handles are taken under the lock, which the one writer needs for every commit.
            let (parts, place) = {
                let shared = lock(&self.shared);
                let Range { start, end } = shared.range();
                if from < start || from > end {
                    return Err(Error::OutOfRange { offset: from, start, end });
                }
                let parts = shared.tail.parts(from, max_bytes);
                let place = if parts.is_none() && from < end { shared.locate(from) } else { None };
                (parts, place)
            };
            if let Some(parts) = parts {
                return Ok(concat(from, parts));
            }
            if let Some(place) = place {
                let (partition, disk) = (self.clone(), disk.clone());
                let read = move || partition.read_from(&*disk, place, from, max_bytes);
                match tokio::task::spawn_blocking(read).await {
                    Ok(Ok(Some(records))) => return Ok(records),
                    // Retention was quicker: the range has moved.
                    Ok(Ok(None)) => continue,
                    Ok(Err(error)) => return Err(error),
                    Err(_) => return Err(Error::Closed),
                }
            }
            if timeout_at(deadline, appended).await.is_err() {
                return Ok(Records::default().with_base(from));
            }
        }
    }

    /// None when the segment has just been deleted.
    fn read_from(&self, disk: &dyn Disk, place: Place, from: u64, max_bytes: usize) -> Result<Option<Records>, Error> {
        let path = segment_path(&self.dir, place.base);
        metrics::counter!(crate::metrics::DISK_READS).increment(1);
        let file = match place.file.map_or_else(|| disk.open(&path), Ok) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound && lock(&self.shared).range().start > from => return Ok(None),
            Err(error) => return Err(super::unavailable("cannot read", &path, &error)),
        };
        let position = match place.position {
            Some(position) => position,
            None => {
                let index = segment::index(&*file, &path, place.base, place.len)?;
                let floor = index.floor(from).map_or(SEGMENT_HEAD as u64, |(_, position)| position);
                let mut shared = lock(&self.shared);
                if let Some(segment) = shared.segments.iter_mut().find(|s| s.base == place.base) {
                    segment.index.get_or_insert(index);
                }
                floor
            }
        };
        let records = segment::read(&file, &path, position, place.len, from, max_bytes)?;
        let mut shared = lock(&self.shared);
        if shared.segments.iter().any(|segment| segment.base == place.base) {
            shared.opened = Some((place.base, file));
        }
        Ok(Some(records))
    }
}

/// Each segment says where it starts and what came before it.
fn check_chain(path: &Path, base: u64, head: Option<SegmentHead>, before: Option<&Segment>) -> Result<(), Error> {
    let corrupt = |what: String| Err(Error::Corrupt(format!("{}: {what}", path.display())));
    let Some(head) = head else {
        return corrupt("the head of the file is damaged; restore the file from a backup".into());
    };
    if head.base != base {
        return corrupt(format!("the file was renamed, its records begin at offset {}; give it its name back", head.base));
    }
    match (head.previous, before) {
        // The first there is: what came before it was deleted by retention.
        (_, None) => Ok(()),
        (Some((previous, len)), Some(before)) if previous == before.base && len == before.len => Ok(()),
        (Some((previous, len)), Some(before)) if previous == before.base => corrupt(format!(
            "the file before it, {}, has {} bytes and should have {len}; restore that file from a backup",
            segment_path(Path::new(""), previous).display(),
            before.len
        )),
        (Some((previous, _)), Some(_)) => corrupt(format!(
            "the file before it, {}, is missing; restore that file from a backup, or move the older files away to go on without them",
            segment_path(Path::new(""), previous).display()
        )),
        (None, Some(_)) => {
            corrupt("it says it is the first of its folder, and is not; move the files that do not belong here away".into())
        }
    }
}
