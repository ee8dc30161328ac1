//! One partition in memory: records in, rows out. No clock, no I/O; what is not in memory is asked for (`Need`) and
//! brought by the task.
//!
//! ```text
//! records ─▶ apply ─▶ dirty user-days ─▶ recompute ─▶ emit ─▶ rows that changed, updates
//!              │ cold?                      │ cold?
//!              └─────────▶ needs ◀──────────┘   (the task loads them, `absorb`, and calls again)
//! ```

mod absorb;
mod apply;
mod checkpoint;
mod dirty;
mod emit;
mod evict;
mod moves;
mod news;
mod outcome;
mod recompute;
mod retell;
mod risk;
#[cfg(test)]
mod tests;
mod waiting;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use eventlog::{Records, partition_of};
use schemas::Directory;
use schemas::control::Settings;
use schemas::directory::{DAY_MS, Person};
use schemas::event::Category;
use schemas::live::Update;
use schemas::risk::Models;
use schemas::rows::UserDaily;

use crate::config::Config;
use crate::operators::{Events, LocalDay, Scratch, Span};
use crate::rows::Tables;
use crate::state::hash;
use crate::state::slots::Slots;
use crate::state::symbols::Symbols;
use crate::state::user::{UNTOUCHED, User};
use checkpoint::NOTHING_OPEN;
use retell::Untold;
use waiting::{Waiting, in_steps, settles_in};

pub use absorb::{END_OF_TIME, Loaded, Need, Query};
pub use checkpoint::{Saved, StateError};
pub use moves::Move;
pub use outcome::{Counts, Dead, Stray};

pub struct Partition {
    config: Arc<Config>,
    /// Which of how many.
    number: u32,
    count: u32,
    /// Its part of the process's.
    memory_bytes: usize,
    directory: Arc<Directory>,
    /// What may be kept of events.
    pub settings: Settings,
    /// What tells risks.
    pub models: Arc<Models>,
    untold: Untold,
    /// Shared by everyone the directory does not know.
    stranger: Arc<Person>,
    users: Vec<User>,
    index: Slots,
    pub saved: Saved,
    /// The last UTC day that may have events in the store though they are not in memory.
    cold_days: i32,
    /// Nothing was ever stored: nothing is cold.
    virgin: bool,
    /// User-days with rows that are not final yet.
    waiting: Waiting,
    /// Those of them that are not in memory.
    cold_waiting: HashSet<(u32, i32)>,
    /// Who has a chunk of a UTC day: what to evict when the day is over.
    by_day: BTreeMap<i32, Vec<u32>>,
    /// People whose place in the directory changed and who are not recomputed yet: nothing before the instant changes.
    moves: BTreeMap<String, i64>,
    /// How many of them the next commit takes.
    moved_at_once: usize,
    bytes: usize,
    evict_next: usize,
    commits: u32,
    categories: HashMap<Box<str>, Category>,
    scratch: Scratch,
    events: Events,
}

/// User-days at hand that one in the store counts as, when days become final.
const COLD_COST: usize = 10;

/// What one commit is made of, while it is made.
pub struct Work {
    pub records: Records,
    pub from: u64,
    pub to: u64,
    pub version: u64,
    pub now_ms: i64,
    newest_ts: i64,
    pub tables: Tables,
    pub updates: Vec<Update>,
    pub dead: Vec<Dead>,
    /// In the order of their offsets once they are applied.
    pub strays: Vec<Stray>,
    pub counts: Counts,
    /// What must be loaded before the work can go on.
    pub needs: Vec<Need>,
    applied: bool,
    /// Offsets of records that wait for a load, ascending.
    deferred: Vec<u64>,
    touched: Vec<Touched>,
    moved: Vec<Move>,
}

/// One person's part in a commit.
struct Touched {
    user: u32,
    accepted_at: i64,
    /// The local day that the last event lay in, and which stretch of it.
    local: Option<LocalDay>,
    span: Span,
    dirty: Vec<Dirty>,
    /// Days of which those that come after have to be told, for their risk.
    told: Vec<i32>,
    /// All days from here on tell their risk anew.
    retold_from: Option<i32>,
    /// Days with a mood in this commit.
    moods: Vec<i32>,
    /// Session phases whose chain goes on after them.
    chains: Vec<crate::operators::SessionPhase>,
    deferred: bool,
    update: Option<Update>,
}

#[derive(Debug, Clone, Copy)]
struct Dirty {
    day: i32,
    /// Nothing before this instant changed.
    since: i64,
}

impl Touched {
    fn add(&mut self, day: i32, since: i64) {
        match self.dirty.iter_mut().find(|d| d.day == day) {
            Some(dirty) => dirty.since = dirty.since.min(since),
            None => self.dirty.push(Dirty { day, since }),
        }
    }
}

impl Partition {
    pub fn new(config: Arc<Config>, directory: Arc<Directory>, saved: Option<Saved>, number: u32, count: u32) -> Partition {
        let virgin = saved.is_none();
        let mut saved = saved.unwrap_or_else(|| Saved::new(moves::fingerprint(&directory)));
        let moves = std::mem::take(&mut saved.moves).into_iter().map(|m| (m.user, m.from_ms)).collect();
        Partition {
            memory_bytes: config.memory_bytes,
            config,
            number,
            count,
            stranger: Arc::new(Directory::default().person("").clone()),
            directory,
            settings: Settings::default(),
            models: Arc::default(),
            untold: Untold::default(),
            users: Vec::new(),
            index: Slots::default(),
            cold_days: if virgin { i32::MIN / 2 } else { saved.max_day },
            saved,
            virgin,
            waiting: Waiting::default(),
            cold_waiting: HashSet::new(),
            by_day: BTreeMap::new(),
            moves,
            moved_at_once: 1,
            bytes: 0,
            evict_next: 0,
            commits: 0,
            categories: HashMap::new(),
            scratch: Scratch::default(),
            events: Events::default(),
        }
    }

    /// Begins a commit of `records`, which may be none; those that are not there (holes) are passed as well.
    pub fn begin(&mut self, records: Records, position: u64, now_ms: i64) -> Work {
        let (from, to) = (position, position.max(records.next_offset()));
        let version = (self.saved.version + 1).max(to << 16);
        Work {
            applied: false,
            deferred: Vec::new(),
            records,
            from,
            to,
            version,
            now_ms,
            newest_ts: i64::MIN,
            tables: Tables::default(),
            updates: Vec::new(),
            dead: Vec::new(),
            strays: Vec::new(),
            counts: Counts::default(),
            needs: Vec::new(),
            touched: Vec::new(),
            moved: Vec::new(),
        }
    }

    /// Whether this is the partition of that person.
    pub fn is_mine(&self, user: &str) -> bool {
        partition_of(user.as_bytes(), self.count) == self.number
    }

    /// From now on it may take so much.
    pub fn set_memory(&mut self, bytes: usize) {
        let is_less = bytes < self.memory_bytes;
        self.memory_bytes = bytes;
        if is_less {
            self.evict();
        }
    }

    /// The person of that id, met now if not before. `None` when there is no number left for another.
    fn user(&mut self, name: &str) -> Option<u32> {
        let hash = hash::bytes(name.as_bytes());
        if let Some(found) = self.index.find(hash, |i| &*self.users[i].name == name) {
            return Some(found as u32);
        }
        if self.users.len() >= crate::state::slots::MAX_ITEMS {
            return None;
        }
        let person = self.person(name);
        let user = User {
            name: name.into(),
            person,
            symbols: Symbols::default(),
            chunks: Vec::new(),
            cold_days: self.cold_days,
            emitted: Vec::new(),
            // A local date is at most a day ahead of UTC's.
            cold_rows: self.cold_days.saturating_add(1),
            carry: Vec::new(),
            carry_from: if self.virgin { i32::MIN } else { i32::MAX },
            moods: Vec::new(),
            long_plans: Vec::new(),
            touched: UNTOUCHED,
            last_commit: 0,
            bytes: 0,
        };
        self.users.push(user);
        let users = &self.users;
        self.index.push(hash, |i| hash::bytes(users[i].name.as_bytes()));
        Some(self.users.len() as u32 - 1)
    }

    fn person(&self, name: &str) -> Arc<Person> {
        if self.directory.knows(name) { Arc::new(self.directory.person(name).clone()) } else { self.stranger.clone() }
    }

    /// The person's part in this commit.
    fn touch<'w>(&mut self, work: &'w mut Work, user: u32) -> &'w mut Touched {
        let known = &mut self.users[user as usize];
        if known.touched == UNTOUCHED {
            known.touched = work.touched.len() as u32;
            work.touched.push(Touched {
                user,
                accepted_at: 0,
                local: None,
                span: Span::default(),
                dirty: Vec::new(),
                told: Vec::new(),
                retold_from: None,
                moods: Vec::new(),
                chains: Vec::new(),
                deferred: false,
                update: None,
            });
        }
        &mut work.touched[known.touched as usize]
    }

    /// Adds the user-days whose rows became final by the watermark, a bounded number of them.
    pub fn add_due(&mut self, work: &mut Work) {
        let mut left = self.config.max_finalized_per_commit;
        while left > 0
            && let Some((due, user, day)) = self.waiting.pop(self.saved.watermark)
        {
            let known = &mut self.users[user as usize];
            let at_hand = known.emitted.binary_search_by_key(&day, |e| e.day).ok();
            let was_cold = self.cold_waiting.remove(&(user, day));
            // Its entry is gone: it waits anew if it is not final then.
            let waited =
                |at: usize| known.emitted[at].due == due && std::mem::replace(&mut known.emitted[at].due, i64::MAX) == due;
            if at_hand.map_or(was_cold, waited) {
                // One that must be loaded costs what many do that are at hand.
                left = left.saturating_sub(if at_hand.is_none() { COLD_COST } else { 1 });
                work.counts.finalized += 1;
                self.touch(work, user).add(day, i64::MAX);
            }
        }
    }

    /// Whether `add_due` would find something: then a commit is worth while though no record came.
    pub fn has_due(&self) -> bool {
        self.waiting.has_due(self.saved.watermark)
    }

    /// Works until it is done (true) or needs something (false): then the needs are absorbed and it is called again.
    pub fn advance(&mut self, work: &mut Work) -> bool {
        if !work.applied {
            work.applied = true;
            self.apply(work);
        } else if !work.deferred.is_empty() {
            self.apply_deferred(work);
        }
        work.needs.is_empty() && self.recompute(work)
    }

    /// A silent partition's time follows the clock.
    pub fn follow_clock(&mut self, now_ms: i64) {
        self.saved.watermark = self.saved.watermark.max(now_ms - self.config.definition.lateness_ms);
    }

    /// Notes a user-day whose row in the store is not final, for when it will be.
    pub fn expect_final(&mut self, row: &UserDaily<'_>) {
        let Some(user) = self.user(row.user_id) else { return };
        let d = &self.config.definition;
        let end = self.local_day(user, row.day).end();
        // Rows of a person nobody hears of any more are looked at when the last with activity can be final, when the last
        // of the day can, and when the day can: whichever is still to come.
        let windows = |last: i64| last + d.window_ms + d.session_max_ms;
        let looks = [windows(row.last_active.unwrap_or(end)), windows(end), end + settles_in(d)].map(in_steps);
        let done = self.saved.watermark.min(self.saved.due_from);
        let due = looks.into_iter().find(|due| *due >= done).unwrap_or(looks[2]);
        if self.cold_waiting.insert((user, row.day)) {
            self.waiting.push(due, user, row.day);
        }
    }

    /// The time in which the store may have rows, from a local day on.
    pub fn stored_time(&self, from: i32) -> Range<i64> {
        // An activity lasts into the day after its own at most, and a local date is at most a day ahead of UTC's.
        i64::from(from.max(self.saved.min_day - 1).max(0)) * DAY_MS..(i64::from(self.saved.max_day) + 3) * DAY_MS
    }

    /// What the commit of the work has the store keep beside the rows.
    pub fn state(&mut self, work: &Work) -> Vec<u8> {
        self.saved.version = work.version;
        self.saved.open_from = self.waiting.first_day().unwrap_or(NOTHING_OPEN);
        self.saved.due_from = self.waiting.first_due().unwrap_or(i64::MAX);
        self.saved.encode()
    }

    /// After the commit stands: forgets the work and what is not needed any more.
    pub fn committed(&mut self, work: Work) {
        self.commits += 1;
        for touched in &work.touched {
            let user = &mut self.users[touched.user as usize];
            user.touched = UNTOUCHED;
            user.last_commit = self.commits;
            user.trim_carry();
            let bytes = user.measure();
            self.bytes = self.bytes + bytes - user.bytes;
            user.bytes = bytes;
        }
        self.evict();
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn people(&self) -> usize {
        self.users.len()
    }

    pub fn chunks(&self) -> usize {
        self.by_day.values().map(Vec::len).sum()
    }

    pub fn local_day(&self, user: u32, day: i32) -> LocalDay {
        LocalDay::of(&self.users[user as usize].person, day)
    }
}
