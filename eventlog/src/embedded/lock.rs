//! One process at a time: a lock on a file in the directory, which names its holder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

use super::disk::{Disk, LocalDisk};
use crate::Error;

/// Held until dropped; the system lets go of it when the process dies, however it dies.
#[derive(Debug)]
pub struct DirLock {
    _file: File,
}

impl DirLock {
    pub fn acquire(dir: &Path) -> Result<DirLock, Error> {
        let path = dir.join("lock");
        let failed = |error| super::unavailable("cannot lock", &path, &error);
        LocalDisk.create_dir(dir).map_err(|error| super::unavailable("cannot make the directory", dir, &error))?;
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).map_err(failed)?;
                let holder = if holder.is_empty() { "another process" } else { holder.trim() };
                return Err(Error::Unavailable(format!(
                    "{} is in use by {holder}; stop that one, or give this one a directory of its own",
                    dir.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0).and_then(|()| writeln!(file, "process {}", std::process::id())).map_err(failed)?;
        Ok(DirLock { _file: file })
    }
}
