//! The consumer group: it says which partitions are this process's, and reads nothing.
//!
//! Cooperative: a partition that stays is not interrupted, one that moves is let go of by its owner before another gets it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::statistics::Statistics;
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::mpsc;
use tokio::sync::oneshot::error::TryRecvError;

use super::client::{LOOK_EVERY, Plain, blocking};
use super::config::Config;
use super::error::from_kafka;
use crate::assignment::Lost;
use crate::memory::lock;
use crate::{Assignment, Change, Cure, Error, Topic};

/// How often what was released is told to the group.
const COMMIT_EVERY: Duration = Duration::from_secs(2);
/// Changes that wait to be heard.
const CHANGES: usize = 64;

/// The memberships of this process: one, as a rule.
pub(super) struct Members {
    config: Arc<Config>,
    released: Arc<Released>,
    running: Mutex<Vec<Running>>,
}

type Released = Mutex<BTreeMap<u32, u64>>;

struct Running {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Members {
    pub fn new(config: Arc<Config>) -> Members {
        Members { config, released: Arc::default(), running: Mutex::default() }
    }

    pub fn join(&self) -> Result<Assignment, Error> {
        let (changes, hear) = mpsc::channel(CHANGES);
        let stop = Arc::new(AtomicBool::new(false));
        let context = Context {
            plain: Plain::new("member"),
            config: self.config.clone(),
            changes,
            released: self.released.clone(),
            answered: AtomicBool::new(false),
        };
        let complaint = context.plain.complaint.clone();
        let failed = |e| from_kafka(&self.config, &format!("joining the group {}", self.config.group), &e, &complaint);
        let client = BaseConsumer::from_config_and_context(&self.config.member(), context).map_err(failed)?;
        client.subscribe(&[self.config.topic(Topic::Events)]).map_err(failed)?;
        let thread = {
            let stop = stop.clone();
            std::thread::Builder::new().name("kafka-member".into()).spawn(move || serve(&client, &stop))
        };
        let thread = thread.map_err(|error| Error::Unavailable(format!("cannot start a thread for the group: {error}")))?;
        let mut running = lock(&self.running);
        running.retain(|r| !r.thread.is_finished());
        running.push(Running { stop, thread });
        Ok(Assignment::following(hear))
    }

    pub fn release(&self, partition: u32, offset: u64) {
        note(&self.released, partition, offset);
    }

    /// Leaves the group.
    pub async fn close(&self) {
        let running = std::mem::take(&mut *lock(&self.running));
        running.iter().for_each(|r| r.stop.store(true, Ordering::Relaxed));
        let wait = move || {
            running.into_iter().for_each(|r| drop(r.thread.join()));
            Ok(())
        };
        blocking(wait).await.ok();
    }
}

impl Drop for Members {
    fn drop(&mut self) {
        lock(&self.running).iter().for_each(|r| r.stop.store(true, Ordering::Relaxed));
    }
}

fn note(released: &Released, partition: u32, offset: u64) {
    let mut released = lock(released);
    let known = released.entry(partition).or_default();
    *known = offset.max(*known);
}

/// Until told to stop or nobody listens any more. Dropping the client at the end leaves the group.
fn serve(client: &BaseConsumer<Context>, stop: &AtomicBool) {
    let context = client.context();
    let mut committed = Instant::now();
    while !stop.load(Ordering::Relaxed) && !context.changes.is_closed() {
        if let Some(Err(error)) = client.poll(LOOK_EVERY) {
            let doing = format!("working in the group {}", context.config.group);
            let error = from_kafka(&context.config, &doing, &error, &context.plain.complaint);
            if error.cure() == Cure::Stop {
                context.changes.blocking_send(Err(error)).ok();
                return;
            }
            tracing::warn!(%error, "the group goes on");
        }
        if committed.elapsed() >= COMMIT_EVERY {
            committed = Instant::now();
            if let Ok(owned) = client.assignment() {
                context.commit(client, &context.partitions(&owned));
            }
        }
    }
}

struct Context {
    plain: Plain,
    config: Arc<Config>,
    changes: mpsc::Sender<Result<Change, Error>>,
    released: Arc<Released>,
    /// The group has said once what is ours.
    answered: AtomicBool,
}

impl Context {
    fn partitions(&self, list: &TopicPartitionList) -> Vec<u32> {
        let events = self.config.topic(Topic::Events);
        let ours = list.elements().into_iter().filter(|e| e.topic() == events);
        ours.filter_map(|e| u32::try_from(e.partition()).ok()).collect()
    }

    /// A hint for those who watch the group's lag; so a failure is of no consequence.
    fn commit(&self, client: &BaseConsumer<Context>, partitions: &[u32]) {
        let mut list = TopicPartitionList::new();
        {
            let mut released = lock(&self.released);
            for partition in partitions {
                if let Some(offset) = released.remove(partition) {
                    let offset = Offset::Offset(offset as i64);
                    list.add_partition_offset(self.config.topic(Topic::Events), *partition as i32, offset).ok();
                }
            }
        }
        if list.count() > 0
            && let Err(error) = client.commit(&list, CommitMode::Async)
        {
            tracing::debug!(%error, "the group's offsets were not committed");
        }
    }

    /// Returns when the owner has let go, or has had time enough.
    fn let_go(&self, client: &BaseConsumer<Context>, partitions: Vec<u32>) {
        let is_late = client.assignment_lost();
        let (lost, mut gone) = Lost::new(partitions.clone(), is_late);
        // Nobody listens: nobody works on them.
        if self.changes.blocking_send(Ok(Change::Lost(lost))).is_err() || is_late {
            return;
        }
        let until = Instant::now() + self.config.handover_timeout;
        while gone.try_recv() == Err(TryRecvError::Empty) {
            if Instant::now() >= until {
                tracing::warn!(?partitions, "partitions were not let go of in time; the store will refuse what comes late");
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.commit(client, &partitions);
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.plain.log(level, facility, message);
    }

    fn stats(&self, statistics: Statistics) {
        self.plain.stats(statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.plain.error(error, reason);
    }
}

impl ConsumerContext for Context {
    fn pre_rebalance(&self, client: &BaseConsumer<Context>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(list) = rebalance {
            let partitions = self.partitions(list);
            if !partitions.is_empty() {
                tracing::info!(?partitions, group = self.config.group, "partitions go");
                self.let_go(client, partitions);
            }
        }
    }

    /// What the group did not take is told again.
    fn commit_callback(&self, result: KafkaResult<()>, offsets: &TopicPartitionList) {
        let Err(error) = result else { return };
        tracing::debug!(%error, "the group's offsets were not committed");
        for element in offsets.elements() {
            if let (Ok(partition), Offset::Offset(offset)) = (u32::try_from(element.partition()), element.offset()) {
                note(&self.released, partition, offset.unsigned_abs());
            }
        }
    }

    fn post_rebalance(&self, client: &BaseConsumer<Context>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(list) = rebalance {
            let partitions = self.partitions(list);
            if self.answered.swap(true, Ordering::Relaxed) && partitions.is_empty() {
                return;
            }
            // What was released when they were ours before is behind what others have released since.
            lock(&self.released).retain(|partition, _| !partitions.contains(partition));
            if let Err(error) = client.pause(list) {
                tracing::warn!(%error, "the group's own reading could not be paused");
            }
            tracing::info!(?partitions, group = self.config.group, "partitions come");
            // Nobody listens: the group is about to be left.
            self.changes.blocking_send(Ok(Change::Gained(partitions))).ok();
        }
    }
}
