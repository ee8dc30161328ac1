//! Reads the updates topic of the log, one task a partition, from its end.

use std::sync::Arc;
use std::time::Duration;

use eventlog::{Error, EventLog, Topic};
use schemas::live::Update;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::metrics;

const READ_BYTES: usize = 1 << 20;
const WAIT: Duration = Duration::from_millis(500);

/// Returns when every partition's end is known.
pub async fn start(
    log: &Arc<dyn EventLog>,
    cancel: &CancellationToken,
    updates: mpsc::Sender<Vec<Update>>,
) -> Result<Vec<JoinHandle<()>>, crate::Error> {
    let mut tails = Vec::new();
    for partition in 0..log.partitions(Topic::Updates) {
        let range = log.range(Topic::Updates, partition).await;
        let from = range.map_err(|e| crate::Error::Unavailable(e.to_string()))?.end;
        let tail = Tail { log: log.clone(), partition, updates: updates.clone() };
        tails.push(tokio::spawn(tail.run(from, cancel.clone())));
    }
    Ok(tails)
}

struct Tail {
    log: Arc<dyn EventLog>,
    partition: u32,
    updates: mpsc::Sender<Vec<Update>>,
}

impl Tail {
    async fn run(self, mut from: u64, cancel: CancellationToken) {
        loop {
            let read = tokio::select! {
                () = cancel.cancelled() => return,
                read = self.log.read(Topic::Updates, self.partition, from, READ_BYTES, WAIT) => read,
            };
            match read {
                Ok(records) if records.is_empty() => {}
                Ok(records) => {
                    let found = records.iter().filter_map(|record| decode(record.value)).collect::<Vec<_>>();
                    from = records.next_offset();
                    ::metrics::counter!(metrics::LIVE_UPDATES).increment(found.len() as u64);
                    if self.updates.send(found).await.is_err() {
                        return;
                    }
                    // Nobody else needs them: what a reader missed it gets as a snapshot.
                    if let Err(error) = self.log.release(Topic::Updates, self.partition, from).await {
                        tracing::debug!(%error, "updates could not be released");
                    }
                }
                // Retention was faster: the next update of each person carries their whole day.
                Err(Error::OutOfRange { start, .. }) => from = start,
                Err(Error::Closed) => return,
                Err(error) => {
                    tracing::warn!(%error, partition = self.partition, "updates cannot be read, trying again");
                    tokio::time::sleep(WAIT).await;
                }
            }
        }
    }
}

fn decode(value: &[u8]) -> Option<Update> {
    match serde_json::from_slice(value) {
        Ok(update) => Some(update),
        Err(error) => {
            ::metrics::counter!(metrics::LIVE_UPDATES_BAD).increment(1);
            tracing::warn!(%error, "an update cannot be read, skipped");
            None
        }
    }
}
