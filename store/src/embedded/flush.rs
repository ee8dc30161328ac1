//! Hot rows to disk: each table and day sorted, merged and written as one file, two at a time, then all published with
//! the positions they go to.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::engine::{Change, Engine, Frozen};
use super::hot::{DayKey, HotDay, HotView};
use super::manifest::FileEntry;
use super::merge::{merge, without_tombstones};
use super::steps::Step;
use super::write::Target;
use crate::rows::committed_tables;
use crate::{Error, metrics as names};

/// The machine a store is made for has two cores.
const WRITERS: usize = 2;

impl Engine {
    /// Everything committed before is durable when this returns. Blocks: not for async threads.
    pub fn flush(&self) -> Result<(), Error> {
        let _one_at_a_time = self.flush_gate.lock().unwrap_or_else(PoisonError::into_inner);
        // A generation that failed before goes first, then what came since.
        let left_over = self.state().flushing.is_some();
        for _ in 0..=usize::from(left_over) {
            let Some(frozen) = self.freeze() else { return Ok(()) };
            let started = Instant::now();
            let written = self.write(frozen);
            if let Err(error) = written {
                metrics::counter!(names::FLUSH_FAILURES).increment(1);
                tracing::warn!(%error, "a flush failed and will be tried again; its rows stay in memory and in the log");
                self.fail(&error);
                return Err(error);
            }
            metrics::histogram!(names::FLUSH_SECONDS).record(started.elapsed().as_secs_f64());
        }
        Ok(())
    }

    fn write(&self, frozen: Arc<Frozen>) -> Result<(), Error> {
        self.config.steps.reach(Step::Frozen)?;
        let mut days: Vec<(DayKey, Arc<HotDay>)> = frozen.generation.days.iter().map(|(&key, day)| (key, day.clone())).collect();
        // The biggest first, so that the two writers end at about the same time.
        days.sort_by_key(|(key, day)| (HotView::of(day).rows(), *key));
        let queue = Mutex::new(days);
        let work = || -> Result<Vec<FileEntry>, Error> {
            let mut written = Vec::new();
            loop {
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
                let Some((key, day)) = next else { return Ok(written) };
                written.extend(self.write_day(key, &day)?);
                self.config.steps.reach(Step::FileWritten)?;
            }
        };
        let mut added = std::thread::scope(|scope| {
            let others: Vec<_> = (1..WRITERS).map(|_| scope.spawn(work)).collect();
            let mut all = work()?;
            for other in others {
                all.extend(other.join().map_err(|_| Error::Unavailable("a writer thread of a flush panicked".into()))??);
            }
            Ok::<_, Error>(all)
        })?;
        added.sort_by_key(|entry| entry.sequence);
        self.config.steps.reach(Step::FilesSynced)?;
        metrics::counter!(names::FILES_WRITTEN).increment(added.len() as u64);
        self.publish(Change { added, flushed: Some(frozen), ..Change::default() })
    }

    fn write_day(&self, (name, day): DayKey, hot: &Arc<HotDay>) -> Result<Option<FileEntry>, Error> {
        if self.is_shut() {
            return Err(Error::Unavailable("the store is shutting down".into()));
        }
        let Some(table) = committed_tables().find(|t| t.name == name) else { return Ok(None) };
        let runs = HotView::of(hot).into_runs(table)?;
        if runs.is_empty() {
            return Ok(None);
        }
        let rows = merge(table, runs);
        // Without older files there is nothing a tombstone could still hide.
        let first_of_day = !self.files().contains_key(&(name, day));
        let rows = if first_of_day { without_tombstones(rows) } else { rows };
        let target = Target { dir: &self.config.dir, table, day, sequence: self.next_sequence(), level: 0 };
        target.write(rows)
    }

    fn fail(&self, error: &Error) {
        self.state().failed = Some(error.clone());
        self.wake_commits();
    }
}
