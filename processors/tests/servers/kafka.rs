//! Other producers at the topic of events: transactions, other partitioners, no keys, nonsense. What the processors make of
//! it, on the real Kafka, and in the same way on a log in memory.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eventlog::kafka::{Config as Topics, KafkaLog};
use eventlog::memory::MemoryLog;
use eventlog::{EventLog, RecordsBuilder, Topic, partition_of};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::json;
use store::Store;
use store::memory::MemoryStore;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::topics;
use crate::check::compare::differences;
use crate::check::pipeline::dump;
use crate::check::simulation::control;
use crate::processors::{Config, Deps, Error, PartitionStats, Stats, run};
use crate::random::{self, Case};

const SOON: Duration = Duration::from_secs(30);
/// A Friday, 09:00 UTC.
const NINE: i64 = 1_795_165_200_000;

/// The processors over a log, with rows in memory.
struct Pipeline {
    store: Arc<MemoryStore>,
    stats: Arc<Stats>,
    cancel: CancellationToken,
    running: JoinHandle<Result<(), Error>>,
    clock: Arc<std::sync::atomic::AtomicI64>,
    _control: watch::Sender<Arc<schemas::control::Control>>,
}

impl Pipeline {
    fn over(log: Arc<dyn EventLog>, case: &Case, now_ms: i64) -> Pipeline {
        let store = Arc::new(MemoryStore::new());
        let stats = Arc::new(Stats::default());
        let (sender, receiver) = watch::channel(control(&case.document));
        let clock = Arc::new(std::sync::atomic::AtomicI64::new(now_ms));
        let told = clock.clone();
        let deps = Deps {
            log,
            store: store.clone(),
            control: receiver,
            clock: Arc::new(move || told.load(std::sync::atomic::Ordering::SeqCst)),
            stats: stats.clone(),
        };
        let config = Config {
            rules: Arc::new(schemas::category::Rules::none()),
            idle_after: Duration::from_millis(500),
            tick: Duration::from_millis(20),
            ..Config::default()
        };
        let cancel = CancellationToken::new();
        let running = tokio::spawn(run(config, deps, cancel.clone()));
        Pipeline { store, stats, cancel, running, clock, _control: sender }
    }

    async fn until(&self, what: &str, done: impl AsyncFn(&[PartitionStats]) -> bool) {
        let began = Instant::now();
        while !(self.stats.is_ready() && done(&self.stats.partitions()).await) {
            assert!(!self.running.is_finished(), "the processors gave up before {what}");
            assert!(began.elapsed() < SOON, "not {what}: {:?}", self.stats.partitions());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Everything long past.
    async fn rows_become(&self, expected: &crate::oracle::Tables) {
        self.clock.fetch_add(40 * 86_400_000, std::sync::atomic::Ordering::SeqCst);
        let began = Instant::now();
        loop {
            self.clock.fetch_add(60_000, std::sync::atomic::Ordering::SeqCst);
            let lines = differences(expected, &dump(&*self.store).await);
            if lines.is_empty() {
                return;
            }
            assert!(began.elapsed() < SOON, "{:#?}", &lines[..lines.len().min(10)]);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn stop(self) {
        self.cancel.cancel();
        tokio::time::timeout(SOON, self.running).await.unwrap().unwrap().unwrap();
    }
}

fn activity(user: &str, id: &str) -> Vec<u8> {
    let event = json!({"id": id, "type": "activity", "user": user, "ts": NINE, "app": "x", "duration_ms": 60_000});
    event.to_string().into_bytes()
}

fn committed(config: &Topics, partition: u32) -> Offset {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", &config.brokers).set("group.id", &config.group);
    let client: BaseConsumer = client.create().unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition(&config.topics[0], partition as i32);
    client.committed_offsets(list, SOON).unwrap().elements()[0].offset()
}

/// Markers and aborted records are holes: they are passed, and what the group is told is where the partition really is.
/// What an open transaction holds back is waited for.
#[tokio::test(flavor = "multi_thread")]
async fn transactions_of_other_producers_are_followed() {
    let config = topics(1);
    let log = Arc::new(KafkaLog::open(config.clone()).await.unwrap());
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", &config.brokers).set("transactional.id", &config.group);
    let producer: BaseProducer = client.create().unwrap();
    producer.init_transactions(SOON).unwrap();
    let pipeline = Pipeline::over(log.clone(), &random::case(0), NINE);
    let send = |id: &str| {
        let value = activity("anna", id);
        let record = BaseRecord::<[u8], [u8]>::to(&config.topics[0]).partition(0).key(b"anna").payload(&value);
        producer.send(record).map_err(|e| e.0).unwrap();
        producer.flush(SOON).unwrap();
    };
    let count = async || dump(&*pipeline.store).await["activity_events"].len();
    for transaction in 0..6 {
        producer.begin_transaction().unwrap();
        (0..3).for_each(|i| send(&format!("{transaction}.{i}")));
        if transaction == 3 {
            // Time enough to take what is not there yet for the end.
            tokio::time::sleep(Duration::from_secs(2)).await;
            assert_eq!(count().await, 6);
        }
        if transaction % 2 == 1 && transaction != 3 {
            producer.abort_transaction(SOON).unwrap();
        } else {
            producer.commit_transaction(SOON).unwrap();
        }
    }
    // Three records and a marker each, the last of them aborted: nothing follows the hole.
    pipeline.until("past the last hole", async |p| p[0].position == 24).await;
    assert_eq!(count().await, 12);
    assert_eq!(log.ends(Topic::Events, &[0]).await.unwrap(), [24]);
    pipeline.until("without lag", async |p| p[0].lag() == 0).await;
    // What a store in memory has flushed is what it calls durable.
    pipeline.store.flush().await.unwrap();
    let began = Instant::now();
    while committed(&config, 0) != Offset::Offset(24) {
        assert!(began.elapsed() < SOON, "the group is told {:?}", committed(&config, 0));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    pipeline.stop().await;
    log.close().await;
}

/// Where records lie, and whether they have keys, is nothing to the rows.
#[tokio::test(flavor = "multi_thread")]
async fn records_in_the_wrong_partition_or_without_a_key_are_sent_on() {
    let case = random::case(7);
    let config = topics(3);
    let log = Arc::new(KafkaLog::open(config.clone()).await.unwrap());
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", &config.brokers).set("message.max.bytes", "2000000");
    let producer: BaseProducer = client.create().unwrap();
    let records = crate::check::pipeline::records(&case).records;
    let long = vec![0xff; 900_000];
    for (i, (user, json)) in records.iter().enumerate() {
        // One partition for each person, so that their order stays.
        let wrong = (partition_of(user.as_bytes(), 3) + 1) as i32 % 3;
        let headers = OwnedHeaders::new().insert(Header { key: "source", value: Some("other") });
        let mut record = BaseRecord::<[u8], [u8]>::to(&config.topics[0]).partition(wrong).payload(json).headers(headers);
        // All of one person's the same way: those without a key take it longer.
        if user.len() % 2 == 0 {
            record = record.key(user.as_bytes());
        }
        producer.send(record.timestamp(NINE + i as i64)).map_err(|e| e.0).unwrap();
        let to = || BaseRecord::<[u8], [u8]>::to(&config.topics[0]).partition(i as i32 % 3);
        match i {
            1 => producer.send(to()).map_err(|e| e.0).unwrap(),
            2 => producer.send(to().key(&[0xc3, 0x28]).payload(json)).map_err(|e| e.0).unwrap(),
            3 => producer.send(to().key(user.as_bytes()).payload(&long)).map_err(|e| e.0).unwrap(),
            4 => producer.send(to().key(user.as_bytes())).map_err(|e| e.0).unwrap(),
            _ => {}
        }
    }
    producer.flush(SOON).unwrap();
    let latest = case.events.iter().filter_map(|event| event["ts"].as_i64()).max().unwrap();
    let pipeline = Pipeline::over(log.clone(), &case, latest + 60_000);
    let total = 2 * records.len() as u64 + 4;
    pipeline.until("all read", async |p| p.iter().map(|p| p.events).sum::<u64>() == total).await;
    pipeline.rows_become(&crate::oracle::compute(&case.document, &case.events)).await;
    let mut dead = 0;
    for partition in 0..3 {
        dead += log.range(Topic::DeadLetters, partition).await.unwrap().end;
    }
    assert_eq!(dead, 4);
    pipeline.stop().await;
    log.close().await;
}

/// Every record read has one outcome, and those sent on arrive once more.
#[test]
fn misplaced_records_change_no_row() {
    crate::check::survey::survey("the places of records show", 30, |case| {
        let expected = crate::oracle::compute(&case.document, &case.events);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let log = Arc::new(MemoryLog::new(3));
            let mut batches: BTreeMap<u32, RecordsBuilder> = BTreeMap::new();
            let records = crate::check::pipeline::records(case).records;
            for (user, json) in &records {
                // All of one person's lie together: their order decides which of two with one id stands.
                let place = partition_of(user.as_bytes(), 3);
                let (key, partition) = match user.bytes().last().unwrap_or(0) % 3 {
                    0 => (&[][..], place),
                    1 => (&[][..], (place + 1) % 3),
                    _ => (user.as_bytes(), (place + 2) % 3),
                };
                batches.entry(partition).or_default().push(NINE, key, b"other", json);
            }
            let batches = batches.into_iter().map(|(partition, mut builder)| (partition, builder.finish())).collect();
            log.append(Topic::Events, batches).await.unwrap();
            let latest = case.events.iter().filter_map(|event| event["ts"].as_i64()).max().unwrap_or(NINE);
            let pipeline = Pipeline::over(log.clone(), case, latest + 60_000);
            let total = 2 * records.len() as u64;
            pipeline.until("all read", async |p| p.iter().map(|p| p.events).sum::<u64>() == total).await;
            pipeline.rows_become(&expected).await;
            pipeline.stop().await;
        });
        Vec::new()
    });
}
