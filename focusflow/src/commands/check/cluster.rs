//! The servers a role works on: reached and asked whether they let it. Nothing is made that is not there.

use std::io::Write;
use std::time::Duration;

use anyhow::Result;
use eventlog::kafka::{KafkaLog, Try};
use schemas::rows::MESSAGE_EVENTS;
use store::clickhouse::{self, ClickHouseStore};
use store::control::SqlControl;
use store::{Finding, Scan, Store, Whose};

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
            _ if !role.has_store() => self.priorities(config).await?,
            Ok(clickhouse) => self.wanting("ClickHouse", ClickHouseStore::check(&clickhouse).await)?,
            Err(error) => self.bad("ClickHouse", &shown(&error), "")?,
        }
        match config.kafka("focusflow-check") {
            Ok(kafka) => self.tried(KafkaLog::check(kafka).await),
            Err(error) => self.bad("Kafka", &shown(&error), ""),
        }
    }

    /// Where priorities of messages come from in the role ingest.
    async fn priorities(&mut self, config: &Config) -> Result<()> {
        let name = "priorities";
        let clickhouse = match config.clickhouse_of_ingest() {
            Ok(Some(clickhouse)) => clickhouse,
            Ok(None) if !config.sections.priority.enabled => return self.good(name, "switched off"),
            Ok(None) => return self.good(name, "by the rule for everybody; priority.habits_on_cluster adds people's habits"),
            Err(error) => return self.bad(name, &shown(&error), ""),
        };
        let tried = async {
            let store = ClickHouseStore::open(clickhouse::Config { retry_for: Duration::ZERO, ..clickhouse }).await?;
            let nobody = Whose::People(vec![String::new()]);
            store.scan(Scan { table: &MESSAGE_EVENTS, whose: nobody, from_ms: 0, to_ms: 1, columns: Some(&["user_id"]) }).await
        };
        match tried.await {
            Ok(_) => self.good(name, "by people's habits; ClickHouse answers, and lets this user read messages"),
            Err(error) => {
                let cure = "check clickhouse.url, the user, the password and its right to read; or set priority.habits_on_cluster = false";
                self.bad(name, &error.to_string(), cure)
            }
        }
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
