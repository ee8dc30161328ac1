//! The stage as clients see it: a real server on a real store, rows put there by commits, updates by the log.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod admin;
mod audit;
mod live;
mod pseudonyms;
mod rest;
mod roles;
mod setting;
mod sql;
mod sse;
mod units;
