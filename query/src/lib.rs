//! HTTP out: figures over REST, rows over SQL, the live feed over WebSocket and Server-Sent Events, the directory and tokens
//! for admins, the web app.
//!
//! What enters: requests with a token; the store's rows; the log's updates; control data. What leaves: answers in the shapes
//! of `schemas/openapi.json`, errors as `application/problem+json`, a line in the audit log for each read of people's data.
//!
//! Invariants: `access` alone decides who may see what, and which figures are large enough to be shown; no figure of a team
//! covers fewer than k people, nor does any difference of two; memory is bounded in every cache, queue and map (`Config`);
//! a reader of the live feed that is too slow is set to the latest state and never buffered.
//!
//! Deliberately absent: events in (that is `ingest`), metrics computed from events (that is `processors`), sessions and
//! cookies (a token is all there is).
//!
//! Map: `routes` lists every route. `rest` answers from `figures` (the read model of teams) and `sql/*.sql` (one person),
//! of which `outlook` makes forecasts and `advice` what it advises; `sql` streams statements; `live` is the feed; `models` has those of
//! burnout risk; `directory`, `tokens`, `service`, `assets` are what they say.

mod access;
mod advice;
mod app;
mod assets;
mod body;
mod config;
mod directory;
mod error;
mod figures;
mod live;
pub mod metrics;
mod models;
mod outlook;
mod path;
mod rest;
mod routes;
mod rows;
mod service;
mod share;
mod sql;
mod tokens;

use std::sync::Arc;

use axum::Router;
use eventlog::EventLog;
use schemas::control::{Control, Role};
use store::control::ControlStore;
use store::{Reader, Store};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use config::{Config, LiveConfig};
pub use error::Error;
pub use live::pipeline::{PartitionStats, PipelineStats};

/// What a statement of somebody with a role sees: for a store that is opened without a server over it.
pub fn reader(config: &Config, role: Role, control: &Control, now_ms: i64) -> Result<Reader, Error> {
    let org = Arc::new(access::Org::new(&control.directory, now_ms));
    access::reader(role, control, &org, now_ms, config.least())
}

#[derive(Clone)]
pub struct Deps {
    pub store: Arc<dyn Store>,
    pub log: Arc<dyn EventLog>,
    pub control: watch::Receiver<Arc<Control>>,
    pub writer: Arc<dyn ControlStore>,
    /// How far the processors are, as they see it now.
    pub pipeline: Arc<dyn Fn() -> PipelineStats + Send + Sync>,
    /// The process's metrics in Prometheus text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// UTC milliseconds.
    pub clock: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// Cancelled when the server stops: live connections close, the live task returns.
    pub cancel: CancellationToken,
}

/// The stage: a router for the server, and the task behind the live feed.
#[derive(Clone)]
pub struct Service {
    app: app::App,
}

impl Service {
    pub fn new(config: Config, deps: Deps) -> Service {
        metrics::describe();
        let figures = figures::FigureStore::new(deps.store.clone(), &config);
        let hub = live::hub::Hub::new(config.live.clone());
        Service { app: Arc::new(app::Inner::new(config, deps, figures, hub)) }
    }

    /// All routes of this stage; its fallback serves the web app.
    pub fn router(&self) -> Router {
        routes::router(self.app.clone())
    }

    /// Follows the log for the live feed, and keeps the read model honest. Returns when `Deps::cancel` is cancelled, or
    /// with an error when it never can; for servers that are away it waits.
    pub async fn run_live(&self) -> Result<(), Error> {
        // Whoever asks first finds them; the log may not be there yet.
        let _ = service::ends_at_start(&self.app).await;
        let warm = tokio::spawn(figures::warm::run(self.app.clone(), self.app.deps.cancel.clone()));
        let watch = tokio::spawn(models::watch::run(self.app.clone(), self.app.deps.cancel.clone()));
        let ended = live::task::run(self.app.clone(), self.app.deps.cancel.clone()).await;
        warm.abort();
        watch.abort();
        ended
    }
}
