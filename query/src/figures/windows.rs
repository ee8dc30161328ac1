//! Five-minute windows of everybody, by UTC day, summed up by team; and a unit's timeline and heat map made of them.
//!
//! Hours and heat map cells are sums over released windows, so that no difference of an hour and its windows, or of a
//! heat map and a timeline, shows a withheld window.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemas::directory::{DAY_MS, weekday};

use crate::access::{Org, release, shown, withhold_windows};

pub const WINDOW_MS: i64 = 300_000;
pub const WINDOWS: usize = 288;

/// A bit for each window of a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mask([u64; 5]);

impl Mask {
    pub fn set(&mut self, window: u16) {
        self.0[usize::from(window) / 64] |= 1 << (window % 64);
    }

    pub fn unset(&mut self, window: u16) {
        self.0[usize::from(window) / 64] &= !(1 << (window % 64));
    }

    pub fn has(&self, window: u16) -> bool {
        self.0[usize::from(window) / 64] >> (window % 64) & 1 == 1
    }

    pub fn and(&self, other: &Mask) -> Mask {
        Mask(std::array::from_fn(|i| self.0[i] & other.0[i]))
    }

    pub fn or(&self, other: &Mask) -> Mask {
        Mask(std::array::from_fn(|i| self.0[i] | other.0[i]))
    }

    pub fn meets(&self, other: &Mask) -> bool {
        (0..5).any(|i| self.0[i] & other.0[i] != 0)
    }

    pub fn is_empty(&self) -> bool {
        self.0 == [0; 5]
    }
}

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

#[derive(Debug, Default)]
pub struct WindowsDay {
    /// By team number: its windows in order.
    teams: HashMap<u32, Vec<(u16, Sums)>>,
    /// Person, team, windows with active time.
    people: Vec<(u32, u32, Mask)>,
    released: Mutex<Option<Released>>,
}

/// The windows released of each unit, for the directory of a version.
#[derive(Debug, Clone)]
struct Released {
    version: u64,
    k: u32,
    masks: Arc<Vec<Mask>>,
}

#[derive(Debug, Default)]
pub struct WindowsDayBuilder {
    teams: HashMap<u32, BTreeMap<u16, Sums>>,
    people: HashMap<(u32, u32), Mask>,
}

impl WindowsDayBuilder {
    pub fn push(&mut self, person: u32, team: u32, window: u16, sums: &Sums) {
        self.teams.entry(team).or_default().entry(window).or_default().add(sums);
        self.people.entry((person, team)).or_default().set(window);
    }

    /// With its size in bytes.
    pub fn finish(self) -> (WindowsDay, usize) {
        let cells: usize = self.teams.values().map(BTreeMap::len).sum();
        let bytes = cells * size_of::<(u16, Sums)>() + self.people.len() * size_of::<(u32, u32, Mask)>() + 256;
        let teams = self.teams.into_iter().map(|(team, windows)| (team, windows.into_iter().collect())).collect();
        let mut people: Vec<_> = self.people.into_iter().map(|((person, team), mask)| (person, team, mask)).collect();
        people.sort_unstable_by_key(|(person, team, _)| (*person, *team));
        (WindowsDay { teams, people, released: Mutex::new(None) }, bytes)
    }
}

impl WindowsDay {
    /// Windows of a unit (with those below) in order.
    fn cells(&self, inside: &[bool], units: &[usize]) -> Vec<(u16, Sums)> {
        let mut windows = vec![Sums::default(); WINDOWS];
        for (_, cells) in self.teams.iter().filter(|(team, _)| inside[units[**team as usize]]) {
            for (window, sums) in cells {
                windows[usize::from(*window)].add(sums);
            }
        }
        windows.into_iter().enumerate().filter(|(_, sums)| sums.n > 0).map(|(window, sums)| (window as u16, sums)).collect()
    }

    /// People of a unit with their windows; one who changed teams within the day comes once.
    fn members(&self, inside: &[bool], units: &[usize]) -> Vec<(u32, Mask)> {
        let mut members: Vec<(u32, Mask)> = Vec::new();
        for (person, _, mask) in self.people.iter().filter(|(_, team, _)| inside[units[*team as usize]]) {
            match members.last_mut() {
                Some(last) if last.0 == *person => last.1 = last.1.or(mask),
                _ => members.push((*person, *mask)),
            }
        }
        members
    }

    /// Released windows by unit; remembered until the tree of teams changes.
    fn released(&self, org: &Org, units: &[usize], k: u32) -> Arc<Vec<Mask>> {
        let mut kept = self.released.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.as_ref().filter(|kept| (kept.version, kept.k) == (org.version, k)) {
            return kept.masks.clone();
        }
        let masks = Arc::new(self.release_all(org, units, k));
        *kept = Some(Released { version: org.version, k, masks: masks.clone() });
        masks
    }

    fn release_all(&self, org: &Org, units: &[usize], k: u32) -> Vec<Mask> {
        let mut own = BTreeMap::<u16, Vec<u32>>::new();
        for (team, cells) in &self.teams {
            for (window, sums) in cells {
                own.entry(*window).or_insert_with(|| vec![0; org.len()])[units[*team as usize]] += sums.n;
            }
        }
        let mut masks = vec![Mask::default(); org.len()];
        let mut totals: Vec<Vec<(u16, u32)>> = vec![Vec::new(); org.len()];
        for (window, own) in own {
            let found = release(org, &own, k);
            for unit in 0..org.len() {
                if found.total[unit] > 0 {
                    totals[unit].push((window, found.total[unit]));
                }
                if found.released[unit] {
                    masks[unit].set(window);
                }
            }
        }
        for (unit, windows) in totals.iter().enumerate() {
            let mask = masks[unit];
            if mask.is_empty() || windows.iter().all(|(window, _)| mask.has(*window)) {
                continue;
            }
            let members = self.members(&org.below(unit), units);
            let people_of = |hidden: &[u16]| {
                let mut hidden_mask = Mask::default();
                hidden.iter().for_each(|window| hidden_mask.set(*window));
                members.iter().filter(|(_, windows)| windows.meets(&hidden_mask)).count() as u32
            };
            for window in withhold_windows(windows, k, |window| mask.has(window), people_of) {
                masks[unit].unset(window);
            }
        }
        masks
    }
}

/// Days with what may be shown of them, cut to [from, to).
pub struct WindowSpan<'a> {
    org: &'a Org,
    units: &'a [usize],
    days: Vec<SpanDay>,
}

struct SpanDay {
    /// The UTC day.
    number: i32,
    data: Arc<WindowsDay>,
    /// Its windows inside the span.
    inside: Mask,
    /// Its windows released, by unit.
    released: Arc<Vec<Mask>>,
}

/// One step of a timeline: None where it is suppressed. `n` people, `windows` person-windows.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub start: i64,
    pub sums: Option<(u32, Sums)>,
}

#[derive(Debug, Clone, Default)]
pub struct HeatCell {
    /// Any activity at all, shown or not.
    pub seen: bool,
    /// Distinct people in released windows.
    pub n: u32,
    pub person_hours: u32,
    /// Its `n` counts person-windows.
    pub sums: Sums,
}

impl<'a> WindowSpan<'a> {
    pub fn new(
        org: &'a Org,
        days: Vec<(i32, Arc<WindowsDay>)>,
        units: &'a [usize],
        k: u32,
        from: i64,
        to: i64,
    ) -> WindowSpan<'a> {
        let days = days
            .into_iter()
            .map(|(number, data)| {
                let mut inside = Mask::default();
                for window in 0..WINDOWS as u16 {
                    let start = window_start(number, window);
                    if start >= from && start < to {
                        inside.set(window);
                    }
                }
                let released = data.released(org, units, k);
                SpanDay { number, data, inside, released }
            })
            .collect();
        WindowSpan { org, units, days }
    }

    /// The unit that answers for `at` over the whole span: itself when any window of it is released.
    pub fn answering(&self, at: usize) -> Option<usize> {
        shown(self.org, at, |unit| self.days.iter().any(|day| day.released[unit].meets(&day.inside)))
    }

    /// Window by window; those without activity in the unit are left out.
    pub fn windows(&self, unit: usize) -> Vec<Step> {
        let below = self.org.below(unit);
        let mut steps = Vec::new();
        for SpanDay { number, data, inside, released } in &self.days {
            for (window, sums) in data.cells(&below, self.units).into_iter().filter(|(window, _)| inside.has(*window)) {
                let sums = released[unit].has(window).then_some((sums.n, sums));
                steps.push(Step { start: window_start(*number, window), sums });
            }
        }
        steps
    }

    /// Hour by hour of the zone: sums over the released windows of each.
    pub fn hours(&self, unit: usize, zone: &TimeZone) -> Vec<Step> {
        let below = self.org.below(unit);
        let mut hours = BTreeMap::<i64, (Vec<u32>, Option<Sums>)>::new();
        for SpanDay { number, data, inside, released } in &self.days {
            let shown = released[unit].and(inside);
            let members = data.members(&below, self.units);
            let cells = data.cells(&below, self.units).into_iter().filter(|(window, _)| inside.has(*window));
            let mut by_hour = BTreeMap::<i64, Mask>::new();
            for (window, sums) in cells {
                let hour = hour_start(window_start(*number, window), zone);
                let (_, total) = hours.entry(hour).or_default();
                if shown.has(window) {
                    by_hour.entry(hour).or_default().set(window);
                    total.get_or_insert_default().add(&sums);
                }
            }
            for (hour, mask) in by_hour {
                let people = members.iter().filter(|(_, windows)| windows.meets(&mask)).map(|(person, _)| *person);
                hours.entry(hour).or_default().0.extend(people);
            }
        }
        let step = |(start, (mut people, sums)): (i64, (Vec<u32>, Option<Sums>))| {
            // An hour of a half-hour zone may lie in two UTC days: its people are counted once.
            people.sort_unstable();
            people.dedup();
            Step { start, sums: sums.map(|sums| (people.len() as u32, sums)) }
        };
        hours.into_iter().map(step).collect()
    }

    /// By weekday (Monday is 0) and hour of the zone.
    pub fn heatmap(&self, unit: usize, zone: &TimeZone) -> Vec<((u8, u8), HeatCell)> {
        let below = self.org.below(unit);
        let mut cells = vec![HeatCell::default(); 7 * 24];
        let mut people: Vec<Vec<u64>> = vec![Vec::new(); 7 * 24];
        // The last hour of the day before, with its people: an hour of a half-hour zone may lie in two UTC days.
        let mut before: (i64, Vec<u32>) = (i64::MIN, Vec::new());
        for SpanDay { number, data, inside, released } in &self.days {
            let shown = released[unit].and(inside);
            let mut hours = BTreeMap::<i64, (usize, Mask)>::new();
            for (window, sums) in data.cells(&below, self.units).into_iter().filter(|(window, _)| inside.has(*window)) {
                let start = window_start(*number, window);
                let at = heat_index(start, zone);
                cells[at].seen = true;
                if shown.has(window) {
                    cells[at].sums.add(&sums);
                    hours.entry(hour_start(start, zone)).or_insert((at, Mask::default())).1.set(window);
                }
            }
            let members = if hours.is_empty() { Vec::new() } else { data.members(&below, self.units) };
            for (hour, (at, mask)) in hours {
                let active: Vec<u32> =
                    members.iter().filter(|(_, windows)| windows.meets(&mask)).map(|(person, _)| *person).collect();
                let counted =
                    if before.0 == hour { active.iter().filter(|p| before.1.binary_search(p).is_ok()).count() } else { 0 };
                cells[at].person_hours += (active.len() - counted) as u32;
                for person in &active {
                    insert(&mut people[at], *person);
                }
                before = (hour, active);
            }
        }
        for (cell, people) in cells.iter_mut().zip(&people) {
            cell.n = people.iter().map(|word| word.count_ones()).sum();
        }
        let place = |at: usize| ((at / 24) as u8, (at % 24) as u8);
        cells.into_iter().enumerate().filter(|(_, cell)| cell.seen).map(|(at, cell)| (place(at), cell)).collect()
    }
}

fn insert(set: &mut Vec<u64>, person: u32) {
    let word = person as usize / 64;
    if set.len() <= word {
        set.resize(word + 1, 0);
    }
    set[word] |= 1 << (person % 64);
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
    cells.into_iter().map(|(at, (cell, _))| (((at / 24) as u8, (at % 24) as u8), cell)).collect()
}

#[cfg(test)]
mod tests;
