//! The whole, as it runs on several machines: real processes of the real binary on real servers, which are killed, frozen,
//! cut off and restarted while events come in. Every test ends in the same question: are all tables equal, row by row, to an
//! independent computation of the same events?
//!
//! | file | what is done to it |
//! |---|---|
//! | `kills` | SIGKILL of every role in turn (against one machine's import and answers too); SIGKILL at each request of a commit |
//! | `groups` | an owner frozen until another has its partitions, then woken; owners that come and go; one partition with most of the traffic |
//! | `brokers` | brokers killed one after the other, leaders moved |
//! | `stores` | ClickHouse gone for two minutes; ClickHouse slow |
//! | `directory` | PostgreSQL gone; the directory changed when it is back |
//! | `poison` | what other producers write to the topic: nonsense, strange places, transactions |
//! | `clocks` | every process has a clock of its own, minutes and an hour apart |
//! | `habits` | nothing: an ingest reads whom people answer quickly, another may not |
//! | `stops` | SIGTERM of every role under load; a rolling restart of everything |
//!
//! Servers are found as in the store's tests: where TEST_KAFKA, TEST_CLICKHOUSE and TEST_POSTGRES say, else
//! started by `deploy/services.sh`. Tests that kill a server start one of their own. Without servers the tests fail.

// The whole crate is a test, its functions as well.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod brokers;
mod clocks;
mod cluster;
#[path = "../../../processors/tests/check/compare.rs"]
mod compare;
mod directory;
mod groups;
mod habits;
mod kills;
mod load;
mod machine;
mod node;
#[path = "../../../processors/tests/oracle/mod.rs"]
#[allow(dead_code, reason = "its teams are compared elsewhere")]
mod oracle;
mod poison;
mod proxy;
#[path = "../../../store/tests/servers/services.rs"]
mod services;
mod stops;
mod stores;
mod tables;
mod workload;
