//! A database of ClickHouse for one test. Tests of other crates take this file as it is, with `services.rs` beside it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::Config;

use super::services::shared;

/// A database of one test alone, gone after it.
pub struct Database {
    url: String,
    name: String,
}

impl Database {
    pub fn new() -> Database {
        Database::at(shared("clickhouse"))
    }

    pub fn at(url: String) -> Database {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("t{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        Database { url, name }
    }

    pub fn config(&self) -> Config {
        let mut config = Config::new(&self.url);
        config.layout.database = self.name.clone();
        // Tests say by themselves what is to survive a power cut.
        config.layout.fsync = false;
        config.retry_for = Duration::from_secs(5);
        config
    }

    /// The answer of the server itself to a statement.
    pub fn ask(&self, sql: &str) -> String {
        request(&self.url, &sql.replace("{db}", &self.name))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        for database in [self.name.clone(), format!("{}_rows", self.name)] {
            let _ = std::panic::catch_unwind(|| request(&self.url, &format!("DROP DATABASE IF EXISTS {database}")));
        }
    }
}

fn request(url: &str, sql: &str) -> String {
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(host).unwrap();
    let length = sql.len();
    write!(stream, "POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{sql}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.trim_end().to_owned()
}
