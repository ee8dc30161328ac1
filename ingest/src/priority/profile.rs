//! What somebody answered quickly, as what it adds to the rule for everybody.
//!
//! ```text
//!   messages of the last weeks ──▶ answered within 10 minutes? ──▶ rate by channel and by peer ──▶ against what was to be expected
//! ```
//!
//! Expected is what the rule says of each message, moved for the whole person to where they answer as many as they did: so somebody
//! who seldom answers has as many messages told at once as anybody, and what counts is whom and what they answer *rather*. Each
//! rate is drawn to the expected one by what `PRIOR` answers weigh: a peer of whom little is known is judged as others are.

use std::collections::HashMap;

use schemas::event::{Direction, Message, MessageKind};
use schemas::rows::MessageEvent;

use super::habits::Key;
use super::rule::{Rule, log_odds, share};

/// Answered within this time is answered quickly.
pub const QUICK_MS: i64 = 10 * 60_000;
/// Of one person, the newest.
const MAX_MESSAGES: usize = 20_000;
/// With fewer quick answers than this the rule holds.
const FEW_ANSWERS: u32 = 5;
const PRIOR: f32 = 3.0;
const MAX_CHANNELS: usize = 16;
const MAX_PEERS: usize = 64;
/// What is known of one peer or channel moves the odds at most by this.
const MOST: f32 = 3.0;
/// What moves a priority by less than one.
const NOTHING: f32 = 0.02;

/// A message of the past, as far as habits go.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    pub ts: i64,
    pub sent: bool,
    pub kind: MessageKind,
    pub notified: bool,
    pub channel: &'a str,
    pub peer: Option<&'a str>,
    pub thread: Option<&'a str>,
}

impl<'a> Seen<'a> {
    pub fn message(ts: i64, m: &'a Message<'_>) -> Seen<'a> {
        Seen {
            ts,
            sent: m.direction == Direction::Sent,
            kind: m.kind,
            notified: m.notified,
            channel: &m.channel,
            peer: m.peer.as_deref(),
            thread: m.thread.as_deref(),
        }
    }

    /// None for words of a newer program.
    pub fn row(row: &MessageEvent<'a>) -> Option<Seen<'a>> {
        Some(Seen {
            ts: row.ts,
            sent: Direction::parse(row.direction)? == Direction::Sent,
            kind: MessageKind::parse(row.kind)?,
            notified: row.notified,
            channel: row.channel,
            peer: row.peer,
            thread: row.thread,
        })
    }

    fn channel_key(&self, key: &Key<'_>) -> u32 {
        key.channel(self.kind, self.channel)
    }
}

/// A received message, and whether it was answered quickly.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    pub message: Seen<'a>,
    pub answered: bool,
}

/// One person's messages in the order of their times, to those they received and might have answered in writing: not calls, which
/// are taken by talking. Answered is one when something was sent to its peer or in its thread within `QUICK_MS`, as response times
/// have it: strictly later. The newest come first. Those whose time was not over at `until_ms` are left out.
pub fn judge<'a>(messages: &[Seen<'a>], until_ms: i64) -> Vec<Judged<'a>> {
    let mut next_to: HashMap<&str, i64> = HashMap::new();
    let mut next_in: HashMap<&str, i64> = HashMap::new();
    let mut judged = Vec::new();
    let mut rest = &messages[messages.len().saturating_sub(MAX_MESSAGES)..];
    while let Some(last) = rest.last() {
        let same = rest.iter().rev().take_while(|m| m.ts == last.ts).count();
        let (before, at_once) = rest.split_at(rest.len() - same);
        for m in at_once.iter().filter(|m| !m.sent && m.kind != MessageKind::Call && m.ts + QUICK_MS <= until_ms) {
            let answers = [m.peer.and_then(|peer| next_to.get(peer)), m.thread.and_then(|thread| next_in.get(thread))];
            let answered = answers.into_iter().flatten().any(|at| at - m.ts <= QUICK_MS);
            judged.push(Judged { message: *m, answered });
        }
        for m in at_once.iter().filter(|m| m.sent) {
            next_to.extend(m.peer.map(|peer| (peer, m.ts)));
            next_in.extend(m.thread.map(|thread| (thread, m.ts)));
        }
        rest = before;
    }
    judged
}

/// Of one person. Less than a kilobyte.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Profile {
    /// Each sorted by key.
    channels: Box<[(u32, f32)]>,
    peers: Box<[(u32, f32)]>,
}

impl Profile {
    pub(super) fn learn(judged: &[Judged<'_>], rule: &Rule, key: &Key<'_>) -> Profile {
        let answers = judged.iter().filter(|j| j.answered).count() as u32;
        if answers < FEW_ANSWERS {
            return Profile::default();
        }
        let odds = |j: &Judged<'_>| rule.log_odds(j.message.kind, j.message.notified);
        let level = level(judged, answers as f32, odds);
        let mut channels: HashMap<u32, Rate> = HashMap::new();
        for (at, j) in judged.iter().enumerate() {
            channels.entry(j.message.channel_key(key)).or_insert(Rate::new(at)).add(share(odds(j) + level), j.answered);
        }
        let channels = lifts(channels, MAX_CHANNELS);
        let mut peers: HashMap<u32, Rate> = HashMap::new();
        for (at, j) in judged.iter().enumerate() {
            let Some(peer) = j.message.peer else { continue };
            let by_channel = find(&channels, j.message.channel_key(key));
            peers.entry(key.peer(peer)).or_insert(Rate::new(at)).add(share(odds(j) + level + by_channel), j.answered);
        }
        Profile { peers: lifts(peers, MAX_PEERS), channels }
    }

    pub(super) fn lift(&self, key: &Key<'_>, kind: MessageKind, channel: &str, peer: Option<&str>) -> f32 {
        if self.channels.is_empty() && self.peers.is_empty() {
            return 0.0;
        }
        find(&self.channels, key.channel(kind, channel)) + peer.map_or(0.0, |peer| find(&self.peers, key.peer(peer)))
    }
}

fn find(lifts: &[(u32, f32)], key: u32) -> f32 {
    lifts.binary_search_by_key(&key, |(key, _)| *key).map_or(0.0, |at| lifts[at].1)
}

/// Where the rule expects as many answers as there were.
fn level(judged: &[Judged<'_>], answers: f32, odds: impl Fn(&Judged<'_>) -> f32) -> f32 {
    // The rule knows few different messages.
    let mut alike: Vec<(f32, f32)> = Vec::new();
    for odds in judged.iter().map(odds) {
        match alike.iter_mut().find(|(known, _)| *known == odds) {
            Some((_, count)) => *count += 1.0,
            None => alike.push((odds, 1.0)),
        }
    }
    let (mut low, mut high) = (-20.0_f32, 20.0_f32);
    for _ in 0..30 {
        let middle = (low + high) / 2.0;
        let expected: f32 = alike.iter().map(|(odds, count)| count * share(odds + middle)).sum();
        if expected < answers { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// Answers to messages of one kind.
struct Rate {
    /// Where its newest message stands.
    at: usize,
    messages: u32,
    answers: u32,
    expected: f32,
}

impl Rate {
    fn new(at: usize) -> Rate {
        Rate { at, messages: 0, answers: 0, expected: 0.0 }
    }

    fn add(&mut self, expected: f32, answered: bool) {
        self.messages += 1;
        self.answers += u32::from(answered);
        self.expected += expected;
    }

    /// The log odds of the rate over those of the expected one, both a beta distribution's mean: the prior's is the expected
    /// rate, in as many messages as hold `PRIOR` answers.
    fn lift(&self) -> f32 {
        let messages = self.messages as f32;
        let expected = (self.expected / messages).clamp(1e-6, 1.0 - 1e-6);
        let rate = (self.answers as f32 + PRIOR) / (messages + PRIOR / expected);
        (log_odds(rate.clamp(1e-6, 1.0 - 1e-6)) - log_odds(expected)).clamp(-MOST, MOST)
    }
}

/// By key, those of which there is most, and of as many the newest: the keys, which are others in each process, decide nothing.
fn lifts(rates: HashMap<u32, Rate>, most: usize) -> Box<[(u32, f32)]> {
    let mut rates: Vec<(u32, Rate)> = rates.into_iter().filter(|(_, rate)| rate.lift().abs() >= NOTHING).collect();
    rates.sort_unstable_by_key(|(_, rate)| (std::cmp::Reverse(rate.messages), rate.at));
    rates.truncate(most);
    let mut lifts: Vec<(u32, f32)> = rates.iter().map(|(key, rate)| (*key, rate.lift())).collect();
    lifts.sort_unstable_by_key(|(key, _)| *key);
    lifts.into()
}
