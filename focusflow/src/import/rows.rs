//! A Parquet file as pieces of lines, a row each.

use std::path::Path;

use store::event_file::EventFile;

use super::pieces::Piece;
use super::progress::Progress;

pub struct Rows {
    file: EventFile,
    piece_bytes: usize,
    /// Rows given out, and those of the file.
    done: u64,
    rows: u64,
    bytes: u64,
    progress: Progress,
}

impl Rows {
    /// `skip` rows were done before.
    pub fn open(path: &Path, skip: u64, piece_bytes: usize, progress: Progress) -> anyhow::Result<Rows> {
        let bytes = std::fs::metadata(path)?.len();
        let file = EventFile::open(path, skip)?;
        let mut rows = Rows { rows: file.rows(), file, piece_bytes, done: 0, bytes, progress };
        rows.advance(skip);
        Ok(rows)
    }

    pub fn next(&mut self) -> anyhow::Result<Option<Piece>> {
        let Some(lines) = self.file.next_lines(self.piece_bytes)? else { return Ok(None) };
        self.advance(lines.rows);
        Ok(Some(Piece { lines: lines.json.into(), end: self.done }))
    }

    /// The bar is one of bytes: a row stands for its share of the file.
    fn advance(&mut self, rows: u64) {
        let at = |rows: u64| (u128::from(self.bytes) * u128::from(rows.min(self.rows)) / u128::from(self.rows.max(1))) as u64;
        self.progress.read(at(self.done + rows) - at(self.done));
        self.done += rows;
    }
}
