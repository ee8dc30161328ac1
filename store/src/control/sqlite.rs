//! Control data in SQLite, for one machine. Several processes may have the file open.

use std::path::Path;

use sqlx::Executor;
use sqlx::any::{AnyPoolOptions, install_default_drivers};

use super::sql::{Engine, SqlControl, database};
use crate::Error;

const SQLITE: Engine = Engine { change: "BEGIN IMMEDIATE", lock: None, read: "BEGIN" };
/// Kept in the file. SQLite's own default is to have a change on disk when it returns, and the driver's to wait five seconds
/// for who writes at the same time.
const SETTINGS: &str = "PRAGMA journal_mode = WAL";

impl SqlControl {
    /// Opens or makes the file.
    pub async fn open(path: &Path) -> Result<SqlControl, Error> {
        install_default_drivers();
        let url = format!("sqlite://{}?mode=rwc", escaped(path));
        let opened = async {
            // One connection: control data are read from the snapshot, and changes take turns anyway.
            let pool = AnyPoolOptions::new().max_connections(1).connect(&url).await.map_err(database)?;
            pool.execute(SETTINGS).await.map_err(database)?;
            SqlControl::start(pool, SQLITE).await
        };
        opened.await.map_err(|error| match error {
            Error::Unavailable(why) => Error::Unavailable(format!("{}: {why}", path.display())),
            other => other,
        })
    }
}

/// A path may have what means something in an address.
fn escaped(path: &Path) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._-~".contains(&b);
    let bytes = path.as_os_str().as_encoded_bytes().iter();
    bytes.map(|&b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn any_path_will_do() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a b?mode=ro#x%20.db", "ä:@&=.db"] {
            let path = dir.path().join(name);
            SqlControl::open(&path).await.unwrap().close().await;
            assert!(path.exists(), "{name}");
        }
    }
}
