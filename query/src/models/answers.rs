//! What people said lately, with what they were told by.

use std::collections::HashMap;

use schemas::risk::{FEATURES, Features, Model, measure::Told};
use serde_json::json;

use crate::Error;
use crate::app::App;
use crate::rest::span::day_text;
use crate::rows::{self, Columns};

/// From here on an answer says yes.
const YES: i64 = 3;

#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// A number alone: below `Answers::people`.
    pub person: usize,
    pub day: i32,
    pub features: Features,
    pub yes: bool,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers {
    pub all: Vec<Answer>,
    pub people: usize,
}

impl Answers {
    /// Of these days, both included.
    pub async fn read(app: &App, from: i32, to: i32) -> Result<Answers, Error> {
        let (mut all, mut numbers) = (Vec::new(), HashMap::new());
        let params = vec![json!(day_text(from)), json!(day_text(to))];
        let sql = include_str!("../../sql/answers.sql");
        rows::each(&app.deps.store, sql, params, app.config.internal_limits(), |batch| {
            let columns = Columns(batch);
            let (user, day, answer) = (columns.text("user_id")?, columns.day("day")?, columns.int("answer")?);
            for (row, factors) in columns.factors("features")?.into_iter().enumerate() {
                let value = |name: &str| factors.iter().find(|factor| factor.name == name).map_or(0.0, |factor| factor.value);
                let next = numbers.len();
                let person = *numbers.entry(user.value(row).to_owned()).or_insert(next);
                let yes = answer.value(row) >= YES;
                all.push(Answer { person, day: day.value(row), features: FEATURES.map(value), yes });
            }
            Ok(())
        })
        .await?;
        Ok(Answers { all, people: numbers.len() })
    }

    /// Those of some of the days.
    pub fn within(&self, from: i32, to: i32) -> Answers {
        let mut numbers = HashMap::new();
        let mut all = Vec::new();
        for answer in self.all.iter().filter(|answer| (from..=to).contains(&answer.day)) {
            let next = numbers.len();
            all.push(Answer { person: *numbers.entry(answer.person).or_insert(next), ..answer.clone() });
        }
        Answers { all, people: numbers.len() }
    }

    /// What a model tells of them, shown or not: a risk follows from the features.
    pub fn told(&self, model: &Model) -> Vec<Told> {
        self.all.iter().map(|answer| (model.risk(&answer.features), answer.yes)).collect()
    }

    /// The mean of something over answers, and how far by chance it may be off: answers of one person are much alike.
    pub fn mean(&self, values: &[f64]) -> (f64, f64) {
        let n = (values.len() as f64).max(1.0);
        let mean = values.iter().sum::<f64>() / n;
        let mut by_person = vec![0.0; self.people];
        self.all.iter().zip(values).for_each(|(answer, value)| by_person[answer.person] += value - mean);
        (mean, by_person.iter().map(|sum| sum * sum).sum::<f64>().sqrt() / n)
    }
}
