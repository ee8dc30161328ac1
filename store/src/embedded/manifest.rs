//! What is durable: the files that make up the store and how far each partition had come when they were written.
//! One JSON file, replaced as a whole: written beside, synced, renamed over, directory synced.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::steps::{Step, Steps};
use crate::{Checkpoint, Error};

const NAME: &str = "manifest.json";
/// 2: rows in files stand in `Table::order`; before, by key.
const FORMAT: u32 = 2;

#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub format: u32,
    /// Grows with every publication; file names are made of it.
    pub sequence: u64,
    pub partitions: BTreeMap<u32, StoredCheckpoint>,
    pub files: Vec<FileEntry>,
}

#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredCheckpoint {
    pub epoch: u64,
    pub position: u64,
    pub state: Vec<u8>,
}

/// One Parquet file: rows of one table and UTC day, sorted by key, each key once.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileEntry {
    pub table: String,
    /// Days since 1970-01-01.
    pub day: i32,
    /// Names the file; of two files of a day the one with the higher sequence is newer.
    pub sequence: u64,
    pub rows: u64,
    pub bytes: u64,
    pub tombstones: u64,
    pub min_user: String,
    pub max_user: String,
    pub min_version: u64,
    pub max_version: u64,
    /// 0 as flushed, 1 and up as merged.
    pub level: u8,
}

impl FileEntry {
    pub fn path(&self, dir: &Path) -> PathBuf {
        dir.join(relative(&self.table, self.day, self.sequence))
    }
}

pub(crate) fn relative(table: &str, day: i32, sequence: u64) -> PathBuf {
    PathBuf::from("tables").join(table).join(day.to_string()).join(format!("{sequence:016}.parquet"))
}

impl Default for Manifest {
    fn default() -> Self {
        Manifest { format: FORMAT, sequence: 0, partitions: BTreeMap::new(), files: Vec::new() }
    }
}

impl From<&Checkpoint> for StoredCheckpoint {
    fn from(c: &Checkpoint) -> Self {
        StoredCheckpoint { epoch: c.epoch, position: c.position, state: c.state.clone() }
    }
}

impl From<&StoredCheckpoint> for Checkpoint {
    fn from(c: &StoredCheckpoint) -> Self {
        Checkpoint { epoch: c.epoch, position: c.position, state: c.state.clone() }
    }
}

impl Manifest {
    /// An empty one when there is none yet.
    pub fn load(dir: &Path) -> Result<Manifest, Error> {
        let path = dir.join(NAME);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Manifest::default()),
            Err(e) => return Err(io("read", &path, &e)),
        };
        let manifest: Manifest = serde_json::from_slice(&text).map_err(|e| {
            Error::Corrupt(format!(
                "{}: {e}; restore the data directory from a backup, or move it away to start empty",
                path.display()
            ))
        })?;
        if manifest.format != FORMAT {
            let found = manifest.format;
            return Err(Error::Corrupt(format!(
                "{} has format {found}, this program reads {FORMAT}: use the program that wrote it",
                path.display()
            )));
        }
        Ok(manifest)
    }

    pub fn publish(&self, dir: &Path, steps: &Steps) -> Result<(), Error> {
        let (path, beside) = (dir.join(NAME), dir.join("manifest.json.new"));
        let text = serde_json::to_vec(self).map_err(crate::rows::damaged)?;
        steps.reach(Step::ManifestWrite)?;
        let mut file = File::create(&beside).map_err(|e| io("create", &beside, &e))?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(|e| io("write", &beside, &e))?;
        steps.reach(Step::ManifestRename)?;
        fs::rename(&beside, &path).map_err(|e| io("rename", &beside, &e))?;
        sync_dir(dir)?;
        steps.reach(Step::ManifestDone)
    }
}

pub(crate) fn sync_dir(dir: &Path) -> Result<(), Error> {
    File::open(dir).and_then(|d| d.sync_all()).map_err(|e| io("sync", dir, &e))
}

pub(crate) fn io(doing: &str, path: &Path, error: &std::io::Error) -> Error {
    let cure = match error.kind() {
        std::io::ErrorKind::StorageFull => "; free some space, the rows wait in memory and the log meanwhile",
        std::io::ErrorKind::PermissionDenied => "; give the user this runs as access to the data directory",
        _ => "",
    };
    Error::Unavailable(format!("cannot {doing} {}: {error}{cure}", path.display()))
}
