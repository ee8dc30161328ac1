//! What a risk of burnout is, what it is not, and how often it is wrong: for anyone it is told of.

use axum::Json;
use axum::extract::State;
use schemas::directory::{DAY_MS, date};
use schemas::risk::{BASELINE_NAME, FEATURES, LEVELS, Scores};
use serde::Serialize;

use super::lately::Lately;
use crate::Error;
use crate::access::Request;
use crate::app::{App, Caller};

#[derive(Serialize)]
pub struct Accuracy {
    model: ModelInUse,
    is: &'static str,
    is_not: [&'static str; 4],
    seen_by: &'static str,
    elevated_from: f64,
    high_from: f64,
    features: Vec<Feature>,
    /// On people it had not seen; null until a model's card is added.
    measured: Option<Measured>,
    /// On the answers of the last weeks; null where too few people answered.
    lately: Option<Lately>,
    published: Published,
}

#[derive(Serialize)]
struct ModelInUse {
    name: String,
    learned: bool,
    /// Of the last turn it was given; null for the baseline that nobody chose.
    since: Option<String>,
    /// Others that tell a part of the people instead.
    beside: Vec<String>,
}

#[derive(Serialize)]
struct Feature {
    name: &'static str,
    weight: f64,
}

#[derive(Serialize)]
struct Measured {
    people: usize,
    answers: usize,
    yes: usize,
    from: String,
    to: String,
    scores: Scores,
}

/// What independent studies found of models like this one.
#[derive(Serialize)]
struct Published {
    auc: f64,
    sources: [&'static str; 3],
    /// How many of those flagged would be right, by how common burnout is, with sensitivity and specificity alike.
    right: Vec<Right>,
}

#[derive(Serialize)]
struct Right {
    auc: f64,
    base_rate: f64,
    precision: f64,
}

const LEARNED_IS: &str = "An estimate, from patterns of work and the moods you tell in check-ins over four weeks, of how likely you would \
                          say yes to the question whether you feel burnt out. A reason to talk about workload.";
const BASELINE_IS: &str = "An estimate, from patterns of work and the moods you tell in check-ins over four weeks, of how much your days look \
                           like those that wear people out. Its weights were chosen by hand: 40 % does not mean that 40 of 100 such people \
                           are burnt out. A reason to talk about workload.";
const IS_NOT: [&str; 4] = [
    "A diagnosis, or a statement about your health.",
    "A measure of how well you work, or of who you are.",
    "Right about each person: most of what wears people out leaves no trace at a computer.",
    "Made of what you write in messages or say in meetings, of your face, voice, keys or mouse. Of what you tell, only the mood of check-ins counts.",
];
const SEEN_BY: &str = "FocusFlow shows it under your name to nobody but you. Those who lead a team see how many of at least eight people are \
                       at each level; admins and analysts see that of every team. Analysts can read single rows under pseudonyms, which \
                       somebody who knows your days well could recognise. Admins see no risk by name, but can read what it is made of, what \
                       you answer in check-ins included, and hold the data. Nobody is ranked.";
/// Published figures: work logs alone, people the model has not seen.
const PUBLISHED_AUC: f64 = 0.595;
const SOURCES: [&str; 3] = [
    "Lou and others 2022, work logs of 88 physicians: AUC 0.595 (0.355 to 0.808)",
    "Koldijk and others 2018, computer use of 25 office workers, tested on others: 58.9 % right, less than always saying the same",
    "Shoman and others 2022, 65 studies over time: what predicts exhaustion does so weakly, mostly under rho 0.30",
];
/// (AUC, at a base rate of 10 %, of 20 %).
const RIGHT: [(f64, f64, f64); 4] = [(0.595, 0.127, 0.247), (0.65, 0.147, 0.279), (0.75, 0.193, 0.350), (0.83, 0.250, 0.429)];

pub async fn accuracy(State(app): State<App>, caller: Caller) -> Result<Json<Accuracy>, Error> {
    caller.may(Request::Accuracy, "accuracy")?;
    let (models, today) = (&caller.control.models, caller.now.div_euclid(DAY_MS) as i32);
    let serving = models.serving(today);
    let in_use = models.in_use(today);
    let since = in_use.iter().find(|turn| turn.share >= 100).map(|turn| date(turn.from).to_string());
    let beside = in_use.iter().filter(|turn| turn.share < 100 && turn.model != serving.name).map(|turn| turn.model.clone());
    let learned = models.known(&serving.name);
    // The baseline was measured along with the last model that was to replace it.
    let measured = learned.or(models.known.last()).map(|known| {
        let (data, held_out) = (&known.card.data, &known.card.held_out);
        Measured {
            people: held_out.people,
            answers: held_out.answers,
            yes: held_out.yes,
            from: data.from.clone(),
            to: data.to.clone(),
            scores: if learned.is_some() { held_out.learned.clone() } else { held_out.baseline.clone() },
        }
    });
    let lately = app.watched().and_then(|w| w.models.iter().find(|lately| lately.model == serving.name).cloned());
    let right = |(auc, at_10, at_20): (f64, f64, f64)| {
        [(0.1, at_10), (0.2, at_20)].map(|(base_rate, precision)| Right { auc, base_rate, precision })
    };
    Ok(Json(Accuracy {
        model: ModelInUse { name: serving.name.clone(), learned: serving.name != BASELINE_NAME, since, beside: beside.collect() },
        is: if learned.is_some() { LEARNED_IS } else { BASELINE_IS },
        is_not: IS_NOT,
        seen_by: SEEN_BY,
        elevated_from: LEVELS[0],
        high_from: LEVELS[1],
        features: FEATURES.into_iter().zip(serving.weights).map(|(name, weight)| Feature { name, weight }).collect(),
        measured,
        lately,
        published: Published { auc: PUBLISHED_AUC, sources: SOURCES, right: RIGHT.into_iter().flat_map(right).collect() },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error function, to about seven digits.
    fn erf(x: f64) -> f64 {
        let t = 1.0 / (1.0 + 0.327_591_1 * x.abs());
        let poly = ((((1.061_405_429 * t - 1.453_152_027) * t) + 1.421_413_741) * t - 0.284_496_736) * t + 0.254_829_592;
        (1.0 - poly * t * (-x * x).exp()).copysign(x)
    }

    #[test]
    fn the_shares_that_are_right_follow_from_the_auc() {
        for (auc, at_10, at_20) in RIGHT {
            // Two bell curves apart by d: the AUC is Phi(d / sqrt 2), and in the middle sensitivity and specificity are Phi(d / 2).
            let (mut low, mut high) = (0.0, 5.0);
            for _ in 0..60 {
                let d: f64 = (low + high) / 2.0;
                if 0.5 * (1.0 + erf(d / 2.0)) < auc { low = d } else { high = d }
            }
            let hit = 0.5 * (1.0 + erf(low / 2.0 / 2f64.sqrt()));
            for (rate, told) in [(0.1, at_10), (0.2, at_20)] {
                let right = rate * hit / (rate * hit + (1.0 - rate) * (1.0 - hit));
                assert!((right - told).abs() < 0.001, "{auc} at {rate}: {right}, not {told}");
            }
        }
    }
}
