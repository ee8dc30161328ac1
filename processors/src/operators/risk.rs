//! Burnout risk at the end of a local day, from the 28 days that end with it: features, a linear model, and how sure it is.
//!
//! ```text
//! 28 days ─▶ moments of each ─▶ their sum ─▶ 11 features, 0..1 ─▶ z = b + Σ weight × feature ─▶ risk = 1 / (1 + e^-z)
//!                └──▶ 200 sums of days drawn anew ─▶ 200 risks ─▶ what nine of ten lie between
//! ```

use std::sync::LazyLock;

use schemas::risk::{FEATURES, Features, Model, level};
use schemas::rows::Factor;

/// Days that a risk is made of.
pub const DAYS: i32 = 28;
/// Fewer active days, and there is no number.
const MIN_ACTIVE_DAYS: usize = 10;
const ACTIVE_MS: i64 = 30 * 60_000;
const SHORT_NIGHT_MS: i64 = 11 * 3_600_000;

/// What rounding leaves of nothing is less.
const NOTHING: f64 = 1e-9;

/// Days are drawn anew so often, and so many of the risks lie outside on each side.
const SAMPLES: usize = 200;
const OUTSIDE: usize = SAMPLES / 20;

/// What there is of one of the days.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Day {
    /// 0 for the first of the 28.
    pub at: i32,
    pub active_ms: i64,
    pub focus_ms: i64,
    pub meeting_ms: i64,
    pub after_hours_ms: i64,
    pub span_ms: i64,
    pub rest_ms: Option<i64>,
    pub interruption_score: f64,
    pub workday: bool,
    /// Of the check-ins that tell a mood.
    pub mood_sum: u32,
    pub moods: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Risk {
    pub active_days: i64,
    /// The risk, and its bounds; none when there are too few active days.
    pub risk: Option<[f64; 3]>,
    /// The largest contribution first; among equals in the order of `FEATURES`.
    pub factors: Vec<Factor<'static>>,
}

impl Risk {
    pub fn level(&self) -> Option<&'static str> {
        self.risk.map(|[risk, ..]| level(risk))
    }

    pub fn status(&self) -> &'static str {
        if self.risk.is_some() { "ok" } else { "insufficient_data" }
    }
}

/// Of those of the days with anything to tell, in order, at most one each.
pub fn risk(model: &Model, days: &[Day]) -> Risk {
    let units = Units::of(days);
    let whole = units.days.iter().fold(Moments::default(), |mut sum, day| {
        sum.add(1.0, day);
        sum
    });
    let features = units.features(&whole);
    let active_days = whole.0[ACTIVE_DAYS] as usize;
    let risk = (active_days >= MIN_ACTIVE_DAYS).then(|| {
        let risk = model.risk(&features);
        let [low, high] = units.bounds(model);
        [risk, low.min(risk), high.max(risk)]
    });
    let named = FEATURES.iter().zip(features).zip(model.weights);
    let mut factors: Vec<Factor<'static>> =
        named.map(|((name, value), weight)| Factor { name, value, contribution: weight * value }).collect();
    // To nine decimals, so that rounding decides nothing.
    factors.sort_by_key(|factor| -(factor.contribution * 1e9).round() as i64);
    Risk { active_days: active_days as i64, risk, factors }
}

// What is summed up of days. Those of active days alone are about the middle of the active days, so that little is lost when
// squares are taken from one another.
const ACTIVE_H: usize = 0;
const AFTER_HOURS_H: usize = 1;
const MEETING_H: usize = 2;
const NIGHTS: usize = 3;
const SHORT_NIGHTS: usize = 4;
const MOOD: usize = 5;
const MOODS: usize = 6;
const ACTIVE_DAYS: usize = 7;
const DAYS_OFF: usize = 8;
const SCORE: usize = 9;
const SPAN_H: usize = 10;
const OWN_ACTIVE: usize = 11;
const OWN_ACTIVE_2: usize = 12;
const WEEK: usize = 13;
const WEEK_2: usize = 14;
const FOCUS: usize = 15;
const FOCUS_WEEK: usize = 16;

#[derive(Debug, Clone, Copy, Default)]
struct Moments([f64; 17]);

impl Moments {
    #[inline]
    fn add(&mut self, times: f64, other: &Moments) {
        for (sum, value) in self.0.iter_mut().zip(other.0) {
            *sum += times * value;
        }
    }
}

/// The days as what is drawn from, and what is the same however they are drawn.
struct Units {
    days: Vec<Moments>,
    /// The longest run of consecutive active days.
    longest_run: i32,
    mean_active: f64,
    mean_focus: f64,
}

impl Units {
    fn of(days: &[Day]) -> Units {
        let active: Vec<&Day> = days.iter().filter(|day| day.active_ms >= ACTIVE_MS).collect();
        let mean = |value: fn(&Day) -> f64| active.iter().map(|day| value(day)).sum::<f64>() / (active.len() as f64).max(1.0);
        let mean_active = mean(|day| hours(day.active_ms));
        let mean_focus = mean(|day| hours(day.focus_ms));
        let mean_week = mean(Day::week);
        let moments = |day: &Day| {
            let mut m = [0.0; 17];
            m[ACTIVE_H] = hours(day.active_ms);
            m[AFTER_HOURS_H] = hours(day.after_hours_ms);
            m[MEETING_H] = hours(day.meeting_ms);
            m[NIGHTS] = f64::from(u8::from(day.rest_ms.is_some()));
            m[SHORT_NIGHTS] = f64::from(u8::from(day.rest_ms.is_some_and(|rest| rest < SHORT_NIGHT_MS)));
            m[MOOD] = f64::from(day.mood_sum);
            m[MOODS] = f64::from(day.moods);
            if day.active_ms >= ACTIVE_MS {
                let (own, focus, week) =
                    (hours(day.active_ms) - mean_active, hours(day.focus_ms) - mean_focus, day.week() - mean_week);
                m[ACTIVE_DAYS] = 1.0;
                m[DAYS_OFF] = f64::from(u8::from(!day.workday));
                m[SCORE] = day.interruption_score;
                m[SPAN_H] = hours(day.span_ms);
                m[OWN_ACTIVE] = own;
                m[OWN_ACTIVE_2] = own * own;
                m[WEEK] = week;
                m[WEEK_2] = week * week;
                m[FOCUS] = focus;
                m[FOCUS_WEEK] = focus * week;
            }
            Moments(m)
        };
        let (mut run, mut longest_run, mut before) = (0, 0, i32::MIN);
        for day in &active {
            run = if before.checked_add(1) == Some(day.at) { run + 1 } else { 1 };
            longest_run = longest_run.max(run);
            before = day.at;
        }
        Units { days: days.iter().map(moments).collect(), longest_run, mean_active, mean_focus }
    }

    fn features(&self, m: &Moments) -> Features {
        let m = &m.0;
        let share = |part: f64, of: f64| if of > NOTHING { part / of } else { 0.0 };
        let of_active = |index: usize| share(m[index], m[ACTIVE_DAYS]);
        let (own, focus, week) = (of_active(OWN_ACTIVE), of_active(FOCUS), of_active(WEEK));
        let spread = (of_active(OWN_ACTIVE_2) - own * own).max(0.0).sqrt();
        let slope = share(of_active(FOCUS_WEEK) - focus * week, of_active(WEEK_2) - week * week);
        let mood = if m[MOODS] > 0.0 { 3.5 - m[MOOD] / m[MOODS] } else { 0.0 };
        [
            (m[ACTIVE_H] / 4.0 - 40.0) / 20.0,
            share(m[AFTER_HOURS_H], m[ACTIVE_H]) / 0.3,
            m[DAYS_OFF] / 8.0,
            share(m[SHORT_NIGHTS], m[NIGHTS]),
            (share(m[MEETING_H], m[ACTIVE_H]) - 0.2) / 0.4,
            of_active(SCORE) / 100.0,
            share(-slope, self.mean_focus + focus) / 0.25,
            (of_active(SPAN_H) - 9.0) / 4.0,
            share(spread, self.mean_active + own) / 0.6,
            f64::from(self.longest_run - 6) / 8.0,
            mood / 2.5,
        ]
        // And no zero is negative.
        .map(|value| value.clamp(0.0, 1.0) + 0.0)
    }

    /// What nine of ten risks lie between when as many days are drawn from them, with repetition. The longest run stays: drawn days
    /// have no neighbours.
    fn bounds(&self, model: &Model) -> [f64; 2] {
        let count = self.days.len();
        let mut risks = [0.0; SAMPLES];
        for (risk, draws) in risks.iter_mut().zip(DRAWS.chunks_exact(DAYS as usize)) {
            let mut times = [0u8; DAYS as usize];
            for draw in &draws[..count] {
                times[((u64::from(*draw) * count as u64) >> 32) as usize] += 1;
            }
            let mut sum = Moments::default();
            for (times, day) in times.iter().zip(&self.days).filter(|(times, _)| **times > 0) {
                sum.add(f64::from(*times), day);
            }
            *risk = model.risk(&self.features(&sum));
        }
        risks.sort_unstable_by(f64::total_cmp);
        [risks[OUTSIDE - 1], risks[SAMPLES - OUTSIDE]]
    }
}

impl Day {
    fn week(&self) -> f64 {
        f64::from(self.at) / 7.0
    }
}

fn hours(ms: i64) -> f64 {
    ms as f64 / 3_600_000.0
}

/// The same for everybody and always: SplitMix64 from 0, the upper halves.
static DRAWS: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let mut state = 0u64;
    let next = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 32) as u32
    };
    std::iter::repeat_with(next).take(SAMPLES * DAYS as usize).collect()
});

#[cfg(test)]
mod tests {
    use schemas::risk::BASELINE;

    use super::*;

    const HOUR: i64 = 3_600_000;

    fn workday(at: i32) -> Day {
        Day { at, active_ms: 8 * HOUR, focus_ms: 4 * HOUR, span_ms: 9 * HOUR, workday: true, ..Day::default() }
    }

    /// Four plain weeks: 40 h, nothing else.
    fn plain() -> Vec<Day> {
        (0..DAYS).filter(|at| at % 7 < 5).map(workday).collect()
    }

    fn value(risk: &Risk, name: &str) -> f64 {
        risk.factors.iter().find(|factor| factor.name == name).unwrap().value
    }

    fn with(change: impl Fn(&mut Day)) -> Risk {
        let mut days = plain();
        days.iter_mut().for_each(change);
        risk(&BASELINE, &days)
    }

    #[test]
    fn four_plain_weeks_have_the_least_risk_and_no_doubt() {
        let risk = with(|_| ());
        let least = 1.0 / (1.0 + 3.2f64.exp());
        assert_eq!((risk.active_days, risk.level(), risk.status()), (20, Some("low"), "ok"));
        assert!(risk.risk.unwrap().iter().all(|r| (r - least).abs() < 1e-12), "{risk:?}");
        assert_eq!(risk.factors.iter().map(|f| f.name).collect::<Vec<_>>(), FEATURES, "all are 0, and in their order");
    }

    #[test]
    fn each_feature_is_what_the_text_says() {
        assert_eq!(value(&with(|d| d.active_ms = 10 * HOUR), "overwork"), 0.5, "50 h a week");
        assert!((value(&with(|d| d.after_hours_ms = 72 * 60_000), "after_hours") - 0.5).abs() < 1e-12, "15 %");
        assert_eq!(value(&with(|d| d.workday = d.at % 7 != 4), "weekends"), 0.5, "four days of eight");
        assert_eq!(
            value(
                &with(|d| d.rest_ms = (d.at % 7 > 0).then_some(if d.at % 7 < 3 { 11 * HOUR - 1 } else { 11 * HOUR })),
                "short_rest"
            ),
            0.5
        );
        assert!((value(&with(|d| d.meeting_ms = 32 * HOUR / 10), "meetings") - 0.5).abs() < 1e-12, "40 %");
        assert_eq!(value(&with(|d| d.interruption_score = 25.0), "interruptions"), 0.25);
        assert_eq!(value(&with(|d| d.span_ms = 11 * HOUR), "long_days"), 0.5);
        assert_eq!(value(&with(|d| (d.mood_sum, d.moods) = (5, 2)), "low_mood"), 0.4);
        // 12 h less a week of a mean of 120: a tenth.
        let falling = with(|d| d.focus_ms = 7 * 20 * HOUR / 20 - i64::from(d.at) * HOUR / 7 / 2);
        let mean = 7.0 - plain().iter().map(|d| f64::from(d.at)).sum::<f64>() / 20.0 / 14.0;
        assert!((value(&falling, "focus_decline") - 0.5 / mean / 0.25).abs() < 1e-6, "{falling:?}");
        // Every other day 6 and 10 hours: 2 of 8.
        let mut odd = false;
        let mut days = plain();
        days.iter_mut().for_each(|d| {
            odd = !odd;
            d.active_ms = if odd { 6 * HOUR } else { 10 * HOUR };
        });
        assert!((value(&risk(&BASELINE, &days), "volatility") - 0.25 / 0.6).abs() < 1e-12);
        let ten_in_a_row: Vec<Day> = (3..13).map(workday).collect();
        assert_eq!(value(&risk(&BASELINE, &ten_in_a_row), "no_recovery"), 0.5);
    }

    #[test]
    fn nine_active_days_are_too_few_and_short_ones_do_not_count() {
        let mut days: Vec<Day> = plain().into_iter().take(10).collect();
        assert!(risk(&BASELINE, &days).risk.is_some());
        days[3].active_ms = ACTIVE_MS - 1;
        let nine = risk(&BASELINE, &days);
        assert_eq!((nine.active_days, nine.risk, nine.level(), nine.status()), (9, None, None, "insufficient_data"));
        assert_eq!(nine.factors.len(), FEATURES.len());
        assert_eq!(risk(&BASELINE, &[]).active_days, 0);
    }

    #[test]
    fn the_more_days_differ_the_less_it_is_sure() {
        let width = |every: i32| {
            let risk = with(|d| d.after_hours_ms = if d.at % every == 0 { 2 * HOUR } else { 0 });
            let [risk, low, high] = risk.risk.unwrap();
            assert!(low <= risk && risk <= high);
            high - low
        };
        assert_eq!(width(1), 0.0, "all days are alike");
        assert!(width(2) > 0.01, "{}", width(2));
    }
}
