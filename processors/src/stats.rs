//! How far each partition of this process is: plain numbers for readiness and the pipeline view.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PartitionStats {
    pub partition: u32,
    /// The next offset to process; 0 until its state is here.
    pub position: u64,
    /// The offset of the next append, as it was last asked for.
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
    /// Its state is there.
    pub ready: bool,
    /// The lag is counted from here.
    counted_from: Option<u64>,
}

impl PartitionStats {
    /// Records that wait. While nobody knows how far the partition is (its state has not come yet), those that came since it
    /// is ours: there are no fewer.
    pub fn lag(&self) -> u64 {
        self.counted_from.map_or(0, |from| self.end.saturating_sub(from))
    }

    pub(crate) fn stands_at(&mut self, position: u64) {
        self.position = position;
        self.counted_from = Some(position);
        self.end = self.end.max(position);
    }

    pub(crate) fn ends_at(&mut self, end: u64) {
        self.end = self.end.max(end);
        self.counted_from.get_or_insert(end);
    }
}

#[derive(Debug, Default)]
pub struct Stats {
    owned: Mutex<Owned>,
}

#[derive(Debug, Default)]
struct Owned {
    /// The group has said what is ours.
    joined: bool,
    partitions: BTreeMap<u32, PartitionStats>,
}

impl Stats {
    /// Those of this process, and no others.
    pub fn partitions(&self) -> Vec<PartitionStats> {
        self.lock().partitions.values().copied().collect()
    }

    /// The group has answered, and every partition that it gave has its state. One that gave none has a standby, which is
    /// ready too.
    pub fn is_ready(&self) -> bool {
        let owned = self.lock();
        owned.joined && owned.partitions.values().all(|p| p.ready)
    }

    pub(crate) fn join(&self) {
        self.lock().joined = true;
    }

    pub(crate) fn leave(&self) {
        *self.lock() = Owned::default();
    }

    pub(crate) fn gain(&self, partition: u32) {
        self.lock().partitions.insert(partition, PartitionStats { partition, ..PartitionStats::default() });
    }

    pub(crate) fn lose(&self, partition: u32) {
        self.lock().partitions.remove(&partition);
    }

    /// Nothing happens to one that is not ours.
    pub(crate) fn update<T>(&self, partition: u32, change: impl FnOnce(&mut PartitionStats) -> T) -> Option<T> {
        self.lock().partitions.get_mut(&partition).map(change)
    }

    fn lock(&self) -> MutexGuard<'_, Owned> {
        self.owned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_is_who_has_joined_and_has_the_state_of_all_that_is_its_own() {
        let stats = Stats::default();
        assert!(!stats.is_ready(), "nobody has answered");
        stats.join();
        assert!(stats.is_ready(), "a standby");
        stats.gain(3);
        assert!(!stats.is_ready());
        stats.update(3, |p| p.ready = true);
        assert!(stats.is_ready());
        stats.gain(4);
        stats.lose(4);
        assert!(stats.is_ready() && stats.partitions().len() == 1);
        stats.leave();
        assert!(!stats.is_ready() && stats.partitions().is_empty());
    }

    #[test]
    fn lag_is_counted_from_where_the_partition_became_ours_until_its_position_is_known() {
        let mut partition = PartitionStats::default();
        assert_eq!(partition.lag(), 0);
        partition.ends_at(1_000);
        partition.ends_at(1_030);
        assert_eq!((partition.lag(), partition.position), (30, 0));
        partition.stands_at(900);
        assert_eq!(partition.lag(), 130);
        partition.stands_at(1_040);
        assert_eq!((partition.lag(), partition.end), (0, 1_040));
    }
}
