//! How good a prediction is, and how sure that is.

use serde::Serialize;

/// A probability and what came true.
pub type Told = (f64, bool);

const BINS: usize = 10;
const RESAMPLES: u64 = 200;
/// Of the resamples, those left out on each side of an interval: nineteen of twenty lie within.
const OUTSIDE: usize = RESAMPLES as usize / 40;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores {
    /// That one who said yes is told a higher risk than one who said no; 0.5 is a coin.
    pub auc: f64,
    pub auc_low: f64,
    pub auc_high: f64,
    /// Mean squared distance from what came true; less is better.
    pub brier: f64,
    /// Mean distance of told and true, bin by bin.
    pub calibration_error: f64,
    pub reliability: Vec<Bin>,
    pub thresholds: Vec<Threshold>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bin {
    pub answers: usize,
    pub told: f64,
    pub came_true: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Threshold {
    pub from: f64,
    pub flagged: usize,
    /// Of the flagged, those who said yes; none where nobody is flagged.
    pub precision: Option<f64>,
    /// Of those who said yes, the flagged.
    pub recall: Option<f64>,
}

impl Scores {
    /// `people`: each one's predictions together, as they are drawn together.
    pub fn of(people: &[Vec<Told>]) -> Scores {
        let all: Vec<Told> = people.iter().flatten().copied().collect();
        let [auc_low, auc_high] = interval(people, auc);
        Scores {
            auc: auc(&all),
            auc_low,
            auc_high,
            brier: brier(&all),
            calibration_error: calibration_error(&all),
            reliability: bins(&all),
            thresholds: [0.3, 0.55].map(|from| threshold(&all, from)).to_vec(),
        }
    }
}

/// Ties count half; 0.5 where all said the same.
pub fn auc(told: &[Told]) -> f64 {
    let mut sorted = told.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut sum) = (0.0, 0.0);
    for tied in sorted.chunk_by(|a, b| a.0 == b.0) {
        let yes = tied.iter().filter(|(_, yes)| *yes).count() as f64;
        let no = tied.len() as f64 - yes;
        sum += yes * (below + no / 2.0);
        below += no;
    }
    let yes = told.len() as f64 - below;
    if yes * below > 0.0 { sum / (yes * below) } else { 0.5 }
}

pub fn brier(told: &[Told]) -> f64 {
    told.iter().map(|(risk, yes)| (risk - f64::from(u8::from(*yes))).powi(2)).sum::<f64>() / (told.len() as f64).max(1.0)
}

pub fn log_loss(told: &[Told]) -> f64 {
    let loss = |(risk, yes): &Told| -(if *yes { *risk } else { 1.0 - risk }).max(1e-12).ln();
    told.iter().map(loss).sum::<f64>() / (told.len() as f64).max(1.0)
}

/// Of equal width; those that nobody is told are left out.
fn bins(told: &[Told]) -> Vec<Bin> {
    let mut sums = [(0usize, 0.0, 0.0); BINS];
    for (risk, yes) in told {
        let (count, risks, came) = &mut sums[((risk * BINS as f64) as usize).min(BINS - 1)];
        *count += 1;
        *risks += risk;
        *came += f64::from(u8::from(*yes));
    }
    let bin = |(answers, risks, came): (usize, f64, f64)| Bin {
        answers,
        told: risks / answers as f64,
        came_true: came / answers as f64,
    };
    sums.into_iter().filter(|(count, ..)| *count > 0).map(bin).collect()
}

pub fn calibration_error(told: &[Told]) -> f64 {
    let off = |bin: &Bin| bin.answers as f64 * (bin.told - bin.came_true).abs();
    bins(told).iter().map(off).sum::<f64>() / (told.len() as f64).max(1.0)
}

fn threshold(told: &[Told], from: f64) -> Threshold {
    let (flagged, yes) = (told.iter().filter(|(risk, _)| *risk >= from), told.iter().filter(|(_, yes)| *yes).count());
    let (flagged, right) = flagged.fold((0, 0), |(n, right), (_, yes)| (n + 1, right + usize::from(*yes)));
    let share = |of: usize| (of > 0).then(|| right as f64 / of as f64);
    Threshold { from, flagged, precision: share(flagged), recall: share(yes) }
}

/// What nineteen of twenty figures lie between when as many people are drawn from them, with repetition.
pub fn interval<T: Copy>(people: &[Vec<T>], figure: impl Fn(&[T]) -> f64) -> [f64; 2] {
    let mut figures: Vec<f64> = (0..RESAMPLES)
        .map(|sample| {
            let mut dice = crate::simulate::Dice::of(sample, &[people.len() as u64]);
            let drawn: Vec<T> = (0..people.len()).flat_map(|_| people[dice.below(people.len())].iter().copied()).collect();
            figure(&drawn)
        })
        .collect();
    figures.sort_by(f64::total_cmp);
    [figures[OUTSIDE], figures[figures.len() - 1 - OUTSIDE]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_book() {
        let told = [(0.1, false), (0.4, false), (0.35, true), (0.8, true)];
        assert_eq!(auc(&told), 0.75);
        assert_eq!(auc(&[(0.2, true), (0.2, false)]), 0.5, "a tie");
        assert_eq!(auc(&[(0.2, true)]), 0.5, "nobody to compare with");
        assert!((brier(&told) - (0.01 + 0.16 + 0.4225 + 0.04) / 4.0).abs() < 1e-12);
        assert!((log_loss(&[(0.5, true), (0.5, false)]) - 2f64.ln()).abs() < 1e-12);
        // Two bins, each told 0.1 too little.
        let off: Vec<Told> = (0..10).flat_map(|i| [(0.2, i < 3), (0.7, i < 8)]).collect();
        assert!((calibration_error(&off) - 0.1).abs() < 1e-12);
        let flags = threshold(&told, 0.3);
        assert_eq!((flags.flagged, flags.precision, flags.recall), (3, Some(2.0 / 3.0), Some(1.0)));
        assert_eq!(threshold(&told, 0.9).precision, None);
    }

    #[test]
    fn an_interval_narrows_with_people_and_not_with_their_answers() {
        let people = |count: usize, each: usize| -> Vec<Vec<Told>> {
            (0..count).map(|i| vec![((i * 7 % 10) as f64 / 10.0, i % 3 == 0); each]).collect()
        };
        let width = |people: &[Vec<Told>]| {
            let [low, high] = interval(people, auc);
            high - low
        };
        let (few, many) = (width(&people(50, 4)), width(&people(800, 4)));
        assert!(many < few / 2.5, "{few} {many}");
        assert!((width(&people(50, 1)) - few).abs() < 1e-12);
    }
}
