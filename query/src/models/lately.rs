//! How a model does on the answers of the last weeks, and whether it can still be trusted.

use schemas::risk::measure::{Told, auc, brier, calibration_error};
use schemas::risk::{BASELINE, BINS, Card, FEATURES, Model, bin};
use serde::Serialize;

use super::answers::Answers;

/// Fewer tell nothing, and might tell of somebody.
const LEAST_PEOPLE: usize = 50;
const LEAST_ANSWERS: usize = 200;
/// What is told may be so far from what comes true, on the whole.
const MOST_OFF: f64 = 0.05;
/// Standard errors that are no accident.
const SURE: f64 = 3.0;
/// Of the population stability index: from here on the people are others than it learned from.
const MOST_DRIFT: f64 = 0.25;
/// What chance alone reaches of it with one person, in one of a thousand looks at as many features: chi-square of five degrees.
const CHANCE_DRIFT: f64 = 26.0;

/// As it is shown to others: rounded, so that no single answer can be worked out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lately {
    pub model: String,
    pub auc: f64,
    pub brier: f64,
    pub calibration_error: f64,
    /// On the mean.
    pub told: f64,
    pub came_true: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drift {
    pub feature: &'static str,
    /// Population stability index: under 0.1 is little, from 0.25 on much.
    pub index: f64,
}

impl Answers {
    pub fn are_enough(&self) -> bool {
        self.people >= LEAST_PEOPLE && self.all.len() >= LEAST_ANSWERS
    }

    pub fn lately(&self, model: &Model) -> Lately {
        let told = self.told(model);
        let mean = |value: fn(&Told) -> f64| hundredths(self.mean(&told.iter().map(value).collect::<Vec<_>>()).0);
        Lately {
            model: model.name.clone(),
            auc: hundredths(auc(&told)),
            brier: hundredths(brier(&told)),
            calibration_error: hundredths(calibration_error(&told)),
            told: mean(|(risk, _)| *risk),
            came_true: mean(came_true),
        }
    }

    /// How far the features lie from those it learned from, the furthest first. Everybody weighs the same, however often they answer.
    pub fn drift(&self, card: &Card) -> Vec<Drift> {
        let mut answers = vec![0.0; self.people];
        self.all.iter().for_each(|answer| answers[answer.person] += 1.0);
        // A bin with nobody may have had half a person by chance.
        let least = 0.5 / (self.people as f64).max(1.0);
        let index = |(at, feature): (usize, &'static str)| {
            let mut now = [0.0; BINS];
            for answer in &self.all {
                now[bin(answer.features[at])] += 1.0 / (answers[answer.person] * self.people as f64);
            }
            let then = card.data.features.get(feature).copied().unwrap_or(now);
            let part = |(now, then): (f64, f64)| {
                let (now, then) = (now.max(least), then.max(least));
                (now - then) * (now / then).ln()
            };
            Drift { feature, index: now.into_iter().zip(then).map(part).sum() }
        };
        let mut drift: Vec<Drift> = FEATURES.into_iter().enumerate().map(index).collect();
        drift.sort_by(|a, b| b.index.total_cmp(&a.index));
        drift
    }

    /// Why a model that is in use should no longer be; none where all is well, or too little is known.
    pub fn alarm(&self, model: &Model, card: &Card) -> Option<String> {
        if !self.are_enough() {
            return None;
        }
        let told = self.told(model);
        let (off, error) = self.mean(&told.iter().map(|told| told.0 - came_true(told)).collect::<Vec<_>>());
        if off.abs() > MOST_OFF && off.abs() > SURE * error {
            let (came, _) = self.mean(&told.iter().map(came_true).collect::<Vec<_>>());
            return Some(format!("it tells {:.0} % on the mean, and {:.0} % came true", (came + off) * 100.0, came * 100.0));
        }
        let worse: Vec<f64> = told.iter().zip(self.told(&BASELINE)).map(|(ours, base)| loss(ours) - loss(&base)).collect();
        let (by, error) = self.mean(&worse);
        if by > 0.0 && by > SURE * error {
            return Some(format!("its Brier score is {by:.4} above that of the baseline"));
        }
        let furthest = self.drift(card).into_iter().next()?;
        (furthest.index > MOST_DRIFT.max(CHANCE_DRIFT / self.people as f64)).then(|| {
            format!("{} lies elsewhere than where it learned: a stability index of {:.2}", furthest.feature, furthest.index)
        })
    }
}

fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn came_true((_, yes): &Told) -> f64 {
    f64::from(u8::from(*yes))
}

fn loss(told: &Told) -> f64 {
    (told.0 - came_true(told)).powi(2)
}

#[cfg(test)]
mod tests {
    use super::super::answers::Answer;
    use super::*;

    fn card() -> Card {
        serde_json::from_str(include_str!("../../../schemas/examples/model-card.json")).unwrap()
    }

    /// Values that lie as in the card, and answers that follow the model's risk moved by `shift`.
    fn answers(count: usize, people: usize, shift: f64, bins: [f64; BINS]) -> (Answers, Model, Card) {
        let mut card = card();
        let model = card.model().unwrap();
        let mut state = 7u64;
        let mut share = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / (1u64 << 31) as f64
        };
        let mut all = Vec::new();
        for at in 0..count {
            let features = std::array::from_fn(|_| {
                let mut left = share();
                let at = bins.iter().position(|share| {
                    left -= share;
                    left < 0.0
                });
                at.map_or(0.0, |at| (at as f64 / 5.0 - 0.05).max(0.0))
            });
            let yes = share() < (model.risk(&features) + shift).clamp(0.0, 1.0);
            all.push(Answer { person: at % people, day: 0, features, yes });
        }
        let shares = [0.4, 0.2, 0.15, 0.1, 0.1, 0.05];
        card.data.features.values_mut().for_each(|known| *known = shares);
        (Answers { all, people }, model, card)
    }

    const AS_LEARNED: [f64; BINS] = [0.4, 0.2, 0.15, 0.1, 0.1, 0.05];

    #[test]
    fn a_model_that_still_holds_raises_no_alarm() {
        let (answers, model, card) = answers(2_000, 500, 0.0, AS_LEARNED);
        assert_eq!(answers.alarm(&model, &card), None, "{:?}", answers.drift(&card));
        let lately = answers.lately(&model);
        assert!(lately.calibration_error < 0.04 && (lately.told - lately.came_true).abs() < 0.03, "{lately:?}");
        assert!(answers.lately(&BASELINE).brier > lately.brier);
    }

    #[test]
    fn one_that_tells_too_much_does() {
        let (answers, model, card) = answers(2_000, 500, -0.3, AS_LEARNED);
        let alarm = answers.alarm(&model, &card).unwrap();
        assert!(alarm.contains("came true"), "{alarm}");
    }

    #[test]
    fn other_people_than_it_learned_from_do() {
        let (answers, model, card) = answers(2_000, 500, 0.0, [0.05, 0.1, 0.1, 0.15, 0.2, 0.4]);
        let alarm = answers.alarm(&model, &card).unwrap();
        assert!(alarm.contains("elsewhere"), "{alarm}");
        let drift = answers.drift(&card);
        assert!(drift.len() == FEATURES.len() && drift[0].index >= drift[10].index);
    }

    #[test]
    fn few_answers_tell_nothing() {
        let (few, model, card) = answers(199, 60, -0.5, AS_LEARNED);
        assert!(few.alarm(&model, &card).is_none() && !few.are_enough());
        let (alike, model, card) = answers(2_000, 49, -0.5, AS_LEARNED);
        assert_eq!(alike.alarm(&model, &card), None, "many answers of few people");
    }

    #[test]
    fn few_people_who_are_always_alike_are_no_drift_and_one_who_answers_much_moves_little() {
        let (mut answers, model, card) = answers(400, 100, 0.0, AS_LEARNED);
        // Everybody's answers follow from the same days.
        for at in 0..answers.all.len() {
            answers.all[at].features = answers.all[at % 100].features;
        }
        let alarm = answers.alarm(&model, &card);
        assert!(alarm.as_ref().is_none_or(|alarm| !alarm.contains("elsewhere")), "{alarm:?}");
        let loud = Answer { person: 0, day: 0, features: [1.0; FEATURES.len()], yes: false };
        let mut shouted = answers.clone();
        shouted.all.extend(std::iter::repeat_n(loud, 56));
        assert!(shouted.drift(&card)[0].index < answers.drift(&card)[0].index + 0.1);
        let alarm = shouted.alarm(&model, &card);
        assert!(alarm.as_ref().is_none_or(|alarm| !alarm.contains("came true")), "{alarm:?}");
    }
}
