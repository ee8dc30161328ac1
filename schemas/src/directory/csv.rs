//! People as CSV, as a spreadsheet saves them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{DirectoryError, Document, HoursEntry, PersonEntry, Team};

const COLUMNS: [&str; 10] =
    ["id", "name", "aliases", "team", "time_zone", "work_start", "work_end", "work_days", "manager", "valid_from"];

fn bad(message: impl Into<String>) -> DirectoryError {
    DirectoryError(message.into())
}

/// The first line names the columns, in any order; lists are separated by semicolons. Known teams stay as they are, unknown ones
/// are made with their id as name.
pub fn from_csv(text: &str, mut teams: Vec<Team>) -> Result<Document, DirectoryError> {
    let mut lines = records(text)?.into_iter();
    let (_, header) = lines.next().ok_or_else(|| bad("the CSV is empty: the first line names the columns"))?;
    let mut columns = BTreeMap::new();
    for (at, name) in header.iter().map(|n| n.trim().to_ascii_lowercase()).enumerate() {
        let known = COLUMNS.iter().find(|known| **known == name).ok_or_else(|| {
            let separated = if name.contains([';', '\t']) { " (columns are separated by commas)" } else { "" };
            bad(format!("the CSV has the column {name:?}, which is none of {}{separated}", COLUMNS.join(", ")))
        })?;
        if columns.insert(*known, at).is_some() {
            return Err(bad(format!("the CSV has the column {name:?} twice")));
        }
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
    let new: BTreeSet<&String> = people.iter().filter_map(|p| p.team.as_ref()).filter(|t| !known.contains(*t)).collect();
    teams.extend(new.into_iter().map(|id| Team { id: id.clone(), name: id.clone(), parent: None }));
    Ok(Document { teams, people })
}

/// RFC 4180: quoted fields may hold commas, quotes (doubled) and line ends. Each record with its line number.
fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, DirectoryError> {
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
        check("id;name\np-1;Ada\n", "separated by commas");
        check("id,name,ID\np-1,Ada,p-2\n", "\"id\" twice");
        check("id,name\n,Ada\n", "line 2");
        check("id,manager\np-1,\np-2,perhaps\n", "line 3");
        check("id,name\np-1,\"Ada\n", "quoted");
    }
}
