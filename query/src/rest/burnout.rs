//! How many people of a unit are at which level of burnout risk: all that is told of it to anyone but the person.

use std::collections::BTreeMap;

use arrow::array::Array;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::json;

use super::span::{DaySpan, MAX_HEATMAP_DAYS, SpanQuery, day_text};
use crate::Error;
use crate::access::{Org, Request, release};
use crate::app::{App, Caller};
use crate::figures::head::Head;
use crate::path::Id;
use crate::rows::{self, Columns};

const LEVELS: [&str; 4] = ["low", "elevated", "high", "insufficient_data"];
/// Of them, those who have no number.
const UNKNOWN: usize = 3;

#[derive(Serialize)]
pub struct TeamBurnout {
    #[serde(flatten)]
    head: Head,
    from: String,
    to: String,
    points: Vec<Point>,
}

#[derive(Serialize)]
struct Point {
    day: String,
    n: Option<u32>,
    suppressed: bool,
    low: Option<u32>,
    elevated: Option<u32>,
    high: Option<u32>,
    insufficient_data: Option<u32>,
}

pub async fn of_team(State(app): State<App>, caller: Caller, Id(id): Id, query: SpanQuery) -> Result<Json<TeamBurnout>, Error> {
    let unit = caller.unit(Request::Team(&id), "burnout")?;
    answer(&app, &caller, unit, &query).await.map(Json)
}

pub async fn of_org(State(app): State<App>, caller: Caller, query: SpanQuery) -> Result<Json<TeamBurnout>, Error> {
    let unit = caller.unit(Request::Org, "burnout")?;
    answer(&app, &caller, unit, &query).await.map(Json)
}

async fn answer(app: &App, caller: &Caller, unit: usize, query: &SpanQuery) -> Result<TeamBurnout, Error> {
    let org = &caller.org;
    let span = query.days(&org.unit(unit).zone, caller.now)?.limit(MAX_HEATMAP_DAYS)?;
    let _turn = app.figures.turn(span.to - span.from).await?;
    let k = app.config.least().k_burnout;
    let days = days(app, org, span, k).await?;
    // As everywhere: the unit asked for where any day has enough, else the nearest above it.
    let answering = org.chain(unit).find(|unit| days.values().any(|day| day.released[*unit]));
    let of = answering.unwrap_or(unit);
    let point = |(day, found): (i32, Day)| {
        let shown = found.released[of].then_some(found.levels[of]);
        let [low, elevated, high, unknown] = std::array::from_fn(|level| shown.map(|levels| levels[level]));
        let n = shown.map(|levels| levels[..UNKNOWN].iter().sum());
        let insufficient_data = unknown.filter(|_| found.told[of]);
        Point { day: day_text(day), n, suppressed: n.is_none(), low, elevated, high, insufficient_data }
    };
    Ok(TeamBurnout {
        head: Head::new(org, unit, answering, k),
        from: day_text(span.from),
        to: day_text(span.to),
        points: days.into_iter().map(point).collect(),
    })
}

/// A day on which anybody has a risk, by unit.
struct Day {
    levels: Vec<[u32; LEVELS.len()]>,
    /// By those who have a number: who has one is not to be found among people who have none.
    released: Vec<bool>,
    /// Where it may be told how many have none.
    told: Vec<bool>,
}

async fn days(app: &App, org: &Org, span: DaySpan, k: u32) -> Result<BTreeMap<i32, Day>, Error> {
    let units = org.units().count();
    let mut own: BTreeMap<i32, Vec<[u32; LEVELS.len()]>> = BTreeMap::new();
    let params = vec![json!(day_text(span.from)), json!(day_text(span.to))];
    rows::each(&app.deps.store, include_str!("../../sql/burnout.sql"), params, app.config.internal_limits(), |batch| {
        let columns = Columns(batch);
        let (day, team) = (columns.day("day")?, columns.text("team_id")?);
        let (level, people) = (columns.text("level")?, columns.int("people")?);
        for row in 0..batch.num_rows() {
            let Some(level) = LEVELS.iter().position(|known| *known == level.value(row)) else { continue };
            let unit = org.unit_of(team.is_valid(row).then(|| team.value(row)));
            own.entry(day.value(row)).or_insert_with(|| vec![[0; LEVELS.len()]; units])[unit][level] += people.value(row) as u32;
        }
        Ok(())
    })
    .await?;
    let day = |own: Vec<[u32; LEVELS.len()]>| {
        let released =
            |of: &dyn Fn(&[u32; LEVELS.len()]) -> u32| release(org, &own.iter().map(of).collect::<Vec<_>>(), k).released;
        let (known, told) = (released(&|levels| levels[..UNKNOWN].iter().sum()), released(&|levels| levels[UNKNOWN]));
        let mut levels = vec![[0; LEVELS.len()]; units];
        for (unit, own) in own.iter().enumerate() {
            for above in org.chain(unit) {
                levels[above].iter_mut().zip(own).for_each(|(sum, n)| *sum += n);
            }
        }
        Day { levels, released: known, told }
    };
    Ok(own.into_iter().map(|(date, own)| (date, day(own))).collect())
}
