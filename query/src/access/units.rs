//! The rule about showing units, as the store asks for it when a statement reads the team views.

use std::sync::Arc;

use store::reader::{Figures, Units, Window};

use super::Least;
use super::anchors::anchors;
use super::org::{Org, ROOT};
use super::release::{self, release, shown_windows};

pub struct ShownUnits {
    pub org: Arc<Org>,
    pub least: Least,
}

impl Units for ShownUnits {
    /// The organisation as a whole is not a team.
    fn ids(&self) -> Vec<Option<&str>> {
        self.org.units().map(|(at, unit)| (at != ROOT).then_some(unit.id.as_str())).collect()
    }

    fn of_team(&self, team: Option<&str>) -> Vec<usize> {
        self.org.chain(self.org.unit_of(team)).collect()
    }

    fn released(&self, figures: Figures, own: &[u32]) -> Vec<bool> {
        let k = match figures {
            Figures::Work => self.least.k,
            Figures::Burnout => self.least.k_burnout,
        };
        release(&self.org, own, k).released
    }

    fn shown_windows(&self, unit: usize, windows: &[Window], people_of: &mut dyn FnMut(&[i64]) -> u32) -> Vec<bool> {
        let window = |w: &Window| release::Window { start: w.start, n: w.n, released: w.released };
        let windows: Vec<release::Window> = windows.iter().map(window).collect();
        shown_windows(&self.org.unit(unit).zone, &windows, self.least.k, people_of)
    }

    fn withheld(&self, people: &[(usize, [u64; 5])], hidden: &[bool]) -> [u64; 5] {
        anchors(&self.org, self.least.k, people, hidden)
    }

    fn enough(&self) -> u32 {
        self.least.k
    }
}
