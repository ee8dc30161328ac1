//! Control data as rows, read and written inside a transaction. One text of each statement for all engines.

use schemas::control::{Settings, Token, Tokens};
use schemas::directory::{Document, HoursEntry, PersonEntry, Team};
use schemas::pseudonym::Key;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};

use super::database;
use crate::Error;

type Tx = Transaction<'static, Any>;

/// (of everything, of the directory)
pub(super) async fn versions(tx: &mut Tx) -> Result<(i64, i64), Error> {
    sqlx::query_as("SELECT version, directory FROM changes WHERE id = 1").fetch_one(&mut **tx).await.map_err(database)
}

pub(super) async fn raise_version(tx: &mut Tx, directory: bool) -> Result<(), Error> {
    let sql = match directory {
        true => "UPDATE changes SET version = version + 1, directory = version + 1 WHERE id = 1",
        false => "UPDATE changes SET version = version + 1 WHERE id = 1",
    };
    sqlx::query(sql).execute(&mut **tx).await.map(drop).map_err(database)
}

pub(super) async fn document(tx: &mut Tx) -> Result<Document, Error> {
    let teams =
        sqlx::query("SELECT id, name, parent FROM teams ORDER BY position").fetch_all(&mut **tx).await.map_err(database)?;
    let people = sqlx::query(
        // SQLite has no flags of its own that the driver could tell from numbers.
        "SELECT id, name, aliases, team, time_zone, work_start, work_end, work_days, CASE WHEN manager THEN 1 ELSE 0 END, valid_from \
         FROM people ORDER BY position",
    )
    .fetch_all(&mut **tx)
    .await
    .map_err(database)?;
    Ok(Document {
        teams: teams.iter().map(team).collect::<Result<_, _>>()?,
        people: people.iter().map(person).collect::<Result<_, _>>()?,
    })
}

fn team(row: &AnyRow) -> Result<Team, Error> {
    let read = || Ok(Team { id: row.try_get(0)?, name: row.try_get(1)?, parent: row.try_get(2)? });
    read().map_err(database)
}

fn person(row: &AnyRow) -> Result<PersonEntry, Error> {
    let text = |column: usize| row.try_get::<String, _>(column).map_err(database);
    let option = |column: usize| row.try_get::<Option<String>, _>(column).map_err(database);
    Ok(PersonEntry {
        id: text(0)?,
        name: option(1)?,
        aliases: from_json(&text(2)?)?,
        team: option(3)?,
        time_zone: text(4)?,
        working_hours: HoursEntry { start: text(5)?, end: text(6)?, days: from_json(&text(7)?)? },
        manager: row.try_get::<i64, _>(8).map_err(database)? != 0,
        valid_from: option(9)?,
    })
}

pub(super) async fn put_document(tx: &mut Tx, document: &Document) -> Result<(), Error> {
    for sql in ["DELETE FROM people", "DELETE FROM teams"] {
        sqlx::query(sql).execute(&mut **tx).await.map_err(database)?;
    }
    for (position, team) in document.teams.iter().enumerate() {
        let insert = sqlx::query("INSERT INTO teams (position, id, name, parent) VALUES ($1, $2, $3, $4)");
        let insert = insert.bind(position as i64).bind(&team.id).bind(&team.name).bind(&team.parent);
        insert.execute(&mut **tx).await.map_err(database)?;
    }
    for (position, entry) in document.people.iter().enumerate() {
        let insert = sqlx::query(
            "INSERT INTO people (position, id, name, aliases, team, time_zone, work_start, work_end, work_days, manager, valid_from) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        );
        let hours = &entry.working_hours;
        let insert = insert.bind(position as i64).bind(&entry.id).bind(&entry.name).bind(to_json(&entry.aliases)?);
        let insert = insert.bind(&entry.team).bind(&entry.time_zone).bind(&hours.start).bind(&hours.end);
        let insert = insert.bind(to_json(&hours.days)?).bind(entry.manager).bind(&entry.valid_from);
        insert.execute(&mut **tx).await.map_err(database)?;
    }
    Ok(())
}

pub(super) async fn tokens(tx: &mut Tx) -> Result<Tokens, Error> {
    let rows = sqlx::query("SELECT id, name, role, person, hash, created_at, expires_at FROM tokens ORDER BY created_at, id")
        .fetch_all(&mut **tx)
        .await
        .map_err(database)?;
    let tokens = rows.iter().map(token).collect::<Result<Vec<_>, _>>()?;
    Ok(Tokens::new(tokens))
}

fn token(row: &AnyRow) -> Result<Token, Error> {
    let role: String = row.try_get(2).map_err(database)?;
    let role = from_json(&format!("{role:?}"))?;
    let read = || {
        Ok(Token {
            id: row.try_get(0)?,
            name: row.try_get(1)?,
            role,
            person: row.try_get(3)?,
            hash: row.try_get(4)?,
            created_at: row.try_get(5)?,
            expires_at: row.try_get(6)?,
        })
    };
    read().map_err(database)
}

pub(super) async fn insert_token(tx: &mut Tx, token: &Token) -> Result<(), Error> {
    let role = to_json(&token.role)?;
    let insert = sqlx::query(
        "INSERT INTO tokens (id, name, role, person, hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    );
    let insert = insert.bind(&token.id).bind(&token.name).bind(role.trim_matches('"')).bind(&token.person);
    let insert = insert.bind(&token.hash).bind(token.created_at).bind(token.expires_at);
    match insert.execute(&mut **tx).await {
        Ok(_) => Ok(()),
        Err(sqlx::Error::Database(e)) if e.is_unique_violation() => {
            Err(Error::Invalid("secret: another token has this one already".into()))
        }
        Err(error) => Err(database(error)),
    }
}

/// Whether there was one.
pub(super) async fn delete_token(tx: &mut Tx, id: &str) -> Result<bool, Error> {
    let done = sqlx::query("DELETE FROM tokens WHERE id = $1").bind(id).execute(&mut **tx).await.map_err(database)?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn settings(tx: &mut Tx) -> Result<Settings, Error> {
    let text: Option<String> = sqlx::query_scalar("SELECT value FROM settings WHERE name = 'organisation'")
        .fetch_optional(&mut **tx)
        .await
        .map_err(database)?;
    text.map_or_else(|| Ok(Settings::default()), |text| from_json(&text))
}

pub(super) async fn put_settings(tx: &mut Tx, settings: &Settings) -> Result<(), Error> {
    let put =
        "INSERT INTO settings (name, value) VALUES ('organisation', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    sqlx::query(put).bind(to_json(settings)?).execute(&mut **tx).await.map(drop).map_err(database)
}

/// Beside the organisation's settings, which are replaced as a whole.
pub(super) async fn pseudonym_key(tx: &mut Tx) -> Result<Option<Key>, Error> {
    let text: Option<String> = sqlx::query_scalar("SELECT value FROM settings WHERE name = 'pseudonym_key'")
        .fetch_optional(&mut **tx)
        .await
        .map_err(database)?;
    let Some(text) = text else { return Ok(None) };
    let text: String = from_json(&text).map_err(|_| unreadable_key())?;
    Key::from_hex(&text).map(Some).ok_or_else(unreadable_key)
}

/// Without the text: it is nearly the secret.
fn unreadable_key() -> Error {
    Error::Corrupt(
        "control data: the key of the pseudonyms cannot be read; restore a backup, or delete the setting pseudonym_key, \
         which gives everybody another pseudonym"
            .into(),
    )
}

pub(super) async fn put_pseudonym_key(tx: &mut Tx, key: &Key) -> Result<(), Error> {
    let put = sqlx::query("INSERT INTO settings (name, value) VALUES ('pseudonym_key', $1)");
    put.bind(to_json(&key.to_hex())?).execute(&mut **tx).await.map(drop).map_err(database)
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|e| Error::Corrupt(format!("control data: {text:?} cannot be read: {e}")))
}

pub(super) fn to_json<T: Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|e| Error::Invalid(e.to_string()))
}
