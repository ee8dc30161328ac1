//! What people said of their advice, as rows. One text of each statement for all engines.

use sqlx::{Any, AnyPool, Row, Transaction};

use super::database;
use crate::Error;
use crate::control::{AdviceFeedback, MAX_ADVICE_FEEDBACK};

pub(super) async fn of_person(pool: &AnyPool, person: &str) -> Result<Vec<AdviceFeedback>, Error> {
    let rows = sqlx::query("SELECT id, said_at FROM advice_feedback WHERE person = $1 ORDER BY said_at DESC, id");
    let rows = rows.bind(person).fetch_all(pool).await.map_err(database)?;
    let read = |row: &sqlx::any::AnyRow| Ok(AdviceFeedback { id: row.try_get(0)?, at: row.try_get(1)? });
    rows.iter().map(read).collect::<Result<_, _>>().map_err(database)
}

pub(super) async fn put(tx: &mut Transaction<'static, Any>, person: &str, id: &str, kind: &str, at: i64) -> Result<(), Error> {
    let put = "INSERT INTO advice_feedback (person, id, kind, said_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (person, id) DO UPDATE SET kind = excluded.kind, said_at = excluded.said_at";
    let put = sqlx::query(put).bind(person).bind(id).bind(kind).bind(at);
    put.execute(&mut **tx).await.map_err(database)?;
    let oldest = "DELETE FROM advice_feedback WHERE person = $1 AND id NOT IN \
                  (SELECT id FROM advice_feedback WHERE person = $1 ORDER BY said_at DESC, id LIMIT $2)";
    let oldest = sqlx::query(oldest).bind(person).bind(MAX_ADVICE_FEEDBACK as i64);
    oldest.execute(&mut **tx).await.map(drop).map_err(database)
}

pub(super) async fn delete(tx: &mut Transaction<'static, Any>, person: &str, id: &str) -> Result<(), Error> {
    let delete = sqlx::query("DELETE FROM advice_feedback WHERE person = $1 AND id = $2").bind(person).bind(id);
    delete.execute(&mut **tx).await.map(drop).map_err(database)
}

pub(super) async fn delete_person(tx: &mut Transaction<'static, Any>, person: &str) -> Result<(), Error> {
    let delete = sqlx::query("DELETE FROM advice_feedback WHERE person = $1").bind(person);
    delete.execute(&mut **tx).await.map(drop).map_err(database)
}

/// By kind, how many people.
pub(super) async fn count(pool: &AnyPool) -> Result<Vec<(String, u32)>, Error> {
    let count = "SELECT kind, COUNT(DISTINCT person) FROM advice_feedback GROUP BY kind ORDER BY kind";
    let rows: Vec<(String, i64)> = sqlx::query_as(count).fetch_all(pool).await.map_err(database)?;
    Ok(rows.into_iter().map(|(kind, people)| (kind, people as u32)).collect())
}
