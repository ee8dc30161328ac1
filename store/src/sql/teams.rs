//! The team views: figures of each unit of the organisation, of its people and of those in units below, step by step of time.
//! They are counted from the rows the statement sees; what may be shown of whom the statement's reader says
//! (`reader::Units`).
//!
//! Every unit has a row in every step in which anybody was active, so that a row says nothing of its unit's people; where
//! a unit may not be shown the row says `suppressed` and nothing else.

mod answer;
mod burnout;
mod counts;
mod figures;

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, Result as PlanResult};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use schemas::rows::{BURNOUT_RISK, USER_5M, USER_DAILY};
use schemas::{Column, ColumnType, Table};

use self::burnout::BurnoutSource;
use self::figures::FiguresSource;
use super::exec::{ReadExec, external};
use super::moment::Unit;
use super::table::{filter, moment_of, prune_days, selection};
use crate::reader::{Reader, Units};

/// How many people of a unit are at which level.
const LEVELS: [&str; 4] = ["low", "elevated", "high", "insufficient_data"];
/// Of them, those who have no number.
const UNKNOWN: usize = 3;
/// Columns before the figures: team_id, the time, n, suppressed.
const HEAD: usize = 4;

pub(crate) const TEAM_VIEWS: [&str; 3] = ["team_5m", "team_daily", "team_burnout"];

pub(super) struct TeamView {
    pub name: &'static str,
    source: &'static Table,
    schema: SchemaRef,
    partitions: usize,
}

impl TeamView {
    pub fn all(partitions: usize) -> impl Iterator<Item = TeamView> {
        let sources: [&'static Table; 3] = [&USER_5M, &USER_DAILY, &BURNOUT_RISK];
        TEAM_VIEWS.into_iter().zip(sources).map(move |(name, source)| TeamView {
            name,
            source,
            schema: schema(source),
            partitions,
        })
    }
}

/// The columns of a table of people that a team has figures of.
fn metrics(table: &Table) -> impl Iterator<Item = &Column> {
    table.columns.iter().filter(|c| matches!(c.ty, ColumnType::Int | ColumnType::Score) && c.name != "definition")
}

fn schema(source: &Table) -> SchemaRef {
    let time = source.column(source.time).map_or(DataType::Date32, |c| c.ty.arrow());
    let mut fields = vec![
        Field::new("team_id", DataType::Utf8, false),
        Field::new(source.time, time, false),
        Field::new("n", DataType::Int64, true),
        Field::new("suppressed", DataType::Boolean, false),
    ];
    if source.name == BURNOUT_RISK.name {
        fields.extend(LEVELS.map(|level| Field::new(level, DataType::Int64, true)));
    } else {
        let figures = metrics(source).flat_map(|c| ["mean", "median", "p90"].map(|figure| format!("{}_{figure}", c.name)));
        fields.extend(figures.map(|name| Field::new(name, DataType::Float64, true)));
    }
    fields.push(Field::new("final", DataType::Boolean, true));
    Arc::new(Schema::new(fields))
}

impl fmt::Debug for TeamView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// What a statement wants of a view.
struct Wanted {
    view: &'static str,
    schema: SchemaRef,
    /// Of the view's columns.
    columns: Vec<usize>,
    units: Arc<dyn Units>,
    /// Team ids; none for all.
    teams: Option<HashSet<String>>,
    days: Vec<i32>,
    partitions: usize,
}

#[async_trait]
impl TableProvider for TeamView {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _: Option<usize>,
    ) -> PlanResult<Arc<dyn ExecutionPlan>> {
        let reader = session.config().get_extension::<Reader>();
        let units = reader
            .and_then(|reader| reader.units.clone())
            .ok_or_else(|| DataFusionError::Plan(format!("{} needs to know which teams there are: ask the server", self.name)))?;
        let moment = moment_of(session)?;
        let all = moment.days(self.source).await.map_err(external)?;
        let (mut of_span, mut teams) = (all.clone(), None);
        if let Some(filter) = filter(session, &self.schema, filters)? {
            of_span = prune_days(self.source, &self.schema, of_span, &filter);
            teams = selection(&filter).teams;
        }
        let columns: Vec<usize> = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let schema = Arc::new(self.schema.project(&columns)?);
        let days = of_span.iter().map(|unit| unit.day).collect();
        let wanted = Wanted { view: self.name, schema: schema.clone(), columns, units, teams, days, partitions: self.partitions };
        let by_day = |units: Vec<Unit>| units.into_iter().map(|unit| (unit.day, unit)).collect::<BTreeMap<i32, Unit>>();
        if self.source.name == BURNOUT_RISK.name {
            let active = by_day(moment.days(&USER_DAILY).await.map_err(external)?);
            return Ok(ReadExec::new(schema, BurnoutSource::new(wanted, by_day(all), active)));
        }
        Ok(ReadExec::new(schema, FiguresSource::new(wanted, self.source, by_day(all))))
    }

    /// All help to read less, none is relied on alone: DataFusion filters again above.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> PlanResult<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }
}

impl Wanted {
    /// The units that have rows in the answer, with their team ids.
    fn listed(&self) -> Vec<(usize, String)> {
        let ids = self.units.ids().into_iter().enumerate();
        let named = ids.filter_map(|(unit, id)| Some((unit, id?.to_owned())));
        named.filter(|(_, id)| self.teams.as_ref().is_none_or(|teams| teams.contains(id))).collect()
    }

    /// Days on end for each part: what is shown of one depends on those beside it.
    fn parts(&self) -> Vec<Vec<i32>> {
        let size = self.days.len().div_ceil(self.partitions.max(1)).max(1);
        let mut parts: Vec<Vec<i32>> = self.days.chunks(size).map(<[i32]>::to_vec).collect();
        if parts.is_empty() {
            parts.push(Vec::new());
        }
        parts
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: Vec<&str> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        write!(f, "ReadExec: view={}, days={}, columns=[{}]", self.view, self.days.len(), columns.join(", "))
    }
}
