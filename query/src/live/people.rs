//! What is known of everybody right now: the latest update of each person, their windows of the last day, and what of it
//! may be shown of each unit. No clock and no socket inside: the live task brings both.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::tz::TimeZone;
use schemas::Directory;
use schemas::directory::DAY_MS;
use schemas::live::{DayFigures, Presence, Update, WindowFigures};

use super::window::Kept;
use crate::access::{Org, day_start, local_day, release};
use crate::figures::daily::Shown;
use crate::figures::windows::Sums;

const HOUR_MS: i64 = 3_600_000;
/// A local day has at most so many.
const DAY_HOURS: i64 = 25;

pub struct PersonLive {
    pub id: Arc<str>,
    pub unit: usize,
    team: Option<String>,
    /// The latest days, in order.
    days: Vec<DayFigures>,
    /// By start.
    pub windows: Vec<Kept>,
    pub now: Presence,
    /// The person's own today, and until when it is.
    pub today: i32,
    pub today_from: i64,
    today_until: i64,
}

impl PersonLive {
    /// The figures of the person's own today, when they have any.
    pub fn today(&self) -> Option<&DayFigures> {
        self.day(self.today)
    }

    pub fn day(&self, day: i32) -> Option<&DayFigures> {
        self.days.iter().find(|known| known.day == day)
    }

    /// With any active time, which is what counts.
    pub fn active_day(&self, day: i32) -> Option<&DayFigures> {
        self.day(day).filter(|day| day.active_ms > 0)
    }

    fn take_day(&mut self, day: DayFigures) {
        match self.days.binary_search_by_key(&day.day, |known| known.day) {
            Ok(at) => self.days[at] = day,
            Err(at) => self.days.insert(at, day),
        }
    }

    pub fn window(&self, start: i64) -> Option<&Kept> {
        let at = self.windows.binary_search_by_key(&start, Kept::start).ok()?;
        self.windows.get(at)
    }

    fn take_window(&mut self, window: Kept) {
        match self.windows.binary_search_by_key(&window.start(), Kept::start) {
            Ok(at) => self.windows[at] = window,
            Err(at) => self.windows.insert(at, window),
        }
    }
}

/// One window of everybody: sums by unit (those below included) and what is released.
pub struct WindowState {
    pub sums: Vec<Sums>,
    pub released: Vec<bool>,
}

pub struct People {
    k: u32,
    directory: Arc<Directory>,
    pub org: Arc<Org>,
    list: Vec<PersonLive>,
    index: HashMap<Arc<str>, usize>,
    /// People by unit, those below not included.
    by_unit: Vec<Vec<usize>>,
    /// Windows before this nobody needs.
    keep_from: i64,
    stale_windows: BTreeSet<i64>,
    windows: BTreeMap<i64, WindowState>,
    /// What may be shown of the dates that are today somewhere.
    days: BTreeMap<i32, Shown>,
}

impl People {
    pub fn new(k: u32, directory: Arc<Directory>, org: Arc<Org>, now: i64) -> People {
        let keep_from = keep_from(&org, now);
        let by_unit = vec![Vec::new(); org.len()];
        let (list, index, windows) = (Vec::new(), HashMap::new(), BTreeMap::new());
        let (stale_windows, days) = (BTreeSet::new(), BTreeMap::new());
        People { k, directory, org, list, index, by_unit, keep_from, stale_windows, windows, days }
    }

    pub fn person(&self, id: &str) -> Option<&PersonLive> {
        self.index.get(id).map(|at| &self.list[*at])
    }

    /// The people of a unit and of those below it.
    pub fn members(&self, unit: usize) -> impl Iterator<Item = &PersonLive> {
        let inside = self.org.below(unit);
        let units = self.by_unit.iter().enumerate().filter(move |(at, _)| inside[*at]);
        units.flat_map(|(_, people)| people.iter().map(|at| &self.list[*at]))
    }

    /// From when on windows are kept.
    pub fn keep_from(&self) -> i64 {
        self.keep_from
    }

    /// All is there that the store has: what it took more room for is given back.
    pub fn seeded(&mut self) {
        self.list.iter_mut().for_each(|person| person.windows.shrink_to_fit());
    }

    /// The windows from a time on.
    pub fn windows_from(&self, from: i64) -> impl Iterator<Item = (i64, &WindowState)> {
        self.windows.range(from..).map(|(start, state)| (*start, state))
    }

    pub fn window(&self, start: i64) -> Option<&WindowState> {
        self.windows.get(&start)
    }

    /// What may be shown of a date; None of one that is nobody's today.
    pub fn shown(&self, day: i32) -> Option<&Shown> {
        self.days.get(&day)
    }

    /// Teams moved: everybody's place is looked up again.
    pub fn set_directory(&mut self, directory: Arc<Directory>, org: Arc<Org>, now: i64) {
        self.directory = directory;
        self.org = org;
        self.by_unit = vec![Vec::new(); self.org.len()];
        for at in 0..self.list.len() {
            let unit = self.org.unit_of(self.list[at].team.as_deref());
            self.list[at].unit = unit;
            self.list[at].today_until = now;
            self.by_unit[unit].push(at);
        }
        self.stale_windows.extend(self.windows.keys());
        self.stale_windows.extend(self.list.iter().flat_map(|person| person.windows.iter().map(Kept::start)));
        self.windows.clear();
    }

    /// Takes a person's news. The unit it counts in is returned.
    pub fn apply(&mut self, update: Update, now: i64) -> usize {
        let at = self.place(&update.user_id, update.team_id, now);
        let person = &mut self.list[at];
        person.now = update.now;
        if update.day.day >= first_today(now) {
            person.take_day(update.day);
        }
        for window in update.windows.iter().filter(|w| w.window_start >= self.keep_from) {
            self.stale_windows.insert(window.window_start);
            person.take_window(Kept::new(window));
        }
        person.unit
    }

    /// From the store at start: figures without presence. What an update said already is newer.
    pub fn seed_day(&mut self, user: &str, team: Option<String>, day: DayFigures, now: i64) {
        let known = self.index.get(user).is_some_and(|at| self.list[*at].days.iter().any(|known| known.day >= day.day));
        match self.index.get(user).copied() {
            // The team is that of the latest day.
            Some(at) if known => {
                if self.list[at].day(day.day).is_none() {
                    self.list[at].take_day(day);
                }
            }
            _ => {
                let at = self.place(user, team, now);
                self.list[at].take_day(day);
            }
        }
    }

    pub fn seed_window(&mut self, user: &str, window: WindowFigures) {
        let Some(&at) = self.index.get(user) else { return };
        if self.list[at].window(window.window_start).is_none() {
            self.stale_windows.insert(window.window_start);
            self.list[at].take_window(Kept::new(&window));
        }
    }

    fn place(&mut self, user: &str, team: Option<String>, now: i64) -> usize {
        let unit = self.org.unit_of(team.as_deref());
        if let Some(&at) = self.index.get(user) {
            let before = self.list[at].unit;
            if before != unit {
                self.by_unit[before].retain(|other| *other != at);
                self.by_unit[unit].push(at);
                self.stale_windows.extend(self.list[at].windows.iter().map(Kept::start));
                self.list[at].unit = unit;
            }
            self.list[at].team = team;
            return at;
        }
        let (at, id): (usize, Arc<str>) = (self.list.len(), user.into());
        self.list.push(PersonLive {
            id: id.clone(),
            unit,
            team,
            days: Vec::new(),
            windows: Vec::new(),
            now: Presence::default(),
            today: 0,
            today_from: 0,
            today_until: now,
        });
        self.index.insert(id, at);
        self.by_unit[unit].push(at);
        at
    }

    fn shown_of(&self, day: i32) -> Shown {
        let active = self.list.iter().filter_map(|person| Some((person.unit, person.active_day(day)?.focus_score.is_some())));
        Shown::of(&self.org, active, self.k)
    }

    /// Brings counts, sums and releases up to date. Returns the windows that were summed again.
    pub fn settle(&mut self, now: i64) -> Vec<i64> {
        self.keep_from = keep_from(&self.org, now);
        for person in self.list.iter_mut().filter(|person| person.today_until <= now) {
            let who = self.directory.person(&person.id);
            person.today = who.local_day(now);
            person.today_from = who.day_start(person.today);
            person.today_until = who.next_day_change(now);
            let old = person.windows.partition_point(|w| w.start() < self.keep_from);
            person.windows.drain(..old);
            person.days.retain(|day| day.day >= first_today(now));
        }
        self.days = (first_today(now)..=last_today(now)).map(|day| (day, self.shown_of(day))).collect();
        self.windows = self.windows.split_off(&self.keep_from);
        let stale = std::mem::take(&mut self.stale_windows).split_off(&self.keep_from);
        let stale: Vec<i64> = stale.into_iter().collect();
        let mut sums = vec![vec![Sums::default(); self.org.len()]; stale.len()];
        for person in &self.list {
            for (window, sums) in stale.iter().zip(&mut sums) {
                if let Some(found) = person.window(*window).filter(|w| w.is_active()) {
                    sums[person.unit].add(&found.sums());
                }
            }
        }
        for (window, mut sums) in stale.iter().zip(sums) {
            let own: Vec<u32> = sums.iter().map(|s| s.n).collect();
            let released = release(&self.org, &own, self.k).released;
            for &at in self.org.order() {
                if let Some(parent) = self.org.unit(at).parent {
                    let below = sums[at];
                    sums[parent].add(&below);
                }
            }
            self.windows.insert(*window, WindowState { sums, released });
        }
        stale
    }
}

/// Today of every unit, and of each person; and as what may be shown of a window depends on the whole local day it lies in,
/// and the unit that answers may live in another zone, the whole days there.
fn keep_from(org: &Org, now: i64) -> i64 {
    let zones: BTreeMap<&str, &TimeZone> = org.units().map(|(_, unit)| (unit.zone_name.as_str(), &unit.zone)).collect();
    let start = |ts: i64| zones.values().map(|zone| day_start(local_day(ts, zone), zone)).fold(ts, i64::min);
    start(start(now)).min(now - DAY_HOURS * HOUR_MS)
}

/// The dates that are today somewhere: zones reach from UTC-12 to UTC+14.
fn first_today(now: i64) -> i32 {
    (now - 12 * HOUR_MS).div_euclid(DAY_MS) as i32
}

fn last_today(now: i64) -> i32 {
    (now + 14 * HOUR_MS).div_euclid(DAY_MS) as i32
}
