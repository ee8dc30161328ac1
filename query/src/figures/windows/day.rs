//! One UTC day of everybody, in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::mask::Mask;
use super::{Sums, WINDOWS};
use crate::access::{Org, anchors, release};

#[derive(Debug, Default)]
pub struct WindowsDay {
    /// By team number: its windows in order.
    teams: HashMap<u32, Box<[(u16, Sums)]>>,
    /// Person, team, windows with active time; by person.
    people: Box<[(u32, u32, Mask)]>,
    released: Mutex<Option<Released>>,
}

/// The windows released of each unit, for a tree of teams.
#[derive(Debug, Clone)]
struct Released {
    shape: u64,
    k: u32,
    masks: Arc<Vec<Mask>>,
}

/// Takes rows in any order; those of one person one after another cost least.
#[derive(Default)]
pub struct WindowsDayBuilder {
    teams: HashMap<u32, TeamCells>,
    people: Vec<(u32, u32, Mask)>,
}

struct TeamCells {
    /// One more than the place of each window in `cells`; 0 for none.
    places: [u16; WINDOWS],
    cells: Vec<(u16, Sums)>,
}

impl TeamCells {
    fn new() -> TeamCells {
        TeamCells { places: [0; WINDOWS], cells: Vec::new() }
    }

    fn add(&mut self, window: u16, sums: &Sums) {
        let place = &mut self.places[usize::from(window)];
        if *place == 0 {
            self.cells.push((window, Sums::default()));
            *place = self.cells.len() as u16;
        }
        self.cells[usize::from(*place) - 1].1.add(sums);
    }
}

impl WindowsDayBuilder {
    pub fn push(&mut self, person: u32, team: u32, window: u16, sums: &Sums) {
        self.teams.entry(team).or_insert_with(TeamCells::new).add(window, sums);
        match self.people.last_mut().filter(|last| (last.0, last.1) == (person, team)) {
            Some(last) => last.2.set(window),
            None => {
                let mut mask = Mask::default();
                mask.set(window);
                self.people.push((person, team, mask));
            }
        }
    }

    /// With its size in bytes.
    pub fn finish(mut self) -> (WindowsDay, usize) {
        self.people.sort_unstable_by_key(|(person, team, _)| (*person, *team));
        self.people.dedup_by(|next, kept| {
            let same = (next.0, next.1) == (kept.0, kept.1);
            if same {
                kept.2 = kept.2.or(&next.2);
            }
            same
        });
        let teams: HashMap<u32, Box<[(u16, Sums)]>> = self
            .teams
            .into_iter()
            .map(|(team, TeamCells { mut cells, .. })| {
                cells.sort_unstable_by_key(|(window, _)| *window);
                (team, cells.into_boxed_slice())
            })
            .collect();
        let people = self.people.into_boxed_slice();
        let cells: usize = teams.values().map(|cells| cells.len()).sum();
        let bytes = cells * size_of::<(u16, Sums)>() + teams.len() * 48 + size_of_val(&*people) + 256;
        (WindowsDay { teams, people, released: Mutex::new(None) }, bytes)
    }
}

impl WindowsDay {
    /// What a unit (with those below) has in each window in which anybody was active, in order.
    pub fn cells(&self, inside: &[bool], units: &[usize]) -> Vec<(u16, Sums)> {
        let mut windows: Vec<Option<Sums>> = vec![None; WINDOWS];
        for (team, cells) in &self.teams {
            let is_inside = inside[units[*team as usize]];
            for (window, sums) in cells {
                let window = windows[usize::from(*window)].get_or_insert_default();
                if is_inside {
                    window.add(sums);
                }
            }
        }
        windows.into_iter().enumerate().filter_map(|(window, sums)| Some((window as u16, sums?))).collect()
    }

    /// People of a unit with their windows; one who changed teams within the day comes once.
    pub fn members(&self, inside: &[bool], units: &[usize]) -> Vec<(u32, Mask)> {
        let mut members: Vec<(u32, Mask)> = Vec::new();
        for (person, _, mask) in self.people.iter().filter(|(_, team, _)| inside[units[*team as usize]]) {
            match members.last_mut() {
                Some(last) if last.0 == *person => last.1 = last.1.or(mask),
                _ => members.push((*person, *mask)),
            }
        }
        members
    }

    /// People of a unit active in any of the windows.
    pub fn people_in<'a>(&'a self, inside: &'a [bool], units: &'a [usize], windows: Mask) -> impl Iterator<Item = u32> + 'a {
        let active = self.people.iter().filter(move |(_, team, mask)| mask.meets(&windows) && inside[units[*team as usize]]);
        active.map(|(person, _, _)| *person)
    }

    /// Released windows by unit; remembered until the tree of teams changes.
    pub fn released(&self, org: &Org, units: &[usize], k: u32) -> Arc<Vec<Mask>> {
        let mut kept = self.released.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.as_ref().filter(|kept| (kept.shape, kept.k) == (org.shape, k)) {
            return kept.masks.clone();
        }
        let masks = Arc::new(self.release_all(org, units, k));
        *kept = Some(Released { shape: org.shape, k, masks: masks.clone() });
        masks
    }

    fn release_all(&self, org: &Org, units: &[usize], k: u32) -> Vec<Mask> {
        let mut own = BTreeMap::<u16, Vec<u32>>::new();
        for (team, cells) in &self.teams {
            for (window, sums) in cells {
                own.entry(*window).or_insert_with(|| vec![0; org.len()])[units[*team as usize]] += sums.n;
            }
        }
        let (mut masks, mut hidden) = (vec![Mask::default(); org.len()], vec![false; org.len()]);
        for (window, own) in own {
            let found = release(org, &own, k);
            for unit in 0..org.len() {
                if found.released[unit] {
                    masks[unit].set(window);
                }
                hidden[unit] |= found.total[unit] > 0 && !found.released[unit];
            }
        }
        let people: Vec<_> = self.people.iter().map(|(_, team, mask)| (units[*team as usize], mask.bits())).collect();
        let withheld = anchors(org, k, &people, &hidden);
        masks.into_iter().map(|mask| mask.without(&withheld)).collect()
    }
}
