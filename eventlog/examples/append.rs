//! What the embedded log costs: records and syncs per second, and CPU, for several batch sizes and numbers of
//! appenders. `cargo run --release -p focusflow-eventlog --example append [DIRECTORY]`; the directory decides which
//! disk is measured (default: the system's folder for temporary files) and its measurements are deleted again.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use focusflow_eventlog::embedded::{Config, EmbeddedLog};
use focusflow_eventlog::{Error, EventLog, Records, RecordsBuilder, Topic};

const PARTITIONS: usize = 4;
/// Each run ends after so many records or so much time, whichever comes first.
const RECORDS: usize = 4_000_000;
const TIME: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> Result<(), Error> {
    let base = std::env::args().nth(1).map_or_else(std::env::temp_dir, Into::into);
    println!(
        "{:>6} {:>9} {:>12} {:>9} {:>8} {:>9} {:>14} {:>14}",
        "batch", "appenders", "records/s", "appends/s", "MB/s", "ms/append", "CPU-s/M append", "CPU-s/M read"
    );
    for batch in [100, 10_000] {
        for appenders in [1, 8, 64] {
            let dir = base.join(format!("focusflow-append-{}", std::process::id()));
            let measured = run(&dir, batch, appenders).await;
            std::fs::remove_dir_all(&dir).ok();
            measured?;
        }
    }
    Ok(())
}

async fn run(dir: &Path, batch: usize, appenders: usize) -> Result<(), Error> {
    let config = Config { retain_bytes: u64::MAX, ..Config::new(dir, PARTITIONS as u32) };
    let log = Arc::new(EmbeddedLog::open(config)?);
    // Made once: what is measured is the log, not its caller. One append spreads over all partitions, as ingest's do.
    let parts: Vec<(u32, Records)> = (0..PARTITIONS).map(|p| (p as u32, records(batch / PARTITIONS))).collect();
    let bytes: usize = parts.iter().map(|(_, records)| records.wire().len()).sum();
    let appended = Arc::new(AtomicUsize::new(0));
    let (started, cpu) = (Instant::now(), cpu_seconds());
    let tasks: Vec<_> = (0..appenders)
        .map(|_| {
            let (log, parts, appended) = (log.clone(), parts.clone(), appended.clone());
            tokio::spawn(async move {
                while appended.fetch_add(batch, Ordering::Relaxed) < RECORDS && started.elapsed() < TIME {
                    log.append(Topic::Events, parts.clone()).await?;
                }
                Ok::<_, Error>(())
            })
        })
        .collect();
    for task in tasks {
        task.await.map_err(|_| Error::Closed)??;
    }
    let (time, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let mut total = 0;
    for partition in 0..PARTITIONS as u32 {
        total += log.range(Topic::Events, partition).await?.end;
    }
    let reading = cpu_seconds();
    for partition in 0..PARTITIONS as u32 {
        let (mut next, end) = (0, log.range(Topic::Events, partition).await?.end);
        while next < end {
            next = log.read(Topic::Events, partition, next, 1 << 20, Duration::ZERO).await?.next_offset();
        }
    }
    let reading = cpu_seconds() - reading;
    let (millions, appends) = (total as f64 / 1e6, total as f64 / batch as f64);
    println!(
        "{batch:>6} {appenders:>9} {:>12.0} {:>9.0} {:>8.0} {:>9.2} {:>14.3} {:>14.3}",
        total as f64 / time,
        appends / time,
        appends * bytes as f64 / time / 1e6,
        time * 1e3 * appenders as f64 / appends,
        cpu / millions,
        reading / millions
    );
    Ok(())
}

/// Values of 172 bytes, as a typical event has.
fn records(n: usize) -> Records {
    let mut builder = RecordsBuilder::default();
    (0..n).for_each(|i| builder.push(i as i64, format!("person-{i:06}").as_bytes(), b"laptop", &[b'x'; 172]));
    builder.finish()
}

/// CPU time of this process, its threads included, to a hundredth of a second.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}
