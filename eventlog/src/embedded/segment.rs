//! One segment file: opened, recovered after a crash, and read.

use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use super::disk::{Disk, DiskFile};
use super::frame::{FRAME_HEAD, FRAME_MAGIC, FrameHead, SEGMENT_HEAD, SegmentHead};
use crate::records::{Span, span};
use crate::{Error, Records};

/// The index has an entry for the first frame, and for each that starts this far behind the last one that has one.
const INDEX_BYTES: usize = 64 * 1024;
/// What stepping over frame heads reads at once.
const WINDOW_BYTES: usize = 32 * 1024;

/// Where frames start: (offset of their first record, position in the file), ascending and sparse.
#[derive(Debug, Default)]
pub struct Index(Vec<(u64, u64)>);

impl Index {
    pub fn note(&mut self, offset: u64, position: u64) {
        if self.0.last().is_none_or(|(_, last)| last + INDEX_BYTES as u64 <= position) {
            self.0.push((offset, position));
        }
    }

    /// The last entry at or before the offset.
    pub fn floor(&self, offset: u64) -> Option<(u64, u64)> {
        self.0[..self.0.partition_point(|(o, _)| *o <= offset)].last().copied()
    }

    fn floor_of_position(&self, position: u64) -> Option<(u64, u64)> {
        self.0[..self.0.partition_point(|(_, p)| *p <= position)].last().copied()
    }
}

/// How far a walk over frames came, and the last frame with its position.
struct Walk {
    position: u64,
    next_offset: u64,
    last: Option<(u64, FrameHead)>,
}

/// What a segment that may have been cut off by a crash holds.
#[derive(Debug)]
pub struct Recovered {
    pub len: u64,
    pub end: u64,
    pub index: Index,
    /// Bytes cut off: a group that was never acknowledged.
    pub torn: u64,
}

pub fn read_head(file: &dyn DiskFile) -> io::Result<Option<SegmentHead>> {
    let mut head = [0; SEGMENT_HEAD];
    if file.len()? < head.len() as u64 {
        return Ok(None);
    }
    file.read_at(0, &mut head)?;
    Ok(SegmentHead::decode(&head))
}

/// Steps from frame to frame, from one that starts at `from` (offset, position), until `len` or the first that is
/// not whole. Payloads are checked from the position `verify_from` on.
fn walk(
    file: &dyn DiskFile,
    from: (u64, u64),
    len: u64,
    verify_from: u64,
    mut visit: impl FnMut(u64, &FrameHead),
) -> io::Result<Walk> {
    let mut walk = Walk { position: from.1, next_offset: from.0, last: None };
    let mut window = Window { file, len, start: 0, bytes: Vec::new() };
    while let Some(head) = window.get(walk.position, FRAME_HEAD)?.and_then(FrameHead::decode) {
        if head.base != walk.next_offset || walk.position + head.len() > len {
            break;
        }
        if walk.position >= verify_from {
            let whole = window.get(walk.position, head.len() as usize)?;
            if !whole.is_some_and(|bytes| head.verify(&bytes[FRAME_HEAD..])) {
                break;
            }
        }
        visit(walk.position, &head);
        walk.last = Some((walk.position, head));
        walk.position += head.len();
        walk.next_offset = head.next_offset();
    }
    Ok(walk)
}

struct Window<'a> {
    file: &'a dyn DiskFile,
    len: u64,
    start: u64,
    bytes: Vec<u8>,
}

impl Window<'_> {
    fn get(&mut self, position: u64, count: usize) -> io::Result<Option<&[u8]>> {
        let end = position + count as u64;
        if end > self.len {
            return Ok(None);
        }
        if position < self.start || end > self.start + self.bytes.len() as u64 {
            let size = (count.max(WINDOW_BYTES) as u64).min(self.len - position) as usize;
            self.bytes.resize(size, 0);
            self.start = position;
            self.file.read_at(position, &mut self.bytes)?;
        }
        let at = (position - self.start) as usize;
        Ok(self.bytes.get(at..at + count))
    }
}

/// Opens the last segment of a partition: whole frames are kept, a torn tail is cut off. Frames below the last known
/// sync are not read, unless something is wrong behind it. What is kept is written again and synced: a killed process leaves
/// writes that are whole and yet not on the disk, and after a sync that failed the system takes them for written.
pub fn recover(disk: &dyn Disk, file: &dyn DiskFile, path: &Path, base: u64) -> Result<Recovered, Error> {
    let failed = |error| unreadable(path, &error);
    let unsynced = |error| super::unavailable("cannot sync", path, &error);
    let len = file.len().map_err(failed)?;
    let start = (base, SEGMENT_HEAD as u64);
    let mut index = Index::default();
    let quick = walk(file, start, len, u64::MAX, |position, head| index.note(head.base, position)).map_err(failed)?;
    if quick.position == len {
        let suspect = quick.last.map_or(len, |(position, head)| head.synced.min(position));
        let from = index.floor_of_position(suspect).unwrap_or(start);
        if walk(file, from, len, suspect, |_, _| {}).map_err(failed)?.position == len {
            write_again(disk, file, path, quick.last.map_or(0, |_| suspect), len).map_err(unsynced)?;
            return Ok(Recovered { len, end: quick.next_offset, index, torn: 0 });
        }
    }
    let mut index = Index::default();
    let sound = walk(file, start, len, 0, |position, head| index.note(head.base, position)).map_err(failed)?;
    if synced_beyond(file, sound.position, len).map_err(failed)? {
        return Err(Error::Corrupt(format!(
            "{} is damaged at byte {}, in records that were acknowledged; restore the file from a backup, or move it \
             and the later files of its folder away to go on without them",
            path.display(),
            sound.position
        )));
    }
    let proven = sound.last.map_or(0, |(position, head)| head.synced.min(position));
    file.truncate(sound.position).and_then(|()| write_again(disk, file, path, proven, sound.position)).map_err(unsynced)?;
    Ok(Recovered { len: sound.position, end: sound.next_offset, index, torn: len - sound.position })
}

/// The bytes from `from` to `len`, durably, whatever became of them when they were first written.
fn write_again(disk: &dyn Disk, file: &dyn DiskFile, path: &Path, from: u64, len: u64) -> io::Result<()> {
    let mut at = from;
    while at < len {
        let mut piece = vec![0; (len - at).min(1 << 20) as usize];
        file.read_at(at, &mut piece)?;
        disk.rewrite(path, at, &piece)?;
        at += piece.len() as u64;
    }
    file.sync()
}

/// Whether a whole frame beyond `position` was written when more than `position` was durable already.
fn synced_beyond(file: &dyn DiskFile, position: u64, len: u64) -> io::Result<bool> {
    let mut rest = vec![0; (len - position) as usize];
    file.read_at(position, &mut rest)?;
    Ok((0..rest.len().saturating_sub(FRAME_HEAD)).any(|at| {
        rest[at..].starts_with(&FRAME_MAGIC)
            && FrameHead::decode(&rest[at..]).is_some_and(|head| {
                let payload = rest.get(at + FRAME_HEAD..at + FRAME_HEAD + head.payload_len as usize);
                head.synced > position && payload.is_some_and(|payload| head.verify(payload))
            })
    }))
}

/// The index of a segment that was closed in good order, from its frame heads.
pub fn index(file: &dyn DiskFile, path: &Path, base: u64, len: u64) -> Result<Index, Error> {
    let mut index = Index::default();
    let walk = walk(file, (base, SEGMENT_HEAD as u64), len, u64::MAX, |position, head| index.note(head.base, position))
        .map_err(|error| unreadable(path, &error))?;
    if walk.position == len { Ok(index) } else { Err(damaged(path, walk.position)) }
}

/// Records from `from` on, out of frames that start at or after `position`, which comes from the index.
pub fn read(
    file: &Arc<dyn DiskFile>,
    path: &Path,
    position: u64,
    len: u64,
    from: u64,
    max_bytes: usize,
) -> Result<Records, Error> {
    let fill = |position, buffer: &mut [u8]| file.read_at(position, buffer).map_err(|error| unreadable(path, &error));
    let want = max_bytes.saturating_add(INDEX_BYTES + FRAME_HEAD) as u64;
    let mut buffer = vec![0; want.min(len - position) as usize];
    fill(position, &mut buffer)?;
    // Payloads are moved together over the heads between them: the buffer is all that a read holds.
    let mut taken: Option<Span> = None;
    let mut at = 0;
    while at + FRAME_HEAD <= buffer.len() {
        let here = position + at as u64;
        let head = FrameHead::decode(&buffer[at..]).filter(|head| here + head.len() <= len).ok_or_else(|| damaged(path, here))?;
        let payload = at + FRAME_HEAD..at + head.len() as usize;
        at = payload.end;
        if head.next_offset() <= from {
            continue;
        }
        if let Some(taken) = &taken
            && (payload.end > buffer.len() || taken.bytes.len() + payload.len() > max_bytes)
        {
            break;
        }
        if payload.end > buffer.len() {
            let have = buffer.len();
            buffer.resize(payload.end, 0);
            fill(position + have as u64, &mut buffer[have..])?;
        }
        if !head.verify(&buffer[payload.clone()]) {
            return Err(damaged(path, here));
        }
        match &mut taken {
            Some(taken) => {
                buffer.copy_within(payload.clone(), taken.bytes.end);
                taken.bytes.end += payload.len();
                taken.count += head.count as usize;
            }
            None => {
                let first = span(&buffer[payload.clone()], head.base, head.count as usize, from, max_bytes);
                let bytes = payload.start + first.bytes.start..payload.start + first.bytes.end;
                let cut_short = first.base_offset + (first.count as u64) < head.next_offset();
                taken = Some(Span { bytes, ..first });
                if cut_short {
                    break;
                }
            }
        }
    }
    let taken = taken.ok_or_else(|| damaged(path, position))?;
    buffer.truncate(taken.bytes.end);
    Ok(Records::trusted(taken.base_offset, taken.count, Bytes::from(buffer).slice(taken.bytes)))
}

fn damaged(path: &Path, position: u64) -> Error {
    Error::Corrupt(format!("{} is damaged at byte {position}; restore the file from a backup", path.display()))
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    super::unavailable("cannot read", path, error)
}
