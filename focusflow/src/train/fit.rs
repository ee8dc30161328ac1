//! Logistic regression by linfa: the regularisation chosen by cross-validation in which no person is on both sides, then
//! calibrated on the predictions for people it had not seen.

use anyhow::{Context, Result};
use linfa::Dataset;
use linfa::traits::Fit;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};
use schemas::risk::measure::Told;
use schemas::risk::{Card, FEATURES, Model};

use super::measure::log_loss;
use super::samples::Sample;

const FOLDS: u32 = 5;
/// Weights of the penalty on large coefficients.
const ALPHAS: [f64; 5] = [0.01, 0.1, 1.0, 10.0, 100.0];
const MAX_ITERATIONS: u64 = 500;
/// Calibration fits two numbers: next to nothing holds them back.
const CALIBRATION_ALPHA: f64 = 1e-6;

#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    pub model: Model,
    pub alpha: f64,
    /// Mean log loss for people not seen, by alpha.
    pub losses: Vec<(f64, f64)>,
}

pub fn fit(samples: &[&Sample]) -> Result<Fitted> {
    let mut best: Option<(f64, Vec<Told>)> = None;
    let mut losses: Vec<(f64, f64)> = Vec::new();
    for alpha in ALPHAS {
        let unseen = unseen(samples, alpha)?;
        let told: Vec<Told> = unseen.iter().map(|(z, yes)| (1.0 / (1.0 + (-z).exp()), *yes)).collect();
        let loss = log_loss(&told);
        if losses.iter().all(|(_, other)| loss < *other) {
            best = Some((alpha, unseen));
        }
        losses.push((alpha, loss));
    }
    let (alpha, unseen) = best.context("no regularisation to choose from")?;
    let plain = regression(samples.iter().map(|sample| (&sample.features[..], sample.yes)), FEATURES.len(), alpha)?;
    // A line through what was told to people not seen: the model stays linear.
    let z: Vec<[f64; 1]> = unseen.iter().map(|(z, _)| [*z]).collect();
    let answers = z.iter().zip(&unseen).map(|(z, (_, yes))| (&z[..], *yes));
    let (shift, slope) = regression(answers, 1, CALIBRATION_ALPHA)?;
    let slope = slope[0];
    let mut weights = [0.0; FEATURES.len()];
    weights.iter_mut().zip(&plain.1).for_each(|(weight, learned)| *weight = slope * learned);
    let bias = shift + slope * plain.0;
    Ok(Fitted { model: Model { name: Card::name_of(bias, &weights), bias, weights }, alpha, losses })
}

/// What each fold's model says of the people of that fold, and what came true.
fn unseen(samples: &[&Sample], alpha: f64) -> Result<Vec<(f64, bool)>> {
    let mut told = Vec::with_capacity(samples.len());
    for fold in 0..FOLDS {
        let (test, train): (Vec<&Sample>, Vec<&Sample>) = samples.iter().partition(|sample| sample.person / 10 % FOLDS == fold);
        let (bias, learned) = regression(train.iter().map(|sample| (&sample.features[..], sample.yes)), FEATURES.len(), alpha)
            .context("cross-validation")?;
        let mut weights = [0.0; FEATURES.len()];
        weights.copy_from_slice(&learned);
        let model = Model { name: String::new(), bias, weights };
        told.extend(test.iter().map(|sample| (model.z(&sample.features), sample.yes)));
    }
    Ok(told)
}

/// Bias and weights.
fn regression<'a>(rows: impl Iterator<Item = (&'a [f64], bool)>, width: usize, alpha: f64) -> Result<(f64, Vec<f64>)> {
    let (mut values, mut answers) = (Vec::new(), Vec::new());
    for (row, yes) in rows {
        values.extend_from_slice(row);
        answers.push(yes);
    }
    let records = Array2::from_shape_vec((answers.len(), width), values).context("features of one width")?;
    let fitted = LogisticRegression::default()
        .alpha(alpha)
        .max_iterations(MAX_ITERATIONS)
        .fit(&Dataset::new(records, Array1::from_vec(answers)))
        .context("fitting: are there people who said yes, and people who said no?")?;
    // Of the class that it takes for the positive one.
    let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
    Ok((sign * fitted.intercept(), fitted.params().iter().map(|weight| sign * weight).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::Dice;

    #[test]
    fn it_finds_what_the_answers_were_made_of() {
        let mut dice = Dice::of(3, &[1]);
        let truth = Model { name: "truth".into(), bias: -1.0, weights: [2.0, 0.0, -1.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0] };
        let samples: Vec<Sample> = (0..20_000)
            .map(|i| {
                let features = std::array::from_fn(|_| dice.share());
                Sample { person: i / 4, day: 0, features, baseline: 0.0, yes: dice.chance(truth.risk(&features)) }
            })
            .collect();
        let fitted = fit(&samples.iter().collect::<Vec<_>>()).unwrap();
        for (learned, true_weight) in fitted.model.weights.iter().zip(truth.weights) {
            assert!((learned - true_weight).abs() < 0.25, "{fitted:?}");
        }
        assert!((fitted.model.bias - truth.bias).abs() < 0.25, "{fitted:?}");
        assert_eq!(fitted.losses.len(), ALPHAS.len());
    }

    #[test]
    fn answers_of_one_kind_alone_are_an_error_that_says_so() {
        let sample = Sample { person: 1, day: 0, features: [0.5; FEATURES.len()], baseline: 0.0, yes: true };
        let error = fit(&[&sample; 10]).unwrap_err();
        assert!(format!("{error:#}").contains("people who said no"), "{error:#}");
    }
}
