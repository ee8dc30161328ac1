//! The metrics this crate emits, one line each. Labels: `topic`, and `client` (producer, reader, member, admin).

/// Records acknowledged. Counter, by topic.
pub const APPENDED_RECORDS: &str = "focusflow_eventlog_appended_records_total";
/// Bytes acknowledged, as records in wire form. Counter, by topic.
pub const APPENDED_BYTES: &str = "focusflow_eventlog_appended_bytes_total";
/// Appends answered with an error. Counter.
pub const FAILED_APPENDS: &str = "focusflow_eventlog_failed_appends_total";
/// Time from the first write of a group to the end of its last sync. Histogram.
pub const SYNC_SECONDS: &str = "focusflow_eventlog_sync_seconds";
/// Appends that shared one group commit. Histogram.
pub const SYNC_REQUESTS: &str = "focusflow_eventlog_sync_requests";
/// Bytes waiting to be written. Gauge.
pub const QUEUE_BYTES: &str = "focusflow_eventlog_queue_bytes";
/// Segment files on disk. Gauge, by topic.
pub const SEGMENTS: &str = "focusflow_eventlog_segments";
/// Bytes of segments deleted by retention. Counter, by topic.
pub const RETIRED_BYTES: &str = "focusflow_eventlog_retired_bytes_total";
/// Reads that had to go to the disk because the records had left memory. Counter.
pub const DISK_READS: &str = "focusflow_eventlog_disk_reads_total";

/// Brokers a client is connected to. Gauge, by client.
pub const KAFKA_BROKERS_UP: &str = "focusflow_eventlog_kafka_brokers_up";
/// Round trip to the slowest broker, 99th percentile of the last seconds. Gauge, by client.
pub const KAFKA_ROUND_TRIP_SECONDS: &str = "focusflow_eventlog_kafka_round_trip_seconds";
/// Requests that failed or were not answered in time. Counter, by client.
pub const KAFKA_FAILED_REQUESTS: &str = "focusflow_eventlog_kafka_failed_requests_total";
/// Requests sent again. Counter, by client.
pub const KAFKA_RETRIED_REQUESTS: &str = "focusflow_eventlog_kafka_retried_requests_total";
/// Connections that ended. Counter, by client.
pub const KAFKA_DISCONNECTS: &str = "focusflow_eventlog_kafka_disconnects_total";
/// Bytes of records that brokers have not acknowledged yet. Gauge.
pub const KAFKA_WAITING_BYTES: &str = "focusflow_eventlog_kafka_waiting_bytes";
/// Bytes fetched that nobody has asked for yet. Gauge.
pub const KAFKA_READ_AHEAD_BYTES: &str = "focusflow_eventlog_kafka_read_ahead_bytes";
/// Times the group shared out its partitions anew. Counter.
pub const KAFKA_REBALANCES: &str = "focusflow_eventlog_kafka_rebalances_total";
/// Partitions of events this process owns. Gauge.
pub const KAFKA_OWNED_PARTITIONS: &str = "focusflow_eventlog_kafka_owned_partitions";
