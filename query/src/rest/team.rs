//! Figures of teams and of the organisation.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;

use super::Scope;
use super::span::{DaySpan, MAX_HEATMAP_DAYS, MAX_TIMELINE_DAYS, SpanQuery, Step, TimeSpan, day_start, day_text};
use crate::Error;
use crate::access::{Org, Request};
use crate::app::{App, Caller};
use crate::figures::daily::{Figures, METRICS, Span};
use crate::figures::windows::{self, WindowSpan};

#[derive(Serialize)]
pub struct Teams {
    teams: Vec<TeamEntry>,
}

#[derive(Serialize)]
struct TeamEntry {
    id: String,
    name: String,
    parent: Option<String>,
    members: Option<u32>,
}

#[derive(Serialize)]
pub struct Summary {
    scope: Scope,
    from: String,
    to: String,
    k: u32,
    n: Option<u32>,
    suppressed: bool,
    rolled_up_to: Option<String>,
    days: u32,
    figures: Option<Figures>,
}

#[derive(Serialize)]
pub struct Trends {
    scope: Scope,
    from: String,
    to: String,
    k: u32,
    rolled_up_to: Option<String>,
    points: Vec<TrendPoint>,
}

#[derive(Serialize)]
struct TrendPoint {
    day: String,
    n: Option<u32>,
    suppressed: bool,
    figures: Option<Figures>,
}

#[derive(Serialize)]
pub struct Timeline {
    pub scope: Scope,
    pub from: i64,
    pub to: i64,
    pub step: Step,
    pub time_zone: String,
    pub k: u32,
    pub rolled_up_to: Option<String>,
    pub points: Vec<TimelinePoint>,
}

#[derive(Serialize)]
pub struct TimelinePoint {
    pub start: i64,
    pub n: Option<u32>,
    pub suppressed: bool,
    pub active_ms: Option<f64>,
    pub focus_ms: Option<f64>,
    pub meeting_ms: Option<f64>,
    pub interruptions: Option<f64>,
    pub interruption_score: Option<f64>,
    pub load: Option<f64>,
}

#[derive(Serialize)]
pub struct HeatMap {
    pub scope: Scope,
    pub from: String,
    pub to: String,
    pub time_zone: String,
    pub k: u32,
    pub rolled_up_to: Option<String>,
    pub cells: Vec<HeatCell>,
}

#[derive(Serialize)]
pub struct HeatCell {
    pub weekday: u8,
    pub hour: u8,
    pub n: Option<u32>,
    pub suppressed: bool,
    pub focus_ms: Option<f64>,
    pub active_ms: Option<f64>,
    pub interruptions: Option<f64>,
    pub interruption_score: Option<f64>,
}

pub async fn teams(State(app): State<App>, caller: Caller) -> Result<Json<Teams>, Error> {
    let (org, k) = (&caller.org, app.config.k());
    let entry = |unit: usize| {
        let parent = org.unit(unit).parent.filter(|p| *p != crate::access::ROOT).map(|p| org.unit(p).id.clone());
        let unit = org.unit(unit);
        let members = (unit.members >= k).then_some(unit.members);
        TeamEntry { id: unit.id.clone(), name: unit.name.clone(), parent, members }
    };
    let units = caller.viewer.units(org).into_iter().filter(|unit| *unit != crate::access::ROOT);
    Ok(Json(Teams { teams: units.map(entry).collect() }))
}

macro_rules! both {
    ($($of_team:ident, $of_org:ident, $answer:ident -> $ty:ty, $what:literal;)+) => {$(
        pub async fn $of_team(
            State(app): State<App>, caller: Caller, Path(id): Path<String>, query: SpanQuery,
        ) -> Result<Json<$ty>, Error> {
            let unit = caller.unit(Request::Team(&id), $what)?;
            $answer(&app, &caller, unit, &query).await.map(Json)
        }

        pub async fn $of_org(State(app): State<App>, caller: Caller, query: SpanQuery) -> Result<Json<$ty>, Error> {
            let unit = caller.unit(Request::Org, $what)?;
            $answer(&app, &caller, unit, &query).await.map(Json)
        }
    )+};
}

both! {
    team_summary, org_summary, summary -> Summary, "summary";
    team_trends, org_trends, trends -> Trends, "trends";
    team_timeline, org_timeline, timeline -> Timeline, "timeline";
    team_heatmap, org_heatmap, heatmap -> HeatMap, "heatmap";
}

/// Figures are arithmetic over up to some hundred thousand rows: not on the threads that serve sockets.
async fn compute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::Internal(format!("figures could not be computed: {e}")))
}

async fn summary(app: &App, caller: &Caller, unit: usize, query: &SpanQuery) -> Result<Summary, Error> {
    let span = query.days(&caller.org.unit(unit).zone, caller.now)?;
    let (days, k) = (app.figures.days(known(span, caller.now)).await?, app.config.k());
    let (units, org) = (app.figures.units(&caller.org), caller.org.clone());
    let found = compute(move || Span::new(&org, days, &units, k).summary(unit)).await?;
    Ok(Summary {
        scope: Scope::unit(&caller.org, unit),
        from: day_text(span.from),
        to: day_text(span.to),
        k,
        n: found.unit.map(|_| found.n),
        suppressed: found.unit.is_none(),
        rolled_up_to: rolled_up(&caller.org, unit, found.unit),
        days: found.days,
        figures: found.figures,
    })
}

async fn trends(app: &App, caller: &Caller, unit: usize, query: &SpanQuery) -> Result<Trends, Error> {
    let span = query.days(&caller.org.unit(unit).zone, caller.now)?;
    let (answering, points) = daily(app, caller, unit, span).await?;
    let point = |(day, figures): (i32, Option<(u32, Figures)>)| {
        let (n, figures) = figures.unzip();
        TrendPoint { day: day_text(day), n, suppressed: n.is_none(), figures }
    };
    Ok(Trends {
        scope: Scope::unit(&caller.org, unit),
        from: day_text(span.from),
        to: day_text(span.to),
        k: app.config.k(),
        rolled_up_to: rolled_up(&caller.org, unit, answering),
        points: points.into_iter().map(point).collect(),
    })
}

type DayPoint = (i32, Option<(u32, Figures)>);

async fn daily(app: &App, caller: &Caller, unit: usize, span: DaySpan) -> Result<(Option<usize>, Vec<DayPoint>), Error> {
    let (days, k) = (app.figures.days(known(span, caller.now)).await?, app.config.k());
    let (units, org) = (app.figures.units(&caller.org), caller.org.clone());
    compute(move || {
        let span = Span::new(&org, days, &units, k);
        let answering = span.answering(unit);
        let points = span.trends(answering.unwrap_or(unit)).into_iter().map(|p| (p.day, p.figures)).collect();
        (answering, points)
    })
    .await
}

async fn timeline(app: &App, caller: &Caller, unit: usize, query: &SpanQuery) -> Result<Timeline, Error> {
    let (step, asked) = (query.step()?, caller.org.unit(unit));
    let max_days = if step == Step::Day { super::span::MAX_DAYS } else { MAX_TIMELINE_DAYS };
    let span = query.times(&asked.zone, caller.now, max_days)?;
    let (answering, points) = match step {
        Step::Day => {
            let (answering, days) = daily(app, caller, unit, span.local_days(&asked.zone)).await?;
            let points = days.into_iter().map(|(day, figures)| TimelinePoint::of_day(day_start(day, &asked.zone), figures));
            (answering, points.collect())
        }
        Step::Window | Step::Hour => steps(app, caller, unit, span, step).await?,
    };
    Ok(Timeline {
        scope: Scope::unit(&caller.org, unit),
        from: span.from,
        to: span.to,
        step,
        time_zone: asked.zone_name.clone(),
        k: app.config.k(),
        rolled_up_to: rolled_up(&caller.org, unit, answering),
        points,
    })
}

async fn steps(
    app: &App,
    caller: &Caller,
    unit: usize,
    span: TimeSpan,
    step: Step,
) -> Result<(Option<usize>, Vec<TimelinePoint>), Error> {
    let (days, k) = (app.figures.windows(known_utc(span, caller.now)).await?, app.config.k());
    let (units, org) = (app.figures.units(&caller.org), caller.org.clone());
    compute(move || {
        let windows = WindowSpan::new(&org, days, &units, k, span.from, span.to);
        let answering = windows.answering(unit);
        let shown = answering.unwrap_or(unit);
        let steps = match step {
            Step::Hour => windows.hours(shown, &org.unit(unit).zone),
            _ => windows.windows(shown),
        };
        (answering, steps.into_iter().map(TimelinePoint::of_step).collect())
    })
    .await
}

async fn heatmap(app: &App, caller: &Caller, unit: usize, query: &SpanQuery) -> Result<HeatMap, Error> {
    let asked = caller.org.unit(unit);
    let days = query.days(&asked.zone, caller.now)?.limit(MAX_HEATMAP_DAYS)?;
    let span = days.times(&asked.zone);
    let (data, k) = (app.figures.windows(known_utc(span, caller.now)).await?, app.config.k());
    let (units, org) = (app.figures.units(&caller.org), caller.org.clone());
    let (answering, cells) = compute(move || {
        let windows = WindowSpan::new(&org, data, &units, k, span.from, span.to);
        let answering = windows.answering(unit);
        (answering, windows.heatmap(answering.unwrap_or(unit), &org.unit(unit).zone))
    })
    .await?;
    Ok(HeatMap {
        scope: Scope::unit(&caller.org, unit),
        from: day_text(days.from),
        to: day_text(days.to),
        time_zone: asked.zone_name.clone(),
        k,
        rolled_up_to: rolled_up(&caller.org, unit, answering),
        cells: cells.into_iter().map(HeatCell::new).collect(),
    })
}

fn rolled_up(org: &Org, asked: usize, answering: Option<usize>) -> Option<String> {
    answering.filter(|unit| *unit != asked).map(|unit| org.unit(unit).id.clone())
}

/// Days that can have rows: none lies more than a day ahead of the clock's (time zones), nor two (events in the future).
fn known(span: DaySpan, now: i64) -> std::ops::RangeInclusive<i32> {
    let last = now.div_euclid(schemas::directory::DAY_MS) as i32 + 2;
    span.from..=span.to.min(last)
}

fn known_utc(span: TimeSpan, now: i64) -> std::ops::RangeInclusive<i32> {
    let days = span.utc_days();
    known(DaySpan { from: *days.start(), to: *days.end() }, now)
}

impl TimelinePoint {
    fn suppressed(start: i64) -> TimelinePoint {
        TimelinePoint {
            start,
            n: None,
            suppressed: true,
            active_ms: None,
            focus_ms: None,
            meeting_ms: None,
            interruptions: None,
            interruption_score: None,
            load: None,
        }
    }

    pub fn of_step(step: windows::Step) -> TimelinePoint {
        let Some((n, sums)) = step.sums else { return TimelinePoint::suppressed(step.start) };
        let mean = |sum: f64| Some(sum / f64::from(n));
        TimelinePoint {
            start: step.start,
            n: Some(n),
            suppressed: false,
            active_ms: mean(sums.active_ms as f64),
            focus_ms: mean(sums.focus_ms as f64),
            meeting_ms: mean(sums.meeting_ms as f64),
            interruptions: mean(sums.interruptions as f64),
            // Scores do not add up over windows: their mean over person-windows.
            interruption_score: Some(sums.score / f64::from(sums.n)),
            load: mean(sums.load),
        }
    }

    fn of_day(start: i64, figures: Option<(u32, Figures)>) -> TimelinePoint {
        let Some((n, figures)) = figures else { return TimelinePoint::suppressed(start) };
        let mean = |name: &str| {
            let at = METRICS.iter().position(|m| *m == name)?;
            figures.0[at].map(|stat| stat.mean)
        };
        TimelinePoint {
            start,
            n: Some(n),
            suppressed: false,
            active_ms: mean("active_ms"),
            focus_ms: mean("focus_ms"),
            meeting_ms: mean("meeting_ms"),
            interruptions: mean("interruptions"),
            interruption_score: mean("interruption_score"),
            load: mean("load"),
        }
    }
}

impl HeatCell {
    pub fn new(((weekday, hour), cell): ((u8, u8), windows::HeatCell)) -> HeatCell {
        let shown = cell.person_hours > 0;
        let mean = |sum: f64| shown.then(|| sum / f64::from(cell.person_hours));
        HeatCell {
            weekday,
            hour,
            n: shown.then_some(cell.n),
            suppressed: !shown,
            focus_ms: mean(cell.sums.focus_ms as f64),
            active_ms: mean(cell.sums.active_ms as f64),
            interruptions: mean(cell.sums.interruptions as f64),
            interruption_score: shown.then(|| cell.sums.score / f64::from(cell.sums.n)),
        }
    }
}
