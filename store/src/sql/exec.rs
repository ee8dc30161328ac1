//! The leaf of every plan: rows that we read ourselves, part by part.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, Statistics, stats::Precision};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};

use super::moment::Run;
use crate::Error;

/// What a plan reads: split into parts that run side by side, each a run of batches with the schema's columns.
pub(super) trait Source: Send + Sync + 'static {
    /// In a plan, for people.
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
    /// For each part, about how many rows it gives.
    fn parts(&self) -> Vec<usize>;
    fn read(&self, part: usize, memory: Memory) -> Result<Run, Error>;
}

/// The statement's share of memory, for what a source has to hold at once.
pub(crate) struct Memory(MemoryReservation);

impl Memory {
    /// Sets what is held; an error when it is more than the statement may have.
    pub fn hold(&self, bytes: usize) -> Result<(), Error> {
        self.0.try_resize(bytes).map_err(|_| Error::Limit(String::new()))
    }
}

#[derive(Clone)]
pub(super) struct ReadExec {
    source: Arc<dyn Source>,
    schema: SchemaRef,
    rows: Vec<usize>,
    properties: Arc<PlanProperties>,
}

impl ReadExec {
    pub fn new(schema: SchemaRef, source: impl Source) -> Arc<ReadExec> {
        let rows = source.parts();
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema.clone()),
            Partitioning::UnknownPartitioning(rows.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Arc::new(ReadExec { source: Arc::new(source), schema, rows, properties: Arc::new(properties) })
    }
}

impl fmt::Debug for ReadExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.describe(f)
    }
}

impl DisplayAs for ReadExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.describe(f)
    }
}

impl ExecutionPlan for ReadExec {
    fn name(&self) -> &'static str {
        "ReadExec"
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

    fn execute(&self, part: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let memory = Memory(MemoryConsumer::new("rows read").register(context.memory_pool()));
        let run = self.source.read(part, memory).map_err(external)?;
        // Batches come with the file's schema, which has the same columns and other metadata.
        let shown = self.schema.clone();
        let rows = run.filter(|b| !matches!(b, Ok(b) if b.num_rows() == 0));
        let rows = rows.map(move |batch| Ok(batch.map_err(external)?.with_schema(shown.clone())?));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), futures::stream::iter(rows))))
    }

    fn partition_statistics(&self, part: Option<usize>) -> Result<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(&self.schema);
        let rows = self.rows.iter().enumerate().filter(|(i, _)| part.is_none_or(|p| p == *i));
        statistics.num_rows = Precision::Inexact(rows.map(|(_, rows)| rows).sum());
        Ok(Arc::new(statistics))
    }
}

pub(super) fn external(error: Error) -> DataFusionError {
    match error {
        // Said in the statement's words where its limits are known.
        Error::Limit(message) => DataFusionError::ResourcesExhausted(message),
        other => DataFusionError::External(Box::new(other)),
    }
}
