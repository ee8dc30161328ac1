//! A log whose partitions of `Events` a test deals out by hand, as a consumer group would: for tests of whoever joins.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::{Mutex, oneshot};

use crate::assignment::Lost;
use crate::{Assignment, Change, Error, EventLog, Records, Topic};

#[derive(Debug)]
pub struct SteeredLog<L> {
    inner: Arc<L>,
    joining: UnboundedSender<Dealer>,
    joined: Mutex<UnboundedReceiver<Dealer>>,
}

/// The group's side of one membership.
#[derive(Debug)]
pub struct Dealer {
    changes: mpsc::Sender<Result<Change, Error>>,
}

impl<L: EventLog> SteeredLog<L> {
    /// One process's view of a log that it shares with others.
    pub fn new(inner: Arc<L>) -> SteeredLog<L> {
        let (joining, joined) = mpsc::unbounded_channel();
        SteeredLog { inner, joining, joined: Mutex::new(joined) }
    }

    /// Waits for the next to join.
    pub async fn joined(&self) -> Option<Dealer> {
        self.joined.lock().await.recv().await
    }
}

impl Dealer {
    pub async fn gain(&self, partitions: &[u32]) {
        // Whoever does not listen any more gets nothing.
        self.changes.send(Ok(Change::Gained(partitions.to_vec()))).await.ok();
    }

    /// Gives what ends when they were let go of.
    pub async fn lose(&self, partitions: &[u32], is_late: bool) -> oneshot::Receiver<()> {
        let (lost, gone) = Lost::new(partitions.to_vec(), is_late);
        self.changes.send(Ok(Change::Lost(lost))).await.ok();
        gone
    }

    pub async fn fail(&self, error: Error) {
        self.changes.send(Err(error)).await.ok();
    }

    /// Returns when the member has given everything back.
    pub async fn left(&self) {
        self.changes.closed().await;
    }
}

#[async_trait]
impl<L: EventLog> EventLog for SteeredLog<L> {
    fn partitions(&self, topic: Topic) -> u32 {
        self.inner.partitions(topic)
    }

    async fn append(&self, topic: Topic, batches: Vec<(u32, Records)>) -> Result<(), Error> {
        self.inner.append(topic, batches).await
    }

    async fn read(&self, topic: Topic, partition: u32, from: u64, max_bytes: usize, wait: Duration) -> Result<Records, Error> {
        self.inner.read(topic, partition, from, max_bytes, wait).await
    }

    async fn range(&self, topic: Topic, partition: u32) -> Result<Range<u64>, Error> {
        self.inner.range(topic, partition).await
    }

    async fn ends(&self, topic: Topic, partitions: &[u32]) -> Result<Vec<u64>, Error> {
        self.inner.ends(topic, partitions).await
    }

    async fn release(&self, topic: Topic, partition: u32, offset: u64) -> Result<(), Error> {
        self.inner.release(topic, partition, offset).await
    }

    async fn join(&self) -> Result<Assignment, Error> {
        let (changes, hear) = mpsc::channel(64);
        self.joining.send(Dealer { changes }).map_err(|_| Error::Closed)?;
        Ok(Assignment::following(hear))
    }
}
