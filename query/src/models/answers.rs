//! What people said lately, with what they were told by.

use std::collections::HashSet;

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
    pub features: Features,
    pub yes: bool,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers {
    pub all: Vec<Answer>,
    /// Who gave them, as a number alone.
    pub people: usize,
}

impl Answers {
    /// Of these days, both included.
    pub async fn read(app: &App, from: i32, to: i32) -> Result<Answers, Error> {
        let (mut all, mut people) = (Vec::new(), HashSet::new());
        let params = vec![json!(day_text(from)), json!(day_text(to))];
        let sql = include_str!("../../sql/answers.sql");
        rows::each(&app.deps.store, sql, params, app.config.internal_limits(), |batch| {
            let columns = Columns(batch);
            let (user, answer, factors) = (columns.text("user_id")?, columns.int("answer")?, columns.factors("features")?);
            for (row, factors) in factors.into_iter().enumerate() {
                let value = |name: &str| factors.iter().find(|factor| factor.name == name).map_or(0.0, |factor| factor.value);
                all.push(Answer { features: FEATURES.map(value), yes: answer.value(row) >= YES });
                if !people.contains(user.value(row)) {
                    people.insert(user.value(row).to_owned());
                }
            }
            Ok(())
        })
        .await?;
        Ok(Answers { all, people: people.len() })
    }

    /// What a model tells of them, shown or not: a risk follows from the features.
    pub fn told(&self, model: &Model) -> Vec<Told> {
        self.all.iter().map(|answer| (model.risk(&answer.features), answer.yes)).collect()
    }
}
