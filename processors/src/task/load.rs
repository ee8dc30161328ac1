//! Rows of the store for a partition that has them not in memory, and patience with whoever does not answer.

use std::pin::pin;

use arrow::array::RecordBatch;
use futures::future::try_join_all;
use futures::{StreamExt, TryStreamExt, stream};
use store::Scan;
use tokio_util::sync::CancellationToken;

use super::{Owner, pause};
use crate::partition::{Loaded, Need, Query, Work};
use crate::{Config, Cure, Error, metrics};

/// More than this is taken in off the async threads.
const INLINE_ROWS: usize = 2_000;

impl Owner {
    /// While one query's rows are taken in, the next one's are on their way.
    pub(super) async fn load(&mut self, mut work: Work) -> Result<Work, Error> {
        let mut needs: Vec<Need> = std::mem::take(&mut work.needs);
        let (number, config, cancel, deps) = (self.number, &self.config.clone(), &self.cancel.clone(), &self.deps.clone());
        let scan = async |scan: Scan| {
            let batches = persist(number, config, cancel, Error::store, || deps.store.scan(scan.clone())).await?;
            Ok::<_, Error>(batches.into_iter().map(|batch| (scan.table, batch)).collect::<Vec<_>>())
        };
        let fetch = async |Query { needs, scans }| {
            let batches = try_join_all(scans.into_iter().map(&scan)).await?.concat();
            Ok::<_, Error>(Loaded { needs, batches })
        };
        let queries = self.partition()?.queries(&mut needs);
        let mut coming = pin!(stream::iter(queries).map(fetch).buffered(2));
        let mut next = coming.try_next().await?;
        while let Some(loaded) = next {
            let is_little = loaded.rows() <= INLINE_ROWS;
            let absorb = self.with_partition(work, is_little, |partition, work| partition.absorb(work, loaded));
            let (absorbed, following) = tokio::join!(absorb, coming.try_next());
            (work, next) = (absorbed?.0, following?);
        }
        Ok(work)
    }

    pub(super) async fn scan(&self, scan: Scan) -> Result<Vec<RecordBatch>, Error> {
        self.persist(Error::store, || self.deps.store.scan(scan.clone())).await
    }

    pub(super) async fn persist<T, E, F>(&self, wrap: fn(u32, E) -> Error, call: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, E>>,
    {
        persist(self.number, &self.config, &self.cancel, wrap, call).await
    }
}

/// Calls until it is done, or cannot be, or the process ends; the pauses between grow.
async fn persist<T, E, F>(
    number: u32,
    config: &Config,
    cancel: &CancellationToken,
    wrap: fn(u32, E) -> Error,
    call: impl Fn() -> F,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, E>>,
{
    let mut wait = config.retry_from;
    loop {
        let error = match call().await {
            Ok(done) => return Ok(done),
            Err(error) => wrap(number, error),
        };
        if error.cure() != Cure::Retry || cancel.is_cancelled() {
            return Err(error);
        }
        tracing::warn!(%error, wait_ms = wait.as_millis() as u64, "tries again");
        metrics::retried(number);
        pause(cancel, wait).await;
        wait = (wait * 2).min(config.retry_to);
    }
}
