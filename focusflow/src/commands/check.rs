//! `focusflow check`: what the settings come to and where each is from, then everything `up` or a role of a cluster needs,
//! tried one by one.
//! Each problem comes with its cure; the exit code says whether there was one. Nothing is made that is not there.

mod cluster;
mod data;

use std::io::{IsTerminal, Write};
use std::net::TcpListener;
use std::process::ExitCode;

use anyhow::Result;
use toml::Value;

use crate::cli::Role;
use crate::config::layers::Source;
use crate::config::{Config, Flags};
use crate::problem;

/// 2025-01-01: a clock before that was never set.
const EARLIEST_NOW_MS: i64 = 1_735_689_600_000;

struct Report<W> {
    out: W,
    colours: bool,
    problems: usize,
}

pub async fn run(flags: &Flags, role: Option<Role>) -> Result<ExitCode> {
    let colours = std::io::stdout().is_terminal();
    let mut report = Report { out: std::io::stdout().lock(), colours, problems: 0 };
    let config = match Config::load(flags) {
        Ok(config) => config,
        Err(error) => {
            report.bad(
                "settings",
                &problem::shown(&error),
                "correct it there; the reference is printed by `focusflow check` without it",
            )?;
            return report.finish();
        }
    };
    report.settings(&config)?;
    let in_use = match role {
        Some(role) => report.role(&config, role).await.map(|()| false)?,
        None => report.data(&config).await?,
    };
    report.port(&config, in_use)?;
    report.clock()?;
    report.finish()
}

impl<W: Write> Report<W> {
    fn settings(&mut self, config: &Config) -> Result<()> {
        let rows: Vec<_> = config.layers.iter().map(|(path, value, source)| (path, shown(path, value), source)).collect();
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

/// Settings that are not to be read on a screen; `control.url` has a password in it.
const SECRET: [&str; 5] =
    ["clickhouse.password", "clickhouse.reader_password", "control.url", "kafka.key_password", "kafka.password"];

fn shown(path: &str, value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() && SECRET.contains(&path) => "(not shown)".into(),
        Value::String(text) => format!("{text:?}"),
        Value::Integer(n) => n.to_string(),
        Value::Float(n) => n.to_string(),
        Value::Boolean(b) => b.to_string(),
        Value::Array(items) => format!("[{}]", items.iter().map(|item| shown(path, item)).collect::<Vec<_>>().join(", ")),
        Value::Table(table) => {
            let pairs: Vec<String> = table.iter().map(|(key, value)| format!("{key} = {}", shown(path, value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Value::Datetime(time) => time.to_string(),
    }
}
