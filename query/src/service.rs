//! About the server itself: is it up, is it ready, what does it measure, what does it offer, who is asking.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use eventlog::Topic;
use schemas::control::Role;
use serde::Serialize;
use tokio::time::timeout;

use crate::Error;
use crate::access::{Decision, ROOT, Request, decide};
use crate::app::{App, Caller};

pub const OPENAPI: &str = include_str!("../../schemas/openapi.json");
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Serialize)]
pub struct Health {
    status: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    parts: Vec<Part>,
}

#[derive(Serialize)]
struct Part {
    name: &'static str,
    ok: bool,
    detail: String,
}

#[derive(Serialize)]
pub struct WhoAmI {
    role: Role,
    person: Option<String>,
    name: Option<String>,
    teams: Vec<String>,
    org: bool,
}

pub async fn healthz() -> Json<Health> {
    Json(Health { status: "up", version: env!("CARGO_PKG_VERSION") })
}

pub async fn metrics(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], (app.deps.metrics)()).into_response()
}

pub async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], OPENAPI).into_response()
}

pub async fn whoami(caller: Caller) -> Json<WhoAmI> {
    caller.audit(Request::Teams, "whoami", true);
    let (viewer, org) = (&caller.viewer, &caller.org);
    let name = viewer.person.as_deref().and_then(|id| caller.control.directory.person(id).entry_at(caller.now).name.clone());
    let teams = viewer.units(org).into_iter().filter(|unit| *unit != ROOT).map(|unit| org.unit(unit).id.clone()).collect();
    let org = matches!(decide(viewer, Request::Org, org), Decision::Allow(_));
    Json(WhoAmI { role: viewer.role, person: viewer.person.clone(), name, teams, org })
}

pub async fn readyz(State(app): State<App>) -> Response {
    let mut parts = vec![log(&app).await, store(&app).await, control(&app), live(&app)];
    if app.config.waits_for_processors {
        parts.push(processors(&app).await);
    }
    let ready = parts.iter().all(|part| part.ok);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(Readiness { ready, parts })).into_response()
}

fn part<E: std::fmt::Display>(name: &'static str, outcome: Result<String, E>) -> Part {
    match outcome {
        Ok(detail) => Part { name, ok: true, detail },
        Err(error) => Part { name, ok: false, detail: error.to_string() },
    }
}

async fn log(app: &App) -> Part {
    match timeout(PATIENCE, app.deps.log.range(Topic::Events, 0)).await {
        Ok(range) => part("log", range.map(|_| format!("{} partitions", app.deps.log.partitions(Topic::Events)))),
        Err(_) => part("log", Err("the event log does not answer")),
    }
}

async fn store(app: &App) -> Part {
    match timeout(PATIENCE, app.deps.store.durable_position(0)).await {
        Ok(position) => part("store", position.map(|_| "answers".to_owned())),
        Err(_) => part("store", Err("the store does not answer")),
    }
}

fn control(app: &App) -> Part {
    let is_alive = app.deps.control.has_changed().is_ok();
    let version = app.control().version;
    part("control", if is_alive { Ok(format!("version {version}")) } else { Err("control data are no longer followed") })
}

fn live(app: &App) -> Part {
    let runs = app.live_runs.load(Ordering::Acquire);
    part("live", if runs { Ok("runs".to_owned()) } else { Err("the live feed is starting") })
}

/// Whether everything that was in the log when this process started has been processed.
async fn processors(app: &App) -> Part {
    let ends = match ends_at_start(app).await {
        Ok(ends) => ends,
        Err(error) => return part("processors", Err(error)),
    };
    let stats = (app.deps.pipeline)();
    let position = |partition: usize| {
        let known = stats.partitions.iter().find(|p| p.partition as usize == partition);
        known.map_or(0, |p| p.position)
    };
    let missing: u64 = ends.iter().enumerate().map(|(partition, end)| end.saturating_sub(position(partition))).sum();
    if missing == 0 {
        return part::<Error>("processors", Ok("caught up with the log as it stood at start".into()));
    }
    part("processors", Err(format!("{missing} events from before the start are still to be processed")))
}

/// The log's ends, as the first who asks finds them.
pub async fn ends_at_start(app: &App) -> Result<Arc<Vec<u64>>, Error> {
    let ends = app.log_end_at_start.get_or_try_init(|| async {
        let mut ends = Vec::new();
        for partition in 0..app.deps.log.partitions(Topic::Events) {
            let range = app.deps.log.range(Topic::Events, partition).await;
            ends.push(range.map_err(|e| Error::Unavailable(e.to_string()))?.end);
        }
        Ok::<_, Error>(Arc::new(ends))
    });
    ends.await.cloned()
}
