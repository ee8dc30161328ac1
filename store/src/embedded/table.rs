//! A table of the store as DataFusion sees it: days pruned by time, people and teams looked up, each day read in key
//! order with the newest version of each row.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, RecordBatch, TimestampMillisecondArray};
use arrow::datatypes::{DataType, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Column, DFSchema, DataFusionError, Result, ScalarValue, Statistics, stats::Precision};
use datafusion::datasource::MemTable;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::utils::{Guarantee, LiteralGuarantee};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use schemas::Table;

use super::people::Selection;
use super::snapshot::{Snapshot, Unit};
use crate::rows::{DAY_MS, is_replaced};

/// Knows no rows: they come from the snapshot the statement's session carries, so that one statement sees one moment
/// in all its tables.
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

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Snapshot")
    }
}

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
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let snapshot = session
            .config()
            .get_extension::<Snapshot>()
            .ok_or_else(|| DataFusionError::Internal("the session carries no snapshot of the store".into()))?;
        if is_replaced(self.table) {
            let batch = match snapshot.replaced(self.table) {
                Some(batch) => (**batch).clone(),
                None => RecordBatch::new_empty(self.schema.clone()),
            };
            return MemTable::try_new(self.schema.clone(), vec![vec![batch]])?.scan(session, projection, filters, limit).await;
        }
        let mut units = snapshot.units(self.table, i32::MIN, i32::MAX);
        let mut wanted = Selection::default();
        if let Some(filter) = conjunction(filters.iter().cloned()) {
            let columns = DFSchema::try_from(self.schema.as_ref().clone())?;
            let filter = session.create_physical_expr(filter, &columns)?;
            units = prune_days(self.table, &self.schema, units, &filter);
            wanted = selection(&filter);
        }
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        let projection = projection.unwrap_or(&all);
        let schema = Arc::new(self.schema.project(projection)?);
        let public: Vec<&'static str> =
            self.table.columns.iter().map(|c| c.name).filter(|name| *name != schemas::table::DELETED).collect();
        let columns = projection.iter().map(|&i| public[i]).collect();
        Ok(Arc::new(DaysExec::new(self.table, schema, columns, spread(units, self.partitions), wanted)))
    }

    /// All help to read less, none is relied on alone: DataFusion filters again above.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }
}

/// Days that no row of can pass the filter are left out. A filter that says nothing about time leaves all.
fn prune_days(table: &'static Table, schema: &SchemaRef, units: Vec<Unit>, filter: &Arc<dyn PhysicalExpr>) -> Vec<Unit> {
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
fn selection(filter: &Arc<dyn PhysicalExpr>) -> Selection {
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
fn spread(units: Vec<Unit>, partitions: usize) -> Vec<Vec<Unit>> {
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

/// Reads days one after another, each partition its own.
#[derive(Clone)]
struct DaysExec {
    table: &'static Table,
    schema: SchemaRef,
    columns: Vec<&'static str>,
    parts: Vec<Vec<Unit>>,
    wanted: Arc<Selection>,
    properties: Arc<PlanProperties>,
}

impl DaysExec {
    fn new(
        table: &'static Table,
        schema: SchemaRef,
        columns: Vec<&'static str>,
        parts: Vec<Vec<Unit>>,
        wanted: Selection,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema.clone()),
            Partitioning::UnknownPartitioning(parts.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        DaysExec { table, schema, columns, parts, wanted: Arc::new(wanted), properties: Arc::new(properties) }
    }
}

impl fmt::Debug for DaysExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_as(DisplayFormatType::Default, f)
    }
}

impl DisplayAs for DaysExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days: usize = self.parts.iter().map(Vec::len).sum();
        let columns = self.columns.join(", ");
        write!(f, "DaysExec: table={}, days={days}, columns=[{columns}]", self.table.name)?;
        if let Some(users) = &self.wanted.users {
            write!(f, ", people={}", users.len())?;
        }
        if let Some(teams) = &self.wanted.teams {
            write!(f, ", teams={}", teams.len())?;
        }
        Ok(())
    }
}

impl ExecutionPlan for DaysExec {
    fn name(&self) -> &'static str {
        "DaysExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let units = self.parts.get(partition).cloned().unwrap_or_default();
        let (columns, wanted, schema) = (self.columns.clone(), self.wanted.clone(), self.schema.clone());
        let rows = units.into_iter().flat_map(move |unit| match unit.read(&columns, &wanted) {
            Ok(run) => run,
            Err(error) => Box::new(std::iter::once(Err(error))),
        });
        // Batches come with the file's schema, which has the same columns and other metadata.
        let shown = schema.clone();
        let rows = rows.filter(|b| !matches!(b, Ok(b) if b.num_rows() == 0)).map(move |batch| {
            let batch = batch.map_err(|e| DataFusionError::External(Box::new(e)))?;
            Ok(batch.with_schema(shown.clone())?)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, futures::stream::iter(rows))))
    }

    fn partition_statistics(&self, partition: Option<usize>) -> Result<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(&self.schema);
        let parts = self.parts.iter().enumerate().filter(|(i, _)| partition.is_none_or(|p| p == *i));
        statistics.num_rows = Precision::Inexact(parts.flat_map(|(_, part)| part).map(Unit::max_rows).sum());
        Ok(Arc::new(statistics))
    }
}
