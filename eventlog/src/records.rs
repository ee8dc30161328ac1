//! Records in one buffer, in wire form: what is appended, stored and read without a copy per record.
//!
//! One record: `len u32 | timestamp i64 | key_len u16 | source_len u16 | key | source | value`, little endian;
//! `len` counts what follows it.

use std::ops::Range;

use bytes::Bytes;

const HEADER: usize = 4 + 8 + 2 + 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    pub offset: u64,
    /// When it was accepted, UTC milliseconds, positive.
    pub timestamp_ms: i64,
    /// The user, or empty.
    pub key: &'a [u8],
    /// Who sent it: the token's name. A header on Kafka.
    pub source: &'a [u8],
    pub value: &'a [u8],
}

/// Consecutive records. Those on their way in have base offset 0; the log gives the real one.
#[derive(Debug, Clone, Default)]
pub struct Records {
    base_offset: u64,
    count: usize,
    bytes: Bytes,
}

#[derive(Debug, Default)]
pub struct RecordsBuilder {
    count: usize,
    bytes: Vec<u8>,
}

impl RecordsBuilder {
    /// What a record takes in wire form.
    pub fn size_of(key: &[u8], source: &[u8], value: &[u8]) -> usize {
        HEADER + key.len() + source.len() + value.len()
    }

    /// Keys and sources past 65,535 bytes are cut; contracts keep them far shorter.
    pub fn push(&mut self, timestamp_ms: i64, key: &[u8], source: &[u8], value: &[u8]) {
        let key = &key[..key.len().min(usize::from(u16::MAX))];
        let source = &source[..source.len().min(usize::from(u16::MAX))];
        let len = (HEADER - 4 + key.len() + source.len() + value.len()) as u32;
        self.bytes.reserve(RecordsBuilder::size_of(key, source, value));
        self.bytes.extend_from_slice(&len.to_le_bytes());
        self.bytes.extend_from_slice(&timestamp_ms.to_le_bytes());
        self.bytes.extend_from_slice(&(key.len() as u16).to_le_bytes());
        self.bytes.extend_from_slice(&(source.len() as u16).to_le_bytes());
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(source);
        self.bytes.extend_from_slice(value);
        self.count += 1;
    }

    /// Room for so many more bytes: one allocation instead of a series that doubles.
    pub fn reserve(&mut self, bytes: usize) {
        self.bytes.reserve(bytes);
    }

    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    pub fn finish(&mut self) -> Records {
        let count = std::mem::take(&mut self.count);
        Records { base_offset: 0, count, bytes: std::mem::take(&mut self.bytes).into() }
    }
}

impl Records {
    /// Wraps wire bytes; `None` when they are not whole records.
    pub fn from_wire(base_offset: u64, bytes: Bytes) -> Option<Records> {
        let mut count = 0;
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (_, tail) = split_record(0, rest)?;
            rest = tail;
            count += 1;
        }
        Some(Records { base_offset, count, bytes })
    }

    pub fn with_base(mut self, base_offset: u64) -> Records {
        self.base_offset = base_offset;
        self
    }

    pub fn base_offset(&self) -> u64 {
        self.base_offset
    }

    /// The offset after the last record.
    pub fn next_offset(&self) -> u64 {
        self.base_offset + self.count as u64
    }

    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The records from offset `from` on (which must lie at or after the base) that fit into `max_bytes`, at least
    /// one when there is one. Shares the buffer.
    pub fn part(&self, from: u64, max_bytes: usize) -> Records {
        let span = span(&self.bytes, self.base_offset, self.count, from, max_bytes);
        Records { base_offset: span.base_offset, count: span.count, bytes: self.bytes.slice(span.bytes) }
    }

    /// The first records that fit into `max_bytes` (at least one when there is one), and the rest.
    pub fn split(self, max_bytes: usize) -> (Records, Records) {
        if self.bytes.len() <= max_bytes {
            let none = Records { base_offset: self.next_offset(), count: 0, bytes: Bytes::new() };
            return (self, none);
        }
        let (end, count) = end_of(&self.bytes, 0, self.count, max_bytes);
        let rest =
            Records { base_offset: self.base_offset + count as u64, count: self.count - count, bytes: self.bytes.slice(end..) };
        (Records { count, bytes: self.bytes.slice(..end), ..self }, rest)
    }

    /// Wraps wire bytes whose wholeness and count the caller knows (a checksum covers both).
    pub(crate) fn trusted(base_offset: u64, count: usize, bytes: Bytes) -> Records {
        Records { base_offset, count, bytes }
    }

    pub fn wire(&self) -> &Bytes {
        &self.bytes
    }

    pub fn iter(&self) -> impl Iterator<Item = Record<'_>> {
        let mut rest = &self.bytes[..];
        let mut offset = self.base_offset;
        std::iter::from_fn(move || {
            let (record, tail) = split_record(offset, rest)?;
            rest = tail;
            offset += 1;
            Some(record)
        })
    }
}

/// Some of the records that lie in a buffer.
pub(crate) struct Span {
    pub base_offset: u64,
    pub count: usize,
    pub bytes: Range<usize>,
}

/// Of the `count` records in `bytes`, the first of which has the base offset, those from `from` on that fit into
/// `max_bytes`; at least one when there is one.
pub(crate) fn span(bytes: &[u8], base_offset: u64, count: usize, from: u64, max_bytes: usize) -> Span {
    let skip = (from.saturating_sub(base_offset)).min(count as u64) as usize;
    let start = end_of(bytes, 0, skip, usize::MAX).0;
    let (base_offset, rest) = (base_offset + skip as u64, count - skip);
    if bytes.len() - start <= max_bytes {
        return Span { base_offset, count: rest, bytes: start..bytes.len() };
    }
    let (end, count) = end_of(bytes, start, rest, max_bytes);
    Span { base_offset, count, bytes: start..end }
}

/// Where `count` records from byte `start` on end, stopping before `max_bytes` are passed but not before one record;
/// and how many that are.
fn end_of(bytes: &[u8], start: usize, count: usize, max_bytes: usize) -> (usize, usize) {
    let mut at = start;
    for taken in 0..count {
        let Some(len) = bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes) else {
            return (at, taken);
        };
        let next = at + 4 + len as usize;
        if next > bytes.len() || (taken > 0 && next - start > max_bytes) {
            return (at, taken);
        }
        at = next;
    }
    (at, count)
}

/// Consecutive parts as one; copies only when there is more than one.
pub(crate) fn concat(base_offset: u64, mut parts: Vec<Records>) -> Records {
    if parts.len() <= 1 {
        return parts.pop().unwrap_or_default().with_base(base_offset);
    }
    let mut bytes = Vec::with_capacity(parts.iter().map(|p| p.bytes.len()).sum());
    parts.iter().for_each(|p| bytes.extend_from_slice(&p.bytes));
    Records { base_offset, count: parts.iter().map(Records::len).sum(), bytes: bytes.into() }
}

fn split_record(offset: u64, bytes: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let len = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    let body = bytes.get(4..4 + len)?;
    let timestamp_ms = i64::from_le_bytes(body.get(..8)?.try_into().ok()?);
    let key_len = usize::from(u16::from_le_bytes(body.get(8..10)?.try_into().ok()?));
    let source_len = usize::from(u16::from_le_bytes(body.get(10..12)?.try_into().ok()?));
    let key = body.get(12..12 + key_len)?;
    let source = body.get(12 + key_len..12 + key_len + source_len)?;
    let value = body.get(12 + key_len + source_len..)?;
    Some((Record { offset, timestamp_ms, key, source, value }, &bytes[4 + len..]))
}
