//! Models over HTTP: analysts and admins read all that is known of them, admins add them and give them their turn.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use schemas::directory::{DAY_MS, days_since_epoch};
use schemas::risk::{BASELINE, Card, Known, Model, Models, Turn};
use serde::{Deserialize, Serialize};

use super::watch::Watched;
use crate::Error;
use crate::access::Request;
use crate::app::{App, Caller};
use crate::body::json_body;

/// A card is a few kilobytes.
const MAX_BODY: usize = 256 << 10;
const BAD: &str = "bad_model";

#[derive(Serialize)]
pub struct Listed {
    /// That which tells everybody who is in no other's share.
    serving: String,
    baseline: Model,
    models: Vec<Entry>,
    turns: Vec<Turn>,
    /// How they do on the answers of the last weeks, in use or not; null until looked at.
    lately: Option<Arc<Watched>>,
}

#[derive(Serialize)]
struct Entry {
    added_at: i64,
    /// Of a hundred people, those it tells today; 0 runs beside and is not shown.
    share: u8,
    card: Card,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TurnRequest {
    model: String,
    /// How many turns there were when it was decided: with more by now, somebody else decided too.
    seen: usize,
    #[serde(default = "everybody")]
    share: u8,
    /// [default: tomorrow]
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    why: String,
}

fn everybody() -> u8 {
    100
}

#[derive(Serialize)]
pub struct Decided {
    version: u64,
}

pub async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Listed>, Error> {
    caller.may(Request::Models, "models")?;
    let (models, today) = (&caller.control.models, caller.now.div_euclid(DAY_MS) as i32);
    let entry = |known: &Known| Entry {
        added_at: known.added_at,
        share: share(models, &known.model.name, today),
        card: known.card.clone(),
    };
    Ok(Json(Listed {
        serving: models.serving(today).name.clone(),
        baseline: BASELINE.clone(),
        models: models.known.iter().map(entry).collect(),
        turns: models.turns.clone(),
        lately: app.watched(),
    }))
}

fn share(models: &Models, name: &str, day: i32) -> u8 {
    models.in_use(day).into_iter().find(|turn| turn.model == name).map_or(0, |turn| turn.share)
}

pub async fn add(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Decided>), Error> {
    caller.may(Request::Configure, "add model")?;
    let card: Card = json_body(&headers, body, MAX_BODY, BAD).await?;
    let version = app.deps.writer.add_model(card, caller.now).await.map_err(refused)?;
    Ok((StatusCode::CREATED, Json(Decided { version })))
}

pub async fn turn(State(app): State<App>, caller: Caller, headers: HeaderMap, body: Body) -> Result<Json<Decided>, Error> {
    caller.may(Request::Configure, "give a model its turn")?;
    let request: TurnRequest = json_body(&headers, body, MAX_BODY, BAD).await?;
    let from =
        match &request.from {
            Some(text) => days_since_epoch(text.parse().map_err(|_| Error::BadParameter {
                field: "from",
                message: format!("from: {text:?} is no date like 2026-01-31"),
            })?),
            None => caller.now.div_euclid(DAY_MS) as i32 + 1,
        };
    let TurnRequest { model, seen, share, why, .. } = request;
    tracing::info!(target: "audit", token = %caller.viewer.token, model, share, from, "turn of a model");
    let turn = Turn { from, model, share, decided_at: caller.now, why };
    let version = app.deps.writer.take_turn(turn, seen).await.map_err(refused)?;
    Ok(Json(Decided { version }))
}

fn refused(error: store::Error) -> Error {
    match error {
        store::Error::Invalid(message) => Error::BadBody { code: BAD, message },
        other => other.into(),
    }
}
