//! librdkafka's statistics as metrics.

use rdkafka::statistics::Statistics;

use crate::metrics::{
    KAFKA_BROKERS_UP, KAFKA_DISCONNECTS, KAFKA_FAILED_REQUESTS, KAFKA_OWNED_PARTITIONS, KAFKA_READ_AHEAD_BYTES, KAFKA_REBALANCES,
    KAFKA_RETRIED_REQUESTS, KAFKA_ROUND_TRIP_SECONDS, KAFKA_WAITING_BYTES,
};

pub(super) fn tell(role: &'static str, stats: &Statistics) {
    let brokers = || stats.brokers.values().filter(|b| b.nodeid >= 0);
    metrics::gauge!(KAFKA_BROKERS_UP, "client" => role).set(brokers().filter(|b| b.state == "UP").count() as f64);
    let slowest = brokers().filter_map(|b| b.rtt.as_ref()).map(|rtt| rtt.p99).max().unwrap_or(0);
    metrics::gauge!(KAFKA_ROUND_TRIP_SECONDS, "client" => role).set(slowest as f64 / 1e6);
    let failed = brokers().map(|b| b.txerrs + b.rxerrs + b.req_timeouts).sum();
    metrics::counter!(KAFKA_FAILED_REQUESTS, "client" => role).absolute(failed);
    metrics::counter!(KAFKA_RETRIED_REQUESTS, "client" => role).absolute(brokers().map(|b| b.txretries).sum());
    let disconnects = brokers().filter_map(|b| b.disconnects).sum::<i64>();
    metrics::counter!(KAFKA_DISCONNECTS, "client" => role).absolute(disconnects.unsigned_abs());
    let partitions = || stats.topics.values().flat_map(|t| t.partitions.values());
    match role {
        "producer" => metrics::gauge!(KAFKA_WAITING_BYTES).set(stats.msg_size as f64),
        "reader" => metrics::gauge!(KAFKA_READ_AHEAD_BYTES).set(partitions().map(|p| p.fetchq_size).sum::<u64>() as f64),
        _ => {}
    }
    if let (true, Some(group)) = (role == "member", &stats.cgrp) {
        metrics::counter!(KAFKA_REBALANCES).absolute(group.rebalance_cnt.unsigned_abs());
        metrics::gauge!(KAFKA_OWNED_PARTITIONS).set(f64::from(group.assignment_size));
    }
}
