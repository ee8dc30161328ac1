//! Producers: they send batches, and send again until they have an answer that says it is done.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::Client;
use tokio::task::JoinHandle;

use crate::node::Doors;

/// Requests on their way at a time.
const SENDERS: usize = 4;
/// Every so many batches a producer is not sure, and sends what was acknowledged once more.
const UNSURE_EVERY: usize = 9;
const PAUSE: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(240);

/// How sending went.
#[derive(Debug, Default, Clone)]
pub struct Sent {
    pub acknowledged: usize,
    /// Answers that ask to come back later, by status.
    pub later: BTreeMap<u16, usize>,
    /// Nobody listened there.
    pub unreachable: usize,
    /// The connection ended before the answer.
    pub cut_off: usize,
    /// Longest from the first try of a batch to its acknowledgement.
    pub slowest: Duration,
}

/// Sending that goes on beside the test.
pub struct Load {
    senders: Vec<JoinHandle<Sent>>,
    done: Arc<AtomicUsize>,
    total: usize,
}

impl Load {
    /// Sends all of it, spread evenly over so long.
    pub fn start(http: &Client, token: &str, doors: &Doors, batches: Vec<String>, over: Duration) -> Load {
        let total = batches.len();
        let (batches, next, done) = (Arc::new(batches), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let began = Instant::now();
        let sender = || {
            let producer = Producer { http: http.clone(), token: token.to_owned(), doors: doors.clone() };
            let (batches, next, done) = (batches.clone(), next.clone(), done.clone());
            tokio::spawn(async move {
                let mut sent = Sent::default();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(batch) = batches.get(at) else { return sent };
                    let due = began + over.mul_f64(at as f64 / batches.len() as f64);
                    tokio::time::sleep_until(due.into()).await;
                    let times = if at % UNSURE_EVERY == 0 { 2 } else { 1 };
                    for time in 0..times {
                        producer.send(at + time, batch, &mut sent).await;
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        Load { senders: (0..SENDERS).map(|_| sender()).collect(), done, total }
    }

    pub fn is_done(&self) -> bool {
        self.done.load(Ordering::Relaxed) == self.total
    }

    /// When so much of it was acknowledged.
    pub async fn reaches(&self, share: f64) {
        while (self.done.load(Ordering::Relaxed) as f64) < share * self.total as f64 {
            self.is_well();
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// All of it is acknowledged.
    pub async fn finish(self) -> Sent {
        let mut all = Sent::default();
        for sender in self.senders {
            let sent = sender.await.expect("every batch is taken in the end");
            all.acknowledged += sent.acknowledged;
            sent.later.iter().for_each(|(status, n)| *all.later.entry(*status).or_default() += n);
            all.unreachable += sent.unreachable;
            all.cut_off += sent.cut_off;
            all.slowest = all.slowest.max(sent.slowest);
        }
        all
    }

    fn is_well(&self) {
        let broken = self.senders.iter().any(|sender| sender.is_finished()) && !self.is_done();
        assert!(!broken || self.done.load(Ordering::Relaxed) + SENDERS > self.total, "a producer gave up");
    }
}

pub struct Producer {
    pub http: Client,
    pub token: String,
    pub doors: Doors,
}

impl Producer {
    /// Until it is acknowledged. What asks to come back later, and connections that break, are tried again; anything else is wrong.
    pub async fn send(&self, turn: usize, lines: &str, sent: &mut Sent) {
        let began = Instant::now();
        for attempt in 0.. {
            assert!(began.elapsed() < PATIENCE, "a batch was not taken in {PATIENCE:?}: {sent:?}");
            if attempt > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            let Some(door) = self.doors.any(turn + attempt) else { continue };
            let request = self.http.post(format!("{door}/v1/events")).bearer_auth(&self.token);
            let answer = match request.header("content-type", "application/x-ndjson").body(lines.to_owned()).send().await {
                Ok(answer) => answer,
                Err(error) if error.is_connect() => {
                    sent.unreachable += 1;
                    continue;
                }
                Err(_) => {
                    sent.cut_off += 1;
                    continue;
                }
            };
            let status = answer.status().as_u16();
            match status {
                202 => {
                    let Ok(body) = answer.text().await else {
                        sent.cut_off += 1;
                        continue;
                    };
                    assert!(body.contains("\"rejected\":[]"), "a good event was refused: {body}");
                    sent.acknowledged += 1;
                    sent.slowest = sent.slowest.max(began.elapsed());
                    return;
                }
                429 | 503 => {
                    assert!(answer.headers().contains_key("retry-after"), "{status} says when to come back");
                    *sent.later.entry(status).or_default() += 1;
                }
                _ => panic!("{door} answers {status}: {}", answer.text().await.unwrap_or_default()),
            }
        }
    }
}
