//! The live feed: updates of the log in, snapshots and deltas of topics out, over WebSocket and Server-Sent Events.
//!
//! `tail` reads the log, `lost` finds what did not come that way, `task` owns the state (`people`) and computes what changed (`team`, `me`, `pipeline`), `topic`
//! numbers it and hands it to each reader's `outbox`, `hub` holds all topics, `session` speaks the protocol for `ws` and `sse`.

pub mod hub;
pub mod lost;
pub mod me;
pub mod outbox;
pub mod people;
pub mod person;
pub mod pipeline;
pub mod presence;
pub mod seed;
pub mod session;
pub mod sse;
pub mod tail;
pub mod task;
pub mod team;
pub mod topic;
mod window;
pub mod ws;
