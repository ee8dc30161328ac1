//! How far each partition is: plain numbers for readiness and the pipeline view.

use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PartitionStats {
    pub partition: u32,
    /// The next offset to process.
    pub position: u64,
    /// The offset of the next append.
    pub end: u64,
    /// What the log may forget up to.
    pub durable: u64,
    /// Event time up to which rows are final; None before the first event.
    pub watermark_ms: Option<i64>,
    /// By the processors' clock; None before the first commit of this process.
    pub last_commit_ms: Option<i64>,
    /// Events taken since this process began.
    pub events: u64,
    /// The last time, by the processors' clock, that the partition followed the clock and there was nothing left to do.
    pub settled_ms: Option<i64>,
    /// Someone owns it and its state is there.
    pub ready: bool,
}

impl PartitionStats {
    pub fn lag(&self) -> u64 {
        self.end.saturating_sub(self.position)
    }
}

#[derive(Debug, Default)]
pub struct Stats {
    partitions: Mutex<Vec<PartitionStats>>,
}

impl Stats {
    pub fn resize(&self, partitions: u32) {
        let fresh = (0..partitions).map(|partition| PartitionStats { partition, ..PartitionStats::default() });
        *self.lock() = fresh.collect();
    }

    pub fn partitions(&self) -> Vec<PartitionStats> {
        self.lock().clone()
    }

    /// Every partition is owned and has its state.
    pub fn is_ready(&self) -> bool {
        let partitions = self.lock();
        !partitions.is_empty() && partitions.iter().all(|p| p.ready)
    }

    pub fn update(&self, partition: u32, change: impl FnOnce(&mut PartitionStats)) {
        if let Some(stats) = self.lock().get_mut(partition as usize) {
            change(stats);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<PartitionStats>> {
        self.partitions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
