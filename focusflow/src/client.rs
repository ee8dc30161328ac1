//! Talking to a running server over its HTTP interface, as any client would.

use std::fmt;

use anyhow::{Context, Result};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;

use crate::admin;
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
    line: Option<u64>,
    column: Option<u64>,
}

/// What a server has against a request.
#[derive(Debug)]
pub struct Refused {
    problem: Problem,
    /// Line and column of a statement, from 1.
    pub at: Option<(u64, u64)>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl std::error::Error for Refused {}

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
        let url = address(url)?;
        let token = match args.token.clone().filter(|token| !token.is_empty()) {
            Some(token) => token,
            None => own_token(&url, data)?,
        };
        let http = reqwest::Client::builder().no_proxy().build().context("HTTP client")?;
        Ok(Some(Client { http, url, token }))
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
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
    let refusal = serde_json::from_str::<Refusal>(body).ok();
    let code = refusal.as_ref().and_then(|r| r.code.as_deref());
    // A statement may be forbidden to everybody: no token helps there.
    let cure = match (status, code) {
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, None | Some("unauthorized" | "forbidden")) => {
            Some("give a token that may with --token or FOCUSFLOW_TOKEN")
        }
        _ => None,
    };
    let at = refusal.as_ref().and_then(|r| r.line.zip(r.column));
    let what = match refusal {
        Some(Refusal { detail: Some(detail), .. }) => detail,
        Some(Refusal { title, code: Some(code), .. }) => format!("{title} ({code})"),
        Some(Refusal { title, .. }) => title,
        None => format!("the server answers {status}: {}", body.chars().take(500).collect::<String>()),
    };
    Refused { problem: cure.into_iter().fold(Problem::new(what), Problem::cure), at }.into()
}

/// The administrator's secret goes to the server that runs on this data directory, and to no other that an address names.
fn own_token(url: &str, data: &DataDir) -> Result<String> {
    let is_own = data.running().is_some_and(|running| running.url == url) && data.try_lock()?.is_none();
    let secret = if is_own { admin::given_token().or_else(|| data.read_admin_token()) } else { None };
    Ok(secret.ok_or_else(|| {
        let cure = if is_own {
            "give one with --token or FOCUSFLOW_TOKEN; `focusflow token create --role admin --name NAME` makes one"
        } else {
            "give a token of that server with --token or FOCUSFLOW_TOKEN: the administrator's token kept here goes to the server \
             on this data directory alone, which is found without --url"
        };
        Problem::new(format!("no token to talk to {url} with")).cure(cure)
    })?)
}

/// What is meant to be a server's address, if it can be one.
fn address(url: String) -> Result<String> {
    match reqwest::Url::parse(&url) {
        Ok(parsed) if parsed.scheme() == "http" && parsed.has_host() => Ok(url),
        Ok(parsed) if parsed.scheme() == "https" => Err(Problem::new(format!("{url}: this client speaks plain HTTP alone"))
            .cure("name the server behind the proxy, or a way to it: ssh -L 7878:127.0.0.1:7878 HOST")
            .into()),
        _ => Err(Problem::new(format!("{url} is no address of a server")).cure("it looks like http://127.0.0.1:7878").into()),
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
