//! The two hours of the day that hold most undisturbed focus, where there are such: focus time in five minutes that no message
//! interrupted, as a share of active time, against the rest of the same day.
//!
//! What chance would give is found by turning each day round as a ring: what followed one another still does, and a day's level stays
//! with it, only the clock is lost. Each pair of hours is held against the best pair of every turn, so that looking at many of
//! them finds no more.

use super::history::{Day, HOUR_MS, History};
use super::noise::{DRAWS, Random, cautious, stands_out, strength};
use super::subject::{Subject, two_hours};
use super::{Advice, Evidence, Unit, duration, mean, percent, ratio};

/// Of activity, for an hour to count.
const LEAST_MS: f64 = 1_200_000.0;
const LEAST_DAYS: usize = 10;
/// Other hours on the same day to compare with.
const LEAST_OTHERS: usize = 2;
/// Five minutes of an hour.
const LEAST_GAIN: f64 = 5.0 / 60.0;
const MOST: usize = 2;

/// A day's hours with enough activity, in order.
struct Clock<'a> {
    day: &'a Day,
    hours: Vec<u8>,
    /// Undisturbed focus, and activity.
    held: Vec<f64>,
    active: Vec<f64>,
}

/// By the first of two hours.
type ByHour<T> = [T; 24];

impl<'a> Clock<'a> {
    fn of(day: &'a Day) -> Clock<'a> {
        let mut sums = [(0.0, 0.0); 24];
        for window in &day.windows {
            let (held, active) = &mut sums[window.hour()];
            *active += window.active_ms as f64;
            *held += if window.interruptions == 0 { window.focus_ms as f64 } else { 0.0 };
        }
        let mut clock = Clock { day, hours: Vec::new(), held: Vec::new(), active: Vec::new() };
        for (hour, (held, active)) in (0..).zip(sums) {
            if active >= LEAST_MS {
                clock.hours.push(hour);
                clock.held.push(held);
                clock.active.push(active);
            }
        }
        clock
    }

    /// Each two hours that follow one another, with their share and that of the rest, as if the day were turned by `turn` hours.
    fn pairs(&self, turn: usize) -> impl Iterator<Item = (u8, f64, f64)> {
        let n = self.hours.len();
        let enough = n >= 2 + LEAST_OTHERS;
        let (all_held, all_active): (f64, f64) = (self.held.iter().sum(), self.active.iter().sum());
        let neighbours = (1..n).filter(move |at| enough && self.hours[at - 1] + 1 == self.hours[*at]);
        neighbours.map(move |at| {
            let (one, two) = ((at - 1 + turn) % n, (at + turn) % n);
            let (held, active) = (self.held[one] + self.held[two], self.active[one] + self.active[two]);
            (self.hours[at - 1], held / active, (all_held - held) / (all_active - active))
        })
    }
}

/// By the first hour: how many days there are, and the mean difference to the rest of the day.
fn differences(clocks: &[Clock<'_>], mut turn: impl FnMut(usize) -> usize) -> ByHour<(usize, f64)> {
    let mut found = [(0, 0.0); 24];
    for clock in clocks {
        for (hour, here, rest) in clock.pairs(turn(clock.hours.len())) {
            let (days, sum) = &mut found[usize::from(hour)];
            *days += 1;
            *sum += here - rest;
        }
    }
    found.map(|(days, sum)| (days, if days > 0 { sum / days as f64 } else { 0.0 }))
}

pub fn best(history: &History) -> Vec<Advice> {
    let clocks: Vec<Clock<'_>> = history.workdays().map(Clock::of).collect();
    let gains =
        |differences: ByHour<(usize, f64)>| differences.map(|(days, mean)| (days >= LEAST_DAYS).then(|| cautious(mean, days)));
    let found = gains(differences(&clocks, |_| 0));
    if found.iter().all(Option::is_none) {
        return Vec::new();
    }
    let mut random = Random::new();
    let drawn: Vec<ByHour<Option<f64>>> = (0..DRAWS).map(|_| gains(differences(&clocks, |n| random.below(n)))).collect();
    let greatest: Vec<f64> = drawn.iter().map(|by_hour| by_hour.iter().flatten().fold(f64::MIN, |a, b| a.max(*b))).collect();
    let mut good: Vec<(u8, f64)> = (0..).zip(found).filter_map(|(hour, gain)| gain.map(|gain| (hour, gain))).collect();
    good.retain(|(_, gain)| *gain >= LEAST_GAIN && stands_out(*gain, &greatest));
    good.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut told: Vec<(u8, f64)> = Vec::new();
    for (hour, gain) in good {
        if told.len() < MOST && told.iter().all(|(other, _)| other.abs_diff(hour) >= 2) {
            told.push((hour, gain));
        }
    }
    let strength_of = |hour: u8, gain: f64| {
        let drawn: Vec<f64> = drawn.iter().filter_map(|by_hour| by_hour[usize::from(hour)]).collect();
        strength(gain, &drawn)
    };
    told.into_iter().map(|(hour, gain)| advice(&clocks, hour, gain, strength_of(hour, gain))).collect()
}

fn advice(clocks: &[Clock<'_>], hour: u8, gain: f64, strength: f64) -> Advice {
    let pair = |clock: &Clock<'_>| clock.pairs(0).find(|(first, _, _)| *first == hour).map(|(_, here, rest)| (here, rest));
    let counted: Vec<(&Day, f64, f64)> = clocks.iter().filter_map(|c| pair(c).map(|(here, rest)| (c.day, here, rest))).collect();
    let n = counted.len();
    let (here, rest): (Vec<f64>, Vec<f64>) = counted.iter().map(|(_, here, rest)| (*here, *rest)).unzip();
    let (here, rest) = (mean(&here), mean(&rest));
    let inside = |hour_of: usize| (usize::from(hour)..usize::from(hour) + 2).contains(&hour_of);
    // Interruptions, and hours of focus: inside and outside.
    let mut broken = [(0.0, 0.0); 2];
    let mut blocks: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    for (day, _, _) in &counted {
        for window in &day.windows {
            let (interruptions, hours) = &mut broken[usize::from(!inside(window.hour()))];
            *interruptions += window.interruptions as f64;
            *hours += window.focus_ms as f64 / HOUR_MS;
        }
        for (at, length) in &day.blocks {
            blocks[usize::from(!inside(usize::from(at / 12)))].push(*length as f64);
        }
    }
    let days = (counted.first().map_or(0, |(day, ..)| day.day), counted.last().map_or(0, |(day, ..)| day.day));
    let (subject, hours) = (Subject::FocusHours(hour), two_hours(hour));
    let why = format!(
        "On {n} workdays {} of your active time at {hours} was focus that no message broke into, against {} in the other hours of the \
         same days. By a careful estimate that is {} more of each hour.",
        percent(here.unwrap_or(0.0)),
        percent(rest.unwrap_or(0.0)),
        duration(gain * HOUR_MS),
    );
    let held = Evidence {
        name: "undisturbed_share",
        what: "Undisturbed focus, of active time",
        unit: Unit::Share,
        here,
        elsewhere: rest,
        n_here: n,
        n_elsewhere: n,
        of: "days",
    };
    let interruptions = Evidence {
        name: "interruptions_per_focus_hour",
        what: "Interruptions in an hour of focus",
        unit: Unit::PerHour,
        here: ratio(broken[0].0, broken[0].1),
        elsewhere: ratio(broken[1].0, broken[1].1),
        ..held.clone()
    };
    let stretches = Evidence {
        name: "block_ms",
        what: "Length of focus blocks that began then",
        unit: Unit::Ms,
        here: mean(&blocks[0]),
        elsewhere: mean(&blocks[1]),
        n_here: blocks[0].len(),
        n_elsewhere: blocks[1].len(),
        of: "blocks",
    };
    let evidence = vec![held, interruptions, stretches];
    Advice { subject, why, here: hours, elsewhere: "other hours".into(), evidence, days, strength }
}
