//! Recent appends, kept as the buffers they came in: the whole of the memory log, the tail of the embedded one.

use std::collections::VecDeque;

use crate::Records;
use crate::records::concat;

#[derive(Debug, Default)]
pub(crate) struct Chunks {
    /// One per append, consecutive, none empty.
    chunks: VecDeque<Records>,
    bytes: usize,
}

impl Chunks {
    pub fn push(&mut self, records: Records) {
        self.bytes += records.wire().len();
        self.chunks.push_back(records);
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn len(&self) -> usize {
        self.chunks.len()
    }

    pub fn oldest(&self) -> Option<&Records> {
        self.chunks.front()
    }

    pub fn drop_oldest(&mut self) {
        if let Some(oldest) = self.chunks.pop_front() {
            self.bytes -= oldest.wire().len();
        }
    }

    /// Records from `from` on; None when that is not here.
    pub fn read(&self, from: u64, max_bytes: usize) -> Option<Records> {
        if from < self.oldest()?.base_offset() {
            return None;
        }
        let first = self.chunks.partition_point(|c| c.next_offset() <= from);
        let parts = self.chunks.iter().skip(first).map(|chunk| chunk.part(from, max_bytes));
        gather(from, max_bytes, parts)
    }
}

/// Joins consecutive parts up to `max_bytes`, but takes the first alone when it is most of what was asked for: that
/// one needs no copy. Stops before a part that does not fit; never before the first.
pub(crate) fn gather(from: u64, max_bytes: usize, parts: impl Iterator<Item = Records>) -> Option<Records> {
    let mut taken: Vec<Records> = Vec::new();
    let mut bytes = 0;
    for part in parts {
        // A part that does not follow was cut short by the limit, and what comes after it must wait.
        let follows = taken.last().is_none_or(|last| last.next_offset() == part.base_offset());
        if !follows || (!taken.is_empty() && bytes + part.wire().len() > max_bytes) {
            break;
        }
        bytes += part.wire().len();
        taken.push(part);
        if bytes >= max_bytes / 2 {
            break;
        }
    }
    (!taken.is_empty()).then(|| concat(from, taken))
}
