//! What a statement reads: rows of a table and day, as a store has them. A day is independent of every other, because a key's
//! rows all have the same time.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::RecordBatch;
use async_trait::async_trait;
use schemas::Table;

use super::exec::Memory;
use crate::Error;
use crate::rows::damaged;

/// Batches of one sorted run, each key once.
pub(crate) type Run = Box<dyn Iterator<Item = Result<RecordBatch, Error>> + Send>;

/// Whose rows are wanted: people and teams both hold where given.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Selection {
    /// Sorted, each once.
    pub users: Option<Vec<String>>,
    pub teams: Option<HashSet<String>>,
}

impl Selection {
    pub fn is_all(&self) -> bool {
        self.users.is_none() && self.teams.is_none()
    }
}

/// All that is there for one statement.
#[async_trait]
pub(crate) trait Moment: Send + Sync + 'static {
    /// A table that is replaced as a whole.
    async fn replaced(&self, table: &'static Table) -> Result<RecordBatch, Error>;

    /// The days that may have rows, ascending.
    async fn days(&self, table: &'static Table) -> Result<Vec<Unit>, Error>;
}

/// A table's rows of one day.
pub(crate) trait Day: Send + Sync {
    /// About how many there are; rather too many.
    fn max_rows(&self) -> usize;

    /// The latest version of the rows wanted, in the table's order: just these columns, in this order. What is not wanted may
    /// be among them where telling would cost more.
    fn read(&self, columns: &[&'static str], wanted: &Selection) -> Result<Run, Error>;

    /// The people with any row whom the test picks. In order.
    fn people(&self, is_wanted: &dyn Fn(&str) -> bool) -> Result<Vec<String>, Error>;

    /// Whether reading it once more gives the same rows, whatever is committed in between.
    fn is_still(&self) -> bool;
}

#[derive(Clone)]
pub(crate) struct Unit {
    pub table: &'static Table,
    pub day: i32,
    rows: Arc<dyn Day>,
}

impl Unit {
    pub fn new(table: &'static Table, day: i32, rows: impl Day + 'static) -> Unit {
        Unit { table, day, rows: Arc::new(rows) }
    }

    pub fn max_rows(&self) -> usize {
        self.rows.max_rows()
    }

    pub fn read(&self, columns: &[&'static str], wanted: &Selection) -> Result<Run, Error> {
        self.rows.read(columns, wanted)
    }

    pub fn people(&self, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<String>, Error> {
        self.rows.people(&is_wanted)
    }

    /// The same day, of which these columns can be read any number of times and stay the same; and the bytes that takes in
    /// memory, where `already` are held.
    pub fn still(
        &self,
        columns: &[&'static str],
        wanted: &Selection,
        memory: &Memory,
        already: usize,
    ) -> Result<(Unit, usize), Error> {
        if self.rows.is_still() {
            return Ok((self.clone(), 0));
        }
        let (mut batches, mut bytes) = (Vec::new(), 0);
        for batch in self.read(columns, wanted)? {
            let batch = batch?;
            bytes += batch.get_array_memory_size();
            memory.hold(already + bytes)?;
            batches.push(batch);
        }
        Ok((Unit::new(self.table, self.day, Kept(batches)), bytes))
    }
}

/// Rows that were read once.
struct Kept(Vec<RecordBatch>);

impl Day for Kept {
    fn max_rows(&self) -> usize {
        self.0.iter().map(RecordBatch::num_rows).sum()
    }

    fn read(&self, columns: &[&'static str], _: &Selection) -> Result<Run, Error> {
        let Some(first) = self.0.first() else { return Ok(Box::new(std::iter::empty())) };
        let schema = first.schema();
        let places = columns.iter().map(|name| schema.index_of(name)).collect::<Result<Vec<_>, _>>().map_err(damaged)?;
        Ok(Box::new(self.0.clone().into_iter().map(move |batch| batch.project(&places).map_err(damaged))))
    }

    fn people(&self, is_wanted: &dyn Fn(&str) -> bool) -> Result<Vec<String>, Error> {
        let mut people = Vec::new();
        for batch in &self.0 {
            people.extend(crate::rows::users(batch)?.iter().flatten().filter(|user| is_wanted(user)).map(str::to_owned));
        }
        people.sort_unstable();
        people.dedup();
        Ok(people)
    }

    fn is_still(&self) -> bool {
        true
    }
}
