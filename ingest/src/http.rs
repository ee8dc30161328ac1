//! `POST /v1/events`.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::BodyDataStream;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use eventlog::Topic;
use schemas::control::{Control, Role, Token};
use schemas::outcome::Outcome;
use serde::Serialize;
use tokio::sync::Semaphore;

use crate::body::{self, Encoding};
use crate::budget::{Hold, Slots};
use crate::intake::{Intake, Rejected, Sender, Taken, Told};
use crate::split::Form;
use crate::{Config, Deps, Error, metrics};

/// Bodies up to this size are worked on where they arrive; larger ones, and compressed ones, would hold up other requests.
const INLINE_BYTES: usize = 128 * 1024;

/// Refused bodies up to this size are read to their end before the answer.
const MAX_DRAINED: usize = 64 * 1024;

struct Service {
    config: Config,
    deps: Deps,
    slots: Arc<Slots>,
    /// Bytes in flight.
    bytes: Arc<Semaphore>,
    /// Large bodies decoded at the same time: as many as there are processors. The threads are the log's and everybody's.
    decoders: Arc<Semaphore>,
}

pub(crate) fn router(config: Config, deps: Deps) -> Router {
    let slots = Arc::new(Slots::new(config.max_in_flight, config.max_in_flight_per_token));
    let decoders = Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(2, |n| n.get())));
    let bytes = Arc::new(Semaphore::new(config.max_in_flight_bytes));
    let service = Arc::new(Service { config, deps, slots, bytes, decoders });
    Router::new().route("/v1/events", post(handle).fallback(other_method)).with_state(service)
}

async fn other_method(State(service): State<Arc<Service>>) -> Response {
    Error::Method.into_response(service.config.retry_after)
}

async fn handle(State(service): State<Arc<Service>>, request: Request) -> Response {
    let started = Instant::now();
    let (head, body) = request.into_parts();
    let mut stream = body.into_data_stream();
    let response = match service.receive(&head, &mut stream).await {
        Ok(answer) => answer.into_response(),
        Err(error) => {
            if let Error::Internal(reason) = &error {
                tracing::error!(reason, "events could not be taken in");
            }
            let length = rest(&error, &head.headers, service.config.max_body_bytes);
            if let Some(length) = length {
                body::drain(&mut stream, length).await;
            }
            let mut response = error.into_response(service.config.retry_after);
            if length.is_none() {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            response
        }
    };
    metrics::request(response.status().as_u16(), started.elapsed());
    response
}

/// How much of a refused body is read on, so that its client reads the answer instead of a broken connection; None to hang up.
/// Whoever has not been let in, or is told to come back, has no claim to have megabytes read.
fn rest(error: &Error, headers: &HeaderMap, limit: usize) -> Option<usize> {
    match error {
        Error::BodySlow(_) | Error::BodyBroken(_) => None,
        // It is read already.
        Error::BadEncoding { .. } | Error::Empty | Error::NothingUsable { .. } => Some(0),
        Error::LogSlow(_) | Error::LogUnavailable(_) | Error::Internal(_) => Some(0),
        Error::TooLarge { .. } if !headers.contains_key(header::EXPECT) => Some(limit),
        _ if headers.contains_key(header::EXPECT) => None,
        _ if headers.contains_key(header::TRANSFER_ENCODING) => None,
        _ => Some(announced(headers).unwrap_or(0) as usize).filter(|n| *n <= MAX_DRAINED),
    }
}

#[derive(Serialize)]
struct Answer {
    accepted: u64,
    rejected: Vec<Rejected>,
    /// Where more were rejected than are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_total: Option<u64>,
    /// Where they are asked for, and given at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    priorities: Option<Vec<Told>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priorities_total: Option<u64>,
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        (StatusCode::ACCEPTED, axum::Json(self)).into_response()
    }
}

impl Service {
    async fn receive(self: &Arc<Self>, head: &Parts, stream: &mut BodyDataStream) -> Result<Answer, Error> {
        let headers = &head.headers;
        let control = self.deps.control.borrow().clone();
        let token = authorize(headers, &control, (self.deps.clock)())?;
        let tells = if asks_priorities(head.uri.query())? { Some(whose(token, &control)?) } else { None };
        let told = tells.is_some() && self.deps.priorities.is_some();
        let form = form(headers)?;
        let encoding = encoding(headers)?;
        let mut hold = Hold::new(self.slots.take(&token.id)?, self.bytes.clone());
        let source = token.name.clone();
        let reading = body::read(stream, announced(headers), self.config.max_body_bytes, &mut hold);
        let body = tokio::time::timeout(self.config.body_timeout, reading)
            .await
            .map_err(|_| Error::BodySlow(self.config.body_timeout))??;
        metrics::body(body.len());
        let inline = encoding == Encoding::Identity && body.len() <= INLINE_BYTES;
        let job = Job { service: self.clone(), control, source, form, encoding, body, tells };
        // The hold lasts until the answer: the records are in memory as long.
        let (taken, _hold) = if inline {
            job.run(hold)?
        } else {
            // Never closed.
            let decoder = self.decoders.clone().acquire_owned().await.map_err(|e| Error::Internal(e.to_string()))?;
            let work = move || {
                let _decoder = decoder;
                job.run(hold)
            };
            tokio::task::spawn_blocking(work).await.map_err(|e| Error::Internal(e.to_string()))??
        };
        self.append(taken, told).await
    }

    async fn append(&self, mut taken: Taken, told: bool) -> Result<Answer, Error> {
        let total = taken.rejections();
        if taken.accepted == 0 && total > 0 {
            metrics::events(&taken, Outcome::Accepted);
            return Err(Error::NothingUsable { rejected: taken.rejected, total });
        }
        if taken.accepted > 0 {
            let batches = std::mem::take(&mut taken.batches);
            let bytes = batches.iter().map(|(_, records)| records.wire().len()).sum();
            let started = Instant::now();
            let appended = tokio::time::timeout(self.config.append_timeout, self.deps.log.append(Topic::Events, batches)).await;
            if let Err(error) = appended.map_err(|_| Error::LogSlow(self.config.append_timeout)).and_then(|done| Ok(done?)) {
                metrics::events(&taken, if error.is_retryable() { Outcome::RateLimited } else { Outcome::Internal });
                return Err(error);
            }
            metrics::appended(bytes, started.elapsed());
        }
        metrics::events(&taken, Outcome::Accepted);
        let rejected_total = (taken.rejected.len() as u64 != total).then_some(total);
        let priorities_total = (taken.told.len() as u64 != taken.told_total).then_some(taken.told_total);
        let priorities = told.then_some(taken.told);
        Ok(Answer { accepted: taken.accepted, rejected: taken.rejected, rejected_total, priorities, priorities_total })
    }
}

/// A body that has arrived.
struct Job {
    service: Arc<Service>,
    control: Arc<Control>,
    source: String,
    form: Form,
    encoding: Encoding,
    body: Bytes,
    /// Whose priorities are told.
    tells: Option<String>,
}

impl Job {
    fn run(self, mut hold: Hold) -> Result<(Taken, Hold), Error> {
        let Service { config, deps, .. } = &*self.service;
        let body = body::decompress(self.encoding, self.body, config.max_body_bytes, &mut hold)?;
        if body.trim_ascii().is_empty() {
            return Err(Error::Empty);
        }
        // The records are somewhat larger than what they are made of, and people are not spread evenly.
        hold.grow(2 * body.len())?;
        let partitions = deps.log.partitions(Topic::Events);
        let intake = Intake::new(deps.rules.clone(), partitions, config.retention_ms, config.max_listed);
        let mut intake = intake.prioritize(deps.priorities.clone(), self.tells);
        let sender = Sender { control: &self.control, source: &self.source, now_ms: (deps.clock)() };
        intake.body(&body, self.form, &sender);
        Ok((intake.finish(), hold))
    }
}

fn authorize<'c>(headers: &HeaderMap, control: &'c Control, now_ms: i64) -> Result<&'c Token, Error> {
    let value = headers.get(header::AUTHORIZATION).ok_or(Error::NoToken)?;
    let (scheme, secret) = value.to_str().ok().and_then(|v| v.split_once(' ')).ok_or(Error::NoToken)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Error::NoToken);
    }
    let token = control.tokens.authenticate(secret.trim(), now_ms).ok_or(Error::BadToken)?;
    if matches!(token.role, Role::Ingest | Role::Admin) { Ok(token) } else { Err(Error::Forbidden) }
}

fn asks_priorities(query: Option<&str>) -> Result<bool, Error> {
    let mut asks = false;
    for (name, value) in query.unwrap_or("").split('&').map(|part| part.split_once('=').unwrap_or((part, ""))) {
        if name == "priorities" {
            asks = value.parse().map_err(|_| Error::Parameter)?;
        }
    }
    Ok(asks)
}

/// What a message is worth to somebody says whom they answer: that is for them alone, or a token that may send anything could ask
/// it of everybody.
fn whose(token: &Token, control: &Control) -> Result<String, Error> {
    let person = token.person.as_deref().ok_or(Error::OthersPriorities)?;
    Ok(control.directory.resolve(person).unwrap_or(person).to_owned())
}

/// Without a content type a body is taken for JSON, which includes lines.
fn form(headers: &HeaderMap) -> Result<Form, Error> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(Form::Json) };
    let text = value.to_str().unwrap_or("unreadable");
    let essence = text.split(';').next().unwrap_or("").trim();
    let is = |name: &str| essence.eq_ignore_ascii_case(name);
    if is("application/json") {
        Ok(Form::Json)
    } else if ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"].into_iter().any(is) {
        Ok(Form::Lines)
    } else {
        Err(Error::MediaType(text.to_owned()))
    }
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, Error> {
    let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return if headers.contains_key(header::CONTENT_ENCODING) {
            Err(Error::Encoding("more than one".into()))
        } else {
            Ok(Encoding::Identity)
        };
    };
    let text = value.to_str().unwrap_or("unreadable").trim();
    match text.to_ascii_lowercase().as_str() {
        "identity" | "" => Ok(Encoding::Identity),
        "gzip" | "x-gzip" => Ok(Encoding::Gzip),
        "zstd" => Ok(Encoding::Zstd),
        _ => Err(Error::Encoding(text.to_owned())),
    }
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
