//! The bytes on disk. A segment is a head and then frames; a frame is a head and records in wire form, little endian:
//!
//! segment head: `magic 8 | base u64 | previous_base u64 | previous_len u64 | created_ms i64 | crc u32`
//! frame head:   `magic 4 | crc u32 | payload_len u32 | count u32 | base u64 | synced u64`
//!
//! Each checksum covers everything after itself (or before, in a segment head), the payload included. A segment head
//! names its predecessor with its final length, so that a missing, renamed or shortened segment is seen without reading
//! it. `synced` is the segment's length that was durable when the frame was written: damage below it is no torn tail.

use crate::Records;

pub const SEGMENT_HEAD: usize = 8 + 4 * 8 + 4;
pub const FRAME_HEAD: usize = 4 + 4 + 4 + 4 + 8 + 8;
/// Frames are cut at about this many bytes: what one read must check at least.
pub const FRAME_BYTES: usize = 256 * 1024;

const SEGMENT_MAGIC: [u8; 8] = *b"FFLOG\xff\x00\x01";
/// Not UTF-8, so that no JSON inside a record can pass for it.
pub const FRAME_MAGIC: [u8; 4] = [0xff, b'F', 0xfe, 0x01];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentHead {
    /// Offset of the first record.
    pub base: u64,
    /// Base and final length of the segment before; none for the first of a partition.
    pub previous: Option<(u64, u64)>,
    pub created_ms: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHead {
    pub crc: u32,
    pub payload_len: u32,
    pub count: u32,
    pub base: u64,
    pub synced: u64,
}

impl SegmentHead {
    pub fn encode(&self) -> [u8; SEGMENT_HEAD] {
        let (previous_base, previous_len) = self.previous.unwrap_or((u64::MAX, 0));
        let mut out = [0; SEGMENT_HEAD];
        out[..8].copy_from_slice(&SEGMENT_MAGIC);
        out[8..16].copy_from_slice(&self.base.to_le_bytes());
        out[16..24].copy_from_slice(&previous_base.to_le_bytes());
        out[24..32].copy_from_slice(&previous_len.to_le_bytes());
        out[32..40].copy_from_slice(&self.created_ms.to_le_bytes());
        let crc = crc32fast::hash(&out[..40]);
        out[40..].copy_from_slice(&crc.to_le_bytes());
        out
    }

    pub fn decode(bytes: &[u8]) -> Option<SegmentHead> {
        if bytes.get(..8)? != SEGMENT_MAGIC || u32_at(bytes, 40)? != crc32fast::hash(bytes.get(..40)?) {
            return None;
        }
        let previous = (u64_at(bytes, 16)?, u64_at(bytes, 24)?);
        Some(SegmentHead {
            base: u64_at(bytes, 8)?,
            previous: (previous.0 != u64::MAX).then_some(previous),
            created_ms: u64_at(bytes, 32)? as i64,
        })
    }
}

impl FrameHead {
    /// The head of a frame over these records, which need not lie in one buffer.
    pub fn over(parts: &[Records], base: u64, synced: u64) -> FrameHead {
        let payload_len = parts.iter().map(|p| p.wire().len()).sum::<usize>() as u32;
        let count = parts.iter().map(Records::len).sum::<usize>() as u32;
        let mut head = FrameHead { crc: 0, payload_len, count, base, synced };
        let mut crc = crc32fast::Hasher::new();
        crc.update(&head.encode()[8..]);
        parts.iter().for_each(|part| crc.update(part.wire()));
        head.crc = crc.finalize();
        head
    }

    pub fn encode(&self) -> [u8; FRAME_HEAD] {
        let mut out = [0; FRAME_HEAD];
        out[..4].copy_from_slice(&FRAME_MAGIC);
        out[4..8].copy_from_slice(&self.crc.to_le_bytes());
        out[8..12].copy_from_slice(&self.payload_len.to_le_bytes());
        out[12..16].copy_from_slice(&self.count.to_le_bytes());
        out[16..24].copy_from_slice(&self.base.to_le_bytes());
        out[24..].copy_from_slice(&self.synced.to_le_bytes());
        out
    }

    pub fn decode(bytes: &[u8]) -> Option<FrameHead> {
        if bytes.get(..4)? != FRAME_MAGIC {
            return None;
        }
        let (payload_len, count) = (u32_at(bytes, 8)?, u32_at(bytes, 12)?);
        let head = FrameHead { crc: u32_at(bytes, 4)?, payload_len, count, base: u64_at(bytes, 16)?, synced: u64_at(bytes, 24)? };
        (count > 0).then_some(head)
    }

    pub fn verify(&self, payload: &[u8]) -> bool {
        let mut crc = crc32fast::Hasher::new();
        crc.update(&self.encode()[8..]);
        crc.update(payload);
        crc.finalize() == self.crc
    }

    /// Bytes on disk, head included.
    pub fn len(&self) -> u64 {
        (FRAME_HEAD + self.payload_len as usize) as u64
    }

    pub fn next_offset(&self) -> u64 {
        self.base + u64::from(self.count)
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}
