//! A store that fails as real ones do, by a seed: for tests that a caller retries, re-acquires and comes out right.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow::array::RecordBatch;
use async_trait::async_trait;
use schemas::Table;
use tokio::sync::watch;

use crate::{Checkpoint, Commit, Error, Rows, Scan, Statement, Store};

/// How often what happens: shares of calls, 0 to 1.
#[derive(Debug, Clone, Copy)]
pub struct Faults {
    pub seed: u64,
    /// The call fails and nothing was done.
    pub failed: f64,
    /// A commit, flush or acquisition is done and yet reported as failed.
    pub reply_lost: f64,
    /// The call takes up to `delay` longer.
    pub delayed: f64,
    pub delay: Duration,
}

impl Faults {
    pub fn none(seed: u64) -> Faults {
        Faults { seed, failed: 0.0, reply_lost: 0.0, delayed: 0.0, delay: Duration::ZERO }
    }
}

/// One owner's view of a store it shares with others: faults and freezing are this owner's alone.
pub struct FaultyStore<S> {
    inner: Arc<S>,
    faults: Mutex<Faults>,
    drawn: AtomicU64,
    frozen: watch::Sender<bool>,
}

impl<S: Store> FaultyStore<S> {
    pub fn new(inner: Arc<S>, faults: Faults) -> FaultyStore<S> {
        FaultyStore { inner, faults: Mutex::new(faults), drawn: AtomicU64::new(0), frozen: watch::Sender::new(false) }
    }

    pub fn inner(&self) -> &Arc<S> {
        &self.inner
    }

    /// From here on other faults, say none, so that a test can end.
    pub fn set(&self, faults: Faults) {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = faults;
    }

    /// Calls wait, as those of a process that was suspended, until `thaw`: then they go on as if nothing had been.
    pub fn freeze(&self) {
        self.frozen.send_replace(true);
    }

    pub fn thaw(&self) {
        self.frozen.send_replace(false);
    }

    fn faults(&self) -> Faults {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True with this probability; the same seed and number of calls give the same answers.
    fn happens(&self, share: f64) -> bool {
        self.draw() < share
    }

    fn draw(&self) -> f64 {
        // SplitMix64.
        let step = self.drawn.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let mut z = self.faults().seed.wrapping_add(step.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    async fn before(&self) -> Result<(), Error> {
        let mut frozen = self.frozen.subscribe();
        // The sender lives in `self`.
        let _ = frozen.wait_for(|frozen| !frozen).await;
        let faults = self.faults();
        if self.happens(faults.delayed) {
            tokio::time::sleep(faults.delay.mul_f64(self.draw())).await;
        }
        if self.happens(faults.failed) {
            return Err(Error::Unavailable("a fault was injected: nothing was done".into()));
        }
        Ok(())
    }

    fn after<T>(&self, answer: Result<T, Error>) -> Result<T, Error> {
        if answer.is_ok() && self.happens(self.faults().reply_lost) {
            return Err(Error::Unavailable("a fault was injected: it was done, the reply was lost".into()));
        }
        answer
    }
}

#[async_trait]
impl<S: Store> Store for FaultyStore<S> {
    async fn acquire(&self, partition: u32) -> Result<Checkpoint, Error> {
        self.before().await?;
        self.after(self.inner.acquire(partition).await)
    }

    async fn commit(&self, commit: Commit) -> Result<(), Error> {
        self.before().await?;
        self.after(self.inner.commit(commit).await)
    }

    async fn scan(&self, scan: Scan) -> Result<Vec<RecordBatch>, Error> {
        self.before().await?;
        self.inner.scan(scan).await
    }

    async fn sql(&self, statement: Statement) -> Result<Rows, Error> {
        self.before().await?;
        self.inner.sql(statement).await
    }

    async fn flush(&self) -> Result<(), Error> {
        self.before().await?;
        self.after(self.inner.flush().await)
    }

    async fn durable_position(&self, partition: u32) -> Result<u64, Error> {
        self.before().await?;
        self.inner.durable_position(partition).await
    }

    async fn replace(&self, table: &'static Table, version: u64, rows: RecordBatch) -> Result<(), Error> {
        self.before().await?;
        self.after(self.inner.replace(table, version, rows).await)
    }
}
