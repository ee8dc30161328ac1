//! The pipeline on the real Kafka and the real ClickHouse. Topics and databases are each test's own.

mod clickhouse;
mod kafka;
mod members;
mod recovery;
#[path = "../../../store/tests/servers/services.rs"]
#[allow(dead_code)]
mod services;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::processors::testing::DUMPED;
use services::shared;

fn name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("processors{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// A database of one test alone, gone after it.
pub struct Database {
    url: String,
    name: String,
}

impl Database {
    pub fn new() -> Database {
        Database { url: shared("clickhouse"), name: name() }
    }

    pub fn config(&self) -> store::clickhouse::Config {
        let mut config = store::clickhouse::Config::new(&self.url);
        config.layout.database = self.name.clone();
        // Nothing here is about losing power.
        config.layout.fsync = false;
        config
    }

    /// For the next case: quicker than a new one.
    pub fn empty(&self) {
        for table in DUMPED.iter().map(|table| table.name).chain(["claims", "journal"]) {
            self.ask(&format!("TRUNCATE TABLE IF EXISTS {}_rows.{table}", self.name));
        }
    }

    pub fn ask(&self, sql: &str) -> String {
        let host = self.url.trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(host).unwrap();
        let length = sql.len();
        write!(stream, "POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{sql}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.trim_end().to_owned()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        for database in [self.name.clone(), format!("{}_rows", self.name)] {
            let sql = format!("DROP DATABASE IF EXISTS {database}");
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.ask(&sql)));
        }
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
