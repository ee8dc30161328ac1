//! The rule of `release` across windows and days at once. A unit's day less the windows shown of it is what its withheld windows
//! have together; with the same of its sisters, and the windows of the unit above, that can be taken apart again until
//! one person is left. So some windows of the day are withheld of everybody.
//!
//! They have, of each part of the organisation that the day's figures tell apart, at least k people. Any sum or difference
//! of figures gives each part one weight in all of them: none, and then the days' figures say nothing of the other windows
//! that the windows themselves do not; or another one, and then it covers k people.

use super::org::Org;
use super::release::{Release, release, shown};

/// A bit for each window of a UTC day.
pub type Windows = [u64; 5];

/// The windows withheld of everybody. `people`: the unit each counts in, and when they were active. `hidden`: by unit, whether
/// a window in which it has people is withheld.
pub fn anchors(org: &Org, k: u32, people: &[(usize, Windows)], hidden: &[bool]) -> Windows {
    let mut own = vec![0; org.len()];
    people.iter().for_each(|(unit, _)| own[*unit] += 1);
    let Release { released, .. } = release(org, &own, k);
    let mut withheld = Windows::default();
    if !released.iter().zip(hidden).any(|(released, hidden)| *released && *hidden) {
        return withheld;
    }
    // The parts: people of whom the same units count.
    let parts: Vec<Option<usize>> = (0..org.len()).map(|unit| shown(org, unit, |above| released[above])).collect();
    let mut missing: Vec<u32> = vec![0; org.len()];
    parts.iter().zip(&own).filter(|(_, people)| **people > 0).filter_map(|(part, _)| *part).for_each(|part| missing[part] = k);
    let mut left: Vec<(usize, Windows)> = people.iter().filter_map(|(unit, windows)| Some((parts[*unit]?, *windows))).collect();
    while missing.iter().any(|people| *people > 0) {
        let Some((window, found)) = best(&left, &missing) else { return withheld };
        withheld[window / 64] |= 1 << (window % 64);
        left.retain(|(_, windows)| !has(windows, window));
        missing.iter_mut().zip(found).for_each(|(missing, found)| *missing = missing.saturating_sub(found));
    }
    withheld
}

pub fn has(windows: &Windows, window: usize) -> bool {
    windows[window / 64] >> (window % 64) & 1 == 1
}

/// The window with the most people that are missing, the first of equals; and how many it has of each part.
fn best(people: &[(usize, Windows)], missing: &[u32]) -> Option<(usize, Vec<u32>)> {
    let mut counts: Vec<Vec<u32>> = vec![Vec::new(); 5 * 64];
    for (part, windows) in people.iter().filter(|(part, _)| missing[*part] > 0) {
        for (word, bits) in windows.iter().enumerate() {
            let mut bits = *bits;
            while bits != 0 {
                let window = word * 64 + bits.trailing_zeros() as usize;
                let count = &mut counts[window];
                if count.is_empty() {
                    count.resize(missing.len(), 0);
                }
                count[*part] += 1;
                bits &= bits - 1;
            }
        }
    }
    let gain = |count: &Vec<u32>| count.iter().zip(missing).map(|(found, missing)| found.min(missing)).sum::<u32>();
    let (window, found) =
        counts.into_iter().enumerate().max_by_key(|(window, count)| (gain(count), std::cmp::Reverse(*window)))?;
    (gain(&found) > 0).then_some((window, found))
}
