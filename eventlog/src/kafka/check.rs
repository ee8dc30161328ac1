//! Whether a process could work on this cluster: looks and changes nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use tokio::sync::mpsc;

use super::KafkaLog;
use super::client::Plain;
use super::config::Config;
use super::error::{from_code, from_kafka};
use super::lag::Onlooker;
use super::topics::Topics;
use crate::{Error, Topic};

/// What was tried, and how it is.
pub type Finding = (String, Result<String, Error>);

impl KafkaLog {
    /// Brokers, topics, the right to write and the right to work in the group.
    pub async fn check(config: Config) -> Vec<Finding> {
        let brokers = format!("Kafka at {}", config.brokers);
        let config = Arc::new(config);
        if let Err(error) = config.check() {
            return vec![(brokers, Err(error))];
        }
        let looked = async {
            let topics = Topics::new(&config)?;
            let counts = topics.look().await?;
            Ok((topics, counts))
        };
        let (topics, counts) = match looked.await {
            Ok(looked) => looked,
            Err(error) => return vec![(brokers, Err(error))],
        };
        let secured = match (&config.tls, &config.sasl) {
            (None, None) => "neither encrypted nor signed in",
            (Some(_), None) => "encrypted",
            (None, Some(_)) => "signed in, not encrypted",
            (Some(_), Some(_)) => "encrypted and signed in",
        };
        let mut found = vec![(brokers, Ok(format!("answers, {secured}")))];
        let mut missing = false;
        for topic in Topic::ALL {
            missing |= counts[topic as usize] == 0;
            found.push((format!("topic {}", config.topic(topic)), topics.verdict(topic, counts)));
        }
        if missing {
            return found;
        }
        found.push(("settings of the topics".into(), topics.compare().await.map(|()| "lose no events".into())));
        let writing = match topics.refuse_the_past().await {
            Ok(true) => may_write(&config).await,
            Ok(false) => Ok("is not tried, as what is written would stay".into()),
            Err(error) => Err(error),
        };
        found.push((format!("writing to {}", config.topic(Topic::Events)), writing));
        let group = Onlooker::default().positions(config.clone(), config.partitions).await;
        found.push((format!("group {}", config.group), group.map(|_| "answers".into())));
        found
    }
}

/// A record of 1970 is refused for its time, and before that for want of the right to write: either way nothing is written.
async fn may_write(config: &Arc<Config>) -> Result<String, Error> {
    let name = config.topic(Topic::Events);
    let doing = format!("writing to {name}");
    let (answers, mut answered) = mpsc::channel(1);
    let context = Probe { plain: Plain::new("check"), answers };
    let complaint = context.plain.complaint.clone();
    let failed = |error: &KafkaError| from_kafka(config, &doing, error, &complaint);
    let producer = ThreadedProducer::<Probe>::from_config_and_context(&config.producer(), context).map_err(|e| failed(&e))?;
    producer.send(BaseRecord::<(), ()>::to(name).partition(0).timestamp(1)).map_err(|(error, _)| failed(&error))?;
    let within = Instant::now() + config.request_timeout;
    loop {
        match tokio::time::timeout(Duration::from_millis(100), answered.recv()).await {
            Ok(Some(Some(RDKafkaErrorCode::InvalidTimestamp))) => return Ok("is allowed".into()),
            Ok(Some(None)) => return Ok("is allowed (an empty record was written, and will be dead-lettered)".into()),
            Ok(Some(Some(code))) => return Err(from_code(config, &doing, code, None)),
            Ok(None) => return Err(Error::Closed),
            // A client that may not even write anywhere says so aside.
            Err(_) => match producer.client().fatal_error() {
                Some((code, reason)) => return Err(from_code(config, &doing, code, Some(&reason))),
                None if Instant::now() >= within => {
                    return Err(from_code(config, &doing, RDKafkaErrorCode::OperationTimedOut, None));
                }
                None => {}
            },
        }
    }
}

struct Probe {
    plain: Plain,
    answers: mpsc::Sender<Option<RDKafkaErrorCode>>,
}

impl ClientContext for Probe {
    fn error(&self, error: KafkaError, reason: &str) {
        self.plain.error(error, reason);
    }
}

impl ProducerContext for Probe {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let code = result.as_ref().err().and_then(|(error, _)| error.rdkafka_error_code());
        // Nobody waits any more: then it was answered.
        self.answers.try_send(code).ok();
    }
}
