//! Section 7: a person's risk for each day with a row, from the rows of the 28 days that end with it.

use std::collections::{BTreeMap, BTreeSet};

use schemas::directory::Person;
use serde_json::{Value, json};

use super::{HOUR, MINUTE, Row};

const FEATURES: [&str; 11] = [
    "overwork",
    "after_hours",
    "weekends",
    "short_rest",
    "meetings",
    "interruptions",
    "focus_decline",
    "long_days",
    "volatility",
    "no_recovery",
    "low_mood",
];

/// What makes a risk of features.
#[derive(Clone, Copy)]
pub struct Model<'a> {
    pub name: &'a str,
    pub bias: f64,
    pub weights: [f64; 11],
}

pub const BASELINE: Model<'static> =
    Model { name: "baseline-1", bias: -3.2, weights: [1.6, 1.4, 0.9, 1.1, 0.6, 0.9, 0.8, 0.8, 0.5, 0.7, 1.5] };

/// Which model tells a person's day.
pub type Choose<'a> = &'a dyn Fn(&str, i32) -> Model<'a>;

/// The days there are, and the moods told on them.
pub struct Past<'a> {
    pub person: &'a Person,
    pub days: &'a BTreeMap<i32, Row>,
    pub moods: BTreeMap<i32, Vec<f64>>,
}

impl Past<'_> {
    /// `risk`, `level` and all else that tells of a day's risk; the features as `features.name`, their contributions as
    /// `features.name+`, their order as `features`.
    pub fn risk(&self, last: i32, model: Model<'_>) -> Row {
        let month: Vec<i32> = (last - 27..=last).collect();
        let active: Vec<i32> = month.iter().copied().filter(|day| self.is_active(*day)).collect();
        let features = self.features(&month, &month);
        let risk = model.risk(&features);
        let enough = active.len() >= 10;
        let level = match risk {
            r if r < 0.3 => "low",
            r if r < 0.55 => "elevated",
            _ => "high",
        };
        let (low, high) = if enough { self.bounds(&month, risk, model) } else { (0.0, 0.0) };
        let columns = json!({
            "risk": enough.then_some(risk),
            "risk_low": enough.then_some(low),
            "risk_high": enough.then_some(high),
            "level": enough.then_some(level),
            "status": if enough { "ok" } else { "insufficient_data" },
            "model": model.name,
            "active_days": active.len(),
        });
        let Value::Object(mut row) = columns else { unreachable!() };
        let mut order: Vec<usize> = (0..FEATURES.len()).collect();
        // Floats are compared at 1e-9.
        order.sort_by_key(|i| -(model.weights[*i] * features[*i] * 1e9).round() as i64);
        let names: Vec<&str> = order.iter().map(|i| FEATURES[*i]).collect();
        row.insert("features".into(), json!(names.join(" ")));
        for ((name, weight), value) in FEATURES.iter().zip(model.weights).zip(features) {
            row.insert(format!("features.{name}"), json!(value));
            row.insert(format!("features.{name}+"), json!(weight * value));
        }
        row
    }

    fn number(&self, day: i32, column: &str) -> Option<f64> {
        self.days.get(&day)?[column].as_f64()
    }

    fn hours(&self, day: i32, column: &str) -> f64 {
        self.number(day, column).unwrap_or(0.0) / HOUR as f64
    }

    fn is_active(&self, day: i32) -> bool {
        self.number(day, "active_ms").unwrap_or(0.0) >= (30 * MINUTE) as f64
    }

    /// Over days that may be there several times; runs of days are those of the whole month.
    fn features(&self, drawn: &[i32], month: &[i32]) -> [f64; 11] {
        let active: Vec<i32> = drawn.iter().copied().filter(|day| self.is_active(*day)).collect();
        let total = |column: &str| drawn.iter().map(|day| self.hours(*day, column)).sum::<f64>();
        let mean = |value: &dyn Fn(i32) -> f64| {
            if active.is_empty() { 0.0 } else { active.iter().map(|day| value(*day)).sum::<f64>() / active.len() as f64 }
        };
        let over = |part: f64, whole: f64| if whole == 0.0 { 0.0 } else { part / whole };
        let hours = total("active_ms");
        let nights: Vec<f64> = drawn.iter().filter_map(|day| self.number(*day, "rest_ms")).collect();
        let short = nights.iter().filter(|rest| **rest < 11.0 * HOUR as f64).count();
        let focus = |day: i32| self.hours(day, "focus_ms");
        let (mean_x, mean_y) = (mean(&f64::from), mean(&focus));
        let xy = mean(&|day| (f64::from(day) - mean_x) * (focus(day) - mean_y));
        let xx = mean(&|day| (f64::from(day) - mean_x).powi(2));
        let slope_per_week = over(xy, xx) * 7.0;
        let time = |day: i32| self.hours(day, "active_ms");
        let mean_time = mean(&time);
        let deviation = mean(&|day| (time(day) - mean_time).powi(2)).sqrt();
        let moods: Vec<f64> = drawn.iter().filter_map(|day| self.moods.get(day)).flatten().copied().collect();
        let low_mood = if moods.is_empty() { 0.0 } else { (3.5 - moods.iter().sum::<f64>() / moods.len() as f64) / 2.5 };
        [
            (hours / 4.0 - 40.0) / 20.0,
            over(total("after_hours_ms"), hours) / 0.3,
            active.iter().filter(|day| !self.person.is_workday(**day)).count() as f64 / 8.0,
            over(short as f64, nights.len() as f64),
            (over(total("meeting_ms"), hours) - 0.2) / 0.4,
            mean(&|day| self.number(day, "interruption_score").unwrap_or(0.0)) / 100.0,
            over(-slope_per_week, mean_y) / 0.25,
            (mean(&|day| self.hours(day, "span_ms")) - 9.0) / 4.0,
            over(deviation, mean_time) / 0.6,
            (self.longest_run(month) as f64 - 6.0) / 8.0,
            low_mood,
        ]
        .map(|value| value.clamp(0.0, 1.0) + 0.0)
    }

    fn longest_run(&self, month: &[i32]) -> usize {
        let runs = month.iter().map(|from| (*from..).take_while(|day| month.contains(day) && self.is_active(*day)).count());
        runs.max().unwrap_or(0)
    }

    /// 200 times as many days as there are, drawn from them; the 10th smallest risk and the 10th greatest.
    fn bounds(&self, month: &[i32], risk: f64, model: Model<'_>) -> (f64, f64) {
        let there: BTreeSet<i32> =
            month.iter().copied().filter(|day| self.days.contains_key(day) || self.moods.contains_key(day)).collect();
        let there: Vec<i32> = there.into_iter().collect();
        let mut risks: Vec<f64> = (0..200u64)
            .map(|sample| {
                let draw = |i: u64| there[(((random(sample * 28 + i) >> 32) * there.len() as u64) >> 32) as usize];
                let drawn: Vec<i32> = (0..there.len() as u64).map(draw).collect();
                model.risk(&self.features(&drawn, month))
            })
            .collect();
        risks.sort_by(f64::total_cmp);
        (risks[9].min(risk), risks[190].max(risk))
    }
}

impl Model<'_> {
    fn risk(&self, features: &[f64; 11]) -> f64 {
        let z: f64 = self.bias + self.weights.iter().zip(features).map(|(weight, value)| weight * value).sum::<f64>();
        1.0 / (1.0 + (-z).exp())
    }
}

/// The n-th number of SplitMix64 that starts at 0.
fn random(n: u64) -> u64 {
    let mut z = (n + 1).wrapping_mul(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D049BB133111EB);
    z ^ (z >> 31)
}

#[test]
fn the_random_numbers_are_those_of_the_book() {
    assert_eq!([random(0), random(1), random(2)], [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]);
}
