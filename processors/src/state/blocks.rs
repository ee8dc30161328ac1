//! A growing list in blocks of one size. As one vector it would move to a larger place again and again, and the places left
//! behind, of many sizes and many threads, would take as much memory as what is kept.

use std::cmp::Ordering;

const BLOCK: usize = 64;

#[derive(Debug, Clone)]
pub struct Blocks<T> {
    /// All full but the last.
    blocks: Vec<Vec<T>>,
}

impl<T> Default for Blocks<T> {
    fn default() -> Blocks<T> {
        Blocks { blocks: Vec::new() }
    }
}

impl<T: Copy> Blocks<T> {
    pub fn len(&self) -> usize {
        self.blocks.last().map_or(0, |last| (self.blocks.len() - 1) * BLOCK + last.len())
    }

    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    #[inline]
    pub fn get(&self, at: usize) -> Option<&T> {
        self.blocks.get(at / BLOCK)?.get(at % BLOCK)
    }

    pub fn last(&self) -> Option<&T> {
        self.blocks.last()?.last()
    }

    pub fn push(&mut self, item: T) {
        match self.blocks.last_mut() {
            // The first grows: most people of a quiet day need no whole block.
            Some(last) if last.len() < BLOCK => last.push(item),
            _ => {
                let mut block = Vec::with_capacity(if self.blocks.is_empty() { 8 } else { BLOCK });
                block.push(item);
                self.blocks.push(block);
            }
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.blocks.iter().flatten()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.blocks.iter_mut().flatten()
    }

    /// From a place on.
    pub fn iter_from(&self, at: usize) -> impl Iterator<Item = &T> {
        let first = self.blocks.get(at / BLOCK).and_then(|block| block.get(at % BLOCK..)).unwrap_or_default();
        first.iter().chain(self.blocks.iter().skip(at / BLOCK + 1).flatten())
    }

    /// How many come before the first that `holds` is false of; it must be true of none after that.
    pub fn partition_point(&self, mut holds: impl FnMut(&T) -> bool) -> usize {
        let block = self.blocks.partition_point(|block| block.first().is_some_and(&mut holds)).saturating_sub(1);
        block * BLOCK + self.blocks.get(block).map_or(0, |b| b.partition_point(&mut holds))
    }

    pub fn sort_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering) {
        let mut all: Vec<T> = self.iter().copied().collect();
        all.sort_by(compare);
        self.iter_mut().zip(all).for_each(|(place, item)| *place = item);
    }

    pub fn bytes(&self) -> usize {
        let items: usize = self.blocks.iter().map(Vec::capacity).sum();
        items * size_of::<T>() + self.blocks.capacity() * size_of::<Vec<T>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_a_list(mut items in proptest::collection::vec(0u32..100, 0..300), at in 0usize..310, bound in 0u32..110) {
            let mut blocks = Blocks::default();
            items.iter().for_each(|item| blocks.push(*item));
            prop_assert_eq!(blocks.len(), items.len());
            prop_assert_eq!(blocks.is_empty(), items.is_empty());
            prop_assert_eq!(blocks.get(at), items.get(at));
            prop_assert_eq!(blocks.last(), items.last());
            prop_assert!(blocks.iter_from(at).eq(items.iter().skip(at)));
            blocks.sort_by(u32::cmp);
            items.sort();
            prop_assert!(blocks.iter().eq(items.iter()));
            prop_assert_eq!(blocks.partition_point(|item| *item < bound), items.partition_point(|item| *item < bound));
        }
    }
}
