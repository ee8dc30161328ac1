//! The data directory and what is in it: opened and read as `up` would, when nobody else has it open.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use eventlog::embedded::EmbeddedLog;
use eventlog::{EventLog, Topic};
use indicatif::HumanBytes;
use store::Store;
use store::control::{ControlStore, SqlControl};
use store::embedded::EmbeddedStore;

use super::Report;
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::problem::{Problem, shown};
use crate::terminal::count;
use crate::wiring;

/// Less room than this and the first flush may fail.
const LEAST_FREE_BYTES: u64 = 1 << 30;

impl<W: Write> Report<W> {
    /// Returns whether a server of ours is running here: then its port is rightly taken.
    pub async fn data(&mut self, config: &Config) -> Result<bool> {
        if !config.data.is_dir() {
            return self.not_there(&config.data).map(|()| false);
        }
        let data = DataDir::at(&config.data);
        self.writable(&data)?;
        self.room(data.path())?;
        let lock = data.try_lock();
        match &lock {
            Ok(Some(_)) => self.good("lock", "the data directory is free")?,
            Ok(None) => {
                let running = data.running().map_or_else(String::new, |r| format!(", which answers at {}", r.url));
                self.good("lock", &format!("{}{running}", data.in_use().what()))?;
            }
            Err(error) => self.bad("lock", &shown(error), "")?,
        }
        self.control(config, &data).await?;
        match lock {
            Ok(Some(_lock)) => self.log_and_store(config, &data).await.map(|()| false),
            Ok(None) => self.good("log and store", "left to the process that has them open").map(|()| true),
            Err(_) => Ok(false),
        }
    }

    /// `up` makes it: is there a place for it?
    fn not_there(&mut self, path: &Path) -> Result<()> {
        let parent = path.ancestors().skip(1).find(|parent| parent.exists());
        let probe = parent.map(|parent| parent.join(format!(".focusflow-check-{}", std::process::id())));
        let made = match &probe {
            _ if path.exists() => Err("there is a file of that name".to_owned()),
            Some(probe) => File::create_new(probe).and_then(|_| std::fs::remove_file(probe)).map_err(|e| e.to_string()),
            None => Err("there is nothing above it".to_owned()),
        };
        let shown = path.display();
        match made {
            Ok(()) => self.good("data directory", &format!("{shown} is not there yet; `focusflow up` makes it"))?,
            Err(why) => {
                let cure = "name one that can be written to with --data DIR";
                self.bad("data directory", &format!("{shown} is not there and cannot be made: {why}"), cure)?;
            }
        }
        parent.map_or(Ok(()), |parent| self.room(parent))
    }

    fn writable(&mut self, data: &DataDir) -> Result<()> {
        let probe = data.path().join("check");
        match data.replace(&probe, b"x").and_then(|()| Ok(std::fs::remove_file(&probe)?)) {
            Ok(()) => self.good("data directory", &format!("{} can be written to", data.path().display())),
            Err(e) => self.bad("data directory", &shown(&e), "make it writable for this user, or name another with --data DIR"),
        }
    }

    fn room(&mut self, path: &Path) -> Result<()> {
        match free_bytes(path) {
            None => self.good("disk space", "cannot be told on this system"),
            Some(free) if free < LEAST_FREE_BYTES => {
                let cure = "make room, lower eventlog.retention_size or ingest.retention, or name another disk with --data DIR";
                self.bad("disk space", &format!("{} MiB are free, less than 1 GiB", free >> 20), cure)
            }
            Some(free) => self.good("disk space", &format!("{:.1} GiB free", free as f64 / (1u64 << 30) as f64)),
        }
    }

    async fn control(&mut self, config: &Config, data: &DataDir) -> Result<()> {
        if let Some(url) = config.sections.control.url.given() {
            return self.wanting("PostgreSQL", SqlControl::check(url).await);
        }
        if !data.control().exists() {
            return self.good("control data", "none yet");
        }
        match SqlControl::open(&data.control()).await {
            Ok(control) => {
                let snapshot = control.watch().borrow().clone();
                control.close().await;
                let (people, tokens) = (snapshot.directory.people().count(), snapshot.tokens.iter().count());
                self.good("control data", &format!("version {}, {people} people, {tokens} tokens", snapshot.version))
            }
            Err(e) => {
                self.bad("control data", &e.to_string(), "restore control.db from a backup, or move it away to start with none")
            }
        }
    }

    async fn log_and_store(&mut self, config: &Config, data: &DataDir) -> Result<()> {
        if !data.eventlog().exists() && !data.store().exists() {
            return self.good("log and store", "none yet");
        }
        let (log, store) = (wiring::log_config(config, data), wiring::store_config(config, data));
        let log = match tokio::task::spawn_blocking(|| EmbeddedLog::open(log)).await? {
            Ok(log) => Some(log),
            Err(error) => self.bad("event log", &error.to_string(), "").map(|()| None)?,
        };
        let store = match tokio::task::spawn_blocking(|| EmbeddedStore::open(store)).await? {
            Ok(store) => Some(store),
            Err(error) => self.bad("store", &error.to_string(), "").map(|()| None)?,
        };
        if let Some(store) = &store {
            match store_contents(store).await {
                Ok(text) => self.good("store", &text)?,
                Err(error) => self.bad("store", &shown(&error), "restore the data directory from a backup")?,
            }
        }
        if let (Some(log), Some(store)) = (&log, &store) {
            match log_contents(log, store, config.sections.eventlog.partitions).await {
                Ok(text) => self.good("event log", &text)?,
                Err(error) => self.bad("event log", &shown(&error), "")?,
            }
        }
        if let Some(log) = log {
            log.close().await;
        }
        if let Some(store) = store {
            store.close().await?;
        }
        Ok(())
    }
}

async fn store_contents(store: &EmbeddedStore) -> Result<String> {
    let (people, days) = wiring::people_and_days(store).await?;
    let stats = store.stats();
    let (files, size) = (count(stats.files as u64), HumanBytes(stats.file_bytes));
    Ok(format!("{files} files, {size}; {} days of {} people", count(days), count(people)))
}

/// The store has to stand somewhere in the log, or what lies between would be lost.
async fn log_contents(log: &EmbeddedLog, store: &EmbeddedStore, wanted: u32) -> Result<String> {
    let partitions = log.partitions(Topic::Events);
    let (mut events, mut waiting) = (0, 0);
    for partition in 0..partitions {
        let (range, done) = (log.range(Topic::Events, partition).await?, store.durable_position(partition).await?);
        if !(range.start..=range.end).contains(&done) {
            let (start, end) = (range.start, range.end);
            let what = format!("partition {partition}: the store stands at {done}, and the log has {start} to {end}");
            return Err(Problem::new(what).cure("restore the whole data directory from one backup").into());
        }
        events += range.end;
        waiting += range.end - done;
    }
    let kept = if partitions == wanted { String::new() } else { format!(" (a log keeps its number: not {wanted}, as set)") };
    Ok(format!("{partitions} partitions{kept}, {} events taken in, {} not computed yet", count(events), count(waiting)))
}

/// There is no portable call for it in the standard library, and `df` is everywhere a POSIX system is.
fn free_bytes(path: &Path) -> Option<u64> {
    let output = Command::new("df").arg("-Pk").arg(path).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let kib: u64 = text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(kib * 1024)
}
