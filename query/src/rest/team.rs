//! Figures of teams and of the organisation.

use axum::Json;
use axum::extract::State;
use jiff::tz::TimeZone;
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;

use super::span::{DaySpan, MAX_HEATMAP_DAYS, MAX_TIMELINE_DAYS, SpanQuery, Step, TimeSpan, day_text};
use crate::Error;
use crate::access::{ROOT, Request, day_start};
use crate::app::{App, Caller};
use crate::figures::daily::{DayFigures, Figures, Span};
use crate::figures::head::Head;
use crate::figures::windows::{HeatPoint, Point, UnitWindows};
use crate::path::Id;

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
    #[serde(flatten)]
    head: Head,
    from: String,
    to: String,
    n: Option<u32>,
    suppressed: bool,
    days: u32,
    figures: Option<Figures>,
}

#[derive(Serialize)]
pub struct Trends {
    #[serde(flatten)]
    head: Head,
    from: String,
    to: String,
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
    #[serde(flatten)]
    pub head: Head,
    pub from: i64,
    pub to: i64,
    pub step: Step,
    pub time_zone: String,
    pub points: Vec<Point>,
}

#[derive(Serialize)]
pub struct HeatMap {
    #[serde(flatten)]
    pub head: Head,
    pub from: String,
    pub to: String,
    pub time_zone: String,
    pub cells: Vec<HeatPoint>,
}

pub async fn teams(State(app): State<App>, caller: Caller) -> Result<Json<Teams>, Error> {
    caller.may(Request::Teams, "teams")?;
    let org = &caller.org;
    // By the rule of all figures: what is not shown cannot be had by subtraction either.
    let members = org.shown_members(app.config.k());
    let entry = |at: usize| {
        let unit = org.unit(at);
        let parent = unit.parent.filter(|p| *p != ROOT).map(|p| org.unit(p).id.clone());
        TeamEntry { id: unit.id.clone(), name: unit.name.clone(), parent, members: members[at] }
    };
    let units = caller.viewer.units(org).into_iter().filter(|unit| *unit != ROOT);
    Ok(Json(Teams { teams: units.map(entry).collect() }))
}

macro_rules! both {
    ($($of_team:ident, $of_org:ident, $answer:ident -> $ty:ty, $what:literal;)+) => {$(
        pub async fn $of_team(
            State(app): State<App>, caller: Caller, Id(id): Id, query: SpanQuery,
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

async fn summary(app: &App, caller: &Caller, unit: usize, query: &SpanQuery) -> Result<Summary, Error> {
    let asked = Asked { app, caller, unit };
    let span = query.days(asked.zone(), caller.now)?;
    let found = asked.daily(span, move |days| days.summary(unit)).await?;
    Ok(Summary {
        head: asked.head(found.unit),
        from: day_text(span.from),
        to: day_text(span.to),
        n: found.unit.map(|_| found.n),
        suppressed: found.unit.is_none(),
        days: found.days,
        figures: found.figures,
    })
}

async fn trends(app: &App, caller: &Caller, unit: usize, query: &SpanQuery) -> Result<Trends, Error> {
    let asked = Asked { app, caller, unit };
    let span = query.days(asked.zone(), caller.now)?;
    let (answering, points) = asked.trends(span).await?;
    let point = |point: DayFigures| {
        let (n, figures) = point.figures.unzip();
        TrendPoint { day: day_text(point.day), n, suppressed: n.is_none(), figures }
    };
    Ok(Trends {
        head: asked.head(answering),
        from: day_text(span.from),
        to: day_text(span.to),
        points: points.into_iter().map(point).collect(),
    })
}

async fn timeline(app: &App, caller: &Caller, unit: usize, query: &SpanQuery) -> Result<Timeline, Error> {
    let asked = Asked { app, caller, unit };
    let (step, zone) = (query.step()?, asked.zone());
    let max_days = if step == Step::Day { super::span::MAX_DAYS } else { MAX_TIMELINE_DAYS };
    let span = query.times(zone, caller.now, max_days)?;
    let (answering, points) = if step == Step::Day {
        let (answering, days) = asked.trends(span.local_days(zone)).await?;
        let point = |point: DayFigures| Point::of_day(day_start(point.day, zone), point.figures);
        (answering, days.into_iter().map(point).collect())
    } else {
        let (zone, is_hours) = (zone.clone(), step == Step::Hour);
        let steps = move |windows: UnitWindows<'_>| if is_hours { windows.hours(&zone) } else { windows.windows() };
        let (answering, steps) = asked.windows(span, steps).await?;
        (answering, steps.iter().map(Point::of_step).collect())
    };
    Ok(Timeline {
        head: asked.head(answering),
        from: span.from,
        to: span.to,
        step,
        time_zone: caller.org.unit(unit).zone_name.clone(),
        points,
    })
}

async fn heatmap(app: &App, caller: &Caller, unit: usize, query: &SpanQuery) -> Result<HeatMap, Error> {
    let asked = Asked { app, caller, unit };
    let zone = asked.zone().clone();
    let days = query.days(&zone, caller.now)?.limit(MAX_HEATMAP_DAYS)?;
    let span = days.times(&zone);
    let (answering, cells) = asked.windows(span, move |windows| windows.heatmap(&zone)).await?;
    Ok(HeatMap {
        head: asked.head(answering),
        from: day_text(days.from),
        to: day_text(days.to),
        time_zone: caller.org.unit(unit).zone_name.clone(),
        cells: cells.into_iter().map(HeatPoint::new).collect(),
    })
}

/// The unit a request is about. Whatever its form, an answer over a span has the figures of the same unit: of the one asked
/// for when enough people contribute to any of its days, else of the nearest one above of which that holds.
struct Asked<'a> {
    app: &'a App,
    caller: &'a Caller,
    unit: usize,
}

impl Asked<'_> {
    fn zone(&self) -> &TimeZone {
        &self.caller.org.unit(self.unit).zone
    }

    fn head(&self, answering: Option<usize>) -> Head {
        Head::new(&self.caller.org, self.unit, answering, self.app.config.k())
    }

    async fn daily<T: Send + 'static>(
        &self,
        span: DaySpan,
        work: impl FnOnce(Span<'_>) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let turn = self.app.figures.turn(span.to - span.from).await?;
        let (days, k) = (self.app.figures.days(known(span, self.caller.now)).await?, self.app.config.k());
        let (units, org) = (self.app.figures.units(&self.caller.org), self.caller.org.clone());
        compute(turn, move || work(Span::new(&org, days, &units, k))).await
    }

    async fn trends(&self, span: DaySpan) -> Result<(Option<usize>, Vec<DayFigures>), Error> {
        let unit = self.unit;
        let of = move |days: Span<'_>| {
            let answering = days.answering(unit);
            (answering, days.trends(answering.unwrap_or(unit)))
        };
        self.daily(span, of).await
    }

    async fn windows<T: Send + 'static>(
        &self,
        span: TimeSpan,
        work: impl FnOnce(UnitWindows<'_>) -> T + Send + 'static,
    ) -> Result<(Option<usize>, T), Error> {
        let unit = self.unit;
        let answering = self.daily(span.local_days(self.zone()), move |days| days.answering(unit)).await?;
        let of = answering.unwrap_or(unit);
        let zone = &self.caller.org.unit(of).zone;
        let whole_days = span.local_days(zone).times(zone).utc_days();
        let whole_days = known(DaySpan { from: *whole_days.start(), to: *whole_days.end() }, self.caller.now);
        let turn = self.app.figures.turn(whole_days.end() - whole_days.start()).await?;
        let (data, k) = (self.app.figures.windows(whole_days).await?, self.app.config.k());
        let (units, org) = (self.app.figures.units(&self.caller.org), self.caller.org.clone());
        let found = compute(turn, move || work(UnitWindows::new(&org, &units, data, k, of, span.from..span.to))).await?;
        Ok((answering, found))
    }
}

/// Figures are arithmetic over up to some hundred thousand rows: not on the threads that serve sockets.
async fn compute<T: Send + 'static>(
    turn: Option<OwnedSemaphorePermit>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let work = move || {
        let done = work();
        drop(turn);
        done
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::Internal(format!("figures could not be computed: {e}")))
}

/// Days that can have rows: none lies more than a day ahead of the clock's (time zones), nor two (events in the future).
fn known(span: DaySpan, now: i64) -> std::ops::RangeInclusive<i32> {
    let last = now.div_euclid(schemas::directory::DAY_MS) as i32 + 2;
    span.from..=span.to.min(last)
}
