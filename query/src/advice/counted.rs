//! How often each kind of advice was shown and said to be not useful, for the metrics: without telling who.
//!
//! The audit log says who looked at their advice when, and a counter that moved with each look would say what they saw. So it moves
//! when k people have come together. What is held back at a stop is lost.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use crate::metrics::{ADVICE_NOT_USEFUL, ADVICE_SHOWN};

pub struct Counted {
    k: usize,
    /// By metric and kind; a person once.
    held: Mutex<HashMap<(&'static str, &'static str), HashSet<String>>>,
}

impl Counted {
    pub fn new(k: u32) -> Counted {
        Counted { k: k.max(1) as usize, held: Mutex::default() }
    }

    pub fn shown(&self, person: &str, kinds: impl Iterator<Item = &'static str>) {
        kinds.for_each(|kind| self.add(ADVICE_SHOWN, kind, person));
    }

    pub fn not_useful(&self, person: &str, kind: &'static str) {
        self.add(ADVICE_NOT_USEFUL, kind, person);
    }

    /// What has been told stays told: counters only grow.
    pub fn taken_back(&self, person: &str, kind: &'static str) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.entry((ADVICE_NOT_USEFUL, kind)).or_default().remove(person);
    }

    fn add(&self, metric: &'static str, kind: &'static str, person: &str) {
        let people = self.hold(metric, kind, person);
        if people > 0 {
            metrics::counter!(metric, "kind" => kind).increment(people);
        }
    }

    /// How many may be counted now.
    fn hold(&self, metric: &'static str, kind: &'static str, person: &str) -> u64 {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let people = held.entry((metric, kind)).or_default();
        if !people.contains(person) {
            people.insert(person.to_owned());
        }
        if people.len() < self.k {
            return 0;
        }
        people.clear();
        self.k as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_moves_when_k_people_have_come_together() {
        let counted = Counted::new(3);
        let hold = |person| counted.hold(ADVICE_NOT_USEFUL, "breaks", person);
        assert_eq!([hold("a"), hold("a"), hold("b"), hold("a")], [0; 4], "one who comes again is one");
        assert_eq!(counted.hold(ADVICE_SHOWN, "breaks", "c"), 0, "another metric");
        counted.taken_back("b", "breaks");
        assert_eq!([hold("c"), hold("d")], [0, 3]);
        assert_eq!(hold("a"), 0, "and begins anew");
    }
}
