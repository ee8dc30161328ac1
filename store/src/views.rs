//! The team views. Their SQL lies in `views/`, one file each for every engine, made from the table definitions by `text_of`; a
//! test says when a file and the definitions differ.

pub(crate) const VIEWS: [(&str, &str); 3] = [
    ("team_5m", include_str!("../views/team_5m.sql")),
    ("team_daily", include_str!("../views/team_daily.sql")),
    ("team_burnout", include_str!("../views/team_burnout.sql")),
];

#[cfg(test)]
mod tests {
    use schemas::rows::{USER_5M, USER_DAILY};
    use schemas::{ColumnType, Table};

    use super::VIEWS;

    const HEAD: &str = "-- Made from the table definitions by the tests of store/src/views.rs; to make it anew after they
-- changed: FOCUSFLOW_BLESS=1 cargo test -p focusflow-store views
--
";

    /// One row per team and span, over the members with any active time in it; nothing about fewer than k of them.
    /// A metric that some have no value for needs k that do: else its mean could be one person's.
    fn text_of(table: &Table, k: usize) -> String {
        let time = table.time;
        let metrics =
            table.columns.iter().filter(|c| matches!(c.ty, ColumnType::Int | ColumnType::Score) && c.name != "definition");
        let mut columns = vec![
            format!("team_id,\n    {time}"),
            format!("CASE WHEN count(*) >= {k} THEN count(*) END AS n"),
            format!("CAST(count(*) < {k} AS BOOLEAN) AS suppressed"),
        ];
        for column in metrics {
            let name = column.name;
            let enough = if column.nullable { format!("count({name}) >= {k}") } else { format!("count(*) >= {k}") };
            let value = format!("CAST({name} AS DOUBLE)");
            columns.push(format!("CASE WHEN {enough} THEN avg({value}) END AS {name}_mean"));
            for (suffix, share) in [("median", "0.5"), ("p90", "0.9")] {
                columns.push(format!("CASE WHEN {enough} THEN percentile_cont({value}, {share}) END AS {name}_{suffix}"));
            }
        }
        columns.push("bool_and(final) AS final".to_owned());
        format!(
            "{HEAD}SELECT\n    {}\nFROM {}\nWHERE team_id IS NOT NULL AND active_ms > 0\nGROUP BY team_id, {time}\n",
            columns.join(",\n    "),
            table.name
        )
    }

    #[test]
    fn the_views_are_made_from_the_table_definitions() {
        for (name, text) in [("team_5m", text_of(&USER_5M, 5)), ("team_daily", text_of(&USER_DAILY, 5))] {
            if std::env::var_os("FOCUSFLOW_BLESS").is_some() {
                std::fs::write(format!("{}/views/{name}.sql", env!("CARGO_MANIFEST_DIR")), &text).unwrap();
                continue;
            }
            let stored = VIEWS.iter().find(|(n, _)| *n == name).unwrap().1;
            assert!(stored == text, "views/{name}.sql differs from the tables: run with FOCUSFLOW_BLESS=1 to make it anew");
        }
    }
}
