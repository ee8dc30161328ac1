//! The metrics this crate emits, one line each. Labels: `topic` only.

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
