//! The directory over HTTP: admins change it, everybody reads what they may.

use std::collections::HashSet;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use schemas::directory::{self, Directory, Document, PersonEntry, Team};
use serde::Serialize;
use store::control::PersonChanges;

use crate::Error;
use crate::access::{ROOT, Request};
use crate::app::{App, Caller};
use crate::body::{bytes, json_body, media_type};
use crate::path::Id;

#[derive(Serialize)]
pub struct Stored {
    version: u64,
    teams: usize,
    people: usize,
}

pub async fn read(caller: Caller) -> Result<Json<Document>, Error> {
    caller.may(Request::Directory, "directory")?;
    let directory = &caller.control.directory;
    if caller.is_admin() {
        return Ok(Json(directory.document().clone()));
    }
    Ok(Json(visible(&caller, directory)))
}

/// Their own entries, and the people now in teams they lead, without those people's aliases.
fn visible(caller: &Caller, directory: &Directory) -> Document {
    let (viewer, org) = (&caller.viewer, &caller.org);
    let led: HashSet<usize> = viewer.led.iter().copied().collect();
    let me = viewer.person.as_deref();
    let own_team = me.and_then(|me| directory.person(me).team_at(caller.now));
    let seen: HashSet<usize> = viewer.units(org).into_iter().chain(own_team.and_then(|team| org.find(team))).collect();
    let teams = directory.document().teams.iter().filter(|team| org.find(&team.id).is_some_and(|unit| seen.contains(&unit)));
    // A team above that the caller may not see is not named.
    let shown = |id: &String| org.find(id).is_some_and(|unit| unit != ROOT && seen.contains(&unit));
    let teams = teams.map(|team| Team { parent: team.parent.clone().filter(shown), ..team.clone() }).collect();
    let people = directory.document().people.iter().filter_map(|entry| {
        if Some(entry.id.as_str()) == me {
            return Some(entry.clone());
        }
        let unit = directory.person(&entry.id).team_at(caller.now).and_then(|team| org.find(team))?;
        led.contains(&unit).then(|| PersonEntry { aliases: Vec::new(), ..entry.clone() })
    });
    Document { teams, people: people.collect() }
}

pub async fn put(State(app): State<App>, caller: Caller, headers: HeaderMap, body: Body) -> Result<Json<Stored>, Error> {
    caller.may(Request::Configure, "put directory")?;
    let limit = app.config.directory_body_bytes;
    let document = match media_type(&headers).as_str() {
        "text/csv" => {
            let text = bytes(body, limit).await?;
            let text = std::str::from_utf8(&text).map_err(|_| bad("the CSV is not UTF-8"))?;
            let teams = caller.control.directory.document().teams.clone();
            directory::from_csv(text, teams).map_err(|e| bad(e.to_string()))?
        }
        "" | "application/json" => json_body(&headers, body, limit, "bad_directory").await?,
        other => return Err(Error::MediaType { found: other.into(), wanted: "application/json or text/csv" }),
    };
    let (teams, people) = (document.teams.len(), document.people.iter().map(|p| &p.id).collect::<HashSet<_>>().len());
    let version = app.deps.writer.put_directory(document).await.map_err(refused)?;
    Ok(Json(Stored { version, teams, people }))
}

pub async fn patch(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<PersonEntry>, Error> {
    caller.may(Request::Configure, "patch person")?;
    let changes: PersonChanges = json_body(&headers, body, app.config.sql_body_bytes, "bad_directory").await?;
    let from = changes.valid_from.clone();
    app.deps.writer.patch_person(&id, changes).await.map_err(refused)?;
    // In this process's snapshot the change is before it is acknowledged.
    let control = app.control();
    let mut entries: Vec<&PersonEntry> = control.directory.document().people.iter().filter(|entry| entry.id == id).collect();
    entries.sort_by(|a, b| a.valid_from.cmp(&b.valid_from));
    let changed = match &from {
        Some(from) => entries.iter().find(|entry| entry.valid_from == *from),
        None => entries.last(),
    };
    changed.map(|entry| Json((*entry).clone())).ok_or_else(|| Error::NotFound("the person is gone again".into()))
}

fn refused(error: store::Error) -> Error {
    match error {
        store::Error::Invalid(message) => Error::BadBody { code: "bad_directory", message },
        other => other.into(),
    }
}

fn bad(message: impl Into<String>) -> Error {
    Error::BadBody { code: "bad_directory", message: message.into() }
}
