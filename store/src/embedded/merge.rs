//! Sorted runs into one: by key, the newest version of each, a row at a time and a batch in memory per run.
//!
//! ```text
//!   file      a1  b1  d1  ─┐
//!   file      b2  c1      ─┼──▶  a1  b2  c1  d1
//!   hot rows  a0           ─┘
//! ```

use std::cmp::Ordering;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::{filter_record_batch, interleave_record_batch, not};
use schemas::Table;

use super::keys::{BATCH_ROWS, Keys};
use crate::Error;
use crate::rows::{damaged, tombstones};
use crate::sql::Run;

/// Runs beyond this are merged in groups first, so that choosing the next row stays a short walk.
const FAN_IN: usize = 8;

/// Runs oldest first: of equal versions the later run's row counts. Tombstones stay in.
pub(crate) fn merge(table: &'static Table, mut runs: Vec<Run>) -> Run {
    if runs.len() == 1 {
        return runs.remove(0);
    }
    while runs.len() > FAN_IN {
        let mut groups: Vec<Run> = Vec::new();
        let mut rest = runs.into_iter().peekable();
        while rest.peek().is_some() {
            groups.push(merge(table, rest.by_ref().take(FAN_IN).collect()));
        }
        runs = groups;
    }
    Box::new(Merge { table, cursors: Vec::new(), waiting: runs, failed: false })
}

/// Leaves out rows that are no more.
pub(crate) fn without_tombstones(run: Run) -> Run {
    Box::new(run.map(|batch| {
        let batch = batch?;
        match tombstones(&batch) {
            Some(deleted) if deleted.true_count() > 0 => {
                let keep: BooleanArray = not(deleted).map_err(damaged)?;
                filter_record_batch(&batch, &keep).map_err(damaged)
            }
            _ => Ok(batch),
        }
    }))
}

struct Merge {
    table: &'static Table,
    cursors: Vec<Cursor>,
    /// Not opened yet.
    waiting: Vec<Run>,
    failed: bool,
}

struct Cursor {
    run: Run,
    /// Of the run among the others: later runs are newer.
    age: usize,
    batch: RecordBatch,
    keys: Keys,
    row: usize,
    /// Where this batch stands in the batch being put together.
    slot: Option<usize>,
}

impl Cursor {
    fn open(table: &Table, mut run: Run, age: usize) -> Result<Option<Cursor>, Error> {
        let Some(batch) = next_filled(&mut run)? else { return Ok(None) };
        let keys = Keys::of(table, &batch)?;
        Ok(Some(Cursor { run, age, batch, keys, row: 0, slot: None }))
    }

    /// False when the run has ended.
    fn advance(&mut self, table: &Table) -> Result<bool, Error> {
        self.row += 1;
        if self.row < self.batch.num_rows() {
            return Ok(true);
        }
        let Some(batch) = next_filled(&mut self.run)? else { return Ok(false) };
        self.keys = Keys::of(table, &batch)?;
        (self.batch, self.row, self.slot) = (batch, 0, None);
        Ok(true)
    }

    fn cmp(&self, other: &Cursor) -> Ordering {
        self.keys.cmp(self.row, &other.keys, other.row)
    }

    fn is_newer_than(&self, other: &Cursor) -> bool {
        let (mine, theirs) = (self.keys.versions[self.row], other.keys.versions[other.row]);
        mine > theirs || (mine == theirs && self.age > other.age)
    }
}

fn next_filled(run: &mut Run) -> Result<Option<RecordBatch>, Error> {
    for batch in run {
        let batch = batch?;
        if batch.num_rows() > 0 {
            return Ok(Some(batch));
        }
    }
    Ok(None)
}

impl Merge {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, Error> {
        for (age, run) in std::mem::take(&mut self.waiting).into_iter().enumerate() {
            self.cursors.extend(Cursor::open(self.table, run, age)?);
        }
        let mut batches: Vec<RecordBatch> = Vec::new();
        let mut picked: Vec<(usize, usize)> = Vec::with_capacity(BATCH_ROWS);
        self.cursors.iter_mut().for_each(|c| c.slot = None);
        while picked.len() < BATCH_ROWS && !self.cursors.is_empty() {
            let (least, equals) = self.least();
            let mut winner = least;
            for &other in &equals {
                if self.cursors[other].is_newer_than(&self.cursors[winner]) {
                    winner = other;
                }
            }
            let cursor = &mut self.cursors[winner];
            let slot = *cursor.slot.get_or_insert_with(|| {
                batches.push(cursor.batch.clone());
                batches.len() - 1
            });
            picked.push((slot, cursor.row));
            // From the back, so that taking out an ended run moves none that is still to be advanced.
            for index in equals.into_iter().rev().chain([least]) {
                if !self.cursors[index].advance(self.table)? {
                    self.cursors.remove(index);
                }
            }
        }
        if picked.is_empty() {
            return Ok(None);
        }
        let refs: Vec<&RecordBatch> = batches.iter().collect();
        interleave_record_batch(&refs, &picked).map(Some).map_err(damaged)
    }

    /// The first cursor with the least key, and the later ones with the same, ascending.
    fn least(&self) -> (usize, Vec<usize>) {
        let mut least = 0;
        let mut equals = Vec::new();
        for other in 1..self.cursors.len() {
            match self.cursors[other].cmp(&self.cursors[least]) {
                Ordering::Less => {
                    least = other;
                    equals.clear();
                }
                Ordering::Equal => equals.push(other),
                Ordering::Greater => {}
            }
        }
        (least, equals)
    }
}

impl Iterator for Merge {
    type Item = Result<RecordBatch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let batch = self.next_batch().transpose();
        self.failed = matches!(batch, Some(Err(_)));
        batch
    }
}
