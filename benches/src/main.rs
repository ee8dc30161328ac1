//! End-to-end measurements around the running binary. What enters: a file of events or the address of a server on this
//! machine. What leaves: one line per figure, `name = value unit`, for benches/RESULTS.md.
//!
//! Everything is bounded in count and time and talks to loopback only.

mod capacity;
mod floors;
mod freshness;
mod http;
mod ingest_alone;
mod load;
mod queries;

use std::process::ExitCode;

const USAGE: &str = "usage:
  focusflow-benches floors FILE DIR                    bare decode of FILE; sync and write rate of the disk under DIR
  focusflow-benches ingest DIR TOKEN                   serves ingest alone, with its log in DIR, until killed
  focusflow-benches load ADDR TOKEN FILE PID SECONDS   100-event batches as fast as they are taken
  focusflow-benches freshness ADDR TOKEN PEOPLE RATE SECONDS
                                                       ADDR may be INTAKE,QUERY where they are two
  focusflow-benches queries ADDR TOKEN ROUNDS          the dashboard's requests, one after another
  focusflow-benches capacity PEOPLE PARTITIONS NODES CORES_EACH PROCESSOR_EVENTS STORE_EVENTS STORE_CORES TAKEOVER_SECONDS
                                                       a day of so many people, simulated: events are for each CPU-second";

#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args.as_slice() {
        ["floors", file, dir] => floors::run(file, dir),
        ["ingest", dir, token] => ingest_alone::run(dir, token).await,
        ["load", addr, token, file, pid, seconds] => load::run(addr, token, file, pid, seconds).await,
        ["freshness", addr, token, people, rate, seconds] => freshness::run(addr, token, people, rate, seconds).await,
        ["queries", addr, token, rounds] => queries::run(addr, token, rounds).await,
        ["capacity", numbers @ ..] => capacity::run(numbers),
        _ => Err(USAGE.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The q-quantile of unsorted figures, by closest rank; 0 when there are none.
pub fn quantile(figures: &mut [f64], q: f64) -> f64 {
    figures.sort_by(f64::total_cmp);
    match figures.len() {
        0 => 0.0,
        n => figures[((n as f64 * q).ceil() as usize).clamp(1, n) - 1],
    }
}

/// User and system CPU seconds a process of this machine has used so far.
pub fn cpu_seconds(pid: &str) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: f64 = fields.get(11).ok_or("short stat")?.parse::<f64>()? + fields.get(12).ok_or("short stat")?.parse::<f64>()?;
    Ok(ticks / 100.0)
}
