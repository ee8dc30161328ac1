//! The metrics of this stage. Labels are bounded; never a person, a team or a token.

/// Requests answered, by `route` (the path pattern) and `status`.
pub const REQUESTS: &str = "focusflow_query_requests_total";
/// Time to the first byte of an answer, by `route`.
pub const REQUEST_SECONDS: &str = "focusflow_query_request_seconds";
/// Statements run through `POST /v1/sql`, by `form` (json, ndjson, csv, arrow, parquet).
pub const SQL_STATEMENTS: &str = "focusflow_query_sql_statements_total";
/// Rows that left through `POST /v1/sql`.
pub const SQL_ROWS: &str = "focusflow_query_sql_rows_total";
/// Local days and windows days loaded from the store into the read model, by `kind` (daily, windows).
pub const FIGURES_LOADS: &str = "focusflow_query_figures_loads_total";
/// Time to load them, by `kind`.
pub const FIGURES_LOAD_SECONDS: &str = "focusflow_query_figures_load_seconds";
/// Bytes the read model holds, by `kind`.
pub const FIGURES_BYTES: &str = "focusflow_query_figures_bytes";
/// Live connections now, WebSocket and SSE.
pub const LIVE_CONNECTIONS: &str = "focusflow_query_live_connections";
/// Live topics kept, with subscribers or lately.
pub const LIVE_TOPICS: &str = "focusflow_query_live_topics";
/// Updates read from the log.
pub const LIVE_UPDATES: &str = "focusflow_query_live_updates_total";
/// Updates that could not be read, skipped.
pub const LIVE_UPDATES_BAD: &str = "focusflow_query_live_updates_bad_total";
/// People whose news did not come by the log, brought up to date from the store.
pub const LIVE_LOST: &str = "focusflow_query_live_lost_total";
/// Messages put into the outboxes of readers.
pub const LIVE_MESSAGES: &str = "focusflow_query_live_messages_total";
/// Times a slow reader's queued messages were replaced by the latest state.
pub const LIVE_CONFLATIONS: &str = "focusflow_query_live_conflations_total";
/// From an event's acceptance to its delta leaving for the readers.
pub const LIVE_FRESHNESS_SECONDS: &str = "focusflow_query_live_freshness_seconds";
/// Time to bring the open topics up to date, once a tick.
pub const LIVE_TICK_SECONDS: &str = "focusflow_query_live_tick_seconds";
/// Times a learned model of burnout risk that could no longer be trusted was replaced by the baseline.
pub const MODEL_FALLBACKS: &str = "focusflow_query_model_fallbacks_total";

/// People who were shown advice, by `kind`; moves in steps of at least k people.
pub const ADVICE_SHOWN: &str = "focusflow_query_advice_shown_total";
/// People who said of advice that it is not useful, by `kind`; moves in steps of at least k people.
pub const ADVICE_NOT_USEFUL: &str = "focusflow_query_advice_not_useful_total";

/// Registers the descriptions, for `# HELP` lines.
pub fn describe() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_counter!(REQUESTS, "Requests answered, by route and status.");
    describe_histogram!(REQUEST_SECONDS, Unit::Seconds, "Time to the first byte of an answer, by route.");
    describe_counter!(SQL_STATEMENTS, "Statements run, by form of the answer.");
    describe_counter!(SQL_ROWS, "Rows that left through SQL.");
    describe_counter!(FIGURES_LOADS, "Days loaded into the read model, by kind.");
    describe_histogram!(FIGURES_LOAD_SECONDS, Unit::Seconds, "Time to load days into the read model, by kind.");
    describe_gauge!(FIGURES_BYTES, Unit::Bytes, "Bytes the read model holds, by kind.");
    describe_gauge!(LIVE_CONNECTIONS, "Live connections now.");
    describe_gauge!(LIVE_TOPICS, "Live topics kept.");
    describe_counter!(LIVE_UPDATES, "Updates read from the log.");
    describe_counter!(LIVE_UPDATES_BAD, "Updates that could not be read.");
    describe_counter!(LIVE_LOST, "People whose news did not come, brought up to date from the store.");
    describe_counter!(LIVE_MESSAGES, "Messages put into the outboxes of readers.");
    describe_counter!(LIVE_CONFLATIONS, "Times a slow reader was set to the latest state.");
    describe_histogram!(LIVE_FRESHNESS_SECONDS, Unit::Seconds, "From acceptance of an event to its delta.");
    describe_histogram!(LIVE_TICK_SECONDS, Unit::Seconds, "Time to bring the open topics up to date.");
    describe_counter!(MODEL_FALLBACKS, "Times a learned model was replaced by the baseline.");
    describe_counter!(ADVICE_SHOWN, "People who were shown advice, by kind, in steps of at least k.");
    describe_counter!(ADVICE_NOT_USEFUL, "People who said of advice that it is not useful, by kind, in steps of at least k.");
}
