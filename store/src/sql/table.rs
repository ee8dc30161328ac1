//! A table of the store as DataFusion sees it: days pruned by time, people and teams looked up, each day read in key
//! order with the newest version of each row.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, TimestampMillisecondArray};
use arrow::datatypes::{DataType, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, DFSchema, DataFusionError, Result as PlanResult, ScalarValue};
use datafusion::datasource::MemTable;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::utils::{Guarantee, LiteralGuarantee};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use schemas::Table;

use super::exec::{Memory, ReadExec, Source, external};
use super::moment::{Moment, Run, Selection, Unit};
use crate::Error;
use crate::rows::{DAY_MS, is_replaced};

/// Knows no rows: they come from the moment the statement's session carries.
#[derive(Debug)]
pub(super) struct StoredTable {
    table: &'static Table,
    schema: SchemaRef,
    partitions: usize,
}

impl StoredTable {
    pub fn new(table: &'static Table, partitions: usize) -> StoredTable {
        StoredTable { table, schema: table.public_schema(), partitions }
    }
}

/// A session's extension: what its statement sees.
pub(super) struct Seen(pub Arc<dyn Moment>);

#[async_trait]
impl TableProvider for StoredTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> PlanResult<Arc<dyn ExecutionPlan>> {
        let moment = moment_of(session)?;
        if is_replaced(self.table) {
            let batch = moment.replaced(self.table).await.map_err(external)?;
            return MemTable::try_new(self.schema.clone(), vec![vec![batch]])?.scan(session, projection, filters, limit).await;
        }
        let mut units = moment.days(self.table).await.map_err(external)?;
        let mut wanted = Selection::default();
        if let Some(filter) = filter(session, &self.schema, filters)? {
            units = prune_days(self.table, &self.schema, units, &filter);
            wanted = selection(&filter);
        }
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        let projection = projection.unwrap_or(&all);
        let schema = Arc::new(self.schema.project(projection)?);
        let public: Vec<&'static str> =
            self.table.columns.iter().map(|c| c.name).filter(|name| *name != schemas::table::DELETED).collect();
        let columns = projection.iter().map(|&i| public[i]).collect();
        let parts = spread(units, self.partitions);
        Ok(ReadExec::new(schema, DaysSource { table: self.table, columns, parts, wanted: Arc::new(wanted) }))
    }

    /// All help to read less, none is relied on alone: DataFusion filters again above.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> PlanResult<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }
}

pub(super) fn moment_of(session: &dyn Session) -> PlanResult<Arc<dyn Moment>> {
    let seen = session.config().get_extension::<Seen>().map(|seen| seen.0.clone());
    seen.ok_or_else(|| DataFusionError::Internal("the session carries no moment of the store".into()))
}

/// All filters as one, on columns of this schema.
pub(super) fn filter(session: &dyn Session, schema: &SchemaRef, filters: &[Expr]) -> PlanResult<Option<Arc<dyn PhysicalExpr>>> {
    let Some(filter) = conjunction(filters.iter().cloned()) else { return Ok(None) };
    let columns = DFSchema::try_from(schema.as_ref().clone())?;
    session.create_physical_expr(filter, &columns).map(Some)
}

/// Days that no row of can pass the filter are left out. A filter that says nothing about time leaves all.
pub(super) fn prune_days(
    table: &'static Table,
    schema: &SchemaRef,
    units: Vec<Unit>,
    filter: &Arc<dyn PhysicalExpr>,
) -> Vec<Unit> {
    let days = Days { table, days: units.iter().map(|u| u.day).collect() };
    let kept =
        PruningPredicateBuilder::new().with_file_schema(schema.clone()).try_build(filter.clone()).and_then(|p| p.prune(&days));
    match kept {
        Ok(kept) => units.into_iter().zip(kept).filter(|(_, keep)| *keep).map(|(unit, _)| unit).collect(),
        // Pruning is an economy: what it cannot judge is read.
        Err(_) => units,
    }
}

struct Days {
    table: &'static Table,
    days: Vec<i32>,
}

impl Days {
    fn bounds(&self, column: &Column, at: impl Fn(i64) -> i64) -> Option<ArrayRef> {
        if column.name != self.table.time {
            return None;
        }
        match self.table.column(self.table.time)?.ty.arrow() {
            DataType::Date32 => Some(Arc::new(Date32Array::from(self.days.clone()))),
            _ => {
                let times = self.days.iter().map(|&day| at(i64::from(day) * DAY_MS));
                Some(Arc::new(TimestampMillisecondArray::from_iter_values(times).with_timezone("UTC")))
            }
        }
    }
}

impl PruningStatistics for Days {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, |start| start)
    }
    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, |start| start + DAY_MS - 1)
    }
    fn num_containers(&self) -> usize {
        self.days.len()
    }
    fn null_counts(&self, _column: &Column) -> Option<ArrayRef> {
        None
    }
    fn row_counts(&self) -> Option<ArrayRef> {
        None
    }
    fn contained(&self, _column: &Column, _values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}

/// The people and teams a row must be of to pass the filter.
pub(super) fn selection(filter: &Arc<dyn PhysicalExpr>) -> Selection {
    let mut wanted = Selection::default();
    for guarantee in LiteralGuarantee::analyze(filter) {
        if guarantee.guarantee != Guarantee::In {
            continue;
        }
        let texts = guarantee.literals.iter().map(|v| v.try_as_str().flatten().map(str::to_owned));
        let Some(texts) = texts.collect::<Option<HashSet<String>>>() else { continue };
        match guarantee.column.name() {
            "user_id" => {
                let mut users: Vec<String> = match wanted.users.take() {
                    Some(known) => known.into_iter().filter(|u| texts.contains(u)).collect(),
                    None => texts.into_iter().collect(),
                };
                users.sort_unstable();
                wanted.users = Some(users);
            }
            "team_id" => {
                wanted.teams = Some(match wanted.teams.take() {
                    Some(known) => known.intersection(&texts).cloned().collect(),
                    None => texts,
                });
            }
            _ => {}
        }
    }
    wanted
}

/// Days over partitions, the largest first to where there is least, so that all end at about the same time.
pub(super) fn spread(units: Vec<Unit>, partitions: usize) -> Vec<Vec<Unit>> {
    let mut parts: Vec<(usize, Vec<Unit>)> = vec![(0, Vec::new()); partitions.min(units.len()).max(1)];
    let mut units: Vec<(usize, Unit)> = units.into_iter().map(|u| (u.max_rows(), u)).collect();
    units.sort_by_key(|(rows, unit)| (std::cmp::Reverse(*rows), unit.day));
    for (rows, unit) in units {
        if let Some((total, part)) = parts.iter_mut().min_by_key(|(total, _)| *total) {
            *total += rows + 1_000;
            part.push(unit);
        }
    }
    parts
        .into_iter()
        .map(|(_, mut part)| {
            part.sort_by_key(|u| u.day);
            part
        })
        .collect()
}

/// Reads days one after another, each part its own.
struct DaysSource {
    table: &'static Table,
    columns: Vec<&'static str>,
    parts: Vec<Vec<Unit>>,
    wanted: Arc<Selection>,
}

impl Source for DaysSource {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days: usize = self.parts.iter().map(Vec::len).sum();
        let columns = self.columns.join(", ");
        write!(f, "ReadExec: table={}, days={days}, columns=[{columns}]", self.table.name)?;
        if let Some(users) = &self.wanted.users {
            write!(f, ", people={}", users.len())?;
        }
        if let Some(teams) = &self.wanted.teams {
            write!(f, ", teams={}", teams.len())?;
        }
        Ok(())
    }

    fn parts(&self) -> Vec<usize> {
        self.parts.iter().map(|part| part.iter().map(Unit::max_rows).sum()).collect()
    }

    fn read(&self, part: usize, _: Memory) -> Result<Run, Error> {
        let units = self.parts.get(part).cloned().unwrap_or_default();
        let (columns, wanted) = (self.columns.clone(), self.wanted.clone());
        Ok(Box::new(units.into_iter().flat_map(move |unit| match unit.read(&columns, &wanted) {
            Ok(run) => run,
            Err(error) => Box::new(std::iter::once(Err(error))),
        })))
    }
}
