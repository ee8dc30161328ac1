//! One person in memory: events by UTC day, what was written about each local day, and what later days need to know of
//! earlier ones.

use std::sync::Arc;

use schemas::directory::{DAY_MS, Person};

use super::chunk::{Chunk, Packed, Unpacked};
use super::emitted::Emitted;
use super::id::Id;
use super::symbols::Symbols;

/// What a day's row tells later days: streak and rest the next one, all of it the risk of four weeks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Carry {
    pub day: i32,
    pub streak: i32,
    /// The row is final, and the risks that hang on it were told of it.
    pub settled: bool,
    pub workday: bool,
    pub first_active: Option<i64>,
    pub last_active: Option<i64>,
    pub active_ms: i32,
    pub focus_ms: i32,
    pub meeting_ms: i32,
    pub after_hours_ms: i32,
    pub interruption_score: f64,
}

/// Days of `Carry` kept, more than a risk is made of; older ones are loaded when a late event asks. Cut when there are `CARRY_MOST`.
const CARRY_DAYS: usize = 32;
const CARRY_MOST: usize = 40;
/// The same of moods, when there are so many.
const MOOD_DAYS: i32 = 60;
const MOODS_MOST: usize = 500;

#[derive(Debug)]
pub struct User {
    pub name: Box<str>,
    pub person: Arc<Person>,
    pub symbols: Symbols,
    /// By day, ascending.
    pub chunks: Vec<Chunk>,
    /// UTC days up to here may have events in the store though no chunk is in memory.
    pub cold_days: i32,
    /// By day, ascending.
    pub emitted: Vec<Emitted>,
    /// Local days up to here may have rows in the store though nothing is in memory.
    pub cold_rows: i32,
    /// By day, ascending; complete from `carry_from` on.
    pub carry: Vec<Carry>,
    pub carry_from: i32,
    /// Moods told in check-ins, with their times: complete from the UTC day `carry_from` on.
    pub moods: Vec<(i64, u8)>,
    /// Sessions planned for longer than `session_max`: (start, start + plan). Next to none.
    pub long_plans: Vec<(i64, i64)>,
    /// Part of the batch under way: its place in the list of the touched.
    pub touched: u32,
    /// The commit that touched it last.
    pub last_commit: u32,
    pub bytes: usize,
}

pub const UNTOUCHED: u32 = u32::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    New,
    Duplicate,
    /// No room for more of this person and day.
    Full,
}

impl User {
    pub fn chunk(&self, day: i32) -> Option<&Chunk> {
        self.chunks.binary_search_by_key(&day, |c| c.day).ok().map(|i| &self.chunks[i])
    }

    pub fn knows_events(&self, day: i32) -> bool {
        day > self.cold_days || self.chunk(day).is_some()
    }

    pub fn knows_rows(&self, day: i32) -> bool {
        day > self.cold_rows || self.emitted.binary_search_by_key(&day, |e| e.day).is_ok()
    }

    /// The chunk of a day; made when it is not there, which the caller must know to be right.
    pub fn chunk_mut(&mut self, day: i32) -> &mut Chunk {
        let at = match self.chunks.binary_search_by_key(&day, |c| c.day) {
            Ok(at) => at,
            Err(at) => {
                self.chunks.insert(at, Chunk::new(day));
                at
            }
        };
        &mut self.chunks[at]
    }

    pub fn emitted_mut(&mut self, day: i32) -> &mut Emitted {
        let at = match self.emitted.binary_search_by_key(&day, |e| e.day) {
            Ok(at) => at,
            Err(at) => {
                self.emitted.insert(at, Emitted::new(day));
                at
            }
        };
        &mut self.emitted[at]
    }

    pub fn intern(&mut self, name: &str) -> Option<u32> {
        self.symbols.intern(name)
    }

    /// Adds an event unless its id is known on its UTC day or one next to it. Not on others, though they be in memory: what
    /// counts must not depend on what is.
    #[inline]
    pub fn insert(&mut self, id: Id, event: &Unpacked, long_after_ms: i64) -> Inserted {
        let hash = id.hash();
        let day = event.ts().div_euclid(DAY_MS) as i32;
        if self.chunks.iter().rev().any(|c| (day - 1..=day + 1).contains(&c.day) && c.has(&id, hash)) {
            return Inserted::Duplicate;
        }
        let at = match self.chunks.binary_search_by_key(&day, |c| c.day) {
            Ok(at) => at,
            Err(at) => {
                self.chunks.insert(at, Chunk::new(day));
                at
            }
        };
        if self.chunks[at].is_full() {
            return Inserted::Full;
        }
        if let Unpacked::Phase(e) = event
            && let Some(plan) = e.planned_ms.filter(|p| *p > long_after_ms)
        {
            self.long_plan(e.ts, plan);
        }
        self.chunks[at].push(Packed::new(id, event), hash, &self.symbols);
        Inserted::New
    }

    pub fn long_plan(&mut self, ts: i64, plan: i64) {
        // Three days back they can reach nothing any more that a chunk in memory does not show.
        let newest = self.long_plans.iter().map(|p| p.0).max().unwrap_or(i64::MIN);
        self.long_plans.retain(|p| p.0 > newest - 3 * DAY_MS);
        if !self.long_plans.contains(&(ts, ts + plan)) {
            self.long_plans.push((ts, ts + plan));
        }
    }

    pub fn may_have_events(&self, from: i64, to: i64) -> bool {
        self.chunks.iter().any(|c| c.may_have(from, to))
    }

    /// Certainly no event lies at or after an instant, and nothing was written about a later local day.
    pub fn has_nothing_after(&self, from: i64, local_day: i32) -> bool {
        let known = from.div_euclid(DAY_MS) > i64::from(self.cold_days) && local_day >= self.cold_rows;
        known && !self.may_have_events(from, i64::MAX) && self.emitted.last().is_none_or(|e| e.day <= local_day)
    }

    pub fn may_have_rows(&self, day: i32) -> bool {
        day <= self.cold_rows || self.emitted.binary_search_by_key(&day, |e| e.day).is_ok()
    }

    pub fn carry_of(&self, day: i32) -> Option<Carry> {
        self.carry.binary_search_by_key(&day, |c| c.day).ok().map(|i| self.carry[i])
    }

    /// Sets or clears what a day tells later ones; gives what it told before.
    pub fn set_carry(&mut self, day: i32, carry: Option<Carry>) -> Option<Carry> {
        match (self.carry.binary_search_by_key(&day, |c| c.day), carry) {
            (Ok(at), Some(new)) => Some(std::mem::replace(&mut self.carry[at], new)),
            (Ok(at), None) => Some(self.carry.remove(at)),
            (Err(at), Some(new)) => {
                self.carry.insert(at, new);
                None
            }
            (Err(_), None) => None,
        }
    }

    /// What the store knows of a day.
    pub fn set_stored(&mut self, carry: Carry) {
        let workday = self.person.is_workday(carry.day);
        self.set_carry(carry.day, Some(Carry { workday, ..carry }));
    }

    /// Forgets the oldest days of `carry`.
    pub fn trim_carry(&mut self) {
        if self.carry.len() > CARRY_MOST {
            let cut = self.carry.len() - CARRY_DAYS;
            self.carry_from = self.carry_from.max(self.carry[cut].day);
            self.carry.drain(..cut);
            self.carry.shrink_to_fit();
            self.forget_moods();
        }
        // Of somebody with moods and next to nothing else.
        if self.moods.len() > MOODS_MOST {
            let newest = self.moods.iter().map(|(ts, _)| *ts).max().unwrap_or(0);
            self.carry_from = self.carry_from.max(newest.div_euclid(DAY_MS) as i32 - MOOD_DAYS);
            self.carry.retain(|c| c.day >= self.carry_from);
            self.forget_moods();
        }
    }

    fn forget_moods(&mut self) {
        let from = self.moods_from();
        self.moods.retain(|(ts, _)| *ts >= from);
    }

    /// The first instant from which all moods are in memory.
    pub fn moods_from(&self) -> i64 {
        i64::from(self.carry_from).saturating_mul(DAY_MS)
    }

    pub fn measure(&self) -> usize {
        size_of::<User>()
            + self.name.len()
            + self.symbols.bytes()
            + self.chunks.iter().map(Chunk::bytes).sum::<usize>()
            + self.emitted.iter().map(Emitted::bytes).sum::<usize>()
            + self.carry.capacity() * size_of::<Carry>()
            + self.moods.capacity() * size_of::<(i64, u8)>()
            + self.long_plans.capacity() * 16
    }

    /// Forgets the events of UTC days and the rows of local days up to `day`. What is forgotten is in the store.
    pub fn evict(&mut self, day: i32) {
        let chunks = self.chunks.partition_point(|c| c.day <= day);
        self.chunks.drain(..chunks);
        self.chunks.shrink_to_fit();
        self.cold_days = self.cold_days.max(day);
        let rows = self.emitted.partition_point(|e| e.day <= day);
        self.emitted.drain(..rows);
        self.emitted.shrink_to_fit();
        self.cold_rows = self.cold_rows.max(day);
        self.compact_symbols();
    }

    /// Names that no event in memory uses any more go when they are the larger part.
    fn compact_symbols(&mut self) {
        if self.chunks.iter().all(Chunk::is_empty) && self.emitted.is_empty() {
            self.symbols = Symbols::default();
            return;
        }
        let mut used = vec![false; self.symbols.len()];
        let mut mark = |symbol: u32| {
            if let Some(flag) = used.get_mut(symbol as usize) {
                *flag = true;
            }
        };
        for packed in self.chunks.iter_mut().flat_map(Chunk::events_mut) {
            packed.id().symbol().into_iter().for_each(&mut mark);
            packed.symbols().for_each(|s| mark(*s));
        }
        self.emitted.iter().flat_map(|e| &e.messages).filter_map(|m| m.id.symbol()).for_each(&mut mark);
        let count = used.iter().filter(|u| **u).count();
        if count * 2 > used.len() || used.len() < 256 {
            return;
        }
        let mut kept = Symbols::default();
        let new: Vec<u32> = used
            .iter()
            .enumerate()
            .map(|(i, u)| if *u { kept.intern(self.symbols.get(i as u32)).unwrap_or(0) } else { 0 })
            .collect();
        let renamed = |symbol: u32| new.get(symbol as usize).copied().unwrap_or(0);
        for chunk in &mut self.chunks {
            for packed in chunk.events_mut() {
                if let Some(symbol) = packed.id().symbol() {
                    packed.set_id(Id::with_symbol(renamed(symbol)));
                }
                packed.symbols().for_each(|s| *s = renamed(*s));
            }
            chunk.reindex();
        }
        for message in self.emitted.iter_mut().flat_map(|e| &mut e.messages) {
            if let Some(symbol) = message.id.symbol() {
                message.id = Id::with_symbol(renamed(symbol));
            }
        }
        self.symbols = kept;
    }
}
