//! One person's events of one UTC day, 32 bytes each, in the order of (time, id) once sorted.

use schemas::directory::DAY_MS;
use schemas::event::{Category, Direction, MessageKind, Phase, SessionKind};

use super::blocks::Blocks;
use super::id::{Form, Id};
use super::slots::{MAX_ITEMS, Slots};
use super::symbols::Symbols;
use crate::operators::{Activity, Message, SessionPhase};

const NONE: u32 = u32::MAX;

/// What a chunk keeps of an event: no more than the operators need.
#[derive(Debug, Clone, Copy)]
pub struct Packed {
    id: [u8; 16],
    /// Milliseconds into the UTC day.
    at: u32,
    /// Duration, plan, or the message's channel.
    a: u32,
    /// App, session or peer.
    b: u32,
    /// What kind of event (2 bits), form of the id (2 bits), then the kind's own words.
    bits: u32,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unpacked {
    Activity(Activity),
    Message(Message),
    Phase(SessionPhase),
}

impl Unpacked {
    pub fn ts(&self) -> i64 {
        match self {
            Unpacked::Activity(e) => e.ts,
            Unpacked::Message(e) => e.ts,
            Unpacked::Phase(e) => e.ts,
        }
    }
}

impl Packed {
    pub fn new(id: Id, event: &Unpacked) -> Packed {
        let form = (id.form as u32) << 2;
        let (ts, a, b, bits) = match event {
            Unpacked::Activity(e) => (e.ts, e.duration_ms as u32, e.app, u32::from(e.afk) << 4 | (e.category as u32) << 5),
            Unpacked::Message(e) => {
                let words = (e.kind as u32) << 4 | (e.direction as u32) << 7 | u32::from(e.notified) << 8;
                (e.ts, e.channel, e.peer.unwrap_or(NONE), 1 | words)
            }
            Unpacked::Phase(e) => {
                let plan = e.planned_ms.map_or(NONE, |p| p.clamp(0, i64::from(NONE) - 1) as u32);
                (e.ts, plan, e.session, 2 | (e.kind as u32) << 4 | (e.phase as u32) << 7)
            }
        };
        Packed { id: id.bytes, at: ts.rem_euclid(DAY_MS) as u32, a, b, bits: form | bits }
    }

    #[inline]
    pub fn id(&self) -> Id {
        Id { form: Form::of(self.bits >> 2), bytes: self.id }
    }

    pub fn set_id(&mut self, id: Id) {
        self.id = id.bytes;
    }

    /// The symbols it names: app, session or peer, and channel.
    pub fn symbols(&mut self) -> impl Iterator<Item = &mut u32> {
        let channel = (self.bits & 3 == 1).then_some(&mut self.a);
        channel.into_iter().chain(Some(&mut self.b).filter(|b| **b != NONE))
    }

    #[inline]
    fn unpack(&self, midnight: i64, token: u64) -> Unpacked {
        let ts = midnight + i64::from(self.at);
        let bits = self.bits;
        match bits & 3 {
            0 => Unpacked::Activity(Activity {
                ts,
                duration_ms: i64::from(self.a),
                app: self.b,
                category: word(Category::ALL, bits >> 5 & 15),
                afk: bits >> 4 & 1 == 1,
            }),
            1 => Unpacked::Message(Message {
                ts,
                kind: word(MessageKind::ALL, bits >> 4 & 7),
                direction: word(Direction::ALL, bits >> 7 & 1),
                notified: bits >> 8 & 1 == 1,
                channel: self.a,
                peer: Some(self.b).filter(|b| *b != NONE),
                token,
            }),
            _ => Unpacked::Phase(SessionPhase {
                ts,
                session: self.b,
                kind: word(SessionKind::ALL, bits >> 4 & 7),
                phase: word(Phase::ALL, bits >> 7 & 7),
                planned_ms: Some(i64::from(self.a)).filter(|_| self.a != NONE),
            }),
        }
    }

    fn is_phase(&self) -> bool {
        self.bits & 3 == 2
    }
}

#[inline]
fn word<T: Copy>(all: &[T], index: u32) -> T {
    all[(index as usize).min(all.len() - 1)]
}

#[derive(Debug, Clone)]
pub struct Chunk {
    /// UTC day.
    pub day: i32,
    sorted: bool,
    first: u32,
    last: u32,
    events: Blocks<Packed>,
    slots: Slots,
}

impl Chunk {
    pub fn new(day: i32) -> Chunk {
        Chunk { day, sorted: true, first: u32::MAX, last: 0, events: Blocks::default(), slots: Slots::default() }
    }

    #[inline]
    pub fn has(&self, id: &Id, hash: u64) -> bool {
        self.slots.find(hash, |i| self.id_at(i) == Some(*id)).is_some()
    }

    pub fn is_full(&self) -> bool {
        self.events.len() >= MAX_ITEMS
    }

    /// The caller has looked for the id in all chunks.
    pub fn push(&mut self, event: Packed, hash: u64, symbols: &Symbols) {
        if let Some(last) = self.events.last() {
            let order = last.at.cmp(&event.at).then_with(|| last.id().compare(&event.id(), symbols));
            self.sorted &= order.is_lt();
        }
        self.first = self.first.min(event.at);
        self.last = self.last.max(event.at);
        self.events.push(event);
        let events = &self.events;
        self.slots.push(hash, |i| events.get(i).map_or(0, |e| e.id().hash()));
    }

    pub fn sort(&mut self, symbols: &Symbols) {
        if self.sorted {
            return;
        }
        self.events.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.id().compare(&b.id(), symbols)));
        self.slots.rebuild(self.events.iter().map(|e| e.id().hash()));
        self.sorted = true;
    }

    /// Whether an event may lie in [from, to); never wrong when it says no.
    pub fn may_have(&self, from: i64, to: i64) -> bool {
        let midnight = self.midnight();
        !self.events.is_empty() && midnight + i64::from(self.first) < to && midnight + i64::from(self.last) >= from
    }

    pub fn midnight(&self) -> i64 {
        i64::from(self.day) * DAY_MS
    }

    /// Events in [from, to), in order; the chunk must be sorted. `token` of messages is (day, place).
    pub fn visit(&self, from: i64, to: i64, mut visit: impl FnMut(Unpacked)) {
        let midnight = self.midnight();
        let start = self.events.partition_point(|e| midnight + i64::from(e.at) < from);
        for (i, event) in (start..).zip(self.events.iter_from(start)) {
            if midnight + i64::from(event.at) >= to {
                break;
            }
            visit(event.unpack(midnight, token(self.day, i)));
        }
    }

    /// Session phases in [from, to), in order; the chunk must be sorted.
    pub fn phases(&self, from: i64, to: i64) -> impl Iterator<Item = SessionPhase> {
        let midnight = self.midnight();
        self.events.iter().filter(|e| e.is_phase()).filter_map(move |e| match e.unpack(midnight, 0) {
            Unpacked::Phase(phase) if (from..to).contains(&phase.ts) => Some(phase),
            _ => None,
        })
    }

    pub fn id_at(&self, place: usize) -> Option<Id> {
        self.events.get(place).map(Packed::id)
    }

    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    pub fn bytes(&self) -> usize {
        self.events.bytes() + self.slots.bytes() + size_of::<Chunk>()
    }

    pub fn events_mut(&mut self) -> impl Iterator<Item = &mut Packed> {
        self.events.iter_mut()
    }

    /// After the ids were rewritten.
    pub fn reindex(&mut self) {
        self.slots.rebuild(self.events.iter().map(|e| e.id().hash()));
    }
}

pub fn token(day: i32, place: usize) -> u64 {
    (day as u32 as u64) << 32 | place as u64
}

/// The UTC day and place a token stands for.
pub fn token_place(token: u64) -> (i32, usize) {
    ((token >> 32) as i32, token as u32 as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_32_bytes_and_comes_back() {
        assert_eq!(size_of::<Packed>(), 32);
        let mut symbols = Symbols::default();
        let mut chunk = Chunk::new(3);
        let midnight = 3 * DAY_MS;
        let activity = Unpacked::Activity(Activity {
            ts: midnight + 5,
            duration_ms: 14_400_000,
            app: 7,
            category: Category::Other,
            afk: true,
        });
        let message = Unpacked::Message(Message {
            ts: midnight + DAY_MS - 1,
            kind: MessageKind::Call,
            direction: Direction::Sent,
            notified: true,
            channel: 3,
            peer: None,
            token: token(3, 2),
        });
        let phase = Unpacked::Phase(SessionPhase {
            ts: midnight + 7,
            session: 4,
            kind: SessionKind::Checkin,
            phase: Phase::Abandon,
            planned_ms: Some(86_400_000),
        });
        for (name, event) in [("m", &message), ("p", &phase), ("a", &activity)] {
            let id = Id::pack(name, &mut symbols).unwrap();
            assert!(!chunk.has(&id, id.hash()));
            chunk.push(Packed::new(id, event), id.hash(), &symbols);
        }
        chunk.sort(&symbols);
        let mut seen = Vec::new();
        chunk.visit(midnight, midnight + DAY_MS, |e| seen.push(e));
        assert_eq!(seen, [activity, phase, message]);
        let id = Id::pack("p", &mut symbols).unwrap();
        assert!(chunk.has(&id, id.hash()) && chunk.id_at(1) == Some(id));
    }
}
