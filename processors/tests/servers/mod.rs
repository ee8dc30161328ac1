//! The pipeline on the real Kafka and the real ClickHouse. Topics and databases are each test's own.

mod clickhouse;
#[path = "../../../store/tests/servers/database.rs"]
#[allow(dead_code)]
mod database;
mod kafka;
mod members;
mod recovery;
#[path = "../../../store/tests/servers/services.rs"]
#[allow(dead_code)]
mod services;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::processors::testing::DUMPED;
use database::Database;
use services::shared;
use store::clickhouse::Config;

fn name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("processors{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// For the next case: quicker than a new database.
pub fn empty(database: &Database) {
    for table in DUMPED.iter().map(|table| table.name).chain(["claims", "journal"]) {
        database.ask(&format!("TRUNCATE TABLE IF EXISTS {{db}}_rows.{table}"));
    }
}

/// Topics of one test alone.
pub fn topics(partitions: u32) -> eventlog::kafka::Config {
    eventlog::kafka::Config {
        partitions,
        replication: 1,
        min_insync: 1,
        // Events of tests are of any year.
        retention: Duration::from_secs(20_000 * 86_400),
        session_timeout: Duration::from_secs(6),
        ..eventlog::kafka::Config::new(shared("kafka"), &format!("{}.", name()))
    }
}
