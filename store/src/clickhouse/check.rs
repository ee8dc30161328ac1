//! What is wrong with a connection, found without changing anything: the server, what both users may do, the tables.

use std::collections::HashMap;
use std::time::Duration;

use schemas::clickhouse::{column_type, is_replaced, quote, ttl};
use schemas::rows::TABLES;

use super::Config;
use super::connection::Connection;
use super::migrate::{NEWEST, check_version, recorded};
use crate::{Error, Finding};

pub(super) async fn check(config: &Config) -> Vec<Finding> {
    // Whoever asks what is wrong does not want to wait until it may have passed.
    let connection = Connection::new(&Config { retry_for: Duration::ZERO, ..config.clone() });
    let mut found = Findings { connection, config, found: Vec::new() };
    if let Err(error) = found.look().await {
        found.add(error.to_string(), "check clickhouse.url, the user and the password, and that the server runs");
    }
    found.found
}

struct Findings<'a> {
    connection: Connection,
    config: &'a Config,
    found: Vec<Finding>,
}

impl Findings<'_> {
    fn add(&mut self, what: impl Into<String>, cure: impl Into<String>) {
        self.found.push(Finding { what: what.into(), cure: cure.into() });
    }

    async fn look(&mut self) -> Result<(), Error> {
        check_version(&self.connection).await?;
        self.cluster().await?;
        self.rights_of_the_user().await?;
        self.rights_of_the_reader().await?;
        let done = recorded(&self.connection, &self.config.layout).await?;
        let database = &self.config.layout.database;
        if done > NEWEST {
            self.add(
                format!("the database {database} is of version {done} and this program knows up to {NEWEST}"),
                "run the newer program, or restore a backup",
            );
        } else if done < NEWEST && !self.config.migrate {
            self.add(
                format!("the database {database} is of version {done} and this program needs {NEWEST}"),
                "start one process with clickhouse.migrate = true",
            );
        }
        // What is not there yet is made by the first start.
        if done > 0 { self.tables().await } else { Ok(()) }
    }

    async fn cluster(&mut self) -> Result<(), Error> {
        let Some(cluster) = &self.config.layout.cluster else { return Ok(()) };
        let servers = "SELECT count() FROM system.clusters WHERE cluster = {cluster:String}";
        let servers = self.connection.query(servers).param("cluster", cluster);
        let servers: Vec<u64> = self.connection.fetch("looking for the cluster", servers).await?;
        let macros = self.connection.query("SELECT count() FROM system.macros WHERE macro IN ('shard', 'replica')");
        let macros: Vec<u64> = self.connection.fetch("looking for macros", macros).await?;
        if servers == [0] {
            self.add(
                format!("the server knows no cluster {cluster}"),
                "name one of its configuration (SELECT cluster FROM system.clusters) in clickhouse.cluster",
            );
        }
        if macros < vec![2] {
            self.add(
                "the server's configuration has not both macros, shard and replica",
                "add them under <macros> on every server",
            );
        }
        Ok(())
    }

    async fn rights_of_the_user(&mut self) -> Result<(), Error> {
        let (layout, user) = (&self.config.layout, &self.config.user.name);
        let (database, rows) = (quote(&layout.database), quote(&layout.rows()));
        let mut wanted = vec![format!("SELECT, INSERT, ALTER DELETE ON {rows}.*"), format!("SELECT ON {database}.*")];
        if self.config.migrate {
            wanted.push(format!("CREATE DATABASE, CREATE TABLE, ALTER TABLE ON {rows}.*"));
            wanted.push(format!("CREATE DATABASE, CREATE VIEW, DROP VIEW ON {database}.*"));
        }
        for rights in wanted {
            let query = self.connection.query(&format!("CHECK GRANT {rights}"));
            let granted: Vec<u8> = self.connection.fetch("asking for rights", query).await?;
            if granted != [1] {
                self.add(format!("the user {user} lacks rights: {rights}"), grant(&rights, user));
            }
        }
        Ok(())
    }

    async fn rights_of_the_reader(&mut self) -> Result<(), Error> {
        let Some(reader) = &self.config.reader else { return Ok(()) };
        let (layout, name) = (&self.config.layout, &reader.name);
        let asked = async |rights: &str| -> Result<bool, Error> {
            let query = self.connection.statement(&format!("CHECK GRANT {rights}"));
            let granted: Vec<u8> = self.connection.fetch("asking for the reader's rights", query).await?;
            Ok(granted == [1])
        };
        let mut found = Vec::new();
        for table in TABLES {
            let rights = format!("SELECT ON {}.{}", quote(&layout.database), quote(table.name));
            match asked(&rights).await {
                Ok(true) => {}
                Ok(false) => found.push((format!("the reader {name} lacks rights: {rights}"), grant(&rights, name))),
                Err(error) => {
                    let cure = "make the user with the statements that `clickhouse::access` gives, or correct its password";
                    self.add(format!("the reader {name} is of no use: {error}"), cure);
                    return Ok(());
                }
            }
        }
        let rights = format!("INSERT ON {}.*", quote(&layout.rows()));
        if asked(&rights).await? {
            let cure = format!("REVOKE {rights} FROM {}; it needs SELECT on the views of {} alone", quote(name), layout.database);
            found.push((format!("the reader {name} may write rows"), cure));
        }
        found.into_iter().for_each(|(what, cure)| self.add(what, cure));
        Ok(())
    }

    async fn tables(&mut self) -> Result<(), Error> {
        let (layout, migrate) = (&self.config.layout, self.config.migrate);
        let start = "start one process with clickhouse.migrate = true";
        let sql = format!("SELECT table, name, type FROM system.columns WHERE database = '{}'", layout.rows());
        let rows: Vec<(String, String, String)> =
            self.connection.fetch("looking at columns", self.connection.query(&sql)).await?;
        let mut tables: HashMap<String, HashMap<String, String>> = HashMap::new();
        for (table, column, ty) in rows {
            tables.entry(table).or_default().insert(column, ty);
        }
        let sql = format!(
            "SELECT name, extract(engine_full, ' TTL (.*?)(?: SETTINGS .*)?$') FROM system.tables WHERE database = '{}'",
            layout.rows()
        );
        let expiry: Vec<(String, String)> = self.connection.fetch("looking at expiry", self.connection.query(&sql)).await?;
        let expiry: HashMap<String, String> = expiry.into_iter().collect();
        let mut found = Vec::new();
        for table in TABLES {
            let (name, local) = (table.name, layout.local(table));
            let Some(columns) = tables.get(&*local) else {
                found.push((format!("the table {name} is missing"), "restore it from a backup, or start with an empty database"));
                continue;
            };
            for column in table.columns {
                match columns.get(column.name) {
                    None if !migrate => found.push((format!("the table {name} lacks the column {}", column.name), start)),
                    Some(ty) if *ty != column_type(column) => {
                        let wanted = column_type(column);
                        let what = format!("the column {name}.{} is {ty} and this program needs {wanted}", column.name);
                        found.push((what, "run the program that made it, or ALTER it"));
                    }
                    _ => {}
                }
            }
            let days = self.config.retention_days(name);
            let wanted = days.and_then(|days| ttl(table, days)).unwrap_or_default();
            if !migrate && !is_replaced(table) && expiry.get(&*local).is_some_and(|ttl| *ttl != wanted) {
                found.push((format!("rows of {name} expire after other days than are configured"), start));
            }
        }
        found.into_iter().for_each(|(what, cure)| self.add(what, cure));
        Ok(())
    }
}

fn grant(rights: &str, user: &str) -> String {
    format!("an administrator runs: GRANT {rights} TO {}", quote(user))
}
