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

/// One message of a topic, serialised but for the name of the subscription.
#[derive(Debug)]
pub struct Frame {
    pub seq: u64,
    pub kind: Kind,
    /// What follows `{"sub":…`.
    tail: String,
    /// The whole message for subscriptions named like the topic, as most are: one buffer for all of them.
    shared: Utf8Bytes,
    name: Arc<str>,
}

impl Frame {
    fn new(name: &Arc<str>, seq: u64, kind: Kind, data: &str) -> Frame {
        let tail = format!(r#","type":"{}","seq":{seq},"data":{data}}}"#, kind.as_str());
        let shared = Utf8Bytes::from(with_sub(name, &tail));
        Frame { seq, kind, tail, shared, name: name.clone() }
    }

    pub fn message(&self, sub: &str) -> Utf8Bytes {
        if *sub == *self.name { self.shared.clone() } else { with_sub(sub, &self.tail).into() }
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
    out: Mutex<Out>,
}

struct Out {
    seq: u64,
    data: Arc<dyn State>,
    snapshot: Option<Arc<Frame>>,
    ring: VecDeque<Arc<Frame>>,
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
        let out =
            Out { seq: first_seq, data, snapshot: None, ring: VecDeque::new(), readers: Vec::new(), idle_since: Instant::now() };
        Topic { key, name, ring_limit, out: Mutex::new(out) }
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
        if out.ring.len() == self.ring_limit {
            out.ring.pop_front();
        }
        out.ring.push_back(frame.clone());
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
