//! What is known of a learned model: where it comes from, how often it is right, and how it compares with the baseline.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{BINS, FEATURES, Model};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Follows from bias and weights.
    pub name: String,
    pub bias: f64,
    pub weights: BTreeMap<String, f64>,
    /// Of the penalty on large weights, by cross-validation over people.
    pub alpha: f64,
    pub losses: Vec<(f64, f64)>,
    pub data: Data,
    pub held_out: HeldOut,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Data {
    pub from: String,
    pub to: String,
    pub people: usize,
    pub answers: usize,
    /// Of the answers it learned from, those that say yes.
    pub yes_rate: f64,
    /// Of each feature's values, the share in each bin: what it is held against later.
    pub features: BTreeMap<String, [f64; BINS]>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldOut {
    pub people: usize,
    pub answers: usize,
    pub yes: usize,
    pub learned: Scores,
    pub baseline: Scores,
    /// Everybody is told the rate of those it learned from.
    pub base_rate: Scores,
    /// How much larger its AUC is than the baseline's: between these.
    pub gain_low: f64,
    pub gain_high: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    pub answers: usize,
    pub told: f64,
    pub came_true: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    pub from: f64,
    pub flagged: usize,
    /// Of the flagged, those who said yes; none where nobody is flagged.
    pub precision: Option<f64>,
    /// Of those who said yes, the flagged.
    pub recall: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub beats_the_baseline: bool,
    /// Why not.
    pub reasons: Vec<String>,
}

impl Verdict {
    /// Better than the baseline at telling people apart, and nearer to what came true than the baseline and than telling
    /// everybody the same.
    pub fn of(held_out: &HeldOut) -> Verdict {
        let HeldOut { learned, baseline, base_rate, gain_low, gain_high, .. } = held_out;
        let mut reasons = Vec::new();
        // What is no number is no gain either.
        if gain_low.is_nan() || *gain_low <= 0.0 {
            reasons.push(format!(
                "it tells people apart no better than the baseline: an AUC of {:.3} to {:.3}, the difference between {gain_low:.3} and \
                 {gain_high:.3}",
                learned.auc, baseline.auc
            ));
        }
        for (other, name) in [(baseline, "the baseline"), (base_rate, "telling everybody the same")] {
            if learned.brier.is_nan() || learned.brier >= other.brier {
                reasons.push(format!("its Brier score of {:.4} is not under that of {name}, {:.4}", learned.brier, other.brier));
            }
        }
        Verdict { beats_the_baseline: reasons.is_empty(), reasons }
    }
}

impl Card {
    /// From nine decimals, as JSON may be read a last bit off.
    pub fn name_of(bias: f64, weights: &[f64]) -> String {
        let numbers: Vec<String> = std::iter::once(&bias).chain(weights).map(|number| format!("{number:.9}")).collect();
        let digest = Sha256::digest(numbers.join(" "));
        digest[..4].iter().fold("logistic-".to_owned(), |name, byte| format!("{name}{byte:02x}"))
    }

    /// The model, unless the card contradicts itself: then the reason.
    pub fn model(&self) -> Result<Model, String> {
        if self.weights.len() != FEATURES.len() {
            return Err(format!(
                "weights: there are {}, one for each of the {} features is needed",
                self.weights.len(),
                FEATURES.len()
            ));
        }
        let mut weights = [0.0; FEATURES.len()];
        for (place, feature) in weights.iter_mut().zip(FEATURES) {
            *place = *self.weights.get(feature).ok_or_else(|| format!("weights: {feature} has none"))?;
        }
        if !std::iter::once(&self.bias).chain(&weights).all(|number| number.is_finite()) {
            return Err("weights: one is not a finite number".into());
        }
        let name = Card::name_of(self.bias, &weights);
        if self.name != name {
            return Err(format!(
                "name: with these weights it is {name}, not {}; take the file as `focusflow train` wrote it",
                self.name
            ));
        }
        if self.verdict.beats_the_baseline != Verdict::of(&self.held_out).beats_the_baseline {
            return Err("verdict: it does not follow from the figures of the people held out".into());
        }
        if FEATURES.iter().any(|feature| !self.data.features.contains_key(*feature)) {
            return Err("data.features: how the values of each feature lay is needed, to notice when they lie elsewhere".into());
        }
        Ok(Model { name, bias: self.bias, weights })
    }
}
