//! A model of burnout risk from answers that people gave of their own accord. It learns from some people, is judged by others it has
//! never seen, and says so where it is no better than the baseline.

mod card;
mod fit;
mod measure;
mod samples;
#[cfg(test)]
mod tests;

use anyhow::Result;
use schemas::risk::measure::{Told, auc};
use schemas::risk::{Card, HeldOut};

use crate::problem::Problem;
pub use card::markdown;
use fit::fit;
use measure::{interval, scores};
use samples::Sample;
pub use samples::{STATEMENT, Samples};

/// Of ten people, those that judge.
const JUDGES: u32 = 3;
/// Fewer, and nothing that is found out can be trusted.
const LEAST_PEOPLE: usize = 100;
const LEAST_YES: usize = 50;

/// `None` of the answers of the people who judge is learned from.
pub fn train(samples: &Samples) -> Result<Card> {
    let judges = |sample: &&Sample| sample.person % 10 < JUDGES;
    let (held_out, learned_from): (Vec<&Sample>, Vec<&Sample>) = samples.all.iter().partition(judges);
    let yes = |samples: &[&Sample]| samples.iter().filter(|sample| sample.yes).count();
    let (people, said_yes) = (samples.people.len(), yes(&held_out) + yes(&learned_from));
    if people < LEAST_PEOPLE || said_yes < LEAST_YES || yes(&held_out) == 0 || yes(&held_out) == held_out.len() {
        let problem = format!(
            "too little to learn from: {} answers of {people} people, of which {said_yes} say yes to burnout",
            samples.all.len()
        );
        let cure = format!(
            "it takes {LEAST_PEOPLE} people who answered the question (`burnout` of check-ins, 1 to 5) after ten active days, and \
             {LEAST_YES} answers of 3 or more"
        );
        return Err(Problem::new(problem).cure(cure).into());
    }
    let fitted = fit(&learned_from)?;
    let rate = yes(&learned_from) as f64 / learned_from.len() as f64;
    let told = |risk: &dyn Fn(&Sample) -> f64| -> Vec<Vec<Told>> {
        let by_person = held_out.chunk_by(|a, b| a.person == b.person);
        by_person.map(|own| own.iter().map(|sample| (risk(sample), sample.yes)).collect()).collect()
    };
    let ours = told(&|sample| fitted.model.risk(&sample.features));
    let baseline = told(&|sample| sample.baseline);
    let always = told(&|_| rate);
    let gain = gain(&ours, &baseline);
    let [learned, baseline, base_rate] = [ours, baseline, always].map(|people| scores(&people));
    Ok(card::card(
        &fitted,
        card::data(samples, rate),
        HeldOut {
            people: samples.people.len() - people_of(&learned_from),
            answers: held_out.len(),
            yes: yes(&held_out),
            learned,
            baseline,
            base_rate,
            gain_low: gain[0],
            gain_high: gain[1],
        },
    ))
}

fn people_of(samples: &[&Sample]) -> usize {
    samples.chunk_by(|a, b| a.person == b.person).count()
}

/// How much better it tells people apart than the baseline, at least and at most.
fn gain(ours: &[Vec<Told>], baseline: &[Vec<Told>]) -> [f64; 2] {
    let both: Vec<Vec<(f64, f64, bool)>> = ours
        .iter()
        .zip(baseline)
        .map(|(ours, base)| ours.iter().zip(base).map(|((a, yes), (b, _))| (*a, *b, *yes)).collect())
        .collect();
    interval(&both, |drawn| {
        let of = |which: fn(&(f64, f64, bool)) -> f64| auc(&drawn.iter().map(|told| (which(told), told.2)).collect::<Vec<_>>());
        of(|told| told.0) - of(|told| told.1)
    })
}
