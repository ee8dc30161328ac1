//! Chance that can be asked again: every draw follows from the seed and what it is drawn for.

/// SplitMix64.
#[derive(Debug, Clone)]
pub struct Dice(u64);

pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Dice {
    /// The dice for one purpose; those for another say nothing about them.
    pub fn of(seed: u64, purpose: &[u64]) -> Dice {
        Dice(
            purpose
                .iter()
                .fold(mix(seed ^ 0x5851_f42d_4c95_7f2d), |state, part| mix(state ^ part.wrapping_mul(0x9e37_79b9_7f4a_7c15))),
        )
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// In [0, 1).
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn chance(&mut self, share: f64) -> bool {
        self.share() < share
    }

    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n.max(1) as u128) >> 64) as usize
    }

    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// By weight; the last where rounding leaves a gap.
    pub fn pick_weighted<T: Copy>(&mut self, items: &[(T, f64)]) -> T {
        let mut rest = self.share() * items.iter().map(|(_, weight)| weight).sum::<f64>();
        for (item, weight) in items {
            rest -= weight;
            if rest < 0.0 {
                return *item;
            }
        }
        items[items.len() - 1].0
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }

    /// Milliseconds in [low, high).
    pub fn span(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low).max(1) as usize) as i64
    }

    /// About normal, and never more than three deviations off.
    pub fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let sum = self.share() + self.share() + self.share();
        mean + (sum - 1.5) * 2.0 * deviation
    }

    /// Normal, with mean 0 and deviation 1.
    pub fn gauss(&mut self) -> f64 {
        let (radius, angle) = (1.0 - self.share(), self.share());
        (-2.0 * radius.ln()).sqrt() * (2.0 * std::f64::consts::PI * angle).cos()
    }

    /// Exponential, cut at six times the mean.
    pub fn wait(&mut self, mean: f64) -> f64 {
        (-(1.0 - self.share()).ln() * mean).min(6.0 * mean)
    }
}
