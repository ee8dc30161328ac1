//! Tests on the real servers, in one program: each program links the whole query engine. A server is looked for where
//! TEST_CLICKHOUSE or TEST_POSTGRES says, else started by `deploy/services.sh`; without one the tests fail.

// The workspace lint spares test functions; these are their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod clickhouse;
mod database;
mod postgres;
mod services;
#[path = "../suite/mod.rs"]
mod suite;

use focusflow_store::clickhouse::Config;
