//! What there is to learn from: answers to the question about burnout, each with the features of two days before: a day before it, in
//! every zone.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Int64Type};
use schemas::risk::{BASELINE, FEATURES, Features};
use schemas::rows::{Factors, Kind};

/// One answer a person and day, the highest. Those of a person are told apart by nothing but the pseudonym.
pub const STATEMENT: &str = "\
SELECT r.user_id AS person, r.day AS day, r.features AS features, c.answer AS answer
FROM (SELECT user_id, CAST(ts AS DATE) AS day, MAX(burnout) AS answer FROM session_events WHERE kind = 'checkin' AND burnout IS NOT NULL
      GROUP BY user_id, CAST(ts AS DATE)) AS c
JOIN burnout_risk AS r ON r.user_id = c.user_id AND r.day = c.day - INTERVAL '2' DAY
WHERE r.status = 'ok'";

/// From here on an answer says yes.
const YES: i64 = 3;

#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub person: u32,
    pub day: i32,
    pub features: Features,
    /// The risk by the baseline, whichever model told it.
    pub baseline: f64,
    pub yes: bool,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Samples {
    /// In the order of people and days.
    pub all: Vec<Sample>,
    /// Their pseudonyms, by number.
    pub people: Vec<String>,
}

impl Samples {
    pub fn read(batches: &[RecordBatch]) -> Result<Samples> {
        let mut by_person: BTreeMap<String, Vec<Sample>> = BTreeMap::new();
        for batch in batches {
            let column = |name: &str| batch.column_by_name(name).with_context(|| format!("the answer has no column {name}"));
            let typed = |name: &'static str| move || anyhow!("the column {name} is of another type than it should be");
            let person = column("person")?.as_string_opt::<i32>().with_context(|| "person is no text")?;
            let day = column("day")?.as_primitive_opt::<Date32Type>().ok_or_else(typed("day"))?;
            let answer = column("answer")?.as_primitive_opt::<Int64Type>().ok_or_else(typed("answer"))?;
            let features = column("features")?;
            for row in 0..batch.num_rows() {
                let factors = Factors::get(features, row).ok_or_else(typed("features"))?;
                let value = |name: &str| factors.iter().find(|factor| factor.name == name).map(|factor| factor.value);
                let mut sample = Sample {
                    person: 0,
                    day: day.value(row),
                    features: [0.0; FEATURES.len()],
                    baseline: 0.0,
                    yes: answer.value(row) >= YES,
                };
                for (place, name) in sample.features.iter_mut().zip(FEATURES) {
                    *place = value(name).with_context(|| format!("a risk has no feature {name}"))?;
                }
                sample.baseline = BASELINE.risk(&sample.features);
                by_person.entry(person.value(row).to_owned()).or_default().push(sample);
            }
        }
        let mut samples = Samples::default();
        for (number, (person, mut own)) in (0..).zip(by_person) {
            own.iter_mut().for_each(|sample| sample.person = number);
            own.sort_by_key(|sample| (sample.day, sample.yes));
            samples.people.push(person);
            samples.all.append(&mut own);
        }
        Ok(samples)
    }
}
