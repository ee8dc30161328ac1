//! What the caller's own days say of the next ones, from their own rows of the last half year.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::me::{Me, MyDay};
use super::span::{DaySpan, day_text};
use crate::Error;
use crate::access::local_day;
use crate::app::{App, Caller};
use crate::figures::daily::METRICS;
use crate::figures::head::Scope;
use crate::outlook::{HISTORY_DAYS, History, Measure, Outlook, Values, WORKED_MS, weeks};

#[derive(Serialize)]
pub struct MyOutlook {
    scope: Scope,
    from: String,
    to: String,
    time_zone: String,
    #[serde(flatten)]
    outlook: Outlook,
}

pub async fn outlook(State(app): State<App>, caller: Caller) -> Result<Json<MyOutlook>, Error> {
    let me = Me::of(&app, &caller, "outlook")?;
    let today = local_day(caller.now, me.zone());
    let span = DaySpan { from: today - HISTORY_DAYS, to: today - 1 };
    let (days, windows) = tokio::try_join!(me.days(span), me.windows(span.times(me.zone())))?;
    let days: Vec<(i32, Values)> = days.iter().filter_map(worked).collect();
    let windows: Vec<(i64, i64)> = windows.into_iter().map(|(start, sums)| (start, sums.active_ms)).collect();
    let history = History::new(me.person().entry_at(caller.now).hours.days, &days, span.to);
    let weeks = weeks::of(&history, &windows, me.person());
    let outlook = Outlook::of(&history, today, weeks);
    let (from, to) = (day_text(span.from), day_text(span.to));
    Ok(Json(MyOutlook { scope: me.scope(), from, to, time_zone: me.zone_name(), outlook }))
}

/// A day that was worked and is known for good.
fn worked(day: &MyDay) -> Option<(i32, Values)> {
    let value = |column| METRICS.iter().position(|metric| *metric == column).map_or(f64::NAN, |at| day.values[at]);
    let is_worked = day.r#final && value(Measure::Active.column()) >= WORKED_MS;
    is_worked.then(|| (day.day, Measure::ALL.map(|measure| value(measure.column()))))
}
