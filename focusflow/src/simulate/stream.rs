//! All people's events merged in time order. Time goes in slices of a minute: blocks that begin in a slice are unrolled
//! into the slices their events belong to, then the slice is sorted and given out. Memory holds the blocks under way, not
//! the day.

use std::collections::VecDeque;

use schemas::directory::DAY_MS;

use super::block::Filler;
use super::day::{Block, HOUR, MINUTE, plan};
use super::dice::Dice;
use super::item::{Body, Item};
use super::{Workforce, json};

const SLICE_MS: i64 = MINUTE;
/// A duplicate comes at most this long after its first.
const RETRY_MS: i64 = 60_000;
/// What a block causes after its end: answers that are under way, calls.
const AFTER_MS: i64 = HOUR;

/// Events of [from, to), by the time they come.
pub struct Events<'a> {
    workforce: &'a Workforce,
    from: i64,
    to: i64,
    cursors: Vec<Cursor>,
    /// The slices from `next` on; their items are in no order.
    ahead: VecDeque<Vec<Item>>,
    next: i64,
    /// The slice being given out.
    current: std::vec::IntoIter<Item>,
    scratch: Vec<Item>,
}

/// Where a person stands: the day whose blocks are planned, and the next of them.
#[derive(Default)]
struct Cursor {
    day: i32,
    blocks: Vec<Block>,
    at: usize,
}

impl<'a> Events<'a> {
    pub(super) fn new(workforce: &'a Workforce, from: i64, to: i64) -> Events<'a> {
        let config = &workforce.config;
        let reach = AFTER_MS + if config.late > 0.0 { 6 * HOUR } else { 0 } + if config.duplicates > 0.0 { RETRY_MS } else { 0 };
        let cursors = workforce.people.iter().map(|person| {
            // Work that begins on one date may end on the next.
            let mut cursor = Cursor { day: person.schedule.local_day(from - reach) - 1, ..Cursor::default() };
            plan(config, person, cursor.day, &mut cursor.blocks);
            while cursor.blocks.get(cursor.at).is_some_and(|block| block.end + reach < from) {
                cursor.at += 1;
            }
            cursor
        });
        let mut events = Events {
            workforce,
            from,
            to,
            cursors: cursors.collect(),
            ahead: VecDeque::new(),
            next: from.div_euclid(SLICE_MS) * SLICE_MS,
            current: Vec::new().into_iter(),
            scratch: Vec::new(),
        };
        events.skip_before(reach);
        events
    }

    fn skip_before(&mut self, reach: i64) {
        for (cursor, person) in self.cursors.iter_mut().zip(&self.workforce.people) {
            while cursor.at == cursor.blocks.len() && cursor.day <= person.schedule.local_day(self.from) {
                cursor.day += 1;
                cursor.at = 0;
                plan(&self.workforce.config, person, cursor.day, &mut cursor.blocks);
                while cursor.blocks.get(cursor.at).is_some_and(|block| block.end + reach < self.from) {
                    cursor.at += 1;
                }
            }
        }
    }

    /// Appends the next event to `out` as a line of NDJSON, and says when it comes. None at the end.
    pub fn write_next(&mut self, out: &mut Vec<u8>) -> Option<i64> {
        let item = self.next_item()?;
        json::write(self.workforce.config.seed, &self.workforce.people, &item, out);
        Some(item.at)
    }

    /// Appends all events that come before a time, and says how many those are: what a live stream asks for again and
    /// again with the clock's time.
    pub fn write_before(&mut self, time_ms: i64, out: &mut Vec<u8>) -> usize {
        let mut count = 0;
        loop {
            while let Some(item) = self.current.as_slice().first().copied() {
                if item.at >= time_ms {
                    return count;
                }
                self.current.next();
                json::write(self.workforce.config.seed, &self.workforce.people, &item, out);
                count += 1;
            }
            // Not further than asked: slices are unrolled when their time has come.
            if self.next >= time_ms.min(self.to) {
                return count;
            }
            self.advance();
        }
    }

    fn next_item(&mut self) -> Option<Item> {
        loop {
            if let Some(item) = self.current.next() {
                return Some(item);
            }
            if self.next >= self.to {
                return None;
            }
            self.advance();
        }
    }

    /// Makes the next slice the current one.
    fn advance(&mut self) {
        let end = self.next + SLICE_MS;
        for index in 0..self.cursors.len() {
            while self.cursors[index].start() < end {
                self.unroll(index);
            }
        }
        let mut slice = self.ahead.pop_front().unwrap_or_default();
        slice.sort_unstable_by_key(|item| (item.at, item.person, item.day, item.seq));
        self.current = slice.into_iter();
        self.next = end;
    }

    /// Puts the events of a person's next block into the slices ahead.
    fn unroll(&mut self, index: usize) {
        let Workforce { config, people, .. } = self.workforce;
        let (cursor, person) = (&mut self.cursors[index], &people[index]);
        let Some(block) = cursor.blocks.get(cursor.at).copied() else {
            // The day is over: the next one, which may be a day off.
            cursor.day += 1;
            cursor.at = 0;
            plan(config, person, cursor.day, &mut cursor.blocks);
            return;
        };
        cursor.at += 1;
        let mut items = std::mem::take(&mut self.scratch);
        Filler::new(config, person, people.len() as u32, block, &mut items).fill();
        for item in items.drain(..) {
            let mut dice = Dice::of(config.seed, &[9, item.person.into(), item.day as u64, item.seq.into()]);
            let mut item = item;
            if let (true, Body::Activity { duration, .. }) = (config.as_sent, item.body) {
                item.at += i64::from(duration);
            }
            if dice.chance(config.late) {
                item.at += match dice.share() {
                    x if x < 0.8 => dice.span(1_000, 90_000),
                    x if x < 0.99 => dice.span(90_000, 30 * MINUTE),
                    _ => dice.span(30 * MINUTE, 6 * HOUR),
                };
            }
            self.keep(item);
            if dice.chance(config.duplicates) {
                item.at += dice.span(500, RETRY_MS);
                self.keep(item);
            }
        }
        self.scratch = items;
    }

    fn keep(&mut self, item: Item) {
        if item.at < self.from.max(self.next) || item.at >= self.to {
            return;
        }
        let slice = ((item.at - self.next) / SLICE_MS) as usize;
        if self.ahead.len() <= slice {
            self.ahead.resize_with(slice + 1, Vec::new);
        }
        self.ahead[slice].push(item);
    }
}

impl Cursor {
    /// When the next block begins; an unplanned day counts from the earliest its work could.
    fn start(&self) -> i64 {
        match self.blocks.get(self.at) {
            Some(block) => block.start,
            // Local dates begin up to 14 h before the date of UTC, and work up to an hour earlier.
            None => i64::from(self.day + 1) * DAY_MS - 16 * HOUR,
        }
    }
}

impl Iterator for Events<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut line = Vec::with_capacity(224);
        self.write_next(&mut line)?;
        Some(line)
    }
}
