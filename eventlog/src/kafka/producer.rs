//! Appending: each record to its partition by the idempotent producer; an append is answered when its last record is.
//!
//! What may be on its way is bounded here, in bytes and by waiting, as the embedded log does.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rdkafka::client::ClientContext;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};
use rdkafka::statistics::Statistics;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::client::{Plain, blocking};
use super::config::Config;
use super::error::{from_code, from_kafka};
use crate::memory::lock;
use crate::metrics::{APPENDED_BYTES, APPENDED_RECORDS, FAILED_APPENDS};
use crate::{Error, Record, Records, Topic};

/// What a record costs on its way, besides its bytes.
const OVERHEAD: usize = 256;
/// Appends of more records are handed over off the async threads.
const INLINE_RECORDS: usize = 1_000;
pub(super) const SOURCE: &str = "source";
const APPENDING: &str = "appending to Kafka";

pub(super) struct Producer {
    shared: Arc<Shared>,
    room: Arc<Semaphore>,
    queue_bytes: usize,
}

struct Shared {
    config: Arc<Config>,
    /// Made by the first append; made anew after an error that a producer does not survive.
    client: Mutex<Option<Arc<ThreadedProducer<Context>>>>,
    /// One hand-over to a partition at a time, so that the records of one append stand together.
    lanes: [Vec<Mutex<()>>; Topic::ALL.len()],
}

/// One append on its way.
struct Append {
    left: AtomicUsize,
    outcome: Mutex<Outcome>,
}

struct Outcome {
    error: Option<Error>,
    share: Option<OwnedSemaphorePermit>,
    reply: Option<oneshot::Sender<Result<(), Error>>>,
}

impl Append {
    fn settle(&self, records: usize, error: Option<Error>) {
        if let Some(error) = error {
            lock(&self.outcome).error.get_or_insert(error);
        }
        if self.left.fetch_sub(records, Ordering::AcqRel) == records {
            let mut outcome = lock(&self.outcome);
            let result = outcome.error.take().map_or(Ok(()), Err);
            // First, so that whoever is answered finds the room.
            outcome.share = None;
            if let Some(reply) = outcome.reply.take() {
                // Nobody listens when the append was given up.
                reply.send(result).ok();
            }
        }
    }
}

impl Producer {
    pub fn new(config: Arc<Config>, partitions: [u32; Topic::ALL.len()]) -> Producer {
        let queue_bytes = config.queue_bytes.clamp(1, u32::MAX as usize);
        let lanes = partitions.map(|count| (0..count).map(|_| Mutex::new(())).collect());
        let shared = Arc::new(Shared { config, client: Mutex::new(None), lanes });
        Producer { shared, room: Arc::new(Semaphore::new(queue_bytes)), queue_bytes }
    }

    /// `batches` are known partitions with records.
    pub async fn append(&self, topic: Topic, mut batches: Vec<(u32, Records)>) -> Result<(), Error> {
        let records: usize = batches.iter().map(|(_, records)| records.len()).sum();
        let bytes: usize = batches.iter().map(|(_, records)| records.wire().len()).sum();
        self.shared.none_too_large(topic, &batches)?;
        let share = (bytes + records * OVERHEAD).min(self.queue_bytes) as u32;
        let share = self.room.clone().acquire_many_owned(share).await.map_err(|_| Error::Closed)?;
        let (reply, answer) = oneshot::channel();
        let outcome = Mutex::new(Outcome { error: None, share: Some(share), reply: Some(reply) });
        let append = Arc::new(Append { left: AtomicUsize::new(records), outcome });
        // Each partition once, its batches in the order given.
        batches.sort_by_key(|(partition, _)| *partition);
        let shared = self.shared.clone();
        let hand_over = move || {
            let client = shared.client()?;
            batches.chunk_by(|a, b| a.0 == b.0).for_each(|of_one| shared.send(&client, topic, of_one, &append));
            Ok(())
        };
        if records > INLINE_RECORDS {
            blocking(hand_over).await?
        } else {
            hand_over()?
        }
        let result = answer.await.unwrap_or(Err(Error::Closed));
        match &result {
            Ok(()) => {
                metrics::counter!(APPENDED_RECORDS, "topic" => topic.as_str()).increment(records as u64);
                metrics::counter!(APPENDED_BYTES, "topic" => topic.as_str()).increment(bytes as u64);
            }
            Err(_) => metrics::counter!(FAILED_APPENDS).increment(1),
        }
        result
    }

    #[cfg(test)]
    pub fn free_bytes(&self) -> usize {
        self.room.available_permits()
    }

    /// Takes no more and waits for the last.
    pub async fn close(&self) {
        self.room.close();
        let client = lock(&self.shared.client).take();
        if let Some(client) = client {
            let timeout = self.shared.config.delivery_timeout;
            let flush = move || client.flush(timeout).map_err(|e| Error::Unavailable(e.to_string()));
            if let Err(error) = blocking(flush).await {
                tracing::warn!(%error, "appends were on their way when the log closed");
            }
        }
    }
}

impl Shared {
    fn client(&self) -> Result<Arc<ThreadedProducer<Context>>, Error> {
        let mut client = lock(&self.client);
        match &*client {
            Some(usable) if usable.client().fatal_error().is_none() => Ok(usable.clone()),
            _ => {
                let context = Context::new(self.config.clone());
                let complaint = context.plain.complaint.clone();
                let made = ThreadedProducer::from_config_and_context(&self.config.producer(), context);
                let made = Arc::new(made.map_err(|e| from_kafka(&self.config, APPENDING, &e, &complaint))?);
                *client = Some(made.clone());
                Ok(made)
            }
        }
    }

    /// Brokers would say so as well, but of a record as compressed, and after they have taken others.
    fn none_too_large(&self, topic: Topic, batches: &[(u32, Records)]) -> Result<(), Error> {
        let max = self.config.max_bytes(topic);
        let sizes = batches.iter().flat_map(|(_, records)| records.iter().map(|r| r.key.len() + r.source.len() + r.value.len()));
        match sizes.max().filter(|size| *size > max) {
            Some(size) => {
                Err(Error::TooLarge(format!("it has {size} bytes, the topic {} takes {max}", self.config.topic(topic))))
            }
            None => Ok(()),
        }
    }

    /// `batches` of one partition.
    fn send(&self, client: &ThreadedProducer<Context>, topic: Topic, batches: &[(u32, Records)], append: &Arc<Append>) {
        let Some(partition) = batches.first().map(|(partition, _)| *partition) else { return };
        // There is one: partitions were looked at before.
        let Some(lane) = self.lanes[topic as usize].get(partition as usize) else { return };
        let _one = lock(lane);
        let mut left: usize = batches.iter().map(|(_, records)| records.len()).sum();
        for record in batches.iter().flat_map(|(_, records)| records.iter()) {
            let message = message(self.config.topic(topic), partition, &record, append.clone());
            if let Err((error, _)) = client.send(message) {
                let error = match client.client().fatal_error() {
                    Some((code, reason)) => from_code(&self.config, APPENDING, code, Some(&reason)),
                    None => client.context().failed(&error),
                };
                append.settle(left, Some(error));
                return;
            }
            left -= 1;
        }
    }
}

fn message<'a>(
    topic: &'a str,
    partition: u32,
    record: &Record<'a>,
    append: Arc<Append>,
) -> BaseRecord<'a, [u8], [u8], Arc<Append>> {
    let mut message = BaseRecord::with_opaque_to(topic, append)
        .partition(partition as i32)
        .payload(record.value)
        // Kafka takes 0 for "now" and refuses what is before 1970.
        .timestamp(record.timestamp_ms.max(1));
    if !record.key.is_empty() {
        message = message.key(record.key);
    }
    if !record.source.is_empty() {
        let header = Header { key: SOURCE, value: Some(record.source) };
        message = message.headers(OwnedHeaders::new_with_capacity(1).insert(header));
    }
    message
}

/// Hears how each record fared.
struct Context {
    plain: Plain,
    config: Arc<Config>,
}

impl Context {
    fn new(config: Arc<Config>) -> Context {
        Context { plain: Plain::new("producer"), config }
    }

    fn failed(&self, error: &KafkaError) -> Error {
        from_kafka(&self.config, APPENDING, error, &self.plain.complaint)
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

impl ProducerContext for Context {
    type DeliveryOpaque = Arc<Append>;

    fn delivery(&self, result: &DeliveryResult<'_>, append: Arc<Append>) {
        let error = result.as_ref().err().map(|(error, _)| self.failed(error));
        append.settle(1, error);
    }
}
