//! Control data in PostgreSQL, for several machines.

use std::time::Duration;

use sqlx::any::{AnyPoolOptions, install_default_drivers};

use super::sql::{Engine, SqlControl, database, newest};
use crate::{Error, Finding};

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

    /// What is wrong with a database and would keep a process from its work; changes nothing.
    pub async fn check(url: &str) -> Vec<Finding> {
        let mut found = Vec::new();
        if let Err(error) = look(url, &mut found).await {
            let cure = "check control.url (postgres://user:password@host:port/database), and that the server runs".to_owned();
            found.push(Finding { what: format!("PostgreSQL: {error}"), cure });
        }
        found
    }
}

async fn look(url: &str, found: &mut Vec<Finding>) -> Result<(), Error> {
    install_default_drivers();
    let options = AnyPoolOptions::new().max_connections(1).acquire_timeout(CONNECT_TIMEOUT);
    let pool = options.connect(url).await.map_err(database)?;
    let ask = async |sql: &'static str| sqlx::query_scalar::<_, i64>(sql).fetch_one(&pool).await.map_err(database);
    if ask("SELECT CASE WHEN to_regclass('migrations') IS NULL THEN 0 ELSE 1 END::bigint").await? == 0 {
        let may = "SELECT CASE WHEN has_schema_privilege(current_schema(), 'CREATE') THEN 1 ELSE 0 END::bigint";
        if ask(may).await? == 0 {
            let cure = "an administrator runs: GRANT CREATE ON SCHEMA public TO the user of control.url".to_owned();
            found.push(Finding { what: "PostgreSQL: there are no tables yet, and the user may not make them".into(), cure });
        }
        return Ok(());
    }
    let rights = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND NOT (\
                  has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT') AND \
                  has_table_privilege(format('%I.%I', schemaname, tablename), 'INSERT') AND \
                  has_table_privilege(format('%I.%I', schemaname, tablename), 'UPDATE') AND \
                  has_table_privilege(format('%I.%I', schemaname, tablename), 'DELETE'))";
    if ask(rights).await? > 0 {
        let cure = "an administrator runs: GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO the user of control.url";
        found.push(Finding { what: "PostgreSQL: the user lacks rights on the tables".into(), cure: cure.to_owned() });
        return Ok(());
    }
    let done = ask("SELECT COALESCE(MAX(number), 0) FROM migrations").await?;
    if done > newest() {
        let what = format!("PostgreSQL: the control data are of version {done} and this program knows up to {}", newest());
        found.push(Finding { what, cure: "run the newer program, or restore a backup".into() });
    }
    pool.close().await;
    Ok(())
}
