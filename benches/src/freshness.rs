//! Freshness: from the acceptance of an event to the delta on a subscribed socket, at a given rate of offered events.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::http::{Connection, request};
use crate::{Result, quantile};

pub async fn run(addr: &str, token: &str, people: &str, rate: &str, seconds: &str) -> Result<()> {
    let (people, rate, seconds): (usize, f64, f64) = (people.parse()?, rate.parse()?, seconds.parse()?);
    // On a cluster others take events in.
    let (intake, addr) = addr.split_once(',').unwrap_or((addr, addr));
    let mut handshake = format!("ws://{addr}/v1/live").into_client_request()?;
    handshake.headers_mut().insert("authorization", format!("Bearer {token}").parse()?);
    handshake.headers_mut().insert("sec-websocket-protocol", "focusflow.v1".parse()?);
    let (mut socket, _) = connect_async(handshake).await?;
    socket.send(Message::text(json!({"op": "subscribe", "sub": "a", "topic": "org"}).to_string())).await?;

    let offered = tokio::spawn(offer(intake.to_owned(), token.to_owned(), people, rate, seconds));
    let deadline = tokio::time::Instant::now() + Duration::from_secs_f64(seconds);
    // The first second warms up: connections, caches, the day's first rows.
    let warm = now_ms() + 1_000;
    let mut figures = Vec::new();
    while let Ok(Some(message)) = tokio::time::timeout_at(deadline, socket.next()).await {
        let Message::Text(text) = message? else { continue };
        let arrived = now_ms();
        let message: Value = serde_json::from_str(&text)?;
        let data = &message["data"];
        if let (Some("delta"), Some(at), Some(freshness)) =
            (message["type"].as_str(), data["at"].as_i64(), data["freshness_ms"].as_i64())
            && arrived > warm
        {
            figures.push((arrived - at + freshness) as f64);
        }
    }
    let sent = offered.await??;
    println!("freshness_offered = {:.0} events/s ({sent} sent)", sent as f64 / seconds);
    println!("freshness_deltas = {}", figures.len());
    println!("freshness_p50 = {:.0} ms", quantile(&mut figures, 0.5));
    println!("freshness_p99 = {:.0} ms", quantile(&mut figures, 0.99));
    Ok(())
}

/// Sends one batch every 20 ms, in batches of at most 500 events on eight connections, with times of now.
async fn offer(addr: String, token: String, people: usize, rate: f64, seconds: f64) -> Result<u64> {
    const TICK: Duration = Duration::from_millis(20);
    let mut connections = Vec::new();
    for _ in 0..8 {
        connections.push(Connection::open(&addr).await?);
    }
    let start = tokio::time::Instant::now();
    let mut ticks = tokio::time::interval_at(start, TICK);
    let (mut sent, run) = (0u64, now_ms());
    while start.elapsed().as_secs_f64() < seconds {
        ticks.tick().await;
        let due = (start.elapsed().as_secs_f64() * rate) as u64;
        let mut bodies: Vec<String> = Vec::new();
        while sent < due && bodies.len() < connections.len() {
            let upto = due.min(sent + 500);
            bodies.push((sent..upto).map(|n| event(n, run, people)).collect());
            sent = upto;
        }
        let posts = connections.iter_mut().zip(bodies).map(|(connection, body)| {
            let request = request("POST", "/v1/events", &token, "application/x-ndjson", body.as_bytes());
            async move { connection.send(&request).await }
        });
        for reply in futures::future::join_all(posts).await {
            let status = reply?.status;
            if status != 202 {
                return Err(format!("status {status} at {rate} events/s").into());
            }
        }
    }
    Ok(sent)
}

fn event(n: u64, run: i64, people: usize) -> String {
    let person = n % people as u64;
    let ts = now_ms();
    if n.is_multiple_of(23) {
        format!(
            "{{\"id\":\"m{run}-{n}\",\"type\":\"message\",\"user\":\"p{person:05}\",\"ts\":{ts},\"channel\":\"slack\",\"kind\":\"dm\",\"direction\":\"received\"}}\n"
        )
    } else {
        let app = ["code", "docs", "slack"][(n / people as u64 / 7 % 3) as usize];
        let category = ["coding", "writing", "communication"][(n / people as u64 / 7 % 3) as usize];
        format!(
            "{{\"id\":\"a{run}-{n}\",\"type\":\"activity\",\"user\":\"p{person:05}\",\"ts\":{ts},\"app\":\"{app}\",\"duration_ms\":5000,\"category\":\"{category}\"}}\n"
        )
    }
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64)
}
