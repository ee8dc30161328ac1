//! `team_burnout`: how many of a unit's people with any active time on a day are at which level.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
};
use schemas::rows::USER_DAILY;

use super::super::exec::{Memory, Source};
use super::super::moment::{Run, Selection, Unit};
use super::counts::{Tree, each_active};
use super::{HEAD, LEVELS, UNKNOWN, Wanted};
use crate::Error;
use crate::reader::Figures;
use crate::rows::{column, damaged, users};

pub(super) struct BurnoutSource {
    shared: Arc<Shared>,
    parts: Vec<Vec<i32>>,
}

struct Shared {
    wanted: Wanted,
    tree: Tree,
    listed: Vec<(usize, String)>,
    risks: BTreeMap<i32, Unit>,
    /// Who was active.
    daily: BTreeMap<i32, Unit>,
}

impl BurnoutSource {
    pub fn new(wanted: Wanted, risks: BTreeMap<i32, Unit>, daily: BTreeMap<i32, Unit>) -> BurnoutSource {
        let (tree, listed, parts) = (Tree::new(wanted.units.clone()), wanted.listed(), wanted.parts());
        BurnoutSource { shared: Arc::new(Shared { wanted, tree, listed, risks, daily }), parts }
    }
}

impl Source for BurnoutSource {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.wanted.describe(f)
    }

    fn parts(&self) -> Vec<usize> {
        self.parts.iter().map(|days| days.len() * self.shared.listed.len()).collect()
    }

    fn read(&self, part: usize, memory: Memory) -> Result<Run, Error> {
        let (days, shared) = (self.parts.get(part).cloned().unwrap_or_default(), self.shared.clone());
        Ok(Box::new(days.into_iter().filter_map(move |day| shared.day(day, &memory).transpose())))
    }
}

/// Of the people who count in a unit.
#[derive(Clone)]
struct Tally {
    n: i64,
    levels: [i64; LEVELS.len()],
    is_final: bool,
}

impl Shared {
    fn day(&self, day: i32, memory: &Memory) -> Result<Option<RecordBatch>, Error> {
        let Some(rows) = self.risks.get(&day) else { return Ok(None) };
        let active = self.active(day, memory)?;
        let none = Tally { n: 0, levels: [0; LEVELS.len()], is_final: true };
        let units = self.tree.above.len();
        // Those without a number hide nobody: who has one is not to be found among people who have none.
        let (mut tallies, mut own, mut unknown) = (vec![none; units], vec![0; units], vec![0; units]);
        for batch in rows.read(&["user_id", "team_id", "level", "status", "final"], &Selection::default())? {
            let batch = batch?;
            let (people, teams) = (users(&batch)?, column(&batch, "team_id")?.as_string::<i32>());
            let words = [column(&batch, "level")?.as_string::<i32>(), column(&batch, "status")?.as_string::<i32>()];
            let finals = column(&batch, "final")?.as_boolean();
            for row in (0..batch.num_rows()).filter(|row| active.contains(people.value(*row))) {
                let unit = self.tree.own(teams.is_valid(row).then(|| teams.value(row)));
                let said = words.iter().filter(|word| word.is_valid(row)).map(|word| word.value(row));
                let Some(level) = said.filter_map(|word| LEVELS.iter().position(|level| *level == word)).next() else { continue };
                let is_known = level != UNKNOWN;
                let counts = if is_known { &mut own } else { &mut unknown };
                counts[unit] += 1;
                for above in &self.tree.above[unit] {
                    let tally = &mut tallies[*above];
                    tally.n += i64::from(is_known);
                    tally.is_final &= finals.value(row);
                    tally.levels[level] += 1;
                }
            }
        }
        if own.iter().chain(&unknown).all(|n| *n == 0) {
            return Ok(None);
        }
        let released = self.wanted.units.released(Figures::Burnout, &own);
        let told = self.wanted.units.released(Figures::Burnout, &unknown);
        let shown: Vec<Option<&Tally>> = self.listed.iter().map(|(unit, _)| released[*unit].then_some(&tallies[*unit])).collect();
        let told: Vec<bool> = self.listed.iter().map(|(unit, _)| told[*unit]).collect();
        self.batch(day, &shown, &told).map(Some)
    }

    fn active(&self, day: i32, memory: &Memory) -> Result<HashSet<String>, Error> {
        let mut active = HashSet::new();
        let Some(rows) = self.daily.get(&day) else { return Ok(active) };
        for batch in rows.read(&["user_id", "day", "team_id", "active_ms"], &Selection::default())? {
            each_active(&USER_DAILY, &batch?, &self.tree, |row| {
                active.insert(row.user.to_owned());
            })?;
            memory.hold(active.len() * 80)?;
        }
        Ok(active)
    }

    /// One row a listed unit, with no figures where it is not shown; of people without a number where their count is `told`.
    fn batch(&self, day: i32, shown: &[Option<&Tally>], told: &[bool]) -> Result<RecordBatch, Error> {
        let numbers = |of: &dyn Fn(&Tally) -> i64| -> ArrayRef {
            Arc::new(shown.iter().map(|tally| tally.map(of)).collect::<Int64Array>())
        };
        let column = |at: usize| -> ArrayRef {
            match at {
                0 => Arc::new(StringArray::from_iter_values(self.listed.iter().map(|(_, id)| id))),
                1 => Arc::new(Date32Array::from(vec![day; shown.len()])),
                2 => numbers(&|tally| tally.n),
                3 => Arc::new(shown.iter().map(|tally| Some(tally.is_none())).collect::<BooleanArray>()),
                at if at == HEAD + UNKNOWN => {
                    let count =
                        |(tally, told): (&Option<&Tally>, &bool)| tally.filter(|_| *told).map(|tally| tally.levels[UNKNOWN]);
                    Arc::new(shown.iter().zip(told).map(count).collect::<Int64Array>())
                }
                at if at < HEAD + LEVELS.len() => numbers(&|tally| tally.levels[at - HEAD]),
                _ => Arc::new(shown.iter().map(|tally| tally.map(|tally| tally.is_final)).collect::<BooleanArray>()),
            }
        };
        let columns = self.wanted.columns.iter().map(|at| column(*at)).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(shown.len()));
        RecordBatch::try_new_with_options(self.wanted.schema.clone(), columns, &options).map_err(damaged)
    }
}
