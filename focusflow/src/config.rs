//! The settings: `default.toml`, then a file, then the environment, then flags, into plain structs that are passed on.

mod cluster;
mod definition;
pub mod layers;
pub mod units;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use ingest::priority::Bands;
use schemas::Definition;
use schemas::category::{CategoryConfig, Rules};
use schemas::rows::TABLES;
use serde::Deserialize;

use definition::DefinitionSection;
use layers::{Layers, Source};
use units::{Size, Span};

pub const DEFAULTS: &str = include_str!("../default.toml");
pub const FILE: &str = "focusflow.toml";

/// What holds, and where it came from.
#[derive(Debug, Clone)]
pub struct Config {
    pub sections: Sections,
    pub data: PathBuf,
    pub listen: SocketAddr,
    pub definition: Definition,
    pub rules: Arc<Rules>,
    pub layers: Layers,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sections {
    data: PathBuf,
    pub server: Server,
    pub log: Log,
    pub settings: schemas::control::Settings,
    pub eventlog: EventLog,
    pub ingest: Ingest,
    pub priority: Priority,
    categories: CategoryConfig,
    pub processors: Processors,
    pub store: Store,
    pub query: Query,
    pub kafka: cluster::Kafka,
    pub clickhouse: cluster::ClickHouse,
    pub control: cluster::Control,
    definition: DefinitionSection,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    listen: String,
    pub public_url: String,
    pub max_connections: usize,
    pub shutdown_timeout: Span,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
    pub filter: String,
    pub audit: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Human,
    Json,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventLog {
    pub partitions: u32,
    pub segment_size: Size,
    pub retention: Span,
    pub retention_size: Size,
    pub queue_size: Size,
    pub cache_size: Size,
    pub updates_size: Size,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ingest {
    pub max_body: Size,
    pub retention: Span,
    pub max_in_flight: usize,
    pub max_in_flight_per_token: usize,
    pub max_in_flight_size: Size,
    pub body_timeout: Span,
    pub append_timeout: Span,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Priority {
    pub enabled: bool,
    notify: u8,
    queue: u8,
    pub people: usize,
    pub habits_on_cluster: bool,
}

impl Priority {
    pub fn bands(&self) -> Bands {
        Bands { notify: self.notify, queue: self.queue }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Processors {
    pub max_batch: Size,
    pub backlog_batch: Size,
    pub tick: Span,
    pub min_commit_interval: Span,
    pub idle_after: Span,
    pub memory: Size,
    pub keep_after_day: Span,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    pub hot_size: Size,
    pub flush_interval: Span,
    pub open_files: usize,
    pub index_cache_size: Size,
    pub threads: usize,
    /// By table.
    pub retention: BTreeMap<String, Span>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    pub max_time: Span,
    pub max_memory: Size,
    pub max_rows: usize,
    pub max_concurrent: usize,
    pub max_concurrent_per_token: usize,
    pub max_statement: Size,
    pub max_directory: Size,
    pub figures_memory: Size,
    pub max_connections: usize,
    pub max_connections_per_token: usize,
    pub live_tick: Span,
}

/// What the command line says about settings.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    pub file: Option<PathBuf>,
    /// (path, value, the flag as typed)
    pub values: Vec<(String, String, String)>,
    /// (path, value): defaults of this command other than those of all.
    pub defaults: Vec<(String, String)>,
}

impl Config {
    pub fn load(flags: &Flags) -> Result<Config> {
        let mut layers = Config::defaults()?;
        for (path, value) in &flags.defaults {
            layers.set_text(path, value, Source::Default)?;
        }
        let environment = || std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
        if let Some(path) = find_file(flags)? {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("the settings file {} cannot be read; name another with --config", path.display()))?;
            layers.add_file(path, &text)?;
        }
        layers.add_environment(environment())?;
        for (path, value, flag) in &flags.values {
            layers.set_text(path, value, Source::Flag(flag.clone()))?;
        }
        Config::from_layers(layers)
    }

    /// Threads that run statements planned here.
    pub fn query_threads(&self) -> usize {
        match self.sections.store.threads {
            0 => std::thread::available_parallelism().map_or(2, |n| n.get().min(4)),
            threads => threads,
        }
    }

    /// Days the rows of the metric tables are kept.
    pub fn retention(&self) -> Vec<(&'static str, u32)> {
        let set = &self.sections.store.retention;
        TABLES.iter().filter_map(|table| Some((table.name, set.get(table.name)?.days()?))).collect()
    }

    /// Whether any setting under this prefix was chosen by somebody.
    pub fn sets(&self, prefix: &str) -> bool {
        self.layers.iter().any(|(path, _, source)| path.starts_with(prefix) && *source != Source::Default)
    }

    pub(crate) fn defaults() -> Result<Layers> {
        Ok(Layers::new(DEFAULTS.parse().context("the built-in default.toml")?))
    }

    pub(crate) fn from_layers(layers: Layers) -> Result<Config> {
        let sections: Sections = layers.table().try_into().map_err(|e: toml::de::Error| named(&e, &layers))?;
        let listen = sections.server.listen.parse().map_err(|_| {
            let source = layers.source("server.listen");
            anyhow!("server.listen = {:?} ({source}) is not an address like 127.0.0.1:7878", sections.server.listen)
        })?;
        if sections.eventlog.partitions == 0 || sections.eventlog.partitions > 1024 {
            return Err(anyhow!("eventlog.partitions = {} is not between 1 and 1024", sections.eventlog.partitions));
        }
        sections.priority.bands().check().map_err(|e| anyhow!("priority: {e}"))?;
        let data = if sections.data.as_os_str().is_empty() { default_data()? } else { sections.data.clone() };
        let data = std::path::absolute(&data).with_context(|| format!("the data directory {}", data.display()))?;
        let definition = sections.definition.definition(&sections.categories)?;
        let rules = Rules::new(&sections.categories)
            .map_err(|e| anyhow!("categories.rules ({}): {e}", layers.source("categories.rules")))?;
        let config = Config { sections, data, listen, definition, rules: Arc::new(rules), layers };
        crate::wiring::services::ingest_config(&config).check().map_err(|e| anyhow!("ingest: {e}"))?;
        Ok(config)
    }
}

/// A deserializer's message with the setting it speaks of and where that came from.
fn named(error: &toml::de::Error, layers: &Layers) -> anyhow::Error {
    let message = error.message();
    let culprit = layers.iter().filter(|(_, _, source)| **source != Source::Default);
    let culprit = culprit.filter(|(_, value, _)| {
        value.as_str().is_some_and(|text| message.contains(&format!("{text:?}")) || message.contains(&format!("`{text}`")))
    });
    match culprit.last() {
        Some((path, _, source)) => anyhow!("{path} ({source}): {message}"),
        None => anyhow!("settings: {message}"),
    }
}

fn find_file(flags: &Flags) -> Result<Option<PathBuf>> {
    let named = flags.file.clone().or_else(|| std::env::var_os("FOCUSFLOW_CONFIG").map(PathBuf::from));
    if named.is_some() {
        return Ok(named);
    }
    let data = flags.values.iter().find(|(path, _, _)| path == "data").map(|(_, value, _)| PathBuf::from(value));
    let data = match data.or_else(|| std::env::var_os("FOCUSFLOW_DATA").map(PathBuf::from)) {
        Some(data) => Some(data),
        None => default_data().ok(),
    };
    let places = [Some(PathBuf::from(FILE)), data.map(|d| d.join(FILE))];
    Ok(places.into_iter().flatten().find(|path| Path::new(path).is_file()))
}

fn default_data() -> Result<PathBuf> {
    let base = std::env::var_os("XDG_DATA_HOME").filter(|v| !v.is_empty()).map(PathBuf::from);
    let base = base.or_else(|| std::env::home_dir().map(|home| home.join(".local/share")));
    let base = base.ok_or_else(|| anyhow!("there is no home directory to keep data in; name one with --data DIR"))?;
    Ok(base.join("focusflow"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(path: &str, text: &str) -> Result<Config> {
        let mut layers = Config::defaults().unwrap();
        layers.set_text(path, text, Source::Flag("--set".into()))?;
        Config::from_layers(layers)
    }

    #[test]
    fn the_reference_is_whole() {
        let config = with("data", "/x").unwrap();
        assert_eq!(config.listen.port(), 7878);
        assert_eq!(config.data, Path::new("/x"));
        let tables = config.sections.store.retention.keys();
        assert!(tables.clone().count() == 5 && tables.clone().all(|t| schemas::rows::TABLES.iter().any(|known| known.name == t)));
    }

    #[test]
    fn category_rules_come_from_the_file() {
        let mut layers = Config::defaults().unwrap();
        layers.add_file("f.toml".into(), "[categories]\nrules = [{ app = \"^acme\", category = \"design\" }]").unwrap();
        let config = Config::from_layers(layers.clone()).unwrap();
        assert_eq!(config.rules.category("AcmePaint", None, None), schemas::event::Category::Design);
        assert_ne!(config.definition.version, 1, "rows follow the rules");
        layers.add_file("f.toml".into(), "[categories]\nrules = [{ app = \"(\", category = \"design\" }]").unwrap();
        assert!(Config::from_layers(layers).unwrap_err().to_string().contains("f.toml"));
    }

    #[test]
    fn a_bad_value_names_the_setting_and_where_it_came_from() {
        let error = with("ingest.max_body", "16 chunks").unwrap_err().to_string();
        assert!(error.contains("ingest.max_body") && error.contains("--set") && error.contains("16 chunks"), "{error}");
        let error = with("server.listen", "here").unwrap_err().to_string();
        assert!(error.contains("server.listen") && error.contains("here"), "{error}");
        assert!(with("log.format", "loud").unwrap_err().to_string().contains("log.format"));
    }

    #[test]
    fn bands_that_overlap_are_refused() {
        let bands = |config: Result<Config>| config.map(|config| config.sections.priority.bands());
        assert_eq!(bands(with("priority.notify", "50")).unwrap(), Bands { notify: 50, queue: 50 });
        for (path, value) in [("priority.queue", "81"), ("priority.notify", "49"), ("priority.notify", "101")] {
            let error = bands(with(path, value)).unwrap_err().to_string();
            assert!(error.starts_with("priority: ") && error.contains(value), "{error}");
        }
        assert!(with("priority.queue", "-1").is_err() && with("priority.notify", "300").is_err());
    }
}
