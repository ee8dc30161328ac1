//! The seams of a cluster, and what each of its roles runs on them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::query::{PartitionStats, PipelineStats};
use anyhow::{Context, Result};
use eventlog::EventLog;
use eventlog::kafka::KafkaLog;
use futures::FutureExt;
use metrics_exporter_prometheus::PrometheusHandle;
use store::SharedStore;
use store::clickhouse::ClickHouseStore;
use store::control::{ControlStore, SqlControl};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{directory, habits, intake, ops, processors, query, services, sockets, upkeep};
use crate::admin;
use crate::cli::Role;
use crate::config::Config;
use crate::shutdown::Parts;

/// How often the query role looks how far the processors are.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A partition that needs somebody's help is tried again so often.
const RETRY_STOPPED: Duration = Duration::from_secs(30);

pub struct Cluster {
    control: Arc<SqlControl>,
    log: Arc<KafkaLog>,
    /// Of those roles that have to do with tables.
    store: Option<Arc<ClickHouseStore>>,
}

impl Cluster {
    pub async fn open(config: &Config, role: Role) -> Result<Cluster> {
        // All that can be wrong with the settings, before anything is waited for.
        let kafka = config.kafka(&format!("focusflow-{}", role.name()))?;
        let clickhouse = if role.has_store() { Some(config.clickhouse()?) } else { None };
        let control = SqlControl::connect(config.control_url()?).await?;
        super::put_settings(config, &control).await?;
        admin::given(&control).await?;
        let store = match clickhouse {
            Some(clickhouse) => Some(Arc::new(ClickHouseStore::open(clickhouse).await.context("ClickHouse")?)),
            None => None,
        };
        let log = KafkaLog::open(kafka).await.context("Kafka")?;
        Ok(Cluster { control: Arc::new(control), log: Arc::new(log), store })
    }

    /// Once nothing uses the parts any more.
    pub async fn close(self) {
        self.log.close().await;
        self.control.close().await;
    }

    pub async fn start(
        &self,
        role: Role,
        parts: &mut Parts,
        config: &Config,
        listener: TcpListener,
        metrics: PrometheusHandle,
    ) -> Result<()> {
        let store = || self.store.clone().map(|store| store as SharedStore).context("a role without a store");
        let log = || Arc::clone(&self.log) as Arc<dyn EventLog>;
        let router = match role {
            Role::Ingest => {
                let router = intake(parts, config, log(), self.control.watch(), self.habits(config)?);
                // Ready once open. With all brokers gone its own answer, 503 and when to come back, is better than a balancer's.
                router.merge(ops::router(metrics.clone(), None))
            }
            Role::Process => {
                let deps = services::processors_deps(log(), store()?, self.control.watch());
                let settings = ::processors::Config {
                    begins_at_oldest: true,
                    skips_deleted: config.sections.kafka.skip_deleted,
                    retry_stopped: Some(RETRY_STOPPED),
                    min_commit_interval: config.commit_interval(),
                    ..services::processors_config(config)
                };
                let stats = processors(parts, settings, deps);
                ops::router(metrics.clone(), Some(stats))
            }
            Role::Query => {
                let deps = services::query_deps(log(), store()?, self.control.clone(), self.pipeline(parts), metrics.clone());
                let settings = ::query::Config { waits_for_processors: false, ..services::query_config(config) };
                let router = query(parts, settings, deps);
                directory(parts, store()?, self.control.watch());
                router
            }
        };
        sockets(parts, config, listener, router);
        upkeep(parts, metrics);
        Ok(())
    }

    /// Where the role ingest reads people's habits, if it is to. Events come in while ClickHouse is away, from the start on.
    fn habits(&self, config: &Config) -> Result<Option<habits::Opening>> {
        let Some(clickhouse) = config.clickhouse_of_ingest()? else { return Ok(None) };
        Ok(Some(Box::new(move || {
            let clickhouse = clickhouse.clone();
            async move { Ok(Arc::new(ClickHouseStore::open(clickhouse).await?) as SharedStore) }.boxed()
        })))
    }

    /// How far the processors are, by what they tell their group.
    fn pipeline(&self, parts: &mut Parts) -> services::Pipeline {
        let known = Arc::new(Mutex::new(PipelineStats::default()));
        let told = known.clone();
        let log = Arc::clone(&self.log);
        parts.start("pipeline", move |cancel| follow(log, told, cancel));
        Arc::new(move || known.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

async fn follow(log: Arc<KafkaLog>, known: Arc<Mutex<PipelineStats>>, cancel: CancellationToken) -> Result<()> {
    let mut told = false;
    loop {
        match log.group_positions().await {
            Ok(positions) => {
                told = false;
                let partitions = positions.into_iter().zip(0..).filter_map(|(position, partition)| {
                    Some(PartitionStats { partition, position: position?, ..PartitionStats::default() })
                });
                *known.lock().unwrap_or_else(PoisonError::into_inner) = PipelineStats { partitions: partitions.collect() };
            }
            // Once for each time it goes away.
            Err(error) if !told => {
                told = true;
                tracing::warn!(%error, "how far the processors are is not known");
            }
            Err(_) => {}
        }
        if cancel.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_none() {
            return Ok(());
        }
    }
}
