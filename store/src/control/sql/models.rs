//! Models and their turns as rows.

use schemas::risk::{Card, Known, Models, Turn};
use sqlx::{Any, Row, Transaction};

use super::database;
use super::rows::{from_json, to_json};
use crate::Error;

type Tx = Transaction<'static, Any>;

pub(super) async fn models(tx: &mut Tx) -> Result<Models, Error> {
    let rows = sqlx::query("SELECT added_at, card FROM models ORDER BY position").fetch_all(&mut **tx).await.map_err(database)?;
    let mut models = Models::default();
    for row in rows {
        let (added_at, card): (i64, String) = (row.try_get(0).map_err(database)?, row.try_get(1).map_err(database)?);
        let card: Card = from_json(&card)?;
        let model =
            card.model().map_err(|reason| Error::Corrupt(format!("control data: the card of {}: {reason}", card.name)))?;
        models.known.push(Known { model, card, added_at });
    }
    let turns: Vec<String> =
        sqlx::query_scalar("SELECT turn FROM model_turns ORDER BY position").fetch_all(&mut **tx).await.map_err(database)?;
    models.turns = turns.iter().map(|turn| from_json(turn)).collect::<Result<Vec<Turn>, _>>()?;
    Ok(models)
}

pub(super) async fn insert_model(tx: &mut Tx, position: usize, known: &Known) -> Result<(), Error> {
    let insert = sqlx::query("INSERT INTO models (position, name, added_at, card) VALUES ($1, $2, $3, $4)");
    let insert = insert.bind(position as i64).bind(&known.model.name).bind(known.added_at).bind(to_json(&known.card)?);
    insert.execute(&mut **tx).await.map(drop).map_err(database)
}

pub(super) async fn insert_turn(tx: &mut Tx, position: usize, turn: &Turn) -> Result<(), Error> {
    let insert = sqlx::query("INSERT INTO model_turns (position, turn) VALUES ($1, $2)");
    insert.bind(position as i64).bind(to_json(turn)?).execute(&mut **tx).await.map(drop).map_err(database)
}
