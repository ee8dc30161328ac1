//! What an orchestrator asks of a process: is it up, can it do its duty, what does it measure. Nothing about people, so
//! without a token.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use eventlog::{EventLog, Topic};
use futures::future::BoxFuture;
use metrics_exporter_prometheus::PrometheusHandle;
use processors::Stats;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::timeout;

/// Who asks more often gets the same answer: brokers are not asked for each of them.
const HOLDS: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(2);

/// What has to work, by name; the text says how it is.
type Duty = (&'static str, Box<dyn Fn() -> BoxFuture<'static, Result<String, String>> + Send + Sync>);

pub struct Ops {
    metrics: PrometheusHandle,
    duties: Vec<Duty>,
    last: Mutex<Option<(Instant, bool, Value)>>,
}

impl Ops {
    pub fn router(metrics: PrometheusHandle, duties: Vec<Duty>) -> Router {
        let up = || async { Json(json!({ "status": "up", "version": env!("CARGO_PKG_VERSION") })) };
        Router::new()
            .route("/healthz", get(up))
            .route("/readyz", get(readyz))
            .route("/metrics", get(rendered))
            .with_state(Arc::new(Ops { metrics, duties, last: Mutex::default() }))
    }

    async fn look(&self) -> (bool, Value) {
        let mut last = self.last.lock().await;
        if let Some((at, ready, answer)) = &*last
            && at.elapsed() < HOLDS
        {
            return (*ready, answer.clone());
        }
        let mut parts = Vec::new();
        for (name, duty) in &self.duties {
            let found = timeout(PATIENCE, duty()).await.unwrap_or_else(|_| Err("does not answer".into()));
            parts.push(json!({ "name": name, "ok": found.is_ok(), "detail": found.unwrap_or_else(|why| why) }));
        }
        let ready = parts.iter().all(|part| part["ok"] == true);
        let answer = json!({ "ready": ready, "parts": parts });
        *last = Some((Instant::now(), ready, answer.clone()));
        (ready, answer)
    }
}

async fn readyz(State(ops): State<Arc<Ops>>) -> Response {
    let (ready, answer) = ops.look().await;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

async fn rendered(State(ops): State<Arc<Ops>>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], ops.metrics.render()).into_response()
}

pub fn reaches_log(log: Arc<dyn EventLog>) -> Duty {
    let look = move || {
        let log = log.clone();
        Box::pin(async move {
            let partitions = log.partitions(Topic::Events);
            log.range(Topic::Events, 0).await.map(|_| format!("{partitions} partitions")).map_err(|e| e.to_string())
        }) as BoxFuture<'static, _>
    };
    ("log", Box::new(look))
}

pub fn has_its_partitions(stats: Arc<Stats>) -> Duty {
    let look = move || {
        let owned = stats.partitions().iter().filter(|p| p.ready).count();
        let ready = stats.is_ready();
        Box::pin(
            async move { if ready { Ok(format!("{owned} partitions")) } else { Err("partitions are being taken over".into()) } },
        ) as BoxFuture<'static, _>
    };
    ("processors", Box::new(look))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn one_part_that_fails_is_named_and_asked_once_a_second() {
        let asked = Arc::new(AtomicU32::new(0));
        let counted = asked.clone();
        let fails = move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Err("gone".to_owned()) }) as BoxFuture<'static, _>
        };
        let works = || Box::pin(async { Ok("fine".to_owned()) }) as BoxFuture<'static, _>;
        let metrics = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder().handle();
        let duties: Vec<Duty> = vec![("works", Box::new(works)), ("fails", Box::new(fails))];
        let ops = Ops { metrics, duties, last: Mutex::default() };
        for _ in 0..3 {
            let (ready, answer) = ops.look().await;
            assert!(!ready && answer["parts"][0]["ok"] == true && answer["parts"][1]["detail"] == "gone");
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
}
