//! A disk whose power can be cut at any byte of any write, and which then forgets what was not synced.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::embedded::disk::{Disk, DiskFile};

#[derive(Debug, Default)]
pub struct SimDisk {
    power: Arc<Mutex<Power>>,
    names: Mutex<Names>,
}

#[derive(Debug, Default)]
struct Names {
    /// Made durably or not at all, as `Disk::create_dir` promises.
    dirs: BTreeSet<PathBuf>,
    live: BTreeMap<PathBuf, Arc<SimFile>>,
    durable: BTreeMap<PathBuf, Arc<SimFile>>,
}

/// Counts the operations that change something, and fails those it is told to.
#[derive(Debug, Default)]
struct Power {
    operations: u64,
    /// At this operation the power goes, after so many bytes when it is a write.
    cut: Option<(u64, usize)>,
    /// These fail and the rest goes on; a write leaves half of itself.
    failing: BTreeSet<u64>,
    off: bool,
    syncs: u64,
    bytes_read: usize,
    /// How many bytes may still be written.
    room: Option<usize>,
}

#[derive(Debug)]
struct SimFile {
    power: Arc<Mutex<Power>>,
    content: Mutex<Content>,
}

#[derive(Debug, Default)]
struct Content {
    live: Vec<u8>,
    durable: Vec<u8>,
    /// What a sync has yet to bring to the disk.
    unsynced: Vec<Change>,
}

#[derive(Debug, Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

enum Fate {
    Done,
    /// Only so many bytes, then an error.
    Cut(usize),
}

impl Power {
    fn next(&mut self) -> Fate {
        let operation = self.operations;
        self.operations += 1;
        if self.off {
            return Fate::Cut(0);
        }
        if let Some((_, bytes)) = self.cut.filter(|(at, _)| *at == operation) {
            self.off = true;
            return Fate::Cut(bytes);
        }
        if self.failing.contains(&operation) { Fate::Cut(usize::MAX / 2) } else { Fate::Done }
    }
}

fn broken() -> io::Error {
    io::Error::other("the simulated disk failed")
}

impl SimDisk {
    pub fn operations(&self) -> u64 {
        self.power.lock().unwrap().operations
    }

    /// Cuts the power at an operation from now on, after some bytes of it when it is a write.
    pub fn cut_after(&self, operations: u64, bytes: usize) {
        let mut power = self.power.lock().unwrap();
        power.cut = Some((power.operations + operations, bytes));
    }

    pub fn fail_after(&self, operations: u64, count: u64) {
        let mut power = self.power.lock().unwrap();
        let first = power.operations + operations;
        power.failing.extend(first..first + count);
    }

    /// So many more bytes fit; None is plenty.
    pub fn set_room(&self, bytes: Option<usize>) {
        self.power.lock().unwrap().room = bytes;
    }

    pub fn syncs(&self) -> u64 {
        self.power.lock().unwrap().syncs
    }

    pub fn bytes_read(&self) -> usize {
        self.power.lock().unwrap().bytes_read
    }

    pub fn is_off(&self) -> bool {
        self.power.lock().unwrap().off
    }

    /// The same disk after the power came back: what was synced, and of the rest what chance has left.
    pub fn reboot(&self, seed: u64) -> SimDisk {
        let mut dice = Dice(seed);
        let power = Arc::new(Mutex::new(Power::default()));
        let names = self.names.lock().unwrap();
        let mut survivors = names.durable.clone();
        for (path, file) in &names.live {
            if !survivors.contains_key(path) && dice.roll(2) == 0 {
                survivors.insert(path.clone(), file.clone());
            }
        }
        survivors.retain(|path, _| names.live.contains_key(path) || dice.roll(2) == 0);
        let files: BTreeMap<PathBuf, Arc<SimFile>> = survivors
            .into_iter()
            .map(|(path, file)| {
                let bytes = file.content.lock().unwrap().after_crash(&mut dice);
                let content = Mutex::new(Content { live: bytes.clone(), durable: bytes, unsynced: Vec::new() });
                (path, Arc::new(SimFile { power: power.clone(), content }))
            })
            .collect();
        SimDisk { power, names: Mutex::new(Names { dirs: names.dirs.clone(), live: files.clone(), durable: files }) }
    }

    fn change(&self) -> io::Result<()> {
        match self.power.lock().unwrap().next() {
            Fate::Done => Ok(()),
            Fate::Cut(_) => Err(broken()),
        }
    }
}

impl Content {
    fn apply(bytes: &mut Vec<u8>, change: &Change) {
        match change {
            Change::Write(at, data) => {
                bytes.resize(bytes.len().max(at + data.len()), 0);
                bytes[*at..at + data.len()].copy_from_slice(data);
            }
            Change::Truncate(len) => bytes.truncate(*len),
        }
    }

    fn after_crash(&self, dice: &mut Dice) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        let survive = dice.roll(self.unsynced.len() as u64 + 1) as usize;
        for change in &self.unsynced[..survive] {
            let mut change = change.clone();
            // Blocks reach the disk in any order: some of a write may be missing though its end is there.
            if let Change::Write(at, data) = &mut change
                && dice.roll(2) == 0
            {
                for (i, block) in data.chunks_mut(32).enumerate().filter(|_| dice.roll(3) == 0) {
                    let before = bytes.get(*at + i * 32..).unwrap_or_default();
                    block.fill(0);
                    block.iter_mut().zip(before).for_each(|(byte, before)| *byte = *before);
                }
            }
            Content::apply(&mut bytes, &change);
        }
        if let Some(Change::Write(at, data)) = self.unsynced.get(survive) {
            let some = dice.roll(data.len() as u64 + 1) as usize;
            Content::apply(&mut bytes, &Change::Write(*at, data[..some].to_vec()));
        }
        bytes
    }
}

impl Disk for SimDisk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        if self.names.lock().unwrap().dirs.contains(dir) {
            return Ok(());
        }
        self.change()?;
        self.names.lock().unwrap().dirs.extend(dir.ancestors().map(Path::to_owned));
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let names = self.names.lock().unwrap();
        if !names.dirs.contains(dir) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let names: BTreeSet<String> = names
            .live
            .keys()
            .chain(&names.dirs)
            .filter_map(|path| Some(path.strip_prefix(dir).ok()?.components().next()?.as_os_str().to_str()?.to_owned()))
            .collect();
        Ok(names.into_iter().collect())
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let file = self.names.lock().unwrap().live.get(path).cloned();
        Ok(file.ok_or(io::ErrorKind::NotFound)?)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.change()?;
        let mut names = self.names.lock().unwrap();
        if !path.parent().is_some_and(|dir| names.dirs.contains(dir)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        if let Some(file) = names.live.get(path).cloned() {
            drop(names);
            file.truncate(0)?;
            return Ok(file);
        }
        let file = Arc::new(SimFile { power: self.power.clone(), content: Mutex::default() });
        names.live.insert(path.to_owned(), file.clone());
        Ok(file)
    }

    fn rewrite(&self, path: &Path, position: u64, bytes: &[u8]) -> io::Result<()> {
        let file = self.names.lock().unwrap().live.get(path).cloned().ok_or(io::ErrorKind::NotFound)?;
        file.write(Some(position as usize), bytes.to_vec())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change()?;
        self.names.lock().unwrap().live.remove(path).map(drop).ok_or(io::ErrorKind::NotFound.into())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.change()?;
        let mut names = self.names.lock().unwrap();
        let Names { live, durable, .. } = &mut *names;
        durable.retain(|path, _| path.parent() != Some(dir) || live.contains_key(path));
        durable.extend(live.iter().filter(|(path, _)| path.parent() == Some(dir)).map(|(p, f)| (p.clone(), f.clone())));
        Ok(())
    }
}

impl SimFile {
    /// At the end where no position is given.
    fn write(&self, position: Option<usize>, mut data: Vec<u8>) -> io::Result<()> {
        let mut power = self.power.lock().unwrap();
        let cut = match power.next() {
            Fate::Done => power.room.filter(|room| *room < data.len()),
            Fate::Cut(bytes) if bytes > data.len() => Some(data.len() / 2),
            Fate::Cut(bytes) => Some(bytes),
        };
        data.truncate(cut.unwrap_or(data.len()));
        let full = power.room.is_some() && cut.is_some();
        power.room = power.room.map(|room| room.saturating_sub(data.len()));
        drop(power);
        let mut content = self.content.lock().unwrap();
        let change = Change::Write(position.unwrap_or(content.live.len()), data);
        Content::apply(&mut content.live, &change);
        content.unsynced.push(change);
        match cut {
            None => Ok(()),
            Some(_) if full => Err(io::ErrorKind::StorageFull.into()),
            Some(_) => Err(broken()),
        }
    }
}

impl DiskFile for SimFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.content.lock().unwrap().live.len() as u64)
    }

    fn append(&self, slices: &mut [IoSlice<'_>]) -> io::Result<()> {
        self.write(None, slices.iter().flat_map(|slice| slice.to_vec()).collect())
    }

    fn read_at(&self, position: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.power.lock().unwrap().bytes_read += buffer.len();
        let content = self.content.lock().unwrap();
        let from = position as usize;
        buffer.copy_from_slice(content.live.get(from..from + buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        if let Fate::Cut(_) = self.power.lock().unwrap().next() {
            return Err(broken());
        }
        let mut content = self.content.lock().unwrap();
        let change = Change::Truncate(len as usize);
        Content::apply(&mut content.live, &change);
        content.unsynced.push(change);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let fate = self.power.lock().unwrap().next();
        let mut content = self.content.lock().unwrap();
        if let Fate::Cut(_) = fate {
            // Writes that a sync could not bring to the disk are forgotten: they can still be read until the power goes, and no
            // later sync says that they are missing. What a file system does to a file's length it does in its journal.
            if !self.power.lock().unwrap().off {
                content.unsynced.retain(|change| matches!(change, Change::Truncate(_)));
            }
            return Err(broken());
        }
        self.power.lock().unwrap().syncs += 1;
        let Content { durable, unsynced, .. } = &mut *content;
        unsynced.drain(..).for_each(|change| Content::apply(durable, &change));
        Ok(())
    }
}

pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}
