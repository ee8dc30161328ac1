//! Events in a Parquet file, as the lines of JSON a producer would have sent: a row is an event, a column a field.
//!
//! ```text
//! file → batches of rows → `columns` (names, times) → JSON, a line each
//! ```
//!
//! Lines, because there is one decoder (`schemas::decode`) and it reads JSON: so a row counts, and is refused, exactly as the
//! same event in a file of lines. Nulls are absent fields, unknown columns become `extra`. Read front to back, a batch at a
//! time: what is held in memory does not grow with the file.

mod columns;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{Array, RecordBatch, StringArray};
use arrow::json::LineDelimitedWriter;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::ParquetMetaData;
use schemas::event::MAX_EVENT_BYTES;

use self::columns::Columns;
use crate::Error;

/// What a Parquet file begins (and ends) with.
pub const MAGIC: [u8; 4] = *b"PAR1";

/// Rows decoded at a time: fewer where they are wide.
const BATCH_ROWS: usize = 8_192;
const BATCH_BYTES: usize = 4 << 20;

pub struct EventFile {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    columns: Columns,
    rows: u64,
    /// Lines made and not yet given out from `given` on.
    lines: Vec<u8>,
    given: usize,
    json: Vec<u8>,
}

/// Whole lines, one for each row.
#[derive(Debug, PartialEq, Eq)]
pub struct Lines {
    pub json: Vec<u8>,
    pub rows: u64,
}

impl EventFile {
    /// Refuses a file whose columns cannot be events. The first `skip` rows are passed over.
    pub fn open(path: &Path, skip: u64) -> Result<EventFile, Error> {
        let file = File::open(path).map_err(|e| Error::Invalid(format!("{} cannot be read: {e}", path.display())))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| unreadable(path, &e))?;
        let columns = Columns::of(builder.schema(), builder.parquet_schema())
            .map_err(|reason| Error::Invalid(format!("{} {reason}", path.display())))?;
        let rows = builder.metadata().file_metadata().num_rows().unsigned_abs();
        let batch_rows = batch_rows(builder.metadata());
        let kept = ProjectionMask::roots(builder.parquet_schema(), columns.roots());
        let reader = builder.with_projection(kept).with_batch_size(batch_rows).with_offset(skip as usize);
        let reader = reader.build().map_err(|e| unreadable(path, &e))?;
        Ok(EventFile { path: path.to_owned(), reader, columns, rows, lines: Vec::new(), given: 0, json: Vec::new() })
    }

    /// In the whole file.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether its times have no zone and are taken for UTC.
    pub fn assumes_utc(&self) -> bool {
        self.columns.assumes_utc()
    }

    /// The next lines, at least one and else at most `max_bytes` of them. None at the end of the file.
    pub fn next_lines(&mut self, max_bytes: usize) -> Result<Option<Lines>, Error> {
        while self.given == self.lines.len() {
            let Some(batch) = self.reader.next() else { return Ok(None) };
            let batch = batch.map_err(|e| unreadable(&self.path, &e))?;
            self.given = 0;
            self.encode(&batch)?;
        }
        let left = &self.lines[self.given..];
        let end = if left.len() <= max_bytes {
            left.len()
        } else {
            let is_end = |b: &u8| *b == b'\n';
            let last_within = left[..max_bytes].iter().rposition(is_end);
            last_within.or_else(|| left.iter().position(is_end)).map_or(left.len(), |at| at + 1)
        };
        let json = left[..end].to_vec();
        self.given += end;
        Ok(Some(Lines { rows: json.iter().filter(|b| **b == b'\n').count() as u64, json }))
    }

    fn encode(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let refused = |reason: String| Error::Invalid(format!("{} {reason}", self.path.display()));
        let (events, extra) = self.columns.events(batch).map_err(refused)?;
        self.json.clear();
        let mut writer = LineDelimitedWriter::new(&mut self.json);
        writer.write(&events).and_then(|()| writer.finish()).map_err(|e| {
            refused(format!("has a column that JSON has no form for ({e}): write the file without it, or with it as text"))
        })?;
        drop(writer);
        self.lines.clear();
        for (row, object) in self.json.split(|b| *b == b'\n').take(batch.num_rows()).enumerate() {
            let start = self.lines.len();
            push_with_extra(&mut self.lines, object, extra.as_ref().and_then(|texts| text(texts, row)));
            // Of a line that no event may be as long as, as much is left as is refused for it.
            self.lines.truncate(start + MAX_EVENT_BYTES + 1);
            self.lines.push(b'\n');
        }
        Ok(())
    }
}

fn text(texts: &StringArray, row: usize) -> Option<&str> {
    texts.is_valid(row).then(|| texts.value(row))
}

/// The object with the members of another, which is JSON in a text. What is no object there breaks the line, and so the decoder
/// refuses it.
fn push_with_extra(out: &mut Vec<u8>, object: &[u8], extra: Option<&str>) {
    let extra = extra.map(str::trim).unwrap_or("{}");
    let members = extra.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(extra).trim();
    match object.strip_suffix(b"}") {
        Some(open) if !members.is_empty() => {
            out.extend_from_slice(open);
            out.push(b',');
            // A line end between members may be any other space as well.
            out.extend(members.bytes().map(|b| if b == b'\n' { b' ' } else { b }));
            out.push(b'}');
        }
        _ => out.extend_from_slice(object),
    }
}

fn batch_rows(metadata: &ParquetMetaData) -> usize {
    let widest = metadata.row_groups().iter().map(|group| group.total_byte_size() / group.num_rows().max(1)).max();
    let widest = usize::try_from(widest.unwrap_or(0)).unwrap_or(usize::MAX).max(1);
    (BATCH_BYTES / widest).clamp(1, BATCH_ROWS)
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Invalid(format!("{} is no Parquet file that can be read: {error}; copy or write it again", path.display()))
}
