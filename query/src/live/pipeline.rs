//! How the pipeline is doing: the log's ends against the processors' positions. Nothing about people.

use std::sync::{Arc, Mutex, PoisonError};

use eventlog::{EventLog, Topic};
use serde::Serialize;

use super::hub::Hub;

/// What the processors say of themselves; all partitions this process knows of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PipelineStats {
    pub partitions: Vec<PartitionStats>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PartitionStats {
    pub partition: u32,
    /// The next log offset to process.
    pub position: u64,
    /// Greatest event time seen less the lateness allowed.
    pub watermark: Option<i64>,
    /// When the newest processed event was accepted, or when it was committed.
    pub accepted_at: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PipelineLive {
    pub at: i64,
    pub events_per_s: f64,
    pub lag_events: u64,
    pub lag_ms: Option<i64>,
    pub freshness_ms: Option<i64>,
    pub watermark: Option<i64>,
    pub partitions: Vec<Partition>,
    pub connections: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Partition {
    pub partition: u32,
    pub end: u64,
    pub position: u64,
    pub lag: u64,
}

pub struct Meter {
    log: Arc<dyn EventLog>,
    stats: Arc<dyn Fn() -> PipelineStats + Send + Sync>,
    hub: Arc<Hub>,
    /// The measure before: time, events processed.
    before: Mutex<Option<(i64, u64, f64)>>,
}

impl Meter {
    pub fn new(log: Arc<dyn EventLog>, stats: Arc<dyn Fn() -> PipelineStats + Send + Sync>, hub: Arc<Hub>) -> Meter {
        Meter { log, stats, hub, before: Mutex::new(None) }
    }

    pub async fn measure(&self, now: i64, freshness_ms: Option<i64>) -> Result<PipelineLive, eventlog::Error> {
        let stats = (self.stats)();
        let mut partitions = Vec::new();
        for partition in 0..self.log.partitions(Topic::Events) {
            let range = self.log.range(Topic::Events, partition).await?;
            let known = stats.partitions.iter().find(|p| p.partition == partition);
            let position = known.map_or(range.start, |p| p.position);
            partitions.push(Partition { partition, end: range.end, position, lag: range.end.saturating_sub(position) });
        }
        let lag_events = partitions.iter().map(|p| p.lag).sum();
        // With nothing waiting there is no lag; else the processors are at least as old as what they last took.
        let behind = stats.partitions.iter().zip(&partitions).filter(|(_, p)| p.lag > 0).filter_map(|(s, _)| s.accepted_at);
        let lag_ms = if lag_events == 0 { Some(0) } else { behind.min().map(|at| (now - at).max(0)) };
        Ok(PipelineLive {
            at: now,
            events_per_s: self.rate(now, partitions.iter().map(|p| p.position).sum()),
            lag_events,
            lag_ms,
            freshness_ms,
            watermark: stats.partitions.iter().filter_map(|p| p.watermark).min(),
            partitions,
            connections: self.hub.connections(),
        })
    }

    fn rate(&self, now: i64, processed: u64) -> f64 {
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((then, count, rate)) = *before else {
            *before = Some((now, processed, 0.0));
            return 0.0;
        };
        // Two measures close together say nothing about a rate.
        if now - then < 500 {
            return rate;
        }
        let rate = processed.saturating_sub(count) as f64 * 1_000.0 / (now - then) as f64;
        *before = Some((now, processed, rate));
        rate
    }
}
