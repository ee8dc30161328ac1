//! What the store reports through the `metrics` facade. No labels, nothing about a person.

/// Rows taken by commits.
pub const ROWS: &str = "focusflow_store_committed_rows_total";
/// Commits taken.
pub const COMMITS: &str = "focusflow_store_commits_total";
/// Times a commit waited because two generations of hot rows were full.
pub const COMMIT_WAITS: &str = "focusflow_store_commit_waits_total";
/// Bytes of rows in memory that are not in a file yet.
pub const HOT_BYTES: &str = "focusflow_store_hot_bytes";
/// Rows in memory that are not in a file yet.
pub const HOT_ROWS: &str = "focusflow_store_hot_rows";
/// Files in the manifest.
pub const FILES: &str = "focusflow_store_files";
/// Bytes of those files.
pub const FILE_BYTES: &str = "focusflow_store_file_bytes";
/// Time from setting hot rows aside to their publication.
pub const FLUSH_SECONDS: &str = "focusflow_store_flush_seconds";
/// Flushes that failed; their rows stay in memory and are tried again.
pub const FLUSH_FAILURES: &str = "focusflow_store_flush_failures_total";
/// Files written by flushes.
pub const FILES_WRITTEN: &str = "focusflow_store_files_written_total";
/// Merges of a day's files into one.
pub const MERGES: &str = "focusflow_store_merges_total";
/// Merges that failed; they are tried again.
pub const MERGE_FAILURES: &str = "focusflow_store_merge_failures_total";
/// Files dropped because their day was past its retention.
pub const FILES_EXPIRED: &str = "focusflow_store_files_expired_total";
/// Statements run.
pub const QUERIES: &str = "focusflow_store_queries_total";
/// Statements that ended with an error.
pub const QUERY_FAILURES: &str = "focusflow_store_query_failures_total";
/// Time from a statement's arrival to its first rows.
pub const QUERY_START_SECONDS: &str = "focusflow_store_query_start_seconds";
/// Requests to ClickHouse that were tried again.
pub const RETRIES: &str = "focusflow_store_retries_total";
/// Time of one insert into a table of ClickHouse.
pub const INSERT_SECONDS: &str = "focusflow_store_insert_seconds";
/// Seconds since control data were last read, or found to be as they were.
pub const CONTROL_AGE_SECONDS: &str = "focusflow_store_control_age_seconds";
