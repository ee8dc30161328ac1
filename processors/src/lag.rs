//! How much waits in the partitions of this process, asked of the log apart from their owners: who is stuck, or waits for
//! a store that is down, falls behind all the same.

use std::convert::Infallible;

use eventlog::{EventLog, Topic};

use crate::{Config, Stats, metrics};

/// Ticks between two looks: one question for all partitions.
const EVERY_TICKS: u32 = 5;

pub(crate) async fn follow(log: &dyn EventLog, stats: &Stats, config: &Config) -> Infallible {
    loop {
        tokio::time::sleep(config.tick * EVERY_TICKS).await;
        let owned: Vec<u32> = stats.partitions().iter().map(|p| p.partition).collect();
        match log.ends(Topic::Events, &owned).await {
            Ok(ends) => {
                for (partition, end) in owned.into_iter().zip(ends) {
                    stats.update(partition, |p| {
                        p.ends_at(end);
                        // In here, so that a partition that was lost meanwhile stays at nothing.
                        metrics::lag(partition, p.lag());
                    });
                }
            }
            Err(error) => tracing::debug!(%error, "the log does not say how far it goes"),
        }
    }
}
