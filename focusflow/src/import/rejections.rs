//! What was refused, beside the file it came from: `FILE.rejected.ndjson`, made when there is something to write.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Rejected;
use crate::problem::Problem;

const SUFFIX: &str = ".rejected.ndjson";

pub struct Rejections {
    path: PathBuf,
    bytes: u64,
    file: Option<BufWriter<File>>,
}

impl Rejections {
    /// An interrupted import goes on after so many bytes; a fresh one replaces what an earlier one left.
    pub fn open(of: &Path, go_on_after: Option<u64>) -> Result<Rejections> {
        let path = path(of);
        let bytes = match go_on_after {
            Some(bytes) if bytes > 0 => cut(&path, bytes).map_err(|e| unwritable(&path, &e))?,
            _ => {
                drop(std::fs::remove_file(&path));
                0
            }
        };
        Ok(Rejections { path, bytes, file: None })
    }

    /// `before` events of the file were in earlier pieces.
    pub fn add(&mut self, before: u64, rejected: &[Rejected]) -> Result<()> {
        if rejected.is_empty() {
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            slot => {
                let file = OpenOptions::new().create(true).append(true).open(&self.path);
                slot.insert(BufWriter::new(file.map_err(|e| unwritable(&self.path, &e))?))
            }
        };
        for one in rejected {
            let mut line = serde_json::to_vec(&Rejected { index: before + one.index, ..one.clone() })?;
            line.push(b'\n');
            file.write_all(&line).map_err(|e| unwritable(&self.path, &e))?;
            self.bytes += line.len() as u64;
        }
        Ok(())
    }

    /// Returns the length of the file.
    pub fn flush(&mut self) -> Result<u64> {
        let flushed = self.file.as_mut().map_or(Ok(()), |file| file.flush());
        flushed.map_err(|e| unwritable(&self.path, &e))?;
        Ok(self.bytes)
    }
}

/// What is left of the list then; one that somebody has removed or shortened meanwhile begins anew from there.
fn cut(path: &Path, bytes: u64) -> std::io::Result<u64> {
    let file = match OpenOptions::new().write(true).open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(0),
        Err(e) => return Err(e),
    };
    let bytes = bytes.min(file.metadata()?.len());
    file.set_len(bytes).map(|()| bytes)
}

fn unwritable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::new(format!("{}, the list of what is refused, cannot be written: {error}", path.display()))
        .cure("it stands beside the file it is about: make that directory writable, or import a copy from another one")
}

pub fn path(of: &Path) -> PathBuf {
    let mut name = of.as_os_str().to_owned();
    name.push(SUFFIX);
    name.into()
}

/// Whether a file is such a list: they stand among the events they are about, and `DIR/*` names them as well.
pub fn is_list(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(SUFFIX))
}
