//! Which figures may be shown: k-anonymity over a tree of units, safe against subtraction.
//!
//! For one span (a day, a window) each person counts in one unit, so a unit's people are its own and those of the units
//! below. A unit is released when
//! - at least k people contribute to it, and
//! - what is left of it after taking away the nearest released units below it is nobody or at least k people.
//!
//! Where the second fails, the smallest of those units below is withheld. Every released figure is then a sum of such
//! remainders, each of nobody or of at least k people, so no sum or difference of released figures covers 1 to k-1 people.

use jiff::tz::TimeZone;

use super::org::{Org, next_midnight};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Contributing people by unit, those below included.
    pub total: Vec<u32>,
    pub released: Vec<bool>,
}

/// `own` counts, by unit, the people that contribute there and not in a unit below.
pub fn release(org: &Org, own: &[u32], k: u32) -> Release {
    let mut total = own.to_vec();
    for &at in org.order() {
        if let Some(parent) = org.unit(at).parent {
            total[parent] += total[at];
        }
    }
    let mut released = vec![false; org.len()];
    // The nearest released units below each unit.
    let mut below: Vec<Vec<usize>> = vec![Vec::new(); org.len()];
    for &at in org.order() {
        if total[at] < k.max(1) {
            continue;
        }
        let mut nearest: Vec<usize> = Vec::new();
        for &child in &org.unit(at).children {
            if released[child] {
                nearest.push(child);
            } else {
                nearest.append(&mut below[child]);
            }
        }
        let mut rest = total[at] - nearest.iter().map(|c| total[*c]).sum::<u32>();
        while rest > 0 && rest < k {
            let smallest = (0..nearest.len()).min_by_key(|i| (total[nearest[*i]], &org.unit(nearest[*i]).id));
            let Some(smallest) = smallest else { break };
            let withheld = nearest.swap_remove(smallest);
            released[withheld] = false;
            let under = std::mem::take(&mut below[withheld]);
            rest += total[withheld] - under.iter().map(|c| total[*c]).sum::<u32>();
            nearest.extend(under);
        }
        released[at] = true;
        below[at] = nearest;
    }
    Release { total, released }
}

/// The unit whose figures are shown for `at`: itself, or the nearest above it that is released.
pub fn shown(org: &Org, at: usize, is_released: impl Fn(usize) -> bool) -> Option<usize> {
    org.chain(at).find(|unit| is_released(*unit))
}

/// A window of one unit with activity in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub start: i64,
    /// People active in it.
    pub n: u32,
    /// What `release` says of the unit in this window.
    pub released: bool,
}

/// The same rule along time: which windows of a unit are shown, of those of whole local days of the unit's zone, in order.
/// When the windows withheld of a day have fewer than k people between them, the day's figure less the windows shown would
/// give those away: the smallest goes too. `people_of` counts the distinct people of the unit active in any of some windows;
/// it may stop counting at k.
pub fn shown_windows(zone: &TimeZone, windows: &[Window], k: u32, mut people_of: impl FnMut(&[i64]) -> u32) -> Vec<bool> {
    let mut shown: Vec<bool> = windows.iter().map(|window| window.released).collect();
    let mut from = 0;
    while from < windows.len() {
        let end = next_midnight(windows[from].start, zone);
        let to = from + windows[from..].partition_point(|window| window.start < end);
        withhold(&windows[from..to], &mut shown[from..to], k, &mut people_of);
        from = to;
    }
    shown
}

/// One day's windows.
fn withhold(windows: &[Window], shown: &mut [bool], k: u32, people_of: &mut impl FnMut(&[i64]) -> u32) {
    let mut hidden: Vec<i64> = windows.iter().zip(shown.iter()).filter(|(_, shown)| !**shown).map(|(w, _)| w.start).collect();
    // With nothing hidden, or nothing shown, there is nothing to subtract.
    while !hidden.is_empty() && hidden.len() < windows.len() {
        let people = people_of(&hidden);
        if people == 0 || people >= k {
            return;
        }
        let candidates = (0..windows.len()).filter(|at| shown[*at]);
        let Some(smallest) = candidates.min_by_key(|at| (windows[*at].n, windows[*at].start)) else { return };
        shown[smallest] = false;
        hidden.push(windows[smallest].start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use schemas::directory::{Document, Team};

    fn tree(parents: &[Option<usize>]) -> Org {
        let teams = parents.iter().enumerate().map(|(i, parent)| Team {
            id: format!("t{i}"),
            name: format!("Team {i}"),
            parent: parent.map(|p| format!("t{p}")),
        });
        let document = Document { teams: teams.collect(), people: Vec::new() };
        Org::new(&schemas::Directory::new(document).unwrap(), 0)
    }

    #[test]
    fn small_sibling_takes_the_smallest_large_one_with_it() {
        // t0 has t1 (6), t2 (7), t3 (2): showing t0, t1 and t2 would give t3 away.
        let org = tree(&[None, Some(0), Some(0), Some(0)]);
        let own = [0, 0, 6, 7, 2].to_vec();
        let found = release(&org, &own, 5);
        assert_eq!(found.released, [true, true, false, true, false]);
        assert_eq!(found.total, [15, 15, 6, 7, 2]);
    }

    #[test]
    fn leaders_without_a_team_are_not_given_away() {
        // Two people sit in t0 itself.
        let org = tree(&[None, Some(0), Some(0)]);
        let found = release(&org, &[0, 2, 9, 9], 5);
        assert_eq!(found.released, [true, true, false, true]);
    }

    #[test]
    fn everything_is_shown_when_nothing_is_left_over() {
        let org = tree(&[None, Some(0), Some(0)]);
        assert_eq!(release(&org, &[0, 0, 5, 5], 5).released, [true; 4]);
    }

    #[test]
    fn a_small_team_rolls_up_into_the_nearest_released_unit() {
        let org = tree(&[None, Some(0), Some(1)]);
        let found = release(&org, &[0, 8, 6, 3], 5);
        assert_eq!(found.released, [true, true, true, false]);
        assert_eq!(shown(&org, 3, |u| found.released[u]), Some(2));
        assert_eq!(shown(&org, 3, |_| false), None);
    }

    #[test]
    fn lonely_windows_take_the_smallest_window_of_their_day_with_them() {
        let window = |hour: i64, n: u32| Window { start: hour * 3_600_000, n, released: n >= 5 };
        // Berlin's day ends at 23:00 UTC: the lonely window is of the day after the first three.
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let windows = [window(9, 9), window(10, 6), window(11, 6), window(23, 1), window(33, 8), window(34, 7)];
        let people_of = |hidden: &[i64]| if hidden.len() > 1 { 6 } else { hidden.len() as u32 };
        assert_eq!(shown_windows(&berlin, &windows, 5, people_of), [true, true, true, false, true, false]);
        assert_eq!(shown_windows(&TimeZone::UTC, &windows, 5, people_of), [true, false, true, false, true, true]);
        assert_eq!(shown_windows(&berlin, &windows[..3], 5, people_of), [true; 3]);
    }

    /// Random trees: each team's parent is an earlier team or none.
    fn trees() -> impl Strategy<Value = (Vec<Option<usize>>, Vec<u32>)> {
        (1usize..14).prop_flat_map(|n| {
            let parents: Vec<_> = (0..n).map(|i| prop::option::weighted(0.8, 0..i.max(1))).collect();
            let parents = parents.prop_map(|p: Vec<Option<usize>>| {
                p.into_iter().enumerate().map(|(i, parent)| parent.filter(|p| *p < i)).collect::<Vec<_>>()
            });
            (parents, prop::collection::vec(0u32..9, n + 1))
        })
    }

    proptest! {
        /// No sum or difference of up to three released figures covers one to k-1 people.
        #[test]
        fn no_difference_covers_fewer_than_k((parents, own) in trees(), k in 2u32..7) {
            let org = tree(&parents);
            let found = release(&org, &own, k);
            let shown: Vec<usize> = (0..org.len()).filter(|u| found.released[*u]).collect();
            // A figure as what it counts of each unit's own people; zero is not covered.
            let figure = |unit: usize| -> Vec<i32> { org.below(unit).iter().map(|inside| i32::from(*inside)).collect() };
            let covers = |combination: &[i32]| -> u32 {
                combination.iter().zip(&own).filter(|(weight, _)| **weight != 0).map(|(_, n)| n).sum()
            };
            for &a in &shown {
                prop_assert!(found.total[a] >= k);
                for &b in &shown {
                    let difference: Vec<i32> = figure(a).iter().zip(figure(b)).map(|(x, y)| x - y).collect();
                    let n = covers(&difference);
                    prop_assert!(n == 0 || n >= k, "{a} - {b} covers {n}");
                    for &c in &shown {
                        for sign in [-1, 1] {
                            let third: Vec<i32> = difference.iter().zip(figure(c)).map(|(x, y)| x + sign * y).collect();
                            let n = covers(&third);
                            prop_assert!(n == 0 || n >= k, "{a} - {b} {sign:+} {c} covers {n}");
                        }
                    }
                }
            }
        }

        /// A unit less all the released units below it, which takes more than three figures.
        #[test]
        fn no_remainder_covers_fewer_than_k((parents, own) in trees(), k in 2u32..7) {
            let org = tree(&parents);
            let found = release(&org, &own, k);
            for a in (0..org.len()).filter(|u| found.released[*u]) {
                let mut left = org.below(a);
                for b in (0..org.len()).filter(|u| *u != a && left[*u] && found.released[*u]).collect::<Vec<_>>() {
                    for (unit, inside) in org.below(b).iter().enumerate() {
                        left[unit] &= !inside;
                    }
                }
                let n: u32 = left.iter().zip(&own).filter(|(inside, _)| **inside).map(|(_, n)| n).sum();
                prop_assert!(n == 0 || n >= k, "what is left of {a} is {n}");
            }
        }

        /// The organisation is shown whenever it has k people: rolling up always ends somewhere.
        #[test]
        fn the_root_is_never_withheld((parents, own) in trees(), k in 1u32..7) {
            let org = tree(&parents);
            let found = release(&org, &own, k);
            prop_assert_eq!(found.released[0], own.iter().sum::<u32>() >= k);
        }
    }
}
