//! What ingest tells of itself. Emitted once per request; no label says who.

use std::time::Duration;

use schemas::outcome::{Code, Outcome};

use crate::intake::Taken;
use crate::priority::Band;

/// Requests answered, by status code.
pub const REQUESTS: &str = "focusflow_ingest_requests_total";
/// Events that were read from a request; the sum of `EVENTS` over its outcomes.
pub const RECEIVED: &str = "focusflow_ingest_events_received_total";
/// Events by outcome: accepted, invalid, too_large, rate_limited (the log could not take them: sent again they count once), internal.
pub const EVENTS: &str = "focusflow_ingest_events_total";
/// Events refused one by one, by the code of the rejection.
pub const REJECTIONS: &str = "focusflow_ingest_rejections_total";
/// Bytes of bodies, as sent.
pub const BODY_BYTES: &str = "focusflow_ingest_body_bytes_total";
/// Bytes of records appended to the log.
pub const RECORD_BYTES: &str = "focusflow_ingest_record_bytes_total";
/// Events in one request.
pub const BATCH_EVENTS: &str = "focusflow_ingest_batch_events";
/// From the append's call to its durable return.
pub const APPEND_SECONDS: &str = "focusflow_ingest_append_seconds";
/// Priorities given to received messages, by band: notify, queue, hold.
pub const PRIORITIES: &str = "focusflow_ingest_priorities_total";
/// People whose habits are known, so that their messages are judged by more than the rule for everybody.
pub const HABITS: &str = "focusflow_ingest_habits_people";
/// From the request's head to its answer.
pub const REQUEST_SECONDS: &str = "focusflow_ingest_request_seconds";

pub(crate) fn describe() {
    metrics::describe_counter!(REQUESTS, "Requests answered, by status code");
    metrics::describe_counter!(RECEIVED, "Events read from requests: the sum of focusflow_ingest_events_total");
    metrics::describe_counter!(EVENTS, "Events by outcome");
    metrics::describe_counter!(REJECTIONS, "Events refused one by one, by code");
    metrics::describe_counter!(BODY_BYTES, metrics::Unit::Bytes, "Bodies as sent");
    metrics::describe_counter!(RECORD_BYTES, metrics::Unit::Bytes, "Records appended to the log");
    metrics::describe_histogram!(BATCH_EVENTS, "Events in one request");
    metrics::describe_counter!(PRIORITIES, "Priorities given to received messages, by band");
    metrics::describe_gauge!(HABITS, "People whose habits are known");
    metrics::describe_histogram!(APPEND_SECONDS, metrics::Unit::Seconds, "Append to the log, until durable");
    metrics::describe_histogram!(REQUEST_SECONDS, metrics::Unit::Seconds, "Whole request");
}

/// The events of one request. `ended` is what became of those that were good.
pub fn events(taken: &Taken, ended: Outcome) {
    metrics::counter!(RECEIVED).increment(taken.received());
    metrics::histogram!(BATCH_EVENTS).record(taken.received() as f64);
    if taken.accepted > 0 {
        metrics::counter!(EVENTS, "outcome" => ended.as_str()).increment(taken.accepted);
    }
    if ended == Outcome::Accepted {
        for band in Band::ALL.into_iter().filter(|band| taken.given[*band as usize] > 0) {
            metrics::counter!(PRIORITIES, "band" => band.as_str()).increment(taken.given[band as usize]);
        }
    }
    if taken.rejections() == 0 {
        return;
    }
    for outcome in Outcome::ALL {
        let refused = taken.refused(*outcome);
        if refused > 0 {
            metrics::counter!(EVENTS, "outcome" => outcome.as_str()).increment(refused);
        }
    }
    for code in Code::ALL {
        let refused = taken.rejected_by_code[*code as usize];
        if refused > 0 {
            metrics::counter!(REJECTIONS, "code" => code.as_str()).increment(refused);
        }
    }
}

pub(crate) fn habits(people: usize) {
    metrics::gauge!(HABITS).set(people as f64);
}

pub(crate) fn appended(bytes: usize, took: Duration) {
    metrics::counter!(RECORD_BYTES).increment(bytes as u64);
    metrics::histogram!(APPEND_SECONDS).record(took.as_secs_f64());
}

pub(crate) fn body(bytes: usize) {
    metrics::counter!(BODY_BYTES).increment(bytes as u64);
}

pub(crate) fn request(status: u16, took: Duration) {
    metrics::counter!(REQUESTS, "status" => status_word(status)).increment(1);
    metrics::histogram!(REQUEST_SECONDS).record(took.as_secs_f64());
}

/// The statuses ingest answers with, so that a label needs no allocation.
fn status_word(status: u16) -> &'static str {
    match status {
        202 => "202",
        400 => "400",
        401 => "401",
        403 => "403",
        405 => "405",
        408 => "408",
        413 => "413",
        415 => "415",
        429 => "429",
        503 => "503",
        _ => "500",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn every_status_ingest_answers_with_has_a_label_of_its_own() {
        let answers = [
            Error::NoToken,
            Error::BadToken,
            Error::Forbidden,
            Error::Parameter,
            Error::OthersPriorities,
            Error::Method,
            Error::MediaType(String::new()),
            Error::Encoding(String::new()),
            Error::BadEncoding { encoding: "gzip", reason: String::new() },
            Error::TooLarge { limit: 1 },
            Error::BodyBroken(String::new()),
            Error::BodySlow(Duration::ZERO),
            Error::Empty,
            Error::NothingUsable { rejected: Vec::new(), total: 1 },
            Error::Busy,
            Error::TooMany { limit: 1 },
            Error::LogSlow(Duration::ZERO),
            Error::LogUnavailable(""),
            Error::Internal(String::new()),
        ];
        for error in &answers {
            // One that is new has to be added above too.
            match error {
                Error::NoToken
                | Error::BadToken
                | Error::Forbidden
                | Error::Parameter
                | Error::OthersPriorities
                | Error::Method
                | Error::MediaType(_)
                | Error::Encoding(_) => {}
                Error::BadEncoding { .. } | Error::TooLarge { .. } | Error::BodyBroken(_) | Error::BodySlow(_) | Error::Empty => {
                }
                Error::NothingUsable { .. } | Error::Busy | Error::TooMany { .. } | Error::LogSlow(_) => {}
                Error::LogUnavailable(_) | Error::Internal(_) => {}
            }
            let status = error.status_and_code().0.as_u16();
            assert_eq!(status_word(status), status.to_string(), "{error:?}");
        }
        assert_eq!(status_word(202), "202");
    }
}
