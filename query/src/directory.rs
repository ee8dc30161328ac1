//! The directory over HTTP: admins change it, everybody reads what they may.

use std::collections::{BTreeMap, HashSet};

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use schemas::control::Role;
use schemas::directory::{Directory, Document, HoursEntry, PersonEntry, Team};
use serde::Serialize;
use store::control::PersonChanges;

use crate::Error;
use crate::access::{ROOT, Request};
use crate::app::{App, Caller};
use crate::body::{bytes, json_body, media_type};

#[derive(Serialize)]
pub struct Stored {
    version: u64,
    teams: usize,
    people: usize,
}

pub async fn read(caller: Caller) -> Result<Json<Document>, Error> {
    if caller.viewer.role == Role::Ingest {
        return Err(Error::Forbidden("this token may send events and read nothing".into()));
    }
    let directory = &caller.control.directory;
    tracing::info!(target: "audit", token = %caller.viewer.token, role = ?caller.viewer.role, what = "directory", "access");
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
            from_csv(text, caller.control.directory.document().teams.clone())?
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
    Path(id): Path<String>,
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

/// People as CSV. Known teams stay as they are, unknown ones are made with their id as name.
fn from_csv(text: &str, mut teams: Vec<Team>) -> Result<Document, Error> {
    let mut lines = records(text)?.into_iter();
    let (_, header) = lines.next().ok_or_else(|| bad("the CSV is empty: the first line names the columns"))?;
    let mut columns = BTreeMap::new();
    const KNOWN: [&str; 10] =
        ["id", "name", "aliases", "team", "time_zone", "work_start", "work_end", "work_days", "manager", "valid_from"];
    for (at, name) in header.iter().map(|n| n.trim().to_ascii_lowercase()).enumerate() {
        let known = KNOWN
            .iter()
            .find(|k| **k == name)
            .ok_or_else(|| bad(format!("the CSV has the column {name:?}, which is none of {}", KNOWN.join(", "))))?;
        columns.insert(*known, at);
    }
    if !columns.contains_key("id") {
        return Err(bad("the CSV has no column id"));
    }
    let mut people = Vec::new();
    for (line, record) in lines {
        let field = |name: &str| columns.get(name).and_then(|at| record.get(*at)).map(|f| f.trim()).filter(|f| !f.is_empty());
        let list = |name: &str| -> Vec<String> {
            field(name).map_or_else(Vec::new, |f| f.split(';').map(|f| f.trim().to_owned()).filter(|f| !f.is_empty()).collect())
        };
        let usual = HoursEntry::default();
        let days = list("work_days");
        people.push(PersonEntry {
            id: field("id").ok_or_else(|| bad(format!("line {line} of the CSV has no id")))?.to_owned(),
            name: field("name").map(str::to_owned),
            aliases: list("aliases"),
            team: field("team").map(str::to_owned),
            time_zone: field("time_zone").unwrap_or("UTC").to_owned(),
            working_hours: HoursEntry {
                start: field("work_start").map_or(usual.start, str::to_owned),
                end: field("work_end").map_or(usual.end, str::to_owned),
                days: if days.is_empty() { usual.days } else { days },
            },
            manager: match field("manager").map(str::to_ascii_lowercase).as_deref() {
                None | Some("false" | "no" | "0") => false,
                Some("true" | "yes" | "1") => true,
                Some(other) => return Err(bad(format!("line {line} of the CSV: manager must be true or false, not {other:?}"))),
            },
            valid_from: field("valid_from").map(str::to_owned),
        });
    }
    let known: HashSet<String> = teams.iter().map(|team| team.id.clone()).collect();
    let new: std::collections::BTreeSet<&String> =
        people.iter().filter_map(|p| p.team.as_ref()).filter(|t| !known.contains(*t)).collect();
    teams.extend(new.into_iter().map(|id| Team { id: id.clone(), name: id.clone(), parent: None }));
    Ok(Document { teams, people })
}

/// RFC 4180: quoted fields may hold commas, quotes (doubled) and line ends. Each record with its line number.
fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, Error> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut line, mut started) = (false, 1, 1);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if field.is_empty() => quoted = true,
            '\n' | ',' if !quoted => {
                record.push(std::mem::take(&mut field));
                if c == '\n' {
                    line += 1;
                    records.push((started, std::mem::take(&mut record)));
                    started = line;
                }
            }
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            other => {
                line += usize::from(other == '\n');
                field.push(other);
            }
        }
    }
    if quoted {
        return Err(bad(format!("the CSV ends inside a quoted field that begins in the record of line {started}")));
    }
    if !field.is_empty() || !record.is_empty() {
        record.push(field);
        records.push((started, record));
    }
    records.retain(|(_, fields)| fields.len() > 1 || fields.first().is_some_and(|f| !f.trim().is_empty()));
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_come_as_csv() {
        let text = "\u{feff}id,name,aliases,team,work_days,manager\r\np-1,\"Lovelace, \"\"Ada\"\"\",slack:U1;email:a@x.org,t-1,mon;tue,yes\n\np-2,,,t-2,,\n";
        let known = vec![Team { id: "t-1".into(), name: "Payments".into(), parent: None }];
        let document = from_csv(text, known).unwrap();
        let ada = &document.people[0];
        assert_eq!(ada.name.as_deref(), Some("Lovelace, \"Ada\""));
        assert_eq!((ada.aliases.len(), ada.manager, ada.working_hours.days.len()), (2, true, 2));
        let bob = &document.people[1];
        assert_eq!((bob.name.as_deref(), bob.time_zone.as_str(), bob.working_hours.days.len()), (None, "UTC", 5));
        let names: Vec<_> = document.teams.iter().map(|t| t.name.as_str()).collect();
        assert_eq!(names, ["Payments", "t-2"]);
    }

    #[test]
    fn what_is_wrong_with_a_csv_is_named() {
        let check = |text: &str, expected: &str| {
            let error = from_csv(text, Vec::new()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check("", "empty");
        check("name\nAda\n", "no column id");
        check("id,colour\np-1,red\n", "\"colour\"");
        check("id,name\n,Ada\n", "line 2");
        check("id,manager\np-1,\np-2,perhaps\n", "line 3");
        check("id,name\np-1,\"Ada\n", "quoted");
    }
}
