//! What a risk of burnout is made of: features, the models that make a number of them, and which model tells whose from which
//! day on. The features themselves are computed in `processors`.

mod card;
pub mod measure;
mod models;

use std::sync::LazyLock;

use serde::Serialize;

pub use card::{Bin, Card, Data, HeldOut, Scores, Threshold, Verdict};
pub use models::{Known, Models, Turn};

pub const FEATURES: [&str; 11] = [
    "overwork",
    "after_hours",
    "weekends",
    "short_rest",
    "meetings",
    "interruptions",
    "focus_decline",
    "long_days",
    "volatility",
    "no_recovery",
    "low_mood",
];

/// Values of features, each from 0 to 1, in the order of `FEATURES`.
pub type Features = [f64; FEATURES.len()];

/// From here on a risk is elevated, and from here on high.
pub const LEVELS: [f64; 2] = [0.3, 0.55];

pub fn level(risk: f64) -> &'static str {
    match LEVELS {
        [elevated, _] if risk < elevated => "low",
        [_, high] if risk < high => "elevated",
        _ => "high",
    }
}

/// Features to a risk.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Model {
    pub name: String,
    pub bias: f64,
    pub weights: Features,
}

pub const BASELINE_NAME: &str = "baseline-1";

pub static BASELINE: LazyLock<Model> = LazyLock::new(|| Model {
    name: BASELINE_NAME.into(),
    bias: -3.2,
    weights: [1.6, 1.4, 0.9, 1.1, 0.6, 0.9, 0.8, 0.8, 0.5, 0.7, 1.5],
});

impl Model {
    /// The log odds.
    pub fn z(&self, features: &Features) -> f64 {
        self.weights.iter().zip(features).fold(self.bias, |z, (weight, value)| z + weight * value)
    }

    pub fn risk(&self, features: &Features) -> f64 {
        1.0 / (1.0 + (-self.z(features)).exp())
    }
}

/// Bins that a feature's values fall into: nothing at all, and five of equal width.
pub const BINS: usize = 6;

pub fn bin(value: f64) -> usize {
    if value <= 0.0 { 0 } else { ((value * (BINS - 1) as f64).ceil() as usize).clamp(1, BINS - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_begin_where_they_say() {
        assert_eq!([0.0, 0.2999, 0.3, 0.5499, 0.55, 1.0].map(level), ["low", "low", "elevated", "elevated", "high", "high"]);
    }

    #[test]
    fn every_value_has_its_bin() {
        assert_eq!([0.0, 1e-9, 0.2, 0.200_01, 0.8, 0.9, 1.0].map(bin), [0, 1, 1, 2, 4, 5, 5]);
    }
}
