//! The broker of these tests, and topics of their own on it.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

use focusflow_eventlog::kafka::Config;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;

/// What clients must know, by the names `deploy/services.sh env kafka` uses.
pub struct Broker {
    env: &'static HashMap<String, String>,
    topics: Mutex<Vec<[String; 3]>>,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Broker {
    pub fn get() -> Broker {
        static ENV: OnceLock<HashMap<String, String>> = OnceLock::new();
        Broker { env: ENV.get_or_init(environment), topics: Mutex::default() }
    }

    pub fn env(&self, name: &str) -> &str {
        let value = self.env.get(name);
        value.unwrap_or_else(|| panic!("{name} is not set: eval \"$(deploy/services.sh env kafka)\" sets all there is"))
    }

    /// For topics that nobody has used.
    pub fn config(&self) -> Config {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("test-{}-{number}.", std::process::id());
        let config = Config {
            partitions: 2 + number % 2,
            replication: 1,
            min_insync: 1,
            // The contract's records are of 2023.
            retention: std::time::Duration::from_secs(3_650 * 86_400),
            session_timeout: std::time::Duration::from_secs(6),
            ..Config::new(self.env("TEST_KAFKA"), &prefix)
        };
        self.topics.lock().unwrap().push(config.topics.clone());
        config
    }

    /// Deletes the topics of this test.
    pub async fn clean_up(&self) {
        let topics: Vec<String> = self.topics.lock().unwrap().drain(..).flatten().collect();
        let names: Vec<&str> = topics.iter().map(String::as_str).collect();
        let admin: AdminClient<DefaultClientContext> =
            ClientConfig::new().set("bootstrap.servers", self.env("TEST_KAFKA")).create().unwrap();
        admin.delete_topics(&names, &AdminOptions::new()).await.unwrap();
    }
}

fn environment() -> HashMap<String, String> {
    let given: HashMap<String, String> = std::env::vars().filter(|(name, _)| name.starts_with("TEST_KAFKA")).collect();
    if given.contains_key("TEST_KAFKA") {
        return given;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/services.sh");
    for verb in ["start", "env"] {
        let output = Command::new(&script).args([verb, "kafka"]).output().expect("deploy/services.sh runs");
        assert!(output.status.success(), "no Kafka to test with: {}", String::from_utf8_lossy(&output.stderr));
        if verb == "env" {
            let lines = String::from_utf8(output.stdout).expect("text");
            let lines = lines.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
            return lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        }
    }
    unreachable!("env comes last")
}
