//! The team a single person's row is shown with to those who see pseudonyms.
//!
//! A team of two would give its people away whatever they are called. So a row carries the nearest unit that is released
//! when members are counted instead of contributors: then at least k people carry each name there is, at any time, by the
//! directory. The organisation itself is no team: its name is none.

use std::collections::HashMap;
use std::sync::Arc;

use schemas::Directory;
use store::reader::TeamNames;

use super::org::Org;
use super::release::{release, shown};

/// From when a team is shown as what, the earliest first.
type Shown = Vec<(i64, Option<Arc<str>>)>;

#[derive(Debug, Default)]
pub struct Labels {
    by_team: HashMap<String, Shown>,
}

impl Labels {
    pub fn new(org: &Org, directory: &Directory, k: u32) -> Labels {
        let ids: Vec<Option<Arc<str>>> =
            org.units().map(|(at, unit)| (at != super::ROOT).then(|| unit.id.as_str().into())).collect();
        let mut by_team: HashMap<String, Shown> = HashMap::new();
        let mut members = vec![0u32; org.len()];
        let moves = moves(org, directory);
        let mut at = 0;
        while at < moves.len() {
            let time = moves[at].0;
            while let Some((_, from, to)) = moves.get(at).filter(|(of, _, _)| *of == time) {
                from.iter().for_each(|unit| members[*unit] -= 1);
                members[*to] += 1;
                at += 1;
            }
            let released = release(org, &members, k).released;
            for (unit, id) in ids.iter().enumerate().filter_map(|(unit, id)| Some((unit, id.as_ref()?))) {
                let label = shown(org, unit, |above| released[above]).and_then(|above| ids[above].clone());
                let known = by_team.entry(id.to_string()).or_default();
                if known.last().is_none_or(|(_, last)| *last != label) {
                    known.push((time, label));
                }
            }
        }
        Labels { by_team }
    }
}

/// When somebody comes into a unit, and out of which: by time.
fn moves(org: &Org, directory: &Directory) -> Vec<(i64, Option<usize>, usize)> {
    let mut moves = Vec::new();
    for (_, person) in directory.people() {
        let mut before = None;
        for entry in person.entries() {
            let unit = org.unit_of(entry.team.as_deref());
            moves.push((entry.from, before, unit));
            before = Some(unit);
        }
    }
    moves.sort_unstable_by_key(|(time, _, _)| *time);
    moves
}

impl TeamNames for Labels {
    fn shown(&self, team: &str, time_ms: i64) -> Option<Arc<str>> {
        let names = self.by_team.get(team)?;
        let at = names.partition_point(|(from, _)| *from <= time_ms).checked_sub(1)?;
        names[at].1.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use schemas::directory::Document;
    use serde_json::json;

    const DAY: i64 = 86_400_000;

    /// Teams with their parents, people with (team, days since 1970 from when), the latter none for all time.
    fn setting(parents: &[Option<usize>], people: &[Vec<(usize, Option<i32>)>]) -> (Directory, Org) {
        let teams = parents.iter().enumerate();
        let teams = teams.map(|(i, p)| json!({"id": format!("t{i}"), "name": "T", "parent": p.map(|p| format!("t{p}"))}));
        let entry = |person: usize, (team, from): &(usize, Option<i32>)| {
            let from = from.map(|day| schemas::directory::date(day).to_string());
            json!({"id": format!("p{person}"), "team": format!("t{team}"), "valid_from": from})
        };
        let people = people.iter().enumerate().flat_map(|(i, entries)| entries.iter().map(move |e| entry(i, e)));
        let document = json!({"teams": teams.collect::<Vec<_>>(), "people": people.collect::<Vec<_>>()});
        let directory = Directory::new(serde_json::from_value::<Document>(document).unwrap()).unwrap();
        let org = Org::new(&directory, 0);
        (directory, org)
    }

    #[test]
    fn a_small_team_carries_the_name_of_the_one_above() {
        let people: Vec<Vec<_>> =
            [vec![0; 3], vec![1; 6], vec![2; 2]].concat().into_iter().map(|team| vec![(team, None)]).collect();
        let (directory, org) = setting(&[None, Some(0), Some(0), None], &people);
        let labels = Labels::new(&org, &directory, 5);
        let name = |team: &str| labels.shown(team, 0).map(|name| name.to_string());
        assert_eq!(
            ["t0", "t1", "t2", "t3", "gone"].map(name),
            [Some("t0".into()), Some("t1".into()), Some("t0".into()), None, None]
        );
    }

    #[test]
    fn a_team_carries_its_own_name_for_as_long_as_it_is_large_enough() {
        let people: Vec<Vec<_>> =
            (0..6).map(|i| if i < 4 { vec![(0, None)] } else { vec![(1, None), (0, Some(10)), (1, Some(20))] }).collect();
        let (directory, org) = setting(&[None, None], &[people, vec![vec![(1, None)]; 5]].concat());
        let labels = Labels::new(&org, &directory, 5);
        let name = |day: i64| labels.shown("t0", day * DAY).map(|name| name.to_string());
        assert_eq!([-5, 9, 10, 19, 20].map(name), [None, None, Some("t0".into()), Some("t0".into()), None]);
    }

    proptest! {
        /// At any time, as many people carry a name as asked for, or all there are.
        #[test]
        fn nobody_is_alone_with_a_name(
            parents in prop::collection::vec(prop::option::weighted(0.7, 0usize..6), 6),
            people in prop::collection::vec(prop::collection::vec(0usize..6, 1..4), 1..40),
            k in 2u32..6,
        ) {
            let parents: Vec<_> = parents.into_iter().enumerate().map(|(i, parent)| parent.filter(|p| *p < i)).collect();
            let from = |at: usize| if at == 0 { None } else { Some(at as i32 * 10) };
            let people: Vec<Vec<_>> = people.into_iter().map(|teams| teams.into_iter().enumerate().map(|(at, t)| (t, from(at))).collect()).collect();
            let (directory, org) = setting(&parents, &people);
            let labels = Labels::new(&org, &directory, k);
            for day in [0, 15, 25] {
                let mut counts: HashMap<Option<Arc<str>>, u32> = HashMap::new();
                for (_, person) in directory.people() {
                    let team = person.team_at(day * DAY).unwrap();
                    *counts.entry(labels.shown(team, day * DAY)).or_default() += 1;
                }
                let total: u32 = counts.values().sum();
                prop_assert!(counts.values().all(|n| *n >= k.min(total)), "{counts:?}");
            }
        }
    }
}
