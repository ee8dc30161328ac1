//! The one task that owns the live state: takes updates and requests for topics, and brings the topics that have readers up
//! to date at most once a tick.

mod look;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use schemas::live::Update;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

use super::hub::Open;
use super::me::{self, MeLive};
use super::people::People;
use super::pipeline::Meter;
use super::seed::seed;
use super::tail;
use super::team::{self, Change, TeamLive};
use super::topic::{Key, State, Topic};
use crate::access::{ROOT, local_day};
use crate::app::App;
use crate::{Error, metrics};

pub struct LiveTask {
    app: App,
    people: People,
    teams: HashMap<Key, Kept<TeamLive>>,
    mine: HashMap<Key, Kept<MeLive>>,
    pipeline: Option<Arc<Topic>>,
    meter: Arc<Meter>,
    /// When the newest event of each unit's news, and of each person's, was accepted; since the last tick.
    news: HashMap<usize, i64>,
    person_news: HashMap<String, i64>,
    freshness_ms: Option<i64>,
    settled: Instant,
    /// While a look at the store is under way: who has been heard of since it began.
    heard: Option<HashSet<String>>,
}

/// Between tries to begin.
const AGAIN: Duration = Duration::from_secs(1);
/// Old windows are dropped this often when nobody listens.
const SETTLE_IDLE: Duration = Duration::from_secs(60);

struct Kept<T> {
    topic: Arc<Topic>,
    state: Arc<T>,
}

/// Tails the log until cancelled, then returns.
pub async fn run(app: App, cancel: CancellationToken) -> Result<(), Error> {
    let Some(opens) = app.hub.take_opens() else {
        return Err(Error::Internal("the live feed runs once".into()));
    };
    // Ends first, rows second: what is committed in between comes twice and not never.
    let (updates, news) = mpsc::channel(64);
    let tails = loop {
        let begun = tail::start(&app.deps.log, &cancel, updates.clone()).await;
        match begun_or_later(&cancel, begun).await? {
            Some(tails) => break tails,
            None if cancel.is_cancelled() => return Ok(()),
            None => {}
        }
    };
    let people = loop {
        let (control, now) = (app.control(), app.now());
        let mut people = People::new(app.config.k(), control.directory.clone(), app.org(&control), now);
        let seeded = seed(&mut people, &app.deps.store, app.config.internal_limits(), now).await;
        match begun_or_later(&cancel, seeded).await? {
            Some(()) => break people,
            None if cancel.is_cancelled() => return Ok(()),
            None => {}
        }
    };
    drop(updates);
    let meter = Arc::new(Meter::new(app.deps.log.clone(), app.deps.pipeline.clone(), app.hub.clone()));
    let mut task = LiveTask {
        people,
        teams: HashMap::new(),
        mine: HashMap::new(),
        pipeline: None,
        meter,
        news: HashMap::new(),
        person_news: HashMap::new(),
        freshness_ms: None,
        settled: Instant::now(),
        heard: None,
        app,
    };
    task.app.live_runs.store(true, Ordering::Release);
    task.serve(opens, news, cancel).await;
    task.app.live_runs.store(false, Ordering::Release);
    for tail in tails {
        let _ = tail.await;
    }
    Ok(())
}

/// Servers may come up later than this process: none, after a while, when it may work then.
async fn begun_or_later<T>(cancel: &CancellationToken, begun: Result<T, Error>) -> Result<Option<T>, Error> {
    match begun {
        Err(error) if error.may_pass() => {
            tracing::warn!(%error, "the live feed cannot begin yet, trying again");
            let _ = cancel.run_until_cancelled(tokio::time::sleep(AGAIN)).await;
            Ok(None)
        }
        begun => begun.map(Some),
    }
}

impl LiveTask {
    async fn serve(&mut self, mut opens: mpsc::Receiver<Open>, mut news: mpsc::Receiver<Vec<Update>>, cancel: CancellationToken) {
        let config = self.app.config.live.clone();
        let mut control = self.app.deps.control.clone();
        let every = |period: Duration| {
            let mut timer = interval(period);
            timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
            timer
        };
        let (mut presence, mut pipeline, mut look) = (every(config.presence), every(config.pipeline), every(config.look));
        look.reset();
        let (seeing, mut seen) = mpsc::channel(1);
        // The first news after a quiet time go out at once; the next ones wait for the tick.
        let mut last_tick = Instant::now() - config.tick;
        let mut control_open = true;
        loop {
            let due = !self.news.is_empty() || !self.person_news.is_empty();
            tokio::select! {
                biased;
                () = cancel.cancelled() => return,
                () = sleep_until(last_tick + config.tick), if due => {
                    self.tick(false);
                    last_tick = Instant::now();
                }
                Some(open) = opens.recv() => self.open(open).await,
                _ = presence.tick() => {
                    self.follow_directory();
                    self.tick(true);
                    self.forget();
                    last_tick = Instant::now();
                }
                _ = pipeline.tick() => self.publish_pipeline().await,
                _ = look.tick(), if self.heard.is_none() => self.look(&seeing),
                Some(seen) = seen.recv() => self.compare(seen, &seeing),
                changed = control.changed(), if control_open => {
                    control_open = changed.is_ok();
                    if self.follow_directory() {
                        self.tick(true);
                    }
                }
                Some(updates) = news.recv() => self.take(updates),
            }
        }
    }

    fn take(&mut self, updates: Vec<Update>) {
        let now = self.app.now();
        for update in updates {
            self.app.figures.day_changed(update.day.day);
            for window in &update.windows {
                self.app.figures.window_changed(window.window_start);
            }
            let (accepted, user) = (update.accepted_at, update.user_id.clone());
            if let Some(heard) = &mut self.heard {
                heard.insert(user.clone());
            }
            let unit = self.people.apply(update, now);
            for at in self.people.org.clone().chain(unit) {
                let newest = self.news.entry(at).or_insert(accepted);
                *newest = accepted.max(*newest);
            }
            // Only people somebody looks at are remembered one by one.
            let key = Key::Me(user);
            if self.mine.contains_key(&key)
                && let Key::Me(user) = key
            {
                let newest = self.person_news.entry(user).or_insert(accepted);
                *newest = accepted.max(*newest);
            }
        }
    }

    /// Whether teams moved. A token made or revoked moves none.
    fn follow_directory(&mut self) -> bool {
        let control = self.app.control();
        let org = self.app.org(&control);
        let moved = !Arc::ptr_eq(&org, &self.people.org);
        if moved {
            self.people.set_directory(control.directory.clone(), org, self.app.now());
            self.news.clear();
        }
        moved
    }

    /// Brings every topic with readers up to date: those with news; `all` on account of the clock or the directory.
    fn tick(&mut self, all: bool) {
        if !self.teams.values().any(|kept| kept.topic.has_readers()) && !self.mine.values().any(|kept| kept.topic.has_readers()) {
            // Nothing to tell anybody. What is stale stays marked until somebody asks, but what is old has to go.
            self.news.clear();
            self.person_news.clear();
            if all && self.settled.elapsed() > SETTLE_IDLE {
                self.settle(self.app.now());
            }
            return;
        }
        let (started, now) = (Instant::now(), self.app.now());
        let windows: HashSet<i64> = self.settle(now).into_iter().collect();
        let (k, people, news) = (self.app.config.k(), &self.people, &self.news);
        let mut newest = None::<i64>;
        for (key, kept) in self.teams.iter_mut().filter(|(_, kept)| kept.topic.has_readers()) {
            let Some(unit) = unit_of(people, key) else { continue };
            let of = kept.state.head.rolled_up_to.as_deref().map_or(Some(unit), |id| people.org.find(id).or(Some(ROOT)));
            let Some(of) = of.filter(|of| {
                all || news.contains_key(of) || news.contains_key(&unit) || moved(people, kept, unit, *of, now, &windows)
            }) else {
                continue;
            };
            let mut state = team::compute(people, unit, k, now);
            let accepted = news.get(&of).or(news.get(&unit)).copied();
            state.freshness_ms = accepted.map(|at| (now - at).max(0));
            let told = kept.publish(state, team::change);
            newest = newest.max(accepted.filter(|_| told));
        }
        for (key, kept) in self.mine.iter_mut().filter(|(_, kept)| kept.topic.has_readers()) {
            let Key::Me(person) = key else { continue };
            let accepted = self.person_news.get(person).copied();
            if all || accepted.is_some() {
                let mut state = me::compute(people, person, now);
                state.freshness_ms = accepted.map(|at| (now - at).max(0));
                let told = kept.publish(state, me::change);
                newest = newest.max(accepted.filter(|_| told));
            }
        }
        if let Some(accepted) = newest {
            let age = (self.app.now() - accepted).max(0);
            self.freshness_ms = Some(age);
            ::metrics::histogram!(metrics::LIVE_FRESHNESS_SECONDS).record(age as f64 / 1_000.0);
        }
        ::metrics::histogram!(metrics::LIVE_TICK_SECONDS).record(started.elapsed().as_secs_f64());
        self.news.clear();
        self.person_news.clear();
    }

    fn settle(&mut self, now: i64) -> Vec<i64> {
        self.settled = Instant::now();
        self.people.settle(now)
    }

    async fn open(&mut self, open: Open) {
        let now = self.app.now();
        let topic = match &open.key {
            Key::Pipeline => self.open_pipeline(now).await,
            Key::Me(person) => {
                self.people.begin_day(person, now);
                let state = me::compute(&self.people, person, now);
                open_in(&mut self.mine, &self.app, &open.key, state, me::change)
            }
            Key::Team(_) | Key::Org => {
                if self.people.has_news() || self.settled.elapsed() > self.app.config.live.presence {
                    self.settle(now);
                }
                let unit = unit_of(&self.people, &open.key);
                let state = unit.map(|unit| team::compute(&self.people, unit, self.app.config.k(), now));
                state.and_then(|state| open_in(&mut self.teams, &self.app, &open.key, state, team::change))
            }
        };
        if let Some(topic) = topic {
            topic.touch();
            // A client that has gone in the meantime needs no topic.
            let _ = open.reply.send(topic);
        }
    }

    async fn open_pipeline(&mut self, now: i64) -> Option<Arc<Topic>> {
        if self.pipeline.is_none() {
            let measure = self.meter.measure(now, self.freshness_ms).await;
            let measure = measure.inspect_err(|error| tracing::warn!(%error, "the log does not tell its ends")).ok()?;
            self.pipeline = self.app.hub.create(&Key::Pipeline, Arc::new(measure));
        }
        self.pipeline.clone()
    }

    async fn publish_pipeline(&mut self) {
        let Some(topic) = self.pipeline.clone().filter(|topic| topic.has_readers()) else { return };
        match self.meter.measure(self.app.now(), self.freshness_ms).await {
            Ok(measure) => {
                let text = measure.json();
                topic.publish(Arc::new(measure), Some(text));
            }
            Err(error) => tracing::warn!(%error, "the log does not tell its ends"),
        }
    }

    fn forget(&mut self) {
        for key in self.app.hub.forget_idle() {
            self.teams.remove(&key);
            self.mine.remove(&key);
            if key == Key::Pipeline {
                self.pipeline = None;
            }
        }
    }
}

impl<T: State + 'static> Kept<T> {
    /// Whether readers were told anything.
    fn publish(&mut self, state: T, change: fn(&T, &T) -> Change) -> bool {
        let delta = match change(&self.state, &state) {
            Change::None => return false,
            Change::Delta(delta) => Some(delta),
            Change::Whole => None,
        };
        self.state = Arc::new(state);
        self.topic.publish(self.state.clone(), delta);
        true
    }
}

fn open_in<T: State + 'static>(
    kept: &mut HashMap<Key, Kept<T>>,
    app: &App,
    key: &Key,
    state: T,
    change: fn(&T, &T) -> Change,
) -> Option<Arc<Topic>> {
    if let Some(kept) = kept.get_mut(key) {
        // Nobody listened for a while: what happened in between is one message, so that who comes back can resume.
        kept.publish(state, change);
        return Some(kept.topic.clone());
    }
    let state = Arc::new(state);
    let topic = app.hub.create(key, state.clone())?;
    kept.insert(key.clone(), Kept { topic: topic.clone(), state });
    Some(topic)
}

fn unit_of(people: &People, key: &Key) -> Option<usize> {
    match key {
        Key::Team(id) => people.org.find(id),
        Key::Org => Some(ROOT),
        Key::Me(_) | Key::Pipeline => None,
    }
}

/// Whether somebody else's news changed what may be shown of the unit.
fn moved(people: &People, kept: &Kept<TeamLive>, unit: usize, of: usize, now: i64, windows: &HashSet<i64>) -> bool {
    let before = if kept.state.suppressed { None } else { Some(of) };
    let shown = |start: i64| people.window(start).is_some_and(|state| state.released[of]);
    before != team::answering(people, unit, local_day(now, &people.org.unit(unit).zone))
        || kept.state.windows.iter().any(|w| windows.contains(&w.start) && w.suppressed == shown(w.start))
}
