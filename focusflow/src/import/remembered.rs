//! How far unfinished imports have come, so that the next run goes on from there: `imports.json` in the data directory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};
use schemas::control::hash_secret;
use serde::{Deserialize, Serialize};

use super::Receipt;
use crate::data_dir::DataDir;

const HEAD_BYTES: u64 = 64 * 1024;

pub struct Remembered {
    data: DataDir,
    files: BTreeMap<String, Standing>,
}

/// One file, as far as it is acknowledged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    size: u64,
    modified_ms: u64,
    /// A hash of the first bytes: another file of that name is another file.
    head: String,
    /// What is acknowledged: bytes of lines (uncompressed), or rows of Parquet.
    pub offset: u64,
    pub accepted: u64,
    pub rejected: u64,
    /// Of the rejections file: what lies behind belongs to events that will be sent again.
    pub rejections_bytes: u64,
}

impl Standing {
    pub fn events(&self) -> u64 {
        self.accepted + self.rejected
    }

    pub fn advance(&mut self, receipt: &Receipt, end: u64) {
        self.offset = end;
        self.accepted += receipt.accepted;
        self.rejected += receipt.rejected.len() as u64;
    }
}

impl Remembered {
    pub fn open(data: DataDir) -> Remembered {
        let read = || serde_json::from_slice(&std::fs::read(data.imports()).ok()?).ok();
        let files = read().unwrap_or_default();
        Remembered { data, files }
    }

    /// Where the import of a file stands; at its beginning when it is not the file it was.
    pub fn find(&self, path: &Path) -> Result<Standing> {
        let fresh = look_at(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let known = self
            .files
            .get(&key(path)?)
            .filter(|s| (s.size, s.modified_ms, &s.head) == (fresh.size, fresh.modified_ms, &fresh.head));
        Ok(known.cloned().unwrap_or(fresh))
    }

    pub fn keep(&mut self, path: &Path, standing: &Standing) -> Result<()> {
        self.files.insert(key(path)?, standing.clone());
        self.write()
    }

    pub fn forget(&mut self, path: &Path) -> Result<()> {
        self.files.remove(&key(path)?);
        self.write()
    }

    fn write(&self) -> Result<()> {
        self.data.replace(&self.data.imports(), &serde_json::to_vec_pretty(&self.files)?)
    }
}

fn key(path: &Path) -> Result<String> {
    let path = path.canonicalize().with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(path.display().to_string())
}

fn look_at(path: &Path) -> std::io::Result<Standing> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    let modified = metadata.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
    let mut head = Vec::new();
    file.take(HEAD_BYTES).read_to_end(&mut head)?;
    let head = hash_secret(&String::from_utf8_lossy(&head));
    let modified_ms = modified.map_or(0, |d| d.as_millis() as u64);
    Ok(Standing { size: metadata.len(), modified_ms, head, ..Standing::default() })
}
