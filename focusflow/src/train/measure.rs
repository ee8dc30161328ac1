//! How good a prediction is, and how sure that is.

use schemas::risk::Scores;
use schemas::risk::measure::{Told, auc, brier, calibration_error, reliability, thresholds};

const RESAMPLES: u64 = 200;
/// Of the resamples, those left out on each side of an interval: nineteen of twenty lie within.
const OUTSIDE: usize = RESAMPLES as usize / 40;

/// `people`: each one's predictions together, as they are drawn together.
pub fn scores(people: &[Vec<Told>]) -> Scores {
    let all: Vec<Told> = people.iter().flatten().copied().collect();
    let [auc_low, auc_high] = interval(people, auc);
    Scores {
        auc: auc(&all),
        auc_low,
        auc_high,
        brier: brier(&all),
        calibration_error: calibration_error(&all),
        reliability: reliability(&all),
        thresholds: thresholds(&all),
    }
}

pub fn log_loss(told: &[Told]) -> f64 {
    let loss = |(risk, yes): &Told| -(if *yes { *risk } else { 1.0 - risk }).max(1e-12).ln();
    told.iter().map(loss).sum::<f64>() / (told.len() as f64).max(1.0)
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
    fn a_coin_loses_the_logarithm_of_two() {
        assert!((log_loss(&[(0.5, true), (0.5, false)]) - 2f64.ln()).abs() < 1e-12);
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
