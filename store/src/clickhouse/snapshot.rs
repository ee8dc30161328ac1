//! Tables that come from control data as a whole: the rows of a new snapshot first, then the word that it is the latest.
//! Readers see one snapshot or the other, never a mixture.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt64Array};
use schemas::Table;
use schemas::clickhouse::{Layout, SNAPSHOT, quote};

use super::arrow_stream::encode;
use super::connection::Connection;
use super::partition::random;
use crate::Error;
use crate::rows::damaged;

/// Of a snapshot's number, below the version, for chance: two processes that replace at the same time must not mix.
const CHANCE: u32 = 20;

pub(super) struct Snapshots {
    connection: Arc<Connection>,
    database: String,
    on_cluster: String,
}

impl Snapshots {
    pub fn new(connection: Arc<Connection>, layout: &Layout) -> Snapshots {
        let on_cluster = layout.cluster.as_ref().map_or_else(String::new, |name| format!(" ON CLUSTER {}", quote(name)));
        Snapshots { connection, database: layout.rows(), on_cluster }
    }

    /// Several processes follow the same control data, some more slowly: the newest version counts, whoever comes last.
    pub async fn replace(&self, table: &Table, version: u64, rows: RecordBatch) -> Result<(), Error> {
        let (database, name) = (quote(&self.database), quote(table.name));
        let latest = format!("SELECT max(snapshot) FROM {database}.snapshots WHERE name = '{}'", table.name);
        let latest: Vec<u64> = self.connection.fetch("reading snapshots", self.connection.query(&latest)).await?;
        let latest = latest.first().copied().unwrap_or(0);
        if latest != 0 && latest >> CHANCE >= version {
            return Ok(());
        }
        let snapshot = version << CHANCE | random() >> (64 - CHANCE);
        if rows.num_rows() > 0 {
            let numbers = Arc::new(UInt64Array::from(vec![snapshot; rows.num_rows()])) as ArrayRef;
            let schema = rows.schema();
            let columns = schema.fields().iter().map(|f| f.name().as_str()).zip(rows.columns().iter().cloned());
            let batch = RecordBatch::try_from_iter(columns.chain([(SNAPSHOT, numbers)])).map_err(damaged)?;
            let names: Vec<String> = batch.schema_ref().fields().iter().map(|f| quote(f.name())).collect();
            let into = format!("{database}.{name} ({})", names.join(", "));
            self.connection.insert("replacing a table", &into, &encode(&[&batch])?, &[("async_insert", "0")]).await?;
        }
        let word = format!("INSERT INTO {database}.snapshots (name, snapshot) VALUES ('{}', {snapshot})", table.name);
        self.execute(&word).await?;
        self.drop_before(table, latest).await
    }

    /// The one before stays for statements that are reading it.
    async fn drop_before(&self, table: &Table, kept: u64) -> Result<(), Error> {
        let old = format!(
            "SELECT DISTINCT partition FROM system.parts WHERE database = '{}' AND table = '{}' AND active AND toUInt64(partition) < {kept}",
            self.database, table.name
        );
        let old: Vec<String> = self.connection.fetch("reading old snapshots", self.connection.query(&old)).await?;
        for partition in old {
            let drop = format!(
                "ALTER TABLE {}.{}{} DROP PARTITION {partition}",
                quote(&self.database),
                quote(table.name),
                self.on_cluster
            );
            self.execute(&drop).await?;
        }
        Ok(())
    }

    async fn execute(&self, sql: &str) -> Result<(), Error> {
        self.connection.execute("replacing a table", self.connection.query(sql).with_setting("async_insert", "0")).await
    }
}
