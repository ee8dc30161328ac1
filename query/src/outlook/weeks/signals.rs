//! What a week is told by: on which clock hours of its workdays somebody was active, and how much of it lies where.

use std::ops::Range;

use jiff::Timestamp;
use schemas::directory::{DAY_MS, Person};

pub const HOUR_MS: i64 = 3_600_000;
/// Activity that makes a clock hour of a day an active one: a glance at the mail does not.
pub const SIGNAL_MS: i64 = 600_000;
/// A clock hour this close to working hours is not outside of them.
const NEAR_MS: i64 = HOUR_MS;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Before,
    Inside,
    After,
}

/// One clock hour of one day, looked up once for its windows.
pub struct Hour {
    pub span: Range<i64>,
    /// 0 to 23.
    clock: usize,
    day: i32,
    /// Working time of its day, and of the day before: a night shift goes on after midnight.
    own: Option<(i64, i64)>,
    night: Option<(i64, i64)>,
    active_ms: i64,
}

impl Hour {
    pub fn none() -> Hour {
        Hour { span: 0..0, clock: 0, day: 0, own: None, night: None, active_ms: 0 }
    }

    pub fn of(ts: i64, person: &Person) -> Hour {
        let zone = &person.entry_at(ts).zone;
        let offset = Timestamp::from_millisecond(ts).map_or(0, |t| i64::from(zone.to_offset(t).seconds()) * 1_000);
        let (day, into) = ((ts + offset).div_euclid(DAY_MS) as i32, (ts + offset).rem_euclid(DAY_MS));
        let start = ts - into % HOUR_MS;
        let (own, night) = (person.working_interval(day), person.working_interval(day - 1));
        Hour { span: start..start + HOUR_MS, clock: (into / HOUR_MS) as usize, day, own, night, active_ms: 0 }
    }

    /// The working day that an instant of it belongs to, and where in it.
    pub fn place(&self, ts: i64) -> (i32, Place) {
        let place = match (self.night, self.own) {
            (Some((_, to)), _) if ts < to => return (self.day - 1, Place::Inside),
            (_, Some((from, _))) if ts < from => Place::Before,
            (_, Some((_, to))) if ts < to => Place::Inside,
            _ => Place::After,
        };
        (self.day, place)
    }

    fn is_near_work(&self) -> bool {
        let mut shifts = [self.night, self.own].into_iter().flatten();
        shifts.any(|(from, to)| self.span.end > from - NEAR_MS && self.span.start < to + NEAR_MS)
    }
}

/// What a week's workdays are told by.
#[derive(Default)]
pub struct Signals {
    /// Days on which a clock hour is active, and on which it is so away from working hours.
    pub days: [u8; 24],
    pub days_outside: [u8; 24],
    pub before_ms: i64,
    pub inside_ms: i64,
    pub after_ms: i64,
}

impl Signals {
    pub fn add(&mut self, hour: &mut Hour, active_ms: i64, place: Place) {
        match place {
            Place::Before => self.before_ms += active_ms,
            Place::Inside => self.inside_ms += active_ms,
            Place::After => self.after_ms += active_ms,
        }
        let was = hour.active_ms;
        hour.active_ms += active_ms;
        if was < SIGNAL_MS && hour.active_ms >= SIGNAL_MS {
            self.days[hour.clock] += 1;
            self.days_outside[hour.clock] += u8::from(!hour.is_near_work());
        }
    }

    pub fn total(&self) -> i64 {
        self.before_ms + self.inside_ms + self.after_ms
    }
}
