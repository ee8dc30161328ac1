//! A simulated workforce: teams over the world whose people work, talk, meet, rest, and sometimes overwork, event by event.
//!
//! Everything follows from the seed and the time asked for: the same configuration gives the same bytes, whichever span is
//! asked for and in whichever order. Nothing here reads a clock. About a thousand events per person and working day.

mod block;
mod day;
mod dice;
mod home;
mod item;
mod json;
mod messages;
mod person;
#[cfg(test)]
mod priorities;
mod stream;
#[cfg(test)]
mod tests;
mod truth;

use schemas::directory::{DAY_MS, Document};

pub use dice::Dice;
pub use home::Home;
use person::Person;
pub use stream::Events;
pub use truth::Truth;

#[derive(Debug, Clone)]
pub struct Config {
    pub seed: u64,
    pub people: usize,
    /// Without a number: of about ten people each.
    pub teams: Option<usize>,
    /// Days since 1970-01-01. Loads that grow over weeks are counted from here; events can be had of any time.
    pub start_day: i32,
    pub days: i32,
    /// 1 is about 1,000 events per person and working day; the picture of the day stays the same.
    pub density: f64,
    /// Share of people whose load grows over weeks until it is too much.
    pub overloaded: f64,
    /// Share of events that are sent twice, under the same id.
    pub duplicates: f64,
    /// Share of events that come later than they should: most by seconds, some by half an hour, a few by hours.
    pub late: f64,
    /// Activity comes when it ends, as a watcher would send it, instead of in the order of its beginning.
    pub as_sent: bool,
    /// Where most people sit and when all of them work; without it, all over the world, each with the week of the place.
    pub home: Option<Home>,
    /// Everybody's load follows from a hidden strain, and so do their answers to check-ins.
    pub truth: Option<Truth>,
}

/// What is hidden of a person and day.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Hidden<'a> {
    pub user: &'a str,
    pub day: String,
    pub strain: f64,
    /// That they would say yes to burnout.
    pub chance: f64,
}

impl Config {
    pub fn new(seed: u64, people: usize, start_day: i32, days: i32) -> Config {
        Config {
            seed,
            people,
            teams: None,
            start_day,
            days,
            density: 1.0,
            overloaded: 0.08,
            duplicates: 0.002,
            late: 0.005,
            as_sent: false,
            home: None,
            truth: None,
        }
    }
}

#[derive(Debug)]
pub struct Workforce {
    config: Config,
    document: Document,
    people: Vec<Person>,
}

impl Workforce {
    pub fn new(config: Config) -> Workforce {
        let (document, people) = person::hire(&config);
        Workforce { config, document, people }
    }

    /// What `PUT /v1/directory` takes.
    pub fn directory(&self) -> &Document {
        &self.document
    }

    /// Events that come in [from, to), in that order. A live stream keeps one that ends far ahead and asks it with
    /// `write_before`.
    pub fn events(&self, from_ms: i64, to_ms: i64) -> Events<'_> {
        Events::new(self, from_ms, to_ms)
    }

    /// What is hidden of everybody on the configured days; nothing, where nothing is.
    pub fn hidden(&self) -> impl Iterator<Item = Hidden<'_>> {
        let days = self.config.start_day..self.config.start_day + self.config.days;
        let of = |person: &'_ Person, day: i32, truth: &Truth| {
            let strain = person.strain(self.config.seed, day);
            (strain, truth.chance(strain))
        };
        self.config.truth.iter().flat_map(move |truth| {
            self.people.iter().flat_map({
                let days = days.clone();
                move |person| {
                    days.clone().map(move |day| {
                        let (strain, chance) = of(person, day, truth);
                        Hidden { user: &person.id, day: schemas::directory::date(day).to_string(), strain, chance }
                    })
                }
            })
        })
    }

    /// Those of one date in UTC.
    #[allow(dead_code, reason = "the commands ask for spans of their own; tests ask for days")]
    pub fn day(&self, day: i32) -> Events<'_> {
        self.events(i64::from(day) * DAY_MS, (i64::from(day) + 1) * DAY_MS)
    }

    /// Those of all the configured days.
    #[allow(dead_code, reason = "the commands ask for spans of their own; tests ask for days")]
    pub fn all(&self) -> Events<'_> {
        let end = i64::from(self.config.start_day) + i64::from(self.config.days);
        self.events(i64::from(self.config.start_day) * DAY_MS, end * DAY_MS)
    }
}
