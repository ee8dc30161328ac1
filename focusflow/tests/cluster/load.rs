//! Producers: they send batches, and send again until they have an answer that says it is done.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::Client;
use tokio::task::JoinHandle;

use crate::node::Doors;

/// Requests on their way at a time.
const SENDERS: usize = 4;
/// Every so many batches a producer is not sure, and sends what was acknowledged once more.
const UNSURE_EVERY: usize = 9;
/// Of all that most tests send: then it comes again, as long as something is done to the cluster.
pub const ROUND: Duration = Duration::from_secs(40);
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
    ends: Arc<AtomicBool>,
    total: usize,
}

impl Load {
    /// Sends all of it, spread evenly over so long, and then again from the start (which changes nothing), until `finish`.
    pub fn start(http: &Client, token: &str, doors: &Doors, batches: Vec<String>, over: Duration) -> Load {
        let total = batches.len();
        let (batches, next, done) = (Arc::new(batches), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let ends = Arc::new(AtomicBool::new(false));
        let began = Instant::now();
        let sender = || {
            let producer = Producer { http: http.clone(), token: token.to_owned(), doors: doors.clone() };
            let (batches, next, done, ends) = (batches.clone(), next.clone(), done.clone(), ends.clone());
            tokio::spawn(async move {
                let mut sent = Sent::default();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let due = began + over.mul_f64(at as f64 / total as f64);
                    while Instant::now() < due && !ends.load(Ordering::Relaxed) {
                        tokio::time::sleep((due - Instant::now()).min(PAUSE)).await;
                    }
                    if at >= total && ends.load(Ordering::Relaxed) {
                        return sent;
                    }
                    let times = if at.is_multiple_of(UNSURE_EVERY) { 2 } else { 1 };
                    for time in 0..times {
                        producer.send(at + time, &batches[at % total], &mut sent).await;
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        Load { senders: (0..SENDERS).map(|_| sender()).collect(), done, ends, total }
    }

    /// When so much of it was acknowledged.
    pub async fn reaches(&self, share: f64) {
        while (self.done.load(Ordering::Relaxed) as f64) < share * self.total as f64 {
            assert!(self.senders.iter().all(|sender| !sender.is_finished()), "a producer gave up");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Sends what is left of it as fast as it goes; then all of it is acknowledged.
    pub async fn finish(self) -> Sent {
        self.ends.store(true, Ordering::Relaxed);
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
