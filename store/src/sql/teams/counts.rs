//! Who was active in which step of one day, and what of it may be shown of which unit.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use schemas::Table;
use schemas::rows::USER_5M;

use super::super::moment::{Selection, Unit};
use crate::Error;
use crate::reader::{Figures, Units};
use crate::rows::{DAY_MS, column, times, users};

const WINDOW_MS: i64 = 300_000;

/// The units of the organisation, and those above each.
pub(super) struct Tree {
    pub units: Arc<dyn Units>,
    /// By unit: itself and those above, the nearest first.
    pub above: Vec<Vec<usize>>,
    by_team: HashMap<String, usize>,
    /// Where people count whose team there is not.
    elsewhere: usize,
}

impl Tree {
    pub fn new(units: Arc<dyn Units>) -> Tree {
        let ids: Vec<Option<String>> = units.ids().into_iter().map(|id| id.map(str::to_owned)).collect();
        let above: Vec<Vec<usize>> = ids.iter().map(|id| units.of_team(id.as_deref())).collect();
        let elsewhere = units.of_team(None).first().copied().unwrap_or_default();
        let named = ids.into_iter().enumerate().filter_map(|(unit, id)| Some((id?, unit)));
        Tree { by_team: named.collect(), above, elsewhere, units }
    }

    /// The unit a person of this team counts in first.
    pub fn own(&self, team: Option<&str>) -> usize {
        team.and_then(|team| self.by_team.get(team)).copied().unwrap_or(self.elsewhere)
    }
}

/// One row of somebody active.
pub(super) struct Active<'a> {
    pub row: usize,
    pub user: &'a str,
    /// The step's time: the window's start, or the day's midnight.
    pub time: i64,
    /// Where they count first.
    pub own: usize,
}

/// Hands over the rows with any active time.
pub(super) fn each_active(
    table: &'static Table,
    batch: &RecordBatch,
    tree: &Tree,
    mut take: impl FnMut(Active<'_>),
) -> Result<(), Error> {
    let unfit = || Error::Invalid(format!("{} lacks team_id or active_ms", table.name));
    let (users, times) = (users(batch)?, times(table, batch)?);
    let teams = column(batch, "team_id")?.as_string_opt::<i32>().ok_or_else(unfit)?;
    let active = column(batch, "active_ms")?.as_primitive_opt::<Int64Type>().ok_or_else(unfit)?;
    let mut last: Option<(Option<&str>, usize)> = None;
    for row in (0..batch.num_rows()).filter(|row| active.value(*row) > 0) {
        let team = teams.is_valid(row).then(|| teams.value(row));
        let own = match last {
            Some((known, own)) if known == team => own,
            _ => tree.own(team),
        };
        last = Some((team, own));
        take(Active { row, user: users.value(row), time: times.at(row), own });
    }
    Ok(())
}

/// One day of a table of people.
#[derive(Default)]
pub(super) struct Counts {
    pub steps: BTreeMap<i64, Step>,
    /// By person and unit they count in first: the windows of the day they were active in.
    people: Vec<(String, usize, [u64; 5])>,
    day_start: i64,
}

/// By unit.
pub(super) struct Step {
    pub total: Vec<u32>,
    /// May it be shown: first as a whole, then the metrics that some have no value of.
    pub released: Vec<Vec<bool>>,
}

impl Counts {
    /// `some`: the metrics that some have none of, of which figures are wanted.
    pub fn of(day: &Unit, tree: &Tree, some: &[&'static str]) -> Result<Counts, Error> {
        let table = day.table;
        let mut columns = vec!["user_id", "team_id", table.time, "active_ms"];
        columns.extend(some);
        let mut counts = Counts { day_start: i64::from(day.day) * DAY_MS, ..Counts::default() };
        let mut own: BTreeMap<i64, Vec<Vec<u32>>> = BTreeMap::new();
        for batch in day.read(&columns, &Selection::default())? {
            let batch = batch?;
            let with_value = some.iter().map(|name| column(&batch, name)).collect::<Result<Vec<_>, _>>()?;
            each_active(table, &batch, tree, |active| {
                let kinds = || vec![vec![0; tree.above.len()]; 1 + with_value.len()];
                let step = own.entry(active.time).or_insert_with(kinds);
                step[0][active.own] += 1;
                for (kind, values) in with_value.iter().enumerate() {
                    step[kind + 1][active.own] += u32::from(values.is_valid(active.row));
                }
                counts.add_person(&active);
            })?;
        }
        counts.steps = own.into_iter().map(|(time, kinds)| (time, Step::new(&kinds, tree))).collect();
        if table.name == USER_5M.name {
            counts.withhold(tree);
        }
        Ok(counts)
    }

    /// The windows that are shown of nobody.
    fn withhold(&mut self, tree: &Tree) {
        let is_hidden = |unit: usize| self.steps.values().any(|step| step.total[unit] > 0 && !step.released[0][unit]);
        let hidden: Vec<bool> = (0..tree.above.len()).map(is_hidden).collect();
        let people: Vec<(usize, [u64; 5])> = self.people.iter().map(|(_, own, windows)| (*own, *windows)).collect();
        let withheld = tree.units.withheld(&people, &hidden);
        for (time, step) in &mut self.steps {
            let window = ((time - self.day_start) / WINDOW_MS) as usize;
            if withheld[window / 64] >> (window % 64) & 1 == 1 {
                step.released.iter_mut().for_each(|units| units.fill(false));
            }
        }
    }

    fn add_person(&mut self, active: &Active<'_>) {
        if self.people.last().is_none_or(|last| last.0 != active.user || last.1 != active.own) {
            self.people.push((active.user.to_owned(), active.own, [0; 5]));
        }
        let window = ((active.time - self.day_start) / WINDOW_MS) as usize;
        if let Some((_, _, windows)) = self.people.last_mut() {
            windows[window / 64] |= 1 << (window % 64);
        }
    }

    /// People of the unit who were active in any of the windows that start then.
    pub fn people_in<'a>(&'a self, unit: usize, tree: &'a Tree, starts: &[i64]) -> impl Iterator<Item = &'a str> {
        let mut wanted = [0u64; 5];
        for start in starts.iter().filter(|start| (0..DAY_MS).contains(&(*start - self.day_start))) {
            let window = ((start - self.day_start) / WINDOW_MS) as usize;
            wanted[window / 64] |= 1 << (window % 64);
        }
        let meets = move |windows: &[u64; 5]| windows.iter().zip(&wanted).any(|(a, b)| a & b != 0);
        let found = self.people.iter().filter(move |(_, own, windows)| meets(windows) && tree.above[*own].contains(&unit));
        found.map(|(user, _, _)| user.as_str())
    }

    pub fn bytes(&self) -> usize {
        let steps: usize = self.steps.values().map(|step| step.total.len() * (4 + step.released.len())).sum();
        steps + self.people.iter().map(|(user, _, _)| user.len() + 80).sum::<usize>()
    }
}

impl Step {
    fn new(kinds: &[Vec<u32>], tree: &Tree) -> Step {
        let mut total = vec![0; tree.above.len()];
        for (own, people) in kinds[0].iter().enumerate().filter(|(_, people)| **people > 0) {
            tree.above[own].iter().for_each(|unit| total[*unit] += people);
        }
        let released = kinds.iter().map(|own| tree.units.released(Figures::Work, own));
        Step { total, released: released.collect() }
    }
}
