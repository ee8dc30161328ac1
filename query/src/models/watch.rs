//! Looks once an hour at how the models do on what people answered lately. One in use that can no longer be trusted loses its turn;
//! where it is the one that tells everybody who is in no other's share, the baseline takes over.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use schemas::directory::{DAY_MS, weekday};
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
/// After a look that failed.
const AGAIN: Duration = Duration::from_secs(60);
const START: Duration = Duration::from_millis(200);

/// What is told of the last eight whole weeks (from Monday to Sunday, UTC). It changes once a week, and only where enough people's
/// answers come in and go out: from what differs nobody's answer can be worked out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Watched {
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
        let looked = look(&app).await;
        if let Err(error) = &looked {
            tracing::warn!(%error, "how models of burnout risk do could not be looked at");
        }
        let wait = if looked.is_ok() { EVERY } else { AGAIN };
        if cancel.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
            return;
        }
    }
}

/// One look: what is shown of the last weeks, and whether the models in use still hold.
async fn look(app: &App) -> Result<(), Error> {
    let (now, models) = (app.now(), app.control().models.clone());
    let today = now.div_euclid(DAY_MS) as i32;
    let sunday = today - 1 - weekday(today) as i32;
    let answers = Answers::read(app, (sunday - DAYS + 1).min(today - DAYS), today).await?;
    let (known, least) = (app.watched(), app.config.least().k_burnout as usize);
    let task = move || {
        let watched = match known {
            // Answers that come late change nothing that was told already, but for models that are new.
            Some(known) if known.to == day_text(sunday) && known.models.len() > models.known.len() => None,
            _ => Some(watched(&answers, &models, sunday, today, least)),
        };
        let answers = answers.within(today - DAYS, today);
        let alarm = |name: &str| models.known(name).and_then(|known| answers.alarm(&known.model, &known.card));
        let in_use: Vec<String> = models.in_use(today).into_iter().map(|turn| turn.model.clone()).collect();
        let alarms: Vec<(String, String)> = in_use.into_iter().filter_map(|name| Some((name.clone(), alarm(&name)?))).collect();
        (watched, alarms, models)
    };
    let (watched, alarms, models) = tokio::task::spawn_blocking(task).await.map_err(|e| Error::Internal(e.to_string()))?;
    if let Some(watched) = watched {
        app.set_watched(watched);
    }
    let serving = &models.serving(today).name;
    let to_come = models.turns.iter().filter(|turn| turn.from > today).count();
    for (seen, (name, reason)) in (models.turns.len()..).zip(&alarms) {
        // One that serves beside another ends alone; where the other ends, the baseline takes over, from turns still to come too.
        let ends_all = name == serving;
        let off =
            if ends_all && to_come > 0 { format!("; {to_come} turns that were still to come are off") } else { String::new() };
        tracing::warn!(
            model = name,
            reason,
            ends_all,
            to_come,
            "a model of burnout risk is no longer to be trusted and loses its turn"
        );
        let (model, share) = if ends_all { (BASELINE_NAME, 100) } else { (name.as_str(), 0) };
        let turn = Turn { from: today, model: model.into(), share, decided_at: now, why: format!("{name}: {reason}{off}") };
        match app.deps.writer.take_turn(turn, seen).await {
            Ok(_) => ::metrics::counter!(metrics::MODEL_FALLBACKS).increment(1),
            // Another process looked too; if it did not decide the same, the next look will.
            Err(store::Error::Invalid(message)) => {
                tracing::warn!(message, "the turn was not given back here");
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn watched(answers: &Answers, models: &Models, sunday: i32, today: i32, least: usize) -> Watched {
    let from = sunday - DAYS + 1;
    let told = answers.within(from, sunday);
    // The weeks that come in and go out next to those told before and after.
    let moves = [answers.within(sunday - 6, sunday), answers.within(from, from + 6)];
    let is_told = told.are_enough() && moves.iter().all(|week| week.people >= least || week.people == 0);
    Watched {
        from: day_text(from),
        to: day_text(sunday),
        people: told.people,
        answers: told.all.len(),
        models: if is_told { all(models).map(|model| told.lately(model)).collect() } else { Vec::new() },
        drift: match models.known(&models.serving(today).name) {
            Some(known) if is_told => told.drift(&known.card),
            _ => Vec::new(),
        },
    }
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
