//! Our own statements (`sql/*.sql`) and their answers, column by column in plain types.

use std::sync::Arc;

use arrow::array::{Array, BooleanArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use futures::StreamExt;
use serde_json::Value;
use store::{Limits, Params, Reader, Statement, Store};

use crate::Error;

/// Runs one of our statements and hands over batch by batch.
pub async fn each(
    store: &Arc<dyn Store>,
    sql: &str,
    params: Vec<Value>,
    limits: Limits,
    mut take: impl FnMut(&RecordBatch) -> Result<(), Error>,
) -> Result<(), Error> {
    let reader = Reader::default();
    let statement = Statement { sql: sql.to_owned(), params: Params::Positional(params), limits, reader };
    let mut rows = store.sql(statement).await.map_err(ours)?;
    while let Some(batch) = rows.batches.next().await {
        take(&batch.map_err(ours)?)?;
    }
    Ok(())
}

/// What is wrong with a statement of ours is nothing the client did or could mend.
fn ours(error: store::Error) -> Error {
    match error {
        store::Error::Limit(message) => Error::Unavailable(format!("the figures take more than may be spent on them: {message}")),
        store::Error::Statement { message, .. } | store::Error::Forbidden(message) => {
            Error::Internal(format!("a statement of ours is wrong: {message}"))
        }
        other => other.into(),
    }
}

/// The columns of a batch by name. The store may answer in another width or encoding of the same type; a column of our own
/// statement that is not there at all is a mistake of ours.
pub struct Columns<'a>(pub &'a RecordBatch);

impl Columns<'_> {
    fn column<A: Array + Clone + 'static>(&self, name: &str, ty: &DataType) -> Result<A, Error> {
        let wrong = || Error::Internal(format!("the store's answer has no column {name} of type {ty}"));
        let column = self.0.column_by_name(name).ok_or_else(wrong)?;
        let column = if column.data_type() == ty { column.clone() } else { cast(column, ty).map_err(|_| wrong())? };
        column.as_any().downcast_ref::<A>().cloned().ok_or_else(wrong)
    }

    pub fn text(&self, name: &str) -> Result<StringArray, Error> {
        self.column(name, &DataType::Utf8)
    }

    pub fn int(&self, name: &str) -> Result<Int64Array, Error> {
        self.column(name, &DataType::Int64)
    }

    /// UTC milliseconds.
    pub fn time(&self, name: &str) -> Result<Int64Array, Error> {
        let millis = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
        let column = self.0.column_by_name(name);
        let column = column.ok_or_else(|| Error::Internal(format!("the store's answer has no column {name}")))?;
        let wrong = |e| Error::Internal(format!("column {name} is no time: {e}"));
        let column = cast(&cast(column, &millis).map_err(wrong)?, &DataType::Int64).map_err(wrong)?;
        column.as_any().downcast_ref::<Int64Array>().cloned().ok_or_else(|| Error::Internal(format!("column {name} is no time")))
    }

    pub fn float(&self, name: &str) -> Result<Float64Array, Error> {
        self.column(name, &DataType::Float64)
    }

    /// Days since 1970-01-01.
    pub fn day(&self, name: &str) -> Result<Int32Array, Error> {
        let column = self.column::<arrow::array::Date32Array>(name, &DataType::Date32)?;
        Ok(column.reinterpret_cast())
    }

    pub fn flag(&self, name: &str) -> Result<BooleanArray, Error> {
        self.column(name, &DataType::Boolean)
    }
}

pub fn optional<A: Array, V>(array: &A, row: usize, value: impl FnOnce(&A, usize) -> V) -> Option<V> {
    if array.is_null(row) { None } else { Some(value(array, row)) }
}

/// One feature of a risk.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Factor {
    pub name: String,
    pub value: f64,
    pub contribution: f64,
}

impl Columns<'_> {
    /// The list of (name, value, contribution) of each row.
    pub fn factors(&self, name: &str) -> Result<Vec<Vec<Factor>>, Error> {
        use arrow::array::{ListArray, StructArray};
        let wrong = || Error::Internal(format!("the store's answer has no list of factors in {name}"));
        let column = self.0.column_by_name(name).ok_or_else(wrong)?;
        let list = column.as_any().downcast_ref::<ListArray>().ok_or_else(wrong)?;
        let mut rows = Vec::with_capacity(list.len());
        for row in 0..list.len() {
            let items = list.value(row);
            let items = items.as_any().downcast_ref::<StructArray>().ok_or_else(wrong)?;
            let text = |name: &str| items.column_by_name(name).and_then(|c| cast(c, &DataType::Utf8).ok());
            let number = |name: &str| items.column_by_name(name).and_then(|c| cast(c, &DataType::Float64).ok());
            let names = text("name").ok_or_else(wrong)?;
            let names = names.as_any().downcast_ref::<StringArray>().ok_or_else(wrong)?;
            let (values, contributions) = (number("value").ok_or_else(wrong)?, number("contribution").ok_or_else(wrong)?);
            let values = values.as_any().downcast_ref::<Float64Array>().ok_or_else(wrong)?;
            let contributions = contributions.as_any().downcast_ref::<Float64Array>().ok_or_else(wrong)?;
            let factor =
                |i: usize| Factor { name: names.value(i).into(), value: values.value(i), contribution: contributions.value(i) };
            rows.push((0..items.len()).map(factor).collect());
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_and_mistakes_of_our_own_statements_are_not_the_client_s() {
        let code = |error: store::Error| (ours(error.clone()).problem().status, ours(error).problem().code);
        assert_eq!(code(store::Error::Limit("60 s".into())), (503, "unavailable"));
        assert_eq!(code(store::Error::Statement { message: "no column x".into(), at: None }), (500, "internal"));
    }
}
