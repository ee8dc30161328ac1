//! Steps and cells as REST and the live feed give them: means over people.

use serde::Serialize;

use super::{HeatCell, Step, Sums};
use crate::figures::daily::Figures;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
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

impl Point {
    fn suppressed(start: i64) -> Point {
        Point {
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

    /// `n` people whose sums these are; None where they are suppressed.
    pub fn of_sums(start: i64, sums: Option<(u32, &Sums)>) -> Point {
        let Some((n, sums)) = sums else { return Point::suppressed(start) };
        let mean = |sum: f64| Some(sum / f64::from(n));
        Point {
            start,
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

    pub fn of_step(step: &Step) -> Point {
        Point::of_sums(step.start, step.sums.as_ref().map(|(n, sums)| (*n, sums)))
    }

    /// A whole day as one step.
    pub fn of_day(start: i64, figures: Option<(u32, Figures)>) -> Point {
        let Some((n, figures)) = figures else { return Point::suppressed(start) };
        let mean = |name: &str| figures.get(name).map(|stat| stat.mean);
        Point {
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

/// An hour of the week: means over person-hours.
#[derive(Serialize)]
pub struct HeatPoint {
    weekday: u8,
    hour: u8,
    n: Option<u32>,
    suppressed: bool,
    focus_ms: Option<f64>,
    active_ms: Option<f64>,
    interruptions: Option<f64>,
    interruption_score: Option<f64>,
}

impl HeatPoint {
    pub fn new(((weekday, hour), cell): ((u8, u8), HeatCell)) -> HeatPoint {
        let shown = cell.person_hours > 0;
        let mean = |sum: f64| shown.then(|| sum / f64::from(cell.person_hours));
        HeatPoint {
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
