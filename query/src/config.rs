//! The bounds of this stage, each with its default.

use std::time::Duration;

use store::Limits;

use crate::access::Least;

#[derive(Debug, Clone)]
pub struct Config {
    /// Fewest people a team figure may cover. Never below 5.
    pub k_anonymity: u32,
    /// The same for burnout risk. Never below 8.
    pub k_anonymity_burnout: u32,
    pub sql_time: Duration,
    pub sql_memory_bytes: usize,
    pub sql_rows: usize,
    /// Statements at once; one more is answered 503.
    pub sql_concurrency: usize,
    /// Statements at once of one token; one more is answered 429.
    pub sql_concurrency_per_token: usize,
    /// Longest body of `POST /v1/sql`.
    pub sql_body_bytes: usize,
    /// Longest directory document.
    pub directory_body_bytes: usize,
    /// Bytes the read model of team figures may hold.
    pub figures_bytes: usize,
    /// See `figures::days::Policy`.
    pub figures_fresh: Duration,
    pub figures_stale: Duration,
    /// Most blocks or interruptions in one answer.
    pub list_rows: usize,
    /// Not ready before the processors are where the log was at the start: so where they run in this process. On a cluster
    /// others answer from what there is, too.
    pub waits_for_processors: bool,
    pub live: LiveConfig,
}

#[derive(Debug, Clone)]
pub struct LiveConfig {
    /// One more is answered 503.
    pub max_connections: usize,
    /// Of one token; one more is answered 429.
    pub max_connections_per_token: usize,
    pub max_subscriptions: usize,
    /// Longest message a client may send.
    pub max_message_bytes: usize,
    /// Messages waiting for one reader, per subscription, before it is set to the latest state.
    pub outbox: usize,
    /// Past messages kept per topic for those who resume.
    pub ring: usize,
    /// Topics are brought up to date at most this often.
    pub tick: Duration,
    /// And at least this often, for what depends on the clock alone.
    pub presence: Duration,
    pub pipeline: Duration,
    pub ping: Duration,
    pub silence: Duration,
    /// A topic nobody listens to is forgotten after this.
    pub idle_topic: Duration,
    /// Topics kept at most.
    pub max_topics: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            k_anonymity: 5,
            k_anonymity_burnout: 8,
            sql_time: Duration::from_secs(30),
            sql_memory_bytes: 256 << 20,
            sql_rows: 1_000_000,
            sql_concurrency: 4,
            sql_concurrency_per_token: 2,
            sql_body_bytes: 256 << 10,
            directory_body_bytes: 64 << 20,
            figures_bytes: 128 << 20,
            figures_fresh: Duration::from_secs(1),
            figures_stale: Duration::from_secs(15),
            list_rows: 10_000,
            waits_for_processors: true,
            live: LiveConfig::default(),
        }
    }
}

impl Default for LiveConfig {
    fn default() -> Self {
        LiveConfig {
            max_connections: 20_000,
            max_connections_per_token: 10_000,
            max_subscriptions: 32,
            max_message_bytes: 4 << 10,
            outbox: 64,
            ring: 256,
            tick: Duration::from_millis(100),
            presence: Duration::from_secs(5),
            pipeline: Duration::from_secs(1),
            ping: Duration::from_secs(15),
            silence: Duration::from_secs(45),
            idle_topic: Duration::from_secs(300),
            max_topics: 20_000,
        }
    }
}

impl Config {
    pub fn k(&self) -> u32 {
        self.k_anonymity.max(5)
    }

    pub fn least(&self) -> Least {
        Least { k: self.k(), k_burnout: self.k_anonymity_burnout.max(8).max(self.k()) }
    }

    pub(crate) fn sql_limits(&self) -> Limits {
        Limits { time: self.sql_time, memory_bytes: self.sql_memory_bytes, rows: self.sql_rows }
    }

    /// For our own statements, which are known to be bounded by people times days.
    pub(crate) fn internal_limits(&self) -> Limits {
        Limits { time: Duration::from_secs(60), memory_bytes: 512 << 20, rows: 500_000_000 }
    }
}
