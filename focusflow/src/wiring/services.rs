//! What each service is configured with, from the settings.

use std::sync::Arc;

use eventlog::EventLog;
use ingest::Priorities;
use ingest::priority::Habits;
use metrics_exporter_prometheus::PrometheusHandle;
use processors::{PartitionStats, Stats};
use query::PipelineStats;
use schemas::control::Control;
use store::SharedStore;
use store::control::SharedControl;
use tokio::sync::watch::Receiver;
use tokio_util::sync::CancellationToken;

use crate::config::Config;

/// How far the processors are, for whoever asks.
pub type Pipeline = Arc<dyn Fn() -> PipelineStats + Send + Sync>;

pub fn ingest_config(config: &Config) -> ingest::Config {
    let settings = &config.sections.ingest;
    ingest::Config {
        max_body_bytes: settings.max_body.bytes(),
        retention_ms: settings.retention.0,
        max_in_flight: settings.max_in_flight,
        max_in_flight_per_token: settings.max_in_flight_per_token,
        max_in_flight_bytes: settings.max_in_flight_size.bytes(),
        body_timeout: settings.body_timeout.duration(),
        append_timeout: settings.append_timeout.duration(),
        ..ingest::Config::default()
    }
}

/// `habits`: whether there is a store they can be read from.
pub fn ingest_deps(config: &Config, log: Arc<dyn EventLog>, control: Receiver<Arc<Control>>, habits: bool) -> ingest::Deps {
    let settings = &config.sections.priority;
    let priorities = || {
        let habits = habits.then(|| Habits::new(settings.people));
        Arc::new(Priorities::new(settings.bands(), &config.definition.weights, habits))
    };
    let priorities = settings.enabled.then(priorities);
    ingest::Deps { log, control, rules: Arc::clone(&config.rules), priorities, clock: Arc::new(now_ms) }
}

pub fn processors_config(config: &Config) -> processors::Config {
    let settings = &config.sections.processors;
    processors::Config {
        definition: config.definition.clone(),
        rules: Arc::clone(&config.rules),
        max_batch_bytes: settings.max_batch.bytes(),
        backlog_batch_bytes: settings.backlog_batch.bytes(),
        tick: settings.tick.duration(),
        min_commit_interval: settings.min_commit_interval.duration(),
        idle_after: settings.idle_after.duration(),
        memory_bytes: settings.memory.bytes(),
        keep_after_day: settings.keep_after_day.duration(),
        events_kept: Some(config.sections.ingest.retention.duration()),
        ..processors::Config::default()
    }
}

pub fn processors_deps(log: Arc<dyn EventLog>, store: SharedStore, control: Receiver<Arc<Control>>) -> processors::Deps {
    processors::Deps { log, store, control, clock: Arc::new(now_ms), stats: Arc::new(Stats::default()) }
}

pub fn query_config(config: &Config) -> query::Config {
    let settings = &config.sections.query;
    query::Config {
        k_anonymity: config.definition.k_anonymity,
        k_anonymity_burnout: config.definition.k_anonymity_burnout,
        sql_time: settings.max_time.duration(),
        sql_memory_bytes: settings.max_memory.bytes(),
        sql_rows: settings.max_rows,
        sql_concurrency: settings.max_concurrent,
        sql_concurrency_per_token: settings.max_concurrent_per_token,
        sql_body_bytes: settings.max_statement.bytes(),
        directory_body_bytes: settings.max_directory.bytes(),
        figures_bytes: settings.figures_memory.bytes(),
        live: query::LiveConfig {
            max_connections: settings.max_connections,
            max_connections_per_token: settings.max_connections_per_token,
            tick: settings.live_tick.duration(),
            ..query::LiveConfig::default()
        },
        ..query::Config::default()
    }
}

pub fn query_deps(
    log: Arc<dyn EventLog>,
    store: SharedStore,
    writer: SharedControl,
    pipeline: Pipeline,
    metrics: PrometheusHandle,
) -> query::Deps {
    query::Deps {
        store,
        log,
        control: writer.watch(),
        writer,
        pipeline,
        metrics: Arc::new(move || metrics.render()),
        clock: Arc::new(now_ms),
        cancel: CancellationToken::new(),
    }
}

/// The processors' numbers in the words of the pipeline page.
pub fn pipeline(stats: Arc<Stats>) -> Pipeline {
    let numbers = |p: PartitionStats| query::PartitionStats {
        partition: p.partition,
        position: p.position,
        watermark: p.watermark_ms,
        accepted_at: p.last_commit_ms,
    };
    Arc::new(move || PipelineStats { partitions: stats.partitions().into_iter().map(numbers).collect() })
}

pub fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
