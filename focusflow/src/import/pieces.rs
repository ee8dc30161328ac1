//! A file as pieces of whole lines.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use bytes::Bytes;

use super::form::Form;
use super::progress::Progress;

/// What is kept of a line that is longer than a whole piece: more than an event may have, so that it is refused as too large.
const OVERLONG_KEPT: usize = 128 * 1024;

pub struct Pieces {
    input: Box<dyn Read + Send>,
    /// Told here what is read of a plain file; compressed ones count below their decoder.
    progress: Option<Progress>,
    piece_bytes: usize,
    /// The beginning of the line that the last piece ended in.
    rest: Vec<u8>,
    /// Uncompressed bytes given out.
    offset: u64,
    ended: bool,
}

#[derive(Debug)]
pub struct Piece {
    pub lines: Bytes,
    /// Where the file goes on after it: bytes of lines (uncompressed), or rows.
    pub end: u64,
}

impl Pieces {
    /// `skip` uncompressed bytes were done before.
    pub fn open(path: &Path, skip: u64, piece_bytes: usize, progress: Progress) -> io::Result<Pieces> {
        let mut file = File::open(path)?;
        let form = Form::of(path)?;
        if !matches!(form, Form::Gzip | Form::Zstd) {
            file.seek(SeekFrom::Start(skip))?;
            progress.read(skip);
            // The file itself and not a reader around it: only a file fills a buffer without clearing it first.
            return Ok(Pieces::new(Box::new(file), Some(progress), skip, piece_bytes));
        }
        let counted = BufReader::with_capacity(1 << 20, Counted { file, progress });
        let mut input: Box<dyn Read + Send> = match form {
            Form::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(counted)),
            _ => Box::new(zstd::stream::read::Decoder::with_buffer(counted)?),
        };
        let skipped = io::copy(&mut input.by_ref().take(skip), &mut io::sink())?;
        Ok(Pieces::new(input, None, skipped, piece_bytes))
    }

    fn new(input: Box<dyn Read + Send>, progress: Option<Progress>, offset: u64, piece_bytes: usize) -> Pieces {
        Pieces { input, progress, piece_bytes, rest: Vec::new(), offset, ended: false }
    }

    pub fn next(&mut self) -> io::Result<Option<Piece>> {
        if self.ended && self.rest.is_empty() {
            return Ok(None);
        }
        let mut buffer = Vec::with_capacity(self.piece_bytes.max(self.rest.len()));
        buffer.append(&mut self.rest);
        self.fill(&mut buffer)?;
        let mut consumed = buffer.len() as u64;
        match buffer.iter().rposition(|b| *b == b'\n') {
            // The last line of a file may lack its end.
            _ if self.ended => {}
            Some(at) => {
                self.rest = buffer.split_off(at + 1);
                consumed = buffer.len() as u64;
            }
            None => consumed += self.skip_line(&mut buffer)?,
        }
        self.offset += consumed;
        Ok((!buffer.is_empty()).then(|| Piece { lines: buffer.into(), end: self.offset }))
    }

    fn fill(&mut self, buffer: &mut Vec<u8>) -> io::Result<()> {
        let room = self.piece_bytes.saturating_sub(buffer.len()) as u64;
        let read = self.input.by_ref().take(room).read_to_end(buffer)?;
        self.ended |= (read as u64) < room;
        if let Some(progress) = &self.progress {
            progress.read(read as u64);
        }
        Ok(())
    }

    /// Cuts a line that fills the whole buffer and passes over the rest of it; returns how much that was.
    fn skip_line(&mut self, buffer: &mut Vec<u8>) -> io::Result<u64> {
        buffer.truncate(OVERLONG_KEPT.min(self.piece_bytes));
        let mut skipped = 0;
        loop {
            let mut more = Vec::with_capacity(self.piece_bytes);
            self.fill(&mut more)?;
            if let Some(at) = more.iter().position(|b| *b == b'\n') {
                self.rest = more.split_off(at + 1);
                return Ok(skipped + more.len() as u64);
            }
            skipped += more.len() as u64;
            if self.ended {
                return Ok(skipped);
            }
        }
    }
}

/// Tells the progress bar how much of the file itself has been read.
struct Counted {
    file: File,
    progress: Progress,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.progress.read(read as u64);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn pieces(name: &str, bytes: &[u8], skip: u64, piece_bytes: usize) -> Vec<(String, u64)> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let mut pieces = Pieces::open(&path, skip, piece_bytes, Progress::hidden()).unwrap();
        let mut all = Vec::new();
        while let Some(piece) = pieces.next().unwrap() {
            all.push((String::from_utf8(piece.lines.to_vec()).unwrap(), piece.end));
        }
        all
    }

    #[test]
    fn pieces_are_whole_lines_and_together_the_file() {
        let text: String = (0..200).map(|i| format!("line {i} {}\n", "x".repeat(i % 23))).collect();
        for size in [64, 65, 100, 1_000, 100_000] {
            let all = pieces("f.ndjson", text.as_bytes(), 0, size);
            assert_eq!(all.iter().map(|p| p.0.as_str()).collect::<String>(), text, "size {size}");
            assert!(all.iter().all(|p| p.0.ends_with('\n')));
            let (_, end) = all[all.len() / 2];
            let rest = pieces("f.ndjson", text.as_bytes(), end, size);
            assert_eq!(rest.iter().map(|p| p.0.as_str()).collect::<String>(), text[end as usize..]);
        }
    }

    #[test]
    fn the_last_line_may_lack_its_end_and_a_file_may_be_empty() {
        assert_eq!(pieces("f", b"a\nb", 0, 64), [("a\nb".to_owned(), 3)]);
        assert_eq!(pieces("f", b"", 0, 64), []);
    }

    #[test]
    fn a_line_longer_than_a_piece_is_cut_and_the_next_one_whole() {
        let text = format!("a\n{}\nb\n", "x".repeat(1_000));
        let all = pieces("f", text.as_bytes(), 0, 64);
        assert_eq!(all.first().unwrap().0, "a\n");
        assert_eq!(all.last().unwrap(), &("b\n".to_owned(), text.len() as u64));
        assert!(all[1].0.len() <= 64 && all[1].0.starts_with("xx"));
        let unended = "y".repeat(1_000);
        assert_eq!(pieces("f", unended.as_bytes(), 0, 64).last().unwrap().1, 1_000);
    }

    #[test]
    fn compressed_files_read_the_same_and_skip_the_same_whatever_they_are_called() {
        let text: String = (0..500).map(|i| format!("line {i}\n")).collect();
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(text.as_bytes()).unwrap();
        let gz = gz.finish().unwrap();
        let zst = zstd::encode_all(text.as_bytes(), 1).unwrap();
        for (name, bytes) in [("f.ndjson.gz", &gz), ("f.ndjson.zst", &zst), ("f.ndjson", &gz), ("f.gz", &zst)] {
            let all = pieces(name, bytes, 0, 256);
            assert_eq!(all.iter().map(|p| p.0.as_str()).collect::<String>(), text);
            let rest = pieces(name, bytes, all[3].1, 256);
            assert_eq!(rest.iter().map(|p| p.0.as_str()).collect::<String>(), text[all[3].1 as usize..]);
        }
        assert_eq!(pieces("f.gz", b"not gzip", 0, 64), [("not gzip".to_owned(), 8)]);
        let cut = gz[..gz.len() / 2].to_vec();
        assert!(std::panic::catch_unwind(|| pieces("f.gz", &cut, 0, 64)).is_err());
    }
}
