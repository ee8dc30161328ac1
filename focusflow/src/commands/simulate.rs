//! `focusflow simulate`: a workforce's events into a file, or to a server: at once, at a rate, or as time goes by.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use bytes::Bytes;
use indicatif::HumanBytes;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use reqwest::Method;
use schemas::directory::{DAY_MS, Directory, Document};
use tokio::sync::{Semaphore, mpsc};

use crate::cli::Simulate;
use crate::client::Client;
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::import::Sink;
use crate::import::http::HttpSink;
use crate::problem::Problem;
use crate::simulate::{self, Workforce};
use crate::terminal::{count, took};

const HISTORY_DAYS: u32 = 14;
/// Written or handed on at a time.
const PIECE_BYTES: usize = 1 << 20;
/// Events in one request to a server.
const BATCH_EVENTS: usize = 500;
const REQUESTS_AT_ONCE: usize = 8;
const TICK: Duration = Duration::from_millis(100);

pub async fn run(config: Config, args: Simulate) -> Result<()> {
    let until = args.until.as_deref().map_or_else(|| Ok(Timestamp::now().as_millisecond()), time)?;
    // As time goes by there is no end but the one that was named, and no beginning before now.
    let endless = args.speed.is_some() && args.until.is_none();
    let days = args.days.unwrap_or(if endless { 0 } else { HISTORY_DAYS });
    if days == 0 && !endless {
        let problem = Problem::new("--days 0 is no history, and nothing would be sent or written");
        return Err(problem.cure("name at least one day, or send as time goes by: --speed 1 without --until").into());
    }
    let from = until - i64::from(days) * DAY_MS;
    let mut settings = simulate::Config::new(args.seed, args.people as usize, from.div_euclid(DAY_MS) as i32, days as i32);
    settings.density = args.density;
    settings.as_sent = args.speed.is_some();
    settings.truth = args.truth.map(simulate::Truth::of);
    let workforce = Workforce::new(settings);
    if let Some(file) = &args.directory {
        write_directory(&workforce, file)?;
    }
    if let Some(file) = &args.truth_out {
        write_truth(&workforce, file)?;
    }
    if let Some(file) = &args.out {
        return write_events(&workforce, file, from, until);
    }
    let Some(_) = &args.server.url else {
        if args.directory.is_some() || args.truth_out.is_some() {
            return Ok(());
        }
        return Err(Problem::new("the events go nowhere yet")
            .cure("name a file for them with --out FILE (- for standard output), or a server with --url http://127.0.0.1:7878")
            .into());
    };
    let client = Client::find(&args.server, &DataDir::at(&config.data))?.ok_or_else(|| anyhow!("no server"))?;
    let pace = match (args.rate, args.speed) {
        (Some(rate), _) => Pace::Rate(f64::from(rate)),
        (None, Some(speed)) => Pace::Speed { speed, from },
        (None, None) => Pace::Free,
    };
    introduce(&workforce, &client).await?;
    eprintln!("events of {} people go to {}{}", args.people, client.url(), if endless { " until Ctrl-C" } else { "" });
    let until = if endless { i64::MAX / 2 } else { until };
    send(workforce, client, pace, from, until).await
}

fn time(text: &str) -> Result<i64> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.as_millisecond());
    }
    let date: Date = text.parse().map_err(|_| anyhow!("--until {text}: not a time like 2026-01-31T12:00:00Z, nor a date"))?;
    Ok(date.to_zoned(TimeZone::UTC)?.timestamp().as_millisecond())
}

fn write_directory(workforce: &Workforce, file: &Path) -> Result<()> {
    let text = serde_json::to_vec_pretty(workforce.directory())?;
    std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))
}

fn write_truth(workforce: &Workforce, file: &Path) -> Result<()> {
    let failed = || format!("{} cannot be written", file.display());
    let mut out = BufWriter::new(File::create(file).with_context(failed)?);
    for hidden in workforce.hidden() {
        serde_json::to_writer(&mut out, &hidden).with_context(failed)?;
        out.write_all(b"\n").with_context(failed)?;
    }
    out.flush().with_context(failed)
}

fn write_events(workforce: &Workforce, file: &Path, from: i64, until: i64) -> Result<()> {
    let started = Instant::now();
    let out: Box<dyn Write> = match file.to_str() {
        Some("-") => Box::new(std::io::stdout().lock()),
        _ => Box::new(File::create(file).with_context(|| format!("{} cannot be written", file.display()))?),
    };
    let mut out = BufWriter::with_capacity(PIECE_BYTES, out);
    let mut events = workforce.events(from, until);
    let (mut line, mut total, mut bytes) = (Vec::with_capacity(1024), 0u64, 0u64);
    while events.write_next(&mut line).is_some() {
        out.write_all(&line).with_context(|| format!("{} cannot be written", file.display()))?;
        total += 1;
        bytes += line.len() as u64;
        line.clear();
    }
    out.flush().with_context(|| format!("{} cannot be written", file.display()))?;
    eprintln!("{} events, {} in {}", count(total), HumanBytes(bytes), took(started));
    Ok(())
}

#[derive(Clone, Copy)]
enum Pace {
    Free,
    /// Events a second.
    Rate(f64),
    /// So many times as fast as the events' own time, from this time on.
    Speed {
        speed: f64,
        from: i64,
    },
}

/// People in no team can be shown to nobody but themselves: a server that knows no people yet gets these.
async fn introduce(workforce: &Workforce, client: &Client) -> Result<()> {
    let answer = client.try_send(client.get("/v1/directory")).await?;
    let known: Option<Document> = if answer.status().is_success() { answer.json().await.ok() } else { None };
    let known = known.map(Directory::new).transpose()?;
    let ours = workforce.directory();
    let why = match known {
        Some(known) if ours.people.iter().all(|person| known.knows(&person.id)) => return Ok(()),
        Some(known) if known.people().next().is_some() => "has people of its own",
        Some(_) => {
            let put = client.request(Method::PUT, "/v1/directory").json(ours);
            if client.try_send(put).await?.status().is_success() {
                let (people, teams) = (ours.people.len(), ours.teams.len());
                eprintln!("{} knows the {people} simulated people and their {teams} teams now", client.url());
                return Ok(());
            }
            "takes people from administrators alone"
        }
        None => "does not say whom it knows",
    };
    eprintln!(
        "note: {} {why}, so the simulated ones are in no team there, and pages of teams stay as they are.\n  \
         For a company to look at: an empty data directory, or `focusflow simulate --directory FILE` with the same --people and \
         --seed, then `focusflow directory put FILE` there",
        client.url()
    );
    Ok(())
}

async fn send(workforce: Workforce, client: Client, pace: Pace, from: i64, until: i64) -> Result<()> {
    let started = Instant::now();
    let (give, mut take) = mpsc::channel::<Bytes>(2 * REQUESTS_AT_ONCE);
    let making = tokio::task::spawn_blocking(move || make(&workforce, pace, from, until, &give));
    let sink: Arc<dyn Sink> = Arc::new(HttpSink { client: Arc::new(client) });
    let (slots, mut sends) = (Arc::new(Semaphore::new(REQUESTS_AT_ONCE)), tokio::task::JoinSet::new());
    let mut totals = (0, 0);
    let mut add = |receipt: crate::import::Receipt| {
        totals.0 += receipt.accepted;
        totals.1 += receipt.rejected.len() as u64;
    };
    while let Some(lines) = take.recv().await {
        let (slot, sink) = (Arc::clone(&slots).acquire_owned().await?, Arc::clone(&sink));
        sends.spawn(async move {
            let receipt = sink.take(lines).await?.await;
            drop(slot);
            receipt
        });
        while let Some(done) = sends.try_join_next() {
            add(done??);
        }
    }
    while let Some(done) = sends.join_next().await {
        add(done??);
    }
    making.await?;
    let rate = totals.0 as f64 / started.elapsed().as_secs_f64().max(0.001);
    eprintln!("{} events sent in {}, {}/s, {} rejected", count(totals.0), took(started), count(rate as u64), count(totals.1));
    Ok(())
}

/// Makes batches at the pace asked for, until the end or until nobody takes them.
fn make(workforce: &Workforce, pace: Pace, from: i64, until: i64, give: &mpsc::Sender<Bytes>) {
    let (started, mut events) = (Instant::now(), workforce.events(from, until));
    let (mut lines, mut in_batch, mut made) = (Vec::new(), 0, 0u64);
    loop {
        let at = events.write_next(&mut lines);
        in_batch += usize::from(at.is_some());
        made += u64::from(at.is_some());
        let due = match (pace, at) {
            (Pace::Rate(rate), Some(_)) => Duration::from_secs_f64(made as f64 / rate),
            (Pace::Speed { speed, from }, Some(at)) => Duration::from_secs_f64((at - from).max(0) as f64 / 1_000.0 / speed),
            _ => Duration::ZERO,
        };
        let early = due.saturating_sub(started.elapsed());
        if in_batch > 0 && (in_batch >= BATCH_EVENTS || early > TICK || at.is_none()) {
            if give.blocking_send(std::mem::take(&mut lines).into()).is_err() {
                return;
            }
            in_batch = 0;
        }
        if at.is_none() {
            return;
        }
        if early > TICK {
            std::thread::sleep(early);
        }
    }
}
