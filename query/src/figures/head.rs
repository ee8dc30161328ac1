//! What every answer about a unit begins with: who it is about, and whose figures it has.

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

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Head {
    pub scope: Scope,
    pub k: u32,
    /// The unit above whose figures these are, when the one asked for is too small; with its name, as who may ask for a
    /// small team may not see the teams above it listed.
    pub rolled_up_to: Option<String>,
    pub rolled_up_to_name: Option<String>,
}

impl Head {
    pub fn new(org: &Org, asked: usize, answering: Option<usize>, k: u32) -> Head {
        let above = answering.filter(|unit| *unit != asked).map(|unit| org.unit(unit));
        Head {
            scope: Scope::unit(org, asked),
            k,
            rolled_up_to: above.map(|unit| unit.id.clone()),
            rolled_up_to_name: above.map(|unit| unit.name.clone()),
        }
    }

    /// A person's own: nobody to hide behind.
    pub fn me(scope: Scope) -> Head {
        Head { scope, k: 1, rolled_up_to: None, rolled_up_to_name: None }
    }
}
