//! Looks once an hour at how the models do on what people answered lately. One in use that can no longer be trusted gives its turn
//! back to the baseline.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use schemas::directory::DAY_MS;
use schemas::risk::{BASELINE, BASELINE_NAME, Model, Models, Turn};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::answers::Answers;
use super::lately::{Drift, Lately};
use crate::app::App;
use crate::rest::span::day_text;
use crate::{Error, metrics};

/// How many days of answers are looked at.
const DAYS: i32 = 56;
const EVERY: Duration = Duration::from_secs(3_600);
const START: Duration = Duration::from_millis(200);

/// What was seen last.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Watched {
    pub at: i64,
    pub from: String,
    pub to: String,
    pub people: usize,
    pub answers: usize,
    /// Of each model, in use or not, and of the baseline; empty where too few people answered.
    pub models: Vec<Lately>,
    /// Of the model that tells most people.
    pub drift: Vec<Drift>,
}

pub async fn run(app: App, cancel: CancellationToken) {
    // Where it never was, no increase would be seen.
    ::metrics::counter!(metrics::MODEL_FALLBACKS).increment(0);
    while !app.live_runs.load(Ordering::Acquire) {
        tokio::time::sleep(START).await;
    }
    loop {
        if let Err(error) = look(&app).await {
            tracing::warn!(%error, "how models of burnout risk do could not be looked at");
        }
        if cancel.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
            return;
        }
    }
}

/// One look.
pub async fn look(app: &App) -> Result<(), Error> {
    let (now, models) = (app.now(), app.control().models.clone());
    let today = now.div_euclid(DAY_MS) as i32;
    let answers = Answers::read(app, today - DAYS, today).await?;
    let watched = Watched {
        at: now,
        from: day_text(today - DAYS),
        to: day_text(today),
        people: answers.people,
        answers: answers.all.len(),
        models: match answers.are_enough() {
            true => all(&models).map(|model| answers.lately(model)).collect(),
            false => Vec::new(),
        },
        drift: match models.known(&models.serving(today).name) {
            Some(known) if answers.are_enough() => answers.drift(&known.card),
            _ => Vec::new(),
        },
    };
    app.set_watched(watched);
    let in_use = models.in_use(today).into_iter().filter_map(|turn| models.known(&turn.model));
    let alarm = in_use.filter_map(|known| Some((known, answers.alarm(&known.model, &known.card)?))).next();
    let Some((known, reason)) = alarm else { return Ok(()) };
    tracing::warn!(
        model = known.model.name,
        reason,
        "a model of burnout risk is no longer to be trusted: the baseline takes over"
    );
    ::metrics::counter!(metrics::MODEL_FALLBACKS).increment(1);
    let why = format!("{}: {reason}", known.model.name);
    let turn = Turn { from: today, model: BASELINE_NAME.into(), share: 100, decided_at: now, why };
    match app.deps.writer.take_turn(turn, models.turns.len()).await {
        // Another process looked too.
        Err(store::Error::Invalid(message)) => tracing::info!(message, "somebody else decided first"),
        other => drop(other?),
    }
    Ok(())
}

fn all(models: &Models) -> impl Iterator<Item = &Model> {
    std::iter::once::<&Model>(&BASELINE).chain(models.known.iter().map(|known| &known.model))
}

impl crate::app::Inner {
    pub fn watched(&self) -> Option<Arc<Watched>> {
        self.watched.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn set_watched(&self, watched: Watched) {
        *self.watched.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Arc::new(watched));
    }
}
