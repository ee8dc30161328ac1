//! Window functions keep the rows they look over, and DataFusion does not count them: they are counted where they come in.

use std::fmt;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::StreamExt;

#[derive(Debug)]
pub(super) struct HoldWindows;

impl PhysicalOptimizerRule for HoldWindows {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            if !matches!(node.name(), "WindowAggExec" | "BoundedWindowAggExec") {
                return Ok(Transformed::no(node));
            }
            let held = |child: &Arc<dyn ExecutionPlan>| Arc::new(HoldExec { child: child.clone() }) as Arc<dyn ExecutionPlan>;
            let children = node.children().into_iter().map(held).collect::<Vec<_>>();
            replace_children_if_necessary(node, children).map(Transformed::yes)
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "hold_windows"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct HoldExec {
    child: Arc<dyn ExecutionPlan>,
}

impl DisplayAs for HoldExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HoldExec")
    }
}

impl ExecutionPlan for HoldExec {
    fn name(&self) -> &'static str {
        "HoldExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.child.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.child]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(children.pop().map_or(self, |child| Arc::new(HoldExec { child })))
    }

    fn execute(&self, part: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let memory = MemoryConsumer::new("rows of a window").register(context.memory_pool());
        let rows = self.child.execute(part, context)?;
        let schema = rows.schema();
        let held = rows.map(move |batch| {
            let batch = batch?;
            // And what is put beside each row.
            memory.try_grow(batch.get_array_memory_size() + batch.num_rows() * size_of::<u64>())?;
            Ok(batch)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, held)))
    }
}
