//! What the log on Kafka costs this process: CPU for appending and reading events of 171 bytes, for several ways of batching
//! and compressing, and how long an append takes. Needs brokers, makes topics of its own there and deletes them again:
//! `cargo run --release -p focusflow-eventlog --example kafka -- 127.0.0.1:19092`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use focusflow_eventlog::kafka::config::Compression;
use focusflow_eventlog::kafka::{Config, KafkaLog};
use focusflow_eventlog::{Error, EventLog, Records, RecordsBuilder, Topic, partition_of};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};

const PARTITIONS: u32 = 4;
const RECORDS: usize = 2_000_000;
const TIME: Duration = Duration::from_secs(15);

#[tokio::main]
async fn main() -> Result<(), Error> {
    let brokers = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:19092".into());
    println!(
        "{:>8} {:>7} {:>7} {:>9} {:>10} {:>9} {:>14} {:>14} {:>14}",
        "compress", "linger", "batch", "appenders", "records/s", "ms/append", "M append/CPU-s", "M read/CPU-s", "read records/s"
    );
    let compressions = [Compression::None, Compression::Lz4, Compression::Zstd];
    let ways = [(100, 1), (100, 64), (10_000, 4)];
    for compression in compressions {
        for linger in [0, 5, 20] {
            for (batch, appenders) in ways {
                run(&brokers, compression, linger, batch, appenders).await?;
            }
        }
    }
    Ok(())
}

async fn run(brokers: &str, compression: Compression, linger: u64, batch: usize, appenders: usize) -> Result<(), Error> {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let prefix = format!("bench-{}-{}.", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let config = Config {
        partitions: PARTITIONS,
        replication: 1,
        min_insync: 1,
        retention: Duration::from_secs(3600),
        compression,
        linger: Duration::from_millis(linger),
        ..Config::new(brokers, &prefix)
    };
    let log = Arc::new(KafkaLog::open(config.clone()).await?);
    // Made once: what is measured is the log, not its caller.
    let parts = Arc::new(events(batch));
    let appended = Arc::new(AtomicUsize::new(0));
    log.append(Topic::Events, parts.to_vec()).await?;
    let (started, cpu) = (Instant::now(), cpu_seconds());
    let tasks: Vec<_> = (0..appenders)
        .map(|_| {
            let (log, parts, appended) = (log.clone(), parts.clone(), appended.clone());
            tokio::spawn(async move {
                while appended.load(Ordering::Relaxed) < RECORDS && started.elapsed() < TIME {
                    log.append(Topic::Events, parts.to_vec()).await?;
                    appended.fetch_add(batch, Ordering::Relaxed);
                }
                Ok::<_, Error>(())
            })
        })
        .collect();
    for task in tasks {
        task.await.map_err(|_| Error::Closed)??;
    }
    let (time, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let total = appended.load(Ordering::Relaxed);
    log.close().await;
    let log = Arc::new(KafkaLog::open(config.clone()).await?);
    let (reading, reading_cpu) = (Instant::now(), cpu_seconds());
    let readers: Vec<_> = (0..PARTITIONS).map(|partition| tokio::spawn(read(log.clone(), partition))).collect();
    let mut read = 0;
    for reader in readers {
        read += reader.await.map_err(|_| Error::Closed)??;
    }
    let (reading, reading_cpu) = (reading.elapsed().as_secs_f64(), cpu_seconds() - reading_cpu);
    log.close().await;
    delete(&config).await;
    println!(
        "{:>8} {linger:>7} {batch:>7} {appenders:>9} {:>10.0} {:>9.2} {:>14.2} {:>14.2} {:>14.0}",
        compression.as_str(),
        total as f64 / time,
        time * 1e3 * appenders as f64 * batch as f64 / total as f64,
        total as f64 / 1e6 / cpu,
        read as f64 / 1e6 / reading_cpu,
        read as f64 / reading,
    );
    Ok(())
}

async fn read(log: Arc<KafkaLog>, partition: u32) -> Result<usize, Error> {
    let (mut next, end) = (0, log.range(Topic::Events, partition).await?.end);
    let mut read = 0;
    while next < end {
        let records = log.read(Topic::Events, partition, next, 8 << 20, Duration::from_secs(1)).await?;
        (next, read) = (records.next_offset(), read + records.len());
    }
    Ok(read)
}

async fn delete(config: &Config) {
    let names: Vec<&str> = config.topics.iter().map(String::as_str).collect();
    let admin: Result<AdminClient<_>, _> = ClientConfig::new().set("bootstrap.servers", &config.brokers).create();
    let deleted = match admin {
        Ok(admin) => admin.delete_topics(&names, &AdminOptions::new()).await,
        Err(error) => Err(error),
    };
    if let Err(error) = deleted {
        eprintln!("the topics {} are left behind: {error}", names.join(", "));
    }
}

/// Events of 171 bytes as people have them, by partition.
fn events(n: usize) -> Vec<(u32, Records)> {
    let mut builders: Vec<RecordsBuilder> = (0..PARTITIONS).map(|_| RecordsBuilder::default()).collect();
    let apps = ["firefox", "code", "slack", "terminal", "outlook", "figma", "zoom", "notes"];
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
    let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
    for i in 0..n {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let user = format!("person-{:06}", dice >> 40 & 0x1_ffff);
        let (app, ms) = (apps[(dice >> 60) as usize % 8], 1_000 + (dice >> 20) % 300_000);
        let ts = now + i as u64 * 13;
        let mut event = format!(
            r#"{{"id":"{dice:016x}{i:08x}","type":"activity","user":"{user}","ts":{ts},"app":"{app}","duration_ms":{ms},"afk":false,"device":"laptop""#
        );
        while event.len() < 170 {
            event.push(' ');
        }
        event.push('}');
        let partition = partition_of(user.as_bytes(), PARTITIONS);
        builders[partition as usize].push(ts as i64, user.as_bytes(), b"laptop", event.as_bytes());
    }
    builders.into_iter().enumerate().map(|(partition, mut builder)| (partition as u32, builder.finish())).collect()
}

/// CPU time of this process, its threads included, to a hundredth of a second.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}
