//! `team_5m` and `team_daily`: mean, median and 90th percentile of each metric.
//!
//! ```text
//!   a day's rows ─▶ who was active in which step ─▶ which units are shown then ─▶ their values ─▶ figures
//!                   (and on the days beside it)       reader::Units                (once more)
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use schemas::Table;
use schemas::rows::USER_5M;

use super::super::exec::{Memory, Source};
use super::super::moment::{Run, Selection, Unit};
use super::answer::{Answer, Cell};
use super::counts::{Counts, Tree, each_active};
use super::{HEAD, Wanted, metrics};
use crate::Error;
use crate::reader::Window;
use crate::rows::{column, damaged};

/// Rows in one batch of an answer, about.
const BATCH_ROWS: usize = 8_192;

pub(super) struct FiguresSource {
    shared: Arc<Shared>,
    parts: Vec<Vec<i32>>,
}

struct Shared {
    wanted: Wanted,
    tree: Tree,
    table: &'static Table,
    /// Every day there is.
    days: BTreeMap<i32, Unit>,
    /// The units in the answer, with their team ids; and by unit, its place among those.
    listed: Vec<(usize, String)>,
    slots: Vec<Option<usize>>,
    /// The metrics of which any figure is wanted, and which of `Step::released` decides about each.
    metrics: Vec<(&'static str, usize)>,
    /// Those that some people have no value of.
    some: Vec<&'static str>,
}

impl FiguresSource {
    pub fn new(wanted: Wanted, table: &'static Table, days: BTreeMap<i32, Unit>) -> FiguresSource {
        let (tree, listed, parts) = (Tree::new(wanted.units.clone()), wanted.listed(), wanted.parts());
        let mut slots = vec![None; tree.above.len()];
        listed.iter().enumerate().for_each(|(slot, (unit, _))| slots[*unit] = Some(slot));
        let all: Vec<_> = metrics(table).collect();
        let of_figures = wanted.columns.iter().filter_map(|column| column.checked_sub(HEAD)).map(|at| at / 3);
        let places: BTreeSet<usize> = of_figures.filter(|at| *at < all.len()).collect();
        let (mut chosen, mut some) = (Vec::new(), Vec::new());
        for metric in places.into_iter().map(|at| all[at]) {
            if metric.nullable {
                some.push(metric.name);
            }
            chosen.push((metric.name, if metric.nullable { some.len() } else { 0 }));
        }
        FiguresSource { shared: Arc::new(Shared { wanted, tree, table, days, listed, slots, metrics: chosen, some }), parts }
    }
}

impl Source for FiguresSource {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.wanted.describe(f)
    }

    fn parts(&self) -> Vec<usize> {
        let steps = if self.shared.table.name == USER_5M.name { 150 } else { 1 };
        self.parts.iter().map(|days| days.len() * steps * self.shared.listed.len()).collect()
    }

    fn read(&self, part: usize, memory: Memory) -> Result<Run, Error> {
        let days = self.parts.get(part).cloned().unwrap_or_default();
        let mut reading = Reading { shared: self.shared.clone(), counts: BTreeMap::new(), memory, kept: 0 };
        Ok(Box::new(days.into_iter().flat_map(move |day| match reading.day(day) {
            Ok(batches) => batches.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        })))
    }
}

/// One part's way through its days.
struct Reading {
    shared: Arc<Shared>,
    /// Of the days about where it stands.
    counts: BTreeMap<i32, Arc<Counts>>,
    memory: Memory,
    /// Bytes of rows that are kept to be read again.
    kept: usize,
}

impl Reading {
    fn day(&mut self, day: i32) -> Result<Vec<RecordBatch>, Error> {
        let shared = self.shared.clone();
        self.counts.retain(|known, _| *known >= day - 1);
        let rows = self.still(day)?;
        let counts = self.counts_of(day)?;
        let mut cells = self.shown(day, &counts)?;
        self.fill(rows.as_ref(), &mut cells)?;
        self.kept = 0;
        let steps: Vec<i64> = counts.steps.keys().copied().collect();
        let a_batch = (BATCH_ROWS / shared.listed.len().max(1)).max(1);
        steps.chunks(a_batch).map(|steps| shared.batch(steps, &mut cells)).collect()
    }

    /// The day's rows, which are read twice: who is counted has to be whose values are shown. Where they may change in
    /// between they are kept, and counted anew if that was done for the day before.
    fn still(&mut self, day: i32) -> Result<Option<Unit>, Error> {
        let shared = self.shared.clone();
        let Some(rows) = shared.days.get(&day) else { return Ok(None) };
        let (rows, kept) = rows.still(&shared.columns(), &Selection::default(), &self.memory, self.held())?;
        if kept > 0 {
            self.kept = kept;
            self.count(day, Some(&rows))?;
        }
        Ok(Some(rows))
    }

    fn held(&self) -> usize {
        self.kept + self.counts.values().map(|counts| counts.bytes()).sum::<usize>()
    }

    fn counts_of(&mut self, day: i32) -> Result<Arc<Counts>, Error> {
        if let Some(known) = self.counts.get(&day) {
            return Ok(known.clone());
        }
        let shared = self.shared.clone();
        self.count(day, shared.days.get(&day))
    }

    fn count(&mut self, day: i32, rows: Option<&Unit>) -> Result<Arc<Counts>, Error> {
        let counts = match rows {
            Some(rows) => Counts::of(rows, &self.shared.tree, &self.shared.some)?,
            None => Counts::default(),
        };
        let counts = Arc::new(counts);
        self.counts.insert(day, counts.clone());
        self.memory.hold(self.held())?;
        Ok(counts)
    }

    /// An empty cell for each step and listed unit that is shown.
    fn shown(&mut self, day: i32, counts: &Counts) -> Result<HashMap<(i64, usize), Cell>, Error> {
        let shared = self.shared.clone();
        let mut cells = HashMap::new();
        for (time, step) in &counts.steps {
            for (slot, (unit, _)) in shared.listed.iter().enumerate().filter(|(_, (unit, _))| step.released[0][*unit]) {
                let of_metrics = shared.metrics.iter().map(|(_, kind)| step.released[*kind][*unit]).collect();
                cells.insert((*time, slot), Cell::new(of_metrics));
            }
        }
        if shared.table.name == USER_5M.name {
            let around = [self.counts_of(day - 1)?, self.counts_of(day)?, self.counts_of(day + 1)?];
            for (slot, (unit, _)) in shared.listed.iter().enumerate() {
                for start in shared.withheld(*unit, &around) {
                    cells.remove(&(start, slot));
                }
            }
        }
        Ok(cells)
    }

    /// Reads the rows again, for the values of what is shown.
    fn fill(&self, rows: Option<&Unit>, cells: &mut HashMap<(i64, usize), Cell>) -> Result<(), Error> {
        let shared = &*self.shared;
        let Some(rows) = rows.filter(|_| !cells.is_empty()) else { return Ok(()) };
        let (held, mut values) = (self.held(), 0);
        for batch in rows.read(&shared.columns(), &shared.selection())? {
            let batch = batch?;
            let numbers = shared.metrics.iter().map(|(name, _)| floats(&batch, name)).collect::<Result<Vec<_>, _>>()?;
            let finals = column(&batch, "final")?.as_boolean().clone();
            each_active(shared.table, &batch, &shared.tree, |active| {
                for slot in shared.tree.above[active.own].iter().filter_map(|unit| shared.slots[*unit]) {
                    let Some(cell) = cells.get_mut(&(active.time, slot)) else { continue };
                    cell.add(active.row, &numbers, finals.value(active.row));
                    values += numbers.len();
                }
            })?;
            self.memory.hold(held + values * 8)?;
        }
        Ok(())
    }
}

impl Shared {
    fn columns(&self) -> Vec<&'static str> {
        let mut columns = vec!["user_id", "team_id", self.table.time, "active_ms", "final"];
        columns.extend(self.metrics.iter().map(|(name, _)| *name).filter(|name| *name != "active_ms"));
        columns
    }

    /// Rows of teams that count in a listed unit; where all are listed, all rows.
    fn selection(&self) -> Selection {
        if self.wanted.teams.is_none() {
            return Selection::default();
        }
        let is_below = |unit: usize| self.tree.above[unit].iter().any(|above| self.slots[*above].is_some());
        let ids = self.wanted.units.ids().into_iter().enumerate();
        let teams: HashSet<String> = ids.filter(|(unit, _)| is_below(*unit)).filter_map(|(_, id)| Some(id?.to_owned())).collect();
        Selection { users: None, teams: Some(teams) }
    }

    /// The released windows of these days on end that are not shown all the same.
    fn withheld(&self, unit: usize, days: &[Arc<Counts>]) -> Vec<i64> {
        let units = &self.wanted.units;
        let steps = days.iter().flat_map(|counts| &counts.steps).filter(|(_, step)| step.total[unit] > 0);
        let window = |(start, step): (&i64, &super::counts::Step)| Window {
            start: *start,
            n: step.total[unit],
            released: step.released[0][unit],
        };
        let windows: Vec<Window> = steps.map(window).collect();
        let mut people_of = |starts: &[i64]| {
            let of_days = days.iter().flat_map(|counts| counts.people_in(unit, &self.tree, starts).take(units.enough() as usize));
            of_days.collect::<HashSet<&str>>().len() as u32
        };
        let shown = units.shown_windows(unit, &windows, &mut people_of);
        windows.iter().zip(shown).filter(|(window, shown)| window.released && !shown).map(|(window, _)| window.start).collect()
    }

    /// All listed units in these steps.
    fn batch(&self, steps: &[i64], cells: &mut HashMap<(i64, usize), Cell>) -> Result<RecordBatch, Error> {
        let mut answer = Answer::default();
        for step in steps {
            for (slot, (_, id)) in self.listed.iter().enumerate() {
                answer.push(id, *step, cells.remove(&(*step, slot)));
            }
        }
        let metrics: Vec<&str> = self.metrics.iter().map(|(name, _)| *name).collect();
        answer.finish(&self.wanted.schema, &metrics)
    }
}

fn floats(batch: &RecordBatch, name: &str) -> Result<Float64Array, Error> {
    let values: ArrayRef = cast(column(batch, name)?, &DataType::Float64).map_err(damaged)?;
    Ok(values.as_primitive().clone())
}
