//! What both stores ask of a batch: that it fits its table, its keys, versions, times and people.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Date32Type, TimestampMillisecondType, UInt64Type};
use arrow::row::{RowConverter, Rows, SortField};
use schemas::rows::{ALERTS, DIRECTORY, TABLES};
use schemas::table::DELETED;
use schemas::{ColumnType, Table};

use crate::Error;

pub(crate) const DAY_MS: i64 = 86_400_000;

/// Tables that are replaced as a whole from control data; no rows are committed to them.
pub(crate) fn is_replaced(table: &Table) -> bool {
    table.name == ALERTS.name || table.name == DIRECTORY.name
}

/// The tables rows are committed to.
pub(crate) fn committed_tables() -> impl Iterator<Item = &'static Table> {
    TABLES.iter().copied().filter(|t| !is_replaced(t))
}

/// A batch has exactly its table's columns (metadata aside).
pub(crate) fn check_batch(table: &Table, batch: &RecordBatch) -> Result<(), Error> {
    let schema = batch.schema_ref();
    let same = schema.fields().len() == table.columns.len()
        && schema
            .fields()
            .iter()
            .zip(table.columns)
            .all(|(f, c)| f.name() == c.name && same_type(f.data_type(), c.ty) && (c.nullable || !f.is_nullable()));
    if same {
        return Ok(());
    }
    let has: Vec<String> = schema.fields().iter().map(|f| format!("{} {}", f.name(), f.data_type())).collect();
    Err(Error::Invalid(format!(
        "a batch for {} has the columns [{}]; build it with schemas::rows, which gives the table's own",
        table.name,
        has.join(", ")
    )))
}

/// Compares without building a type for the common ones: this runs for every committed batch.
fn same_type(data: &DataType, ty: ColumnType) -> bool {
    match (data, ty) {
        (DataType::Utf8, ColumnType::Text)
        | (DataType::Int64, ColumnType::Int)
        | (DataType::Float64, ColumnType::Score)
        | (DataType::Date32, ColumnType::Day)
        | (DataType::Boolean, ColumnType::Flag)
        | (DataType::UInt64, ColumnType::Version) => true,
        (_, ColumnType::Time | ColumnType::Factors) => *data == ty.arrow(),
        _ => false,
    }
}

pub(crate) fn committable(table: &Table, batch: &RecordBatch) -> Result<(), Error> {
    if is_replaced(table) {
        return Err(Error::Invalid(format!("rows of {} come from control data as a whole: use replace, not commit", table.name)));
    }
    check_batch(table, batch)
}

pub(crate) fn replaceable(table: &Table, batch: &RecordBatch) -> Result<(), Error> {
    if !is_replaced(table) {
        return Err(Error::Invalid(format!("rows of {} are committed by the processors: use commit, not replace", table.name)));
    }
    check_batch(table, batch)
}

pub(crate) fn scannable(table: &Table) -> Result<(), Error> {
    if is_replaced(table) {
        return Err(Error::Invalid(format!("{} holds no rows of people to recompute: read it with SQL", table.name)));
    }
    Ok(())
}

/// Keys as bytes that sort as rows are ordered. The time does not change under a key, so it may be part of it.
pub(crate) struct KeyEncoder {
    converter: RowConverter,
    columns: Vec<usize>,
}

impl KeyEncoder {
    pub fn new(table: &Table) -> Result<KeyEncoder, Error> {
        let columns = table.order().filter_map(|name| table.columns.iter().position(|c| c.name == name)).collect::<Vec<_>>();
        let fields = columns.iter().map(|&i| SortField::new(table.columns[i].ty.arrow())).collect();
        Ok(KeyEncoder { converter: RowConverter::new(fields).map_err(damaged)?, columns })
    }

    pub fn encode(&self, batch: &RecordBatch) -> Result<Rows, Error> {
        let columns: Vec<ArrayRef> = self.columns.iter().map(|&i| batch.column(i).clone()).collect();
        self.converter.convert_columns(&columns).map_err(damaged)
    }
}

/// The time column as UTC milliseconds (a day is its midnight).
pub(crate) enum Times<'a> {
    Millis(&'a [i64]),
    Days(&'a [i32]),
}

impl Times<'_> {
    pub fn at(&self, row: usize) -> i64 {
        match self {
            Times::Millis(values) => values[row],
            Times::Days(values) => i64::from(values[row]) * DAY_MS,
        }
    }
}

pub(crate) fn times<'a>(table: &Table, batch: &'a RecordBatch) -> Result<Times<'a>, Error> {
    let column = column(batch, table.time)?;
    if let Some(values) = column.as_primitive_opt::<TimestampMillisecondType>() {
        return Ok(Times::Millis(values.values()));
    }
    if let Some(values) = column.as_primitive_opt::<Date32Type>() {
        return Ok(Times::Days(values.values()));
    }
    Err(Error::Invalid(format!("{}.{} is neither a time nor a day", table.name, table.time)))
}

pub(crate) fn users(batch: &RecordBatch) -> Result<&StringArray, Error> {
    let column = column(batch, "user_id")?;
    column.as_string_opt::<i32>().ok_or_else(|| Error::Invalid("user_id is not text".into()))
}

pub(crate) fn versions(batch: &RecordBatch) -> Result<&UInt64Array, Error> {
    let column = column(batch, "version")?;
    column.as_primitive_opt::<UInt64Type>().ok_or_else(|| Error::Invalid("version is not a whole number".into()))
}

/// `None` for tables whose rows never vanish.
pub(crate) fn tombstones(batch: &RecordBatch) -> Option<&BooleanArray> {
    batch.column_by_name(DELETED).and_then(|c| c.as_boolean_opt())
}

pub(crate) fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a dyn Array, Error> {
    let column = batch.column_by_name(name).ok_or_else(|| Error::Invalid(format!("a batch lacks the column {name}")))?;
    Ok(column.as_ref())
}

pub(crate) fn damaged(error: impl std::fmt::Display) -> Error {
    Error::Corrupt(error.to_string())
}
