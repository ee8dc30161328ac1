//! How far the group is, for those who watch it: what its members committed as hints.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{Offset, TopicPartitionList};

use super::client::{Plain, blocking};
use super::config::Config;
use super::error::from_kafka;
use crate::memory::lock;
use crate::{Error, Topic};

/// Looks on; never joins.
#[derive(Default)]
pub(super) struct Onlooker {
    client: Mutex<Option<Arc<BaseConsumer<Plain>>>>,
}

impl Onlooker {
    /// By partition; none where the group never committed.
    pub async fn positions(&self, config: Arc<Config>, partitions: u32) -> Result<Vec<Option<u64>>, Error> {
        let client = self.client(&config)?;
        blocking(move || {
            let topic = config.topic(Topic::Events);
            let failed = |e| {
                let doing = format!("asking how far the group {} is", config.group);
                from_kafka(&config, &doing, &e, &client.context().complaint)
            };
            let mut list = TopicPartitionList::new();
            list.add_partition_range(topic, 0, partitions.saturating_sub(1) as i32);
            let committed = client.committed_offsets(list, config.request_timeout).map_err(failed)?;
            // What it has to say about its connections would wait for ever.
            drop(client.poll(Duration::ZERO));
            let mut positions = vec![None; partitions as usize];
            for element in committed.elements_for_topic(topic) {
                element.error().map_err(failed)?;
                if let (Offset::Offset(offset), Some(slot)) = (element.offset(), positions.get_mut(element.partition() as usize))
                {
                    *slot = u64::try_from(offset).ok();
                }
            }
            Ok(positions)
        })
        .await
    }

    /// Made by the first to ask.
    fn client(&self, config: &Arc<Config>) -> Result<Arc<BaseConsumer<Plain>>, Error> {
        let mut client = lock(&self.client);
        if let Some(client) = &*client {
            return Ok(client.clone());
        }
        let context = Plain::new("onlooker");
        let complaint = context.complaint.clone();
        let made = BaseConsumer::from_config_and_context(&config.onlooker(), context);
        let made = Arc::new(made.map_err(|e| from_kafka(config, "looking at the group", &e, &complaint))?);
        *client = Some(made.clone());
        Ok(made)
    }
}
