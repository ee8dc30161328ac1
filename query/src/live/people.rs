//! What is known of everybody right now: the latest update of each person, their windows of the last day, and what of it
//! may be shown of each unit. No clock and no socket inside: the live task brings both.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use schemas::Directory;
use schemas::live::{DayFigures, Presence, Update, WindowFigures};

use crate::access::{Org, Release, release};
use crate::figures::windows::Sums;

/// A local day is at most 25 hours long and begins at most 14 hours before UTC's.
const KEEP_MS: i64 = 40 * 3_600_000;

pub struct PersonLive {
    pub id: Arc<str>,
    pub unit: usize,
    team: Option<String>,
    pub day: DayFigures,
    /// By start.
    pub windows: Vec<WindowFigures>,
    pub now: Presence,
    /// The person's own today, and until when it is.
    pub today: i32,
    pub today_from: i64,
    today_until: i64,
}

impl PersonLive {
    /// The figures of the person's today, when they have any.
    pub fn today(&self) -> Option<&DayFigures> {
        (self.day.day == self.today).then_some(&self.day)
    }

    pub fn is_active_today(&self) -> bool {
        self.today().is_some_and(|day| day.active_ms > 0)
    }

    pub fn window(&self, start: i64) -> Option<&WindowFigures> {
        let at = self.windows.binary_search_by_key(&start, |w| w.window_start).ok()?;
        self.windows.get(at)
    }

    fn take_window(&mut self, window: WindowFigures) {
        match self.windows.binary_search_by_key(&window.window_start, |w| w.window_start) {
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
    stale_windows: BTreeSet<i64>,
    windows: BTreeMap<i64, WindowState>,
    /// Contributors to today, by unit; and those with a focus score.
    pub today: Release,
    pub today_focus: Release,
}

impl People {
    pub fn new(k: u32, directory: Arc<Directory>, org: Arc<Org>) -> People {
        let none = || Release { total: vec![0; org.len()], released: vec![false; org.len()] };
        let (today, today_focus, by_unit) = (none(), none(), vec![Vec::new(); org.len()]);
        let (list, index, windows) = (Vec::new(), HashMap::new(), BTreeMap::new());
        People { k, directory, org, list, index, by_unit, stale_windows: BTreeSet::new(), windows, today, today_focus }
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

    /// The windows from a time on.
    pub fn windows_from(&self, from: i64) -> impl Iterator<Item = (i64, &WindowState)> {
        self.windows.range(from..).map(|(start, state)| (*start, state))
    }

    pub fn window(&self, start: i64) -> Option<&WindowState> {
        self.windows.get(&start)
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
        self.stale_windows.extend(self.list.iter().flat_map(|person| person.windows.iter().map(|w| w.window_start)));
        self.windows.clear();
    }

    /// Takes a person's news. The unit it counts in is returned.
    pub fn apply(&mut self, update: Update, now: i64) -> usize {
        let at = self.place(&update.user_id, update.team_id, now);
        let person = &mut self.list[at];
        person.now = update.now;
        if update.day.day >= person.day.day {
            person.day = update.day;
        }
        for window in update.windows.into_iter().filter(|w| w.window_start > now - KEEP_MS) {
            self.stale_windows.insert(window.window_start);
            person.take_window(window);
        }
        person.unit
    }

    /// From the store at start: figures without presence. What an update said already is newer.
    pub fn seed_day(&mut self, user: &str, team: Option<String>, day: DayFigures, now: i64) {
        let known = self.index.get(user).is_some_and(|at| self.list[*at].day.day >= day.day);
        if !known {
            let at = self.place(user, team, now);
            self.list[at].day = day;
        }
    }

    pub fn seed_window(&mut self, user: &str, window: WindowFigures) {
        let Some(&at) = self.index.get(user) else { return };
        if self.list[at].window(window.window_start).is_none() {
            self.stale_windows.insert(window.window_start);
            self.list[at].take_window(window);
        }
    }

    fn place(&mut self, user: &str, team: Option<String>, now: i64) -> usize {
        let unit = self.org.unit_of(team.as_deref());
        if let Some(&at) = self.index.get(user) {
            let before = self.list[at].unit;
            if before != unit {
                self.by_unit[before].retain(|other| *other != at);
                self.by_unit[unit].push(at);
                self.stale_windows.extend(self.list[at].windows.iter().map(|w| w.window_start));
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
            day: DayFigures { day: i32::MIN, ..DayFigures::default() },
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

    /// Brings counts, sums and releases up to date. Returns the windows that were summed again.
    pub fn settle(&mut self, now: i64) -> Vec<i64> {
        let mut own = vec![0; self.org.len()];
        let mut own_focus = vec![0; self.org.len()];
        for person in &mut self.list {
            if person.today_until <= now {
                let who = self.directory.person(&person.id);
                person.today = who.local_day(now);
                person.today_from = who.day_start(person.today);
                person.today_until = who.next_day_change(now);
                let old = person.windows.partition_point(|w| w.window_start <= now - KEEP_MS);
                person.windows.drain(..old);
            }
            if person.is_active_today() {
                own[person.unit] += 1;
                own_focus[person.unit] += u32::from(person.day.focus_score.is_some());
            }
        }
        self.today = release(&self.org, &own, self.k);
        self.today_focus = release(&self.org, &own_focus, self.k);
        self.windows = self.windows.split_off(&(now - KEEP_MS));
        let stale = std::mem::take(&mut self.stale_windows).split_off(&(now - KEEP_MS));
        let stale: Vec<i64> = stale.into_iter().collect();
        let mut sums = vec![vec![Sums::default(); self.org.len()]; stale.len()];
        for person in &self.list {
            for (window, sums) in stale.iter().zip(&mut sums) {
                if let Some(found) = person.window(*window).filter(|w| w.active_ms > 0) {
                    sums[person.unit].add(&of(found));
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

fn of(window: &WindowFigures) -> Sums {
    Sums {
        n: 1,
        active_ms: window.active_ms,
        focus_ms: window.focus_ms,
        meeting_ms: window.meeting_ms,
        interruptions: window.interruptions,
        load: window.load,
        score: window.interruption_score,
    }
}
