//! What an orchestrator asks of a process without pages: is it up, can it do its duty, what does it measure. Nothing about
//! people, so without a token.

use std::sync::Arc;

use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use metrics_exporter_prometheus::PrometheusHandle;
use processors::Stats;
use serde_json::json;

/// Ready as long as it runs or, with processors, when their partitions are here.
pub fn router(metrics: PrometheusHandle, processors: Option<Arc<Stats>>) -> Router {
    let up = || async { Json(json!({ "status": "up", "version": env!("CARGO_PKG_VERSION") })) };
    let ready = move || async move {
        let ready = processors.as_ref().is_none_or(|stats| stats.is_ready());
        let owned = processors.map(|stats| stats.partitions().len());
        let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (status, [(header::CACHE_CONTROL, "no-store")], Json(json!({ "ready": ready, "partitions": owned }))).into_response()
    };
    let rendered = || async move {
        ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.render()).into_response()
    };
    Router::new().route("/healthz", get(up)).route("/readyz", get(ready)).route("/metrics", get(rendered))
}
