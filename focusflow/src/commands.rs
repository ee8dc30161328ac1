//! One file per command.

pub mod check;
pub mod directory;
pub mod import;
pub mod role;
pub mod simulate;
pub mod sql;
pub mod token;
pub mod up;
