//! Talking to a running server over its HTTP interface, as any client would.

use anyhow::{Context, Result, anyhow};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::Deserialize;

use crate::cli::ServerArgs;
use crate::data_dir::DataDir;
use crate::problem::Problem;

pub struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
}

/// `application/problem+json`
#[derive(Debug, Deserialize)]
struct Refusal {
    #[serde(default)]
    title: String,
    code: Option<String>,
    detail: Option<String>,
}

impl Client {
    /// The server named by flags, else the one that runs on the data directory; None when none does.
    pub fn find(args: &ServerArgs, data: &DataDir) -> Result<Option<Client>> {
        let running = data.running();
        let url = match (&args.url, &running) {
            (Some(url), _) => url.trim_end_matches('/').to_owned(),
            (None, Some(running)) if data.try_lock()?.is_none() => running.url.clone(),
            (None, None) if data.try_lock()?.is_none() => return Err(data.in_use().into()),
            _ => return Ok(None),
        };
        let token =
            args.token.clone().or_else(|| std::env::var("FOCUSFLOW_ADMIN_TOKEN").ok()).or_else(|| data.read_admin_token());
        let token = token.ok_or_else(|| {
            Problem::new(format!("no token to talk to {url} with"))
                .cure("give one with --token or FOCUSFLOW_TOKEN; `focusflow token create` makes them")
        })?;
        let http = reqwest::Client::builder().no_proxy().build().context("HTTP client")?;
        Ok(Some(Client { http, url, token }))
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    /// The answer, whatever its status.
    pub async fn try_send(&self, request: RequestBuilder) -> Result<Response> {
        Ok(request.send().await.map_err(|e| {
            Problem::new(format!("{} does not answer: {}", self.url, source(&e)))
                .cure("start it with `focusflow up`, or name another with --url")
        })?)
    }

    /// The answer, or what the server had to say against it.
    pub async fn send(&self, request: RequestBuilder) -> Result<Response> {
        let response = self.try_send(request).await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = response.text().await.unwrap_or_default();
        Err(refused(status, &body))
    }
}

pub fn refused(status: StatusCode, body: &str) -> anyhow::Error {
    let cure = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Some("give a token that may with --token or FOCUSFLOW_TOKEN"),
        _ => None,
    };
    let what = match serde_json::from_str::<Refusal>(body) {
        Ok(refusal) => match (refusal.detail, refusal.code) {
            (Some(detail), _) => detail,
            (None, Some(code)) => format!("{} ({code})", refusal.title),
            (None, None) => refusal.title,
        },
        Err(_) => format!("the server answers {status}: {}", body.chars().take(500).collect::<String>()),
    };
    match cure {
        Some(cure) => Problem::new(what).cure(cure).into(),
        None => anyhow!(what),
    }
}

/// The innermost cause, which says what happened (`connection refused`).
fn source(error: &dyn std::error::Error) -> String {
    let mut at = error;
    while let Some(next) = at.source() {
        at = next;
    }
    at.to_string()
}
