//! `focusflow import`: files through the same intake, log, processors and store as everything else; in this process when none
//! runs on the data directory, else to the one that does.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use eventlog::EventLog;
use store::control::ControlStore;

use crate::cli::Import;
use crate::client::Client;
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::import::form::usable;
use crate::import::http::HttpSink;
use crate::import::intake::IntakeSink;
use crate::import::progress::Progress;
use crate::import::remembered::Remembered;
use crate::import::{Importer, Rejected, Sink, Totals, rejections};
use crate::problem::Problem;
use crate::shutdown::{self, End, Parts};
use crate::terminal::{count, took};
use crate::wiring::{self, Machine};

pub async fn run(config: Config, args: Import) -> Result<ExitCode> {
    let started = Instant::now();
    let (lists, files): (Vec<_>, Vec<_>) = args.files.into_iter().partition(|file| rejections::is_list(file));
    let left_out = |file: &PathBuf| format!("{}: left out, it lists what an import has refused", file.display());
    let (mut bytes, mut notes) = (0, lists.iter().map(left_out).collect::<Vec<_>>());
    if files.is_empty() {
        let cure = "name files of events; what was refused comes in once its file is corrected and imported again";
        return Err(Problem::new("there is nothing to import: these files list what imports have refused").cure(cure).into());
    }
    for file in &files {
        let usable = usable(file)?;
        bytes += usable.bytes;
        notes.extend(usable.note);
    }
    let data = DataDir::open(&config.data)?;
    let client = Client::find(&args.server, &data)?;
    if let (Some(client), Some(source)) = (&client, &args.source) {
        let what = format!("--source {source}: the server at {} names the source of events after the token", client.url());
        let cure = format!("leave --source out, or give a token of that name: focusflow token create --name {source}");
        return Err(Problem::new(what).cure(cure).into());
    }
    let progress = if args.quiet { Progress::hidden() } else { Progress::new(bytes, "import") };
    notes.iter().for_each(|note| progress.note(note));
    let run = Run { files, progress, data, started };
    match client {
        Some(client) => run.over_http(client).await,
        None => run.in_process(&config, args.source.unwrap_or_else(|| "import".into())).await,
    }
}

/// A partition that has been silent for so long, after everything was sent, has all of it.
const SILENCE: Duration = Duration::from_millis(400);

const PIECE_BYTES: usize = 2 << 20;
/// Requests overtake one another: with smaller ones the events arrive nearly in their order.
const BODY_BYTES: usize = 1 << 20;

struct Run {
    files: Vec<PathBuf>,
    progress: Progress,
    data: DataDir,
    started: Instant,
}

impl Run {
    async fn in_process(self, config: &Config, source: String) -> Result<ExitCode> {
        let mut signal = shutdown::signal()?;
        let machine = Machine::open_locked(config, &self.data, self.data.lock()?).await?;
        let mut parts = Parts::default();
        let processors = wiring::services::processors_config(config);
        // What is imported lies in the past: nothing is gained by waiting for more of it before it is called final.
        let idle_after = SILENCE.min(processors.idle_after);
        let processors = processors::Config { idle_after, tick: (SILENCE / 4).min(processors.tick), ..processors };
        let stats = wiring::start_processors(&mut parts, processors, &machine);
        let sink = IntakeSink {
            log: Arc::clone(&machine.log) as Arc<dyn EventLog>,
            control: machine.control.watch(),
            rules: Arc::clone(&config.rules),
            retention_ms: config.sections.ingest.retention.0,
            source,
        };
        let work = async {
            let totals = self.send(Arc::new(sink), PIECE_BYTES).await?;
            self.progress.say("computing");
            wiring::processed(&machine, &stats).await?;
            anyhow::Ok((totals, wiring::people_and_days(&*machine.store).await?))
        };
        let (result, died) = {
            let stopped = async { signal.as_mut().await };
            tokio::select! {
                result = work => (Some(result), None),
                end = parts.wait(stopped) => (None, Some(end)),
            }
        };
        self.progress.say("writing");
        let stopped = parts.stop(config.sections.server.shutdown_timeout.duration().max(Duration::from_secs(300))).await;
        let closed = machine.close().await;
        self.progress.clear();
        if let Some(end) = died {
            return interrupted(end);
        }
        let (totals, (people, days)) = result.transpose()?.unwrap_or_default();
        stopped.and(closed)?;
        let code = self.finish(totals)?;
        println!("the tables have {} days of {} people now", count(days), count(people));
        Ok(code)
    }

    async fn over_http(self, client: Client) -> Result<ExitCode> {
        let signal = shutdown::signal()?;
        let client = Arc::new(client);
        let work = async {
            let totals = self.send(Arc::new(HttpSink { client: Arc::clone(&client) }), BODY_BYTES).await?;
            self.progress.say("computing");
            anyhow::Ok((totals, caught_up(&client).await?))
        };
        let done = tokio::select! {
            done = work => Ok(done),
            name = signal => Err(name),
        };
        self.progress.clear();
        match done {
            Ok(done) => {
                let (totals, computed) = done?;
                let code = self.finish(totals)?;
                match computed {
                    true => println!("the server at {} has computed it, and writes it to its files as it goes", client.url()),
                    false => println!("the server at {} has taken it in; the processors of its cluster compute it", client.url()),
                }
                Ok(code)
            }
            Err(name) => interrupted(End::Signal(name)),
        }
    }

    async fn send(&self, sink: Arc<dyn Sink>, piece_bytes: usize) -> Result<Totals> {
        let in_flight = std::thread::available_parallelism().map_or(2, usize::from) + 1;
        let remembered = Remembered::open(self.data.clone());
        let mut importer = Importer { sink, remembered, progress: self.progress.clone(), piece_bytes, in_flight };
        let mut all = Totals::default();
        for file in &self.files {
            let totals = importer.file(file).await.with_context(|| format!("importing {}", file.display()))?;
            all.accepted += totals.accepted;
            all.rejected += totals.rejected;
        }
        Ok(all)
    }

    /// Everything is durable: nothing needs to be remembered any more. An import that took in nothing has failed.
    fn finish(self, totals: Totals) -> Result<ExitCode> {
        let mut remembered = Remembered::open(self.data.clone());
        for file in &self.files {
            remembered.forget(file)?;
        }
        let seconds = self.started.elapsed().as_secs_f64().max(0.001);
        // What earlier runs of an interrupted import did took none of this time.
        let rate = count((self.progress.events() as f64 / seconds) as u64);
        println!("{} events in {}, {rate}/s", count(totals.accepted), took(self.started));
        if totals.rejected > 0 {
            println!("{} rejected, each with its reason in", count(totals.rejected));
            for file in self.files.iter().map(|f| rejections::path(f)).filter(|f| f.is_file()) {
                println!("  {}{}", file.display(), first(&file).map_or_else(String::new, |r| format!(", the first: {r}")));
            }
        }
        Ok(if totals.accepted == 0 && totals.rejected > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// The first rejection of a file, for those who will not open it.
fn first(rejections: &Path) -> Option<String> {
    let mut line = String::new();
    std::io::BufReader::new(std::fs::File::open(rejections).ok()?).read_line(&mut line).ok()?;
    let Rejected { index, message, .. } = serde_json::from_str(&line).ok()?;
    Some(format!("event {index} (counted from 0), {message}"))
}

/// Waits until the server's processors have nothing left to do, by its metrics: those are a tick old, so it looks twice. False
/// when it has none: then others of its cluster do.
async fn caught_up(client: &Client) -> Result<bool> {
    let mut quiet = 0;
    while quiet < 2 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let text = client.send(client.get("/metrics")).await?.text().await?;
        let lags = text.lines().filter(|line| line.starts_with("focusflow_processors_lag_events{"));
        let lags: Vec<f64> = lags.filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect();
        if lags.is_empty() {
            return Ok(false);
        }
        quiet = if lags.iter().any(|lag| *lag > 0.0) { 0 } else { quiet + 1 };
    }
    Ok(true)
}

fn interrupted(end: End) -> Result<ExitCode> {
    match end {
        End::Signal(name) => {
            eprintln!("stopped on {name}; run the same command again and it goes on from here");
            Ok(ExitCode::from(130))
        }
        End::Died(name, error) => Err(error.context(format!("{name} ended"))),
    }
}
