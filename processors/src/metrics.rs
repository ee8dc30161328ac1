//! The processors' metrics, one line each; emitted once a batch, labelled by partition alone.

use metrics::{counter, gauge, histogram};

use crate::partition::{Counts, Partition};

/// Events taken from the log, by `outcome`: accepted, duplicate, dead_lettered, sent_on (to the partition of its person).
pub const EVENTS: &str = "focusflow_processors_events_total";
/// Accepted events that the watermark had passed already.
pub const LATE: &str = "focusflow_processors_late_events_total";
/// User-days recomputed.
pub const DAYS: &str = "focusflow_processors_days_total";
/// Rows written, raw ones included.
pub const ROWS: &str = "focusflow_processors_rows_total";
/// Session phases that made no sense where they stood.
pub const IGNORED_PHASES: &str = "focusflow_processors_ignored_phases_total";
/// From the first record of a batch in hand to its commit.
pub const COMMIT_SECONDS: &str = "focusflow_processors_commit_seconds";
/// Reads, loads and commits tried again.
pub const RETRIES: &str = "focusflow_processors_retries_total";
/// People in memory.
pub const PEOPLE: &str = "focusflow_processors_people";
/// Days of events in memory, over all people.
pub const CHUNKS: &str = "focusflow_processors_chunks";
/// What those take.
pub const BYTES: &str = "focusflow_processors_memory_bytes";
/// Records in the log that are not processed yet: told whatever the partition's owner is doing, 0 once it is another process's.
pub const LAG: &str = "focusflow_processors_lag_events";
/// Event time up to which rows are final, in seconds since 1970.
pub const WATERMARK: &str = "focusflow_processors_watermark_seconds";

/// 1 for a partition that cannot go on and stands still: the log says why.
pub const STOPPED: &str = "focusflow_processors_stopped";

/// Partitions this process works on.
pub const OWNED: &str = "focusflow_processors_owned_partitions";
/// Times that partitions came to this process or went from it.
pub const REBALANCES: &str = "focusflow_processors_rebalances_total";
/// From a partition's coming, or from the loss of its state, to the state being here.
pub const ACQUIRE_SECONDS: &str = "focusflow_processors_acquire_seconds";

pub(crate) fn batch(number: u32, counts: &Counts, rows: usize, seconds: f64) {
    let partition = number.to_string();
    for (outcome, count) in [
        ("accepted", counts.accepted),
        ("duplicate", counts.duplicates),
        ("dead_lettered", counts.dead),
        ("sent_on", counts.sent_on),
    ] {
        counter!(EVENTS, "partition" => partition.clone(), "outcome" => outcome).increment(count);
    }
    counter!(LATE, "partition" => partition.clone()).increment(counts.late);
    counter!(DAYS, "partition" => partition.clone()).increment(counts.days);
    counter!(ROWS, "partition" => partition.clone()).increment(rows as u64);
    counter!(IGNORED_PHASES, "partition" => partition.clone()).increment(counts.ignored_phases);
    histogram!(COMMIT_SECONDS, "partition" => partition).record(seconds);
}

pub(crate) fn state(number: u32, state: &Partition) {
    let partition = number.to_string();
    gauge!(PEOPLE, "partition" => partition.clone()).set(state.people() as f64);
    gauge!(CHUNKS, "partition" => partition.clone()).set(state.chunks() as f64);
    gauge!(BYTES, "partition" => partition.clone()).set(state.bytes() as f64);
    gauge!(WATERMARK, "partition" => partition).set(state.saved.watermark as f64 / 1_000.0);
}

pub(crate) fn lag(number: u32, records: u64) {
    gauge!(LAG, "partition" => number.to_string()).set(records as f64);
}

/// It is another's: nobody shall scale, or be woken, by what it was.
pub(crate) fn lost(number: u32) {
    for name in [PEOPLE, CHUNKS, BYTES, LAG, STOPPED] {
        gauge!(name, "partition" => number.to_string()).set(0.0);
    }
    // No time at all: 0 would be 1970.
    gauge!(WATERMARK, "partition" => number.to_string()).set(f64::NAN);
}

pub(crate) fn owned(count: usize) {
    gauge!(OWNED).set(count as f64);
}

pub(crate) fn rebalanced() {
    counter!(REBALANCES).increment(1);
}

pub(crate) fn acquired(number: u32, seconds: f64) {
    histogram!(ACQUIRE_SECONDS).record(seconds);
    gauge!(STOPPED, "partition" => number.to_string()).set(0.0);
}

pub(crate) fn stopped(number: u32) {
    gauge!(STOPPED, "partition" => number.to_string()).set(1.0);
}

pub(crate) fn retried(number: u32) {
    counter!(RETRIES, "partition" => number.to_string()).increment(1);
}
