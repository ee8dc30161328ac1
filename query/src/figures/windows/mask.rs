//! A bit for each window of a UTC day.

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mask([u64; 5]);

impl Mask {
    pub fn set(&mut self, window: u16) {
        self.0[usize::from(window) / 64] |= 1 << (window % 64);
    }

    pub fn bits(&self) -> [u64; 5] {
        self.0
    }

    pub fn without(&self, other: &[u64; 5]) -> Mask {
        Mask(std::array::from_fn(|i| self.0[i] & !other[i]))
    }

    pub fn has(&self, window: u16) -> bool {
        self.0[usize::from(window) / 64] >> (window % 64) & 1 == 1
    }

    pub fn or(&self, other: &Mask) -> Mask {
        Mask(std::array::from_fn(|i| self.0[i] | other.0[i]))
    }

    pub fn meets(&self, other: &Mask) -> bool {
        (0..5).any(|i| self.0[i] & other.0[i] != 0)
    }
}
