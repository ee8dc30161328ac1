//! Rows in their table's order: the person, the time and, where these do not make the key, an id; which makes comparing
//! and sorting cheap, since rows of one person come nearly in order of time.

use std::cmp::Ordering;
use std::collections::HashMap;

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::buffer::ScalarBuffer;
use arrow::compute::{concat_batches, interleave_record_batch};
use arrow::datatypes::{Date32Type, TimestampMillisecondType};
use schemas::Table;

use crate::Error;
use crate::rows::{column, damaged, users, versions};
use crate::sql::Run;

pub(crate) const BATCH_ROWS: usize = 8_192;
/// Rows in one stretch, on average, from which on it pays to copy by stretches.
const LONG_STRETCH: usize = 8;

/// The keys and versions of one batch.
pub(crate) struct Keys {
    pub users: StringArray,
    second: Second,
    pub versions: ScalarBuffer<u64>,
}

/// What comes after the person.
enum Second {
    Id(ScalarBuffer<i64>, StringArray),
    Millis(ScalarBuffer<i64>),
    Days(ScalarBuffer<i32>),
}

impl Keys {
    /// Of a batch that has at least the columns of the table's order, and its version.
    pub fn of(table: &Table, batch: &RecordBatch) -> Result<Keys, Error> {
        let unfit = || Error::Invalid(format!("the key of {} is not a person and a time or an id", table.name));
        let (time, id) = match table.key {
            ["user_id", time] if *time == table.time => (column(batch, time)?, None),
            ["user_id", id] => (column(batch, table.time)?, Some(column(batch, id)?)),
            _ => return Err(unfit()),
        };
        let millis = time.as_primitive_opt::<TimestampMillisecondType>();
        let second = match (id.map(|id| id.as_string_opt::<i32>()), millis, time.as_primitive_opt::<Date32Type>()) {
            (None, Some(times), _) => Second::Millis(times.values().clone()),
            (None, _, Some(days)) => Second::Days(days.values().clone()),
            (Some(Some(ids)), Some(times), _) => Second::Id(times.values().clone(), ids.clone()),
            _ => return Err(unfit()),
        };
        Ok(Keys { users: users(batch)?.clone(), second, versions: versions(batch)?.values().clone() })
    }

    pub fn cmp(&self, row: usize, other: &Keys, other_row: usize) -> Ordering {
        let by_user = self.users.value(row).cmp(other.users.value(other_row));
        by_user.then_with(|| self.cmp_second(row, other, other_row))
    }

    fn cmp_second(&self, row: usize, other: &Keys, other_row: usize) -> Ordering {
        match (&self.second, &other.second) {
            (Second::Id(a, x), Second::Id(b, y)) => a[row].cmp(&b[other_row]).then_with(|| x.value(row).cmp(y.value(other_row))),
            (Second::Millis(a), Second::Millis(b)) => a[row].cmp(&b[other_row]),
            (Second::Days(a), Second::Days(b)) => a[row].cmp(&b[other_row]),
            // Keys of one table all have one type.
            _ => Ordering::Equal,
        }
    }
}

/// In the table's order, only the newest version of each key, a batch at a time. Of equal versions the later row counts.
pub(crate) fn sort_latest(table: &Table, batches: Vec<RecordBatch>) -> Result<Run, Error> {
    let sorted = latest(table, &batches)?;
    let mut at = 0;
    Ok(Box::new(std::iter::from_fn(move || {
        let rows = &sorted[at..sorted.len().min(at + BATCH_ROWS)];
        at += rows.len();
        (!rows.is_empty()).then(|| gather(&batches, rows))
    })))
}

/// Rows that stood next to one another are copied together where there are many of them, as after an import.
fn gather(batches: &[RecordBatch], rows: &[(usize, usize)]) -> Result<RecordBatch, Error> {
    let goes_on = |a: (usize, usize), b: (usize, usize)| a.0 == b.0 && a.1 + 1 == b.1;
    let stretches: Vec<&[(usize, usize)]> = rows.chunk_by(|a, b| goes_on(*a, *b)).collect();
    if stretches.len() * LONG_STRETCH > rows.len() {
        let batches: Vec<&RecordBatch> = batches.iter().collect();
        return interleave_record_batch(&batches, rows).map_err(damaged);
    }
    let parts: Vec<RecordBatch> = stretches.iter().map(|s| batches[s[0].0].slice(s[0].1, s.len())).collect();
    concat_batches(&batches[0].schema(), &parts).map_err(damaged)
}

/// Rows are put into one bucket per person first: there are few people and many rows, and within a person rows
/// come nearly in order, which the (stable, run-finding) sort makes use of.
fn latest(table: &Table, batches: &[RecordBatch]) -> Result<Vec<(usize, usize)>, Error> {
    let keys = batches.iter().map(|b| Keys::of(table, b)).collect::<Result<Vec<_>, _>>()?;
    let mut people: HashMap<&str, usize> = HashMap::new();
    let mut buckets: Vec<Vec<(u32, u32)>> = Vec::new();
    for (b, keys) in keys.iter().enumerate() {
        let mut last: Option<(&str, usize)> = None;
        for row in 0..keys.users.len() {
            let user = keys.users.value(row);
            let place = match last {
                Some((known, place)) if known == user => place,
                _ => *people.entry(user).or_insert_with(|| {
                    buckets.push(Vec::new());
                    buckets.len() - 1
                }),
            };
            last = Some((user, place));
            buckets[place].push((b as u32, row as u32));
        }
    }
    let mut order: Vec<(&str, usize)> = people.into_iter().collect();
    order.sort_unstable();

    let mut sorted: Vec<(usize, usize)> = Vec::with_capacity(batches.iter().map(|b| b.num_rows()).sum());
    for (_, place) in order {
        let mut bucket = std::mem::take(&mut buckets[place]);
        bucket.sort_by(|&(b, r), &(c, s)| keys[b as usize].cmp_second(r as usize, &keys[c as usize], s as usize));
        let mut newest: Option<(usize, usize)> = None;
        for (b, r) in bucket {
            let (b, r) = (b as usize, r as usize);
            newest = match newest {
                Some((c, s)) if keys[b].cmp_second(r, &keys[c], s) == Ordering::Equal => {
                    if keys[b].versions[r] >= keys[c].versions[s] { Some((b, r)) } else { Some((c, s)) }
                }
                Some(done) => {
                    sorted.push(done);
                    Some((b, r))
                }
                None => Some((b, r)),
            };
        }
        sorted.extend(newest);
    }
    Ok(sorted)
}
