//! Who may see what. The one place that decides, for REST, SQL and live alike: `decide` says whether a viewer may ask,
//! `release` which figures may leave.
//!
//! - ingest: nothing. member: themselves. manager: themselves and the teams they lead, with everything below.
//! - analyst: all team views, and SQL over everybody under pseudonyms (`disguise`).
//! - admin: all team views, SQL on everything as it is, configuration - and no single person's page.
//!
//! A team that is too small is answered with the figures of the unit above it (see `release`): being allowed to ask for a
//! team includes that.

mod anchors;
mod disguise;
mod labels;
pub mod org;
pub mod release;
mod units;

use std::sync::Arc;

use schemas::Directory;
use schemas::control::{Control, Role, Token};
use store::Reader;

use crate::Error;

pub use anchors::{anchors, has};
pub use org::{Org, ROOT, day_start, local_day};
pub use release::{Release, Window, release, shown, shown_windows};

#[derive(Debug, Clone)]
pub struct Viewer {
    pub token: String,
    pub role: Role,
    /// The directory id of the person the token speaks for.
    pub person: Option<String>,
    /// Units the person leads, with those below.
    pub led: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request<'a> {
    Me,
    Team(&'a str),
    Org,
    /// How the pipeline is doing: nothing about people.
    Pipeline,
    /// What the caller may ask for.
    Teams,
    /// The directory, as far as the caller may see it.
    Directory,
    Sql,
    /// Models of burnout risk: their cards, and how they do.
    Models,
    /// How often a risk of burnout is wrong.
    Accuracy,
    /// Directory, tokens, models.
    Configure,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// With the unit the figures are asked for, where there is one.
    Allow(Option<usize>),
    Forbid(&'static str),
    /// Only for those who may see every team; for others an unknown team is one they do not lead.
    Unknown,
}

impl Viewer {
    pub fn new(token: &Token, directory: &Directory, org: &Org, now_ms: i64) -> Viewer {
        let person = token.person.as_deref().map(|p| directory.resolve(p).unwrap_or(p).to_owned());
        let led = match (token.role, &person) {
            (Role::Manager, Some(person)) => org.led_by(directory, person, now_ms),
            _ => Vec::new(),
        };
        Viewer { token: token.id.clone(), role: token.role, person, led }
    }

    /// Units whose views this viewer may ask for.
    pub fn units(&self, org: &Org) -> Vec<usize> {
        org.units().map(|(at, _)| at).filter(|at| self.sees(*at)).collect()
    }

    fn sees(&self, unit: usize) -> bool {
        match self.role {
            Role::Admin | Role::Analyst => true,
            Role::Manager => self.led.contains(&unit),
            Role::Member | Role::Ingest => false,
        }
    }
}

pub fn decide(viewer: &Viewer, request: Request<'_>, org: &Org) -> Decision {
    use Decision::{Allow, Forbid, Unknown};
    match (viewer.role, request) {
        (_, Request::Teams) => Allow(None),
        (Role::Ingest, _) => Forbid("this token may send events and read nothing"),
        (Role::Member | Role::Manager, Request::Me) if viewer.person.is_some() => Allow(None),
        (Role::Member | Role::Manager, Request::Me) => Forbid("this token speaks for no person"),
        (_, Request::Me) => Forbid("a person's own page is for that person: use a member or manager token"),
        (_, Request::Pipeline | Request::Directory | Request::Accuracy) => Allow(None),
        (Role::Admin | Role::Analyst, Request::Org) => Allow(Some(ROOT)),
        (Role::Admin | Role::Analyst, Request::Team(id)) => org.find(id).map_or(Unknown, |unit| Allow(Some(unit))),
        (Role::Manager, Request::Team(id)) => match org.find(id).filter(|unit| viewer.sees(*unit)) {
            Some(unit) => Allow(Some(unit)),
            None => Forbid("this is none of the teams you lead"),
        },
        (Role::Member, Request::Team(_)) => Forbid("members see themselves; team views are for those who lead the team"),
        (_, Request::Org) => Forbid("the organisation's view is for admins and analysts"),
        (Role::Admin, Request::Sql | Request::Configure) => Allow(None),
        (Role::Analyst, Request::Sql) => Allow(None),
        (Role::Admin | Role::Analyst, Request::Models) => Allow(None),
        (_, Request::Models) => {
            Forbid("models are for admins and analysts; /v1/burnout/accuracy tells everybody how often they are wrong")
        }
        (_, Request::Sql) => Forbid("SQL is for admins and analysts"),
        (_, Request::Configure) => Forbid("only admins change the directory, tokens and models"),
    }
}

/// Fewest people a figure may cover.
#[derive(Debug, Clone, Copy)]
pub struct Least {
    pub k: u32,
    /// For figures of burnout risk, and for how many people carry the same marks where rows of single people are shown.
    pub k_burnout: u32,
}

/// What a statement may see of a role that may send any: everybody as they are is for admins alone, and people's burnout risk by name
/// for nobody.
pub fn reader(role: Role, control: &Control, org: &Arc<Org>, now: i64, least: Least) -> Result<Reader, Error> {
    let units = units::ShownUnits { org: org.clone(), least };
    let disguise = match role {
        Role::Admin => None,
        _ => Some(Arc::new(disguise::disguise(control, org, now, least.k_burnout)?)),
    };
    Ok(Reader { units: Some(Arc::new(units)), disguise, hides_risks: true, slot: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::directory::{Document, PersonEntry, Team};

    fn person(id: &str, team: &str, manager: bool) -> PersonEntry {
        serde_json::from_value(
            serde_json::json!({"id": id, "team": team, "manager": manager, "aliases": [format!("slack:{id}")]}),
        )
        .unwrap()
    }

    fn setting() -> (Directory, Org) {
        let team = |id: &str, parent: Option<&str>| Team { id: id.into(), name: id.into(), parent: parent.map(Into::into) };
        let document = Document {
            teams: vec![team("t-0", None), team("t-1", Some("t-0")), team("t-2", Some("t-1")), team("t-9", None)],
            people: vec![person("boss", "t-1", true), person("dev", "t-2", false)],
        };
        let directory = Directory::new(document).unwrap();
        let org = Org::new(&directory, 0);
        (directory, org)
    }

    fn viewer(role: Role, person: Option<&str>) -> (Viewer, Org) {
        let (directory, org) = setting();
        let token = Token {
            id: "id".into(),
            name: "n".into(),
            role,
            person: person.map(Into::into),
            hash: String::new(),
            created_at: 0,
            expires_at: None,
        };
        (Viewer::new(&token, &directory, &org, 0), org)
    }

    /// What each role is allowed of: me, led team, team below it, team above, other team, unknown team, org, pipeline,
    /// SQL, configure. `+` allowed, `-` forbidden, `?` unknown.
    fn check(role: Role, person: Option<&str>, expected: &str) {
        let (viewer, org) = viewer(role, person);
        let requests = [
            Request::Me,
            Request::Team("t-1"),
            Request::Team("t-2"),
            Request::Team("t-0"),
            Request::Team("t-9"),
            Request::Team("none"),
            Request::Org,
            Request::Pipeline,
            Request::Sql,
            Request::Configure,
        ];
        let found: String = requests
            .iter()
            .map(|request| match decide(&viewer, *request, &org) {
                Decision::Allow(_) => '+',
                Decision::Forbid(_) => '-',
                Decision::Unknown => '?',
            })
            .collect();
        assert_eq!(found, expected, "{role:?} as {person:?}");
    }

    #[test]
    fn each_role_sees_what_it_may() {
        check(Role::Ingest, Some("dev"), "----------");
        check(Role::Member, Some("dev"), "+------+--");
        check(Role::Member, None, "-------+--");
        check(Role::Manager, Some("boss"), "+++----+--");
        check(Role::Manager, Some("slack:boss"), "+++----+--");
        check(Role::Manager, Some("dev"), "+------+--");
        check(Role::Analyst, Some("dev"), "-++++?+++-");
        check(Role::Admin, Some("dev"), "-++++?++++");
    }

    #[test]
    fn a_member_token_leads_nothing_even_when_the_person_does() {
        check(Role::Member, Some("boss"), "+------+--");
    }
}
