//! The vocabulary of FocusFlow: what enters (events), what leaves (rows, updates) and what rules both
//! (the metric definition, the directory, outcomes). Everything else speaks in these types.
//!
//! Invariants: one definition of a table gives its Arrow schema, its ClickHouse DDL and its documentation;
//! an event is decoded and validated by one function wherever it enters, and loses what may not be kept in one (`privacy`).
//!
//! Deliberately absent: I/O, async, clocks, engines.

pub mod category;
pub mod clickhouse;
pub mod control;
pub mod ddl;
pub mod decode;
pub mod definition;
pub mod directory;
pub mod event;
pub mod live;
pub mod outcome;
pub mod privacy;
pub mod pseudonym;
pub mod risk;
pub mod rows;
pub mod stat;
pub mod table;

pub use definition::Definition;
pub use directory::Directory;
pub use event::{Body, Event};
pub use outcome::{Outcome, Rejection};
pub use stat::Stat;
pub use table::{Column, ColumnType, Table};
