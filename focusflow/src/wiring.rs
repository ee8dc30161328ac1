//! The parts of one machine, opened and put together; `cluster` does so for the roles of several. Everything a part needs is
//! handed to it here.

mod cluster;
mod door;
mod habits;
mod ops;
pub mod services;

pub use cluster::Cluster;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use arrow::array::{Int64Array, RecordBatch};
use eventlog::embedded::EmbeddedLog;
use eventlog::{EventLog, Topic};
use futures::future::ready;
use futures::{FutureExt, TryStreamExt};
use processors::{PartitionStats, Stats};
use store::control::{ControlStore, SqlControl};
use store::embedded::EmbeddedStore;
use store::{Limits, Params, Reader, SharedStore, Statement, Store};

use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;
use schemas::control::Control;
use tokio::net::TcpListener;
use tokio::sync::watch::Receiver;

use crate::config::Config;
use crate::data_dir::{DataDir, Lock};
use crate::directory_rows;
use crate::local_log::LocalLog;
use crate::serve;
use crate::shutdown::Parts;
use crate::telemetry;

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The seams, open, on a data directory that is ours for as long as this lives.
pub struct Machine {
    pub control: Arc<SqlControl>,
    pub log: Arc<LocalLog>,
    pub store: Arc<EmbeddedStore>,
    _lock: Lock,
}

impl Machine {
    pub async fn open(config: &Config) -> Result<Machine> {
        let data = DataDir::open(&config.data)?;
        let lock = data.lock()?;
        Machine::open_locked(config, &data, lock).await
    }

    pub async fn open_locked(config: &Config, data: &DataDir, lock: Lock) -> Result<Machine> {
        let control = open_control(config, data, true).await?;
        put_settings(config, &control).await?;
        let (log, store) = (log_config(config, data), store_config(config, data));
        // Recovery reads files; the runtime's threads are not for that.
        let log = tokio::task::spawn_blocking(|| EmbeddedLog::open(log));
        let store = tokio::task::spawn_blocking(|| EmbeddedStore::open(store));
        let (log, store) = (log.await?.context("the event log")?, store.await?.context("the store")?);
        let log = LocalLog::new(log, config.sections.eventlog.updates_size.bytes());
        let snapshot = control.watch().borrow().clone();
        store.replace(&schemas::rows::DIRECTORY, snapshot.version, directory_rows::rows(&snapshot)?).await?;
        Ok(Machine { control: Arc::new(control), log: Arc::new(log), store: Arc::new(store), _lock: lock })
    }

    pub fn shared_log(&self) -> Arc<dyn EventLog> {
        Arc::clone(&self.log) as Arc<dyn EventLog>
    }

    pub fn shared_store(&self) -> SharedStore {
        Arc::clone(&self.store) as SharedStore
    }

    /// Once nothing uses the parts any more. Everything is durable when it returns.
    pub async fn close(self) -> Result<()> {
        self.log.close().await;
        self.store.flush().await.context("the store")?;
        match Arc::into_inner(self.store) {
            Some(store) => store.close().await.context("the store")?,
            None => tracing::warn!("the store is still in use; it is flushed and left to the end of the process"),
        }
        self.control.close().await;
        Ok(())
    }
}

/// Control data in PostgreSQL where its address is set, else in the data directory, which may be made for them.
pub async fn open_control(config: &Config, data: &DataDir, make: bool) -> Result<SqlControl> {
    if let Some(url) = config.sections.control.url.given() {
        return Ok(SqlControl::connect(url).await?);
    }
    let data = if make { DataDir::open(data.path())? } else { DataDir::existing(data.path())? };
    Ok(SqlControl::open(&data.control()).await?)
}

/// Settings of the organisation that the configuration names win over those made before.
async fn put_settings(config: &Config, control: &SqlControl) -> Result<()> {
    if config.sets("settings.") {
        control.put_settings(config.sections.settings.clone()).await?;
    }
    Ok(())
}

pub fn log_config(config: &Config, data: &DataDir) -> eventlog::embedded::Config {
    let settings = &config.sections.eventlog;
    let partitions = u64::from(settings.partitions);
    eventlog::embedded::Config {
        segment_bytes: settings.segment_size.0,
        retain_bytes: settings.retention_size.0 / partitions,
        retain_age: Some(settings.retention.duration()),
        queue_bytes: settings.queue_size.bytes(),
        cache_bytes: settings.cache_size.bytes() / settings.partitions as usize,
        ..eventlog::embedded::Config::new(data.eventlog(), settings.partitions)
    }
}

pub fn store_config(config: &Config, data: &DataDir) -> store::embedded::Config {
    let settings = &config.sections.store;
    store::embedded::Config {
        hot_bytes: settings.hot_size.bytes(),
        flush_every: settings.flush_interval.duration(),
        retention: config.retention(),
        retention_default_days: config.sections.ingest.retention.days(),
        open_files: settings.open_files,
        index_cache_bytes: settings.index_cache_size.bytes(),
        query_threads: config.query_threads(),
        ..store::embedded::Config::new(data.store())
    }
}

/// What `up` runs, in the order it stops in: no more intake; what is taken in is computed; then readers are sent away.
pub async fn start(parts: &mut Parts, config: &Config, machine: &Machine, listener: TcpListener, metrics: PrometheusHandle) {
    let store = machine.shared_store();
    let store: habits::Opening = Box::new(move || ready(Ok(Arc::clone(&store))).boxed());
    let intake = intake(parts, config, machine.shared_log(), machine.control.watch(), Some(store));
    let stats = start_processors(parts, services::processors_config(config), machine);
    let store = machine.shared_store();
    parts.start("store", move |cancel| async move {
        cancel.cancelled().await;
        store.flush().await.context("the last flush")
    });
    let (log, store, control) = (machine.shared_log(), machine.shared_store(), machine.control.clone());
    let deps = services::query_deps(log, store, control, services::pipeline(stats), metrics.clone());
    let router = intake.merge(query(parts, services::query_config(config), deps));
    sockets(parts, config, listener, router);
    directory(parts, machine.shared_store(), machine.control.watch());
    upkeep(parts, metrics);
}

/// The way in, with the door that is shut first; and whoever reads people's habits, where there is a store with their messages.
fn intake(
    parts: &mut Parts,
    config: &Config,
    log: Arc<dyn EventLog>,
    control: Receiver<Arc<Control>>,
    store: Option<habits::Opening>,
) -> Router {
    let deps = services::ingest_deps(config, log, control, store.is_some());
    if let Some((priorities, store)) = deps.priorities.clone().zip(store) {
        parts.start("habits", move |cancel| habits::follow(priorities, store, cancel));
    }
    let (router, gate) = door::gate(ingest::router(services::ingest_config(config), deps));
    parts.start("intake", move |cancel| gate.close_when(cancel));
    router
}

/// The processors of this machine, and how far they are.
pub fn start_processors(parts: &mut Parts, config: processors::Config, machine: &Machine) -> Arc<Stats> {
    let deps = services::processors_deps(machine.shared_log(), machine.shared_store(), machine.control.watch());
    processors(parts, config, deps)
}

fn processors(parts: &mut Parts, config: ::processors::Config, deps: ::processors::Deps) -> Arc<Stats> {
    let stats = Arc::clone(&deps.stats);
    parts.start("processors", move |cancel| async move { Ok(::processors::run(config, deps, cancel).await?) });
    stats
}

/// What is asked for, with the live feed.
fn query(parts: &mut Parts, config: ::query::Config, deps: ::query::Deps) -> Router {
    let closing = deps.cancel.clone();
    let query = ::query::Service::new(config, deps);
    let router = query.router();
    parts.start("live", move |cancel| async move {
        let stop = async {
            cancel.cancelled().await;
            closing.cancel();
            std::future::pending::<()>().await;
        };
        tokio::select! { ended = query.run_live() => Ok(ended?), () = stop => Ok(()) }
    });
    router
}

fn sockets(parts: &mut Parts, config: &Config, listener: TcpListener, router: Router) {
    let limits = serve::Limits::new(config.sections.server.max_connections);
    parts.start("sockets", move |cancel| serve::serve(listener, router, limits, cancel));
}

fn directory(parts: &mut Parts, store: SharedStore, control: Receiver<Arc<Control>>) {
    parts.start("directory", move |cancel| directory_rows::follow(store, control, cancel));
}

fn upkeep(parts: &mut Parts, metrics: PrometheusHandle) {
    parts.start("metrics", move |cancel| telemetry::upkeep(metrics, cancel));
}

/// How many people the tables have, and how many of their days.
pub async fn people_and_days(store: &dyn Store) -> Result<(u64, u64)> {
    let sql = "select count(distinct user_id), count(*) from user_daily".to_owned();
    let limits = Limits { time: Duration::from_secs(60), memory_bytes: 256 << 20, rows: 1 };
    let rows = store.sql(Statement { sql, params: Params::None, limits, reader: Reader::default() }).await?;
    let batches: Vec<RecordBatch> = rows.batches.try_collect().await?;
    let number = |column: usize| {
        let numbers = batches.first()?.column(column).as_any().downcast_ref::<Int64Array>()?;
        u64::try_from(numbers.value(0)).ok()
    };
    Ok((number(0).unwrap_or(0), number(1).unwrap_or(0)))
}

/// Waits until everything that is in the log now is processed, and all of it final that can be.
pub async fn processed(machine: &Machine, stats: &Stats) -> Result<()> {
    let mut ends = Vec::new();
    for partition in 0..machine.log.partitions(Topic::Events) {
        ends.push(machine.log.range(Topic::Events, partition).await?.end);
    }
    let since = services::now_ms();
    // A silent partition follows the clock; then it says that it is settled.
    let is_done =
        |p: &PartitionStats| p.ready && p.position >= ends[p.partition as usize] && p.settled_ms.is_some_and(|at| at >= since);
    loop {
        let partitions = stats.partitions();
        if partitions.len() == ends.len() && partitions.iter().all(is_done) {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
