//! The names one person's events use (apps, peers, sessions, channels, long ids), each once.

use super::hash;
use super::slots::{MAX_ITEMS, Slots};

#[derive(Debug, Default, Clone)]
pub struct Symbols {
    text: String,
    ends: Vec<u32>,
    slots: Slots,
}

/// Names of one person, all together, at most: far past any real day, so that nobody can fill the memory with names.
const MAX_TEXT: usize = 64 << 20;

impl Symbols {
    /// The name's number; `None` when there is no room for more.
    #[inline]
    pub fn intern(&mut self, name: &str) -> Option<u32> {
        let hash = hash::bytes(name.as_bytes());
        if let Some(found) = self.slots.find(hash, |i| self.get(i as u32) == name) {
            return Some(found as u32);
        }
        if self.ends.len() >= MAX_ITEMS || self.text.len() + name.len() > MAX_TEXT {
            return None;
        }
        if self.text.capacity() - self.text.len() < name.len() {
            self.text.reserve_exact(name.len().max(self.text.len() / 2).max(64));
        }
        self.text.push_str(name);
        self.ends.push(self.text.len() as u32);
        let (text, ends) = (&self.text, &self.ends);
        self.slots.push(hash, |i| hash::bytes(slice(text, ends, i).as_bytes()));
        Some(self.ends.len() as u32 - 1)
    }

    #[inline]
    pub fn get(&self, symbol: u32) -> &str {
        slice(&self.text, &self.ends, symbol as usize)
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * 4 + self.slots.bytes()
    }
}

fn slice<'a>(text: &'a str, ends: &[u32], item: usize) -> &'a str {
    let start = if item == 0 { 0 } else { ends.get(item - 1).map_or(0, |e| *e as usize) };
    let end = ends.get(item).map_or(0, |e| *e as usize);
    text.get(start..end).unwrap_or("")
}
