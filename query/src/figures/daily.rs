//! Local days of everybody, and the figures of a unit over some of them.
//!
//! Over a span of days the observation is the person-day: each person and local day with any active time counts once.
//! Days on which the unit is withheld are left out, so that the figures of two spans differ by released days alone.

use std::collections::HashSet;
use std::sync::Arc;

use schemas::Stat;
use schemas::live::DayFigures as LiveDay;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::access::{Org, ROOT, Release, release, shown};

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

/// What an update of the log says of a day, which is all but `block_ms`.
pub fn values_of(day: &LiveDay) -> Values {
    [
        day.active_ms as f64,
        day.focus_ms as f64,
        day.comm_ms as f64,
        day.meeting_ms as f64,
        day.switches as f64,
        day.blocks as f64,
        day.deep_blocks as f64,
        f64::NAN,
        day.stretch_ms as f64,
        day.messages_received as f64,
        day.messages_sent as f64,
        day.interruptions as f64,
        day.self_interruptions as f64,
        day.load,
        day.interruption_score,
        day.focus_score.unwrap_or(f64::NAN),
        day.after_hours_ms as f64,
    ]
}

/// Figures by metric; None where too few people have the metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures(pub [Option<Stat>; METRICS.len()]);

impl Figures {
    /// Of people's days: the focus score alone can be withheld by itself, as fewer people have one.
    pub fn of<'a>(days: impl IntoIterator<Item = &'a Values>, with_focus_score: bool) -> Figures {
        let mut all = Collected::default();
        days.into_iter().for_each(|values| all.add(values, with_focus_score));
        all.figures()
    }

    pub fn get(&self, name: &str) -> Option<Stat> {
        let at = METRICS.iter().position(|metric| *metric == name)?;
        self.0[at]
    }
}

/// Values by metric, of any number of person-days.
#[derive(Default)]
struct Collected([Vec<f64>; METRICS.len()]);

impl Collected {
    fn add(&mut self, values: &Values, with_focus_score: bool) {
        for (metric, (all, value)) in self.0.iter_mut().zip(values).enumerate() {
            if !value.is_nan() && (metric != FOCUS_SCORE || with_focus_score) {
                all.push(*value);
            }
        }
    }

    fn figures(mut self) -> Figures {
        Figures(std::array::from_fn(|metric| Stat::of(&mut self.0[metric])))
    }
}

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
    /// By day.
    shown: Vec<Shown>,
}

impl<'a> Span<'a> {
    pub fn new(org: &'a Org, days: Vec<(i32, Arc<Day>)>, units: &'a [usize], k: u32) -> Span<'a> {
        let people = |day: &'_ Day| {
            let of = |row: &PersonDay| (units[row.team as usize], !row.values[FOCUS_SCORE].is_nan());
            Shown::of(org, day.iter().map(of), k)
        };
        let shown = days.iter().map(|(_, day)| people(day)).collect();
        Span { org, days, units, shown }
    }

    /// The unit that answers for `at` over the whole span: itself when any day of it is released.
    pub fn answering(&self, at: usize) -> Option<usize> {
        shown(self.org, at, |unit| self.shown.iter().any(|day| day.released[unit]))
    }

    pub fn summary(&self, at: usize) -> SpanFigures {
        let Some(unit) = self.answering(at) else { return SpanFigures { unit: None, n: 0, days: 0, figures: None } };
        let inside = self.org.below(unit);
        let (mut people, mut all, mut days) = (HashSet::new(), Collected::default(), 0);
        for ((_, day), shown) in self.days.iter().zip(&self.shown).filter(|(_, shown)| shown.released[unit]) {
            days += 1;
            for row in self.members(day, &inside) {
                people.insert(row.person);
                all.add(&row.values, shown.focus[unit]);
            }
        }
        SpanFigures { unit: Some(unit), n: people.len() as u32, days, figures: Some(all.figures()) }
    }

    /// Each day on which anybody was active: that there is one says nothing of the unit.
    pub fn trends(&self, unit: usize) -> Vec<DayFigures> {
        let inside = self.org.below(unit);
        let mut points = Vec::new();
        for ((number, day), shown) in self.days.iter().zip(&self.shown).filter(|(_, shown)| shown.total[ROOT] > 0) {
            let figures = || Figures::of(self.members(day, &inside).map(|row| &row.values), shown.focus[unit]);
            let figures = shown.released[unit].then(|| (shown.total[unit], figures()));
            points.push(DayFigures { day: *number, figures });
        }
        points
    }

    fn members<'d>(&self, day: &'d Day, inside: &[bool]) -> impl Iterator<Item = &'d PersonDay> {
        day.iter().filter(|row| inside[self.units[row.team as usize]])
    }
}

/// What may be shown of one day, by unit.
#[derive(Debug, Default)]
pub struct Shown {
    /// People who contribute, those below included.
    pub total: Vec<u32>,
    pub released: Vec<bool>,
    /// The focus score, which fewer people have.
    pub focus: Vec<bool>,
}

impl Shown {
    /// `people`: the unit each person with any active time counts in, and whether they have a focus score.
    pub fn of(org: &Org, people: impl IntoIterator<Item = (usize, bool)>, k: u32) -> Shown {
        let mut own = vec![0; org.len()];
        let mut own_focus = vec![0; org.len()];
        for (unit, has_focus_score) in people {
            own[unit] += 1;
            own_focus[unit] += u32::from(has_focus_score);
        }
        let Release { total, released } = release(org, &own, k);
        let focus = release(org, &own_focus, k).released;
        let focus = focus.iter().zip(&released).map(|(focus, all)| *focus && *all).collect();
        Shown { total, released, focus }
    }
}
