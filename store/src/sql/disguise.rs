//! A table as a disguised reader sees it: some of its columns, ids replaced by pseudonyms, teams by the names they are shown
//! with.
//!
//! Rows lie in the order of the real ids, and whoever knows all of those could read them off that order: a day's rows are
//! put into the order of the pseudonyms. A day too large to hold is read several times, each time for the people whose
//! pseudonyms begin alike.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, BooleanBufferBuilder, RecordBatch, RecordBatchOptions, StringArray};
use arrow::compute::{filter_record_batch, interleave_record_batch};
use arrow::datatypes::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result as PlanResult;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use schemas::Table;
use schemas::pseudonym::Kind;

use super::exec::{Memory, ReadExec, Source, external};
use super::moment::{Run, Selection, Unit};
use super::table::{filter, moment_of, prune_days, selection, spread};
use crate::Error;
use crate::reader::{Disguise, Shown};
use crate::rows::{column, damaged, times, users};

/// Rows of one day put in order at once, about.
const ROWS_AT_ONCE: usize = 400_000;
const BATCH_ROWS: usize = 8_192;

pub(super) struct DisguisedTable {
    /// Its place among the disguise's tables.
    at: usize,
    disguise: Arc<Disguise>,
    schema: SchemaRef,
    partitions: usize,
}

impl DisguisedTable {
    /// Columns the table does not have are left out.
    pub fn new(at: usize, disguise: Arc<Disguise>, partitions: usize) -> DisguisedTable {
        let disguised = &disguise.tables[at];
        let columns = disguised.columns.iter().filter_map(|(name, shown)| Some((disguised.table.column(name)?, *shown)));
        let field = |(column, shown): (&schemas::Column, Shown)| {
            Field::new(column.name, column.ty.arrow(), column.nullable || shown == Shown::Team)
        };
        let schema = Arc::new(Schema::new(columns.map(field).collect::<Vec<_>>()));
        DisguisedTable { at, disguise, schema, partitions }
    }
}

impl fmt::Debug for DisguisedTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.disguise.tables[self.at].table.name)
    }
}

#[async_trait]
impl TableProvider for DisguisedTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Filters choose days, by time, and people, by pseudonym; anything else is DataFusion's, which filters what is shown.
    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _: Option<usize>,
    ) -> PlanResult<Arc<dyn ExecutionPlan>> {
        let disguised = &self.disguise.tables[self.at];
        let mut units = moment_of(session)?.days(disguised.table).await.map_err(external)?;
        let mut people = None;
        if let Some(filter) = filter(session, &self.schema, filters)? {
            units = prune_days(disguised.table, &self.schema, units, &filter);
            people = selection(&filter).users.map(|users| users.into_iter().collect());
        }
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        let projection = projection.unwrap_or(&all);
        let schema = Arc::new(self.schema.project(projection)?);
        let shown = |field: &Arc<Field>| disguised.columns.iter().find(|(name, _)| name == field.name()).copied();
        let columns = schema.fields().iter().filter_map(shown).collect();
        let shared = Shared { table: disguised.table, schema: schema.clone(), columns, people, disguise: self.disguise.clone() };
        let source = DisguisedSource { shared: Arc::new(shared), parts: spread(units, self.partitions) };
        Ok(ReadExec::new(schema, source))
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> PlanResult<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }
}

struct DisguisedSource {
    shared: Arc<Shared>,
    parts: Vec<Vec<Unit>>,
}

struct Shared {
    table: &'static Table,
    schema: SchemaRef,
    columns: Vec<(&'static str, Shown)>,
    /// Pseudonyms; none for everybody's.
    people: Option<HashSet<String>>,
    disguise: Arc<Disguise>,
}

impl Source for DisguisedSource {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days: usize = self.parts.iter().map(Vec::len).sum();
        let columns: Vec<&str> = self.shared.columns.iter().map(|(name, _)| *name).collect();
        write!(f, "ReadExec: table={}, days={days}, columns=[{}]", self.shared.table.name, columns.join(", "))
    }

    fn parts(&self) -> Vec<usize> {
        self.parts.iter().map(|part| part.iter().map(Unit::max_rows).sum()).collect()
    }

    fn read(&self, part: usize, memory: Memory) -> Result<Run, Error> {
        let (units, shared) = (self.parts.get(part).cloned().unwrap_or_default(), self.shared.clone());
        let memory = Arc::new(memory);
        let passes = units.into_iter().flat_map(|unit| slices(unit.max_rows()).map(move |slice| (unit.clone(), slice)));
        Ok(Box::new(passes.flat_map(move |(unit, slice)| match shared.read(&unit, slice, &memory) {
            Ok(batches) => batches.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        })))
    }
}

/// The first byte of pseudonyms, cut into as many ranges as keep each small enough.
fn slices(rows: usize) -> impl Iterator<Item = Range<usize>> {
    let count = rows.div_ceil(ROWS_AT_ONCE).clamp(1, 256);
    (0..count).map(move |at| at * 256 / count..(at + 1) * 256 / count)
}

/// Rows of one person on end.
struct Stretch {
    pseudonym: Arc<str>,
    batch: usize,
    rows: Range<usize>,
}

impl Shared {
    /// The day's rows of the people whose pseudonyms begin with a byte of the slice, in the order of pseudonyms.
    fn read(&self, unit: &Unit, slice: Range<usize>, memory: &Memory) -> Result<Vec<RecordBatch>, Error> {
        let Some(wanted) = self.real_people(unit)? else { return Ok(Vec::new()) };
        let (mut batches, mut stretches, mut held) = (Vec::new(), Vec::new(), 0);
        for batch in unit.read(&self.needed(), &wanted)? {
            let (batch, found) = self.of_slice(batch?, batches.len(), &slice)?;
            if !found.is_empty() {
                held += batch.get_array_memory_size() + batch.num_rows() * size_of::<(usize, usize, &Arc<str>)>();
                memory.hold(held)?;
                stretches.extend(found);
                batches.push(batch);
            }
        }
        // Stable: a person's rows stay in order of time.
        stretches.sort_by(|a, b| a.pseudonym.cmp(&b.pseudonym));
        let rows: Vec<(usize, usize, &Arc<str>)> =
            stretches.iter().flat_map(|s| s.rows.clone().map(move |row| (s.batch, row, &s.pseudonym))).collect();
        let refs: Vec<&RecordBatch> = batches.iter().collect();
        let mut known = Known::new(&self.disguise);
        let mut shown = Vec::with_capacity(rows.len().div_ceil(BATCH_ROWS));
        for rows in rows.chunks(BATCH_ROWS) {
            let places: Vec<(usize, usize)> = rows.iter().map(|(batch, row, _)| (*batch, *row)).collect();
            let batch = interleave_record_batch(&refs, &places).map_err(damaged)?;
            let people = StringArray::from_iter_values(rows.iter().map(|(_, _, pseudonym)| pseudonym));
            shown.push(self.show(&batch, people, &mut known)?);
        }
        Ok(shown)
    }

    /// Whose rows to read; none for nobody's.
    fn real_people(&self, unit: &Unit) -> Result<Option<Selection>, Error> {
        let Some(pseudonyms) = &self.people else { return Ok(Some(Selection::default())) };
        let is_wanted = |user: &str| pseudonyms.contains(&self.disguise.pseudonyms.of(Kind::Person, user));
        let users = unit.people(is_wanted)?;
        Ok((!users.is_empty()).then_some(Selection { users: Some(users), teams: None }))
    }

    /// The table's columns that are read for those shown.
    fn needed(&self) -> Vec<&'static str> {
        let needs_time = self.columns.iter().any(|(_, shown)| *shown == Shown::Team);
        let is_needed = |name: &&str| {
            *name == "user_id" || needs_time && *name == self.table.time || self.columns.iter().any(|(shown, _)| shown == name)
        };
        self.table.columns.iter().map(|c| c.name).filter(is_needed).collect()
    }

    /// The batch's rows whose pseudonyms are in the slice, and where each person's stand.
    fn of_slice(&self, batch: RecordBatch, at: usize, slice: &Range<usize>) -> Result<(RecordBatch, Vec<Stretch>), Error> {
        let people = users(&batch)?;
        let (mut found, mut keep) = (Vec::new(), BooleanBufferBuilder::new(batch.num_rows()));
        let (mut from, mut kept) = (0, 0);
        while from < batch.num_rows() {
            let user = people.value(from);
            let to = (from + 1..batch.num_rows()).find(|row| people.value(*row) != user).unwrap_or(batch.num_rows());
            let pseudonym = self.disguise.pseudonyms.of(Kind::Person, user);
            let is_kept = slice.contains(&first_byte(&pseudonym));
            keep.append_n(to - from, is_kept);
            if is_kept {
                found.push(Stretch { pseudonym: pseudonym.into(), batch: at, rows: kept..kept + to - from });
                kept += to - from;
            }
            from = to;
        }
        if kept == batch.num_rows() || kept == 0 {
            return Ok((batch, found));
        }
        let batch = filter_record_batch(&batch, &BooleanArray::new(keep.finish(), None)).map_err(damaged)?;
        Ok((batch, found))
    }

    fn show(&self, batch: &RecordBatch, people: StringArray, known: &mut Known<'_>) -> Result<RecordBatch, Error> {
        let people: ArrayRef = Arc::new(people);
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.columns.len());
        for (name, shown) in &self.columns {
            let values = column(batch, name)?;
            columns.push(match shown {
                Shown::Pseudonym(Kind::Person) if *name == "user_id" => people.clone(),
                Shown::Pseudonym(kind) => Arc::new(known.pseudonyms(*kind, values.as_string())),
                Shown::Team => Arc::new(known.teams(self.table, batch, values.as_string())?),
                Shown::AsIs => batch.column_by_name(name).cloned().ok_or_else(|| damaged(format!("a batch lacks {name}")))?,
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(self.schema.clone(), columns, &options).map_err(damaged)
    }
}

/// "p_4f2a…" begins with 0x4f.
fn first_byte(pseudonym: &str) -> usize {
    pseudonym.get(2..4).and_then(|digits| usize::from_str_radix(digits, 16).ok()).unwrap_or_default()
}

/// What was asked for before: peers, devices and senders come again and again.
struct Known<'a> {
    disguise: &'a Disguise,
    pseudonyms: HashMap<(Kind, String), String>,
}

/// Ids of messages never come again: the memory of them starts anew now and then.
const KNOWN_AT_MOST: usize = 10_000;

impl<'a> Known<'a> {
    fn new(disguise: &'a Disguise) -> Known<'a> {
        Known { disguise, pseudonyms: HashMap::new() }
    }

    fn pseudonyms(&mut self, kind: Kind, values: &StringArray) -> StringArray {
        let mut shown = |value: &str| -> String {
            if kind == Kind::Item {
                return self.disguise.pseudonyms.of(kind, value);
            }
            if self.pseudonyms.len() >= KNOWN_AT_MOST {
                self.pseudonyms.clear();
            }
            let make = || self.disguise.pseudonyms.of(kind, value);
            self.pseudonyms.entry((kind, value.to_owned())).or_insert_with(make).clone()
        };
        values.iter().map(|value| value.map(&mut shown)).collect()
    }

    fn teams(&self, table: &Table, batch: &RecordBatch, values: &StringArray) -> Result<StringArray, Error> {
        let times = times(table, batch)?;
        let shown = |(row, team): (usize, Option<&str>)| self.disguise.teams.shown(team?, times.at(row));
        Ok(values.iter().enumerate().map(shown).collect())
    }
}

#[cfg(test)]
mod tests {
    use schemas::pseudonym::{Key, Pseudonyms};
    use schemas::rows::{FOCUS_BLOCKS, FocusBlock};

    use super::*;
    use crate::reader::TeamNames;
    use crate::testing::{MONDAY_MS, blocks};

    #[test]
    fn slices_cover_every_byte_once() {
        for rows in [0, 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 7 * ROWS_AT_ONCE, 1_000 * ROWS_AT_ONCE] {
            let all: Vec<usize> = slices(rows).flatten().collect();
            assert_eq!(all, (0..256).collect::<Vec<_>>(), "{rows}");
        }
        assert_eq!((first_byte("p_ff0000"), first_byte("p_4f2a90"), first_byte("")), (255, 0x4f, 0));
    }

    struct NoTeams;

    impl TeamNames for NoTeams {
        fn shown(&self, _: &str, _: i64) -> Option<Arc<str>> {
            None
        }
    }

    #[test]
    fn every_row_is_in_one_slice_and_a_person_s_rows_stay_together() {
        let people: Vec<String> = (0..100).map(|i| format!("u-{i:03}")).collect();
        let rows: Vec<_> =
            people.iter().flat_map(|user| (0..3).map(move |i| (user.as_str(), MONDAY_MS + i, 1, i, false))).collect();
        let batch = blocks(&rows).unwrap();
        let pseudonyms = Pseudonyms::new(&Key::new([7; 32]));
        let disguise = Disguise { pseudonyms, tables: Vec::new(), teams: Arc::new(NoTeams), given: Vec::new() };
        let schema = Arc::new(Schema::empty());
        let shared = Shared { table: &FOCUS_BLOCKS, schema, columns: Vec::new(), people: None, disguise: Arc::new(disguise) };
        let mut found: Vec<(String, i64)> = Vec::new();
        for slice in slices(5 * ROWS_AT_ONCE) {
            let (batch, stretches) = shared.of_slice(batch.clone(), 0, &slice).unwrap();
            let users: Vec<FocusBlock<'_>> = FocusBlock::read(&batch).collect();
            let length: usize = stretches.iter().map(|stretch| stretch.rows.len()).sum();
            assert!(stretches.is_empty() || length == batch.num_rows());
            for stretch in &stretches {
                let of = |row: usize| shared.disguise.pseudonyms.of(Kind::Person, users[row].user_id);
                assert!(stretch.rows.clone().all(|row| of(row) == *stretch.pseudonym) && stretch.rows.len() == 3);
                found.extend(stretch.rows.clone().map(|row| (users[row].user_id.to_owned(), users[row].start_ts)));
            }
        }
        found.sort_unstable();
        assert_eq!(found, rows.iter().map(|row| (row.0.to_owned(), row.1)).collect::<Vec<_>>());
    }
}
