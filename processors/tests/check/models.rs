//! Other models have their turn while events come, back in time and ahead: in the end it is as if they had always had it.

use schemas::risk::{Card, Models, Turn};

use super::compare::differences;
use super::pipeline::{Plan, run};
use super::survey::survey_of;
use crate::oracle::{self, burnout};
use crate::processors::testing::Kill;
use crate::random::{self, Case, Rng};

const DAY_MS: i64 = 86_400_000;

fn card(bias: f64, weights: [f64; 11]) -> Card {
    let mut card: Card = serde_json::from_str(include_str!("../../../schemas/examples/model-card.json")).unwrap();
    for (name, weight) in schemas::risk::FEATURES.iter().zip(weights) {
        card.weights.insert((*name).to_owned(), weight);
    }
    (card.bias, card.name) = (bias, Card::name_of(bias, &weights));
    card
}

#[test]
fn risks_follow_the_models_whenever_they_have_their_turn() {
    survey_of(random::months, "some other model's risk shows", 60, |case| shows(case, |plan| plan));
}

/// What differs when other models have their turn on some way through, over some ground.
pub fn shows(case: &Case, over: impl Fn(Plan) -> Plan) -> Vec<String> {
    let cards = [card(-1.0, [0.5, 0.1, 2.0, 0.3, 0.2, 1.9, 0.4, 0.7, 0.6, 0.0, -1.0]), card(0.5, [-0.2; 11])];
    let mut rng = Rng::new(case.seed);
    let days = || case.events.iter().filter_map(|event| event["ts"].as_i64()).map(|ts| (ts / DAY_MS) as i32);
    let (first, last) = (days().min().unwrap(), days().max().unwrap());
    let mut models = Models::default();
    for card in &cards {
        models = models.with_card(card, 0).unwrap().unwrap();
    }
    let mut changes = Vec::new();
    for _ in 0..1 + rng.below(4) {
        let from = first + rng.below((last - first + 3) as u64) as i32;
        let name = rng.pick(&["baseline-1", cards[0].name.as_str(), cards[1].name.as_str()]).to_string();
        let turn = Turn { from, model: name, share: 100, decided_at: i64::from(from) * DAY_MS, why: String::new() };
        models = models.with_turn(turn, models.turns.len()).unwrap();
        changes.push((rng.below(9) as usize, models.clone()));
    }
    changes.sort_by_key(|(eighth, models)| (*eighth, models.turns.len()));
    // Whoever comes last in time has all of them.
    let mut seen = Models::default();
    for (_, models) in &mut changes {
        if models.turns.len() < seen.turns.len() {
            *models = seen.clone();
        }
        seen = models.clone();
    }
    let mut plan = Plan::straight().partitions(1 + rng.below(2) as u32).batch(*rng.pick(&[5, 20, 60])).models(changes);
    plan = plan.kill(*rng.pick(&[Kill::Never, Kill::EveryBatch, Kill::EveryBatchFlushedEvery(3)]));
    if rng.chance(50) {
        plan = plan.forgetful();
    }
    if rng.chance(50) {
        plan = plan.settle_each();
    }
    if rng.chance(30) {
        plan = plan.directory_changes();
    }
    if rng.chance(30) {
        plan = plan.offline();
    }
    let plan = over(plan);
    let choose = |_: &str, day: i32| {
        let turn = seen.turns.iter().rfind(|turn| turn.from <= day);
        match turn.and_then(|turn| cards.iter().find(|card| card.name == turn.model)) {
            None => burnout::BASELINE,
            Some(card) => {
                let weights = schemas::risk::FEATURES.map(|name| card.weights[name]);
                burnout::Model { name: &card.name, bias: card.bias, weights }
            }
        }
    };
    let mut lines = differences(&oracle::compute_by(&case.document, &case.events, &choose), &run(case, &plan));
    if !lines.is_empty() {
        lines.push(format!("by {plan:?}"));
    }
    lines
}
