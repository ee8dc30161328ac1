//! `from`, `to` and `step` of a request, checked; errors name the field.

use std::ops::RangeInclusive;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemas::directory::{DAY_MS, date, days_since_epoch};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::access::{day_start, local_day};

pub const MAX_DAYS: i32 = 400;
/// Five-minute data of everybody are read for these.
pub const MAX_TIMELINE_DAYS: i32 = 31;
pub const MAX_HEATMAP_DAYS: i32 = 93;

#[derive(Debug, Clone, Default, Deserialize)]
pub struct SpanQuery {
    from: Option<String>,
    to: Option<String>,
    step: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for SpanQuery {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<SpanQuery, Error> {
        let query = Query::<SpanQuery>::from_request_parts(parts, state).await;
        query
            .map(|q| q.0)
            .map_err(|e| Error::BadParameter { field: "query", message: format!("the query cannot be read: {}", e.body_text()) })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Step {
    #[serde(rename = "5m")]
    Window,
    #[serde(rename = "1h")]
    Hour,
    #[serde(rename = "1d")]
    Day,
}

/// Local days, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaySpan {
    pub from: i32,
    pub to: i32,
}

/// UTC milliseconds, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeSpan {
    pub from: i64,
    pub to: i64,
}

#[derive(Debug, Clone, Copy)]
enum Point {
    Instant(i64),
    Date(i32),
}

impl SpanQuery {
    pub fn step(&self) -> Result<Step, Error> {
        match self.step.as_deref() {
            None | Some("5m") => Ok(Step::Window),
            Some("1h") => Ok(Step::Hour),
            Some("1d") => Ok(Step::Day),
            Some(other) => {
                Err(Error::BadParameter { field: "step", message: format!("step must be 5m, 1h or 1d, not {:?}", cut(other)) })
            }
        }
    }

    /// Seven days up to today when nothing is said.
    pub fn days(&self, zone: &TimeZone, now: i64) -> Result<DaySpan, Error> {
        let to = match self.point("to", &self.to)? {
            Some(Point::Date(day)) => day,
            Some(Point::Instant(ts)) => local_day(ts - 1, zone),
            None => local_day(now, zone),
        };
        let from = match self.point("from", &self.from)? {
            Some(Point::Date(day)) => day,
            Some(Point::Instant(ts)) => local_day(ts, zone),
            None => to - 6,
        };
        if from > to {
            return Err(Error::BadParameter { field: "from", message: "from must not be after to".into() });
        }
        check_length(i64::from(to - from) + 1, MAX_DAYS)?;
        Ok(DaySpan { from, to })
    }

    /// Today when nothing is said.
    pub fn times(&self, zone: &TimeZone, now: i64, max_days: i32) -> Result<TimeSpan, Error> {
        let to = match self.point("to", &self.to)? {
            Some(Point::Date(day)) => day_start(day + 1, zone),
            Some(Point::Instant(ts)) => ts,
            None => day_start(local_day(now, zone) + 1, zone),
        };
        let from = match self.point("from", &self.from)? {
            Some(Point::Date(day)) => day_start(day, zone),
            Some(Point::Instant(ts)) => ts,
            None => day_start(local_day(to - 1, zone), zone),
        };
        if from >= to {
            return Err(Error::BadParameter { field: "from", message: "from must be before to".into() });
        }
        // An hour for the end of summer time.
        check_length((to - from - 3_600_000 + DAY_MS - 1).div_euclid(DAY_MS), max_days)?;
        Ok(TimeSpan { from, to })
    }

    fn point(&self, field: &'static str, text: &Option<String>) -> Result<Option<Point>, Error> {
        let Some(text) = text.as_deref() else { return Ok(None) };
        let wrong = |why: &str| Error::BadParameter {
            field,
            message: format!(
                "{field} must be a date like 2026-01-31 or a time like 2026-01-31T09:00:00Z{why}, not {:?}",
                cut(text)
            ),
        };
        let point = match text.parse::<Timestamp>() {
            Ok(instant) => Point::Instant(instant.as_millisecond()),
            // A date-time without a zone would parse as a date and silently lose its time.
            Err(_) if text.len() > 10 => return Err(wrong(" with its zone")),
            Err(_) => Point::Date(days_since_epoch(text.parse::<Date>().map_err(|_| wrong(""))?)),
        };
        let day = match point {
            Point::Instant(ts) => ts.div_euclid(DAY_MS) as i32,
            Point::Date(day) => day,
        };
        // 1970 to 2999: beyond that arithmetic on days and zones has ends of its own.
        if (0..376_200).contains(&day) { Ok(Some(point)) } else { Err(wrong(" between 1970 and 2999")) }
    }
}

fn check_length(days: i64, max: i32) -> Result<(), Error> {
    if days > i64::from(max) {
        let message = format!("the span has {days} days, this answer covers {max} at most: move from closer to to");
        return Err(Error::BadParameter { field: "from", message });
    }
    Ok(())
}

fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

impl DaySpan {
    pub fn times(self, zone: &TimeZone) -> TimeSpan {
        TimeSpan { from: day_start(self.from, zone), to: day_start(self.to + 1, zone) }
    }

    pub fn limit(self, max_days: i32) -> Result<DaySpan, Error> {
        check_length(i64::from(self.to - self.from) + 1, max_days)?;
        Ok(self)
    }
}

impl TimeSpan {
    /// The UTC days it touches.
    pub fn utc_days(self) -> RangeInclusive<i32> {
        self.from.div_euclid(DAY_MS) as i32..=(self.to - 1).div_euclid(DAY_MS) as i32
    }

    pub fn local_days(self, zone: &TimeZone) -> DaySpan {
        DaySpan { from: local_day(self.from, zone), to: local_day(self.to - 1, zone) }
    }
}

pub fn day_text(day: i32) -> String {
    date(day).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_763_640_000_000; // 2025-11-20T12:00:00Z

    fn query(from: &str, to: &str) -> SpanQuery {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        SpanQuery { from: some(from), to: some(to), step: None }
    }

    fn days(from: &str, to: &str) -> Result<(String, String), String> {
        let span = query(from, to).days(&TimeZone::UTC, NOON).map_err(|e| e.problem().field.unwrap_or_default().to_owned())?;
        Ok((day_text(span.from), day_text(span.to)))
    }

    fn check(from: &str, to: &str, first: &str, last: &str) {
        assert_eq!(days(from, to), Ok((first.into(), last.into())), "{from} to {to}");
    }

    #[test]
    fn days_are_inclusive_and_instants_half_open() {
        check("", "", "2025-11-14", "2025-11-20");
        check("2025-11-01", "2025-11-02", "2025-11-01", "2025-11-02");
        check("2025-11-01T00:00:00Z", "2025-11-02T00:00:00Z", "2025-11-01", "2025-11-01");
        check("2025-11-01T00:00:00Z", "2025-11-02T00:00:01Z", "2025-11-01", "2025-11-02");
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(days("yesterday", ""), Err("from".into()));
        assert_eq!(days("", "2025-13-01"), Err("to".into()));
        assert_eq!(days("", "2025-11-01T10:00:00"), Err("to".into()));
        assert_eq!(days("2025-11-21", "2025-11-20"), Err("from".into()));
        assert_eq!(days("2023-11-21", "2025-11-20"), Err("from".into()));
        assert_eq!(days("9999-11-21", ""), Err("from".into()));
        assert!(SpanQuery { step: Some("7m".into()), ..SpanQuery::default() }.step().is_err());
    }

    #[test]
    fn a_day_of_summer_time_has_its_own_length() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let span = query("2025-10-26", "2025-10-26").times(&berlin, NOON, 1).unwrap();
        assert_eq!(span.to - span.from, 25 * 3_600_000);
        assert_eq!(query("", "").times(&berlin, NOON, 1).unwrap().from, 1_763_593_200_000);
    }
}
