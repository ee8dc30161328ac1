use schemas::risk::{BASELINE, FEATURES, Models, Turn};

use super::*;
use crate::simulate::Dice;

/// People who answer four times, by a risk that is made of their features.
fn people(count: u32, risk: impl Fn(&[f64; FEATURES.len()]) -> f64) -> Samples {
    let mut dice = Dice::of(11, &[7]);
    let mut samples = Samples { people: (0..count).map(|person| format!("p-{person:05}")).collect(), ..Samples::default() };
    for person in 0..count {
        let own: [f64; FEATURES.len()] = std::array::from_fn(|_| dice.share());
        for day in 0..4 {
            let features = own.map(|value| (value + 0.1 * (dice.share() - 0.5)).clamp(0.0, 1.0));
            let z = BASELINE.weights.iter().zip(&features).fold(BASELINE.bias, |z, (weight, value)| z + weight * value);
            let yes = dice.chance(risk(&features));
            samples.all.push(Sample { person, day: 20_000 + day, features, baseline: 1.0 / (1.0 + (-z).exp()), yes });
        }
    }
    samples
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

#[test]
fn what_can_be_learned_is_and_it_says_how_well() {
    // Not at all what the baseline believes.
    let card = train(&people(2_000, |f| sigmoid(-2.0 + 4.0 * f[4] - 2.0 * f[0]))).unwrap();
    assert!(card.verdict.beats_the_baseline, "{:?}", card.verdict);
    let HeldOut { learned, baseline, base_rate, .. } = &card.held_out;
    assert!(
        learned.auc > baseline.auc + 0.1 && learned.brier < base_rate.brier && learned.calibration_error < 0.03,
        "{learned:?}"
    );
    assert!(learned.auc_low < learned.auc && learned.auc < learned.auc_high);
    assert_eq!(base_rate.auc, 0.5);
    assert!((550..650).contains(&card.held_out.people), "{}", card.held_out.people);
    assert_eq!((card.data.from.as_str(), card.data.to.as_str()), ("2024-10-04", "2024-10-07"));
    let text = markdown(&card);
    assert!(text.contains("It beats the baseline") && text.contains("| meetings | ") && text.contains(&card.name), "{text}");
}

#[test]
fn answers_that_follow_from_nothing_are_not_to_be_learned_from() {
    let card = train(&people(2_000, |_| 0.2)).unwrap();
    assert!(!card.verdict.beats_the_baseline);
    assert!(card.verdict.reasons[0].contains("no better than the baseline"), "{:?}", card.verdict);
    assert!(markdown(&card).contains("Not to be used"));
    let models = Models::default().with_card(&card, 0).unwrap().unwrap();
    let turn = Turn { from: 1, model: card.name.clone(), share: 1, decided_at: 0, why: String::new() };
    assert!(models.with_turn(turn, 0).unwrap_err().contains("not to be used"), "not even for one in a hundred");
}

#[test]
fn nobody_judges_what_was_learned_from_them() {
    // Each person's answers follow from who they are, and features tell who that is: a model that saw them would know.
    let mut samples = people(400, |_| 0.0);
    let mut dice = Dice::of(5, &[1]);
    let said: Vec<bool> = (0..400).map(|_| dice.chance(0.3)).collect();
    samples.all.iter_mut().for_each(|sample| sample.yes = said[sample.person as usize]);
    let card = train(&samples).unwrap();
    assert!((card.held_out.learned.auc - 0.5).abs() < 0.12, "{}", card.held_out.learned.auc);
    assert!(!card.verdict.beats_the_baseline);
}

#[test]
fn too_little_to_learn_from_is_an_error_with_its_cure() {
    let error = train(&people(50, |_| 0.5)).unwrap_err();
    assert!(crate::problem::shown(&error).contains("100 people"), "{}", crate::problem::shown(&error));
    let error = train(&people(300, |_| 0.0)).unwrap_err();
    assert!(error.to_string().contains("0 say yes"), "{error}");
}

/// Two minutes are asked for; a fifth of that is noticed long before.
#[test]
fn ten_thousand_people_are_learned_from_in_seconds() {
    let samples = people(10_000, |f| sigmoid(-2.0 + 4.0 * f[4] - 2.0 * f[0]));
    let started = std::time::Instant::now();
    let card = train(&samples).unwrap();
    let took = started.elapsed();
    eprintln!("{} answers of 10,000 people: trained and judged in {took:.1?}", samples.all.len());
    assert!(card.verdict.beats_the_baseline && took.as_secs() < 24, "{took:?}");
}
