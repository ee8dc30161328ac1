//! The web app and the API's page, from inside the binary.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use tower_http::compression::CompressionLayer;

use crate::Error;

mod web {
    include!(concat!(env!("OUT_DIR"), "/web.rs"));
}

static OWN: &[(&str, &[u8])] = &[
    ("/docs", include_bytes!("../docs/docs.html")),
    ("/docs/docs.js", include_bytes!("../docs/docs.js")),
    ("/docs/docs.css", include_bytes!("../docs/docs.css")),
];
const NO_APP: &[u8] = include_bytes!("../docs/no_app.html");

/// Styles may also stand in attributes: charts place their labels so. Nothing else comes from outside the origin.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Everything that is no route of the API.
pub fn router() -> Router {
    Router::new().fallback(serve).layer(CompressionLayer::new().gzip(true))
}

/// The page to try the API at, which is a route of the document.
pub async fn docs() -> Response {
    find("/docs").map_or_else(|| missing("/docs"), |(path, bytes)| answer(path, bytes))
}

async fn serve(request: Request) -> Response {
    let path = request.uri().path();
    if path.starts_with("/v1/") {
        return missing(path);
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return Error::MethodNotAllowed.into_response();
    }
    let app = || find("/index.html").unwrap_or(("/index.html", NO_APP));
    match find(path) {
        Some((path, bytes)) => answer(path, bytes),
        // A place inside the app, as its own links name it; never a file.
        None if !path.rsplit('/').next().unwrap_or_default().contains('.') => {
            let (path, bytes) = app();
            answer(path, bytes)
        }
        None => missing(path),
    }
}

fn find(path: &str) -> Option<(&'static str, &'static [u8])> {
    web::FILES.iter().chain(OWN).find(|(name, _)| *name == path).map(|(name, bytes)| (*name, *bytes))
}

fn missing(path: &str) -> Response {
    let path: String = path.chars().take(100).collect();
    Error::NotFound(format!("there is nothing at {path:?}: /v1/openapi.json lists what there is")).into_response()
}

fn answer(path: &str, bytes: &'static [u8]) -> Response {
    // Names of these carry a hash of what is in them.
    let cache = if path.starts_with("/assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = ([(header::CONTENT_TYPE, content_type(path)), (header::CACHE_CONTROL, cache)], bytes).into_response();
    secure(&mut response);
    response
}

/// What a browser must not do with any answer of this server.
pub fn secure(response: &mut Response) {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "text/html; charset=utf-8",
    }
}
