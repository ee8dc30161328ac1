//! One file per command.

pub mod check;
pub mod directory;
pub mod import;
pub mod simulate;
pub mod sql;
pub mod token;
pub mod up;

use anyhow::Result;
use store::control::SqliteControl;

use crate::data_dir::DataDir;

async fn open_control(data: DataDir) -> Result<SqliteControl> {
    Ok(SqliteControl::open(&data.control()).await?)
}
