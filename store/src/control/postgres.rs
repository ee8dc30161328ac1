//! Control data in PostgreSQL, for several machines.

use std::time::Duration;

use sqlx::any::{AnyPoolOptions, install_default_drivers};

use super::sql::{Engine, SqlControl, database};
use crate::Error;

const POSTGRES: Engine = Engine {
    change: "BEGIN",
    // Any number that nobody else locks: held to the end of the transaction.
    lock: Some("SELECT pg_advisory_xact_lock(7091836452013)"),
    read: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
};
/// How long a change waits for a connection before it fails; what was read last stays in force meanwhile.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

impl SqlControl {
    /// Connects to `postgres://user:password@host:port/database`, whose tables are made by whoever comes first.
    pub async fn connect(url: &str) -> Result<SqlControl, Error> {
        install_default_drivers();
        // One connection: control data are read from the snapshot, and changes take turns anyway.
        let options = AnyPoolOptions::new().max_connections(1).acquire_timeout(CONNECT_TIMEOUT);
        let pool = options.connect(url).await.map_err(|error| match database(error) {
            // Without the address, which has the password in it.
            Error::Unavailable(why) => {
                Error::Unavailable(format!("PostgreSQL: {why}; check the address, the user and that it runs"))
            }
            other => other,
        })?;
        SqlControl::start(pool, POSTGRES).await
    }
}
