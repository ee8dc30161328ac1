//! A unit's windows over a span: what is shown of them, as a timeline and as a heat map.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::day::WindowsDay;
use super::mask::Mask;
use super::{Sums, WINDOW_MS, heat_index, heat_place, hour_start, window_start};
use crate::access::{Org, Window, shown_windows};

/// A unit's windows of whole local days of its zone, of which [from, to) is asked for. The days given must cover those local
/// days: what of a day may be shown depends on all of it.
pub struct UnitWindows<'a> {
    units: &'a [usize],
    inside: Vec<bool>,
    days: Vec<UnitDay>,
}

struct UnitDay {
    /// The UTC day.
    number: i32,
    data: Arc<WindowsDay>,
    /// Those in [from, to) in which anybody was active: that there is one says nothing of the unit.
    cells: Vec<(u16, Sums)>,
    shown: Mask,
}

/// One step of a timeline: None where it is suppressed. `n` people, `windows` person-windows.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub start: i64,
    pub sums: Option<(u32, Sums)>,
}

#[derive(Debug, Clone, Default)]
pub struct HeatCell {
    /// Anybody's activity at all, shown or not.
    pub seen: bool,
    /// Distinct people in released windows.
    pub n: u32,
    pub person_hours: u32,
    /// Its `n` counts person-windows.
    pub sums: Sums,
}

impl<'a> UnitWindows<'a> {
    pub fn new(
        org: &Org,
        units: &'a [usize],
        days: Vec<(i32, Arc<WindowsDay>)>,
        k: u32,
        unit: usize,
        span: std::ops::Range<i64>,
    ) -> UnitWindows<'a> {
        let inside = org.below(unit);
        let mut windows: Vec<Window> = Vec::new();
        let mut unit_days: Vec<UnitDay> = Vec::with_capacity(days.len());
        for (number, data) in days {
            let cells = data.cells(&inside, units);
            let released = data.released(org, units, k)[unit];
            let window =
                |(w, sums): &(u16, Sums)| Window { start: window_start(number, *w), n: sums.n, released: released.has(*w) };
            windows.extend(cells.iter().filter(|(_, sums)| sums.n > 0).map(window));
            unit_days.push(UnitDay { number, data, cells, shown: Mask::default() });
        }
        let people_of = |hidden: &[i64]| distinct_people(&unit_days, &inside, units, hidden, k);
        let shown = shown_windows(&org.unit(unit).zone, &windows, k, people_of);
        let mut shown = shown.into_iter();
        for day in &mut unit_days {
            let of_unit = day.cells.iter().filter(|(_, sums)| sums.n > 0);
            for ((window, _), is_shown) in of_unit.zip(shown.by_ref()) {
                if is_shown {
                    day.shown.set(*window);
                }
            }
            let number = day.number;
            day.cells.retain(|(window, _)| span.contains(&window_start(number, *window)));
        }
        UnitWindows { units, inside, days: unit_days }
    }

    /// Window by window.
    pub fn windows(&self) -> Vec<Step> {
        let step = |day: &UnitDay, window: u16, sums: &Sums| {
            let sums = day.shown.has(window).then_some((sums.n, *sums));
            Step { start: window_start(day.number, window), sums }
        };
        self.days.iter().flat_map(|day| day.cells.iter().map(move |(window, sums)| step(day, *window, sums))).collect()
    }

    /// Hour by hour of the zone: sums over the shown windows of each.
    pub fn hours(&self, zone: &TimeZone) -> Vec<Step> {
        let mut hours = BTreeMap::<i64, (Vec<u32>, Option<Sums>)>::new();
        for day in &self.days {
            let mut by_hour = BTreeMap::<i64, Mask>::new();
            for (window, sums) in &day.cells {
                let hour = hour_start(window_start(day.number, *window), zone);
                let (_, total) = hours.entry(hour).or_default();
                if day.shown.has(*window) {
                    by_hour.entry(hour).or_default().set(*window);
                    total.get_or_insert_default().add(sums);
                }
            }
            let members = self.members(day, by_hour.is_empty());
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
    pub fn heatmap(&self, zone: &TimeZone) -> Vec<((u8, u8), HeatCell)> {
        let mut cells = vec![HeatCell::default(); 7 * 24];
        let mut people: Vec<Vec<u64>> = vec![Vec::new(); 7 * 24];
        // The last hour of the day before, with its people: an hour of a half-hour zone may lie in two UTC days.
        let mut before: (i64, Vec<u32>) = (i64::MIN, Vec::new());
        for day in &self.days {
            let mut hours = BTreeMap::<i64, (usize, Mask)>::new();
            for (window, sums) in &day.cells {
                let start = window_start(day.number, *window);
                let at = heat_index(start, zone);
                cells[at].seen = true;
                if day.shown.has(*window) {
                    cells[at].sums.add(sums);
                    hours.entry(hour_start(start, zone)).or_insert((at, Mask::default())).1.set(*window);
                }
            }
            let members = self.members(day, hours.is_empty());
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
        cells.into_iter().enumerate().filter(|(_, cell)| cell.seen).map(|(at, cell)| (heat_place(at), cell)).collect()
    }

    fn members(&self, day: &UnitDay, nobody_asks: bool) -> Vec<(u32, Mask)> {
        if nobody_asks { Vec::new() } else { day.data.members(&self.inside, self.units) }
    }
}

/// Of the unit, active in any of these windows; stops counting at k.
fn distinct_people(days: &[UnitDay], inside: &[bool], units: &[usize], windows: &[i64], k: u32) -> u32 {
    let mut people = HashSet::new();
    for day in days {
        let mut mask = Mask::default();
        let of_day = windows.iter().filter_map(|start| window_of(*start, day.number));
        of_day.for_each(|window| mask.set(window));
        people.extend(day.data.people_in(inside, units, mask).take(k as usize));
        if people.len() >= k as usize {
            return k;
        }
    }
    people.len() as u32
}

fn window_of(start: i64, day: i32) -> Option<u16> {
    let since = start - window_start(day, 0);
    (0..schemas::directory::DAY_MS).contains(&since).then_some((since / WINDOW_MS) as u16)
}

fn insert(set: &mut Vec<u64>, person: u32) {
    let word = person as usize / 64;
    if set.len() <= word {
        set.resize(word + 1, 0);
    }
    set[word] |= 1 << (person % 64);
}
