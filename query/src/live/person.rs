//! What is known of one person right now, as they see it and as it counts in the figures of teams.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemas::Directory;
use schemas::live::{DayFigures, Presence};

use super::window::Kept;

/// What a person's news say that is not in the figures of teams yet. The person sees it at once.
#[derive(Default)]
pub(super) struct Fresh {
    pub days: Vec<DayFigures>,
    pub windows: Vec<Kept>,
}

pub struct PersonLive {
    pub id: Arc<str>,
    pub unit: usize,
    pub(super) team: Option<String>,
    /// The latest days, in order, as they count in the figures of teams.
    pub(super) days: Vec<DayFigures>,
    /// By start; the same.
    pub(super) windows: Vec<Kept>,
    fresh: Option<Box<Fresh>>,
    pub now: Presence,
    /// The person's own today, and until when it is.
    pub today: i32,
    pub today_from: i64,
    pub(super) today_until: i64,
}

impl PersonLive {
    pub(super) fn new(id: Arc<str>, unit: usize, team: Option<String>, now: i64) -> PersonLive {
        let (days, windows, presence) = (Vec::new(), Vec::new(), Presence::default());
        PersonLive { id, unit, team, days, windows, fresh: None, now: presence, today: 0, today_from: 0, today_until: now }
    }

    pub(super) fn day(&self, day: i32) -> Option<&DayFigures> {
        self.days.iter().find(|known| known.day == day)
    }

    /// What the latest news say of a day.
    pub fn latest_day(&self, day: i32) -> Option<&DayFigures> {
        let fresh = self.fresh.iter().flat_map(|fresh| &fresh.days).find(|known| known.day == day);
        fresh.or_else(|| self.day(day))
    }

    /// And of all days that are kept.
    pub fn latest_days(&self) -> impl Iterator<Item = &DayFigures> {
        let fresh = self.fresh.iter().flat_map(|fresh| &fresh.days);
        let settled = self.days.iter().filter(|day| !self.fresh.iter().any(|fresh| fresh.days.iter().any(|f| f.day == day.day)));
        fresh.chain(settled)
    }

    pub fn team(&self) -> Option<&str> {
        self.team.as_deref()
    }

    /// And of the windows from a time on.
    pub fn latest_windows(&self, from: i64) -> Vec<Kept> {
        let mut windows: BTreeMap<i64, Kept> = self.windows.iter().map(|w| (w.start(), *w)).collect();
        windows.extend(self.fresh.iter().flat_map(|fresh| &fresh.windows).map(|w| (w.start(), *w)));
        windows.split_off(&from).into_values().collect()
    }

    /// Whether there is anything that the figures of teams do not have yet.
    pub(super) fn hear(&mut self, day: Option<DayFigures>, windows: impl Iterator<Item = Kept>) -> bool {
        let mut fresh = self.fresh.take().unwrap_or_default();
        if let Some(day) = day {
            fresh.days.retain(|known| known.day != day.day);
            fresh.days.push(day);
        }
        for window in windows {
            fresh.windows.retain(|known| known.start() != window.start());
            fresh.windows.push(window);
        }
        fresh.days.retain(|day| self.day(day.day) != Some(day));
        fresh.windows.retain(|window| self.window(window.start()) != Some(window));
        let has_news = !fresh.days.is_empty() || !fresh.windows.is_empty();
        self.fresh = has_news.then_some(fresh);
        has_news
    }

    /// What the figures of teams do not have yet, for them.
    pub(super) fn take_fresh(&mut self) -> Fresh {
        self.fresh.take().map(|fresh| *fresh).unwrap_or_default()
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.fresh.is_some()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.days.is_empty() && self.windows.is_empty() && self.fresh.is_none()
    }

    pub(super) fn forget(&mut self, before: i64, before_day: i32) {
        self.windows.drain(..self.windows.partition_point(|w| w.start() < before));
        self.days.retain(|day| day.day >= before_day);
        self.fresh = self.fresh.take().filter(|fresh| {
            fresh.days.iter().any(|day| day.day >= before_day) || fresh.windows.iter().any(|w| w.start() >= before)
        });
    }

    /// With any active time, which is what counts.
    pub fn active_day(&self, day: i32) -> Option<&DayFigures> {
        self.day(day).filter(|day| day.active_ms > 0)
    }

    pub(super) fn begin_day(&mut self, directory: &Directory, now: i64) {
        let who = directory.person(&self.id);
        self.today = who.local_day(now);
        self.today_from = who.day_start(self.today);
        self.today_until = who.next_day_change(now);
    }

    pub(super) fn take_day(&mut self, day: DayFigures) {
        match self.days.binary_search_by_key(&day.day, |known| known.day) {
            Ok(at) => self.days[at] = day,
            Err(at) => self.days.insert(at, day),
        }
    }

    pub fn window(&self, start: i64) -> Option<&Kept> {
        let at = self.windows.binary_search_by_key(&start, Kept::start).ok()?;
        self.windows.get(at)
    }

    pub(super) fn take_window(&mut self, window: Kept) {
        match self.windows.binary_search_by_key(&window.start(), Kept::start) {
            Ok(at) => self.windows[at] = window,
            Err(at) => self.windows.insert(at, window),
        }
    }
}
