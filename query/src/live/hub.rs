//! All topics and how many read them.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use super::topic::{Key, State, Topic};
use crate::Error;
use crate::config::LiveConfig;
use crate::metrics;
use crate::share::{Share, Shares};

/// A client wants a topic: the live task brings it up to date and hands it over.
pub struct Open {
    pub key: Key,
    pub reply: oneshot::Sender<Arc<Topic>>,
}

pub struct Hub {
    config: LiveConfig,
    topics: Mutex<HashMap<Key, Arc<Topic>>>,
    connections: AtomicUsize,
    shares: Arc<Shares>,
    opens: mpsc::Sender<Open>,
    waiting: Mutex<Option<mpsc::Receiver<Open>>>,
}

impl Hub {
    pub fn new(config: LiveConfig) -> Arc<Hub> {
        let (opens, waiting) = mpsc::channel(256);
        let waiting = Mutex::new(Some(waiting));
        let (shares, connections) = (Shares::new(config.max_connections_per_token), AtomicUsize::new(0));
        Arc::new(Hub { config, topics: Mutex::default(), connections, shares, opens, waiting })
    }

    /// For the live task, once.
    pub fn take_opens(&self) -> Option<mpsc::Receiver<Open>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub async fn open(&self, key: Key) -> Result<Arc<Topic>, Error> {
        let away = || Error::Unavailable("the live feed is not running".into());
        let (reply, topic) = oneshot::channel();
        self.opens.send(Open { key, reply }).await.map_err(|_| away())?;
        topic.await.map_err(|_| away())
    }

    /// Makes a topic; None when there are too many.
    pub fn create(&self, key: &Key, data: Arc<dyn State>) -> Option<Arc<Topic>> {
        let mut topics = self.lock();
        if topics.len() >= self.config.max_topics {
            return None;
        }
        let topic = Arc::new(Topic::new(key.clone(), data, first_seq(), self.config.ring));
        topics.insert(key.clone(), topic.clone());
        ::metrics::gauge!(metrics::LIVE_TOPICS).set(topics.len() as f64);
        Some(topic)
    }

    /// Forgets topics nobody has listened to for long.
    pub fn forget_idle(&self) -> Vec<Key> {
        let mut topics = self.lock();
        let idle: Vec<Key> = topics
            .values()
            .filter(|topic| topic.idle().is_some_and(|since| since.elapsed() > self.config.idle_topic))
            .map(|topic| topic.key.clone())
            .collect();
        for key in &idle {
            topics.remove(key);
        }
        if !idle.is_empty() {
            ::metrics::gauge!(metrics::LIVE_TOPICS).set(topics.len() as f64);
        }
        idle
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// A place for one more connection of the token, given back when dropped.
    pub fn connect(self: &Arc<Self>, token: &str) -> Result<Connection, Error> {
        const WHAT: &str = "live connections";
        let limit = self.shares.each();
        let own = self.shares.take(token).ok_or(Error::TooMany { code: "too_many_connections", what: WHAT, limit })?;
        let before = self.connections.fetch_add(1, Ordering::Relaxed);
        let connection = Connection { hub: self.clone(), _own: own };
        ::metrics::gauge!(metrics::LIVE_CONNECTIONS).set((before + 1) as f64);
        if before >= self.config.max_connections {
            return Err(Error::Busy { what: WHAT, limit: self.config.max_connections });
        }
        Ok(connection)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Topic>>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A topic's numbers begin anywhere: a client that comes back with one of another process, or of a topic that was forgotten
/// meanwhile, must not be given this one's messages as if they were what it missed. JSON's numbers are whole up to twice this.
fn first_seq() -> u64 {
    RandomState::new().build_hasher().finish() >> 12
}

pub struct Connection {
    hub: Arc<Hub>,
    _own: Share,
}

impl Drop for Connection {
    fn drop(&mut self) {
        let before = self.hub.connections.fetch_sub(1, Ordering::Relaxed);
        ::metrics::gauge!(metrics::LIVE_CONNECTIONS).set(before.saturating_sub(1) as f64);
    }
}

/// A message that is no topic's: an error about a subscription or about what the client sent.
#[derive(Serialize)]
pub struct ErrorMessage<'a> {
    pub r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<&'a str>,
    pub code: &'static str,
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::super::outbox::{Outbox, Outgoing};
    use super::*;

    fn state(v: u64) -> Arc<dyn State> {
        Arc::new(serde_json::json!({ "v": v }))
    }

    fn topic() -> Arc<Topic> {
        Arc::new(Topic::new(Key::Org, state(0), 100, 4))
    }

    fn publish(topic: &Topic, v: u64) {
        topic.publish(state(v), Some(state(v).json()));
    }

    /// All that waits, as "kind seq".
    fn drain(outbox: &Outbox) -> String {
        let one = |m: Outgoing| m.of.map_or("error".into(), |(_, kind, seq)| format!("{} {seq}", kind.as_str()));
        std::iter::from_fn(|| outbox.pop()).map(one).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_reader_gets_a_snapshot_then_deltas() {
        let (topic, outbox) = (topic(), Outbox::new(8));
        outbox.subscribe("a", topic.clone(), None);
        publish(&topic, 1);
        publish(&topic, 2);
        assert_eq!(outbox.pop().unwrap().text.as_str(), r#"{"sub":"a","type":"snapshot","seq":100,"data":{"v":0}}"#);
        assert_eq!(outbox.pop().unwrap().text.as_str(), r#"{"sub":"a","type":"delta","seq":101,"data":{"v":1}}"#);
        assert_eq!(drain(&outbox), "delta 102");
    }

    #[test]
    fn resuming_gives_the_missed_deltas_or_a_snapshot() {
        let topic = topic();
        (1..=6).for_each(|v| publish(&topic, v));
        let check = |from: u64, expected: &str| {
            let outbox = Outbox::new(8);
            outbox.subscribe("a", topic.clone(), Some(from));
            assert_eq!(drain(&outbox), expected, "from {from}");
        };
        check(106, "");
        check(104, "delta 105, delta 106");
        check(102, "delta 103, delta 104, delta 105, delta 106");
        check(101, "snapshot 106"); // out of the ring
        check(200, "snapshot 106"); // of another numbering
        check(3, "snapshot 106");
    }

    #[test]
    fn the_ring_is_bounded_by_bytes_too() {
        let topic = Arc::new(Topic::new(Key::Me("p".into()), state(0), 100, 1_000));
        let large = Arc::new(serde_json::json!("x".repeat(5_000)));
        (0..10).for_each(|_| topic.publish(large.clone(), Some(large.json())));
        let outbox = Outbox::new(64);
        outbox.subscribe("a", topic.clone(), Some(107));
        assert_eq!(drain(&outbox), "delta 108, delta 109, delta 110");
        outbox.subscribe("b", topic, Some(106));
        assert_eq!(drain(&outbox), "snapshot 110");
    }

    #[test]
    fn a_slow_reader_is_set_to_the_latest_state() {
        let (topic, outbox) = (topic(), Outbox::new(3));
        outbox.subscribe("a", topic.clone(), None);
        (1..=9).for_each(|v| publish(&topic, v));
        let message = outbox.pop().unwrap();
        assert_eq!(message.text.as_str(), r#"{"sub":"a","type":"snapshot","seq":109,"data":{"v":9}}"#);
        publish(&topic, 10);
        assert_eq!(drain(&outbox), "delta 110");
    }

    #[test]
    fn subscriptions_of_one_reader_do_not_crowd_each_other_out() {
        let (busy, calm, outbox) = (topic(), topic(), Outbox::new(2));
        outbox.subscribe("busy", busy.clone(), None);
        outbox.subscribe("calm", calm.clone(), None);
        (1..=5).for_each(|v| publish(&busy, v));
        publish(&calm, 1);
        assert_eq!(drain(&outbox), "snapshot 100, snapshot 105, delta 101");
        assert!(outbox.unsubscribe("busy") && !outbox.unsubscribe("busy"));
        assert!(!busy.has_readers() && calm.has_readers());
    }

    #[test]
    fn messages_named_like_the_topic_share_one_buffer() {
        let topic = topic();
        publish(&topic, 1);
        let frame = topic.latest();
        assert_eq!(frame.message("org").as_str().as_ptr(), frame.message("org").as_str().as_ptr());
        assert_ne!(frame.message("a").as_str().as_ptr(), frame.message("org").as_str().as_ptr());
    }

    #[test]
    fn numbers_of_a_forgotten_topic_or_another_process_give_a_snapshot() {
        let config = LiveConfig { idle_topic: std::time::Duration::ZERO, ..LiveConfig::default() };
        let (hub, elsewhere) = (Hub::new(config.clone()), Hub::new(config));
        let topic = hub.create(&Key::Org, state(0)).unwrap();
        publish(&topic, 1);
        let last = topic.latest().seq;
        std::thread::sleep(std::time::Duration::from_millis(2));
        assert_eq!(hub.forget_idle(), [Key::Org]);
        let outbox = Outbox::new(2);
        for (sub, hub) in [("again", &hub), ("of another process", &elsewhere)] {
            let topic = hub.create(&Key::Org, state(0)).unwrap();
            publish(&topic, 1);
            let seq = topic.latest().seq;
            outbox.subscribe(sub, topic, Some(last));
            assert!(drain(&outbox).ends_with(&format!("snapshot {seq}")), "{sub}");
            assert!(seq < 1 << 53 && seq.abs_diff(last) > 1_000_000, "{sub}: {seq}, {last}");
        }
    }

    #[test]
    fn connections_are_bounded_and_given_back() {
        let hub = Hub::new(LiveConfig { max_connections: 2, max_connections_per_token: 1, ..LiveConfig::default() });
        let (one, two) = (hub.connect("a").unwrap(), hub.connect("b").unwrap());
        assert!(matches!(hub.connect("a"), Err(Error::TooMany { limit: 1, .. })), "its own share");
        assert!(matches!(hub.connect("c"), Err(Error::Busy { limit: 2, .. })), "everybody's");
        drop(one);
        assert!(hub.connect("c").is_ok());
        drop(two);
        assert_eq!(hub.connections(), 0);
    }
}
