//! `focusflow ingest`, `process`, `query`: one role of a cluster in this process.
//!
//!     listen → PostgreSQL, ClickHouse, Kafka → the role's parts → … → stop in order

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::cli::Role;
use crate::config::Config;
use crate::link;
use crate::serve;
use crate::shutdown::{self, Parts};
use crate::telemetry;
use crate::terminal::{Terminal, took};
use crate::wiring::Cluster;

pub async fn run(config: Config, role: Role) -> Result<ExitCode> {
    let terminal = Terminal::new();
    let metrics = telemetry::install_metrics()?;
    let mut signal = shutdown::signal()?;
    let listener = serve::bind(config.listen).await?;
    let address = listener.local_addr().context("the listener")?;
    let opened = tokio::select! {
        opened = Cluster::open(&config, role) => opened,
        name = &mut signal => {
            terminal.say("stopped", &format!("on {name}, before everything was open"));
            return Ok(ExitCode::SUCCESS);
        }
    };
    let cluster = opened.with_context(|| format!("`focusflow check --role {}` tries each connection", role.name()))?;
    let mut parts = Parts::default();
    cluster.start(role, &mut parts, &config, listener, metrics).await?;
    terminal.ready(&format!("{} at {}", role.name(), link::local(address)));

    let end = parts.wait(signal).await;
    let stopping = Instant::now();
    let code = super::stopping(&terminal, &end);
    let stopped = parts.stop(config.sections.server.shutdown_timeout.duration()).await;
    cluster.close().await;
    stopped?;
    terminal.say("stopped", &took(stopping));
    Ok(code)
}
