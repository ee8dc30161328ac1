//! Section 8: what the tables of people say of their teams.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Row, Rows, Tables};

const K: usize = 5;
const WINDOW_METRICS: [&str; 10] = [
    "active_ms",
    "focus_ms",
    "comm_ms",
    "meeting_ms",
    "switches",
    "messages_received",
    "interruptions",
    "self_interruptions",
    "load",
    "interruption_score",
];
const DAY_METRICS: [&str; 27] = [
    "active_ms",
    "focus_ms",
    "comm_ms",
    "meeting_ms",
    "switches",
    "blocks",
    "deep_blocks",
    "block_ms",
    "deep_ms",
    "longest_block_ms",
    "stretch_ms",
    "sessions",
    "sessions_completed",
    "session_ms",
    "messages_received",
    "messages_sent",
    "sent_after_hours",
    "response_ms",
    "interruptions",
    "self_interruptions",
    "load",
    "interruption_score",
    "focus_score",
    "streak_days",
    "span_ms",
    "after_hours_ms",
    "rest_ms",
];

/// `team_5m` and `team_daily` from `user_5m` and `user_daily`: per team (as the rows name it) and span, over the members
/// with any active time in it. Columns are `n`, `suppressed` and, per metric, `{metric}_mean`, `_median` and `_p90`.
pub fn compute(tables: &Tables) -> Tables {
    let of = |table: &str| tables.get(table).cloned().unwrap_or_default();
    Tables::from([
        ("team_5m", aggregate(&of("user_5m"), "window_start", &WINDOW_METRICS)),
        ("team_daily", aggregate(&of("user_daily"), "day", &DAY_METRICS)),
    ])
}

fn aggregate(rows: &Rows, span: &str, metrics: &[&str]) -> Rows {
    let mut groups: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    for row in rows.values() {
        let Some(team) = row["team_id"].as_str() else { continue };
        if row["active_ms"].as_i64().unwrap_or(0) > 0 {
            let start = row[span].as_str().map_or_else(|| row[span].to_string(), String::from);
            groups.entry(format!("{team}|{start}")).or_default().push(row);
        }
    }
    groups.into_iter().map(|(key, members)| (key, team_row(&members, span, metrics))).collect()
}

fn team_row(members: &[&Row], span: &str, metrics: &[&str]) -> Row {
    let suppressed = members.len() < K;
    let mut row = Row::new();
    row.insert("team_id".into(), members[0]["team_id"].clone());
    row.insert(span.into(), members[0][span].clone());
    row.insert("suppressed".into(), json!(suppressed));
    row.insert("n".into(), if suppressed { Value::Null } else { json!(members.len()) });
    for metric in metrics {
        let mut values: Vec<f64> = members.iter().filter_map(|m| m[*metric].as_f64()).collect();
        values.sort_by(f64::total_cmp);
        let shown = |value: Option<f64>| if suppressed { Value::Null } else { json!(value) };
        let mean = (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
        row.insert(format!("{metric}_mean"), shown(mean));
        row.insert(format!("{metric}_median"), shown(percentile(&values, 0.5)));
        row.insert(format!("{metric}_p90"), shown(percentile(&values, 0.9)));
    }
    row
}

/// Linear between the closest ranks (type 7).
pub fn percentile(sorted: &[f64], p: f64) -> Option<f64> {
    let rank = p * (sorted.len().checked_sub(1)?) as f64;
    let (below, above) = (sorted[rank.floor() as usize], sorted[rank.ceil() as usize]);
    Some(below + (above - below) * (rank - rank.floor()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(active: &[i64]) -> Tables {
        let mut rows = Rows::new();
        for (i, active_ms) in active.iter().enumerate() {
            let mut row = Row::new();
            for metric in WINDOW_METRICS {
                row.insert(metric.into(), json!(0));
            }
            row.insert("team_id".into(), json!("t"));
            row.insert("window_start".into(), json!(300_000));
            row.insert("active_ms".into(), json!(active_ms));
            rows.insert(format!("p{i}|300000"), row);
        }
        compute(&Tables::from([("user_5m", rows)]))
    }

    #[test]
    fn percentiles_lie_between_ranks() {
        assert_eq!(percentile(&[10.0, 20.0, 30.0, 40.0, 50.0], 0.9), Some(46.0));
        assert_eq!(percentile(&[10.0, 20.0], 0.5), Some(15.0));
        assert_eq!(percentile(&[7.0], 0.9), Some(7.0));
        assert_eq!(percentile(&[], 0.5), None);
    }

    #[test]
    fn five_active_members_show_and_four_do_not() {
        let tables = windows(&[10, 20, 30, 40, 50, 0]);
        let row = &tables["team_5m"]["t|300000"];
        assert_eq!((&row["n"], &row["suppressed"]), (&json!(5), &json!(false)));
        let shown = [&row["active_ms_mean"], &row["active_ms_median"], &row["active_ms_p90"]];
        assert_eq!(shown, [&json!(30.0), &json!(30.0), &json!(46.0)]);
        let tables = windows(&[10, 20, 30, 40, 0, 0]);
        let row = &tables["team_5m"]["t|300000"];
        assert_eq!((&row["n"], &row["suppressed"], &row["active_ms_mean"]), (&Value::Null, &json!(true), &Value::Null));
    }
}
