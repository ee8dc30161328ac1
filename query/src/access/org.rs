//! The units figures are given for: the organisation at the root, teams below it. Built from a directory as of a time.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use schemas::directory::{DAY_MS, Directory, date};

use super::release::{Release, release};

/// The root: everybody, with a team or without.
pub const ROOT: usize = 0;
const ORG: &str = "org";

#[derive(Debug, Clone)]
pub struct Unit {
    pub id: String,
    pub name: String,
    pub parent: Option<usize>,
    pub children: Vec<usize>,
    /// The zone most people of the unit have: where its days and hours begin.
    pub zone: TimeZone,
    pub zone_name: String,
    /// People in it and below, as of the time it was built for.
    members: u32,
}

#[derive(Debug)]
pub struct Org {
    /// The same for two with the same units in the same places.
    pub shape: u64,
    units: Vec<Unit>,
    index: HashMap<String, usize>,
    /// Children before their parents.
    order: Vec<usize>,
}

impl Org {
    pub fn new(directory: &Directory, now_ms: i64) -> Org {
        let root = Unit::new(ORG, "Organisation", None);
        let mut units = vec![root];
        let mut index = HashMap::new();
        for team in directory.teams() {
            index.insert(team.id.clone(), units.len());
            units.push(Unit::new(&team.id, &team.name, None));
        }
        for team in directory.teams() {
            let at = index[&team.id];
            let parent = team.parent.as_ref().and_then(|p| index.get(p)).copied().unwrap_or(ROOT);
            units[at].parent = Some(parent);
            units[parent].children.push(at);
        }
        let mut order = Vec::with_capacity(units.len());
        let mut stack = vec![ROOT];
        while let Some(at) = stack.pop() {
            order.push(at);
            stack.extend(&units[at].children);
        }
        order.reverse();
        let mut shape = DefaultHasher::new();
        units.iter().for_each(|unit| (&unit.id, unit.parent).hash(&mut shape));
        let mut org = Org { shape: shape.finish(), units, index, order };
        org.count(directory, now_ms);
        org
    }

    fn count(&mut self, directory: &Directory, now_ms: i64) {
        let mut zones: Vec<BTreeMap<&str, (u32, &TimeZone)>> = vec![BTreeMap::new(); self.units.len()];
        for (_, person) in directory.people() {
            let entry = person.entry_at(now_ms);
            let unit = self.unit_of(entry.team.as_deref());
            let zone = zones[unit].entry(entry.zone.iana_name().unwrap_or("UTC")).or_insert((0, &entry.zone));
            zone.0 += 1;
        }
        for &at in &self.order {
            let below = std::mem::take(&mut zones[at]);
            self.units[at].members = below.values().map(|(n, _)| n).sum();
            // Of equals the first by name: the answer must not depend on the order of a map.
            let most = below.iter().max_by(|a, b| a.1.0.cmp(&b.1.0).then(b.0.cmp(a.0)));
            if let Some((name, (_, zone))) = most {
                self.units[at].zone = (*zone).clone();
                self.units[at].zone_name = (*name).to_owned();
            }
            if let Some(parent) = self.units[at].parent {
                for (name, (n, zone)) in below {
                    zones[parent].entry(name).or_insert((0, zone)).0 += n;
                }
            }
        }
    }

    #[allow(clippy::len_without_is_empty, reason = "the root is always there")]
    pub fn len(&self) -> usize {
        self.units.len()
    }

    pub fn unit(&self, at: usize) -> &Unit {
        &self.units[at]
    }

    pub fn units(&self) -> impl Iterator<Item = (usize, &Unit)> {
        self.units.iter().enumerate()
    }

    /// How many people each unit has, of those of which it may be told.
    pub fn shown_members(&self, k: u32) -> Vec<Option<u32>> {
        let mut own: Vec<u32> = self.units.iter().map(|unit| unit.members).collect();
        for unit in &self.units {
            if let Some(parent) = unit.parent {
                own[parent] -= unit.members;
            }
        }
        let Release { total, released } = release(self, &own, k);
        total.into_iter().zip(released).map(|(members, shown)| shown.then_some(members)).collect()
    }

    /// Children before their parents.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// The unit of a team id in the path of a request.
    pub fn find(&self, team: &str) -> Option<usize> {
        self.index.get(team).copied()
    }

    /// The unit a row with this team id counts in. Rows of teams that are no more count in the organisation alone.
    pub fn unit_of(&self, team: Option<&str>) -> usize {
        team.and_then(|t| self.index.get(t)).copied().unwrap_or(ROOT)
    }

    /// The unit and everything above it, nearest first.
    pub fn chain(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(Some(at), |at| self.units[*at].parent)
    }

    /// The unit and everything below it, as flags by unit.
    pub fn below(&self, at: usize) -> Vec<bool> {
        let mut inside = vec![false; self.units.len()];
        inside[at] = true;
        for &unit in self.order.iter().rev() {
            if let Some(parent) = self.units[unit].parent {
                inside[unit] |= inside[parent];
            }
        }
        inside
    }

    /// The units a person leads at a time, with everything below them.
    pub fn led_by(&self, directory: &Directory, person: &str, now_ms: i64) -> Vec<usize> {
        let entry = directory.person(person).entry_at(now_ms);
        let top = entry.team.as_ref().filter(|_| entry.manager).and_then(|team| self.find(team));
        let Some(top) = top else { return Vec::new() };
        let inside = self.below(top);
        (0..self.units.len()).filter(|at| inside[*at]).collect()
    }
}

/// The local date an instant lies in, as days since 1970-01-01.
pub fn local_day(ts: i64, zone: &TimeZone) -> i32 {
    let offset = Timestamp::from_millisecond(ts).map_or(0, |t| i64::from(zone.to_offset(t).seconds()) * 1_000);
    (ts + offset).div_euclid(DAY_MS) as i32
}

/// The first instant of a local date.
pub fn day_start(day: i32, zone: &TimeZone) -> i64 {
    let midnight = date(day).to_datetime(Time::midnight());
    let start = zone.to_ambiguous_zoned(midnight).compatible();
    start.map_or(i64::from(day) * DAY_MS, |zoned| zoned.timestamp().as_millisecond())
}

/// The end of the local date an instant lies in. Later than the instant, whatever a zone does to its days.
pub fn next_midnight(ts: i64, zone: &TimeZone) -> i64 {
    day_start(local_day(ts, zone) + 1, zone).max(ts + 1)
}

impl Unit {
    fn new(id: &str, name: &str, parent: Option<usize>) -> Unit {
        let (id, name) = (id.to_owned(), name.to_owned());
        Unit { id, name, parent, children: Vec::new(), zone: TimeZone::UTC, zone_name: "UTC".into(), members: 0 }
    }
}
