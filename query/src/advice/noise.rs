//! Is a difference more than chance? What chance does is found out by drawing: labels are dealt anew, signs are tossed. The draws are
//! always the same, so the same days give the same answer, anywhere.

/// Of a hundred people in whose days there is nothing to find, about one is told something, by each kind of advice.
pub const CHANCE: f64 = 0.01;
pub const DRAWS: usize = 999;
/// A difference is told as if there were this many more samples without any: few samples tell little.
const DOUBT: f64 = 10.0;

/// SplitMix64.
pub struct Random(u64);

impl Random {
    pub fn new() -> Random {
        Random(0)
    }

    #[cfg(test)]
    pub fn seeded(seed: u64) -> Random {
        Random(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to `n` - 1. The first few are likelier by nothing that would show.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

/// A difference, or a mean, with the doubt that few samples deserve.
pub fn cautious(found: f64, samples: usize) -> f64 {
    found * samples as f64 / (samples as f64 + DOUBT)
}

/// A mean of few, drawn towards that of many.
pub fn pooled(few: &[f64], many: f64) -> f64 {
    (few.iter().sum::<f64>() + DOUBT * many) / (few.len() as f64 + DOUBT)
}

/// Whether what was found is among the hundredth that chance reaches.
pub fn stands_out(found: f64, drawn: &[f64]) -> bool {
    let reached = drawn.iter().filter(|drawn| **drawn >= found - 1e-12).count();
    (1 + reached) as f64 <= CHANCE * (1 + drawn.len()) as f64 + 1e-9
}

/// What was found, in the spread it has by chance.
pub fn strength(found: f64, drawn: &[f64]) -> f64 {
    let spread = (drawn.iter().map(|drawn| drawn * drawn).sum::<f64>() / drawn.len().max(1) as f64).sqrt();
    if spread > 0.0 { found / spread } else { 0.0 }
}

/// Samples are compared with those of their stratum alone: of the same time of the day, of the same weeks.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub stratum: usize,
    pub here: bool,
    pub value: f64,
    pub day: i32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    pub here: f64,
    pub elsewhere: f64,
    pub n_here: usize,
    pub n_elsewhere: usize,
    /// How much less there is here, with doubt.
    pub lost: f64,
    pub strength: f64,
    pub days: (i32, i32),
}

struct Stratum {
    values: Vec<f64>,
    here: usize,
    /// Of those here.
    sum: f64,
    total: f64,
}

impl Stratum {
    fn weight(&self) -> f64 {
        let (here, elsewhere) = (self.here as f64, (self.values.len() - self.here) as f64);
        here * elsewhere / (here + elsewhere)
    }

    /// How much less the mean here is, weighted.
    fn lost(&self, sum: f64) -> f64 {
        let (here, elsewhere) = (self.here as f64, (self.values.len() - self.here) as f64);
        self.weight() * ((self.total - sum) / elsewhere - sum / here)
    }
}

/// Whether there is less here than elsewhere, more than chance makes it. None where there is not, or fewer than `least` samples of
/// either; strata that have but one of both say nothing and are left out.
pub fn less(samples: &[Sample], least: usize) -> Option<Difference> {
    let both = |stratum: usize| {
        let of = |here: bool| samples.iter().any(|s| s.stratum == stratum && s.here == here);
        of(true) && of(false)
    };
    let count = samples.iter().map(|s| s.stratum + 1).max().unwrap_or(0);
    let usable: Vec<bool> = (0..count).map(both).collect();
    let used: Vec<Sample> = samples.iter().filter(|s| usable[s.stratum]).copied().collect();
    let of = |here: bool| used.iter().filter(|s| s.here == here).map(|s| s.value).collect::<Vec<f64>>();
    let (here, elsewhere) = (of(true), of(false));
    let least = least.max(1);
    if here.len() < least || elsewhere.len() < least {
        return None;
    }
    let mut strata: Vec<Stratum> = (0..count)
        .filter(|stratum| usable[*stratum])
        .map(|stratum| {
            let of_it = || used.iter().filter(|s| s.stratum == stratum);
            let values: Vec<f64> = of_it().map(|s| s.value).collect();
            let total = values.iter().sum();
            let (here, sum) = of_it().filter(|s| s.here).fold((0, 0.0), |(n, sum), s| (n + 1, sum + s.value));
            Stratum { values, here, sum, total }
        })
        .collect();
    let weights: f64 = strata.iter().map(Stratum::weight).sum();
    let found = strata.iter().map(|s| s.lost(s.sum)).sum::<f64>() / weights;
    let mut random = Random::new();
    let drawn: Vec<f64> =
        (0..DRAWS).map(|_| strata.iter_mut().map(|stratum| deal(stratum, &mut random)).sum::<f64>() / weights).collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let (mean_here, mean_elsewhere) = (mean(&here), mean(&elsewhere));
    stands_out(found, &drawn).then(|| Difference {
        here: mean_here,
        elsewhere: mean_elsewhere,
        n_here: here.len(),
        n_elsewhere: elsewhere.len(),
        // The strata weigh otherwise than the samples all together do, whose means are told: it must be seen in both.
        lost: cautious(found.min(mean_elsewhere - mean_here), here.len().min(elsewhere.len())),
        strength: strength(found, &drawn),
        days: (used.iter().map(|s| s.day).min().unwrap_or(0), used.iter().map(|s| s.day).max().unwrap_or(0)),
    })
}

/// As many as are here, picked anew.
fn deal(stratum: &mut Stratum, random: &mut Random) -> f64 {
    let mut sum = 0.0;
    for picked in 0..stratum.here {
        let other = picked + random.below(stratum.values.len() - picked);
        stratum.values.swap(picked, other);
        sum += stratum.values[picked];
    }
    stratum.lost(sum)
}

/// The mean of differences within days where it is above zero, more than if the signs had been tossed; with its strength.
pub fn above_zero(differences: &[f64], least: usize) -> Option<(f64, f64)> {
    if differences.len() < least {
        return None;
    }
    let n = differences.len() as f64;
    let found = differences.iter().sum::<f64>() / n;
    let mut random = Random::new();
    let mut toss = |difference: &f64| if random.next() >> 63 == 0 { *difference } else { -difference };
    let drawn: Vec<f64> = (0..DRAWS).map(|_| differences.iter().map(&mut toss).sum::<f64>() / n).collect();
    stands_out(found, &drawn).then(|| (cautious(found, differences.len()), strength(found, &drawn)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(random: &mut Random, n: usize, lost: f64) -> Vec<Sample> {
        let sample = |i: usize| {
            let (stratum, here) = (i % 4, random.below(3) == 0);
            // A stratum's level says nothing about what is lost in it.
            let value = 10.0 * stratum as f64 + random.below(100) as f64 - if here { lost } else { 0.0 };
            Sample { stratum, here, value, day: i as i32 }
        };
        (0..n).map(sample).collect()
    }

    #[test]
    fn chance_is_told_once_in_a_hundred_times_and_a_real_loss_nearly_always() {
        let mut random = Random::seeded(7);
        let told = |random: &mut Random, lost: f64| (0..400).filter(|_| less(&samples(random, 60, lost), 8).is_some()).count();
        let by_chance = told(&mut random, 0.0);
        assert!(by_chance <= 12, "{by_chance} of 400");
        let real = told(&mut random, 40.0);
        assert!(real >= 360, "{real} of 400");
    }

    #[test]
    fn few_samples_say_nothing_and_strata_with_one_side_are_left_out() {
        let sample = |stratum, here, value| Sample { stratum, here, value, day: 0 };
        let sure: Vec<Sample> =
            (0..20).map(|i| sample(0, i % 2 == 0, if i % 2 == 0 { 1.0 } else { 5.0 + f64::from(i) })).collect();
        assert!(less(&sure, 8).is_some_and(|d| (d.n_here, d.n_elsewhere) == (10, 10) && d.lost < 13.0 && d.lost > 5.0));
        assert_eq!(less(&sure, 11), None);
        let apart: Vec<Sample> = (0..20).map(|i| sample(i % 2, i % 2 == 0, (i % 2) as f64)).collect();
        assert_eq!(less(&apart, 1), None, "mornings are not compared with afternoons");
        assert_eq!(less(&[], 0), None);
    }

    #[test]
    fn signs_tossed_seldom_give_what_is_always_above_zero() {
        assert!(above_zero(&[0.1; 12], 8).is_some_and(|(mean, strength)| mean < 0.1 && strength > 3.0));
        assert_eq!(above_zero(&[0.1; 7], 8), None);
        let both: Vec<f64> = (0..30).map(|i| if i % 2 == 0 { 0.3 } else { -0.29 }).collect();
        assert_eq!(above_zero(&both, 8), None);
    }
}
