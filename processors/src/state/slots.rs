//! A hash index over items kept elsewhere: 4 bytes a slot (8 of the hash, 24 of the item's number), so that finding out
//! that an id is new mostly touches one cache line.

/// Items an index can number.
pub const MAX_ITEMS: usize = (1 << 24) - 2;
const INDEX: u32 = (1 << 24) - 1;

#[derive(Debug, Default, Clone)]
pub struct Slots {
    slots: Box<[u32]>,
    len: usize,
}

impl Slots {
    #[inline]
    pub fn find(&self, hash: u64, mut is: impl FnMut(usize) -> bool) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        let tag = (hash >> 56) as u32;
        let mut at = self.first(hash);
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                return None;
            }
            if slot >> 24 == tag {
                let item = (slot & INDEX) as usize - 1;
                if is(item) {
                    return Some(item);
                }
            }
            at = self.next(at);
        }
    }

    /// Where a hash's search begins: the table's size is no power of two.
    #[inline]
    fn first(&self, hash: u64) -> usize {
        (((hash & 0xffff_ffff) * self.slots.len() as u64) >> 32) as usize
    }

    #[inline]
    fn next(&self, at: usize) -> usize {
        if at + 1 < self.slots.len() { at + 1 } else { 0 }
    }

    /// Adds the next item (number `len`); `hash_of` gives the hash of an earlier one when the table grows.
    pub fn push(&mut self, hash: u64, hash_of: impl Fn(usize) -> u64) {
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            let items = self.len;
            // Doubling would leave a third of the table empty.
            self.slots = vec![0; (self.slots.len() * 3 / 2).max(8)].into();
            for item in 0..items {
                self.place(hash_of(item), item);
            }
        }
        self.place(hash, self.len);
        self.len += 1;
    }

    /// Forgets the items and takes the numbers 0.. anew.
    pub fn rebuild(&mut self, hashes: impl Iterator<Item = u64>) {
        self.slots.fill(0);
        for (item, hash) in hashes.enumerate() {
            self.place(hash, item);
        }
    }

    fn place(&mut self, hash: u64, item: usize) {
        let mut at = self.first(hash);
        while self.slots[at] != 0 {
            at = self.next(at);
        }
        self.slots[at] = ((hash >> 56) as u32) << 24 | (item as u32 + 1);
    }

    pub fn bytes(&self) -> usize {
        self.slots.len() * 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::hash;

    #[test]
    fn finds_what_was_pushed_and_nothing_else() {
        let hash_of = |i: usize| hash::bytes(&i.to_le_bytes());
        let mut slots = Slots::default();
        for i in 0..5_000 {
            assert_eq!(slots.find(hash_of(i), |item| item == i), None);
            slots.push(hash_of(i), hash_of);
        }
        assert!((0..5_000).all(|i| slots.find(hash_of(i), |item| item == i) == Some(i)));
        slots.rebuild((0..5_000).map(|i| hash_of(4_999 - i)));
        assert!((0..5_000).all(|i| slots.find(hash_of(i), |item| 4_999 - item == i) == Some(4_999 - i)));
    }
}
