//! The servers a role works on: reached and asked whether they let it. Nothing is made that is not there.

use std::io::Write;

use anyhow::Result;
use eventlog::kafka::{KafkaLog, Try};
use store::Finding;
use store::clickhouse::ClickHouseStore;
use store::control::SqlControl;

use super::Report;
use crate::cli::Role;
use crate::config::Config;
use crate::problem::shown;

impl<W: Write> Report<W> {
    pub async fn role(&mut self, config: &Config, role: Role) -> Result<()> {
        match config.control_url() {
            Ok(url) => self.wanting("PostgreSQL", SqlControl::check(url).await)?,
            Err(error) => self.bad("PostgreSQL", &shown(&error), "")?,
        }
        match config.clickhouse() {
            _ if role == Role::Ingest && !config.reads_habits_on_cluster() => self.rule_alone(config)?,
            Ok(clickhouse) => self.wanting("ClickHouse", ClickHouseStore::check(&clickhouse).await)?,
            Err(error) => self.bad("ClickHouse", &shown(&error), "")?,
        }
        match config.kafka("focusflow-check") {
            Ok(kafka) => self.tried(KafkaLog::check(kafka).await),
            Err(error) => self.bad("Kafka", &shown(&error), ""),
        }
    }

    fn rule_alone(&mut self, config: &Config) -> Result<()> {
        if !config.sections.priority.enabled {
            return self.good("priorities", "switched off");
        }
        self.good("priorities", "by the rule for everybody; for people's habits, set priority.habits_on_cluster and clickhouse.*")
    }

    /// What is wrong, if anything is.
    pub(super) fn wanting(&mut self, name: &str, findings: Vec<Finding>) -> Result<()> {
        if findings.is_empty() {
            return self.good(name, "answers, and lets this user do what the role needs");
        }
        findings.iter().try_for_each(|finding| self.bad(name, &finding.what, &finding.cure))
    }

    fn tried(&mut self, tries: Vec<Try>) -> Result<()> {
        for (name, outcome) in tries {
            match outcome {
                Ok(text) => self.good(&name, &text)?,
                // What helps is in its own words.
                Err(error) => self.bad(&name, &error.to_string(), "")?,
            }
        }
        Ok(())
    }
}
