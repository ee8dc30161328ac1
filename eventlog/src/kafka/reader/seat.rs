//! One partition's place in the reader: its queue and how far it was read. One at a time sits in it.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::Message;
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers};
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::{Mutex, MutexGuard, Notify};
use tokio::time::{Instant, timeout_at};

use crate::kafka::client::Plain;
use crate::kafka::producer::SOURCE;
use crate::{Records, RecordsBuilder};

/// Others on this thread get a turn after so many records.
const YIELD_EVERY: usize = 1_000;
const SEEK_TIMEOUT: Duration = Duration::from_secs(2);
/// No position: whoever reads next seeks first.
const NOWHERE: u64 = u64::MAX;

pub(super) struct Seat {
    topic: Arc<str>,
    partition: i32,
    state: Mutex<State>,
    /// Something came into the queue.
    arrived: Arc<Notify>,
}

struct State {
    open: Option<Open>,
    /// When it was last certain how far the partition goes.
    confirmed: Option<Instant>,
    used: Instant,
}

struct Open {
    queue: PartitionQueue<Plain>,
    /// Where the last answer ended and the next is to begin.
    next: u64,
    /// A record that did not fit into the last answer.
    held: Option<Records>,
    /// The queue came to the end of the partition.
    at_end: bool,
}

#[derive(Clone, Copy)]
pub(super) struct Take {
    pub from: u64,
    pub max_bytes: usize,
    pub until: Instant,
    /// Give an empty answer at the end of the partition instead of waiting.
    pub or_end: bool,
}

pub(super) struct Guard<'a> {
    seat: &'a Seat,
    state: MutexGuard<'a, State>,
}

impl Seat {
    pub fn new(topic: Arc<str>, partition: i32) -> Seat {
        let state = State { open: None, confirmed: None, used: Instant::now() };
        Seat { topic, partition, state: Mutex::new(state), arrived: Arc::default() }
    }

    /// Waits for its turn, in order.
    pub async fn sit(&self) -> Guard<'_> {
        Guard { seat: self, state: self.state.lock().await }
    }

    pub fn leave_when_idle(&self, client: &BaseConsumer<Plain>, idle: Duration) {
        if let Ok(mut state) = self.state.try_lock()
            && state.used.elapsed() >= idle
        {
            self.leave(client, &mut state);
        }
    }

    fn leave(&self, client: &BaseConsumer<Plain>, state: &mut State) {
        if state.open.take().is_some()
            && let Err(error) = self.list(Offset::Invalid).and_then(|list| client.incremental_unassign(&list))
        {
            tracing::warn!(%error, topic = &*self.topic, partition = self.partition, "a partition could not be let go of");
        }
    }

    fn open(&self, client: &Arc<BaseConsumer<Plain>>, from: u64) -> Result<Open, KafkaError> {
        // Before anything is fetched for it; else that would be in the client's own queue.
        let queue = client.split_partition_queue(&self.topic, self.partition);
        let mut queue =
            queue.ok_or_else(|| KafkaError::Subscription(format!("no queue for {}/{}", self.topic, self.partition)))?;
        let arrived = self.arrived.clone();
        queue.set_nonempty_callback(move || arrived.notify_one());
        client.incremental_assign(&self.list(Offset::Offset(from as i64))?)?;
        Ok(Open { queue, next: from, held: None, at_end: false })
    }

    fn list(&self, offset: Offset) -> Result<TopicPartitionList, KafkaError> {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.topic, self.partition, offset)?;
        Ok(list)
    }
}

impl Guard<'_> {
    pub fn confirm(&mut self) {
        self.state.confirmed = Some(Instant::now());
    }

    pub fn is_confirmed(&self, within: Duration) -> bool {
        self.state.confirmed.is_some_and(|at| at.elapsed() < within)
    }

    /// The next fetch of this partition begins afresh.
    pub fn leave(&mut self, client: &BaseConsumer<Plain>) {
        self.seat.leave(client, &mut self.state);
    }

    /// What has come from `from` on; waits for it. None when nothing came in time.
    pub async fn take(&mut self, client: &Arc<BaseConsumer<Plain>>, take: Take) -> Result<Option<Records>, KafkaError> {
        self.state.used = Instant::now();
        let taken = self.try_take(client, take).await;
        if taken.is_err() {
            // An error of the client ends its fetching.
            self.leave(client);
        }
        taken
    }

    async fn try_take(&mut self, client: &Arc<BaseConsumer<Plain>>, take: Take) -> Result<Option<Records>, KafkaError> {
        self.go_to(client, take.from).await?;
        loop {
            let Some(open) = &mut self.state.open else { return Ok(None) };
            let records = open.drain(&take).await?;
            if !records.is_empty() {
                self.confirm();
                return Ok(Some(records));
            }
            if take.or_end && open.at_end {
                return Ok(Some(records));
            }
            if timeout_at(take.until, self.seat.arrived.notified()).await.is_err() {
                return Ok(None);
            }
        }
    }

    async fn go_to(&mut self, client: &Arc<BaseConsumer<Plain>>, from: u64) -> Result<(), KafkaError> {
        if self.state.open.as_ref().is_some_and(|open| open.next != from) {
            let (topic, partition, seeking) = (self.seat.topic.clone(), self.seat.partition, client.clone());
            if let Some(open) = &mut self.state.open {
                (open.next, open.held, open.at_end) = (NOWHERE, None, false);
            }
            // What was fetched for the old position the client drops by itself.
            let seek = move || seeking.seek(&topic, partition, Offset::Offset(from as i64), SEEK_TIMEOUT);
            match (tokio::task::spawn_blocking(seek).await, &mut self.state.open) {
                (Ok(Ok(())), Some(open)) => open.next = from,
                // It had not begun to fetch yet.
                _ => self.leave(client),
            }
        }
        if self.state.open.is_none() {
            self.state.open = Some(self.seat.open(client, from)?);
        }
        Ok(())
    }
}

impl Open {
    /// What is in the queue, up to a hole in the offsets.
    async fn drain(&mut self, take: &Take) -> Result<Records, KafkaError> {
        // Should this be dropped half-way.
        self.next = NOWHERE;
        let (mut builder, mut base) = (RecordsBuilder::default(), take.from);
        if let Some(held) = self.held.take() {
            base = held.base_offset();
            held.iter().for_each(|r| builder.push(r.timestamp_ms, r.key, r.source, r.value));
        }
        while let Some(polled) = self.queue.poll(Duration::ZERO) {
            let message = match polled {
                Ok(message) => message,
                Err(KafkaError::PartitionEOF(_)) => {
                    self.at_end = true;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let offset = message.offset().unsigned_abs();
            if builder.is_empty() {
                base = offset;
            } else if offset != base + builder.len() as u64 || builder.byte_len() + size(&message) > take.max_bytes {
                let mut one = RecordsBuilder::default();
                push(&mut one, &message);
                self.held = Some(one.finish().with_base(offset));
                break;
            }
            push(&mut builder, &message);
            drop(message);
            if builder.len().is_multiple_of(YIELD_EVERY) {
                tokio::task::yield_now().await;
            }
        }
        let records = builder.finish().with_base(base);
        self.next = records.next_offset();
        Ok(records)
    }
}

fn push(builder: &mut RecordsBuilder, message: &BorrowedMessage<'_>) {
    let timestamp = message.timestamp().to_millis().unwrap_or(0);
    builder.push(timestamp, key(message), source(message), message.payload().unwrap_or_default());
}

fn size(message: &BorrowedMessage<'_>) -> usize {
    RecordsBuilder::size_of(key(message), source(message), message.payload().unwrap_or_default())
}

/// A key too long for a record is nobody's name: as none at all it becomes a dead letter, cut short it would be somebody else's.
fn key<'a>(message: &'a BorrowedMessage<'_>) -> &'a [u8] {
    message.key().filter(|key| key.len() <= usize::from(u16::MAX)).unwrap_or_default()
}

/// Other producers send none.
fn source<'a>(message: &'a BorrowedMessage<'_>) -> &'a [u8] {
    let header = message.headers().and_then(|headers| headers.iter().find(|h| h.key == SOURCE));
    header.and_then(|h| h.value).unwrap_or_default()
}
