use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use schemas::directory::{Document, Team};

use super::*;
use crate::access::{Org, ROOT};

/// t0 above t1 and t2; numbers 0 (no team), 1, 2, 3 for none, t0, t1, t2.
fn org() -> (Org, Vec<usize>) {
    let team = |id: &str, parent: Option<&str>| Team { id: id.into(), name: id.into(), parent: parent.map(Into::into) };
    let teams = vec![team("t0", None), team("t1", Some("t0")), team("t2", Some("t0"))];
    let org = Org::new(&schemas::Directory::new(Document { teams, people: Vec::new() }).unwrap(), 0);
    let units = [None, Some("t0"), Some("t1"), Some("t2")].map(|team| org.unit_of(team)).to_vec();
    (org, units)
}

/// (person, window from the start of day 0); a person's team is the person modulo 4, but changes with the day for some.
type Rows = BTreeSet<(u32, u16)>;

fn team_of(person: u32, day: i32) -> u32 {
    if person == 7 && day == 1 { 2 } else { person % 4 }
}

fn days(rows: &Rows) -> Vec<(i32, Arc<WindowsDay>)> {
    (0..2)
        .map(|day| {
            let mut builder = WindowsDayBuilder::default();
            for (person, window) in rows.iter().filter(|(_, w)| i32::from(*w) / WINDOWS as i32 == day) {
                let sums = Sums { n: 1, active_ms: 1_000, focus_ms: i64::from(*person), ..Sums::default() };
                builder.push(*person, team_of(*person, day), window % WINDOWS as u16, &sums);
            }
            (day, Arc::new(builder.finish().0))
        })
        .collect()
}

/// Windows round the midnight between the two days.
fn rows() -> impl Strategy<Value = Rows> {
    prop::collection::btree_set((0u32..12, 270u16..306), 0..160)
}

fn of<'a>(org: &Org, units: &'a [usize], rows: &Rows, k: u32, unit: usize) -> UnitWindows<'a> {
    UnitWindows::new(org, units, days(rows), k, unit, 0..2 * DAY_MS)
}

#[test]
fn what_is_shown_of_a_day_does_not_depend_on_the_part_asked_for() {
    let (org, units) = org();
    // Person 1 alone at the end of day 0; everybody else before.
    let rows: Rows = (0..12).flat_map(|person| [(person, 270), (person, 271)]).chain([(1, 287)]).collect();
    let part = |from: u16, to: u16| {
        let span = i64::from(from) * WINDOW_MS..i64::from(to) * WINDOW_MS;
        let steps = UnitWindows::new(&org, &units, days(&rows), 3, ROOT, span).windows();
        steps.iter().map(|step| (step.start / WINDOW_MS, step.sums.is_some())).collect::<Vec<_>>()
    };
    assert_eq!(part(0, 288), [(270, false), (271, true), (287, false)]);
    assert_eq!(part(270, 272), [(270, false), (271, true)]);
}

#[test]
fn that_there_is_a_step_says_nothing_of_the_unit() {
    let (org, units) = org();
    // Persons 2 and 6 are of t1, the others are not; nobody of t1 is there at 271.
    let rows: Rows = [(1, 270), (5, 270), (2, 270), (6, 270), (1, 271), (3, 271)].into();
    let t1 = org.find("t1").unwrap();
    let steps = of(&org, &units, &rows, 2, t1).windows();
    let found: Vec<_> = steps.iter().map(|step| (step.start / WINDOW_MS, step.sums.is_some())).collect();
    assert_eq!(found, [(270, true), (271, false)]);
    assert_eq!(of(&org, &units, &rows, 2, t1).heatmap(&TimeZone::UTC).len(), 1);
}

proptest! {
    /// Each window shown has k people; those hidden have together nobody, k people, or are all there is.
    #[test]
    fn hidden_windows_hide_nobody_alone(rows in rows(), k in 2u32..6) {
        let (org, units) = org();
        for unit in 0..org.len() {
            let steps = of(&org, &units, &rows, k, unit).windows();
            let inside = org.below(unit);
            for day in 0..2 {
                let steps: Vec<&Step> = steps.iter().filter(|s| s.start / DAY_MS == day).collect();
                let is_member = |person: u32| inside[units[team_of(person, day as i32) as usize]];
                let people_in = |start: i64| -> BTreeSet<u32> {
                    let window = (start / WINDOW_MS) as u16;
                    rows.iter().filter(|(p, w)| *w == window && is_member(*p)).map(|(p, _)| *p).collect()
                };
                let mut hidden = BTreeSet::new();
                for step in &steps {
                    match &step.sums {
                        Some((n, _)) => prop_assert!(*n >= k && people_in(step.start).len() as u32 == *n),
                        None => hidden.extend(people_in(step.start)),
                    }
                }
                let all_hidden = steps.iter().all(|s| s.sums.is_none());
                prop_assert!(hidden.is_empty() || hidden.len() as u32 >= k || all_hidden, "{hidden:?}");
            }
        }
    }

    /// Hours and heat map cells are the windows shown, added up; people are counted once, over midnight too.
    #[test]
    fn hours_and_cells_are_sums_of_shown_windows(rows in rows(), k in 1u32..5) {
        let (org, units) = org();
        let span = of(&org, &units, &rows, k, ROOT);
        // Half past midnight begins an hour there.
        let zone = TimeZone::get("Asia/Kolkata").unwrap();
        let mut expected = BTreeMap::<i64, (BTreeSet<u32>, i64)>::new();
        for step in span.windows() {
            let entry = expected.entry(hour_start(step.start, &zone)).or_default();
            if let Some((_, sums)) = step.sums {
                entry.0.extend(rows.iter().filter(|(_, w)| i64::from(*w) == step.start / WINDOW_MS).map(|(p, _)| *p));
                entry.1 += sums.focus_ms;
            }
        }
        let found: BTreeMap<i64, (usize, i64)> = span
            .hours(&zone)
            .into_iter()
            .map(|s| (s.start, s.sums.map_or((0, 0), |(n, sums)| (n as usize, sums.focus_ms))))
            .collect();
        let hours: BTreeMap<i64, (usize, i64)> = expected.iter().map(|(hour, (p, f))| (*hour, (p.len(), *f))).collect();
        prop_assert_eq!(&found, &hours);
        let mut cells = BTreeMap::<usize, (BTreeSet<u32>, u32, i64)>::new();
        for (hour, (people, focus)) in expected {
            let cell = cells.entry(heat_index(hour, &zone)).or_default();
            cell.1 += people.len() as u32;
            cell.0.extend(people);
            cell.2 += focus;
        }
        let found: Vec<_> = span.heatmap(&zone).into_iter().map(|((day, hour), cell)| {
            (usize::from(day) * 24 + usize::from(hour), (cell.n as usize, cell.person_hours, cell.sums.focus_ms))
        }).collect();
        let cells: Vec<_> = cells.into_iter().map(|(at, (people, hours, focus))| (at, (people.len(), hours, focus))).collect();
        prop_assert_eq!(found, cells);
    }

    /// No sum or difference of any figures of units, windows and days covers one to k-1 people.
    #[test]
    fn no_combination_of_windows_and_days_covers_fewer_than_k(rows in one_day(), k in 2u32..5) {
        let (org, units) = org();
        let rows: Rows = rows.into_iter().map(|(person, window)| (person, window + 100)).collect();
        // The unknowns: what each person did in each window.
        let cells: Vec<(u32, u16)> = rows.iter().copied().collect();
        let of_unit = |unit: usize, person: u32| org.below(unit)[units[team_of(person, 0) as usize]];
        let mut figures: Vec<Vec<u64>> = Vec::new();
        let mut own = vec![0; org.len()];
        let people: BTreeSet<u32> = cells.iter().map(|(person, _)| *person).collect();
        people.iter().for_each(|person| own[units[team_of(*person, 0) as usize]] += 1);
        let of_day = crate::access::release(&org, &own, k).released;
        for (unit, shown) in of_day.iter().enumerate() {
            if *shown {
                figures.push(cells.iter().map(|(person, _)| u64::from(of_unit(unit, *person))).collect());
            }
            for step in of(&org, &units, &rows, k, unit).windows().iter().filter(|step| step.sums.is_some()) {
                let at = (step.start / WINDOW_MS) as u16;
                figures.push(cells.iter().map(|(person, w)| u64::from(*w == at && of_unit(unit, *person))).collect());
            }
        }
        let all = rank(figures.clone());
        let people: Vec<u32> = people.into_iter().collect();
        // Whether a combination says something of these people alone: without them the figures say less.
        for few in few_of(&people, k as usize - 1) {
            let others = |row: &Vec<u64>| -> Vec<u64> {
                row.iter().zip(&cells).filter(|(_, (person, _))| !few.contains(person)).map(|(value, _)| *value).collect()
            };
            prop_assert_eq!(rank(figures.iter().map(others).collect()), all, "{:?} of {:?}", few, &cells);
        }
    }
}

fn one_day() -> impl Strategy<Value = Rows> {
    prop::collection::btree_set((0u32..12, 0u16..5), 0..50)
}

/// All sets of so many.
fn few_of(people: &[u32], size: usize) -> Vec<Vec<u32>> {
    if size == 0 || people.len() < size {
        return vec![if size == 0 { Vec::new() } else { people.to_vec() }];
    }
    let with = few_of(&people[1..], size - 1).into_iter().map(|mut few| {
        few.push(people[0]);
        few
    });
    with.chain(if people.len() > size { few_of(&people[1..], size) } else { Vec::new() }).collect()
}

/// By elimination, modulo a prime.
fn rank(mut rows: Vec<Vec<u64>>) -> usize {
    const P: u64 = 2_147_483_647;
    let inverse = |value: u64| {
        let (mut result, mut base, mut exponent) = (1, value, P - 2);
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = result * base % P;
            }
            base = base * base % P;
            exponent >>= 1;
        }
        result
    };
    let width = rows.first().map_or(0, Vec::len);
    let mut done = 0;
    for column in 0..width {
        let Some(pivot) = (done..rows.len()).find(|row| rows[*row][column] != 0) else { continue };
        rows.swap(done, pivot);
        let scale = inverse(rows[done][column]);
        let first = rows[done].clone();
        for row in &mut rows[done + 1..] {
            let factor = row[column] * scale % P;
            if factor != 0 {
                row.iter_mut().zip(&first).for_each(|(value, first)| *value = (*value + (P - factor) * first) % P);
            }
        }
        done += 1;
    }
    done
}

#[test]
fn a_window_withheld_is_not_to_be_had_by_way_of_the_units_beside_and_above() {
    let (org, units) = org();
    // Seven of t1 and six of t2, all there at 100 and 101; at 110 one of t1 and all of t2.
    let (t1, t2) = ((0..7).map(|i| 2 + 4 * i).collect::<Vec<u32>>(), (0..6).map(|i| 3 + 4 * i).collect::<Vec<u32>>());
    let all = t1.iter().chain(&t2).flat_map(|person| [(*person, 100), (*person, 101)]);
    let rows: Rows = all.chain([(t1[0], 110)]).chain(t2.iter().map(|person| (*person, 110))).collect();
    let shown = |unit: &str| -> Vec<i64> {
        let steps = of(&org, &units, &rows, 5, org.find(unit).unwrap()).windows();
        steps.iter().filter(|step| step.sums.is_some()).map(|step| step.start / WINDOW_MS).collect()
    };
    assert_eq!((shown("t0"), shown("t1"), shown("t2")), (vec![101, 110], vec![101], vec![101]));
}
