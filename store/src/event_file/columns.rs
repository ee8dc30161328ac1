//! The columns of one file as the fields of events.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeBinaryArray, Int64Array, RecordBatch, StringArray};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimeUnit};
use parquet::basic::LogicalType;
use parquet::schema::types::SchemaDescriptor;

/// What each type of event must have, and no other type has all of.
const TYPES: [(&str, &[&str]); 3] = [
    ("activity", &["app", "duration_ms"]),
    ("message", &["channel", "kind", "direction"]),
    ("session", &["session", "kind", "phase"]),
];
/// Columns of our event tables that an event gets when it is taken in: they are given anew.
const GIVEN: [&str; 4] = ["team_id", "source", "ingested_at", "version"];

pub(super) struct Columns {
    /// Those that are read, in the file's order.
    kept: Vec<Kept>,
    /// What every row is, where no column says so.
    event_type: Option<&'static str>,
}

struct Kept {
    root: usize,
    name: String,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    AsItIs,
    /// The time of the event, to be milliseconds.
    Time(TimeUnit),
    /// The same, of a column that does not say which zone it means.
    ZonelessTime(TimeUnit),
    /// Bytes that should be text: older writers do not mark it as such.
    Bytes,
    Uuid,
    /// Fields as JSON, as our tables keep them.
    Extra,
}

impl Columns {
    /// Or what is against the file, to be read after its name.
    pub fn of(schema: &Schema, parquet: &SchemaDescriptor) -> Result<Columns, String> {
        let has = |name: &str| schema.column_with_name(name).is_some();
        // A table of ours that somebody exported.
        let exported = has("user_id") && !has("user");
        let event_type = if exported && !has("type") { type_of(has) } else { None };
        let user = if exported { "user_id" } else { "user" };
        let needed = ["id", user, "ts"].into_iter().chain(event_type.is_none().then_some("type"));
        let missing: Vec<String> = needed.filter(|name| !has(name)).map(|name| format!("`{name}`")).collect();
        if !missing.is_empty() {
            let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
            return Err(format!(
                "has no column {}, so its rows are no events. It has {}. Rename them to the fields of events (id, type, user, ts, \
                 …), or export a whole event table (select * from activity_events)",
                missing.join(" and no "),
                names.join(", ")
            ));
        }
        let roots = parquet.root_schema().get_fields();
        let mut kept = Vec::new();
        for (root, field) in schema.fields().iter().enumerate() {
            let name = field.name().as_str();
            if exported && GIVEN.contains(&name) {
                continue;
            }
            let is_uuid = roots.get(root).and_then(|r| r.get_basic_info().logical_type_ref()) == Some(&LogicalType::Uuid);
            let form = if exported && name == "extra" { Form::Extra } else { form(field, is_uuid)? };
            kept.push(Kept { root, name: if name == user { "user" } else { name }.to_owned(), form });
        }
        Ok(Columns { kept, event_type })
    }

    pub fn roots(&self) -> impl Iterator<Item = usize> {
        self.kept.iter().map(|k| k.root)
    }

    pub fn assumes_utc(&self) -> bool {
        self.kept.iter().any(|k| matches!(k.form, Form::ZonelessTime(_)))
    }

    /// Rows under the names and in the forms that JSON shall have, and what is to be added to each as it is.
    pub fn events(&self, batch: &RecordBatch) -> Result<(RecordBatch, Option<StringArray>), String> {
        let mut extra = None;
        let (mut fields, mut columns) = (Vec::new(), Vec::new());
        for (kept, column) in self.kept.iter().zip(batch.columns()) {
            let column = kept.form.apply(column).map_err(|reason| format!("has in its column `{}` {reason}", kept.name))?;
            if kept.form == Form::Extra {
                extra = column.as_string_opt::<i32>().cloned();
            } else {
                fields.push(Field::new(&kept.name, column.data_type().clone(), true));
                columns.push(column);
            }
        }
        if let Some(word) = self.event_type {
            fields.push(Field::new("type", DataType::Utf8, false));
            columns.push(Arc::new(StringArray::from_iter_values(std::iter::repeat_n(word, batch.num_rows()))));
        }
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        Ok((RecordBatch::try_new(schema, columns).map_err(|e| format!("cannot be read: {e}"))?, extra))
    }
}

/// The type whose columns there are, when it is the only one.
fn type_of(has: impl Fn(&str) -> bool) -> Option<&'static str> {
    let mut found = TYPES.iter().filter(|(_, columns)| columns.iter().all(|name| has(name)));
    match (found.next(), found.next()) {
        (Some((word, _)), None) => Some(word),
        _ => None,
    }
}

fn form(field: &Field, is_uuid: bool) -> Result<Form, String> {
    Ok(match field.data_type() {
        DataType::Timestamp(unit, None) if field.name() == "ts" => Form::ZonelessTime(*unit),
        DataType::Timestamp(unit, Some(_)) if field.name() == "ts" => Form::Time(*unit),
        DataType::FixedSizeBinary(16) if is_uuid => Form::Uuid,
        DataType::FixedSizeBinary(_) => {
            return Err(format!("has bytes in its column `{}`: write the file without it, or with it as text", field.name()));
        }
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => Form::Bytes,
        _ => Form::AsItIs,
    })
}

impl Form {
    fn apply(self, column: &ArrayRef) -> Result<ArrayRef, String> {
        let unreadable = |e: arrow::error::ArrowError| format!("what cannot be read: {e}");
        match self {
            Form::AsItIs => Ok(column.clone()),
            Form::Time(unit) | Form::ZonelessTime(unit) => {
                let counts = cast(column, &DataType::Int64).map_err(unreadable)?;
                Ok(Arc::new(milliseconds(counts.as_primitive::<Int64Type>(), unit)))
            }
            Form::Bytes => {
                let strict = CastOptions { safe: false, ..CastOptions::default() };
                let text = cast_with_options(column, &DataType::LargeUtf8, &strict);
                text.map_err(|_| "bytes that are no text: write the file without it, or with it as text".to_owned())
            }
            Form::Uuid => {
                let ids = column.as_any().downcast_ref::<FixedSizeBinaryArray>().ok_or("no UUIDs")?;
                Ok(Arc::new(ids.iter().map(|id| id.map(uuid)).collect::<StringArray>()))
            }
            Form::Extra => cast(column, &DataType::Utf8).map_err(unreadable),
        }
    }
}

/// What is finer than a millisecond is cut off, as the decoder does; what is too large to say stays too large.
fn milliseconds(counts: &Int64Array, unit: TimeUnit) -> Int64Array {
    counts.unary(|count| match unit {
        TimeUnit::Second => count.saturating_mul(1_000),
        TimeUnit::Millisecond => count,
        TimeUnit::Microsecond => count.div_euclid(1_000),
        TimeUnit::Nanosecond => count.div_euclid(1_000_000),
    })
}

/// As everybody writes them: 8-4-4-4-12.
fn uuid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (i, byte) in bytes.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.extend([byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0')));
    }
    text
}
