//! Tables: one definition gives the row type, the Arrow schema, the ClickHouse DDL and the documentation.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    Text,
    /// UTC milliseconds.
    Time,
    /// Whole numbers; `*_ms` columns are milliseconds.
    Int,
    Score,
    Day,
    Flag,
    Version,
    /// A list of (name, value, contribution), largest contribution first.
    Factors,
}

#[derive(Debug)]
pub struct Column {
    pub name: &'static str,
    pub ty: ColumnType,
    pub nullable: bool,
    pub doc: &'static str,
}

#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    pub doc: &'static str,
    /// Columns that identify a row. Of several rows with one key the highest `version` counts.
    pub key: &'static [&'static str],
    /// The column (Time or Day) by whose UTC day rows are stored and expire; it never changes under a key.
    pub time: &'static str,
    pub columns: &'static [Column],
}

/// Rows whose latest version has this flag set do not exist.
pub const DELETED: &str = "deleted";

impl Table {
    pub fn schema(&self) -> SchemaRef {
        let fields: Vec<Field> = self.columns.iter().map(|c| Field::new(c.name, c.ty.arrow(), c.nullable)).collect();
        Arc::new(Schema::new(fields))
    }

    /// What readers see: all but the tombstone column.
    pub fn public_schema(&self) -> SchemaRef {
        let public = self.columns.iter().filter(|c| c.name != DELETED);
        Arc::new(Schema::new(public.map(|c| Field::new(c.name, c.ty.arrow(), c.nullable)).collect::<Vec<_>>()))
    }

    /// The columns rows are stored and scanned in the order of: the person, then the time, then what else the key has. Rows
    /// come nearly in that order, and what a person did in a while lies together. (The key, for a table not of people.)
    pub fn order(&self) -> impl Iterator<Item = &'static str> {
        let rest = self.key.iter().copied().skip(1).filter(|name| *name != self.time);
        let time = (self.key.len() > 1).then_some(self.time);
        self.key.iter().copied().take(1).chain(time).chain(rest)
    }

    /// Whether rows of this table can vanish; then its last column is `deleted`.
    pub fn has_tombstones(&self) -> bool {
        self.column(DELETED).is_some()
    }

    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|c| c.name == name)
    }
}

impl ColumnType {
    pub fn arrow(self) -> DataType {
        match self {
            ColumnType::Text => DataType::Utf8,
            ColumnType::Time => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
            ColumnType::Int => DataType::Int64,
            ColumnType::Score => DataType::Float64,
            ColumnType::Day => DataType::Date32,
            ColumnType::Flag => DataType::Boolean,
            ColumnType::Version => DataType::UInt64,
            ColumnType::Factors => DataType::List(Arc::new(Field::new_list_field(DataType::Struct(factor_fields()), false))),
        }
    }
}

pub(crate) fn factor_fields() -> Fields {
    Fields::from(vec![
        Field::new("name", DataType::Utf8, false),
        Field::new("value", DataType::Float64, false),
        Field::new("contribution", DataType::Float64, false),
    ])
}

/// `final_` in Rust (a keyword otherwise) is `final` everywhere else.
pub(crate) const fn column_name(field: &'static str) -> &'static str {
    let bytes = field.as_bytes();
    if bytes[bytes.len() - 1] == b'_' { field.split_at(bytes.len() - 1).0 } else { field }
}
