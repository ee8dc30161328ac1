//! What can go wrong, and the one place that turns it into a status, a stable code and `application/problem+json`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

pub const PROBLEM_JSON: &str = "application/problem+json";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("this needs a token: send Authorization: Bearer <token>")]
    NoToken,
    #[error("this token is unknown, revoked or expired: ask an admin for a new one")]
    BadToken,
    #[error("{0}")]
    Forbidden(String),
    #[error("{0}")]
    NotFound(String),
    #[error("{message}")]
    BadParameter { field: &'static str, message: String },
    #[error("{message}")]
    BadBody { code: &'static str, message: String },
    #[error("the body is {found}; send {wanted}")]
    MediaType { found: String, wanted: &'static str },
    #[error("this path does not take this method: /v1/openapi.json says which")]
    MethodNotAllowed,
    #[error("none of the forms asked for in Accept can be given; there are {0}")]
    NotAcceptable(&'static str),
    #[error("{form} cannot hold column {column:?}, which is {ty}: leave it out, cast it, or ask for another form")]
    Unfit { form: &'static str, column: String, ty: String },
    #[error("the body is over {0} bytes")]
    TooLarge(usize),
    /// The client's own share is in use.
    #[error("this token has {limit} {what} at once, which is its share: wait for one to end")]
    TooMany { code: &'static str, what: &'static str, limit: usize },
    /// Everybody's together is.
    #[error("the server has {limit} {what} at once, which is its limit; try again in a moment")]
    Busy { what: &'static str, limit: usize },
    #[error("the server is stopping or not ready: {0}")]
    Unavailable(String),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("{0}")]
    Internal(String),
}

/// RFC 9457.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    pub r#type: String,
    pub title: &'static str,
    pub status: u16,
    pub code: &'static str,
    pub detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<&'static str>,
}

impl Error {
    /// Whether the same may work later.
    pub fn may_pass(&self) -> bool {
        matches!(self, Error::Unavailable(_)) || matches!(self, Error::Store(error) if error.is_retryable())
    }

    fn status_and_code(&self) -> (StatusCode, &'static str) {
        use store::Error as S;
        match self {
            Error::NoToken | Error::BadToken => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Error::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden"),
            Error::NotFound(_) | Error::Store(S::NotFound(_)) => (StatusCode::NOT_FOUND, "not_found"),
            Error::BadParameter { .. } => (StatusCode::BAD_REQUEST, "bad_parameter"),
            Error::BadBody { code, .. } => (StatusCode::BAD_REQUEST, code),
            Error::MediaType { .. } => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
            Error::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Error::NotAcceptable(_) | Error::Unfit { .. } => (StatusCode::NOT_ACCEPTABLE, "not_acceptable"),
            Error::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Error::TooMany { code, .. } => (StatusCode::TOO_MANY_REQUESTS, code),
            Error::Busy { .. } => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Error::Unavailable(_) | Error::Store(S::Unavailable(_)) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            Error::Store(S::Statement { .. }) => (StatusCode::BAD_REQUEST, "sql_error"),
            Error::Store(S::Forbidden(_)) => (StatusCode::FORBIDDEN, "sql_forbidden"),
            Error::Store(S::Limit(_)) => (StatusCode::BAD_REQUEST, "sql_limit"),
            Error::Store(S::Invalid(_)) => (StatusCode::BAD_REQUEST, "bad_request"),
            Error::Store(_) | Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }

    pub fn problem(&self) -> Problem {
        let (status, code) = self.status_and_code();
        let at = match self {
            Error::Store(store::Error::Statement { at, .. }) => *at,
            _ => None,
        };
        let field = match self {
            Error::BadParameter { field, .. } => Some(*field),
            _ => None,
        };
        Problem {
            r#type: format!("about:blank#{code}"),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code,
            detail: self.to_string(),
            line: at.map(|(line, _)| line),
            column: at.map(|(_, column)| column),
            field,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let problem = self.problem();
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // A server that is short of something would only be made shorter by a line for each.
        if status.is_server_error() && !matches!(self, Error::Busy { .. }) {
            tracing::error!(code = problem.code, detail = %problem.detail, "request failed");
        }
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
        let headers = response.headers_mut();
        match status {
            StatusCode::UNAUTHORIZED => headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"))
            }
            _ => None,
        };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
