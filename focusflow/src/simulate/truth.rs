//! A hidden truth: how strained each person is, day by day. It shapes hours, evenings, days off, focus and messages by way of
//! `overload`, and the answers to check-ins. How much an answer tells of the strain is set so that whoever knew the strain itself
//! would tell the answers apart with a known area under the curve: no model can do better.
//!
//! Not everybody's days show it. Some work late because they like to, some are worn out and do less.

use super::dice::Dice;

/// Of answers to the question about burnout, those that say yes.
const POSITIVE: f64 = 0.2;
/// Strain is half a matter of the person, half of the last weeks: burnout comes and goes over months.
const WEEKS: i32 = 20;
/// How much more strained quiet quitters are, and their share.
const QUIT: f64 = 1.3;
pub const QUITTING: f64 = 0.04;

#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    bias: f64,
    slope: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Ordinary,
    /// Off early, and at it again when the children sleep: by choice.
    Late,
    /// Worn out, and doing less for it.
    Quitting,
}

impl Truth {
    /// With this area under the curve for whoever knows the strain.
    pub fn of(auc: f64) -> Truth {
        let slope = root(0.0, 20.0, |slope| Truth { bias: bias(slope), slope }.auc() - auc);
        Truth { bias: bias(slope), slope }
    }

    /// That an answer says yes.
    pub fn chance(&self, strain: f64) -> f64 {
        sigmoid(self.bias + self.slope * strain)
    }

    /// Over everybody's people and days.
    fn auc(&self) -> f64 {
        let (mut below, mut sum) = (0.0, 0.0);
        for (strain, weight) in strains() {
            let yes = weight * self.chance(strain);
            let no = weight - yes;
            sum += yes * (below + no / 2.0);
            below += no;
        }
        sum / (below * (1.0 - below))
    }
}

/// Mean 0 and deviation 1 over ordinary people and days.
pub fn strain(seed: u64, person: u32, kind: Kind, day: i32) -> f64 {
    let own = Dice::of(seed, &[10, person.into()]).gauss();
    let (week, into) = (day.div_euclid(7), f64::from(day.rem_euclid(7)) / 7.0);
    // Weeks come and go little by little.
    let weight = |ago: i32| {
        if ago == 0 {
            into
        } else if ago == WEEKS {
            1.0 - into
        } else {
            1.0
        }
    };
    let of_week = |ago: i32| Dice::of(seed, &[11, person.into(), (week - ago) as u64]).gauss();
    let lately: f64 = (0..=WEEKS).map(|ago| weight(ago) * of_week(ago)).sum();
    let spread = (0..=WEEKS).map(|ago| weight(ago) * weight(ago)).sum::<f64>().sqrt();
    (own + lately / spread) / 2f64.sqrt() + if kind == Kind::Quitting { QUIT } else { 0.0 }
}

/// How far it shows in what they do, 0 to 1.
pub fn overload(kind: Kind, strain: f64) -> f64 {
    if kind == Kind::Quitting { 0.0 } else { sigmoid(1.5 * strain - 0.7) }
}

pub fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

fn bias(slope: f64) -> f64 {
    root(-40.0, 20.0, |bias| strains().map(|(strain, weight)| weight * sigmoid(bias + slope * strain)).sum::<f64>() - POSITIVE)
}

/// How strain is spread over people and days, in small steps.
fn strains() -> impl Iterator<Item = (f64, f64)> {
    const STEP: f64 = 0.02;
    let normal = |z: f64| (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    (-300..=400).map(move |i| {
        let z = f64::from(i) * STEP;
        (z, STEP * ((1.0 - QUITTING) * normal(z) + QUITTING * normal(z - QUIT)))
    })
}

/// Where a function that grows is nought.
fn root(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..50 {
        let middle = (low + high) / 2.0;
        if f(middle) < 0.0 { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_knows_the_strain_tells_answers_apart_as_well_as_was_asked_for() {
        const PEOPLE: u32 = 12_000;
        for asked in [0.65, 0.8] {
            let truth = Truth::of(asked);
            let mut dice = Dice::of(1, &[1]);
            let answers: Vec<(f64, bool)> = (0..PEOPLE)
                .map(|person| {
                    let kind = if person % 25 == 0 { Kind::Quitting } else { Kind::Ordinary };
                    let strain = strain(5, person, kind, 20_000 + (person as i32 % 90));
                    (strain, dice.chance(truth.chance(strain)))
                })
                .collect();
            let of = |said: bool| answers.iter().filter(move |(_, yes)| *yes == said).map(|(strain, _)| *strain);
            let pairs = of(true).flat_map(|yes| of(false).map(move |no| if yes > no { 1.0 } else { 0.0 }));
            let (count, higher) = pairs.fold((0.0, 0.0), |(n, sum), pair| (n + 1.0, sum + pair));
            assert!((higher / count - asked).abs() < 0.02, "{} for {asked}", higher / count);
            assert!((of(true).count() as f64 / f64::from(PEOPLE) - POSITIVE).abs() < 0.02, "{}", of(true).count());
        }
    }

    #[test]
    fn strain_moves_slowly() {
        let apart = |days: i32| {
            let change = |person: u32| {
                (strain(2, person, Kind::Ordinary, 20_000 + days) - strain(2, person, Kind::Ordinary, 20_000)).abs()
            };
            (0..500).map(change).sum::<f64>() / 500.0
        };
        assert!(apart(1) < 0.15 && apart(1) > 0.0 && apart(60) > 4.0 * apart(1), "{} {}", apart(1), apart(60));
    }
}
