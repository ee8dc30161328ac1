//! Figures over HTTP: of the caller (`me`), of teams and the organisation (`team`).

pub mod me;
pub mod span;
pub mod team;

use serde::Serialize;

use crate::access::{Org, ROOT};

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scope {
    pub kind: &'static str,
    pub id: String,
    pub name: String,
}

impl Scope {
    pub fn unit(org: &Org, unit: usize) -> Scope {
        let (kind, unit) = (if unit == ROOT { "org" } else { "team" }, org.unit(unit));
        Scope { kind, id: unit.id.clone(), name: unit.name.clone() }
    }

    pub fn me(directory: &schemas::Directory, person: &str, now: i64) -> Scope {
        let name = directory.person(person).entry_at(now).name.clone();
        Scope { kind: "me", id: person.to_owned(), name: name.unwrap_or_else(|| person.to_owned()) }
    }
}
