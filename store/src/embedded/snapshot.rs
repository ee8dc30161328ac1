//! The store at one moment: rows of a table and day are a unit.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use async_trait::async_trait;
use schemas::Table;
use schemas::table::DELETED;

use super::engine::Files;
use super::file::{DataFile, FileCache};
use super::hot::{DayKey, HotView, in_memory};
use super::merge::{merge, without_tombstones};
use crate::rows::{damaged, times};
use crate::sql::{self, Day, Moment, Run, Selection};
use crate::{Error, Scan};

pub(crate) struct Snapshot {
    cache: Arc<FileCache>,
    files: Arc<Files>,
    flushing: HashMap<DayKey, HotView>,
    hot: HashMap<DayKey, HotView>,
    replaced: HashMap<&'static str, Arc<RecordBatch>>,
}

/// A table's rows of one day: sorted files and, over them, what is still in memory.
#[derive(Clone)]
pub(crate) struct Unit {
    pub table: &'static Table,
    pub day: i32,
    cache: Arc<FileCache>,
    files: Vec<Arc<DataFile>>,
    /// Oldest first.
    hot: Vec<HotView>,
}

impl Snapshot {
    pub fn new(
        cache: Arc<FileCache>,
        files: Arc<Files>,
        flushing: HashMap<DayKey, HotView>,
        hot: HashMap<DayKey, HotView>,
        replaced: HashMap<&'static str, Arc<RecordBatch>>,
    ) -> Snapshot {
        Snapshot { cache, files, flushing, hot, replaced }
    }

    /// Days [first, last] that have rows, ascending.
    pub fn units(&self, table: &'static Table, first: i32, last: i32) -> Vec<Unit> {
        let mut days: BTreeSet<i32> =
            self.files.range((table.name, first)..=(table.name, last)).map(|((_, day), _)| *day).collect();
        let in_memory = self.flushing.keys().chain(self.hot.keys());
        days.extend(in_memory.filter(|(t, day)| *t == table.name && (first..=last).contains(day)).map(|(_, day)| *day));
        days.into_iter().map(|day| self.unit(table, day)).collect()
    }

    fn unit(&self, table: &'static Table, day: i32) -> Unit {
        let key = (table.name, day);
        let hot = self.flushing.get(&key).into_iter().chain(self.hot.get(&key)).cloned().collect();
        let files = self.files.get(&key).cloned().unwrap_or_default();
        Unit { table, day, cache: self.cache.clone(), files, hot }
    }
}

#[async_trait]
impl Moment for Snapshot {
    async fn replaced(&self, table: &'static Table) -> Result<RecordBatch, Error> {
        let found = self.replaced.get(table.name).map(|batch| (**batch).clone());
        Ok(found.unwrap_or_else(|| RecordBatch::new_empty(table.public_schema())))
    }

    async fn days(&self, table: &'static Table) -> Result<Vec<sql::Unit>, Error> {
        let units = self.units(table, i32::MIN, i32::MAX).into_iter();
        Ok(units.map(|unit| sql::Unit::new(table, unit.day, unit)).collect())
    }
}

impl Day for Unit {
    /// Counts every version: never less than a reader sees.
    fn max_rows(&self) -> usize {
        let files: u64 = self.files.iter().map(|f| f.entry.rows).sum();
        files as usize + self.hot.iter().map(HotView::rows).sum::<usize>()
    }

    fn read(&self, columns: &[&'static str], wanted: &Selection) -> Result<Run, Error> {
        let plain = self.hot.is_empty() && self.files.len() == 1 && self.files[0].entry.tombstones == 0;
        let run = if plain {
            self.read_files(columns, wanted)?.pop().unwrap_or_else(|| Box::new(std::iter::empty()))
        } else {
            let needed = with_keys(self.table, columns);
            let sources = self.sources(&needed, &self.by_people(wanted)?)?;
            if sources.is_empty() {
                return Ok(Box::new(std::iter::empty()));
            }
            without_tombstones(merge(self.table, sources))
        };
        Ok(project(run, columns.to_vec()))
    }

    /// With any row, of whatever version.
    fn people(&self, is_wanted: &dyn Fn(&str) -> bool) -> Result<Vec<String>, Error> {
        let mut people: BTreeSet<String> = BTreeSet::new();
        for file in &self.files {
            let open = self.cache.open(file)?;
            let index = self.cache.people(file, &open)?;
            people.extend(index.people(&Selection::default()).filter(|user| is_wanted(user)).map(str::to_owned));
        }
        for view in &self.hot {
            view.add_people(is_wanted, &mut people)?;
        }
        Ok(people.into_iter().collect())
    }

    fn is_still(&self) -> bool {
        true
    }
}

impl Unit {
    /// The same selection by people alone. A row's versions can be of different teams: where there may be several, all
    /// rows of whoever has any in the teams are read, or an old version would pass for the newest.
    fn by_people(&self, wanted: &Selection) -> Result<Selection, Error> {
        let Some(teams) = &wanted.teams else { return Ok(wanted.clone()) };
        let mut people: BTreeSet<String> = BTreeSet::new();
        for file in &self.files {
            let open = self.cache.open(file)?;
            people.extend(self.cache.people(file, &open)?.people(wanted).map(str::to_owned));
        }
        for view in &self.hot {
            view.add_people_of(teams, &mut people)?;
        }
        if let Some(users) = &wanted.users {
            people.retain(|p| users.binary_search(p).is_ok());
        }
        Ok(Selection { users: Some(people.into_iter().collect()), teams: None })
    }

    /// Sorted runs, oldest first, with at least the columns named.
    fn sources(&self, columns: &[&'static str], wanted: &Selection) -> Result<Vec<Run>, Error> {
        let mut runs = self.read_files(columns, wanted)?;
        for view in &self.hot {
            match &wanted.users {
                Some(users) => runs.extend(
                    view.runs_of(self.table, users)?.into_iter().map(|run| project(in_memory(Arc::new(run)), columns.to_vec())),
                ),
                None => runs.extend(view.runs(self.table)?.into_iter().map(|run| project(in_memory(run), columns.to_vec()))),
            }
        }
        Ok(runs)
    }

    fn read_files(&self, columns: &[&'static str], wanted: &Selection) -> Result<Vec<Run>, Error> {
        let mut runs = Vec::with_capacity(self.files.len());
        for file in &self.files {
            if wanted.users.as_ref().is_some_and(|users| !file.may_hold(users)) {
                continue;
            }
            let open = self.cache.open(file)?;
            let rows = self.cache.rows_of(file, &open, wanted)?;
            if rows.as_ref().is_some_and(Vec::is_empty) {
                continue;
            }
            let file = file.clone();
            // The file stays on disk until the run is done with it.
            runs.push(Box::new(open.read(columns, rows)?.inspect(move |_| _ = &file)) as Run);
        }
        Ok(runs)
    }
}

/// A merge compares keys and versions and drops tombstones: columns wanted or not.
fn with_keys(table: &Table, columns: &[&'static str]) -> Vec<&'static str> {
    let kept = |name: &str| columns.contains(&name) || table.order().any(|o| o == name) || name == "version" || name == DELETED;
    table.columns.iter().map(|c| c.name).filter(|name| kept(name)).collect()
}

fn project(run: Run, columns: Vec<&'static str>) -> Run {
    let mut places: Option<Vec<usize>> = None;
    Box::new(run.map(move |batch| {
        let batch = batch?;
        if places.is_none() {
            let schema = batch.schema_ref();
            places = Some(columns.iter().map(|name| schema.index_of(name)).collect::<Result<_, _>>().map_err(damaged)?);
        }
        batch.project(places.as_deref().unwrap_or_default()).map_err(damaged)
    }))
}

/// A scan of the seam over the units of its days, in the table's order over all days.
pub(crate) fn scan(units: &[Unit], scan: &Scan, users: Option<Vec<String>>) -> Result<Vec<RecordBatch>, Error> {
    let columns = match scan.columns {
        Some(columns) => with_keys(scan.table, columns),
        None => scan.table.columns.iter().map(|c| c.name).collect(),
    };
    let wanted = Selection { users, teams: None };
    let mut sources: Vec<Run> = Vec::new();
    for unit in units {
        for run in unit.sources(&columns, &wanted)? {
            // A key's versions all have one time, so leaving rows out before the merge cannot bring old ones back.
            sources.push(within(run, scan.table, scan.from_ms, scan.to_ms));
        }
    }
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    let rows = without_tombstones(merge(scan.table, sources));
    let rows = if let Some(columns) = scan.columns { project(rows, columns.to_vec()) } else { rows };
    rows.filter(|batch| !matches!(batch, Ok(b) if b.num_rows() == 0)).collect()
}

fn within(run: Run, table: &'static Table, from_ms: i64, to_ms: i64) -> Run {
    Box::new(run.map(move |batch| {
        let batch = batch?;
        let times = times(table, &batch)?;
        let inside = |row| (from_ms..to_ms).contains(&times.at(row));
        if (0..batch.num_rows()).all(inside) {
            return Ok(batch);
        }
        let keep: BooleanArray = (0..batch.num_rows()).map(|row| Some(inside(row))).collect();
        filter_record_batch(&batch, &keep).map_err(damaged)
    }))
}
