//! What is known of everybody right now: the latest update of each person, their windows of the last day, and what of it
//! may be shown of each unit. No clock and no socket inside: the live task brings both.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::tz::TimeZone;
use schemas::Directory;
use schemas::directory::DAY_MS;
use schemas::live::{DayFigures, Update, WindowFigures};

use super::lost::Rows;
use super::person::PersonLive;
use super::window::Kept;
use crate::access::{Org, anchors, day_start, has, local_day, release, shown};
use crate::figures::daily::Shown;
use crate::figures::windows::{Sums, WINDOW_MS};

const HOUR_MS: i64 = 3_600_000;
/// A local day has at most so many.
const DAY_HOURS: i64 = 25;
/// People without anything recent are no burden before they are so many.
const MANY_IDLE: usize = 1_000;

/// One window of everybody: sums by unit (those below included) and what is released.
pub struct WindowState {
    pub sums: Vec<Sums>,
    pub released: Vec<bool>,
    /// What `release` says of the window by itself.
    alone: Vec<bool>,
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
    has_news: bool,
    /// People of whom the figures of teams do not have everything yet.
    waiting: BTreeSet<usize>,
}

impl People {
    pub fn new(k: u32, directory: Arc<Directory>, org: Arc<Org>, now: i64) -> People {
        let keep_from = keep_from(&org, now);
        let by_unit = vec![Vec::new(); org.len()];
        let (list, index, windows) = (Vec::new(), HashMap::new(), BTreeMap::new());
        let (stale_windows, days) = (BTreeSet::new(), BTreeMap::new());
        People {
            k,
            directory,
            org,
            list,
            index,
            by_unit,
            keep_from,
            stale_windows,
            windows,
            days,
            has_news: true,
            waiting: BTreeSet::new(),
        }
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
        for (at, person) in self.list.iter_mut().enumerate() {
            // Now, not with their next event: their rows of today follow.
            person.team = self.directory.person(&person.id).team_at(now).map(str::to_owned);
            person.unit = self.org.unit_of(person.team.as_deref());
            person.today_until = now;
            self.by_unit[person.unit].push(at);
        }
        self.stale_windows.extend(self.windows.keys());
        self.stale_windows.extend(self.list.iter().flat_map(|person| person.windows.iter().map(Kept::start)));
        self.windows.clear();
        self.has_news = true;
        self.days = self.shown_days(now);
    }

    fn shown_days(&self, now: i64) -> BTreeMap<i32, Shown> {
        (first_today(now)..=last_today(now)).map(|day| (day, self.shown_of(day))).collect()
    }

    /// News enter the figures of teams when as many people have some as a figure must cover: of a mean shown before and after
    /// the news of one person, the difference times the number of people is that person's. They are counted where `release`
    /// counts them, in the smallest unit shown today that they are in, so that no difference of units tells more.
    fn admit(&mut self) {
        let mut groups: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
        for &at in &self.waiting {
            let person = &self.list[at];
            let of_day = self.days.get(&person.today);
            let unit = shown(&self.org, person.unit, |unit| of_day.is_some_and(|day| day.released[unit]));
            groups.entry(unit).or_default().push(at);
        }
        // Where nothing is shown there is nothing to compare with.
        let enough = |(unit, people): &(Option<usize>, Vec<usize>)| unit.is_none() || people.len() >= self.k as usize;
        let admitted: Vec<usize> = groups.into_iter().filter(enough).flat_map(|(_, people)| people).collect();
        for at in admitted {
            self.waiting.remove(&at);
            let person = &mut self.list[at];
            let fresh = person.take_fresh();
            fresh.days.into_iter().for_each(|day| person.take_day(day));
            for window in fresh.windows.into_iter().filter(|w| w.start() >= self.keep_from) {
                self.stale_windows.insert(window.start());
                person.take_window(window);
            }
        }
    }

    /// Takes a person's news. The unit it counts in is returned.
    pub fn apply(&mut self, update: Update, now: i64) -> usize {
        self.has_news = true;
        let at = self.place(&update.user_id, update.team_id, now);
        let person = &mut self.list[at];
        person.now = update.now;
        let day = (update.day.day >= first_today(now)).then_some(update.day);
        let windows = update.windows.iter().filter(|w| w.window_start >= self.keep_from).map(Kept::new);
        if person.hear(day, windows) {
            self.waiting.insert(at);
        } else {
            self.waiting.remove(&at);
        }
        person.unit
    }

    /// What the store has of a person whose news did not come. What is known and not there is nothing any more.
    pub fn correct(&mut self, user: &str, rows: Rows, now: i64) {
        self.has_news = true;
        let (at, first_day) = (self.place(user, rows.team, now), first_today(now));
        let person = &mut self.list[at];
        let mut days: BTreeMap<i32, DayFigures> =
            person.latest_days().map(|known| (known.day, DayFigures { day: known.day, ..DayFigures::default() })).collect();
        days.extend(rows.days.into_iter().map(|day| (day.day, day)));
        let nothing = |start: i64| WindowFigures { window_start: start, ..WindowFigures::default() };
        let mut windows: BTreeMap<i64, Kept> =
            person.latest_windows(self.keep_from).iter().map(|w| (w.start(), Kept::new(&nothing(w.start())))).collect();
        windows.extend(rows.windows.iter().map(|window| (window.window_start, Kept::new(window))));
        person.hear(None, windows.split_off(&self.keep_from).into_values());
        for day in days.split_off(&first_day).into_values() {
            person.hear(Some(day), std::iter::empty());
        }
        if person.is_waiting() {
            self.waiting.insert(at);
        } else {
            self.waiting.remove(&at);
        }
    }

    pub fn all(&self) -> impl Iterator<Item = &PersonLive> {
        self.list.iter()
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
        self.list.push(PersonLive::new(id.clone(), unit, team, now));
        self.index.insert(id, at);
        self.by_unit[unit].push(at);
        at
    }

    fn shown_of(&self, day: i32) -> Shown {
        let active = self.list.iter().filter_map(|person| Some((person.unit, person.active_day(day)?.focus_score.is_some())));
        Shown::of(&self.org, active, self.k)
    }

    /// Something came since `settle`.
    pub fn has_news(&self) -> bool {
        self.has_news
    }

    /// Which day it is for one person.
    pub fn begin_day(&mut self, id: &str, now: i64) {
        if let Some(at) = self.index.get(id) {
            self.list[*at].begin_day(&self.directory, now);
        }
    }

    /// Lets go of people of whom there is nothing lately, when they have become many.
    fn forget(&mut self) {
        if self.list.iter().filter(|person| person.is_idle()).count() <= MANY_IDLE.max(self.list.len() / 4) {
            return;
        }
        self.list.retain(|person| !person.is_idle());
        self.index = self.list.iter().enumerate().map(|(at, person)| (person.id.clone(), at)).collect();
        self.by_unit.iter_mut().for_each(Vec::clear);
        for (at, person) in self.list.iter().enumerate() {
            self.by_unit[person.unit].push(at);
        }
        let waiting = self.list.iter().enumerate().filter(|(_, person)| person.is_waiting());
        self.waiting = waiting.map(|(at, _)| at).collect();
    }

    /// Brings counts, sums and releases up to date. Returns the windows that were summed again.
    pub fn settle(&mut self, now: i64) -> Vec<i64> {
        self.has_news = false;
        self.keep_from = keep_from(&self.org, now);
        let first_day = first_today(now);
        for person in &mut self.list {
            if person.today_until <= now {
                person.begin_day(&self.directory, now);
            }
            person.forget(self.keep_from, first_day);
        }
        self.waiting.retain(|at| self.list[*at].is_waiting());
        self.admit();
        self.forget();
        self.days = self.shown_days(now);
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
            self.windows.insert(*window, WindowState { sums, alone: released.clone(), released });
        }
        let days: BTreeSet<i64> = stale.iter().map(|window| window.div_euclid(DAY_MS)).collect();
        let moved: Vec<i64> = days.into_iter().flat_map(|day| self.withhold(day * DAY_MS)).collect();
        stale.into_iter().chain(moved).collect()
    }

    /// Applies what the windows of a UTC day together say of each. Returns those of which something else may be shown now.
    fn withhold(&mut self, from: i64) -> Vec<i64> {
        let day = from..from + DAY_MS;
        let is_hidden = |unit: usize| self.windows.range(day.clone()).any(|(_, w)| w.sums[unit].n > 0 && !w.alone[unit]);
        let hidden: Vec<bool> = (0..self.org.len()).map(is_hidden).collect();
        let place = |start: i64| ((start - from) / WINDOW_MS) as usize;
        let active = |person: &PersonLive| {
            let first = person.windows.partition_point(|w| w.start() < day.start);
            let windows = person.windows[first..].iter().take_while(|w| w.start() < day.end).filter(|w| w.is_active());
            windows.fold([0; 5], |mut bits: [u64; 5], w| {
                bits[place(w.start()) / 64] |= 1 << (place(w.start()) % 64);
                bits
            })
        };
        let people = self.list.iter().map(|person| (person.unit, active(person)));
        let people: Vec<(usize, [u64; 5])> = people.filter(|(_, windows)| *windows != [0; 5]).collect();
        let withheld = anchors(&self.org, self.k, &people, &hidden);
        let mut moved = Vec::new();
        for (start, state) in self.windows.range_mut(day.clone()) {
            let released = if has(&withheld, place(*start)) { vec![false; state.alone.len()] } else { state.alone.clone() };
            if state.released != released {
                state.released = released;
                moved.push(*start);
            }
        }
        moved
    }
}

/// Today of every unit, and of each person; and as what may be shown of a window depends on the whole local day it lies in,
/// and the unit that answers may live in another zone, the whole days there.
fn keep_from(org: &Org, now: i64) -> i64 {
    let zones: BTreeMap<&str, &TimeZone> = org.units().map(|(_, unit)| (unit.zone_name.as_str(), &unit.zone)).collect();
    let start = |ts: i64| zones.values().map(|zone| day_start(local_day(ts, zone), zone)).fold(ts, i64::min);
    let from = start(start(now)).min(now - DAY_HOURS * HOUR_MS);
    // Which windows are withheld of everybody is decided by UTC day.
    from.div_euclid(DAY_MS) * DAY_MS
}

/// The dates that are today somewhere: zones reach from UTC-12 to UTC+14.
pub fn first_today(now: i64) -> i32 {
    (now - 12 * HOUR_MS).div_euclid(DAY_MS) as i32
}

fn last_today(now: i64) -> i32 {
    (now + 14 * HOUR_MS).div_euclid(DAY_MS) as i32
}

#[cfg(test)]
mod tests;
