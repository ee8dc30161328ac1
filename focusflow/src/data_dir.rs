//! The data directory: where each part keeps its files, one owner at a time, and how others find the running one.
//!
//!     control.db      directory, tokens, settings (any process may open it)
//!     eventlog/  store/   owned by one process at a time: who holds `lock`
//!     lock            locked while a process owns the rest; says its number
//!     server.json     where that process answers, while it does
//!     admin-token     the first administrator's secret, readable by the owner alone
//!     imports.json    how far unfinished imports have come
//!     demo.json       how far the demo has come; where it is, the people are made up

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

#[derive(Debug, Clone)]
pub struct DataDir {
    path: PathBuf,
}

/// Held for as long as a process owns the directory; the system lets go of it however the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Where a running server answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Running {
    pub pid: u32,
    pub url: String,
}

impl DataDir {
    /// Makes the directory (for the owner alone) when it is not there.
    pub fn open(path: &Path) -> Result<DataDir> {
        if !path.is_dir() {
            make_private(path).map_err(|e| {
                let why = if path.exists() { "there is a file of that name".into() } else { e.to_string() };
                Problem::new(format!("the data directory {} cannot be made: {why}", path.display()))
                    .cure("name one that can be written to with --data DIR")
            })?;
        }
        Ok(DataDir::at(path))
    }

    /// For those who only read: nothing is made where there is nothing, least of all under a mistyped name.
    pub fn existing(path: &Path) -> Result<DataDir> {
        if !path.is_dir() {
            return Err(Problem::new(format!("there is no data directory {}", path.display()))
                .cure("name the right one with --data DIR; `focusflow up` and `focusflow import` make it")
                .into());
        }
        Ok(DataDir::at(path))
    }

    /// Whether it is there or not: for talking to a server that is named otherwise.
    pub fn at(path: &Path) -> DataDir {
        DataDir { path: path.to_owned() }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn control(&self) -> PathBuf {
        self.path.join("control.db")
    }

    pub fn eventlog(&self) -> PathBuf {
        self.path.join("eventlog")
    }

    pub fn store(&self) -> PathBuf {
        self.path.join("store")
    }

    pub fn imports(&self) -> PathBuf {
        self.path.join("imports.json")
    }

    pub fn admin_token(&self) -> PathBuf {
        self.path.join("admin-token")
    }

    fn server(&self) -> PathBuf {
        self.path.join("server.json")
    }

    /// Takes the directory, or says who has it. `None` while another process has it.
    pub fn try_lock(&self) -> Result<Option<Lock>> {
        let path = self.path.join("lock");
        let open = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
        let mut file = open.map_err(|e| {
            Problem::new(format!("{} cannot be opened: {e}", path.display()))
                .cure("the data directory must be writable by this user; see its owner with `ls -ld`")
        })?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(e)) => return Err(e).with_context(|| format!("locking {}", path.display())),
        }
        file.set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .with_context(|| format!("writing {}", path.display()))?;
        Ok(Some(Lock { _file: file }))
    }

    pub fn lock(&self) -> Result<Lock> {
        self.try_lock()?.ok_or_else(|| self.in_use().into())
    }

    /// Why the directory cannot be had, and what to do.
    pub fn in_use(&self) -> Problem {
        let mut pid = String::new();
        let read = File::open(self.path.join("lock")).and_then(|mut f| f.read_to_string(&mut pid));
        let who = match (read, pid.trim()) {
            (Ok(_), pid) if !pid.is_empty() => format!("process {pid}"),
            _ => "another process".into(),
        };
        Problem::new(format!("the data directory {} is in use by {who}", self.path.display()))
            .cure("stop that one first, or name another directory with --data DIR")
    }

    pub fn running(&self) -> Option<Running> {
        serde_json::from_slice(&fs::read(self.server()).ok()?).ok()
    }

    pub fn say_running(&self, running: &Running) -> Result<()> {
        self.replace(&self.server(), &serde_json::to_vec(running)?)
    }

    pub fn say_stopped(&self) {
        // A file left behind does no harm: readers look at the lock first.
        drop(fs::remove_file(self.server()));
    }

    pub fn read_admin_token(&self) -> Option<String> {
        let text = fs::read_to_string(self.admin_token()).ok()?;
        Some(text.trim().to_owned()).filter(|t| !t.is_empty())
    }

    pub fn keep_admin_token(&self, secret: &str) -> Result<()> {
        self.replace(&self.admin_token(), format!("{secret}\n").as_bytes())
    }

    /// Writes a file whole or not at all, for the owner alone.
    pub fn replace(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let temporary = path.with_extension("tmp");
        let write = || {
            drop(fs::remove_file(&temporary));
            let mut file = private_file(&temporary)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&temporary, path)?;
            File::open(&self.path)?.sync_all()
        };
        write().with_context(|| format!("{} cannot be written", path.display()))
    }
}

#[cfg(unix)]
fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(unix)]
fn private_file(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn one_owner_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(dir.path()).unwrap();
        let lock = data.lock().unwrap();
        assert!(data.try_lock().unwrap().is_none());
        let error = data.lock().unwrap_err().to_string();
        assert!(error.contains(&std::process::id().to_string()) && error.contains("--data"), "{error}");
        drop(lock);
        data.lock().unwrap();
    }

    #[test]
    fn the_admin_token_is_for_the_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(&dir.path().join("a/b")).unwrap();
        data.keep_admin_token("secret").unwrap();
        data.keep_admin_token("another").unwrap();
        assert_eq!(data.read_admin_token().as_deref(), Some("another"));
        assert_eq!(fs::metadata(data.admin_token()).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(data.path()).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
