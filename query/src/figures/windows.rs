//! Five-minute windows of everybody, by UTC day, summed up by team; and a unit's timeline and heat map made of them.
//!
//! Hours and heat map cells are sums over shown windows, so that no difference of an hour and its windows, or of a
//! heat map and a timeline, shows a withheld window.

mod day;
mod mask;
mod point;
mod unit;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemas::directory::{DAY_MS, weekday};

pub use day::{WindowsDay, WindowsDayBuilder};
pub use point::{HeatPoint, Point};
pub use unit::{HeatCell, Step, UnitWindows};

pub const WINDOW_MS: i64 = 300_000;
pub const WINDOWS: usize = 288;

/// Sums over people.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sums {
    pub n: u32,
    pub active_ms: i64,
    pub focus_ms: i64,
    pub meeting_ms: i64,
    pub interruptions: i64,
    pub load: f64,
    pub score: f64,
}

impl Sums {
    pub fn add(&mut self, other: &Sums) {
        self.n += other.n;
        self.active_ms += other.active_ms;
        self.focus_ms += other.focus_ms;
        self.meeting_ms += other.meeting_ms;
        self.interruptions += other.interruptions;
        self.load += other.load;
        self.score += other.score;
    }
}

pub fn window_start(day: i32, window: u16) -> i64 {
    i64::from(day) * DAY_MS + i64::from(window) * WINDOW_MS
}

fn offset_ms(ts: i64, zone: &TimeZone) -> i64 {
    Timestamp::from_millisecond(ts).map_or(0, |t| i64::from(zone.to_offset(t).seconds()) * 1_000)
}

/// The start of the local hour an instant lies in.
pub fn hour_start(ts: i64, zone: &TimeZone) -> i64 {
    ts - (ts + offset_ms(ts, zone)).rem_euclid(3_600_000)
}

fn heat_index(ts: i64, zone: &TimeZone) -> usize {
    let local = ts + offset_ms(ts, zone);
    let day = local.div_euclid(DAY_MS) as i32;
    weekday(day) * 24 + (local.rem_euclid(DAY_MS) / 3_600_000) as usize
}

/// Weekday and hour.
fn heat_place(index: usize) -> (u8, u8) {
    ((index / 24) as u8, (index % 24) as u8)
}

/// The heat map of one person's windows, in order.
pub fn person_heatmap(rows: &[(i64, Sums)], zone: &TimeZone) -> Vec<((u8, u8), HeatCell)> {
    let mut cells = BTreeMap::<usize, (HeatCell, i64)>::new();
    for (start, sums) in rows {
        let hour = hour_start(*start, zone);
        let (cell, last) = cells.entry(heat_index(*start, zone)).or_insert((HeatCell::default(), i64::MIN));
        cell.n = 1;
        cell.person_hours += u32::from(*last != hour);
        cell.sums.add(sums);
        *last = hour;
    }
    cells.into_iter().map(|(at, (cell, _))| (heat_place(at), cell)).collect()
}

#[cfg(test)]
mod tests;
