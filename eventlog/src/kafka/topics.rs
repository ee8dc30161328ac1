//! The topics: made when missing, looked at when there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::admin::{
    AdminClient, AdminOptions, ConfigResource, ConfigResourceResult, NewTopic, OwnedResourceSpecifier, ResourceSpecifier,
    TopicReplication,
};
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;
use tokio::time::sleep;

use super::client::{Complaint, LOOK_EVERY, Plain, blocking};
use super::config::Config;
use super::error::{from_code, from_kafka};
use crate::{Error, Topic};

const ONE_TRY: Duration = Duration::from_secs(1);

pub(super) type Counts = [u32; Topic::ALL.len()];

/// Gives how many partitions each topic has.
pub(super) async fn prepare(config: &Arc<Config>) -> Result<Counts, Error> {
    let topics = Topics::new(config)?;
    let mut counts = topics.look().await?;
    let missing: Vec<Topic> = Topic::ALL.into_iter().filter(|t| counts[*t as usize] == 0).collect();
    if !missing.is_empty() {
        topics.make(&missing).await?;
        counts = topics.wait_for_all().await?;
    }
    for topic in Topic::ALL {
        topics.verdict(topic, counts)?;
    }
    topics.compare().await?;
    Ok(counts)
}

pub(super) struct Topics {
    config: Arc<Config>,
    /// Asks what there is, and unlike the other says why it cannot.
    probe: Arc<BaseConsumer<Plain>>,
    admin: AdminClient<Plain>,
    complaint: Complaint,
}

impl Topics {
    pub fn new(config: &Arc<Config>) -> Result<Topics, Error> {
        let context = Plain::new("admin");
        let complaint = context.complaint.clone();
        let failed = |e| from_kafka(config, "connecting to Kafka", &e, &complaint);
        let probe: BaseConsumer<Plain> = BaseConsumer::from_config_and_context(&config.client(), context).map_err(failed)?;
        let admin: AdminClient<Plain> =
            AdminClient::from_config_and_context(&config.client(), Plain::new("admin")).map_err(failed)?;
        Ok(Topics { config: config.clone(), probe: Arc::new(probe), admin, complaint })
    }

    /// Whether a topic with so many partitions will do, if it is there.
    pub fn verdict(&self, topic: Topic, counts: Counts) -> Result<String, Error> {
        let (name, has, want) = (self.config.topic(topic), counts[topic as usize], self.config.partitions);
        match has {
            0 => Ok("not there yet; the first process makes it".into()),
            _ if has == want => Ok(format!("{has} partitions")),
            _ => Err(Error::Refused(format!(
                "the topic {name} has {has} partitions and the configuration says {want}: set eventlog.partitions = {has}; to have more, make a new topic, since the keys of one that has events cannot move"
            ))),
        }
    }

    /// How many partitions with a leader each topic has; 0 when it is not there (yet).
    pub async fn look(&self) -> Result<Counts, Error> {
        let (config, probe, complaint) = (self.config.clone(), self.probe.clone(), self.complaint.clone());
        blocking(move || {
            let mut counts = Counts::default();
            for topic in Topic::ALL {
                let name = config.topic(topic);
                let metadata = ask(&config, &probe, name)
                    .map_err(|error| from_kafka(&config, &format!("asking for the topic {name}"), &error, &complaint))?;
                let found = metadata.topics().iter().find(|t| t.name() == name && t.error().is_none());
                counts[topic as usize] = found.map_or(0, |t| t.partitions().iter().filter(|p| p.leader() >= 0).count() as u32);
            }
            Ok(counts)
        })
        .await
    }

    async fn make(&self, missing: &[Topic]) -> Result<(), Error> {
        let config = &self.config;
        let settings: Vec<BTreeMap<&str, String>> = missing.iter().map(|topic| settings(config, *topic)).collect();
        let new: Vec<NewTopic<'_>> = missing
            .iter()
            .zip(&settings)
            .map(|(topic, settings)| {
                let copies = TopicReplication::Fixed(i32::from(config.replication));
                let new = NewTopic::new(config.topic(*topic), config.partitions as i32, copies);
                settings.iter().fold(new, |new, (key, value)| new.set(key, value))
            })
            .collect();
        let options = AdminOptions::new().request_timeout(Some(config.request_timeout));
        let made = self.admin.create_topics(&new, &options).await;
        let made = made.map_err(|e| from_kafka(config, "making the topics", &e, &self.complaint))?;
        for result in made {
            match result {
                Ok(name) => tracing::info!(topic = name, "made the topic"),
                // Another process was quicker.
                Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((name, code)) => return Err(from_code(config, &format!("making the topic {name}"), code, None)),
            }
        }
        Ok(())
    }

    async fn wait_for_all(&self) -> Result<Counts, Error> {
        let began = Instant::now();
        loop {
            let counts = self.look().await?;
            if counts.iter().all(|count| *count >= self.config.partitions) {
                return Ok(counts);
            }
            if began.elapsed() > self.config.request_timeout {
                let names = self.config.topics.join(", ");
                return Err(Error::Unavailable(format!(
                    "the topics {names} were made and have no leaders yet: are all brokers up?"
                )));
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Whether `Events` takes no records older than its retention.
    pub async fn refuse_the_past(&self) -> Result<bool, Error> {
        let name = self.config.topic(Topic::Events);
        let described = self.describe(&[ResourceSpecifier::Topic(name)]).await?;
        let oldest = described.into_iter().next().and_then(Result::ok);
        let oldest = oldest.and_then(|found| found.get("message.timestamp.before.max.ms")?.value.clone());
        Ok(oldest.is_some_and(|ms| ms == self.config.retention.as_millis().to_string()))
    }

    async fn describe(&self, topics: &[ResourceSpecifier<'_>]) -> Result<Vec<ConfigResourceResult>, Error> {
        let options = AdminOptions::new().request_timeout(Some(self.config.request_timeout));
        let described = self.admin.describe_configs(topics, &options).await;
        described.map_err(|e| from_kafka(&self.config, "asking for the topics' settings", &e, &self.complaint))
    }

    /// Topics that others made, or another configuration.
    pub async fn compare(&self) -> Result<(), Error> {
        let config = &self.config;
        let topics: Vec<_> = config.topics.iter().map(|name| ResourceSpecifier::Topic(name)).collect();
        for found in self.describe(&topics).await? {
            match found {
                Ok(found) => compare(config, &found)?,
                // Not everybody may ask.
                Err(code) => tracing::warn!(%code, "a topic's settings could not be compared with the configuration"),
            }
        }
        Ok(())
    }
}

/// Asks again and again for as long as a request may take, unless there is a reason why that will not help.
fn ask(config: &Config, probe: &BaseConsumer<Plain>, name: &str) -> Result<Metadata, KafkaError> {
    let until = Instant::now() + config.request_timeout;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let error = match probe.fetch_metadata(Some(name), left.min(ONE_TRY)) {
            Ok(metadata) => return Ok(metadata),
            Err(error) => error,
        };
        // The reason waits to be fetched, behind what else there is to say.
        let heard = Instant::now() + LOOK_EVERY;
        while Instant::now() < heard {
            drop(probe.poll(LOOK_EVERY / 10));
        }
        if left <= ONE_TRY || probe.context().complaint.is_final() {
            return Err(error);
        }
    }
}

/// What would lose events is refused, what is merely different is told.
fn compare(config: &Config, found: &ConfigResource) -> Result<(), Error> {
    let OwnedResourceSpecifier::Topic(name) = &found.specifier else { return Ok(()) };
    let Some(topic) = Topic::ALL.into_iter().find(|topic| config.topic(*topic) == name) else { return Ok(()) };
    for (key, want) in settings(config, topic) {
        let Some(has) = found.get(key).and_then(|entry| entry.value.as_ref()) else { continue };
        if key == "cleanup.policy" && has.contains("compact") {
            return Err(Error::Refused(format!(
                "the topic {name} is compacted (cleanup.policy={has}), which leaves one event a person: set cleanup.policy=delete"
            )));
        }
        if *has != want {
            tracing::warn!(topic = name, key, has, configured = want, "the topic keeps its own setting");
        }
    }
    Ok(())
}

fn settings(config: &Config, topic: Topic) -> BTreeMap<&'static str, String> {
    let retention = match topic {
        Topic::Updates => config.updates_retention,
        Topic::Events | Topic::DeadLetters => config.retention,
    };
    let oldest = match topic {
        // Retention goes by the records' times. Whoever sends older ones is told so, instead of having them deleted unread.
        Topic::Events => retention.as_millis().to_string(),
        Topic::Updates | Topic::DeadLetters => i64::MAX.to_string(),
    };
    BTreeMap::from([
        ("cleanup.policy", "delete".into()),
        ("min.insync.replicas", config.min_insync.to_string()),
        ("retention.ms", retention.as_millis().to_string()),
        ("max.message.bytes", config.max_bytes(topic).to_string()),
        // As the producers compressed them.
        ("compression.type", "producer".into()),
        ("message.timestamp.type", "CreateTime".into()),
        ("message.timestamp.before.max.ms", oldest),
        // Clocks of producers may be ahead; what they send is kept all the same.
        ("message.timestamp.after.max.ms", i64::MAX.to_string()),
        ("unclean.leader.election.enable", "false".into()),
    ])
}
