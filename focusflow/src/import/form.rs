//! What a file is, by how it begins: names lie, most of all where a browser has unpacked a download on its way.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, Result};
use store::event_file::{EventFile, MAGIC};

use super::pieces::Pieces;
use super::progress::Progress;
use crate::problem::Problem;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One event a line.
    Lines,
    /// The same, compressed.
    Gzip,
    Zstd,
    /// One event a row.
    Parquet,
}

impl Form {
    pub fn of(path: &Path) -> io::Result<Form> {
        let mut head = Vec::new();
        File::open(path)?.take(4).read_to_end(&mut head)?;
        Ok(match *head {
            [0x1f, 0x8b, ..] => Form::Gzip,
            // The second is a frame to be passed over, which parallel compressors begin with.
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Form::Zstd,
            _ if head == MAGIC => Form::Parquet,
            _ => Form::Lines,
        })
    }
}

/// A file that can be imported.
pub struct Usable {
    pub bytes: u64,
    /// What its owner should know of it.
    pub note: Option<String>,
}

/// Or why it cannot, before anything of it is taken in.
pub fn usable(path: &Path) -> Result<Usable> {
    let shown = path.display();
    let metadata = path.metadata().map_err(|e| match e.kind() {
        io::ErrorKind::NotFound if path == Path::new("-") => {
            Problem::new("standard input cannot be imported: an interrupted import goes on where it was, and a pipe cannot")
                .cure("write it to a file first, or post it to a server: curl --data-binary @- …/v1/events")
        }
        io::ErrorKind::NotFound => Problem::new(format!("there is no file {shown}")).cure(match std::env::current_dir() {
            Ok(here) if path.is_relative() => format!("the path is taken from {}", here.display()),
            _ => "look at it with ls".into(),
        }),
        _ => Problem::new(format!("{shown} cannot be read: {e}")).cure("it has to be readable by this user: see ls -l"),
    })?;
    if metadata.is_dir() {
        let cure = format!("name the files in it: focusflow import {}/*", shown.to_string().trim_end_matches('/'));
        return Err(Problem::new(format!("{shown} is a directory, and files are imported")).cure(cure).into());
    }
    if !metadata.is_file() {
        let problem = Problem::new(format!("{shown} is no regular file: an interrupted import could not go on where it was"));
        return Err(problem.cure("write what it gives to a file first").into());
    }
    let bytes = metadata.len();
    let unreadable = || {
        let cure = "it has to be whole, and readable by this user";
        Problem::new(format!("{shown} cannot be read")).cure(cure)
    };
    let note = match Form::of(path).with_context(unreadable)? {
        Form::Parquet => {
            let zoneless = EventFile::open(path, 0)?.assumes_utc();
            zoneless.then(|| format!("{shown}: the column `ts` names no time zone and is read as UTC"))
        }
        _ if bytes == 0 => Some(format!("{shown} is empty")),
        _ => {
            let first = Pieces::open(path, 0, 1 << 16, Progress::hidden()).and_then(|mut p| p.next()).with_context(unreadable)?;
            if first.is_some_and(|piece| piece.lines.trim_ascii_start().starts_with(b"[")) {
                let problem = Problem::new(format!("{shown} is a JSON array, and an import reads one event a line"));
                return Err(problem.cure(format!("write it as lines: jq -c '.[]' {shown} > events.ndjson")).into());
            }
            None
        }
    };
    Ok(Usable { bytes, note })
}
