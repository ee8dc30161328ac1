//! `focusflow check`: what the settings come to and where each is from, then everything `up` needs, tried one by one.
//! Each problem comes with its cure; the exit code says whether there was one.

use std::io::{IsTerminal, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Result;
use store::control::{ControlStore, SqliteControl};
use toml::Value;

use crate::config::layers::Source;
use crate::config::{Config, Flags};
use crate::data_dir::DataDir;

/// Less room than this and the first flush may fail.
const LEAST_FREE_BYTES: u64 = 1 << 30;
/// 2025-01-01: a clock before that was never set.
const EARLIEST_NOW_MS: i64 = 1_735_689_600_000;

struct Report<W> {
    out: W,
    colours: bool,
    problems: usize,
}

pub fn run(flags: &Flags) -> Result<ExitCode> {
    let colours = std::io::stdout().is_terminal();
    let mut report = Report { out: std::io::stdout().lock(), colours, problems: 0 };
    let config = match Config::load(flags) {
        Ok(config) => config,
        Err(error) => {
            report.bad(
                "settings",
                &format!("{error:#}"),
                "correct it there; the reference is printed by `focusflow check` without it",
            )?;
            return report.finish();
        }
    };
    report.settings(&config)?;
    report.check_all(&config)?;
    report.finish()
}

impl<W: Write> Report<W> {
    fn settings(&mut self, config: &Config) -> Result<()> {
        let rows: Vec<_> = config.layers.iter().map(|(path, value, source)| (path, shown(value), source)).collect();
        let width = rows.iter().map(|(path, _, _)| path.len()).max().unwrap_or(0);
        let value_width = rows.iter().map(|(_, value, _)| value.len()).filter(|n| *n < 40).max().unwrap_or(0);
        for (path, value, source) in rows {
            let dim = self.colours && *source == Source::Default;
            let (on, off) = if dim { ("\x1b[2m", "\x1b[0m") } else { ("", "") };
            writeln!(self.out, "{on}{path:<width$}  {value:<value_width$}  {source}{off}")?;
        }
        writeln!(self.out, "definition number {}", config.definition.version)?;
        Ok(writeln!(self.out)?)
    }

    fn check_all(&mut self, config: &Config) -> Result<()> {
        let data = match DataDir::open(&config.data) {
            Ok(data) => data,
            Err(error) => return self.bad("data directory", &format!("{error:#}"), ""),
        };
        self.writable(&data)?;
        self.room(data.path())?;
        let in_use = self.lock(&data)?;
        self.control(&data)?;
        self.port(config, in_use)?;
        self.clock()
    }

    fn writable(&mut self, data: &DataDir) -> Result<()> {
        let probe = data.path().join("check");
        match data.replace(&probe, b"x").and_then(|()| Ok(std::fs::remove_file(&probe)?)) {
            Ok(()) => self.good("data directory", &format!("{} can be written to", data.path().display())),
            Err(e) => {
                self.bad("data directory", &format!("{e:#}"), "make it writable for this user, or name another with --data DIR")
            }
        }
    }

    fn room(&mut self, path: &Path) -> Result<()> {
        match free_bytes(path) {
            None => self.good("disk space", "cannot be told on this system"),
            Some(free) if free < LEAST_FREE_BYTES => {
                let cure = "make room, lower eventlog.retention_size or ingest.retention, or name another disk with --data DIR";
                self.bad("disk space", &format!("{} MiB are free, less than 1 GiB", free >> 20), cure)
            }
            Some(free) => self.good("disk space", &format!("{:.1} GiB free", free as f64 / (1u64 << 30) as f64)),
        }
    }

    /// Whether a server of ours is running here: then its port is rightly taken.
    fn lock(&mut self, data: &DataDir) -> Result<bool> {
        match data.try_lock() {
            Ok(Some(_)) => self.good("lock", "the data directory is free").map(|()| false),
            Ok(None) => {
                let running = data.running().map_or_else(String::new, |r| format!(", which answers at {}", r.url));
                self.good("lock", &format!("{}{running}", data.in_use().what())).map(|()| true)
            }
            Err(e) => self.bad("lock", &format!("{e:#}"), "").map(|()| false),
        }
    }

    fn control(&mut self, data: &DataDir) -> Result<()> {
        let opened = tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
            let control = SqliteControl::open(&data.control()).await?;
            let snapshot = control.watch().borrow().clone();
            control.close().await;
            Ok::<_, store::Error>(snapshot)
        });
        match opened {
            Ok(control) => {
                let (people, tokens) = (control.directory.people().count(), control.tokens.iter().count());
                let text = format!("version {}, {people} people, {tokens} tokens", control.version);
                self.good("control data", &text)
            }
            Err(e) => {
                self.bad("control data", &e.to_string(), "restore control.db from a backup, or move it away to start with none")
            }
        }
    }

    fn port(&mut self, config: &Config, in_use: bool) -> Result<()> {
        let listen = config.listen;
        match TcpListener::bind(listen) {
            Ok(_) => self.good("address", &format!("{listen} is free")),
            Err(_) if in_use => self.good("address", &format!("{listen} is taken, and a server is running here")),
            Err(e) => {
                self.bad("address", &format!("{listen}: {e}"), "stop what listens there, or choose another with --listen ADDR")
            }
        }
    }

    fn clock(&mut self) -> Result<()> {
        let now = jiff::Timestamp::now();
        if now.as_millisecond() < EARLIEST_NOW_MS {
            let cure = "set the clock: event times and tokens are judged by it";
            return self.bad("time", &format!("the clock says {now}"), cure);
        }
        self.good("time", &now.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
    }

    fn good(&mut self, name: &str, text: &str) -> Result<()> {
        let mark = if self.colours { "\x1b[32m✓\x1b[0m" } else { "ok     " };
        Ok(writeln!(self.out, "{mark} {name}: {text}")?)
    }

    fn bad(&mut self, name: &str, text: &str, cure: &str) -> Result<()> {
        self.problems += 1;
        let mark = if self.colours { "\x1b[31m✗\x1b[0m" } else { "PROBLEM" };
        writeln!(self.out, "{mark} {name}: {text}")?;
        if !cure.is_empty() {
            writeln!(self.out, "  {cure}")?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<ExitCode> {
        let problems = self.problems;
        match problems {
            0 => writeln!(self.out, "\nall well")?,
            1 => writeln!(self.out, "\n1 problem")?,
            n => writeln!(self.out, "\n{n} problems")?,
        }
        Ok(if problems == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        Value::Integer(n) => n.to_string(),
        Value::Float(n) => n.to_string(),
        Value::Boolean(b) => b.to_string(),
        Value::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Table(table) => {
            let pairs: Vec<String> = table.iter().map(|(key, value)| format!("{key} = {}", shown(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Value::Datetime(time) => time.to_string(),
    }
}

/// There is no portable call for it in the standard library, and `df` is everywhere a POSIX system is.
fn free_bytes(path: &Path) -> Option<u64> {
    let output = Command::new("df").arg("-Pk").arg(path).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let kib: u64 = text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(kib * 1024)
}
