//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use schemas::control::Role;

use crate::config::{Flags, LogFormat};

#[derive(Debug, Parser)]
#[command(
    name = "focusflow",
    version,
    about = "Turns the raw signals of a working day into focus, interruptions and burnout risk."
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Args)]
pub struct Global {
    /// Where the data live [default: ~/.local/share/focusflow]
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The settings file [default: focusflow.toml here or in the data directory]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// One setting by its path, as in `focusflow check`; may be repeated
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// How logs are written on standard error
    #[arg(long, global = true, value_name = "FORMAT")]
    pub log: Option<LogFormat>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Everything in one process: takes events in, computes, answers, and serves the dashboard
    Up(Up),
    /// Takes history in from files of events (NDJSON, also .gz and .zst) and returns when all of it is processed and durable
    Import(Import),
    /// Runs one SQL statement
    Sql(Sql),
    /// A seeded, realistic workforce: to a file, or live to a server
    Simulate(Simulate),
    /// The tokens that events are sent and figures are read with
    #[command(subcommand)]
    Token(Token),
    /// People and teams
    #[command(subcommand)]
    Directory(Directory),
    /// Prints the settings and where they come from, and tries what `up` needs
    Check,
}

#[derive(Debug, Args)]
pub struct Up {
    /// With a simulated company: two weeks of history, then live
    #[arg(long)]
    pub demo: bool,
    /// The address to listen on [default: 127.0.0.1:7878]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
}

#[derive(Debug, Args)]
pub struct Import {
    /// Files of events, one JSON object a line
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// The source to record with the events
    #[arg(long, default_value = "import")]
    pub source: String,
    #[command(flatten)]
    pub server: ServerArgs,
    /// No progress bar
    #[arg(long, short)]
    pub quiet: bool,
}

/// Which server to talk to, when it is not the one that runs on the data directory.
#[derive(Debug, Args)]
pub struct ServerArgs {
    /// Talk to the server at this address instead of the data directory
    #[arg(long, env = "FOCUSFLOW_URL", value_name = "URL")]
    pub url: Option<String>,
    /// The token to talk to it with
    #[arg(long, env = "FOCUSFLOW_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}

#[derive(Debug, Args)]
pub struct Sql {
    pub statement: String,
    #[arg(long, default_value = "table")]
    pub format: SqlFormat,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SqlFormat {
    Table,
    Csv,
    /// One JSON object a line
    Json,
}

#[derive(Debug, Args)]
pub struct Simulate {
    #[arg(long, default_value_t = 200)]
    pub people: u32,
    /// How many days of history, up to now; for --rate and --speed where to begin
    #[arg(long, default_value_t = 14)]
    pub days: u32,
    /// The same seed gives the same workforce and the same events
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Events per person against the usual number
    #[arg(long, default_value_t = 1.0)]
    pub density: f64,
    /// The end of the history, RFC 3339 or a date [default: now]
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Write the events here, one a line; - for standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write the directory of the workforce here
    #[arg(long, value_name = "FILE")]
    pub directory: Option<PathBuf>,
    #[command(flatten)]
    pub server: ServerArgs,
    /// Send this many events a second
    #[arg(long, value_name = "N", conflicts_with = "speed")]
    pub rate: Option<u32>,
    /// Send as time goes by, this many times as fast
    #[arg(long, value_name = "X")]
    pub speed: Option<f64>,
}

#[derive(Debug, Subcommand)]
pub enum Token {
    /// Makes a token and prints its secret, once
    Create {
        /// What its holder calls it; the source of the events sent with it
        #[arg(long)]
        name: String,
        #[arg(long, value_parser = role, default_value = "ingest")]
        role: Role,
        /// Whom a member or manager token speaks for
        #[arg(long)]
        person: Option<String>,
        /// How long it holds, as in 90d [default: until revoked]
        #[arg(long, value_name = "SPAN")]
        expires: Option<String>,
    },
    /// The tokens there are
    List,
    /// Ends a token at once
    Revoke { id: String },
}

#[derive(Debug, Subcommand)]
pub enum Directory {
    /// Prints it as JSON
    Get,
    /// Replaces it by a JSON file (- for standard input)
    Put { file: PathBuf },
    /// Says whether a JSON file would be accepted
    Check { file: PathBuf },
}

fn role(text: &str) -> Result<Role, String> {
    let quoted = serde_json::Value::from(text);
    serde_json::from_value(quoted).map_err(|_| "a role is one of ingest, member, manager, analyst, admin".into())
}

impl Cli {
    /// What the command line says about settings.
    pub fn flags(&self) -> anyhow::Result<Flags> {
        let mut flags = Flags { file: self.global.config.clone(), values: Vec::new() };
        let mut add = |path: &str, value: String, flag: &str| flags.values.push((path.into(), value, flag.into()));
        for set in &self.global.set {
            let (path, value) =
                set.split_once('=').ok_or_else(|| anyhow::anyhow!("--set {set}: a setting is given as path=value"))?;
            add(path.trim(), value.trim().into(), "--set");
        }
        if let Some(data) = &self.global.data {
            add("data", data.display().to_string(), "--data");
        }
        if let Some(log) = self.global.log {
            let text = if log == LogFormat::Json { "json" } else { "human" };
            add("log.format", text.into(), "--log");
        }
        if let Command::Up(Up { listen: Some(listen), .. }) = &self.command {
            add("server.listen", listen.to_string(), "--listen");
        }
        Ok(flags)
    }
}
