//! Reading by partition and offset, from one client that fetches ahead into a bounded queue for each partition.
//!
//! Partitions that nobody reads any more are let go of, and what was fetched for them with it.

mod seat;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};
use tokio::time::Instant;

use self::seat::{Guard, Seat, Take};
use super::client::{LOOK_EVERY, Plain, blocking};
use super::config::Config;
use super::error::from_kafka;
use crate::memory::lock;
use crate::{Error, Records, Topic};

/// A reader that waits lets others at the same partition in this often.
const SLICE: Duration = Duration::from_millis(250);
/// An empty answer is as good as one that asked for the end so long ago.
const CONFIRMED_FOR: Duration = Duration::from_secs(1);
/// A partition not read for so long is not fetched any more.
const IDLE: Duration = Duration::from_secs(60);
const MAX_STALE_ERRORS: u32 = 5;

pub(super) struct Reader {
    config: Arc<Config>,
    seats: Arc<[Vec<Seat>; Topic::ALL.len()]>,
    running: Mutex<Option<Running>>,
    closed: Arc<AtomicBool>,
    partitions: u32,
}

struct Running {
    client: Arc<BaseConsumer<Plain>>,
    thread: JoinHandle<()>,
}

impl Reader {
    pub fn new(config: Arc<Config>, partitions: [u32; Topic::ALL.len()]) -> Reader {
        let seats = Topic::ALL.map(|topic| {
            let name: Arc<str> = config.topic(topic).into();
            (0..partitions[topic as usize]).map(|partition| Seat::new(name.clone(), partition as i32)).collect()
        });
        let partitions = partitions[Topic::Events as usize];
        Reader { config, seats: Arc::new(seats), running: Mutex::default(), closed: Arc::default(), partitions }
    }

    /// `partition` is known.
    pub async fn read(
        &self,
        topic: Topic,
        partition: u32,
        from: u64,
        max_bytes: usize,
        wait: Duration,
    ) -> Result<Records, Error> {
        let client = self.client()?;
        let seat = &self.seats[topic as usize][partition as usize];
        let reading = Reading { reader: self, client, topic, partition, from, max_bytes };
        let deadline = Instant::now() + wait;
        let mut errors = 0;
        loop {
            let mut guard = seat.sit().await;
            match guard.take(&reading.client, reading.take(deadline.min(Instant::now() + SLICE), false)).await {
                Ok(Some(records)) => return Ok(records),
                Ok(None) if Instant::now() < deadline => {}
                Ok(None) if !wait.is_zero() && guard.is_confirmed(CONFIRMED_FOR) => return Ok(reading.nothing_up_to(from)),
                Ok(None) => return reading.look_for_the_end(&mut guard).await,
                Err(error) => {
                    errors += 1;
                    reading.explain(&error, errors).await?;
                }
            }
        }
    }

    /// Two questions, and not librdkafka's one for both: where one half of that fails, it takes the other half's answer for both.
    pub async fn range(&self, topic: Topic, partition: u32) -> Result<Range<u64>, Error> {
        let start = self.edges(topic, &[partition], Offset::Beginning).await?;
        let end = self.edges(topic, &[partition], Offset::End).await?;
        Ok(start[0]..end[0])
    }

    pub async fn ends(&self, topic: Topic, partitions: &[u32]) -> Result<Vec<u64>, Error> {
        self.edges(topic, partitions, Offset::End).await
    }

    /// Where each of them begins, or ends: one request to each leader, whatever the number of partitions.
    async fn edges(&self, topic: Topic, partitions: &[u32], edge: Offset) -> Result<Vec<u64>, Error> {
        let (client, config, partitions) = (self.client()?, self.config.clone(), partitions.to_vec());
        blocking(move || {
            let name = config.topic(topic);
            let failed = |e| from_kafka(&config, &format!("asking how far {name} goes"), &e, &client.context().complaint);
            let mut list = TopicPartitionList::new();
            for partition in &partitions {
                // In place of a time.
                list.add_partition_offset(name, *partition as i32, edge).map_err(failed)?;
            }
            let found = of_leaders(&config, &client, name, |wait| {
                let found = client.offsets_for_times(list.clone(), wait)?;
                found.elements().iter().try_for_each(|element| element.error())?;
                Ok(found)
            });
            let found = found.map_err(failed)?;
            let place = |partition: &u32| match found.find_partition(name, *partition as i32).map(|element| element.offset()) {
                Some(Offset::Offset(place)) => Ok(place.unsigned_abs()),
                _ => Err(Error::Unavailable(format!("nobody says how far {name}/{partition} goes; has it a leader?"))),
            };
            partitions.iter().map(place).collect()
        })
        .await
    }

    /// Made by the first to read.
    fn client(&self) -> Result<Arc<BaseConsumer<Plain>>, Error> {
        let mut running = lock(&self.running);
        if self.closed.load(Ordering::Relaxed) {
            return Err(Error::Closed);
        }
        if let Some(running) = &*running {
            return Ok(running.client.clone());
        }
        let context = Plain::new("reader");
        let complaint = context.complaint.clone();
        let client = BaseConsumer::from_config_and_context(&self.config.reader(self.partitions), context);
        let client = Arc::new(client.map_err(|e| from_kafka(&self.config, "reading from Kafka", &e, &complaint))?);
        let thread = {
            let (client, seats, closed) = (client.clone(), self.seats.clone(), self.closed.clone());
            let serve = move || serve(&client, seats.as_slice(), &closed);
            std::thread::Builder::new().name("kafka-reader".into()).spawn(serve)
        };
        let thread = thread.map_err(|error| Error::Unavailable(format!("cannot start a thread to read: {error}")))?;
        *running = Some(Running { client: client.clone(), thread });
        Ok(client)
    }

    pub async fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        let running = lock(&self.running).take();
        if let Some(running) = running {
            drop(running.client);
            let end = move || {
                drop(running.thread.join());
                Ok(())
            };
            blocking(end).await.ok();
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
    }
}

/// One call of `read`.
struct Reading<'a> {
    reader: &'a Reader,
    client: Arc<BaseConsumer<Plain>>,
    topic: Topic,
    partition: u32,
    from: u64,
    max_bytes: usize,
}

impl Reading<'_> {
    fn take(&self, until: Instant, or_end: bool) -> Take {
        Take { from: self.from, max_bytes: self.max_bytes, until, or_end }
    }

    fn nothing_up_to(&self, offset: u64) -> Records {
        Records::default().with_base(offset)
    }

    async fn range(&self) -> Result<Range<u64>, Error> {
        let range = self.reader.range(self.topic, self.partition).await?;
        if self.from < range.start || self.from > range.end {
            return Err(Error::OutOfRange { offset: self.from, start: range.start, end: range.end });
        }
        Ok(range)
    }

    /// Nothing came: that is the end, or it is on its way, or there is nothing up to the end but holes.
    async fn look_for_the_end(&self, guard: &mut Guard<'_>) -> Result<Records, Error> {
        let end = self.range().await?.end;
        if self.from == end {
            guard.confirm();
            return Ok(self.nothing_up_to(end));
        }
        let wait = self.reader.config.request_timeout;
        // The second time from a fresh start: where that comes to an end, the end is not before the one just asked for.
        for (until, or_end) in [(SLICE, false), (wait, true)] {
            match guard.take(&self.client, self.take(Instant::now() + until, or_end)).await {
                Ok(Some(records)) if records.is_empty() => return Ok(self.nothing_up_to(end)),
                Ok(Some(records)) => return Ok(records),
                Ok(None) => guard.leave(&self.client),
                Err(error) => self.explain(&error, 1).await?,
            }
        }
        let (name, partition, from) = (self.reader.config.topic(self.topic), self.partition, self.from);
        Err(Error::Unavailable(format!(
            "reading {name}/{partition}: nothing came from offset {from} on within {wait:?}, though the log goes to {end}; is its leader overloaded?"
        )))
    }

    /// Ok when it is worth another try at once: that a position is not there may be said of the position before.
    async fn explain(&self, error: &KafkaError, errors: u32) -> Result<(), Error> {
        self.range().await?;
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AutoOffsetReset) && errors < MAX_STALE_ERRORS {
            return Ok(());
        }
        let doing = format!("reading {}/{}", self.reader.config.topic(self.topic), self.partition);
        Err(from_kafka(&self.reader.config, &doing, error, &self.client.context().complaint))
    }
}

/// The answer of partitions' leaders. While one is just being made or is moving, whoever was asked says that it is not the one.
fn of_leaders<T>(
    config: &Config,
    client: &BaseConsumer<Plain>,
    topic: &str,
    ask: impl Fn(Duration) -> Result<T, KafkaError>,
) -> Result<T, KafkaError> {
    let until = Instant::now() + config.request_timeout;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match ask(left) {
            Err(error) if left > LOOK_EVERY && error.rdkafka_error_code().is_some_and(is_of_no_leader) => {
                std::thread::sleep(LOOK_EVERY);
                // Whom to ask next; should that fail, the next question tells why.
                drop(client.fetch_metadata(Some(topic), left - LOOK_EVERY));
            }
            answer => return answer,
        }
    }
}

fn is_of_no_leader(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode::{
        FencedLeaderEpoch, LeaderNotAvailable, NotLeaderForPartition, OffsetNotAvailable, UnknownLeaderEpoch,
    };
    matches!(code, NotLeaderForPartition | LeaderNotAvailable | OffsetNotAvailable | FencedLeaderEpoch | UnknownLeaderEpoch)
}

/// Serves the client's own events; records come by the seats' queues.
fn serve(client: &Arc<BaseConsumer<Plain>>, seats: &[Vec<Seat>], closed: &AtomicBool) {
    let mut swept = Instant::now();
    while !closed.load(Ordering::Relaxed) {
        // Errors were heard by the context.
        drop(client.poll(LOOK_EVERY));
        if swept.elapsed() >= IDLE / 4 {
            swept = Instant::now();
            seats.iter().flatten().for_each(|seat| seat.leave_when_idle(client, IDLE));
        }
    }
    seats.iter().flatten().for_each(|seat| seat.leave_when_idle(client, Duration::ZERO));
}
