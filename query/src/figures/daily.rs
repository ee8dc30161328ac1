//! Local days of everybody, and the figures of a unit over some of them.
//!
//! Over a span of days the observation is the person-day: each person and local day with any active time counts once.
//! Days on which the unit is withheld are left out, so that the figures of two spans differ by released days alone.

use std::collections::HashSet;
use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::stats::Stat;
use crate::access::{Org, release, shown};

pub const METRICS: [&str; 17] = [
    "active_ms",
    "focus_ms",
    "comm_ms",
    "meeting_ms",
    "switches",
    "blocks",
    "deep_blocks",
    "block_ms",
    "stretch_ms",
    "messages_received",
    "messages_sent",
    "interruptions",
    "self_interruptions",
    "load",
    "interruption_score",
    "focus_score",
    "after_hours_ms",
];
/// The one metric that a person with active time may lack.
pub const FOCUS_SCORE: usize = 15;

/// NaN where there is none.
pub type Values = [f64; METRICS.len()];

#[derive(Debug, Clone)]
pub struct PersonDay {
    pub person: u32,
    /// A team's number, see `Names`.
    pub team: u32,
    pub values: Values,
}

pub type Day = Vec<PersonDay>;

/// Figures by metric; None where too few people have the metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures(pub [Option<Stat>; METRICS.len()]);

impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(METRICS.len()))?;
        for (name, stat) in METRICS.iter().zip(&self.0) {
            map.serialize_entry(name, stat)?;
        }
        map.end()
    }
}

/// One day of the unit: None where it is suppressed.
pub struct DayFigures {
    pub day: i32,
    pub figures: Option<(u32, Figures)>,
}

/// The unit over days. `unit` is whose figures they are, None when not even the organisation is large enough.
pub struct SpanFigures {
    pub unit: Option<usize>,
    pub n: u32,
    pub days: u32,
    pub figures: Option<Figures>,
}

/// The days of a span with what may be shown of them. `units` gives the unit of each team number.
pub struct Span<'a> {
    org: &'a Org,
    days: Vec<(i32, Arc<Day>)>,
    units: &'a [usize],
    /// By day, then unit: is it released; is its focus score.
    released: Vec<(Vec<bool>, Vec<bool>)>,
}

impl<'a> Span<'a> {
    pub fn new(org: &'a Org, days: Vec<(i32, Arc<Day>)>, units: &'a [usize], k: u32) -> Span<'a> {
        let released = days.iter().map(|(_, day)| released(org, day, units, k)).collect();
        Span { org, days, units, released }
    }

    /// The unit that answers for `at` over the whole span: itself when any day of it is released.
    pub fn answering(&self, at: usize) -> Option<usize> {
        shown(self.org, at, |unit| self.released.iter().any(|(all, _)| all[unit]))
    }

    pub fn summary(&self, at: usize) -> SpanFigures {
        let Some(unit) = self.answering(at) else { return SpanFigures { unit: None, n: 0, days: 0, figures: None } };
        let inside = self.org.below(unit);
        let mut people = HashSet::new();
        let mut values: [Vec<f64>; METRICS.len()] = Default::default();
        let mut days = 0;
        for ((_, day), (_, focus)) in self.days.iter().zip(&self.released).filter(|(_, (all, _))| all[unit]) {
            days += 1;
            self.collect(day, &inside, focus[unit], &mut values, |person| {
                people.insert(person);
            });
        }
        SpanFigures { unit: Some(unit), n: people.len() as u32, days, figures: Some(figures(values)) }
    }

    /// Day by day; days without any activity in the unit are left out.
    pub fn trends(&self, unit: usize) -> Vec<DayFigures> {
        let inside = self.org.below(unit);
        let mut points = Vec::new();
        for ((number, day), (all, focus)) in self.days.iter().zip(&self.released) {
            if !day.iter().any(|row| inside[self.units[row.team as usize]]) {
                continue;
            }
            let mut values: [Vec<f64>; METRICS.len()] = Default::default();
            let mut n = 0;
            if all[unit] {
                self.collect(day, &inside, focus[unit], &mut values, |_| n += 1);
            }
            points.push(DayFigures { day: *number, figures: all[unit].then(|| (n, figures(values))) });
        }
        points
    }

    fn collect(
        &self,
        day: &Day,
        inside: &[bool],
        with_focus_score: bool,
        values: &mut [Vec<f64>; METRICS.len()],
        mut seen: impl FnMut(u32),
    ) {
        for row in day.iter().filter(|row| inside[self.units[row.team as usize]]) {
            seen(row.person);
            for (metric, (values, value)) in values.iter_mut().zip(row.values).enumerate() {
                if !value.is_nan() && (metric != FOCUS_SCORE || with_focus_score) {
                    values.push(value);
                }
            }
        }
    }
}

fn figures(mut values: [Vec<f64>; METRICS.len()]) -> Figures {
    Figures(std::array::from_fn(|metric| Stat::of(&mut values[metric])))
}

/// Units released on a day; and those whose focus score is, which fewer people have.
fn released(org: &Org, day: &Day, units: &[usize], k: u32) -> (Vec<bool>, Vec<bool>) {
    let mut own = vec![0; org.len()];
    let mut own_focus = vec![0; org.len()];
    for row in day {
        let unit = units[row.team as usize];
        own[unit] += 1;
        own_focus[unit] += u32::from(!row.values[FOCUS_SCORE].is_nan());
    }
    let all = release(org, &own, k).released;
    let focus = release(org, &own_focus, k).released;
    let both = focus.iter().zip(&all).map(|(focus, all)| *focus && *all).collect();
    (all, both)
}
