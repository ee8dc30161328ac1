//! Rows in memory: batches as they were committed, by table and UTC day. Committing costs next to nothing; sorting
//! is left to the first reader, who leaves the sorted run behind for the next, and to the flush.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, AsArray, RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use schemas::Table;

use super::keys::sort_latest;
use super::merge::merge;
use crate::Error;
use crate::rows::{DAY_MS, Times, damaged, times};
use crate::sql::Run;

/// Recent rows beyond either bound are sorted into a run by the next reader, which keeps it.
const RECENT_ROWS: usize = 16_384;
const RECENT_BATCHES: usize = 64;
const SMALL_BATCH: usize = 1_024;
/// Runs beyond this become one.
const RUNS: usize = 4;

/// A table's rows of one UTC day.
pub(crate) type DayKey = (&'static str, i32);

/// What is committed between two flushes.
#[derive(Default)]
pub(crate) struct Generation {
    pub days: HashMap<DayKey, Arc<HotDay>>,
    pub bytes: usize,
    pub rows: usize,
}

/// Sorted runs, oldest first, and the batches that came after them.
#[derive(Default)]
pub(crate) struct HotDay {
    content: Mutex<Content>,
}

#[derive(Default, Clone)]
struct Content {
    runs: Vec<Arc<Vec<RecordBatch>>>,
    recent: Vec<Arc<RecordBatch>>,
    recent_rows: usize,
    rows: usize,
}

/// What a reader sees of a hot day: later commits do not show.
#[derive(Clone)]
pub(crate) struct HotView {
    day: Arc<HotDay>,
    content: Content,
}

/// A batch of one table, cut by day before the store is locked.
pub(crate) struct Piece {
    pub key: DayKey,
    pub batch: Arc<RecordBatch>,
    pub bytes: usize,
}

/// Almost every batch lies within one day and is kept as it is.
pub(crate) fn by_day(table: &'static Table, batch: RecordBatch) -> Result<Vec<Piece>, Error> {
    if batch.num_rows() == 0 {
        return Ok(Vec::new());
    }
    let times = times(table, &batch)?;
    let (first, last) = days_spanned(&times, batch.num_rows());
    if first == last {
        return Ok(vec![piece(table, first, batch)?]);
    }
    let mut days: BTreeMap<i32, Vec<u32>> = BTreeMap::new();
    for row in 0..batch.num_rows() {
        days.entry(day_of(times.at(row))).or_default().push(row as u32);
    }
    let cut = days.into_iter().map(|(day, rows)| {
        let rows = take_record_batch(&batch, &UInt32Array::from(rows)).map_err(damaged)?;
        let bytes = rows.get_array_memory_size();
        Ok(piece_of(table, day, rows, bytes))
    });
    cut.collect()
}

/// Builders hand over buffers with room for a thousand rows: a batch of a few is copied to its size, or a quiet day's
/// commits would fill memory with nothing.
fn piece(table: &'static Table, day: i32, batch: RecordBatch) -> Result<Piece, Error> {
    let batch = if batch.num_rows() < SMALL_BATCH {
        let every = UInt32Array::from_iter_values(0..batch.num_rows() as u32);
        take_record_batch(&batch, &every).map_err(damaged)?
    } else {
        fitted(batch)?
    };
    let bytes = batch.get_array_memory_size();
    Ok(piece_of(table, day, batch, bytes))
}

/// Without the room that builders keep when they double.
fn fitted(batch: RecordBatch) -> Result<RecordBatch, Error> {
    let (schema, mut columns, _) = batch.into_parts();
    columns.iter_mut().filter_map(Arc::get_mut).for_each(|column| column.shrink_to_fit());
    RecordBatch::try_new(schema, columns).map_err(damaged)
}

fn piece_of(table: &'static Table, day: i32, batch: RecordBatch, bytes: usize) -> Piece {
    Piece { key: (table.name, day), batch: Arc::new(batch), bytes }
}

fn days_spanned(times: &Times<'_>, rows: usize) -> (i32, i32) {
    let (mut least, mut most) = (i64::MAX, i64::MIN);
    for row in 0..rows {
        let time = times.at(row);
        least = least.min(time);
        most = most.max(time);
    }
    (day_of(least), day_of(most))
}

pub(crate) fn day_of(time_ms: i64) -> i32 {
    time_ms.div_euclid(DAY_MS) as i32
}

impl Generation {
    pub fn push(&mut self, piece: Piece) {
        self.bytes += piece.bytes;
        self.rows += piece.batch.num_rows();
        self.days.entry(piece.key).or_default().with(|content| {
            content.rows += piece.batch.num_rows();
            content.recent_rows += piece.batch.num_rows();
            content.recent.push(piece.batch);
        });
    }

    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    pub fn views(&self) -> HashMap<DayKey, HotView> {
        self.days.iter().map(|(&key, day)| (key, HotView::of(day))).collect()
    }
}

impl HotDay {
    fn with<T>(&self, change: impl FnOnce(&mut Content) -> T) -> T {
        change(&mut self.content.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl HotView {
    pub fn of(day: &Arc<HotDay>) -> HotView {
        HotView { day: day.clone(), content: day.with(|c| c.clone()) }
    }

    pub fn rows(&self) -> usize {
        self.content.rows
    }

    /// All rows as sorted runs, oldest first, each key once in each.
    pub fn runs(&self, table: &'static Table) -> Result<Vec<Arc<Vec<RecordBatch>>>, Error> {
        let Content { mut runs, recent, recent_rows, .. } = self.content.clone();
        if recent.is_empty() {
            return Ok(runs);
        }
        runs.push(Arc::new(sorted(table, recent.iter().map(|batch| RecordBatch::clone(batch)).collect())?));
        if recent_rows < RECENT_ROWS && recent.len() < RECENT_BATCHES {
            return Ok(runs);
        }
        if runs.len() > RUNS {
            let inputs = runs.iter().map(|run| in_memory(run.clone())).collect();
            runs = vec![Arc::new(merge(table, inputs).collect::<Result<_, _>>()?)];
        }
        self.leave(&runs, recent.len(), recent_rows);
        Ok(runs)
    }

    /// The same for a flush, which reads them once: what no reader has sorted is sorted on the way and never there as a whole.
    pub fn into_runs(self, table: &'static Table) -> Result<Vec<Run>, Error> {
        let mut runs: Vec<Run> = self.content.runs.into_iter().map(in_memory).collect();
        if !self.content.recent.is_empty() {
            let recent = self.content.recent.iter().map(|batch| RecordBatch::clone(batch)).collect();
            runs.push(sort_latest(table, recent)?);
        }
        Ok(runs)
    }

    /// Puts the sorted runs in the place of what they were made from, unless another reader did before.
    fn leave(&self, runs: &[Arc<Vec<RecordBatch>>], batches: usize, rows: usize) {
        let seen = &self.content;
        self.day.with(|now| {
            let same_runs = now.runs.len() == seen.runs.len() && now.runs.iter().zip(&seen.runs).all(|(a, b)| Arc::ptr_eq(a, b));
            let same_start = now.recent.len() >= batches
                && now.recent.first().zip(seen.recent.first()).is_some_and(|(a, b)| Arc::ptr_eq(a, b));
            if same_runs && same_start {
                now.runs = runs.to_vec();
                now.recent.drain(..batches);
                now.recent_rows -= rows;
            }
        });
    }

    fn batches(&self) -> impl Iterator<Item = &RecordBatch> {
        let recent = self.content.recent.iter().map(Arc::as_ref);
        self.content.runs.iter().flat_map(|run| run.iter()).chain(recent)
    }

    /// Adds the people with any row, of whatever version, whom the test picks.
    pub fn add_people(&self, is_wanted: &dyn Fn(&str) -> bool, people: &mut BTreeSet<String>) -> Result<(), Error> {
        for batch in self.batches() {
            let users = crate::rows::users(batch)?;
            let mut last = None;
            for user in users.iter().flatten() {
                if last.replace(user) != Some(user) && !people.contains(user) && is_wanted(user) {
                    people.insert(user.to_owned());
                }
            }
        }
        Ok(())
    }

    /// Adds the people with any row, of whatever version, in one of the teams.
    pub fn add_people_of(&self, teams: &HashSet<String>, people: &mut BTreeSet<String>) -> Result<(), Error> {
        for batch in self.batches() {
            let users = crate::rows::users(batch)?;
            let Some(team_ids) = batch.column_by_name("team_id").and_then(|c| c.as_string_opt::<i32>()) else {
                people.extend(users.iter().flatten().map(str::to_owned));
                continue;
            };
            let mut last: Option<(&str, bool)> = None;
            for row in (0..batch.num_rows()).filter(|&row| team_ids.is_valid(row)) {
                let team = team_ids.value(row);
                let hit = last.filter(|(known, _)| *known == team).map_or_else(|| teams.contains(team), |(_, hit)| hit);
                last = Some((team, hit));
                if hit && !people.contains(users.value(row)) {
                    people.insert(users.value(row).to_owned());
                }
            }
        }
        Ok(())
    }

    /// What few people did: sorted runs are searched, recent batches looked through.
    pub fn runs_of(&self, table: &'static Table, users: &[String]) -> Result<Vec<Vec<RecordBatch>>, Error> {
        let Content { recent, recent_rows, .. } = &self.content;
        let mut picked: Vec<Vec<RecordBatch>> = Vec::new();
        if *recent_rows >= RECENT_ROWS || recent.len() >= RECENT_BATCHES {
            for run in self.runs(table)? {
                picked.push(pick_sorted(&run, users)?);
            }
        } else {
            for run in &self.content.runs {
                picked.push(pick_sorted(run, users)?);
            }
            let hits = recent.iter().map(|batch| pick_unsorted(batch, users)).collect::<Result<Vec<_>, _>>()?;
            let hits: Vec<RecordBatch> = hits.into_iter().filter(|b| b.num_rows() > 0).collect();
            if !hits.is_empty() {
                picked.push(sorted(table, hits)?);
            }
        }
        picked.retain(|run| !run.is_empty());
        Ok(picked)
    }
}

fn sorted(table: &'static Table, batches: Vec<RecordBatch>) -> Result<Vec<RecordBatch>, Error> {
    sort_latest(table, batches)?.collect()
}

pub(crate) fn in_memory(run: Arc<Vec<RecordBatch>>) -> Run {
    let mut next = 0;
    Box::new(std::iter::from_fn(move || {
        next += 1;
        run.get(next - 1).cloned().map(Ok)
    }))
}

/// Rows of these people (sorted) from batches sorted by person.
fn pick_sorted(run: &[RecordBatch], wanted: &[String]) -> Result<Vec<RecordBatch>, Error> {
    let mut picked = Vec::new();
    let mut wanted = wanted.iter().peekable();
    for batch in run {
        let users = crate::rows::users(batch)?;
        let rows = batch.num_rows();
        let mut from = 0;
        while let Some(user) = wanted.peek() {
            let start = from + partition_point(rows - from, |i| users.value(from + i) < user.as_str());
            let end = start + partition_point(rows - start, |i| users.value(start + i) == user.as_str());
            if end > start {
                picked.push(batch.slice(start, end - start));
            }
            from = end;
            if end == rows {
                // The person may go on in the next batch.
                break;
            }
            wanted.next();
        }
        if wanted.peek().is_none() {
            break;
        }
    }
    Ok(picked)
}

fn pick_unsorted(batch: &RecordBatch, wanted: &[String]) -> Result<RecordBatch, Error> {
    let users = crate::rows::users(batch)?;
    let mut last: Option<(&str, bool)> = None;
    let mut rows: Vec<u32> = Vec::new();
    for row in 0..batch.num_rows() {
        let user = users.value(row);
        let hit = match last {
            Some((known, hit)) if known == user => hit,
            _ => wanted.binary_search_by(|w| w.as_str().cmp(user)).is_ok(),
        };
        last = Some((user, hit));
        if hit {
            rows.push(row as u32);
        }
    }
    take_record_batch(batch, &UInt32Array::from(rows)).map_err(damaged)
}

fn partition_point(len: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = (low + high) / 2;
        if holds(middle) { low = middle + 1 } else { high = middle }
    }
    low
}
