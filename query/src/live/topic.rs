//! A topic: its state, its numbering, the ring of past messages. A message is serialised once and shared by all readers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::extract::ws::Utf8Bytes;
use serde::Serialize;

use super::outbox::Outbox;
use crate::metrics;

/// What a topic is about. The client's `me` is the person of the token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    Me(String),
    Team(String),
    Org,
    Pipeline,
}

impl Key {
    /// As clients name it.
    pub fn name(&self) -> String {
        match self {
            Key::Me(_) => "me".into(),
            Key::Team(id) => format!("team:{id}"),
            Key::Org => "org".into(),
            Key::Pipeline => "pipeline".into(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Snapshot,
    Delta,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Snapshot => "snapshot",
            Kind::Delta => "delta",
        }
    }
}

/// One message of a topic, serialised once.
#[derive(Debug)]
pub struct Frame {
    pub seq: u64,
    pub kind: Kind,
    /// For subscriptions named like the topic, as most are: one buffer for all of them.
    shared: Utf8Bytes,
    name: Arc<str>,
    /// Where in it what follows `{"sub":…` begins.
    tail: usize,
}

impl Frame {
    fn new(name: &Arc<str>, seq: u64, kind: Kind, data: &str) -> Frame {
        let tail = format!(r#","type":"{}","seq":{seq},"data":{data}}}"#, kind.as_str());
        let text = with_sub(name, &tail);
        let tail = text.len() - tail.len();
        Frame { seq, kind, shared: text.into(), name: name.clone(), tail }
    }

    pub fn message(&self, sub: &str) -> Utf8Bytes {
        let text = self.shared.as_str();
        if *sub == *self.name { self.shared.clone() } else { with_sub(sub, &text[self.tail..]).into() }
    }

    fn bytes(&self) -> usize {
        self.shared.len()
    }
}

fn with_sub(sub: &str, tail: &str) -> String {
    let sub = serde_json::to_string(sub).unwrap_or_default();
    format!(r#"{{"sub":{sub}{tail}"#)
}

/// A topic's state, turned into JSON only when a snapshot is needed.
pub trait State: Send + Sync {
    fn json(&self) -> String;
}

impl<T: Serialize + Send + Sync> State for T {
    fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "null".into())
    }
}

pub struct Topic {
    pub key: Key,
    name: Arc<str>,
    ring_limit: usize,
    ring_bytes: usize,
    out: Mutex<Out>,
}

/// Past messages kept for those who resume, besides the limit on their number: there is a topic for each person who looks at
/// their own day, and few for teams.
const RING_BYTES: usize = 256 << 10;
const RING_BYTES_ME: usize = 16 << 10;

struct Out {
    seq: u64,
    data: Arc<dyn State>,
    snapshot: Option<Arc<Frame>>,
    ring: VecDeque<Arc<Frame>>,
    /// Of all frames in the ring.
    bytes: usize,
    readers: Vec<Reader>,
    /// When the last reader left.
    idle_since: Instant,
}

struct Reader {
    outbox: Arc<Outbox>,
    sub: Arc<str>,
}

impl Topic {
    pub(super) fn new(key: Key, data: Arc<dyn State>, first_seq: u64, ring_limit: usize) -> Topic {
        let name = key.name().into();
        let (ring, readers, idle_since) = (VecDeque::new(), Vec::new(), Instant::now());
        let out = Out { seq: first_seq, data, snapshot: None, ring, bytes: 0, readers, idle_since };
        let ring_bytes = if matches!(key, Key::Me(_)) { RING_BYTES_ME } else { RING_BYTES };
        Topic { key, name, ring_limit, ring_bytes, out: Mutex::new(out) }
    }

    pub fn has_readers(&self) -> bool {
        !self.lock().readers.is_empty()
    }

    /// The next state. `delta` is what changed, or None when the whole state is to be sent.
    pub fn publish(&self, data: Arc<dyn State>, delta: Option<String>) {
        let mut out = self.lock();
        out.seq += 1;
        let (kind, text) = match delta {
            Some(delta) => (Kind::Delta, delta),
            None => (Kind::Snapshot, data.json()),
        };
        let frame = Arc::new(Frame::new(&self.name, out.seq, kind, &text));
        out.data = data;
        out.snapshot = (kind == Kind::Snapshot).then(|| frame.clone());
        out.bytes += frame.bytes();
        out.ring.push_back(frame.clone());
        while out.ring.len() > self.ring_limit || out.bytes > self.ring_bytes {
            let Some(oldest) = out.ring.pop_front() else { break };
            out.bytes -= oldest.bytes();
        }
        for reader in &out.readers {
            reader.outbox.push(&reader.sub, &frame);
        }
        ::metrics::counter!(metrics::LIVE_MESSAGES).increment(out.readers.len() as u64);
    }

    /// The state as a message.
    pub fn latest(&self) -> Arc<Frame> {
        self.latest_of(&mut self.lock())
    }

    fn latest_of(&self, out: &mut Out) -> Arc<Frame> {
        let (seq, data) = (out.seq, &out.data);
        let frame = || Arc::new(Frame::new(&self.name, seq, Kind::Snapshot, &data.json()));
        out.snapshot.get_or_insert_with(frame).clone()
    }

    /// Adds a reader, after what it has to know first: the messages after `from` if they are all still there and few
    /// enough, else the latest state. The outbox must know the subscription already.
    pub(super) fn add(&self, outbox: &Arc<Outbox>, sub: &Arc<str>, from: Option<u64>) {
        let mut out = self.lock();
        let missed = from.and_then(|from| out.missed(from, outbox.limit));
        match missed {
            Some(frames) => frames.iter().for_each(|frame| outbox.push(sub, frame)),
            None => {
                let latest = self.latest_of(&mut out);
                outbox.push(sub, &latest);
            }
        }
        out.readers.push(Reader { outbox: outbox.clone(), sub: sub.clone() });
    }

    pub(super) fn remove(&self, outbox: &Arc<Outbox>, sub: &str) {
        let mut out = self.lock();
        out.readers.retain(|reader| !(Arc::ptr_eq(&reader.outbox, outbox) && *reader.sub == *sub));
        if out.readers.is_empty() {
            out.idle_since = Instant::now();
        }
    }

    /// Somebody is about to listen.
    pub fn touch(&self) {
        self.lock().idle_since = Instant::now();
    }

    pub(super) fn idle(&self) -> Option<Instant> {
        let out = self.lock();
        out.readers.is_empty().then_some(out.idle_since)
    }

    fn lock(&self) -> MutexGuard<'_, Out> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Out {
    /// The messages after `from`; None when some are gone, when `from` is not of this numbering, or they are too many.
    fn missed(&self, from: u64, limit: usize) -> Option<Vec<Arc<Frame>>> {
        let count = self.seq.checked_sub(from)? as usize;
        if count > self.ring.len() || count > limit {
            return None;
        }
        Some(self.ring.iter().skip(self.ring.len() - count).cloned().collect())
    }
}
