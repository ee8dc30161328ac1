//! Who reads a statement's rows, as far as a store has to know it. What may be seen is decided by the caller (the `access`
//! of `query`) and handed over with the statement; a store carries it out and decides nothing.
//!
//! Invariants: a reader with a disguise reaches no table, column or value the disguise does not give, by no way a statement
//! has; without `units` there are no figures of teams.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use schemas::Table;
use schemas::pseudonym::{Kind, Pseudonyms};
use schemas::rows::BURNOUT_RISK;

use crate::Error;

/// The default sees every row of every table, and no team views.
#[derive(Clone, Default)]
pub struct Reader {
    /// For the team views: which units there are, and what may be shown of them.
    pub units: Option<Arc<dyn Units>>,
    /// None: every table as it is.
    pub disguise: Option<Arc<Disguise>>,
    /// People's burnout risk is not read by name: the table is not there, but in a disguise.
    pub hides_risks: bool,
    /// The reader's place among the statements running; let go of when the work has ended, which may be after the answer.
    pub slot: Option<Arc<dyn Any + Send + Sync>>,
}

pub(crate) fn not_by_name() -> Error {
    let name = BURNOUT_RISK.name;
    Error::Forbidden(format!(
        "{name} is read by nobody under people's names: a token of role analyst reads it under pseudonyms, team_burnout has the counts of teams"
    ))
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let disguised = if self.disguise.is_some() { "disguised" } else { "whole" };
        write!(f, "Reader({disguised}, {})", if self.units.is_some() { "with teams" } else { "without teams" })
    }
}

/// The units of an organisation by number, and the rule about showing them.
pub trait Units: Send + Sync {
    /// The team id by which a unit's rows are known; none for a unit that has no rows of its own.
    fn ids(&self) -> Vec<Option<&str>>;

    /// The units a person of this team counts in, the nearest first, the organisation last.
    fn of_team(&self, team: Option<&str>) -> Vec<usize>;

    /// Which units may be shown, when `own` people (by unit, without those of units below) contribute.
    fn released(&self, figures: Figures, own: &[u32]) -> Vec<bool>;

    /// Of one unit's windows of some days on end, in order, which are shown. `people_of` counts the distinct people of the
    /// unit active in any of the windows that start then; it may stop at `enough`.
    fn shown_windows(&self, unit: usize, windows: &[Window], people_of: &mut dyn FnMut(&[i64]) -> u32) -> Vec<bool>;

    /// Windows of a UTC day (a bit each) that are not shown of any unit. `people`: the unit each counts in first, and the windows
    /// they were active in; `hidden`: by unit, whether any window in which it has people is not released.
    fn withheld(&self, people: &[(usize, [u64; 5])], hidden: &[bool]) -> [u64; 5];

    /// As many people that no window of them has to be hidden.
    fn enough(&self) -> u32;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figures {
    Work,
    Burnout,
}

/// A window of a unit in which somebody was active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub start: i64,
    pub n: u32,
    /// What `Units::released` says of the unit in this window.
    pub released: bool,
}

/// All a disguised reader gets, beside the team views: some columns of some tables, and tables made for them.
pub struct Disguise {
    pub pseudonyms: Pseudonyms,
    pub tables: Vec<Disguised>,
    /// The team a row is shown with, by the row's own and its time; none is no team.
    pub teams: Arc<dyn TeamNames>,
    /// Whole tables by name, given as they are shown.
    pub given: Vec<(&'static str, RecordBatch)>,
}

pub struct Disguised {
    pub table: &'static Table,
    /// In the order they are shown in.
    pub columns: Vec<(&'static str, Shown)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    AsIs,
    Pseudonym(Kind),
    /// A team id, put through `TeamNames`.
    Team,
}

pub trait TeamNames: Send + Sync {
    fn shown(&self, team: &str, time_ms: i64) -> Option<Arc<str>>;
}
