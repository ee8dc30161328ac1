//! The dashboard's own requests over what the server holds, one after another: latencies as a browser would see them.

use std::time::Instant;

use serde_json::Value;

use crate::http::{Connection, request};
use crate::{Result, quantile};

pub async fn run(addr: &str, token: &str, rounds: &str) -> Result<()> {
    let rounds: usize = rounds.parse()?;
    let mut connection = Connection::open(addr).await?;
    let teams: Value =
        serde_json::from_slice(&connection.send(&request("GET", "/v1/teams", token, "application/json", b"")).await?.body)?;
    let teams: Vec<&str> = teams["teams"].as_array().into_iter().flatten().filter_map(|t| t["id"].as_str()).collect();
    if teams.is_empty() {
        return Err("the server knows no teams: import a workforce first".into());
    }
    let span = span(&mut connection, token).await?;
    for kind in ["summary", "trends", "heatmap", "timeline"] {
        let mut team = Vec::new();
        for round in 0..rounds {
            team.push(
                timed(&mut connection, token, &format!("/v1/teams/{}/{kind}?{}", teams[round % teams.len()], range(&span, kind)))
                    .await?,
            );
        }
        let mut org = Vec::new();
        for _ in 0..rounds.div_ceil(4) {
            org.push(timed(&mut connection, token, &format!("/v1/org/{kind}?{}", range(&span, kind))).await?);
        }
        for (scope, mut figures) in [("team", team), ("org", org)] {
            println!(
                "query_{scope}_{kind} = p50 {:.1} ms, p99 {:.1} ms, first {:.1} ms",
                quantile(&mut figures.clone(), 0.5),
                quantile(&mut figures.clone(), 0.99),
                figures.first().copied().unwrap_or_default()
            );
            figures.clear();
        }
    }
    Ok(())
}

/// First and last day the store holds.
async fn span(connection: &mut Connection, token: &str) -> Result<(String, String)> {
    let body = br#"{"sql":"SELECT CAST(min(day) AS VARCHAR), CAST(max(day) AS VARCHAR) FROM user_daily"}"#;
    let reply = connection.send(&request("POST", "/v1/sql", token, "application/json", body)).await?;
    let reply: Value = serde_json::from_slice(&reply.body)?;
    let row = &reply["rows"][0];
    Ok((row[0].as_str().ok_or("no days in the store")?.into(), row[1].as_str().ok_or("no days in the store")?.into()))
}

fn range((from, to): &(String, String), kind: &str) -> String {
    match kind {
        "timeline" => format!("from={to}&to={to}&step=5m"),
        _ => format!("from={from}&to={to}"),
    }
}

async fn timed(connection: &mut Connection, token: &str, path: &str) -> Result<f64> {
    let start = Instant::now();
    let reply = connection.send(&request("GET", path, token, "application/json", b"")).await?;
    if reply.status != 200 {
        return Err(format!("{path}: status {}: {}", reply.status, String::from_utf8_lossy(&reply.body)).into());
    }
    Ok(start.elapsed().as_secs_f64() * 1e3)
}
