//! The state blob of a commit: the few numbers that cannot be read from the tables.

use schemas::directory::DAY_MS;

use super::moves::Move;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// Of the last commit: rows carry it.
    pub version: u64,
    /// Greatest event time seen.
    pub max_ts: i64,
    pub watermark: i64,
    /// Least and greatest UTC day an event fell into.
    pub min_day: i32,
    pub max_day: i32,
    /// No local day before it has rows that are not final.
    pub open_from: i32,
    /// No row became due before it that was not made final.
    pub due_from: i64,
    /// Of the directory that the rows were made with, but for those of `moves`.
    pub directory: u64,
    /// Turns of models that the risks follow; `NONE_TOLD` when risks may be missing.
    pub turns: u32,
    /// People whose rows are still to be made anew.
    pub moves: Vec<Move>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the processor's state in the store has {len} bytes of format {format}, this program reads formats 1 to {FORMAT}: run the version that wrote it"
)]
pub struct StateError {
    len: usize,
    format: u8,
}

/// 1 did not say what is open, nor where events begin; 2 nothing of the models that tell risks.
const FORMAT: u8 = 3;
/// `turns` of what was written before days had a risk.
pub const NONE_TOLD: u32 = u32::MAX;
/// `open_from` when every row is final.
pub const NOTHING_OPEN: i32 = i32::MAX;
/// `open_from` when it is not known.
const ANYTHING_OPEN: i32 = i32::MIN;

impl Saved {
    pub fn new(directory: u64) -> Saved {
        Saved {
            version: 0,
            max_ts: i64::MIN / 2,
            watermark: i64::MIN / 2,
            min_day: i32::MAX / 2,
            max_day: i32::MIN / 2,
            open_from: NOTHING_OPEN,
            due_from: i64::MAX,
            directory,
            turns: 0,
            moves: Vec::new(),
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![FORMAT];
        out.extend_from_slice(&self.version.to_le_bytes());
        out.extend_from_slice(&self.max_ts.to_le_bytes());
        out.extend_from_slice(&self.watermark.to_le_bytes());
        out.extend_from_slice(&self.max_day.to_le_bytes());
        out.extend_from_slice(&self.min_day.to_le_bytes());
        out.extend_from_slice(&self.open_from.to_le_bytes());
        out.extend_from_slice(&self.due_from.to_le_bytes());
        out.extend_from_slice(&self.directory.to_le_bytes());
        out.extend_from_slice(&self.turns.to_le_bytes());
        for moved in &self.moves {
            out.extend_from_slice(&moved.from_ms.to_le_bytes());
            out.extend_from_slice(&(moved.user.len() as u32).to_le_bytes());
            out.extend_from_slice(moved.user.as_bytes());
        }
        out
    }

    /// `None` for a partition nobody ever committed to.
    pub fn decode(bytes: &[u8]) -> Result<Option<Saved>, StateError> {
        let Some(&format) = bytes.first() else { return Ok(None) };
        let error = StateError { len: bytes.len(), format };
        if !(1..=FORMAT).contains(&format) {
            return Err(error);
        }
        let mut rest = Reader(&bytes[1..]);
        Self::read(&mut rest, format).map(Some).ok_or(error)
    }

    fn read(rest: &mut Reader<'_>, format: u8) -> Option<Saved> {
        let mut saved = Saved {
            version: u64::from_le_bytes(rest.take()?),
            max_ts: i64::from_le_bytes(rest.take()?),
            watermark: i64::from_le_bytes(rest.take()?),
            max_day: i32::from_le_bytes(rest.take()?),
            min_day: if format == 1 { 0 } else { i32::from_le_bytes(rest.take()?) },
            open_from: if format == 1 { ANYTHING_OPEN } else { i32::from_le_bytes(rest.take()?) },
            due_from: if format == 1 { i64::MAX } else { i64::from_le_bytes(rest.take()?) },
            directory: u64::from_le_bytes(rest.take()?),
            turns: if format < 3 { NONE_TOLD } else { u32::from_le_bytes(rest.take()?) },
            moves: Vec::new(),
        };
        while !rest.0.is_empty() {
            let from_ms = i64::from_le_bytes(rest.take()?);
            let len = u32::from_le_bytes(rest.take()?) as usize;
            let (user, tail) = rest.0.split_at_checked(len)?;
            saved.moves.push(Move { user: String::from_utf8(user.to_vec()).ok()?, from_ms });
            rest.0 = tail;
        }
        Some(saved)
    }

    /// An event's time moves the watermark; a clock that runs ahead by more than ingest allows does not.
    pub fn see(&mut self, ts: i64, now_ms: i64, lateness_ms: i64) {
        let ts = ts.min(now_ms.saturating_add(DAY_MS));
        if ts > self.max_ts {
            self.max_ts = ts;
            self.watermark = self.watermark.max(ts - lateness_ms);
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.0.split_first_chunk()?;
        self.0 = tail;
        Some(*head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_comes_back() {
        let saved = Saved {
            version: 7 << 16,
            max_ts: 1_700_000_000_000,
            watermark: -5,
            min_day: 19_000,
            max_day: 20_000,
            open_from: 19_990,
            due_from: 1_699_999_000_000,
            directory: u64::MAX,
            turns: 2,
            moves: vec![],
        };
        let moving = Saved { moves: vec![Move { user: "ä".into(), from_ms: i64::MIN }; 2], ..saved.clone() };
        assert_eq!(Saved::decode(&moving.encode()), Ok(Some(moving.clone())));
        assert!(Saved::decode(&moving.encode()[..50]).is_err());
        assert_eq!(Saved::decode(&saved.encode()), Ok(Some(saved.clone())));
        assert_eq!(Saved::decode(&[]), Ok(None));
        assert!(Saved::decode(&saved.encode()[..20]).is_err());
        assert!(Saved::decode(&[9]).is_err() && Saved::decode(&[0]).is_err());
    }

    #[test]
    fn a_state_of_format_1_comes_back_and_anything_may_be_open() {
        let moves = vec![Move { user: "anna".into(), from_ms: 5 }];
        let (open_from, due_from) = (ANYTHING_OPEN, i64::MAX);
        let saved = Saved {
            version: 9,
            max_ts: 8,
            watermark: 7,
            min_day: 0,
            max_day: 6,
            open_from,
            due_from,
            directory: 4,
            turns: NONE_TOLD,
            moves,
        };
        let mut old = saved.encode();
        old.drain(53..57);
        old[0] = 2;
        let second = Saved::decode(&old).unwrap().unwrap();
        assert_eq!((second.turns, &second.moves), (NONE_TOLD, &saved.moves), "format 2 says nothing of models");
        old[0] = 1;
        old.drain(29..45);
        assert_eq!(Saved::decode(&old), Ok(Some(saved)));
    }
}
