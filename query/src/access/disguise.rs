//! What analysts see of single people: no names, no ids, pseudonyms in their place. The columns that are shown are listed; a
//! new one is not shown before somebody has thought about it, and a test asks for that.
//!
//! Hidden is what can hold anybody's name (titles, URLs, unknown fields), what hardly anybody shares (who leads a team, the
//! day an entry of the directory begins), and what tells of the log, its positions and times: a person's partition follows
//! from their id, and files are often imported in the order of names.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use schemas::control::Control;
use schemas::directory::PersonEntry;
use schemas::pseudonym::{Kind, Pseudonyms};
use schemas::rows::{
    ACTIVITY_EVENTS, BURNOUT_RISK, DIRECTORY, FOCUS_BLOCKS, INTERRUPTIONS, MESSAGE_EVENTS, SESSION_EVENTS, USER_5M, USER_DAILY,
};
use schemas::{Directory, Table};
use store::reader::{Disguise, Disguised, Shown, TeamNames};

use super::labels::Labels;
use super::org::Org;
use crate::Error;

struct Sight {
    table: &'static Table,
    /// Columns in one text, as there are many.
    as_is: &'static str,
    pseudonyms: &'static [(&'static str, Kind)],
}

/// Besides `user_id` and `team_id`, which every table has and every one shows in disguise.
static SIGHTS: [Sight; 8] = [
    Sight {
        table: &ACTIVITY_EVENTS,
        as_is: "ts app duration_ms afk category",
        pseudonyms: &[("id", Kind::Item), ("device", Kind::Source), ("source", Kind::Source)],
    },
    Sight {
        table: &MESSAGE_EVENTS,
        as_is: "ts channel kind direction notified priority",
        pseudonyms: &[("id", Kind::Item), ("peer", Kind::Person), ("thread", Kind::Item), ("source", Kind::Source)],
    },
    Sight {
        table: &SESSION_EVENTS,
        as_is: "ts kind phase planned_ms mood energy burnout",
        pseudonyms: &[("id", Kind::Item), ("session", Kind::Item), ("source", Kind::Source)],
    },
    Sight {
        table: &INTERRUPTIONS,
        as_is: "ts channel kind in_focus_by attended lag_ms load definition final",
        pseudonyms: &[("message_id", Kind::Item)],
    },
    Sight { table: &FOCUS_BLOCKS, as_is: "start_ts end_ts focus_ms deep interruptions definition final", pseudonyms: &[] },
    Sight {
        table: &USER_5M,
        as_is: "window_start active_ms focus_ms comm_ms meeting_ms switches messages_received interruptions \
                self_interruptions load interruption_score definition final",
        pseudonyms: &[],
    },
    Sight {
        table: &USER_DAILY,
        as_is: "day active_ms focus_ms comm_ms meeting_ms switches blocks deep_blocks block_ms deep_ms \
                longest_block_ms stretch_ms sessions sessions_completed session_ms messages_received messages_sent \
                sent_after_hours response_ms interruptions self_interruptions load interruption_score focus_score \
                streak_days first_active last_active span_ms after_hours_ms rest_ms definition final",
        pseudonyms: &[],
    },
    Sight {
        table: &BURNOUT_RISK,
        as_is: "day risk risk_low risk_high level status model active_days features definition final",
        pseudonyms: &[],
    },
];

fn has(names: &str, name: &str) -> bool {
    names.split(' ').any(|known| known == name)
}

impl Sight {
    fn shown(&self, name: &str) -> Option<Shown> {
        match name {
            "user_id" => Some(Shown::Pseudonym(Kind::Person)),
            "team_id" => Some(Shown::Team),
            _ if has(self.as_is, name) => Some(Shown::AsIs),
            _ => self.pseudonyms.iter().find(|(n, _)| *n == name).map(|(_, kind)| Shown::Pseudonym(*kind)),
        }
    }

    /// In the table's own order.
    fn disguised(&self) -> Disguised {
        let columns = self.table.columns.iter().filter_map(|c| Some((c.name, self.shown(c.name)?)));
        Disguised { table: self.table, columns: columns.collect() }
    }
}

/// `k`: fewest people who carry the same team, zone and hours.
pub fn disguise(control: &Control, org: &Org, now: i64, k: u32) -> Result<Disguise, Error> {
    let key = control.pseudonyms.as_ref();
    let key = key.ok_or_else(|| Error::Unavailable("the secret that pseudonyms are made with is not loaded".into()))?;
    let (pseudonyms, labels) = (Pseudonyms::new(key), Labels::new(org, &control.directory, k));
    let directory = directory(&control.directory, org, &labels, &pseudonyms, now, k);
    Ok(Disguise {
        tables: SIGHTS.iter().map(Sight::disguised).collect(),
        given: vec![(DIRECTORY.name, directory?)],
        teams: Arc::new(labels),
        pseudonyms,
    })
}

/// Start, end and days.
type Hours = (String, String, String);

/// A person in the disguised directory.
struct Entry<'a> {
    pseudonym: String,
    team: Option<Arc<str>>,
    entry: &'a PersonEntry,
}

/// Everybody once, as they are now, in the order of pseudonyms.
fn directory(
    directory: &Directory,
    org: &Org,
    labels: &Labels,
    pseudonyms: &Pseudonyms,
    now: i64,
    k: u32,
) -> Result<RecordBatch, Error> {
    let mut people: Vec<Entry<'_>> = current(directory, now)
        .map(|entry| Entry {
            pseudonym: pseudonyms.of(Kind::Person, &entry.id),
            team: entry.team.as_deref().and_then(|team| labels.shown(team, now)),
            entry,
        })
        .collect();
    people.sort_by(|a, b| a.pseudonym.cmp(&b.pseudonym));
    let zone = |person: &Entry<'_>| person.entry.time_zone.clone();
    let hours = |person: &Entry<'_>| -> Hours {
        let hours = &person.entry.working_hours;
        (hours.start.clone(), hours.end.clone(), hours.days.join(",").to_lowercase())
    };
    let zones = common(&people, k, zone);
    let hours = common(&people, k, |person| (zone(person), hours(person)));
    let unit = |person: &Entry<'_>| person.team.as_deref().and_then(|team| org.find(team)).map(|at| org.unit(at));
    let parent = |person: &Entry<'_>| {
        let parent = unit(person)?.parent.filter(|parent| *parent != super::ROOT)?;
        Some(org.unit(parent).id.clone())
    };
    let text =
        |of: &dyn Fn(&Entry<'_>) -> Option<String>| -> ArrayRef { Arc::new(people.iter().map(of).collect::<StringArray>()) };
    let hour = |of: &dyn Fn(&Hours) -> &String| -> ArrayRef {
        Arc::new(hours.iter().map(|hours| hours.as_ref().map(|(_, hours)| of(hours))).collect::<StringArray>())
    };
    let zones: ArrayRef = Arc::new(zones.iter().map(Option::as_ref).collect::<StringArray>());
    let columns = [
        ("user_id", text(&|person| Some(person.pseudonym.clone()))),
        ("team_id", text(&|person| person.team.as_deref().map(String::from))),
        ("team_name", text(&|person| unit(person).map(|unit| unit.name.clone()))),
        ("parent_team_id", text(&parent)),
        ("time_zone", zones),
        ("work_start", hour(&|hours| &hours.0)),
        ("work_end", hour(&|hours| &hours.1)),
        ("work_days", hour(&|hours| &hours.2)),
    ];
    let fields = columns.iter().map(|(name, _)| Field::new(*name, DataType::Utf8, *name != "user_id"));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    RecordBatch::try_new(schema, columns.into_iter().map(|(_, column)| column).collect())
        .map_err(|e| Error::Internal(format!("the directory in pseudonyms: {e}")))
}

/// The entry of each person that holds now, or their first.
fn current(directory: &Directory, now: i64) -> impl Iterator<Item = &PersonEntry> {
    let mut entries: HashMap<&str, Vec<&PersonEntry>> = HashMap::new();
    for entry in &directory.document().people {
        entries.entry(&entry.id).or_default().push(entry);
    }
    entries.into_values().filter_map(move |mut entries| {
        entries.sort_by(|a, b| a.valid_from.cmp(&b.valid_from));
        let today = schemas::directory::date(now.div_euclid(schemas::directory::DAY_MS) as i32).to_string();
        let holds = entries.iter().rev().find(|entry| entry.valid_from.as_ref().is_none_or(|from| *from <= today));
        holds.or(entries.first()).copied()
    })
}

/// What each person has, where among those shown with the same team everybody shares theirs with k people: else one who
/// alone has something else would stand out, by having it or by its being hidden.
fn common<T: Clone + std::hash::Hash + Eq>(people: &[Entry<'_>], k: u32, of: impl Fn(&Entry<'_>) -> T) -> Vec<Option<T>> {
    let mut counts: HashMap<Option<&str>, HashMap<T, u32>> = HashMap::new();
    for person in people {
        *counts.entry(person.team.as_deref()).or_default().entry(of(person)).or_default() += 1;
    }
    let is_common = |person: &Entry<'_>| counts[&person.team.as_deref()].values().all(|n| *n >= k);
    people.iter().map(|person| is_common(person).then(|| of(person))).collect()
}

#[cfg(test)]
mod tests {
    use schemas::rows::{ALERTS, TABLES};

    use super::*;

    static HIDDEN: [(&Table, &str); 8] = [
        (&ACTIVITY_EVENTS, "title url ingested_at extra version"),
        (&MESSAGE_EVENTS, "ingested_at extra version"),
        (&SESSION_EVENTS, "ingested_at extra version"),
        (&INTERRUPTIONS, "version deleted"),
        (&FOCUS_BLOCKS, "version deleted"),
        (&USER_5M, "version deleted"),
        (&USER_DAILY, "version deleted"),
        (&BURNOUT_RISK, "version deleted"),
    ];

    #[test]
    fn somebody_has_decided_about_every_column() {
        for table in TABLES.iter().filter(|table| table.name != DIRECTORY.name && table.name != ALERTS.name) {
            let sight = SIGHTS.iter().find(|sight| sight.table.name == table.name);
            let sight = sight.unwrap_or_else(|| panic!("{}: may analysts see it, and what of it?", table.name));
            let hidden = HIDDEN.iter().find(|(of, _)| of.name == table.name).map_or("", |(_, hidden)| hidden);
            for column in table.columns {
                let shown = sight.shown(column.name).is_some();
                assert!(shown != has(hidden, column.name), "{}.{}: is it shown or hidden?", table.name, column.name);
            }
            let pseudonyms = sight.pseudonyms.iter().map(|(name, _)| *name);
            let listed = sight.as_is.split(' ').chain(hidden.split(' ')).chain(pseudonyms);
            for name in listed {
                assert!(table.column(name).is_some(), "{} has no {name}", table.name);
            }
        }
    }

    #[test]
    fn hours_that_few_share_are_hidden_for_the_whole_team() {
        let entry =
            |zone: &str| -> PersonEntry { serde_json::from_value(serde_json::json!({"id": "p", "time_zone": zone})).unwrap() };
        let (utc, tokyo) = (entry("UTC"), entry("Asia/Tokyo"));
        let person = |team: &str, entry| Entry { pseudonym: String::new(), team: Some(team.into()), entry };
        let people: Vec<Entry<'_>> =
            (0..9).map(|i| person(if i < 4 { "a" } else { "b" }, if i == 8 { &tokyo } else { &utc })).collect();
        let zones = common(&people, 2, |person| person.entry.time_zone.clone());
        assert!(zones[..4].iter().all(|zone| zone.as_deref() == Some("UTC")));
        assert!(zones[4..].iter().all(Option::is_none));
    }
}
