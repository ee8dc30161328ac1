//! Rows of a team view, from what is shown of each unit and step.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
    TimestampMillisecondArray,
};
use arrow::datatypes::{DataType, SchemaRef};
use schemas::Stat;

use crate::Error;
use crate::rows::{DAY_MS, damaged};

/// A unit that is shown in a step: what its people have.
pub(super) struct Cell {
    /// By metric: may it be shown, and its values.
    metrics: Vec<(bool, Vec<f64>)>,
    n: i64,
    is_final: bool,
}

impl Cell {
    pub fn new(released: Vec<bool>) -> Cell {
        Cell { metrics: released.into_iter().map(|shown| (shown, Vec::new())).collect(), n: 0, is_final: true }
    }

    pub fn add(&mut self, row: usize, values: &[Float64Array], is_final: bool) {
        self.n += 1;
        self.is_final &= is_final;
        for ((_, all), values) in self.metrics.iter_mut().zip(values).filter(|((shown, _), _)| *shown) {
            if values.is_valid(row) {
                all.push(values.value(row));
            }
        }
    }
}

#[derive(Default)]
pub(super) struct Answer {
    teams: Vec<String>,
    times: Vec<i64>,
    n: Vec<Option<i64>>,
    finals: Vec<Option<bool>>,
    /// By row, then metric; no metrics where the unit is not shown.
    figures: Vec<Vec<Option<Stat>>>,
}

impl Answer {
    /// `cell`: none where the unit is not shown.
    pub fn push(&mut self, team: &str, time: i64, cell: Option<Cell>) {
        self.teams.push(team.to_owned());
        self.times.push(time);
        self.n.push(cell.as_ref().map(|cell| cell.n));
        self.finals.push(cell.as_ref().map(|cell| cell.is_final));
        let figures = cell.map(|cell| cell.metrics.into_iter().map(|(_, mut values)| Stat::of(&mut values)).collect());
        self.figures.push(figures.unwrap_or_default());
    }

    /// The columns of the schema; `metrics` are those the figures are of.
    pub fn finish(self, schema: &SchemaRef, metrics: &[&str]) -> Result<RecordBatch, Error> {
        let columns = schema.fields().iter().map(|field| self.column(field.name(), field.data_type(), metrics));
        let options = RecordBatchOptions::new().with_row_count(Some(self.teams.len()));
        RecordBatch::try_new_with_options(schema.clone(), columns.collect::<Result<_, _>>()?, &options).map_err(damaged)
    }

    fn column(&self, name: &str, ty: &DataType, metrics: &[&str]) -> Result<ArrayRef, Error> {
        Ok(match (name, ty) {
            ("team_id", _) => Arc::new(StringArray::from_iter_values(&self.teams)),
            ("n", _) => Arc::new(Int64Array::from(self.n.clone())),
            ("suppressed", _) => Arc::new(self.n.iter().map(|n| Some(n.is_none())).collect::<BooleanArray>()),
            ("final", _) => Arc::new(BooleanArray::from(self.finals.clone())),
            (_, DataType::Date32) => {
                Arc::new(Date32Array::from_iter_values(self.times.iter().map(|ms| ms.div_euclid(DAY_MS) as i32)))
            }
            (_, DataType::Timestamp(..)) => {
                Arc::new(TimestampMillisecondArray::from_iter_values(self.times.iter().copied()).with_timezone("UTC"))
            }
            _ => {
                let unknown = || Error::Invalid(format!("a team view has no column {name}"));
                let (metric, figure) = name.rsplit_once('_').ok_or_else(unknown)?;
                let at = metrics.iter().position(|known| *known == metric).ok_or_else(unknown)?;
                let of: fn(&Stat) -> f64 = match figure {
                    "mean" => |stat| stat.mean,
                    "median" => |stat| stat.median,
                    _ => |stat| stat.p90,
                };
                let value = |figures: &Vec<Option<Stat>>| figures.get(at)?.as_ref().map(of);
                Arc::new(self.figures.iter().map(value).collect::<Float64Array>())
            }
        })
    }
}
