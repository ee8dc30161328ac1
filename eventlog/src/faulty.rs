//! Any log, with the faults real ones have, drawn from a seed: errors before, after and in the midst of an append, delays,
//! short reads. It obeys the contract, so whatever a test finds with it is the caller's fault.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use crate::memory::lock;
use crate::{Assignment, Error, EventLog, Records, Topic};

/// How often what goes wrong, each as a share of the calls.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// Calls that fail and do nothing.
    pub errors: f64,
    /// Appends that are reported failed and took place: whole, or, of those to several partitions, every other one in only some.
    pub lost_answers: f64,
    /// Calls that take up to `max_delay` longer.
    pub delays: f64,
    pub max_delay: Duration,
    /// Reads that give fewer records than there are.
    pub short_reads: f64,
}

#[derive(Debug)]
pub struct FaultyLog<L> {
    inner: L,
    seed: u64,
    calls: AtomicU64,
    faults: Mutex<Faults>,
}

impl<L: EventLog> FaultyLog<L> {
    pub fn new(inner: L, seed: u64, faults: Faults) -> FaultyLog<L> {
        FaultyLog { inner, seed, calls: AtomicU64::new(0), faults: Mutex::new(faults) }
    }

    pub fn inner(&self) -> &L {
        &self.inner
    }

    /// From now on these; `Faults::default()` heals it.
    pub fn set(&self, faults: Faults) {
        *lock(&self.faults) = faults;
    }

    /// Decides the fate of one call: the same for the same seed and number of the call.
    async fn fate(&self) -> Result<Fate, Error> {
        let faults = *lock(&self.faults);
        let mut dice = Dice(self.seed ^ self.calls.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        if dice.roll() < faults.delays {
            tokio::time::sleep(faults.max_delay.mul_f64(dice.roll())).await;
        }
        if dice.roll() < faults.errors {
            return Err(Error::Unavailable("a fault was injected; try again".into()));
        }
        Ok(Fate {
            lose_answer: dice.roll() < faults.lost_answers,
            short: (dice.roll() < faults.short_reads).then(|| dice.roll()),
            dice,
        })
    }
}

struct Fate {
    lose_answer: bool,
    /// The share of the bytes to read.
    short: Option<f64>,
    /// For whatever else chance decides.
    dice: Dice,
}

/// SplitMix64.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[async_trait]
impl<L: EventLog> EventLog for FaultyLog<L> {
    fn partitions(&self, topic: Topic) -> u32 {
        self.inner.partitions(topic)
    }

    async fn append(&self, topic: Topic, mut batches: Vec<(u32, Records)>) -> Result<(), Error> {
        let mut fate = self.fate().await?;
        if fate.lose_answer && batches.len() > 1 && fate.dice.roll() < 0.5 {
            // Never all of them, nor none: those are other faults.
            let all = batches.len();
            batches.rotate_left((fate.dice.roll() * all as f64) as usize);
            batches.truncate(1 + (fate.dice.roll() * (all - 1) as f64) as usize);
            self.inner.append(topic, batches).await?;
            return Err(Error::Unavailable("a fault was injected in the midst of the append; try again".into()));
        }
        self.inner.append(topic, batches).await?;
        if fate.lose_answer {
            return Err(Error::Unavailable("a fault was injected after the append; try again".into()));
        }
        Ok(())
    }

    async fn read(&self, topic: Topic, partition: u32, from: u64, max_bytes: usize, wait: Duration) -> Result<Records, Error> {
        let fate = self.fate().await?;
        let max_bytes = fate.short.map_or(max_bytes, |share| (max_bytes.min(1 << 16) as f64 * share) as usize);
        self.inner.read(topic, partition, from, max_bytes, wait).await
    }

    async fn range(&self, topic: Topic, partition: u32) -> Result<Range<u64>, Error> {
        self.fate().await?;
        self.inner.range(topic, partition).await
    }

    async fn ends(&self, topic: Topic, partitions: &[u32]) -> Result<Vec<u64>, Error> {
        self.fate().await?;
        self.inner.ends(topic, partitions).await
    }

    async fn release(&self, topic: Topic, partition: u32, offset: u64) -> Result<(), Error> {
        self.fate().await?;
        self.inner.release(topic, partition, offset).await
    }

    async fn join(&self) -> Result<Assignment, Error> {
        self.fate().await?;
        self.inner.join().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryLog;
    use crate::testing::batch;

    async fn outcomes(seed: u64) -> (Vec<bool>, u64) {
        let faults = Faults { errors: 0.2, lost_answers: 0.2, ..Faults::default() };
        let log = FaultyLog::new(MemoryLog::new(1), seed, faults);
        let mut outcomes = Vec::new();
        for i in 0..200 {
            outcomes.push(log.append(Topic::Events, vec![(0, batch(&format!("{i}"), 1))]).await.is_ok());
        }
        (outcomes, log.inner().range(Topic::Events, 0).await.unwrap().end)
    }

    #[tokio::test]
    async fn the_same_seed_gives_the_same_faults_and_some_failed_appends_are_there() {
        let (first, stored) = outcomes(7).await;
        assert_eq!((first.clone(), stored), outcomes(7).await);
        assert_ne!(first, outcomes(8).await.0);
        let acknowledged = first.iter().filter(|ok| **ok).count() as u64;
        assert!((100..160).contains(&acknowledged) && stored > acknowledged && stored < 200, "{acknowledged} of {stored}");
    }

    #[tokio::test]
    async fn some_partitions_of_a_failed_append_may_have_it() {
        let log = FaultyLog::new(MemoryLog::new(4), 3, Faults { lost_answers: 1.0, ..Faults::default() });
        let mut parts = Vec::new();
        for i in 0..100 {
            let batches = (0..4).map(|p| (p, batch(&format!("{i}"), 1))).collect();
            assert!(log.append(Topic::Events, batches).await.unwrap_err().is_retryable());
            let mut there = 0;
            for p in 0..4 {
                there += log.inner().range(Topic::Events, p).await.unwrap().end;
            }
            parts.push(there - parts.iter().sum::<u64>());
        }
        assert!((1..5).all(|n| parts.contains(&n)) && parts.iter().all(|n| (1..5).contains(n)), "{parts:?}");
    }

    #[tokio::test]
    async fn without_faults_it_passes_the_contract() {
        crate::testing::contract(async || FaultyLog::new(MemoryLog::new(4), 1, Faults::default())).await;
    }

    #[tokio::test]
    async fn with_delays_and_short_reads_it_still_passes_the_contract() {
        let faults = Faults { delays: 0.1, max_delay: Duration::from_millis(2), short_reads: 0.3, ..Faults::default() };
        crate::testing::contract(async || FaultyLog::new(MemoryLog::new(4), 1, faults)).await;
    }
}
