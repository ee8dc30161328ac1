//! Made-up people for tests: half a year of days from a seed.

use schemas::directory::weekday;

use super::{History, Values};

pub const HOUR: f64 = 3_600_000.0;
/// 2026-01-05.
pub const MONDAY: i32 = 20_458;
pub const OFFICE: [bool; 7] = [true, true, true, true, true, false, false];

/// Hours of focus; the other measures are drawn like it at other sizes.
pub struct Life {
    pub seed: u64,
    pub base: f64,
    /// Of single days.
    pub noise_sd: f64,
    /// Of what weekdays add.
    pub weekday_sd: f64,
    /// How much of a day's surplus the next one keeps.
    pub carry: f64,
    pub drift_a_week: f64,
    /// From a day on, by how many hours.
    pub shift: Option<(i32, f64)>,
}

impl Life {
    pub fn steady(seed: u64) -> Life {
        Life { seed, base: 4.0, noise_sd: 0.7, weekday_sd: 0.0, carry: 0.0, drift_a_week: 0.0, shift: None }
    }

    pub fn history(&self, days: i32) -> History {
        self.history_of(days, |_, hours| hours)
    }

    /// With hours of focus as `change` of (day from the first, hours) has them. One workday of sixteen is off.
    pub fn history_of(&self, days: i32, change: impl Fn(i32, f64) -> f64) -> History {
        let mut dice = Dice(self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let weekdays: [f64; 7] = std::array::from_fn(|_| self.weekday_sd * dice.normal());
        let mut rest = [0.0; 4];
        let mut worked = Vec::new();
        for day in 0..days {
            let noise: [f64; 4] = std::array::from_fn(|_| dice.normal());
            rest = std::array::from_fn(|i| self.carry * rest[i] + noise[i]);
            let (off, evening, length) = (dice.unit() < 1.0 / 16.0, dice.unit() < 0.15, dice.unit());
            if weekday(MONDAY + day) > 4 || off {
                continue;
            }
            let shift = self.shift.filter(|(from, _)| day >= *from).map_or(0.0, |(_, by)| by);
            let level = self.base + weekdays[weekday(MONDAY + day)] + self.drift_a_week * f64::from(day) / 7.0 + shift;
            let focus = change(day, (level + self.noise_sd * rest[0]).max(0.0)) * HOUR;
            let load = (12.0 * (0.4 * rest[1]).exp()).max(0.0);
            let after = if evening { (0.5 + length) * HOUR } else { 0.0 };
            let values: Values = [focus, load, (7.0 + 0.8 * rest[2]) * HOUR, after, (1.5 + 0.7 * rest[3]).max(0.0) * HOUR];
            worked.push((MONDAY + day, values));
        }
        History::new(OFFICE, &worked, MONDAY + days - 1)
    }
}

struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let (radius, angle) = (self.unit().max(1e-12), self.unit());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }
}
