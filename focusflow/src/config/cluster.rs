//! The servers of a cluster: Kafka, ClickHouse, PostgreSQL.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, anyhow};
use eventlog::kafka;
use schemas::clickhouse::Layout;
use serde::Deserialize;
use store::clickhouse;

use super::Config;
use super::units::{Secret, Size, Span};
use crate::problem::Problem;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kafka {
    pub brokers: String,
    topic_prefix: String,
    replication: u16,
    min_insync: u16,
    retention: Span,
    updates_retention: Span,
    pub skip_deleted: bool,
    compression: Compression,
    linger: Span,
    queue_size: Size,
    read_ahead: Size,
    delivery_timeout: Span,
    request_timeout: Span,
    session_timeout: Span,
    handover_timeout: Span,
    tls: bool,
    ca_file: PathBuf,
    certificate_file: PathBuf,
    key_file: PathBuf,
    key_password: Secret,
    sasl_mechanism: String,
    user: String,
    password: Secret,
    /// `name=value`
    properties: Vec<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Compression {
    None,
    Gzip,
    Lz4,
    Snappy,
    Zstd,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClickHouse {
    pub url: String,
    database: String,
    cluster: String,
    fsync: bool,
    user: String,
    password: Secret,
    pub reader: String,
    reader_password: Secret,
    migrate: bool,
    compress: bool,
    async_inserts: bool,
    commits_per_second: NonZeroU32,
    timeout: Span,
    retry_for: Span,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    pub url: Secret,
}

impl Config {
    pub fn kafka(&self, client_id: &str) -> Result<kafka::Config> {
        let set = &self.sections.kafka;
        if set.brokers.trim().is_empty() {
            return Err(unset("kafka.brokers", "some of the brokers, as in \"kafka-1:9092,kafka-2:9092\""));
        }
        let mut properties = kafka::config::Properties::default();
        for property in &set.properties {
            let (name, value) = property.split_once('=').ok_or_else(|| {
                let source = self.layers.source("kafka.properties");
                anyhow!("kafka.properties ({source}): {property:?} is not of the form name=value")
            })?;
            properties.0.insert(name.trim().into(), value.trim().into());
        }
        Ok(kafka::Config {
            client_id: client_id.into(),
            partitions: self.sections.eventlog.partitions,
            replication: set.replication,
            min_insync: set.min_insync,
            retention: set.retention.duration(),
            updates_retention: set.updates_retention.duration(),
            compression: set.compression.into(),
            linger: set.linger.duration(),
            queue_bytes: set.queue_size.bytes(),
            read_ahead_bytes: set.read_ahead.bytes(),
            delivery_timeout: set.delivery_timeout.duration(),
            request_timeout: set.request_timeout.duration(),
            session_timeout: set.session_timeout.duration(),
            handover_timeout: set.handover_timeout.duration(),
            tls: self.tls()?,
            sasl: self.sasl()?,
            properties,
            ..kafka::Config::new(set.brokers.trim(), &set.topic_prefix)
        })
    }

    fn tls(&self) -> Result<Option<kafka::config::Tls>> {
        let set = &self.sections.kafka;
        let path = |path: &Path| (!path.as_os_str().is_empty()).then(|| path.to_owned());
        let (ca, certificate, key) = (path(&set.ca_file), path(&set.certificate_file), path(&set.key_file));
        if !set.tls {
            let named = [("kafka.ca_file", &ca), ("kafka.certificate_file", &certificate), ("kafka.key_file", &key)];
            return match named.into_iter().find(|(_, path)| path.is_some()) {
                Some((name, _)) => Err(Problem::new(format!("{name} is set, and connections to Kafka are not encrypted"))
                    .cure("set kafka.tls = true, or leave it out")
                    .into()),
                None => Ok(None),
            };
        }
        let key_password = set.key_password.given().map(str::to_owned);
        Ok(Some(kafka::config::Tls { ca, certificate, key, key_password }))
    }

    fn sasl(&self) -> Result<Option<kafka::config::Sasl>> {
        let set = &self.sections.kafka;
        match (set.sasl_mechanism.as_str(), set.user.as_str()) {
            ("", "") => Ok(None),
            ("", _) => Err(Problem::new("kafka.user is set, and no way to sign in")
                .cure("set kafka.sasl_mechanism to PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
                .into()),
            (_, "") => Err(unset("kafka.user", "the user to sign in as, with kafka.password or FOCUSFLOW_KAFKA_PASSWORD")),
            (mechanism, user) => {
                let password = set.password.reveal().to_owned();
                Ok(Some(kafka::config::Sasl { mechanism: mechanism.into(), user: user.into(), password }))
            }
        }
    }

    /// From one commit of a partition to the next: all partitions together stay below what ClickHouse is to bear.
    pub fn commit_interval(&self) -> Duration {
        let share =
            Duration::from_secs(1) * self.sections.eventlog.partitions / self.sections.clickhouse.commits_per_second.get();
        self.sections.processors.min_commit_interval.duration().max(share)
    }

    pub fn clickhouse(&self) -> Result<clickhouse::Config> {
        let set = &self.sections.clickhouse;
        if set.url.trim().is_empty() {
            return Err(unset("clickhouse.url", "its HTTP interface, as in \"http://clickhouse:8123\""));
        }
        let named = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let user = |name: &str, password: &Secret| clickhouse::User { name: name.into(), password: password.reveal().into() };
        Ok(clickhouse::Config {
            layout: Layout { database: set.database.clone(), cluster: named(&set.cluster), fsync: set.fsync },
            user: user(&set.user, &set.password),
            reader: named(&set.reader).map(|name| user(&name, &set.reader_password)),
            migrate: set.migrate,
            retention: self.retention(),
            retention_default_days: self.sections.ingest.retention.days(),
            compress: set.compress,
            async_inserts: set.async_inserts,
            timeout: set.timeout.duration(),
            retry_for: set.retry_for.duration(),
            query_threads: self.query_threads(),
            ..clickhouse::Config::new(set.url.trim().trim_end_matches('/'))
        })
    }

    /// What the role ingest reads people's habits from, where it does: it changes nothing there, and plans no statements.
    pub fn clickhouse_of_ingest(&self) -> Result<Option<clickhouse::Config>> {
        let priority = &self.sections.priority;
        if !(priority.enabled && priority.habits_on_cluster) {
            return Ok(None);
        }
        Ok(Some(clickhouse::Config { migrate: false, query_threads: 1, ..self.clickhouse()? }))
    }

    pub fn control_url(&self) -> Result<&str> {
        self.sections
            .control
            .url
            .given()
            .ok_or_else(|| unset("control.url", "PostgreSQL, as in \"postgres://focusflow:…@db:5432/focusflow\""))
    }
}

impl From<Compression> for kafka::config::Compression {
    fn from(set: Compression) -> Self {
        match set {
            Compression::None => Self::None,
            Compression::Gzip => Self::Gzip,
            Compression::Lz4 => Self::Lz4,
            Compression::Snappy => Self::Snappy,
            Compression::Zstd => Self::Zstd,
        }
    }
}

fn unset(name: &str, what: &str) -> anyhow::Error {
    let variable = super::layers::variable(name);
    Problem::new(format!("{name} is not set: the roles of a cluster need it"))
        .cure(format!("put there {what} (in the settings file, or as {variable}); for one machine there is `focusflow up`"))
        .into()
}

#[cfg(test)]
mod tests {
    use super::super::layers::Source;
    use super::*;

    fn with(values: &[(&str, &str)]) -> Config {
        let mut layers = Config::defaults().unwrap();
        for (path, text) in values {
            layers.set_text(path, text, Source::Flag("--set".into())).unwrap();
        }
        Config::from_layers(layers).unwrap()
    }

    #[test]
    fn what_is_not_set_is_named_with_its_variable() {
        let config = with(&[]);
        for (error, name) in [
            (config.kafka("x").map(drop).unwrap_err(), "FOCUSFLOW_KAFKA_BROKERS"),
            (config.clickhouse().map(drop).unwrap_err(), "FOCUSFLOW_CLICKHOUSE_URL"),
            (config.control_url().map(drop).unwrap_err(), "FOCUSFLOW_CONTROL_URL"),
        ] {
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn settings_that_contradict_one_another_are_refused() {
        for values in [
            &[("kafka.ca_file", "/ca.pem")][..],
            &[("kafka.user", "ann")],
            &[("kafka.sasl_mechanism", "PLAIN")],
            &[("kafka.properties", "linger")],
        ] {
            let values = [&[("kafka.brokers", "a:1")], values].concat();
            assert!(with(&values).kafka("x").is_err(), "{values:?}");
        }
    }

    #[test]
    fn ingest_reaches_clickhouse_only_where_it_is_told_to() {
        let url = ("clickhouse.url", "http://c:8123");
        let on = ("priority.habits_on_cluster", "true");
        assert!(with(&[url]).clickhouse_of_ingest().unwrap().is_none());
        assert!(with(&[url, on, ("priority.enabled", "false")]).clickhouse_of_ingest().unwrap().is_none());
        assert!(with(&[on]).clickhouse_of_ingest().unwrap_err().to_string().contains("clickhouse.url"));
        assert!(!with(&[url, on]).clickhouse_of_ingest().unwrap().unwrap().migrate);
    }

    #[test]
    fn partitions_share_the_commits() {
        let after = |partitions: &str, least: &str| {
            let values = [("eventlog.partitions", partitions), ("processors.min_commit_interval", least)];
            with(&[&values[..], &[("clickhouse.commits_per_second", "50")]].concat()).commit_interval().as_millis()
        };
        assert_eq!((after("1", "25ms"), after("4", "25ms"), after("64", "25ms"), after("64", "2s")), (25, 80, 1_280, 2_000));
    }

    #[test]
    fn everything_arrives() {
        let config = with(&[
            ("kafka.brokers", "a:1, b:2"),
            ("kafka.tls", "true"),
            ("kafka.sasl_mechanism", "SCRAM-SHA-512"),
            ("kafka.user", "ann"),
            ("kafka.password", "hush"),
            ("kafka.properties", "client.rack=a,socket.keepalive.enable=true"),
            ("eventlog.partitions", "64"),
            ("clickhouse.url", "http://c:8123/"),
            ("clickhouse.cluster", "main"),
            ("clickhouse.reader", "people"),
        ]);
        let kafka = config.kafka("me").unwrap();
        assert_eq!(
            (kafka.partitions, kafka.topics[0].as_str(), kafka.group.as_str()),
            (64, "focusflow.events", "focusflow.processors")
        );
        assert_eq!((kafka.properties.0.len(), kafka.sasl.unwrap().password.as_str()), (2, "hush"));
        assert!(kafka.tls.unwrap().ca.is_none());
        let clickhouse = config.clickhouse().unwrap();
        assert_eq!((clickhouse.url.as_str(), clickhouse.layout.cluster.as_deref()), ("http://c:8123", Some("main")));
        assert_eq!((clickhouse.retention.len(), clickhouse.retention_default_days), (5, Some(1095)));
        assert!(clickhouse.reader.is_some() && !format!("{config:?}").contains("hush"));
    }
}
