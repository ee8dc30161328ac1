//! Sorted rows of one table and day into one Parquet file, synced before it is spoken of.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use arrow::array::{Array, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use schemas::{ColumnType, Table};

use super::file::parquet_failed;
use super::manifest::{FileEntry, io, relative, sync_dir};
use crate::Error;
use crate::rows::{tombstones, users, versions};
use crate::sql::Run;

const ROW_GROUP_ROWS: usize = 131_072;
/// Small pages: a look-up of one person reads and unpacks whole ones.
const PAGE_ROWS: usize = 1_024;
/// Text that hardly repeats: a dictionary would only cost.
const PLAIN_TEXT: [&str; 7] = ["id", "message_id", "session", "thread", "title", "url", "extra"];

pub(crate) struct Target<'a> {
    pub dir: &'a Path,
    pub table: &'static Table,
    pub day: i32,
    pub sequence: u64,
    pub level: u8,
}

impl Target<'_> {
    /// Writes what the run gives; `None` (and no file) when that is nothing.
    pub fn write(&self, run: Run) -> Result<Option<FileEntry>, Error> {
        let mut run = run.peekable();
        if run.peek().is_none() {
            return Ok(None);
        }
        let path = self.dir.join(relative(self.table.name, self.day, self.sequence));
        let folder = path.parent().unwrap_or(self.dir).to_owned();
        fs::create_dir_all(&folder).map_err(|e| io("create", &folder, &e))?;
        let written = self.write_to(&path, run);
        if !matches!(written, Ok(Some(_))) {
            // Best effort: the next start removes what no manifest names.
            let _ = fs::remove_file(&path);
        }
        let entry = written?;
        if entry.is_some() {
            sync_dir(&folder)?;
            // The folders above may be new as well: the table's and the one of all tables.
            for above in folder.ancestors().skip(1).take(2) {
                sync_dir(above)?;
            }
        }
        Ok(entry)
    }

    fn write_to(&self, path: &Path, run: impl Iterator<Item = Result<RecordBatch, Error>>) -> Result<Option<FileEntry>, Error> {
        let file = File::create(path).map_err(|e| io("create", path, &e))?;
        let buffered = BufWriter::with_capacity(1 << 18, file);
        let mut writer = ArrowWriter::try_new(buffered, self.table.schema(), Some(properties(self.table)))
            .map_err(|e| parquet_failed(path, &e))?;
        let mut entry = self.empty();
        for batch in run {
            let batch = batch?;
            if batch.num_rows() > 0 {
                self.count(&mut entry, &batch)?;
                writer.write(&batch).map_err(|e| parquet_failed(path, &e))?;
            }
        }
        if entry.rows == 0 {
            return Ok(None);
        }
        let buffered = writer.into_inner().map_err(|e| parquet_failed(path, &e))?;
        let file = buffered.into_inner().map_err(|e| io("write", path, e.error()))?;
        file.sync_all().map_err(|e| io("sync", path, &e))?;
        entry.bytes = file.metadata().map_err(|e| io("read", path, &e))?.len();
        Ok(Some(entry))
    }

    fn empty(&self) -> FileEntry {
        FileEntry {
            table: self.table.name.to_owned(),
            day: self.day,
            sequence: self.sequence,
            rows: 0,
            bytes: 0,
            tombstones: 0,
            min_user: String::new(),
            max_user: String::new(),
            min_version: u64::MAX,
            max_version: 0,
            level: self.level,
        }
    }

    fn count(&self, entry: &mut FileEntry, batch: &RecordBatch) -> Result<(), Error> {
        let users = users(batch)?;
        if entry.rows == 0 {
            entry.min_user = users.value(0).to_owned();
        }
        entry.max_user = users.value(users.len() - 1).to_owned();
        entry.rows += batch.num_rows() as u64;
        entry.tombstones += tombstones(batch).map_or(0, |t| t.true_count()) as u64;
        for version in versions(batch)?.values() {
            entry.min_version = entry.min_version.min(*version);
            entry.max_version = entry.max_version.max(*version);
        }
        Ok(())
    }
}

fn properties(table: &Table) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        // Packed numbers gain little from more, and look-ups unpack many small pages.
        .set_compression(Compression::LZ4_RAW)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        // Nobody would read them: days prune by their files, people by their index.
        .set_statistics_enabled(EnabledStatistics::None)
        .set_created_by("focusflow".to_owned());
    for column in table.columns {
        let path = ColumnPath::from(column.name);
        properties = match column.ty {
            ColumnType::Text if PLAIN_TEXT.contains(&column.name) => properties.set_column_dictionary_enabled(path, false),
            ColumnType::Time | ColumnType::Int | ColumnType::Version => properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
            ColumnType::Score => properties.set_column_dictionary_enabled(path, false),
            _ => properties,
        };
    }
    properties.build()
}
