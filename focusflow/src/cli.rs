//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use schemas::control::Role as TokenRole;

use crate::config::{Flags, LogFormat};

const FIRST_STEPS: &str = "\
First steps:
  focusflow up --demo --data demo   a simulated company to look at; prints the link to open
  focusflow up                      the same for your own events
  focusflow import events.ndjson    history from files
  focusflow sql \"show tables\"       what there is to ask, as with
  focusflow sql \"select user_id, day, focus_score from user_daily limit 10\"
  focusflow check                   what holds, and what is wrong";

#[derive(Debug, Parser)]
#[command(
    name = "focusflow",
    version,
    about = "Turns the raw signals of a working day into interruption scores, focus metrics and strain figures.",
    after_help = FIRST_STEPS
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
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
    /// One role of a cluster: takes events in, into Kafka
    Ingest(Listen),
    /// One role of a cluster: computes, from Kafka into ClickHouse; as many processes as there is work for
    Process(Listen),
    /// One role of a cluster: answers, and serves the dashboard
    Query(Listen),
    /// Takes history in from files of events (NDJSON, also as .gz or .zst, or Parquet) and returns when all of it is processed
    /// and durable
    Import(Import),
    /// Runs one SQL statement
    Sql(Sql),
    /// A seeded, realistic workforce: to a file, or live to a server
    Simulate(Simulate),
    /// Learns a model of burnout risk from people's own answers, and says whether it beats the baseline on people it has not seen;
    /// a server that runs wants a token of role analyst
    Train(Train),
    /// The learned models of burnout risk, and whose turn it is
    #[command(subcommand)]
    Model(Model),
    /// The tokens that events are sent and figures are read with
    #[command(subcommand)]
    Token(Token),
    /// People and teams
    #[command(subcommand)]
    Directory(Directory),
    /// Prints the settings and where they come from, and tries what `up` needs, or a role of a cluster
    Check {
        /// The role whose connections and rights are tried
        #[arg(long)]
        role: Option<Role>,
    },
}

#[derive(Debug, Args)]
pub struct Up {
    /// With a simulated company: two weeks of history, then live
    #[arg(long)]
    pub demo: bool,
    #[command(flatten)]
    pub listen: Listen,
}

#[derive(Debug, Args)]
pub struct Listen {
    /// The address to listen on [default: 127.0.0.1:7878]
    #[arg(long = "listen", value_name = "ADDR", value_parser = address)]
    pub address: Option<SocketAddr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    Ingest,
    Process,
    Query,
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Role::Ingest => "ingest",
            Role::Process => "process",
            Role::Query => "query",
        }
    }

    /// Whether it has to do with tables.
    pub fn has_store(self) -> bool {
        self != Role::Ingest
    }
}

#[derive(Debug, Args)]
pub struct Import {
    /// Files of events: one JSON object a line, or Parquet with a column for each field (or an exported event table)
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// The source to record with the events [default: import]; a running server records the name of the token
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// No progress bar
    #[arg(long, short)]
    pub quiet: bool,
    #[command(flatten)]
    pub server: ServerArgs,
}

/// Which server to talk to, when it is not the one that runs on the data directory.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which server")]
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
    /// One query, in quotes; `show tables` lists what there is to ask
    pub statement: String,
    /// How rows are written; json is one object a line
    #[arg(long, default_value = "table")]
    pub format: SqlFormat,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
pub struct Train {
    /// Where the model's card goes [default: models, in the data directory]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SqlFormat {
    Table,
    Csv,
    Json,
}

#[derive(Debug, Args)]
pub struct Simulate {
    /// How many people work there
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub people: u32,
    /// How many days of history, up to now; for --rate and --speed where to begin [default: 14, or from now on with --speed]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=36_500))]
    pub days: Option<u32>,
    /// The same seed gives the same workforce and the same events
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Events per person, as a multiple of the usual 1,000 or so a working day
    #[arg(long, default_value_t = 1.0, value_name = "X", allow_negative_numbers = true, value_parser = above_zero)]
    pub density: f64,
    /// Give everybody a hidden strain that shapes their days and their answers to check-ins: whoever knew it would tell the answers
    /// apart with this area under the curve, and no model can do better
    #[arg(long, value_name = "AUC", value_parser = auc)]
    pub truth: Option<f64>,
    /// Write that strain here, day by day, one person and day a line
    #[arg(long, value_name = "FILE", requires = "truth")]
    pub truth_out: Option<PathBuf>,
    /// The end of the history, RFC 3339 or a date [default: now]
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Write the events here, one a line; - for standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write the directory of the workforce here
    #[arg(long, value_name = "FILE")]
    pub directory: Option<PathBuf>,
    /// Send this many events a second
    #[arg(long, value_name = "N", conflicts_with_all = ["speed", "out"], value_parser = clap::value_parser!(u32).range(1..))]
    pub rate: Option<u32>,
    /// Send as time goes by, this many times as fast
    #[arg(long, value_name = "X", conflicts_with = "out", allow_negative_numbers = true, value_parser = above_zero)]
    pub speed: Option<f64>,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Subcommand)]
pub enum Token {
    /// Makes a token and prints its secret, once
    Create {
        /// What its holder calls it; the source of the events sent with it
        #[arg(long)]
        name: String,
        #[arg(long, value_parser = role, default_value = "ingest")]
        role: TokenRole,
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
pub enum Model {
    /// The models there are, and their turns
    List,
    /// Prints a model's card
    Show { name: String },
    /// Adds a model: it runs beside and is shown to nobody
    Add {
        /// The card that `focusflow train` wrote, as .json
        file: PathBuf,
    },
    /// Has a model that beats the baseline tell people's risk
    Promote {
        name: String,
        /// Of a hundred people, as many; the same ones always
        #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100))]
        share: u8,
        /// The first day, up to four weeks back [default: tomorrow]
        #[arg(long, value_name = "DATE")]
        from: Option<String>,
        /// Kept with the decision
        #[arg(long, default_value = "", hide_default_value = true)]
        why: String,
    },
    /// Takes the newest model away, for all days since its turn began, up to four weeks back: they are told as before
    Rollback {
        /// Kept with the decision
        #[arg(long, default_value = "", hide_default_value = true)]
        why: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum Directory {
    /// Prints it as JSON
    Get,
    /// Replaces it by a JSON file, or its people by a CSV file (- for standard input)
    Put { file: PathBuf },
    /// Says whether such a file would be accepted
    Check { file: PathBuf },
}

impl Command {
    /// That it runs or, with `check`, tries.
    pub fn role(&self) -> Option<Role> {
        match self {
            Command::Ingest(_) => Some(Role::Ingest),
            Command::Process(_) => Some(Role::Process),
            Command::Query(_) => Some(Role::Query),
            Command::Check { role } => *role,
            _ => None,
        }
    }

    fn listen(&self) -> Option<SocketAddr> {
        match self {
            Command::Up(Up { listen, .. }) | Command::Ingest(listen) | Command::Process(listen) | Command::Query(listen) => {
                listen.address
            }
            _ => None,
        }
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "an address is IP:PORT, as in 127.0.0.1:7878, or 0.0.0.0:7878 for every way into this machine".into())
}

fn above_zero(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|x: &f64| *x > 0.0 && x.is_finite()).ok_or_else(|| "it is a number above 0".into())
}

fn auc(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|x: &f64| (0.5..=0.95).contains(x))
        .ok_or_else(|| "it is between 0.5 (nobody can tell) and 0.95".into())
}

fn role(text: &str) -> Result<TokenRole, String> {
    let quoted = serde_json::Value::from(text);
    serde_json::from_value(quoted).map_err(|_| "a role is one of ingest, member, manager, analyst, admin".into())
}

impl Cli {
    /// What the command line says about settings.
    pub fn flags(&self) -> anyhow::Result<Flags> {
        let mut flags = Flags { file: self.global.config.clone(), ..Flags::default() };
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
        if let Some(address) = self.command.listen() {
            add("server.listen", address.to_string(), "--listen");
        }
        if self.command.role().is_some() {
            // There is no data directory: who collects the logs collects this one, too.
            flags.defaults.push(("log.audit".into(), String::new()));
        }
        Ok(flags)
    }
}
