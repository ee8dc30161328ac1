//! The writing side of one partition. An append passes through `write`, `sync` and `publish`; whatever fails on the
//! way, the file is cut back to what is acknowledged before anything else is written.

use std::io::{self, IoSlice};
use std::path::PathBuf;
use std::sync::Arc;

use super::disk::{Disk, DiskFile};
use super::frame::{FRAME_BYTES, FRAME_HEAD, FrameHead, SEGMENT_HEAD, SegmentHead};
use super::partition::{Partition, Segment, segment_path};
use super::segment::Index;
use super::unavailable;
use crate::memory::lock;
use crate::{Error, Records, Topic};

#[derive(Debug)]
pub struct Lane {
    pub partition: Arc<Partition>,
    disk: Arc<dyn Disk>,
    active: Option<Active>,
    /// A new segment was begun and not finished: its file may be there, so nothing more goes into the old one.
    rolling: bool,
    /// A file was deleted and the directory not synced since.
    dir_dirty: bool,
}

#[derive(Debug)]
struct Active {
    file: Arc<dyn DiskFile>,
    path: PathBuf,
    base: u64,
    /// Acknowledged bytes, and the offset after the last acknowledged record.
    len: u64,
    end: u64,
    created_ms: i64,
    /// There may be bytes beyond `len`.
    torn: bool,
}

/// Frames in the file that are not acknowledged yet.
#[derive(Debug)]
pub struct Written {
    pub file: Arc<dyn DiskFile>,
    frames: Vec<(FrameHead, Vec<Records>)>,
    len: u64,
}

impl Lane {
    pub fn new(partition: Arc<Partition>, disk: Arc<dyn Disk>) -> Lane {
        let shared = lock(&partition.shared);
        let active = shared.segments.last().and_then(|s| {
            let path = segment_path(&partition.dir, s.base);
            Some(Active {
                file: s.file.clone()?,
                path,
                base: s.base,
                len: s.len,
                end: shared.end,
                created_ms: s.created_ms,
                torn: false,
            })
        });
        drop(shared);
        Lane { partition, disk, active, rolling: false, dir_dirty: false }
    }

    /// Writes records behind the acknowledged ones, in one call where the system allows.
    pub fn write(&mut self, records: Vec<Records>, segment_bytes: u64, now_ms: i64) -> Result<Written, Error> {
        // An empty segment is not closed, however short segments are to be: the next one would have its name.
        let full = |active: &Active| active.len >= segment_bytes && active.end > active.base;
        if self.rolling || self.active.as_ref().is_none_or(full) {
            self.roll(now_ms)?;
        }
        self.repair()?;
        let active = self.active.as_mut().ok_or(Error::Closed)?;
        let frames = frames(records, active.end, active.len);
        let heads: Vec<[u8; FRAME_HEAD]> = frames.iter().map(|(head, _)| head.encode()).collect();
        let mut slices = Vec::with_capacity(heads.len() * 3);
        for (head, (_, parts)) in heads.iter().zip(&frames) {
            slices.push(IoSlice::new(head));
            slices.extend(parts.iter().map(|part| IoSlice::new(part.wire())));
        }
        active.torn = true;
        if let Err(error) = active.file.append(&mut slices) {
            let refused = unavailable("cannot write", &active.path, &error);
            // Gives the space back; when it cannot, the next append tries again first.
            self.repair().ok();
            return Err(refused);
        }
        let len = active.len + frames.iter().map(|(head, _)| head.len()).sum::<u64>();
        Ok(Written { file: active.file.clone(), frames, len })
    }

    /// After a failed sync nobody knows which bytes are on the disk: none of them counts.
    pub fn sync_failed(&mut self, error: &io::Error) -> Error {
        let failed = self.active.as_ref().map_or(Error::Closed, |active| unavailable("cannot sync", &active.path, error));
        self.repair().ok();
        failed
    }

    /// What was written is durable: readers may see it. Returns records and bytes.
    pub fn publish(&mut self, written: Written, cache_bytes: usize) -> (u64, u64) {
        let Some(active) = self.active.as_mut() else { return (0, 0) };
        let mut shared = lock(&self.partition.shared);
        let (mut position, mut bytes) = (active.len, 0);
        let first = active.end;
        for (head, parts) in written.frames {
            if let Some(index) = shared.segments.last_mut().and_then(|s| s.index.as_mut()) {
                index.note(head.base, position);
            }
            position += head.len();
            bytes += u64::from(head.payload_len);
            active.end = head.next_offset();
            parts.into_iter().for_each(|records| shared.tail.push(records));
        }
        while shared.tail.bytes() > cache_bytes {
            shared.tail.drop_oldest();
        }
        (active.len, active.torn) = (written.len, false);
        shared.end = active.end;
        if let Some(segment) = shared.segments.last_mut() {
            segment.len = active.len;
        }
        drop(shared);
        self.partition.appended.notify_waiters();
        (active.end - first, bytes)
    }

    /// Cuts the file back to what is acknowledged, durably.
    fn repair(&mut self) -> Result<(), Error> {
        let Some(active) = self.active.as_mut().filter(|active| active.torn) else { return Ok(()) };
        let cut = active.file.truncate(active.len).and_then(|()| active.file.sync());
        cut.map_err(|error| unavailable("cannot undo a failed write to", &active.path, &error))?;
        active.torn = false;
        Ok(())
    }

    /// Begins a new segment. When it fails the old one stays the last, and nothing is appended until this has worked.
    pub fn roll(&mut self, now_ms: i64) -> Result<(), Error> {
        self.repair()?;
        let previous = self.active.as_ref().map(|active| (active.base, active.len));
        let base = self.active.as_ref().map_or(0, |active| active.end);
        let path = segment_path(&self.partition.dir, base);
        let create = || -> io::Result<Arc<dyn DiskFile>> {
            let file = self.disk.create(&path)?;
            file.append(&mut [IoSlice::new(&SegmentHead { base, previous, created_ms: now_ms }.encode())])?;
            file.sync()?;
            self.disk.sync_dir(&self.partition.dir)?;
            Ok(file)
        };
        self.rolling = true;
        let file = create().map_err(|error| unavailable("cannot begin", &path, &error))?;
        self.rolling = false;
        let len = SEGMENT_HEAD as u64;
        let mut shared = lock(&self.partition.shared);
        if let Some(closed) = shared.segments.last_mut() {
            closed.file = None;
        }
        let (created_ms, index) = (now_ms, Some(Index::default()));
        shared.segments.push(Segment { base, len, created_ms, index, file: Some(file.clone()) });
        self.active = Some(Active { file, path, base, len, end: base, created_ms, torn: false });
        Ok(())
    }

    /// Whether the segment in use holds records and was begun before `time_ms`: it must be closed to grow old.
    pub fn begun_before(&self, time_ms: i64) -> bool {
        self.active.as_ref().is_some_and(|active| active.end > active.base && active.created_ms < time_ms)
    }

    /// Deletes the oldest segments beyond `retain_bytes` or closed before `expired_ms`, one at a time and oldest first,
    /// so that a crash leaves no gap. Events at or past the release offset stay. Returns the bytes deleted.
    pub fn retire(&mut self, retain_bytes: u64, expired_ms: Option<i64>) -> u64 {
        let mut deleted = 0;
        while let Some(segment) = self.take_retired(retain_bytes, expired_ms) {
            let path = segment_path(&self.partition.dir, segment.base);
            let removed = match self.disk.remove(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => self.disk.sync_dir(&self.partition.dir).inspect_err(|_| self.dir_dirty = true),
            };
            if let Err(error) = removed {
                tracing::warn!(path = %path.display(), %error, "cannot delete an old segment; trying again later");
                if !self.dir_dirty {
                    lock(&self.partition.shared).segments.insert(0, segment);
                }
                break;
            }
            deleted += segment.len;
        }
        deleted
    }

    fn take_retired(&mut self, retain_bytes: u64, expired_ms: Option<i64>) -> Option<Segment> {
        if self.dir_dirty {
            self.disk.sync_dir(&self.partition.dir).ok()?;
            self.dir_dirty = false;
        }
        let mut shared = lock(&self.partition.shared);
        let total: u64 = shared.segments.iter().map(|s| s.len).sum();
        let next = shared.segments.get(1)?;
        let due = total > retain_bytes || expired_ms.is_some_and(|expired| next.created_ms < expired);
        let free = self.partition.topic != Topic::Events || next.base <= shared.released;
        (due && free).then(|| shared.take_first())
    }

    pub fn segments(&self) -> usize {
        lock(&self.partition.shared).segments.len()
    }
}

/// Cuts records into frames of about `FRAME_BYTES`: small appends share one, a large one is spread over several.
fn frames(records: Vec<Records>, mut offset: u64, synced: u64) -> Vec<(FrameHead, Vec<Records>)> {
    let mut groups: Vec<Vec<Records>> = Vec::new();
    let mut room = 0;
    for records in records {
        let mut rest = records.with_base(offset);
        offset = rest.next_offset();
        while !rest.is_empty() {
            let part;
            (part, rest) = rest.split(FRAME_BYTES);
            let bytes = part.wire().len();
            match groups.last_mut().filter(|_| bytes <= room) {
                Some(group) => group.push(part),
                None => {
                    groups.push(vec![part]);
                    room = FRAME_BYTES;
                }
            }
            room = room.saturating_sub(bytes);
        }
    }
    let head = |group: &[Records]| FrameHead::over(group, group.first().map_or(0, Records::base_offset), synced);
    groups.into_iter().map(|group| (head(&group), group)).collect()
}
