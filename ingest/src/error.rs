//! What can go wrong with a request as a whole, and the one place that turns it into a status, a stable code and
//! `application/problem+json`.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::intake::Rejected;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("sending events needs a token: send Authorization: Bearer <token>")]
    NoToken,
    #[error("this token is unknown, revoked or expired: ask an admin for a new one")]
    BadToken,
    #[error("this token may not send events: use one with the role ingest")]
    Forbidden,
    #[error("`priorities` is true or false")]
    Parameter,
    #[error(
        "priorities are told to whom the messages came: send them with a token of role ingest that names the person (`focusflow token create --role ingest --person ID`)"
    )]
    OthersPriorities,
    #[error("this path takes POST alone")]
    Method,
    #[error("the body is {0}: send application/json or application/x-ndjson")]
    MediaType(String),
    #[error("the body is encoded as {0}: send it as it is, or with gzip or zstd")]
    Encoding(String),
    #[error("the body is not {encoding}, whatever Content-Encoding says: {reason}")]
    BadEncoding { encoding: &'static str, reason: String },
    #[error("the body is over {limit} bytes, as sent or decompressed: send fewer events at a time")]
    TooLarge { limit: usize },
    #[error("the body broke off: {0}")]
    BodyBroken(String),
    #[error("the body took longer than {0:?} to arrive: send fewer events at a time")]
    BodySlow(Duration),
    #[error("the body is empty: send an event, an array of events, or one event per line")]
    Empty,
    #[error("none of the {total} events can be used: see `rejected` for the reason of each")]
    NothingUsable { rejected: Vec<Rejected>, total: u64 },
    #[error("too much is being taken in at this moment: send it again after the time in Retry-After")]
    Busy,
    #[error(
        "{limit} requests of this token are under way already: send this one again when others are answered, or send more events in each"
    )]
    TooMany { limit: usize },
    #[error("the event log did not answer within {0:?}: send it again, the same ids count once")]
    LogSlow(Duration),
    #[error("{0}: send it again after the time in Retry-After")]
    LogUnavailable(&'static str),
    /// The reason is for the server's own log.
    #[error("the server failed; its own log says why")]
    Internal(String),
}

impl From<eventlog::Error> for Error {
    fn from(error: eventlog::Error) -> Error {
        // Where the log lies, and which brokers it is on, is nothing to producers; the log tells the server's own log.
        match error {
            eventlog::Error::Full(_) => Error::LogUnavailable("the event log's disk is full"),
            eventlog::Error::Unavailable(_) => Error::LogUnavailable("the event log cannot take records now"),
            // It belongs to a process that is stopping; the next one, or a neighbour, will take it.
            eventlog::Error::Closed => Error::LogUnavailable("the event log is closed"),
            _ => Error::Internal(error.to_string()),
        }
    }
}

impl Error {
    pub fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Error::NoToken | Error::BadToken => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Error::Forbidden | Error::OthersPriorities => (StatusCode::FORBIDDEN, "forbidden"),
            Error::Parameter => (StatusCode::BAD_REQUEST, "bad_parameter"),
            Error::Method => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Error::MediaType(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
            Error::Encoding(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding"),
            Error::BadEncoding { .. } => (StatusCode::BAD_REQUEST, "bad_encoding"),
            Error::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Error::BodyBroken(_) => (StatusCode::BAD_REQUEST, "body_broken"),
            Error::BodySlow(_) => (StatusCode::REQUEST_TIMEOUT, "body_slow"),
            Error::Empty => (StatusCode::BAD_REQUEST, "empty"),
            Error::NothingUsable { .. } => (StatusCode::BAD_REQUEST, "nothing_usable"),
            Error::TooMany { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"),
            Error::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Error::LogSlow(_) | Error::LogUnavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }

    /// Whether the same request may succeed later: the answer then says when.
    pub fn is_retryable(&self) -> bool {
        matches!(self.status_and_code().0, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS)
    }

    pub(crate) fn into_response(self, retry_after: Duration) -> Response {
        let (status, code) = self.status_and_code();
        let retry = self.is_retryable().then(|| retry_after.as_secs().max(1));
        let problem = Problem {
            r#type: format!("about:blank#{code}"),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code,
            detail: self.to_string(),
            rejected_total: match &self {
                Error::NothingUsable { rejected, total } => (rejected.len() as u64 != *total).then_some(*total),
                _ => None,
            },
            rejected: match self {
                Error::NothingUsable { rejected, .. } => rejected,
                _ => Vec::new(),
            },
        };
        // Text, numbers and lists of them always have a JSON form.
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = retry {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }
}

/// RFC 9457, with the rejections where there are any.
#[derive(Serialize)]
struct Problem {
    r#type: String,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rejected: Vec<Rejected>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_total: Option<u64>,
}
