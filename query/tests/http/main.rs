//! The stage as clients see it: a real server on a real store, rows put there by commits, updates by the log. Every case runs on
//! each store (the real ClickHouse engine, see `services`), and finds the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::duplicate_mod, reason = "the cases find out by their own path which store they run on")]

#[allow(dead_code, reason = "the engine itself is asked by other tests")]
#[path = "../../../store/tests/servers/database.rs"]
mod database;
#[path = "cases/mod.rs"]
mod on_clickhouse;
#[path = "cases/mod.rs"]
mod on_embedded;
#[allow(dead_code, reason = "servers of one test alone are for other tests")]
#[path = "../../../store/tests/servers/services.rs"]
mod services;

use store::clickhouse::Config;
