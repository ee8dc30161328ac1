//! Straight into the log of this process, through the same intake as HTTP requests.

use std::sync::Arc;

use anyhow::{Context, Result};
use async_trait::async_trait;
use bytes::Bytes;
use eventlog::{EventLog, Topic};
use futures::FutureExt;
use ingest::{Intake, Sender};
use schemas::category::Rules;
use schemas::control::Control;
use tokio::sync::watch;

use super::{Receipt, Rejected, Sending, Sink};

#[derive(Clone)]
pub struct IntakeSink {
    pub log: Arc<dyn EventLog>,
    pub control: watch::Receiver<Arc<Control>>,
    pub rules: Arc<Rules>,
    pub retention_ms: i64,
    pub source: String,
}

#[async_trait]
impl Sink for IntakeSink {
    async fn take(&self, lines: Bytes) -> Result<Sending> {
        let (sink, partitions) = (self.clone(), self.log.partitions(Topic::Events));
        // Decoding keeps a thread busy for tens of milliseconds: not one that others wait for.
        let mut taken = tokio::task::spawn_blocking(move || {
            let mut intake = Intake::new(Arc::clone(&sink.rules), partitions, sink.retention_ms, usize::MAX);
            let control = Arc::clone(&sink.control.borrow());
            let now_ms = jiff::Timestamp::now().as_millisecond();
            intake.lines(&lines, &Sender { control: &control, source: &sink.source, now_ms });
            intake.finish()
        })
        .await
        .context("decoding")?;
        let log = Arc::clone(&self.log);
        Ok(async move {
            log.append(Topic::Events, std::mem::take(&mut taken.batches)).await?;
            let rejected = taken.rejected.into_iter();
            let rejected =
                rejected.map(|r| Rejected { index: r.index, code: r.code.as_str().into(), message: r.message.into_owned() });
            Ok(Receipt { accepted: taken.accepted, rejected: rejected.collect() })
        }
        .boxed())
    }
}
