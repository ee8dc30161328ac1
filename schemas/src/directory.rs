//! Who people are, where they belong and when their day begins: aliases, teams, time zones, working hours, as of a time.
//!
//! An entry with `valid_from` holds from the start of that date in its own time zone; before a person's first entry,
//! and for people the directory does not know, the defaults hold: no team, UTC, 09:00-17:00 from Monday to Friday.

mod csv;

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use foldhash::fast::RandomState;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

pub use csv::from_csv;

pub const DAY_MS: i64 = 86_400_000;

/// The wire form: what `PUT /v1/directory` takes and `GET` gives.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Document {
    #[serde(default)]
    pub teams: Vec<Team>,
    #[serde(default)]
    pub people: Vec<PersonEntry>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Team {
    pub id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
}

/// One entry of a person's history; most people have one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PersonEntry {
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    #[serde(default = "utc")]
    pub time_zone: String,
    #[serde(default)]
    pub working_hours: HoursEntry,
    #[serde(default)]
    pub manager: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HoursEntry {
    pub start: String,
    pub end: String,
    pub days: Vec<String>,
}

fn utc() -> String {
    "UTC".into()
}

impl Default for HoursEntry {
    fn default() -> Self {
        HoursEntry {
            start: "09:00".into(),
            end: "17:00".into(),
            days: ["mon", "tue", "wed", "thu", "fri"].map(String::from).to_vec(),
        }
    }
}

/// The directory, checked and indexed.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    document: Document,
    teams: BTreeMap<String, Team>,
    // Every event looks into them; what is in them an admin has put there.
    people: HashMap<String, Person, RandomState>,
    aliases: HashMap<String, String, RandomState>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// By `from`, ascending.
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The first instant this entry holds; `i64::MIN` for all time.
    pub from: i64,
    pub name: Option<String>,
    pub team: Option<String>,
    pub zone: TimeZone,
    pub hours: WorkingHours,
    pub manager: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkingHours {
    pub start: Time,
    /// At or before `start`: runs into the next day.
    pub end: Time,
    /// By Monday-zero weekday.
    pub days: [bool; 7],
}

/// What is wrong with a directory document, naming the entry and the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DirectoryError(pub String);

static DEFAULT_PERSON: LazyLock<Person> = LazyLock::new(|| Person { entries: vec![Entry::unknown()] });

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Directory {
    pub fn new(document: Document) -> Result<Directory, DirectoryError> {
        let mut directory = Directory::default();
        for team in &document.teams {
            if team.id.is_empty() {
                return Err(DirectoryError("a team has an empty id".into()));
            }
            if directory.teams.insert(team.id.clone(), team.clone()).is_some() {
                return Err(DirectoryError(format!("team {:?} is listed twice", team.id)));
            }
        }
        for team in &document.teams {
            directory.check_parents(team)?;
        }
        for entry in &document.people {
            directory.add(entry)?;
        }
        for person in directory.people.values_mut() {
            person.entries.sort_by_key(|e| e.from);
        }
        directory.document = document;
        Ok(directory)
    }

    fn check_parents(&self, team: &Team) -> Result<(), DirectoryError> {
        let mut at = team;
        for _ in 0..=self.teams.len() {
            let Some(parent) = &at.parent else { return Ok(()) };
            at = self
                .teams
                .get(parent)
                .ok_or_else(|| DirectoryError(format!("team {:?} has the unknown parent {parent:?}", at.id)))?;
        }
        Err(DirectoryError(format!("team {:?} is its own ancestor", team.id)))
    }

    fn add(&mut self, entry: &PersonEntry) -> Result<(), DirectoryError> {
        let id = &entry.id;
        if id.is_empty() {
            return Err(DirectoryError("a person has an empty id".into()));
        }
        if let Some(team) = entry.team.as_ref().filter(|t| !self.teams.contains_key(*t)) {
            return Err(DirectoryError(format!("person {id:?} is in the unknown team {team:?}")));
        }
        for alias in entry.aliases.iter() {
            if let Some(other) = self.aliases.insert(alias.clone(), id.clone()).filter(|other| other != id) {
                return Err(DirectoryError(format!("alias {alias:?} belongs to both {other:?} and {id:?}")));
            }
        }
        let parsed = Entry::parse(entry)?;
        let person = self.people.entry(id.clone()).or_insert_with(|| Person { entries: Vec::new() });
        if person.entries.iter().any(|e| e.from == parsed.from) {
            return Err(DirectoryError(format!("person {id:?} has two entries valid from the same day")));
        }
        person.entries.push(parsed);
        Ok(())
    }

    pub fn document(&self) -> &Document {
        &self.document
    }

    pub fn team(&self, id: &str) -> Option<&Team> {
        self.teams.get(id)
    }

    pub fn teams(&self) -> impl Iterator<Item = &Team> {
        self.teams.values()
    }

    pub fn people(&self) -> impl Iterator<Item = (&str, &Person)> {
        self.people.iter().map(|(id, person)| (id.as_str(), person))
    }

    /// The directory id behind an id or alias; None when the directory does not know it.
    pub fn resolve<'a>(&'a self, user: &'a str) -> Option<&'a str> {
        if self.people.contains_key(user) { Some(user) } else { self.aliases.get(user).map(String::as_str) }
    }

    pub fn person(&self, id: &str) -> &Person {
        self.people.get(id).unwrap_or(&DEFAULT_PERSON)
    }

    pub fn knows(&self, id: &str) -> bool {
        self.people.contains_key(id)
    }
}

impl Person {
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn entry_at(&self, ts: i64) -> &Entry {
        match self.entries.iter().rev().find(|e| e.from <= ts) {
            Some(entry) => entry,
            None => &DEFAULT_PERSON.entries[0],
        }
    }

    pub fn team_at(&self, ts: i64) -> Option<&str> {
        self.entry_at(ts).team.as_deref()
    }

    /// The local date at an instant, as days since 1970-01-01.
    pub fn local_day(&self, ts: i64) -> i32 {
        self.entry_at(ts).local_day(ts)
    }

    /// The first instant after `ts` at which the local date (or the entry that decides it) may change.
    pub fn next_day_change(&self, ts: i64) -> i64 {
        let entry = self.entry_at(ts);
        let midnight = entry.day_start(entry.local_day(ts) + 1);
        self.entries.iter().map(|e| e.from).filter(|from| *from > ts).fold(midnight, i64::min)
    }

    /// The first instant of a local date.
    pub fn day_start(&self, day: i32) -> i64 {
        // The entry that holds at the date's start decides where that is; two looks settle it.
        let guess = self.entry_at(i64::from(day) * DAY_MS).day_start(day);
        self.entry_at(guess).day_start(day)
    }

    pub fn is_workday(&self, day: i32) -> bool {
        self.entry_at(self.day_start(day)).hours.days[weekday(day)]
    }

    /// Working time of one local date as [start, end); None on a day off. Hours that end at or before
    /// they start run into the next date.
    pub fn working_interval(&self, day: i32) -> Option<(i64, i64)> {
        let entry = self.entry_at(self.day_start(day));
        let hours = &entry.hours;
        if !hours.days[weekday(day)] {
            return None;
        }
        let last = if hours.end <= hours.start { day + 1 } else { day };
        Some((entry.instant(day, hours.start), entry.instant(last, hours.end)))
    }
}

impl Entry {
    fn unknown() -> Entry {
        let days = [true, true, true, true, true, false, false];
        let hours = WorkingHours { start: Time::constant(9, 0, 0, 0), end: Time::constant(17, 0, 0, 0), days };
        Entry { from: i64::MIN, name: None, team: None, zone: TimeZone::UTC, hours, manager: false }
    }

    fn parse(entry: &PersonEntry) -> Result<Entry, DirectoryError> {
        let id = &entry.id;
        let zone = TimeZone::get(&entry.time_zone)
            .map_err(|_| DirectoryError(format!("person {id:?}: time_zone {:?} is not an IANA time zone", entry.time_zone)))?;
        let clock = |field: &str, text: &str| -> Result<Time, DirectoryError> {
            Time::strptime("%H:%M", text)
                .map_err(|_| DirectoryError(format!("person {id:?}: working_hours.{field} {text:?} is not a time like 09:00")))
        };
        let hours = &entry.working_hours;
        let mut days = [false; 7];
        for day in &hours.days {
            let index = WEEKDAYS.iter().position(|w| w.eq_ignore_ascii_case(day)).ok_or_else(|| {
                DirectoryError(format!(
                    "person {id:?}: working_hours.days has {day:?}, which is none of mon, tue, wed, thu, fri, sat, sun"
                ))
            })?;
            days[index] = true;
        }
        let hours = WorkingHours { start: clock("start", &hours.start)?, end: clock("end", &hours.end)?, days };
        let mut parsed =
            Entry { from: i64::MIN, name: entry.name.clone(), team: entry.team.clone(), zone, hours, manager: entry.manager };
        if let Some(text) = &entry.valid_from {
            let date: Date = text
                .parse()
                .map_err(|_| DirectoryError(format!("person {id:?}: valid_from {text:?} is not a date like 2026-01-31")))?;
            parsed.from = parsed.day_start(days_since_epoch(date));
        }
        Ok(parsed)
    }

    pub fn local_day(&self, ts: i64) -> i32 {
        let offset = Timestamp::from_millisecond(ts).map_or(0, |t| i64::from(self.zone.to_offset(t).seconds()) * 1_000);
        (ts + offset).div_euclid(DAY_MS) as i32
    }

    pub fn day_start(&self, day: i32) -> i64 {
        self.instant(day, Time::midnight())
    }

    /// A wall-clock time as an instant; in a gap the time after it, in a fold the first of the two.
    fn instant(&self, day: i32, time: Time) -> i64 {
        let wall = date(day).to_datetime(time);
        match self.zone.to_ambiguous_zoned(wall).compatible() {
            Ok(zoned) => zoned.timestamp().as_millisecond(),
            Err(_) => i64::from(day) * DAY_MS,
        }
    }
}

/// The date that many days after 1970-01-01 (clamped to what a calendar holds).
pub fn date(day: i32) -> Date {
    let epoch = Date::constant(1970, 1, 1);
    epoch.checked_add(i64::from(day).days()).unwrap_or(epoch)
}

pub fn days_since_epoch(date: Date) -> i32 {
    let midnight = date.to_zoned(TimeZone::UTC).map_or(0, |z| z.timestamp().as_millisecond());
    midnight.div_euclid(DAY_MS) as i32
}

/// Monday is 0.
pub fn weekday(day: i32) -> usize {
    (i64::from(day) + 3).rem_euclid(7) as usize
}

/// The Monday-zero name of a weekday, as in `working_hours.days`.
pub fn weekday_name(day: Weekday) -> &'static str {
    WEEKDAYS[day.to_monday_zero_offset() as usize]
}
