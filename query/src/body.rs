//! Bodies of requests: their type checked, their length bounded, what is wrong with them said.

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use crate::Error;

/// The media type without its parameters, lower case; empty when none was given.
pub fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

pub async fn bytes(body: Body, limit: usize) -> Result<Bytes, Error> {
    to_bytes(body, limit).await.map_err(|e| {
        let is_limit = std::error::Error::source(&e).is_some_and(|source| source.to_string().contains("length limit"));
        if is_limit {
            Error::TooLarge(limit)
        } else {
            Error::BadBody { code: "bad_request", message: format!("the body ended early: {e}") }
        }
    })
}

pub async fn json_body<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    code: &'static str,
) -> Result<T, Error> {
    let found = media_type(headers);
    if !found.is_empty() && found != "application/json" && !found.ends_with("+json") {
        return Err(Error::MediaType { found, wanted: "application/json" });
    }
    let bytes = bytes(body, limit).await?;
    serde_json::from_slice(&bytes)
        .map_err(|e| Error::BadBody { code, message: format!("the body is not the JSON expected: {e}") })
}
