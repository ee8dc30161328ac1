//! A person's own figures, from their own rows. Nothing is withheld: they see themselves.

use arrow::array::{Array, Int64Array};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::span::{DaySpan, MAX_DAYS, MAX_HEATMAP_DAYS, SpanQuery, Step, TimeSpan, day_text};
use super::team::{HeatMap, Timeline};
use crate::Error;
use crate::access::day_start;
use crate::advice::DayRow;
use crate::app::{App, Caller};
use crate::figures::daily::{Figures, METRICS, Values};
use crate::figures::head::{Head, Scope};
use crate::figures::windows::{self, HeatPoint, Point, Sums, hour_start};
use crate::rows::{self, Columns, optional};

#[derive(Serialize)]
pub struct MySummary {
    scope: Scope,
    from: String,
    to: String,
    days: usize,
    figures: Option<Figures>,
}

#[derive(Serialize)]
pub struct MyTrends {
    scope: Scope,
    from: String,
    to: String,
    points: Vec<MyTrendPoint>,
}

#[derive(Serialize)]
struct MyTrendPoint {
    day: String,
    figures: Map<String, Value>,
    streak_days: i64,
    rest_ms: Option<i64>,
    r#final: bool,
}

#[derive(Serialize)]
pub struct FocusBlocks {
    scope: Scope,
    from: String,
    to: String,
    blocks: Vec<Value>,
    truncated: bool,
}

#[derive(Serialize)]
pub struct Interruptions {
    scope: Scope,
    from: String,
    to: String,
    interruptions: Vec<Value>,
    truncated: bool,
}

#[derive(Serialize)]
pub struct Burnout {
    scope: Scope,
    from: String,
    to: String,
    points: Vec<Value>,
}

/// One day of the person, as `user_daily` has it.
pub struct MyDay {
    pub day: i32,
    /// By metric, NaN where there is none.
    pub values: Values,
    streak_days: i64,
    rest_ms: Option<i64>,
    pub r#final: bool,
}

const ACTIVE: usize = 0;

pub async fn summary(State(app): State<App>, caller: Caller, query: SpanQuery) -> Result<Json<MySummary>, Error> {
    let me = Me::of(&app, &caller, "summary")?;
    let span = query.days(me.zone(), caller.now)?;
    let days: Vec<MyDay> = me.days(span).await?.into_iter().filter(|day| day.values[ACTIVE] > 0.0).collect();
    let figures = (!days.is_empty()).then(|| Figures::of(days.iter().map(|day| &day.values), true));
    Ok(Json(MySummary { scope: me.scope(), from: day_text(span.from), to: day_text(span.to), days: days.len(), figures }))
}

pub async fn trends(State(app): State<App>, caller: Caller, query: SpanQuery) -> Result<Json<MyTrends>, Error> {
    let me = Me::of(&app, &caller, "trends")?;
    let span = query.days(me.zone(), caller.now)?;
    let point = |day: MyDay| {
        let figure = |(name, value): (&&str, f64)| ((*name).to_owned(), if value.is_nan() { Value::Null } else { json!(value) });
        let figures = METRICS.iter().zip(day.values).map(figure).collect();
        MyTrendPoint { day: day_text(day.day), figures, streak_days: day.streak_days, rest_ms: day.rest_ms, r#final: day.r#final }
    };
    let points = me.days(span).await?.into_iter().map(point).collect();
    Ok(Json(MyTrends { scope: me.scope(), from: day_text(span.from), to: day_text(span.to), points }))
}

pub async fn timeline(State(app): State<App>, caller: Caller, query: SpanQuery) -> Result<Json<Timeline>, Error> {
    let me = Me::of(&app, &caller, "timeline")?;
    let (step, zone) = (query.step()?, me.zone());
    let span = query.times(zone, caller.now, MAX_DAYS)?;
    let one = |start: i64, sums: Sums| Point::of_sums(start, Some((1, &sums)));
    let points = match step {
        Step::Window => me.windows(span).await?.into_iter().map(|(start, sums)| one(start, sums)).collect(),
        Step::Hour => {
            let mut hours: Vec<(i64, Sums)> = Vec::new();
            for (start, sums) in me.windows(span).await? {
                let hour = hour_start(start, zone);
                match hours.last_mut() {
                    Some(last) if last.0 == hour => last.1.add(&sums),
                    _ => hours.push((hour, sums)),
                }
            }
            hours.into_iter().map(|(start, sums)| one(start, sums)).collect()
        }
        Step::Day => {
            let at = |name: &str| METRICS.iter().position(|m| *m == name).unwrap_or(ACTIVE);
            let point = |day: MyDay| {
                let value = |name: &str| day.values[at(name)];
                let sums = Sums {
                    n: 1,
                    active_ms: value("active_ms") as i64,
                    focus_ms: value("focus_ms") as i64,
                    meeting_ms: value("meeting_ms") as i64,
                    interruptions: value("interruptions") as i64,
                    load: value("load"),
                    score: value("interruption_score"),
                };
                one(day_start(day.day, zone), sums)
            };
            me.days(span.local_days(zone)).await?.into_iter().map(point).collect()
        }
    };
    Ok(Json(Timeline { head: Head::me(me.scope()), from: span.from, to: span.to, step, time_zone: me.zone_name(), points }))
}

pub async fn heatmap(State(app): State<App>, caller: Caller, query: SpanQuery) -> Result<Json<HeatMap>, Error> {
    let me = Me::of(&app, &caller, "heatmap")?;
    let days = query.days(me.zone(), caller.now)?.limit(MAX_HEATMAP_DAYS)?;
    let rows = me.windows(days.times(me.zone())).await?;
    let cells = windows::person_heatmap(&rows, me.zone()).into_iter().map(HeatPoint::new).collect();
    Ok(Json(HeatMap {
        head: Head::me(me.scope()),
        from: day_text(days.from),
        to: day_text(days.to),
        time_zone: me.zone_name(),
        cells,
    }))
}

pub async fn blocks(State(app): State<App>, caller: Caller, query: SpanQuery) -> Result<Json<FocusBlocks>, Error> {
    let me = Me::of(&app, &caller, "blocks")?;
    let span = query.days(me.zone(), caller.now)?;
    let mut blocks = Vec::new();
    me.list(include_str!("../../sql/me_blocks.sql"), span, |columns, rows| {
        let (start, end, focus) = (columns.time("start_ts")?, columns.time("end_ts")?, columns.int("focus_ms")?);
        let (deep, interruptions, done) = (columns.flag("deep")?, columns.int("interruptions")?, columns.flag("final")?);
        blocks.extend((0..rows).map(|row| {
            json!({"start": start.value(row), "end": end.value(row), "focus_ms": focus.value(row), "deep": deep.value(row),
                   "interruptions": interruptions.value(row), "final": done.value(row)})
        }));
        Ok(())
    })
    .await?;
    let truncated = me.cut(&mut blocks);
    Ok(Json(FocusBlocks { scope: me.scope(), from: day_text(span.from), to: day_text(span.to), blocks, truncated }))
}

pub async fn interruptions(State(app): State<App>, caller: Caller, query: SpanQuery) -> Result<Json<Interruptions>, Error> {
    let me = Me::of(&app, &caller, "interruptions")?;
    let span = query.days(me.zone(), caller.now)?;
    let mut found = Vec::new();
    me.list(include_str!("../../sql/me_interruptions.sql"), span, |columns, rows| {
        let (id, ts, channel) = (columns.text("message_id")?, columns.time("ts")?, columns.text("channel")?);
        let (kind, by, attended) = (columns.text("kind")?, columns.text("in_focus_by")?, columns.flag("attended")?);
        let (lag, load, done) = (columns.int("lag_ms")?, columns.float("load")?, columns.flag("final")?);
        found.extend((0..rows).map(|row| {
            json!({"message_id": id.value(row), "ts": ts.value(row), "channel": channel.value(row), "kind": kind.value(row),
                   "in_focus_by": by.value(row), "attended": attended.value(row), "lag_ms": lag.value(row),
                   "load": load.value(row), "final": done.value(row)})
        }));
        Ok(())
    })
    .await?;
    let truncated = me.cut(&mut found);
    let (from, to) = (day_text(span.from), day_text(span.to));
    Ok(Json(Interruptions { scope: me.scope(), from, to, interruptions: found, truncated }))
}

pub async fn burnout(State(app): State<App>, caller: Caller, query: SpanQuery) -> Result<Json<Burnout>, Error> {
    let me = Me::of(&app, &caller, "burnout")?;
    let span = query.days(me.zone(), caller.now)?;
    let mut points = Vec::new();
    let params = me.day_params(span);
    me.each(include_str!("../../sql/me_burnout.sql"), params, |columns, rows| {
        let (day, risk, level) = (columns.day("day")?, columns.float("risk")?, columns.text("level")?);
        let (low, high) = (columns.float("risk_low")?, columns.float("risk_high")?);
        let (status, model) = (columns.text("status")?, columns.text("model")?);
        let (active, done) = (columns.int("active_days")?, columns.flag("final")?);
        let features = columns.factors("features")?;
        for (row, features) in (0..rows).zip(features) {
            points.push(json!({
                "day": day_text(day.value(row)), "risk": optional(&risk, row, |a, r| a.value(r)),
                "risk_low": optional(&low, row, |a, r| a.value(r)), "risk_high": optional(&high, row, |a, r| a.value(r)),
                "level": level.is_valid(row).then(|| level.value(row)), "status": status.value(row), "model": model.value(row),
                "active_days": active.value(row), "features": features, "final": done.value(row),
            }));
        }
        Ok(())
    })
    .await?;
    Ok(Json(Burnout { scope: me.scope(), from: day_text(span.from), to: day_text(span.to), points }))
}

/// The caller as the subject of the answer.
pub struct Me<'a> {
    app: &'a App,
    caller: &'a Caller,
    pub(super) id: &'a str,
}

impl<'a> Me<'a> {
    pub fn of(app: &'a App, caller: &'a Caller, what: &str) -> Result<Me<'a>, Error> {
        let id = caller.me(what)?;
        Ok(Me { app, caller, id })
    }

    pub fn scope(&self) -> Scope {
        Scope::me(&self.caller.control.directory, self.id, self.caller.now)
    }

    pub fn person(&self) -> &schemas::directory::Person {
        self.caller.control.directory.person(self.id)
    }

    pub fn zone(&self) -> &jiff::tz::TimeZone {
        &self.person().entry_at(self.caller.now).zone
    }

    pub fn zone_name(&self) -> String {
        self.zone().iana_name().unwrap_or("UTC").to_owned()
    }

    fn day_params(&self, span: DaySpan) -> Vec<Value> {
        vec![json!(self.id), json!(day_text(span.from)), json!(day_text(span.to))]
    }

    async fn each(
        &self,
        sql: &str,
        params: Vec<Value>,
        mut take: impl FnMut(&Columns<'_>, usize) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let limits = self.app.config.internal_limits();
        rows::each(&self.app.deps.store, sql, params, limits, |batch| take(&Columns(batch), batch.num_rows())).await
    }

    pub async fn days(&self, span: DaySpan) -> Result<Vec<MyDay>, Error> {
        let mut days = Vec::new();
        self.each(include_str!("../../sql/me_days.sql"), self.day_params(span), |columns, rows| {
            let metrics = METRICS.iter().map(|name| columns.float(name)).collect::<Result<Vec<_>, _>>()?;
            let (day, streak, done) = (columns.day("day")?, columns.int("streak_days")?, columns.flag("final")?);
            let rest: Int64Array = columns.int("rest_ms")?;
            days.extend((0..rows).map(|row| MyDay {
                day: day.value(row),
                values: std::array::from_fn(|m| optional(&metrics[m], row, |a, r| a.value(r)).unwrap_or(f64::NAN)),
                streak_days: streak.value(row),
                rest_ms: optional(&rest, row, |a, r| a.value(r)),
                r#final: done.value(row),
            }));
            Ok(())
        })
        .await?;
        Ok(days)
    }

    pub async fn windows(&self, span: TimeSpan) -> Result<Vec<(i64, Sums)>, Error> {
        let mut found = Vec::new();
        let params = vec![json!(self.id), json!(span.from), json!(span.to)];
        self.each(include_str!("../../sql/me_windows.sql"), params, |columns, rows| {
            let (start, active, focus) = (columns.time("window_start")?, columns.int("active_ms")?, columns.int("focus_ms")?);
            let (meeting, interruptions) = (columns.int("meeting_ms")?, columns.int("interruptions")?);
            let (load, score) = (columns.float("load")?, columns.float("interruption_score")?);
            found.extend((0..rows).map(|row| {
                let sums = Sums {
                    n: 1,
                    active_ms: active.value(row),
                    focus_ms: focus.value(row),
                    meeting_ms: meeting.value(row),
                    interruptions: interruptions.value(row),
                    load: load.value(row),
                    score: score.value(row),
                };
                (start.value(row), sums)
            }));
            Ok(())
        })
        .await?;
        Ok(found)
    }

    /// How long the rest before each day was.
    pub(super) async fn rests(&self, span: DaySpan) -> Result<Vec<DayRow>, Error> {
        let days = self.days(span).await?;
        Ok(days.into_iter().map(|day| DayRow { day: day.day, rest_ms: day.rest_ms }).collect())
    }

    /// Start and end of focus blocks, as many as a list may have.
    pub(super) async fn block_times(&self, span: DaySpan) -> Result<Vec<(i64, i64)>, Error> {
        let mut blocks = Vec::new();
        self.list(include_str!("../../sql/me_blocks.sql"), span, |columns, rows| {
            let (start, end) = (columns.time("start_ts")?, columns.time("end_ts")?);
            blocks.extend((0..rows).map(|row| (start.value(row), end.value(row))));
            Ok(())
        })
        .await?;
        Ok(blocks)
    }

    /// Asks for one row more than may be given, so that `cut` sees whether there are more.
    async fn list(
        &self,
        sql: &str,
        span: DaySpan,
        take: impl FnMut(&Columns<'_>, usize) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let times = span.times(self.zone());
        let params = vec![json!(self.id), json!(times.from), json!(times.to), json!(self.app.config.list_rows + 1)];
        self.each(sql, params, take).await
    }

    fn cut(&self, rows: &mut Vec<Value>) -> bool {
        let more = rows.len() > self.app.config.list_rows;
        rows.truncate(self.app.config.list_rows);
        more
    }
}
