//! The forms rows can leave in. One encoder each: batches in, bytes out, nothing kept beyond a block.

use std::io::Write;
use std::mem::take;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::ipc::writer::StreamWriter;
use arrow::json::StructMode;
use arrow::json::writer::{JsonArray, LineDelimited, WriterBuilder};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::json;

use crate::Error;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Json,
    Ndjson,
    Csv,
    Arrow,
    Parquet,
}

const FORMS: [Form; 5] = [Form::Json, Form::Ndjson, Form::Csv, Form::Arrow, Form::Parquet];
const NAMES: &str =
    "application/json, application/x-ndjson, text/csv, application/vnd.apache.arrow.stream, application/vnd.apache.parquet";

/// Rows in one row group of a Parquet answer: what is held in memory.
const ROW_GROUP_BYTES: usize = 8 << 20;

impl Form {
    pub fn name(self) -> &'static str {
        match self {
            Form::Json => "json",
            Form::Ndjson => "ndjson",
            Form::Csv => "csv",
            Form::Arrow => "arrow",
            Form::Parquet => "parquet",
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Form::Json => "application/json",
            Form::Ndjson => "application/x-ndjson",
            Form::Csv => "text/csv",
            Form::Arrow => "application/vnd.apache.arrow.stream",
            Form::Parquet => "application/vnd.apache.parquet",
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Form::Csv => "text/csv; charset=utf-8",
            other => other.media_type(),
        }
    }

    /// The form an Accept header wants most; JSON when it wants nothing in particular.
    pub fn accepted(accept: Option<&str>) -> Result<Form, Error> {
        let Some(accept) = accept.filter(|a| !a.trim().is_empty()) else { return Ok(Form::Json) };
        let mut best: Option<(f32, Form)> = None;
        for range in accept.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let wanted = parts.next().unwrap_or_default().to_ascii_lowercase();
            let quality = parts.find_map(|p| p.strip_prefix("q=")).map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0));
            let matches = |form: &&Form| match wanted.strip_suffix("/*") {
                Some("*") => true,
                Some(kind) => form.media_type().split('/').next() == Some(kind),
                None => form.media_type() == wanted || (wanted == "application/jsonl" && **form == Form::Ndjson),
            };
            // Of equals the first one named.
            if let Some(form) = FORMS.iter().find(matches).filter(|_| quality > 0.0 && best.is_none_or(|(q, _)| quality > q)) {
                best = Some((quality, *form));
            }
        }
        best.map(|(_, form)| form).ok_or(Error::NotAcceptable(NAMES))
    }

    pub fn encoder(self, schema: &SchemaRef) -> Result<Box<dyn Encoder>, Error> {
        let unfit = schema.fields().iter().find(|field| !self.holds(field));
        if let Some(field) = unfit {
            let ty = field.data_type().to_string();
            return Err(Error::Unfit { form: self.name(), column: field.name().clone(), ty });
        }
        self.writer(schema)
    }

    /// Whether a row with such a column can be written, tried where it is not plain.
    fn holds(self, field: &Field) -> bool {
        let ty = field.data_type();
        if ty.is_numeric() || matches!(ty, DataType::Utf8 | DataType::Boolean | DataType::Timestamp(..) | DataType::Date32) {
            return true;
        }
        let schema = Arc::new(Schema::new(vec![field.clone().with_nullable(true)]));
        let written = || -> Result<(), Error> {
            let row = RecordBatch::try_new(schema.clone(), vec![new_null_array(ty, 1)]).map_err(failed)?;
            let mut writer = self.writer(&schema)?;
            writer.start()?;
            writer.batch(&row)?;
            writer.finish(None).map(|_| ())
        };
        written().is_ok()
    }

    fn writer(self, schema: &SchemaRef) -> Result<Box<dyn Encoder>, Error> {
        Ok(match self {
            Form::Json => Box::new(Json { schema: schema.clone(), any: false }),
            Form::Ndjson => Box::new(Ndjson),
            Form::Csv => Box::new(Csv { schema: schema.clone() }),
            Form::Arrow => Box::new(ArrowStream(StreamWriter::try_new(Vec::new(), schema).map_err(failed)?)),
            Form::Parquet => Box::new(ParquetFile::new(schema)?),
        })
    }
}

pub trait Encoder: Send {
    fn start(&mut self) -> Result<Vec<u8>, Error>;
    fn batch(&mut self, batch: &RecordBatch) -> Result<Vec<u8>, Error>;
    /// The end, early when there is an error. Forms that cannot tell it fail with it.
    fn finish(&mut self, cut: Option<&Arc<Error>>) -> Result<Vec<u8>, Error>;
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Internal(format!("rows could not be written: {error}"))
}

fn broken(cut: Option<&Arc<Error>>) -> Result<(), Error> {
    cut.map_or(Ok(()), |error| Err(Error::Internal(format!("the answer was cut: {error}"))))
}

/// `{"columns":[…],"rows":[[…]…],"truncated":…}`
struct Json {
    schema: SchemaRef,
    any: bool,
}

impl Encoder for Json {
    fn start(&mut self) -> Result<Vec<u8>, Error> {
        let column = |field: &Arc<Field>| json!({"name": field.name(), "type": field.data_type().to_string()});
        let columns: Vec<_> = self.schema.fields().iter().map(column).collect();
        Ok(format!(r#"{{"columns":{},"rows":["#, json!(columns)).into_bytes())
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<Vec<u8>, Error> {
        if batch.num_rows() == 0 {
            return Ok(Vec::new());
        }
        let builder = WriterBuilder::new().with_struct_mode(StructMode::ListOnly).with_explicit_nulls(true);
        let mut writer = builder.build::<_, JsonArray>(Vec::new());
        writer.write(batch).map_err(failed)?;
        writer.finish().map_err(failed)?;
        let mut rows = writer.into_inner();
        // The list's own brackets go: these rows are a part of ours.
        rows.pop();
        match rows.first_mut() {
            Some(first) if self.any => *first = b',',
            Some(first) => *first = b' ',
            None => {}
        }
        self.any = true;
        Ok(rows)
    }

    fn finish(&mut self, cut: Option<&Arc<Error>>) -> Result<Vec<u8>, Error> {
        let end = match cut {
            None => r#"],"truncated":false}"#.to_owned(),
            Some(error) => format!(r#"],"truncated":true,"error":{}}}"#, json!(error.problem())),
        };
        Ok(end.into_bytes())
    }
}

struct Ndjson;

impl Encoder for Ndjson {
    fn start(&mut self) -> Result<Vec<u8>, Error> {
        Ok(Vec::new())
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<Vec<u8>, Error> {
        let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(Vec::new());
        writer.write(batch).map_err(failed)?;
        writer.finish().map_err(failed)?;
        Ok(writer.into_inner())
    }

    fn finish(&mut self, cut: Option<&Arc<Error>>) -> Result<Vec<u8>, Error> {
        broken(cut).map(|()| Vec::new())
    }
}

struct Csv {
    schema: SchemaRef,
}

impl Csv {
    fn write(batch: &RecordBatch, header: bool) -> Result<Vec<u8>, Error> {
        let mut writer = arrow::csv::WriterBuilder::new().with_header(header).build(Vec::new());
        writer.write(batch).map_err(failed)?;
        Ok(writer.into_inner())
    }
}

impl Encoder for Csv {
    /// Names even when there are no rows.
    fn start(&mut self) -> Result<Vec<u8>, Error> {
        Csv::write(&RecordBatch::new_empty(self.schema.clone()), true)
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<Vec<u8>, Error> {
        Csv::write(batch, false)
    }

    fn finish(&mut self, cut: Option<&Arc<Error>>) -> Result<Vec<u8>, Error> {
        broken(cut).map(|()| Vec::new())
    }
}

struct ArrowStream(StreamWriter<Vec<u8>>);

impl Encoder for ArrowStream {
    fn start(&mut self) -> Result<Vec<u8>, Error> {
        Ok(take(self.0.get_mut()))
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<Vec<u8>, Error> {
        self.0.write(batch).map_err(failed)?;
        Ok(take(self.0.get_mut()))
    }

    fn finish(&mut self, cut: Option<&Arc<Error>>) -> Result<Vec<u8>, Error> {
        broken(cut)?;
        self.0.finish().map_err(failed)?;
        Ok(take(self.0.get_mut()))
    }
}

/// What the Parquet writer has written and nobody has taken yet. The writer counts its own position.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn take(&self) -> Vec<u8> {
        take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct ParquetFile {
    written: Written,
    writer: Option<ArrowWriter<Written>>,
}

impl ParquetFile {
    fn new(schema: &SchemaRef) -> Result<ParquetFile, Error> {
        let written = Written::default();
        let zstd = ZstdLevel::try_new(1).map_err(failed)?;
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(zstd)).build();
        let writer = ArrowWriter::try_new(written.clone(), schema.clone(), Some(properties)).map_err(failed)?;
        Ok(ParquetFile { written, writer: Some(writer) })
    }
}

impl Encoder for ParquetFile {
    fn start(&mut self) -> Result<Vec<u8>, Error> {
        Ok(self.written.take())
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<Vec<u8>, Error> {
        if let Some(writer) = &mut self.writer {
            writer.write(batch).map_err(failed)?;
            if writer.in_progress_size() > ROW_GROUP_BYTES {
                writer.flush().map_err(failed)?;
            }
        }
        Ok(self.written.take())
    }

    fn finish(&mut self, cut: Option<&Arc<Error>>) -> Result<Vec<u8>, Error> {
        broken(cut)?;
        if let Some(writer) = self.writer.take() {
            writer.close().map_err(failed)?;
        }
        Ok(self.written.take())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_picks_the_form() {
        let check =
            |accept: Option<&str>, expected: Option<Form>| assert_eq!(Form::accepted(accept).ok(), expected, "{accept:?}");
        check(None, Some(Form::Json));
        check(Some("*/*"), Some(Form::Json));
        check(Some("text/*"), Some(Form::Csv));
        check(Some("text/csv;q=0.5, application/x-ndjson"), Some(Form::Ndjson));
        check(Some("application/vnd.apache.parquet, */*;q=0.1"), Some(Form::Parquet));
        check(Some("text/html"), None);
        check(Some("text/csv;q=0"), None);
    }
}
