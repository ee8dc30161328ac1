//! The rights of the restricted user, as statements for an administrator (or a start with the right to) to run: reading the
//! views, within limits. Only a server with users keeps them; the engine that the tests run on has none, and reads these
//! statements without running them.

use std::time::Duration;

use schemas::clickhouse::{Layout, quote};
use schemas::rows::TABLES;

/// What the restricted user may use in an hour, over all that is asked.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    pub statements: u64,
    pub read_rows: u64,
    pub execution: Duration,
}

/// What a statement brings along, and the most it may ask for.
const CHANGEABLE: &[(&str, &str)] = &[
    ("max_execution_time", "MAX 3600"),
    ("max_memory_usage", "MAX 17179869184"),
    ("limit", ""),
    ("join_use_nulls", ""),
    ("aggregate_functions_null_for_empty", ""),
    ("cast_keep_nullable", ""),
    ("union_default_mode", ""),
    ("output_format_arrow_compression_method", ""),
    ("output_format_arrow_low_cardinality_as_dictionary", ""),
];

/// Makes the user `reader`, which reads what readers see of each table. Idempotent.
/// `sha256` is of the password, in hex.
pub fn access(layout: &Layout, reader: &str, sha256: &str, quota: Quota) -> Vec<String> {
    let on_cluster = layout.cluster.as_ref().map_or_else(String::new, |name| format!(" ON CLUSTER {}", quote(name)));
    let (database, rows) = (quote(&layout.database), quote(&layout.rows()));
    let user = quote(reader);
    let changeable: Vec<String> =
        CHANGEABLE.iter().map(|(name, most)| format!("{name} {most} CHANGEABLE_IN_READONLY").replace("  ", " ")).collect();
    let mut made = vec![
        format!("CREATE SETTINGS PROFILE IF NOT EXISTS {user}{on_cluster} SETTINGS readonly = 1, {}", changeable.join(", ")),
        format!(
            "CREATE USER IF NOT EXISTS {user}{on_cluster} IDENTIFIED WITH sha256_hash BY '{sha256}' DEFAULT DATABASE {database} SETTINGS PROFILE {}",
            text(reader)
        ),
        format!(
            "CREATE QUOTA IF NOT EXISTS {user}{on_cluster} FOR INTERVAL 1 hour MAX queries = {}, read_rows = {}, execution_time = {} TO {user}",
            quota.statements,
            quota.read_rows,
            quota.execution.as_secs()
        ),
    ];
    made.extend(TABLES.iter().map(|t| format!("GRANT{on_cluster} SELECT ON {database}.{} TO {user}", quote(t.name))));
    // Should anybody ever grant it the rows themselves, it still sees none of them. (The views read with their maker's rights.)
    made.extend(TABLES.iter().map(|t| {
        let (policy, table) = (quote(&format!("{reader}_nothing")), quote(&layout.local(t)));
        format!("CREATE ROW POLICY IF NOT EXISTS {policy}{on_cluster} ON {rows}.{table} USING 0 AS RESTRICTIVE TO {user}")
    }));
    made
}

fn text(name: &str) -> String {
    format!("'{}'", name.replace('\\', "\\\\").replace('\'', "\\'"))
}
