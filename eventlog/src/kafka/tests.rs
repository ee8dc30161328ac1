//! Producer and reader against librdkafka's own pretended broker, which fails on demand. What a real one does is in `tests/kafka.rs`.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use tokio::time::timeout;

use super::config::Config;
use super::producer::Producer;
use super::reader::Reader;
use crate::testing::batch;
use crate::{Cure, Error, Topic};

const SOON: Duration = Duration::from_secs(20);

fn mock(change: impl FnOnce(&mut Config)) -> (MockCluster<'static, DefaultProducerContext>, Producer) {
    let cluster = MockCluster::new(1).unwrap();
    let mut config = Config::new(cluster.bootstrap_servers(), "");
    cluster.create_topic("events", 2, 1).unwrap();
    change(&mut config);
    (cluster, Producer::new(Arc::new(config), [2; 3]))
}

async fn append(producer: &Producer, records: usize) -> Result<(), Error> {
    timeout(SOON, producer.append(Topic::Events, vec![(0, batch("a", records))])).await.expect("an answer")
}

#[tokio::test]
async fn a_producer_that_cannot_go_on_is_replaced() {
    let (cluster, producer) = mock(|_| {});
    cluster.request_errors(RDKafkaApiKey::InitProducerId, &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED]);
    append(&producer, 10).await.unwrap_err();
    append(&producer, 10).await.unwrap();
}

#[tokio::test]
async fn answers_of_brokers_are_told_apart() {
    use RDKafkaRespErr::{
        RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE as TOO_LARGE, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED as NOT_ALLOWED,
    };
    for (answer, cure, said) in
        [(NOT_ALLOWED, Cure::Stop, "Write on the topics events,"), (TOO_LARGE, Cure::Reject, "max.message.bytes")]
    {
        let (cluster, producer) = mock(|_| {});
        cluster.request_errors(RDKafkaApiKey::Produce, &[answer]);
        let error = append(&producer, 10).await.unwrap_err();
        assert!(error.cure() == cure && error.to_string().contains(said), "{error}");
    }
    // What passes is tried again until it has passed.
    let (cluster, producer) = mock(|_| {});
    cluster.request_errors(RDKafkaApiKey::Produce, &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS; 3]);
    append(&producer, 10).await.unwrap();
}

#[tokio::test]
async fn appends_wait_outside_while_enough_is_on_its_way() {
    let (cluster, producer) = mock(|config| config.queue_bytes = 100_000);
    append(&producer, 1).await.unwrap();
    cluster.broker_round_trip_time(1, Duration::from_secs(1)).unwrap();
    let producer = Arc::new(producer);
    let task = |producer: &Arc<Producer>| {
        let producer = producer.clone();
        tokio::spawn(async move { append(&producer, 300).await })
    };
    let first = task(&producer);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(producer.free_bytes() < 100_000);
    let second = task(&producer);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!first.is_finished() && !second.is_finished());
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
    assert_eq!(producer.free_bytes(), 100_000);
    producer.close().await;
    assert!(matches!(append(&producer, 1).await, Err(Error::Closed)));
}

#[tokio::test]
async fn a_leader_on_the_move_is_waited_for() {
    use RDKafkaRespErr::{
        RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE as NONE_YET, RD_KAFKA_RESP_ERR_NO_ERROR as NO_ERROR,
        RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION as NOT_ME, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED as NOT_ALLOWED,
    };
    let (cluster, producer) = mock(|config| config.request_timeout = Duration::from_secs(10));
    append(&producer, 10).await.unwrap();
    let config = Config { request_timeout: Duration::from_secs(10), ..Config::new(cluster.bootstrap_servers(), "") };
    let reader = Reader::new(Arc::new(config), [2; 3]);
    cluster.request_errors(RDKafkaApiKey::ListOffsets, &[NOT_ME, NOT_ME, NONE_YET]);
    assert_eq!(timeout(SOON, reader.range(Topic::Events, 0)).await.unwrap().unwrap(), 0..10);
    cluster.request_errors(RDKafkaApiKey::ListOffsets, &[NOT_ME, NONE_YET]);
    assert_eq!(timeout(SOON, reader.ends(Topic::Events, &[0, 1])).await.unwrap().unwrap(), [10, 0]);
    // Whichever of the questions fails: half an answer is none.
    for errors in [&[NOT_ALLOWED][..], &[NO_ERROR, NOT_ALLOWED]] {
        cluster.request_errors(RDKafkaApiKey::ListOffsets, errors);
        let error = timeout(SOON, reader.range(Topic::Events, 0)).await.unwrap().unwrap_err();
        assert!(error.cure() == Cure::Stop, "{error}");
    }
    reader.close().await;
}
