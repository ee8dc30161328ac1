//! The server's errors in the store's words: what may be tried again, what is wrong with the data, the statement or the set-up.

use clickhouse::error::Error as Client;
use schemas::clickhouse::quote;

use crate::{Error, Limits, sql};

/// Codes that say "not now": overload, replicas or Keeper away, timeouts, a restart. Everything else is about what was sent
/// and stays wrong however often it is sent, codes that come with HTTP status 500 (53, 117) included.
const LATER: &[u32] = &[
    3,   // UNEXPECTED_END_OF_FILE: the connection broke in mid-body
    74,  // CANNOT_READ_FROM_FILE_DESCRIPTOR
    75,  // CANNOT_WRITE_TO_FILE_DESCRIPTOR
    76,  // CANNOT_OPEN_FILE
    95,  // CANNOT_READ_FROM_SOCKET
    96,  // CANNOT_WRITE_TO_SOCKET
    159, // TIMEOUT_EXCEEDED
    164, // READONLY: a table without Keeper
    198, // DNS_ERROR
    201, // QUOTA_EXCEEDED
    202, // TOO_MANY_SIMULTANEOUS_QUERIES
    203, // NO_FREE_CONNECTION
    209, // SOCKET_TIMEOUT
    210, // NETWORK_ERROR
    225, // NO_ZOOKEEPER
    236, // ABORTED: the server shuts down
    241, // MEMORY_LIMIT_EXCEEDED
    242, // TABLE_IS_READ_ONLY
    243, // NOT_ENOUGH_SPACE
    252, // TOO_MANY_PARTS
    279, // ALL_CONNECTION_TRIES_FAILED
    285, // TOO_FEW_LIVE_REPLICAS
    286, // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
    289, // REPLICA_IS_NOT_IN_QUORUM
    319, // UNKNOWN_STATUS_OF_INSERT
    364, // RECEIVED_ERROR_TOO_MANY_REQUESTS
    369, // ALL_REPLICAS_ARE_STALE
    394, // QUERY_WAS_CANCELLED
    415, // ALL_REPLICAS_LOST
    425, // SYSTEM_ERROR
    439, // CANNOT_SCHEDULE_TASK
    473, // DEADLOCK_AVOIDED
    499, // S3_ERROR: tables may lie there
    517, // CANNOT_ASSIGN_ALTER: another one is under way
    722, // ASYNC_LOAD_WAIT_FAILED
    733, // TABLE_IS_BEING_RESTARTED
    745, // SERVER_OVERLOADED
    999, // KEEPER_EXCEPTION
];

/// Why a request came to nothing.
pub(super) enum Failure {
    /// The server or the way to it; whether again is worth while depends on what it says.
    Server(Client),
    Store(Error),
}

impl From<Client> for Failure {
    fn from(error: Client) -> Failure {
        Failure::Server(error)
    }
}

/// The server's own code and message.
pub(super) struct Exception {
    pub code: u32,
    pub message: String,
}

impl Exception {
    pub fn of(error: &Client) -> Option<Exception> {
        match error {
            Client::BadResponse(text) => Exception::parse(text),
            _ => None,
        }
    }

    /// From "Code: 62. DB::Exception: what is wrong. (SYNTAX_ERROR) (version 26.9.2)", which may be said twice.
    fn parse(text: &str) -> Option<Exception> {
        let rest = text.trim().strip_prefix("Code: ")?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let code = rest[..digits].parse().ok()?;
        let message = rest[digits..].rsplit("DB::Exception: ").next().unwrap_or_default();
        let message = message.split(" (version ").next().unwrap_or(message).trim();
        let message = message.rsplit_once(". (").map_or(message, |(before, _)| before);
        Some(Exception { code, message: message.to_owned() })
    }
}

pub(super) fn is_passing(error: &Client) -> bool {
    match error {
        Client::Network(_) | Client::TimedOut | Client::NotEnoughData | Client::Decompression(_) => true,
        // Without a code it is a proxy's answer, or what a server says that is on its way down.
        Client::BadResponse(_) => Exception::of(error).is_none_or(|e| LATER.contains(&e.code)),
        _ => false,
    }
}

/// Of something the store itself asked for.
pub(super) fn ours(what: &str, error: &Client) -> Error {
    let said = match Exception::of(error) {
        Some(e) => format!("code {}: {}", e.code, e.message),
        None => innermost(error).map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}")),
    };
    if is_passing(error) {
        return Error::Unavailable(format!("ClickHouse, {what}: {said}"));
    }
    let exception = Exception::of(error);
    let cure = match exception.as_ref().map(|e| (e.code, grant(&e.message))) {
        Some((516, _)) => "check the user and the password".to_owned(),
        Some((497, Some(grant))) => format!("an administrator runs: {grant}"),
        Some((60 | 81 | 16 | 47, _)) => "start one process with clickhouse.migrate = true, or restore the tables".to_owned(),
        _ => "check that the server's version and tables are those this program knows".to_owned(),
    };
    Error::Invalid(format!("ClickHouse refused {what}: {said}. Cure: {cure}"))
}

/// What happened, where the client says no more than that it could not connect.
fn innermost(error: &Client) -> Option<String> {
    let first = std::error::Error::source(error);
    let last = std::iter::successors(first, |cause| cause.source()).last()?.to_string();
    (!error.to_string().contains(&last)).then_some(last)
}

/// "ff: Not enough privileges. To execute this query, it's necessary to have the grant INSERT ON focusflow_rows.journal"
fn grant(message: &str) -> Option<String> {
    let user = message.split_once(": Not enough privileges")?.0;
    let rights = message.split_once("necessary to have the grant ")?.1;
    Some(format!("GRANT {} TO {}", rights.trim_end_matches('.'), quote(user.rsplit(' ').next()?)))
}

/// Of rows that are read for somebody's statement.
pub(super) fn reading(error: &Client, limits: &Limits) -> Error {
    match Exception::of(error).map(|e| e.code) {
        Some(159 | 160) => out_of_time(limits),
        _ => ours("reading rows for a statement", error),
    }
}

/// The name that the server says it does not know.
pub(super) fn unknown(message: &str) -> Option<&str> {
    let rest = message.split_once("identifier ")?.1;
    let quote = rest.chars().next().filter(|c| ['`', '\''].contains(c))?;
    rest[1..].split(quote).next()
}

/// Of somebody's statement.
pub(super) fn statement(error: &Client, limits: &Limits) -> Error {
    let Some(Exception { code, message }) = Exception::of(error) else {
        return Error::Unavailable(format!("ClickHouse, a statement: {error}"));
    };
    match code {
        159 | 160 => out_of_time(limits),
        // The server's memory, not the statement's share of it.
        241 if ["(total)", "(for user)", "User memory"].iter().any(|whose| message.contains(whose)) => {
            Error::Unavailable(format!("ClickHouse, a statement: {message}"))
        }
        241 => Error::Limit(format!(
            "the statement reached its limit of {} MiB of memory: group by fewer values, ask for fewer days, or drop the ORDER BY",
            limits.memory_bytes >> 20
        )),
        158 | 201 | 307 | 396 => Error::Limit(message),
        164 | 291 | 344 | 446 | 452 | 482 | 497 => Error::Forbidden(format!("not allowed here: {message}")),
        _ if LATER.contains(&code) => Error::Unavailable(format!("ClickHouse, a statement: code {code}: {message}")),
        _ => Error::Statement { at: place(&message), message: short(message) },
    }
}

pub(super) fn out_of_time(limits: &Limits) -> Error {
    sql::out_of_time(limits.time)
}

/// "… failed at position 8 (FORM) (line 2, col 1): …"
fn place(message: &str) -> Option<(u64, u64)> {
    let rest = message.split_once("(line ")?.1;
    let (line, rest) = rest.split_once(", col ")?;
    Some((line.parse().ok()?, rest.split_once(')')?.0.parse().ok()?))
}

/// Without the list of everything that might have stood there instead.
fn short(message: String) -> String {
    match message.split_once(" Expected one of:") {
        Some((before, _)) => before.trim_end_matches('.').to_owned(),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn said(text: &str) -> Client {
        Client::BadResponse(text.into())
    }

    #[test]
    fn overload_is_tried_again_and_bad_data_are_not() {
        for text in ["Code: 252. DB::Exception: Too many parts (300). (TOO_MANY_PARTS)", "502 Bad Gateway", "upstream is gone"] {
            assert!(is_passing(&said(text)), "{text}");
            assert!(ours("an insert", &said(text)).is_retryable(), "{text}");
        }
        for code in [53, 117, 60, 516, 62] {
            let text = format!("Code: {code}. DB::Exception: no. (NO) (version 26.9.2.1)");
            assert!(!is_passing(&said(&text)), "{text}");
            assert!(matches!(ours("an insert", &said(&text)), Error::Invalid(m) if m.contains("Cure")), "{text}");
        }
        assert!(is_passing(&Client::TimedOut));
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_said_to_refuse() {
        let nowhere = clickhouse::Client::default().with_url("http://127.0.0.1:1");
        let error = nowhere.query("SELECT 1").fetch_one::<u8>().await.unwrap_err();
        let said = ours("its version", &error);
        assert!(said.is_retryable() && said.to_string().contains("refused"), "{said}");
    }

    #[test]
    fn a_missing_right_comes_with_the_statement_that_gives_it() {
        let text = "Code: 497. DB::Exception: ff: Not enough privileges. To execute this query, it's necessary to have the grant INSERT(a, b) ON x_rows.journal. (ACCESS_DENIED) (version 26)";
        let Error::Invalid(message) = ours("an insert", &said(text)) else { panic!("{text}") };
        assert!(message.ends_with("an administrator runs: GRANT INSERT(a, b) ON x_rows.journal TO `ff`"), "{message}");
    }

    #[test]
    fn a_server_without_memory_is_not_the_statement_s_fault() {
        let limits = Limits { time: Duration::from_secs(1), memory_bytes: 1 << 20, rows: 5 };
        let of = |whose: &str| {
            let text =
                format!("Code: 241. DB::Exception: {whose} memory limit exceeded: would use 1 GiB. (MEMORY_LIMIT_EXCEEDED)");
            statement(&said(&text), &limits)
        };
        assert!(matches!(of("Query"), Error::Limit(_)) && of("(total)").is_retryable() && of("User").is_retryable());
    }

    #[test]
    fn a_statement_s_error_tells_the_place_and_not_the_grammar() {
        let limits = Limits { time: Duration::from_millis(200), memory_bytes: 1 << 20, rows: 5 };
        let text = "Code: 62. DB::Exception: Syntax error: failed at position 10 (FORM) (line 2, col 1): FORM x. Expected one of: a, b. (SYNTAX_ERROR) (version 26.9.2.1 (chdb))";
        let Error::Statement { message, at } = statement(&said(text), &limits) else { panic!("{text}") };
        assert_eq!((message.as_str(), at), ("Syntax error: failed at position 10 (FORM) (line 2, col 1): FORM x", Some((2, 1))));
        let twice = "Code: 164. DB::Exception: Code: 164. DB::Exception: Cannot modify 'x'. (READONLY) (version 26). (READONLY) (version 26)";
        assert!(matches!(statement(&said(twice), &limits), Error::Forbidden(m) if m.ends_with("Cannot modify 'x'")));
        assert!(
            matches!(statement(&said("Code: 159. DB::Exception: late. (X)"), &limits), Error::Limit(m) if m.contains("0.2 s"))
        );
    }
}
