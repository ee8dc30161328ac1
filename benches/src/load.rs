//! Ingest over HTTP: batches of 100 events on 16 connections, each 202 awaited before the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::http::{Connection, request};
use crate::{Result, cpu_seconds, quantile};

const CONNECTIONS: usize = 16;
const BATCH: usize = 100;

pub async fn run(addr: &str, token: &str, file: &str, pid: &str, seconds: &str) -> Result<()> {
    let bytes = std::fs::read(file)?;
    let lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty()).collect();
    let requests: Arc<Vec<Vec<u8>>> = Arc::new(
        lines
            .chunks(BATCH)
            .map(|batch| request("POST", "/v1/events", token, "application/x-ndjson", &batch.join(&b'\n')))
            .collect(),
    );
    let until = Instant::now() + Duration::from_secs_f64(seconds.parse()?);
    let next = Arc::new(AtomicU64::new(0));
    let (start, before) = (Instant::now(), cpu_seconds(pid)?);
    let mut workers = Vec::new();
    for _ in 0..CONNECTIONS {
        let (addr, requests, next) = (addr.to_owned(), requests.clone(), next.clone());
        workers.push(tokio::spawn(async move {
            let mut connection = Connection::open(&addr).await?;
            let (mut latencies, mut refused) = (Vec::new(), 0u64);
            while Instant::now() < until {
                let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed) as usize) else { break };
                let sent = Instant::now();
                match connection.send(request).await?.status {
                    202 => latencies.push(sent.elapsed().as_secs_f64() * 1e3),
                    429 | 503 => {
                        refused += 1;
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    other => return Err(format!("status {other}").into()),
                }
            }
            Result::<_>::Ok((latencies, refused))
        }));
    }
    let (mut latencies, mut refused) = (Vec::new(), 0);
    for worker in workers {
        let (mut part, part_refused) = worker.await??;
        latencies.append(&mut part);
        refused += part_refused;
    }
    let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds(pid)? - before);
    let events = (latencies.len() * BATCH) as f64;
    println!("http_events = {events:.0} events in {wall:.1} s, {refused} batches refused");
    println!("http_rate = {:.0} events/s", events / wall);
    println!("http_per_server_cpu = {:.0} events per CPU-second of the server", events / cpu);
    println!("http_p50 = {:.1} ms", quantile(&mut latencies, 0.5));
    println!("http_p99 = {:.1} ms", quantile(&mut latencies, 0.99));
    Ok(())
}
