//! Recent appends, kept as the buffers they came in: the whole of the memory log, the tail of the embedded one.

use std::collections::VecDeque;

use crate::Records;

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

    /// Parts of the appends from `from` on that fit into `max_bytes` together, to be joined with `concat`; None when that is
    /// not here. Takes handles and copies nothing, so that it is quick under a lock.
    pub fn parts(&self, from: u64, max_bytes: usize) -> Option<Vec<Records>> {
        if from < self.oldest()?.base_offset() {
            return None;
        }
        let first = self.chunks.partition_point(|c| c.next_offset() <= from);
        let parts = pick(max_bytes, self.chunks.iter().skip(first).map(|chunk| chunk.part(from, max_bytes)));
        (!parts.is_empty()).then_some(parts)
    }
}

/// Consecutive parts up to `max_bytes`, but the first alone when it is most of what was asked for: that one needs no copy.
/// Stops before a part that does not fit; never before the first.
fn pick(max_bytes: usize, parts: impl Iterator<Item = Records>) -> Vec<Records> {
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
        if taken.len() == 1 && bytes >= max_bytes / 2 {
            break;
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::batch;

    #[test]
    fn a_read_takes_as_many_appends_as_fit() {
        let mut chunks = Chunks::default();
        for i in 0..100 {
            chunks.push(batch("a", 10).with_base(i * 10));
        }
        let one = batch("a", 10).wire().len();
        let read = |from, max_bytes| chunks.parts(from, max_bytes).unwrap().len();
        assert_eq!(read(0, 20 * one), 20);
        assert_eq!(read(0, 20 * one - 1), 19);
        assert_eq!(read(5, 20 * one), 20, "half of the first");
        assert_eq!(read(0, 2 * one), 1, "most of what was asked for");
        assert_eq!(read(0, 1), 1);
        assert_eq!(read(970, usize::MAX), 3);
        assert!(chunks.parts(1_000, 100).is_none());
    }
}
