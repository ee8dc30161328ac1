//! What waits for one reader. Bounded: when a subscription in it is full, what it holds of that subscription is dropped and
//! replaced by a mark that the latest state is to be sent. Locks are taken topic first, outbox second, never the other way.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::Notify;

use super::topic::{Frame, Key, Kind, Topic};
use crate::metrics;

/// What waits for one connection.
pub struct Outbox {
    pub(super) limit: usize,
    inner: Mutex<Waiting>,
    pub news: Notify,
}

#[derive(Default)]
struct Waiting {
    queue: VecDeque<Item>,
    subs: HashMap<Arc<str>, Sub>,
}

struct Sub {
    topic: Arc<Topic>,
    queued: usize,
    /// The latest state is to be sent, and nothing before it.
    behind: bool,
    sent: u64,
}

enum Item {
    Frame {
        sub: Arc<str>,
        frame: Arc<Frame>,
    },
    Latest {
        sub: Arc<str>,
    },
    /// Errors, already whole.
    Text(String),
}

/// A message on its way out.
pub struct Outgoing {
    pub text: Utf8Bytes,
    /// Of which subscription, kind and seq; none for errors.
    pub of: Option<(Arc<str>, Kind, u64)>,
}

impl Outbox {
    pub fn new(limit: usize) -> Arc<Outbox> {
        Arc::new(Outbox { limit: limit.max(1), inner: Mutex::default(), news: Notify::new() })
    }

    pub fn subscriptions(&self) -> usize {
        self.lock().subs.len()
    }

    pub fn topics(&self) -> Vec<(Arc<str>, Key)> {
        self.lock().subs.iter().map(|(sub, state)| (sub.clone(), state.topic.key.clone())).collect()
    }

    pub fn subscribe(self: &Arc<Self>, sub: &str, topic: Arc<Topic>, from: Option<u64>) -> bool {
        let sub: Arc<str> = sub.into();
        {
            let mut inner = self.lock();
            if inner.subs.contains_key(&sub) {
                return false;
            }
            inner.subs.insert(sub.clone(), Sub { topic: topic.clone(), queued: 0, behind: false, sent: from.unwrap_or(0) });
        }
        topic.add(self, &sub, from);
        true
    }

    pub fn unsubscribe(self: &Arc<Self>, sub: &str) -> bool {
        let removed = {
            let mut inner = self.lock();
            inner.drop_queued(sub);
            inner.subs.remove(sub)
        };
        let Some(state) = removed else { return false };
        state.topic.remove(self, sub);
        true
    }

    pub fn unsubscribe_all(self: &Arc<Self>) {
        for (sub, _) in self.topics() {
            self.unsubscribe(&sub);
        }
    }

    pub(super) fn push(&self, sub: &Arc<str>, frame: &Arc<Frame>) {
        let mut inner = self.lock();
        let Some(state) = inner.subs.get_mut(sub) else { return };
        if state.behind {
            return;
        }
        if state.queued < self.limit {
            state.queued += 1;
            inner.queue.push_back(Item::Frame { sub: sub.clone(), frame: frame.clone() });
        } else {
            state.behind = true;
            state.queued = 0;
            inner.drop_queued(sub);
            inner.queue.push_back(Item::Latest { sub: sub.clone() });
            ::metrics::counter!(metrics::LIVE_CONFLATIONS).increment(1);
        }
        drop(inner);
        self.news.notify_one();
    }

    /// For errors. When the reader does not take even those, further ones are dropped.
    pub fn push_text(&self, text: String) {
        let mut inner = self.lock();
        if inner.queue.iter().filter(|item| matches!(item, Item::Text(_))).count() < self.limit {
            inner.queue.push_back(Item::Text(text));
        }
        drop(inner);
        self.news.notify_one();
    }

    pub fn pop(&self) -> Option<Outgoing> {
        loop {
            let (sub, topic) = {
                let mut inner = self.lock();
                match inner.queue.pop_front()? {
                    Item::Text(text) => return Some(Outgoing { text: text.into(), of: None }),
                    Item::Frame { sub, frame } => {
                        let Some(state) = inner.subs.get_mut(&sub) else { continue };
                        state.queued = state.queued.saturating_sub(1);
                        // Older than the state sent in between. A seq of another numbering is no reason to skip.
                        if frame.seq <= state.sent && frame.kind == Kind::Delta {
                            continue;
                        }
                        state.sent = frame.seq;
                        return Some(Outgoing::new(&sub, &frame));
                    }
                    Item::Latest { sub } => {
                        let Some(state) = inner.subs.get_mut(&sub) else { continue };
                        // From here on deltas are queued again: one already in the state is skipped above.
                        state.behind = false;
                        let topic = state.topic.clone();
                        (sub, topic)
                    }
                }
            };
            let frame = topic.latest();
            if let Some(state) = self.lock().subs.get_mut(&sub) {
                state.sent = frame.seq;
                return Some(Outgoing::new(&sub, &frame));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn drop_queued(&mut self, sub: &str) {
        self.queue.retain(|item| match item {
            Item::Frame { sub: of, .. } | Item::Latest { sub: of } => **of != *sub,
            Item::Text(_) => true,
        });
    }
}

impl Outgoing {
    fn new(sub: &Arc<str>, frame: &Frame) -> Outgoing {
        Outgoing { text: frame.message(sub), of: Some((sub.clone(), frame.kind, frame.seq)) }
    }
}
