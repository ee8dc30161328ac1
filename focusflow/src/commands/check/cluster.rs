//! The servers a role works on: reached and asked whether they let it. Nothing is made that is not there.

use std::io::Write;

use anyhow::Result;
use eventlog::kafka::KafkaLog;

use super::Report;
use crate::cli::Role;
use crate::config::Config;
use crate::problem::shown;

impl<W: Write> Report<W> {
    pub async fn role(&mut self, config: &Config, role: Role) -> Result<()> {
        match config.control_url() {
            Ok(_url) => {}
            Err(error) => self.bad("PostgreSQL", &shown(&error), "")?,
        }
        match config.clickhouse() {
            _ if !role.has_store() => {}
            Ok(_clickhouse) => {}
            Err(error) => self.bad("ClickHouse", &shown(&error), "")?,
        }
        match config.kafka("focusflow-check") {
            Ok(kafka) => self.found(KafkaLog::check(kafka).await),
            Err(error) => self.bad("Kafka", &shown(&error), ""),
        }
    }

    fn found<E: std::error::Error>(&mut self, findings: Vec<(String, Result<String, E>)>) -> Result<()> {
        for (name, outcome) in findings {
            match outcome {
                Ok(text) => self.good(&name, &text)?,
                // What helps is in its own words.
                Err(error) => self.bad(&name, &error.to_string(), "")?,
            }
        }
        Ok(())
    }
}
