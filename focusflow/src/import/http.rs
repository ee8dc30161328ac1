//! To a running server, as any producer would send them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use bytes::Bytes;
use futures::FutureExt;
use reqwest::StatusCode;
use serde::Deserialize;

use super::{Receipt, Rejected, Sending, Sink};
use crate::client::Client;

/// A server that is busy for this long is asked no more; the import goes on from there when it is run again.
const PATIENCE: Duration = Duration::from_secs(300);

pub struct HttpSink {
    pub client: Arc<Client>,
}

/// The answer to a batch, and to one with nothing usable in it.
#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    accepted: u64,
    #[serde(default)]
    rejected: Vec<Rejected>,
    rejected_total: Option<u64>,
    code: Option<String>,
}

#[async_trait]
impl Sink for HttpSink {
    async fn take(&self, lines: Bytes) -> Result<Sending> {
        let client = Arc::clone(&self.client);
        Ok(async move { send(&client, lines).await }.boxed())
    }
}

async fn send(client: &Client, lines: Bytes) -> Result<Receipt> {
    let mut waited = Duration::ZERO;
    loop {
        let request = client.post("/v1/events").header("content-type", "application/x-ndjson").body(lines.clone());
        let response = client.try_send(request).await?;
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE {
            let seconds = response.headers().get("retry-after").and_then(|v| v.to_str().ok()?.parse().ok());
            let pause = Duration::from_secs(seconds.unwrap_or(1).clamp(1, 60));
            waited += pause;
            if waited > PATIENCE {
                bail!(
                    "the server has been too busy for {} s; run the import again later, it goes on from here",
                    waited.as_secs()
                );
            }
            tokio::time::sleep(pause).await;
            continue;
        }
        let body = response.bytes().await.context("the answer broke off")?;
        let answer: Option<Answer> = serde_json::from_slice(&body).ok();
        return match answer {
            Some(answer) if status.is_success() || answer.code.as_deref() == Some("nothing_usable") => receipt(answer),
            _ => Err(crate::client::refused(status, &String::from_utf8_lossy(&body))),
        };
    }
}

/// A server lists the first rejections only; the others get a line each as well, so that the counts agree.
fn receipt(answer: Answer) -> Result<Receipt> {
    let mut rejected = answer.rejected;
    let unlisted = answer.rejected_total.unwrap_or(0).saturating_sub(rejected.len() as u64);
    let last = rejected.last().map_or(0, |r| r.index);
    rejected.extend((0..unlisted).map(|_| Rejected {
        index: last,
        code: "not_listed".into(),
        message: "rejected at or after this index; the server lists only the first of a batch".into(),
    }));
    Ok(Receipt { accepted: answer.accepted, rejected })
}
