//! Files of a day into fewer, and days past their time away.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::engine::{Change, Engine};
use super::file::DataFile;
use super::hot::{DayKey, day_of};
use super::merge::{merge, without_tombstones};
use super::steps::Step;
use super::write::Target;
use crate::sql::Run;
use crate::{Error, metrics as names};

/// An older file joins a merge when it is at most this many times as large as all newer ones together: each row is then
/// rewritten a few times, not once per flush.
const GROWTH: u64 = 1;

impl Engine {
    /// Merges until nothing is left to merge, and drops what is past its retention. Blocks: not for async threads.
    pub fn compact(&self) -> Result<(), Error> {
        let _one_at_a_time = self.merge_gate.lock().unwrap_or_else(PoisonError::into_inner);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as i64;
        self.expire(day_of(now))?;
        while let Some((key, inputs, all)) = self.candidate(day_of(now)) {
            if self.is_shut() {
                return Ok(());
            }
            self.merge_files(key, &inputs, all)?;
        }
        Ok(())
    }

    /// The day with most to gain; true when all its files are in the merge.
    fn candidate(&self, today: i32) -> Option<(DayKey, Vec<Arc<DataFile>>, bool)> {
        let quiet = self.state().last_flush.is_none_or(|at| at.elapsed() >= self.config.compact_after);
        let files = self.files();
        let over = |day: i32| day < today && quiet;
        let (key, day) = files
            .iter()
            .filter(|((_, day), files)| files.len() > self.config.max_files || (over(*day) && files.len() > 1))
            .max_by_key(|(_, files)| files.len())?;
        let from = if over(key.1) { 0 } else { suffix_to_merge(&day.iter().map(|f| f.entry.bytes).collect::<Vec<_>>()) };
        Some((*key, day[from..].to_vec(), from == 0))
    }

    fn merge_files(&self, (name, day): DayKey, inputs: &[Arc<DataFile>], all: bool) -> Result<(), Error> {
        let Some(first) = inputs.first() else { return Ok(()) };
        let table = first.table;
        let columns: Vec<&str> = table.columns.iter().map(|c| c.name).collect();
        let sequence = self.next_sequence();
        let runs = inputs.iter().map(|f| self.cache.open(f)?.read(&columns, None)).collect::<Result<Vec<Run>, Error>>()?;
        let rows = merge(table, runs);
        let rows = if all { without_tombstones(rows) } else { rows };
        let level = inputs.iter().map(|f| f.entry.level).max().unwrap_or(0).saturating_add(1);
        let target = Target { dir: &self.config.dir, table, day, sequence, level };
        let merged = target.write(rows)?;
        self.config.steps.reach(Step::MergeWritten)?;
        let removed: HashSet<u64> = inputs.iter().map(|f| f.entry.sequence).collect();
        tracing::debug!(table = name, day, files = inputs.len(), "merged files of a day");
        self.publish(Change { added: merged.into_iter().collect(), removed, flushed: None })?;
        metrics::counter!(names::MERGES).increment(1);
        self.config.steps.reach(Step::MergePublished)
    }

    fn expire(&self, today: i32) -> Result<(), Error> {
        let files = self.files();
        let past = |(table, day): &DayKey| {
            self.config.retention_days(table).is_some_and(|keep| *day < today.saturating_sub(keep as i32))
        };
        let removed: HashSet<u64> =
            files.iter().filter(|(key, _)| past(key)).flat_map(|(_, files)| files).map(|f| f.entry.sequence).collect();
        if removed.is_empty() {
            return Ok(());
        }
        tracing::info!(files = removed.len(), "dropping days past their retention");
        metrics::counter!(names::FILES_EXPIRED).increment(removed.len() as u64);
        self.publish(Change { removed, ..Change::default() })
    }
}

/// Where the files to merge begin: sizes oldest first, at least the last two.
fn suffix_to_merge(bytes: &[u64]) -> usize {
    let mut from = bytes.len().saturating_sub(2);
    let mut total: u64 = bytes[from..].iter().sum();
    while from > 0 && bytes[from - 1] <= GROWTH * total {
        from -= 1;
        total += bytes[from];
    }
    from
}

#[cfg(test)]
mod tests {
    use super::suffix_to_merge;

    #[test]
    fn a_large_old_file_is_left_alone_until_the_new_ones_have_grown() {
        assert_eq!(suffix_to_merge(&[1_000, 10, 10, 10, 10]), 1);
        assert_eq!(suffix_to_merge(&[40, 10, 10, 10, 10]), 0);
        assert_eq!(suffix_to_merge(&[1_000, 100, 1]), 1);
        assert_eq!(suffix_to_merge(&[5, 5]), 0);
    }
}
