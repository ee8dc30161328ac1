//! `focusflow up`: everything in one process.
//!
//!     lock → listen → open control, log, store → processors, HTTP → the link → … → stop in order

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use store::control::ControlStore;

use crate::admin;
use crate::cli::Up;
use crate::config::Config;
use crate::data_dir::{DataDir, Running};
use crate::demo::{self, Demo};
use crate::import::Sink;
use crate::import::intake::IntakeSink;
use crate::link;
use crate::serve;
use crate::shutdown::{self, Parts};
use crate::telemetry;
use crate::terminal::{Terminal, took};
use crate::wiring::{self, Machine};

const DEMO_PEOPLE: usize = 200;

pub async fn run(config: Config, args: Up) -> Result<ExitCode> {
    let terminal = Terminal::new();
    let metrics = telemetry::install_metrics()?;
    let mut signal = shutdown::signal()?;
    let data = DataDir::open(&config.data)?;
    let lock = data.lock()?;
    // What one that was killed left behind says where nobody answers.
    data.say_stopped();
    let listener = serve::bind(config.listen).await?;
    let address = listener.local_addr().context("the listener")?;
    terminal.say("data", &data.path().display().to_string());

    let opening = Machine::open_locked(&config, &data, lock);
    let machine = tokio::select! {
        opened = opening => opened?,
        name = &mut signal => return stopped_early(&terminal, name),
    };
    if args.demo
        && let Err(error) = demo::may_move_in(&data, &*machine.control, &*machine.log).await
    {
        machine.close().await?;
        return Err(error);
    }
    let secret = admin::first_token(&*machine.control, &data).await?;
    let url = link::public(&config, address);

    let mut parts = Parts::default();
    if args.demo {
        let demo = Demo {
            data: data.clone(),
            control: machine.control.clone(),
            sink: demo_sink(&config, &machine),
            terminal: terminal.clone(),
            people: DEMO_PEOPLE,
        };
        // First to stop: it sends events like anybody else.
        parts.start("demo", move |cancel| demo.run(cancel));
    }
    wiring::start(&mut parts, &config, &machine, listener, metrics).await;
    data.say_running(&Running { pid: std::process::id(), url: link::local(address) })?;
    terminal.ready(&format!("{url}/#token={secret}"));
    if !args.demo && demo::is_home(&data) {
        let text = "a demo's company lives in this directory; for your own events, another one: --data DIR";
        terminal.say("note", text);
    }

    let end = parts.wait(signal).await;
    let stopping = Instant::now();
    let code = super::stopping(&terminal, &end);
    let stopped = parts.stop(config.sections.server.shutdown_timeout.duration()).await;
    let closed = machine.close().await;
    data.say_stopped();
    stopped.and(closed)?;
    terminal.say("stopped", &format!("everything is on disk ({})", took(stopping)));
    Ok(code)
}

fn demo_sink(config: &Config, machine: &Machine) -> Arc<dyn Sink> {
    Arc::new(IntakeSink {
        log: machine.log.clone(),
        control: machine.control.watch(),
        rules: config.rules.clone(),
        retention_ms: config.sections.ingest.retention.0,
        source: "demo".into(),
    })
}

fn stopped_early(terminal: &Terminal, name: &str) -> Result<ExitCode> {
    terminal.say("stopped", &format!("on {name}, before everything was open"));
    Ok(ExitCode::SUCCESS)
}
