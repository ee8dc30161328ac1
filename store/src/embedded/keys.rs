//! Rows by key: every table's key is the person and one more column, which makes comparing and sorting cheap.

use std::cmp::Ordering;
use std::collections::HashMap;

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::buffer::ScalarBuffer;
use arrow::compute::interleave_record_batch;
use arrow::datatypes::{Date32Type, TimestampMillisecondType};
use schemas::Table;

use crate::Error;
use crate::rows::{column, damaged, users, versions};

pub(crate) const BATCH_ROWS: usize = 8_192;

/// The keys and versions of one batch.
pub(crate) struct Keys {
    pub users: StringArray,
    second: Second,
    pub versions: ScalarBuffer<u64>,
}

enum Second {
    Text(StringArray),
    Millis(ScalarBuffer<i64>),
    Days(ScalarBuffer<i32>),
}

impl Keys {
    /// Of a batch that has at least the table's key columns and its version.
    pub fn of(table: &Table, batch: &RecordBatch) -> Result<Keys, Error> {
        let name = match table.key {
            ["user_id", second] => *second,
            _ => return Err(Error::Invalid(format!("the key of {} is not a person and one more column", table.name))),
        };
        let values = column(batch, name)?;
        let second = if let Some(text) = values.as_string_opt::<i32>() {
            Second::Text(text.clone())
        } else if let Some(times) = values.as_primitive_opt::<TimestampMillisecondType>() {
            Second::Millis(times.values().clone())
        } else if let Some(days) = values.as_primitive_opt::<Date32Type>() {
            Second::Days(days.values().clone())
        } else {
            return Err(Error::Invalid(format!("{}.{name} cannot be part of a key", table.name)));
        };
        Ok(Keys { users: users(batch)?.clone(), second, versions: versions(batch)?.values().clone() })
    }

    pub fn cmp(&self, row: usize, other: &Keys, other_row: usize) -> Ordering {
        let by_user = self.users.value(row).cmp(other.users.value(other_row));
        by_user.then_with(|| self.cmp_second(row, other, other_row))
    }

    fn cmp_second(&self, row: usize, other: &Keys, other_row: usize) -> Ordering {
        match (&self.second, &other.second) {
            (Second::Text(a), Second::Text(b)) => a.value(row).cmp(b.value(other_row)),
            (Second::Millis(a), Second::Millis(b)) => a[row].cmp(&b[other_row]),
            (Second::Days(a), Second::Days(b)) => a[row].cmp(&b[other_row]),
            // Keys of one table all have one type.
            _ => Ordering::Equal,
        }
    }
}

/// One batch after another: sorted by key, only the newest version of each. Of equal versions the later row counts.
///
/// Rows are put into one bucket per person first: there are few people and many rows, and within a person rows
/// come nearly in order, which the (stable, run-finding) sort makes use of.
pub(crate) fn sort_latest(table: &Table, batches: &[&RecordBatch]) -> Result<Vec<RecordBatch>, Error> {
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
    sorted.chunks(BATCH_ROWS).map(|rows| interleave_record_batch(batches, rows).map_err(damaged)).collect()
}
