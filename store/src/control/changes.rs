//! Changes of the directory as pure functions on its document.

use schemas::directory::{Document, HoursEntry, PersonEntry};
use serde::{Deserialize, Deserializer, Serialize};

use crate::Error;

/// What to change of a person; absent fields stay. Where a field can be empty, JSON null empties it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PersonChanges {
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub name: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aliases: Option<Vec<String>>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub team: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_hours: Option<HoursEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manager: Option<bool>,
    /// Which entry to change: the one valid from this date, null for the one without a date.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Option<String>>,
}

/// Tells null (`Some(None)`) from absent (`None`).
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

impl PersonChanges {
    /// The document with the changes in it; not yet validated.
    pub(super) fn apply(self, id: &str, document: &Document) -> Result<Document, Error> {
        let mut document = document.clone();
        let at = self.target(id, &mut document)?;
        let entry = &mut document.people[at];
        if let Some(name) = self.name {
            entry.name = name;
        }
        if let Some(aliases) = self.aliases {
            entry.aliases = aliases;
        }
        if let Some(team) = self.team {
            entry.team = team;
        }
        if let Some(zone) = self.time_zone {
            entry.time_zone = zone;
        }
        if let Some(hours) = self.working_hours {
            entry.working_hours = hours;
        }
        if let Some(manager) = self.manager {
            entry.manager = manager;
        }
        Ok(document)
    }

    /// The index of the entry to change, made from the one before it when the date is new.
    fn target(&self, id: &str, document: &mut Document) -> Result<usize, Error> {
        // Dates like 2026-01-31 sort as text; None, for all time, sorts first.
        let mut entries: Vec<usize> = (0..document.people.len()).filter(|i| document.people[*i].id == id).collect();
        entries.sort_by(|a, b| document.people[*a].valid_from.cmp(&document.people[*b].valid_from));
        let latest = *entries.last().ok_or_else(|| Error::NotFound(format!("the directory has no person {id:?}")))?;
        let Some(from) = &self.valid_from else { return Ok(latest) };
        if let Some(same) = entries.iter().find(|i| document.people[**i].valid_from == *from) {
            return Ok(*same);
        }
        let before = entries.iter().rev().find(|i| document.people[**i].valid_from < *from).unwrap_or(&entries[0]);
        let entry = PersonEntry { valid_from: from.clone(), ..document.people[*before].clone() };
        document.people.insert(latest + 1, entry);
        Ok(latest + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        serde_json::from_str(r#"{"teams":[{"id":"t-1","name":"One"}],"people":[{"id":"ada","team":"t-1"},{"id":"bob"}]}"#)
            .unwrap()
    }

    fn changed(json: &str) -> Document {
        serde_json::from_str::<PersonChanges>(json).unwrap().apply("ada", &document()).unwrap()
    }

    #[test]
    fn null_empties_and_absent_keeps() {
        assert_eq!(changed(r#"{"team":null}"#).people[0].team, None);
        assert_eq!(changed(r#"{"name":"Ada"}"#).people[0].team.as_deref(), Some("t-1"));
    }

    #[test]
    fn a_new_date_adds_an_entry_after_the_one_valid_then() {
        let people = changed(r#"{"time_zone":"Asia/Tokyo","valid_from":"2026-03-01"}"#).people;
        let ids: Vec<_> = people.iter().map(|p| (p.id.as_str(), p.time_zone.as_str(), p.team.as_deref())).collect();
        assert_eq!(ids, [("ada", "UTC", Some("t-1")), ("ada", "Asia/Tokyo", Some("t-1")), ("bob", "UTC", None)]);
    }

    #[test]
    fn an_unknown_field_or_person_is_refused() {
        assert!(serde_json::from_str::<PersonChanges>(r#"{"tean":"t-1"}"#).is_err());
        assert!(matches!(PersonChanges::default().apply("eve", &document()), Err(Error::NotFound(_))));
    }
}
