//! Profiles of people whose messages come in, and the names of those whose profile is still to be read. Whoever has the tables
//! waits for names (`wanted`) and puts in what the messages say (`learned`); `lift` never waits for anybody.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use schemas::event::{Message, MessageKind};
use tokio::sync::Notify;

use super::profile::{Judged, Profile};
use super::rule::Rule;
use crate::metrics;

/// So far back habits go.
pub const REACH_MS: i64 = 28 * 86_400_000;
/// A profile is made anew after this.
pub const REFRESH_MS: i64 = 86_400_000;
/// People who wait for theirs. Others ask again with their next message.
const MAX_WAITING: usize = 1024;
/// A profile was of use in this minute: so exact is the order in which they go.
const MINUTE_MS: i64 = 60_000;

pub struct Habits {
    /// Made anew by every process, so that a hash says nothing elsewhere.
    hashes: RandomState,
    most: usize,
    known: RwLock<HashMap<Box<str>, Known>>,
    waiting: Mutex<HashSet<Box<str>>>,
    asked: Notify,
}

struct Known {
    profile: Profile,
    read_ms: i64,
    used_ms: AtomicI64,
}

/// Names of one person's peers and channels as numbers that differ from person to person.
pub(super) struct Key<'a> {
    hashes: &'a RandomState,
    user: &'a str,
}

impl Key<'_> {
    pub fn peer(&self, peer: &str) -> u32 {
        self.hashes.hash_one((self.user, peer)) as u32
    }

    pub fn channel(&self, kind: MessageKind, channel: &str) -> u32 {
        self.hashes.hash_one((self.user, kind as u8, channel)) as u32
    }
}

/// Says how many there are, and of nobody anything.
impl std::fmt::Debug for Habits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Habits({} of {} people)", self.len(), self.most)
    }
}

impl Habits {
    /// Of at most so many people, those last heard of.
    pub fn new(most: usize) -> Habits {
        let (known, waiting) = (RwLock::default(), Mutex::default());
        Habits { hashes: RandomState::new(), most: most.max(1), known, waiting, asked: Notify::new() }
    }

    pub fn len(&self) -> usize {
        self.known.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn key<'a>(&'a self, user: &'a str) -> Key<'a> {
        Key { hashes: &self.hashes, user }
    }

    /// What is known of the person adds this to the rule. Asks for their profile where there is none, or an old one.
    pub(super) fn lift(&self, user: &str, message: &Message<'_>, now_ms: i64) -> f32 {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let Some(person) = known.get(user) else {
            drop(known);
            self.ask(user);
            return 0.0;
        };
        if now_ms - person.used_ms.load(Ordering::Relaxed) >= MINUTE_MS {
            person.used_ms.store(now_ms, Ordering::Relaxed);
        }
        let lift = person.profile.lift(&self.key(user), message.kind, &message.channel, message.peer.as_deref());
        if now_ms - person.read_ms >= REFRESH_MS {
            drop(known);
            self.ask(user);
        }
        lift
    }

    fn ask(&self, user: &str) {
        // Whoever is in the way now is asking too; the next message asks again.
        if let Ok(mut waiting) = self.waiting.try_lock()
            && waiting.len() < MAX_WAITING
            && !waiting.contains(user)
        {
            waiting.insert(user.into());
            self.asked.notify_one();
        }
    }

    /// Whose profile is to be read, at least one; each is told once.
    pub async fn wanted(&self) -> Vec<String> {
        loop {
            let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
            if !waiting.is_empty() {
                return waiting.into_iter().map(String::from).collect();
            }
            self.asked.notified().await;
        }
    }

    /// The person's profile is what these messages say, from now on.
    pub(super) fn learned(&self, user: &str, judged: &[Judged<'_>], rule: &Rule, now_ms: i64) {
        let profile = Profile::learn(judged, rule, &self.key(user));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // One who was asked about is in use.
        let person = Known { profile, read_ms: now_ms, used_ms: AtomicI64::new(now_ms) };
        if known.insert(user.into(), person).is_none() && known.len() > self.most {
            forget(&mut known, self.most);
        }
        metrics::habits(known.len());
    }
}

/// An eighth more than has to go, so that not each new person costs a look at all.
fn forget(known: &mut HashMap<Box<str>, Known>, most: usize) {
    let mut used: Vec<i64> = known.values().map(|person| person.used_ms.load(Ordering::Relaxed)).collect();
    let mut going = known.len() - most + most / 8;
    let (_, latest, _) = used.select_nth_unstable(going.saturating_sub(1));
    let latest = *latest;
    known.retain(|_, person| {
        let goes = going > 0 && person.used_ms.load(Ordering::Relaxed) <= latest;
        going -= usize::from(goes);
        !goes
    });
}

#[cfg(test)]
impl Habits {
    pub fn knows(&self, user: &str) -> bool {
        self.known.read().unwrap().contains_key(user)
    }

    pub fn waiting(&self) -> usize {
        self.waiting.lock().unwrap().len()
    }

    pub fn kept(&self, user: &str) -> String {
        format!("{:?}", self.known.read().unwrap()[user].profile)
    }
}
