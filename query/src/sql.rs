//! `POST /v1/sql`: a statement in, rows out in the form asked for, streamed as they come.

pub mod form;

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::Deserialize;
use serde_json::Value;
use store::{Params, Reader, Rows, Statement};
use tokio::sync::OwnedSemaphorePermit;

use crate::access::Request;
use crate::app::{App, Caller};
use crate::body::json_body;
use crate::share::Share;
use crate::{Error, metrics};
use form::{Encoder, Form};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SqlRequest {
    sql: String,
    #[serde(default)]
    params: Option<Value>,
}

pub async fn sql(State(app): State<App>, caller: Caller, headers: HeaderMap, body: Body) -> Result<Response, Error> {
    // Before the body is read: nobody without the right learns more than that.
    caller.may(Request::Sql, "sql")?;
    let form = Form::accepted(headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()))?;
    let request: SqlRequest = json_body(&headers, body, app.config.sql_body_bytes, "bad_request").await?;
    audit(&caller, &request.sql);
    let slot = Slot::take(&app, &caller)?;
    // The store lets go of the slot when the work has ended, whatever becomes of the answer.
    let reader = Reader { slot: Some(Arc::new(slot)), ..reader(&app, caller).await? };
    let limits = app.config.sql_limits();
    let statement = Statement { sql: request.sql, params: params(request.params)?, limits, reader };
    let rows = app.deps.store.sql(statement).await?;
    ::metrics::counter!(metrics::SQL_STATEMENTS, "form" => form.name()).increment(1);
    answer(form, rows).await
}

/// One of the statements that may run at once, of the token's and of all.
struct Slot {
    _own: Share,
    _of_all: OwnedSemaphorePermit,
}

impl Slot {
    fn take(app: &App, caller: &Caller) -> Result<Slot, Error> {
        const WHAT: &str = "statements running";
        let own = app.sql_shares.take(&caller.viewer.token);
        let limit = app.sql_shares.each();
        let own = own.ok_or(Error::TooMany { code: "too_many_queries", what: WHAT, limit })?;
        let of_all = app.sql_slots.clone().try_acquire_owned();
        let of_all = of_all.map_err(|_| Error::Busy { what: WHAT, limit: app.config.sql_concurrency })?;
        Ok(Slot { _own: own, _of_all: of_all })
    }
}

/// A directory of a hundred thousand people takes a while to disguise: not on the threads that serve sockets.
async fn reader(app: &App, caller: Caller) -> Result<Reader, Error> {
    let app = app.clone();
    let made = tokio::task::spawn_blocking(move || app.reader(&caller)).await;
    made.map_err(|e| Error::Internal(format!("what a statement may see could not be found out: {e}")))?
}

/// The whole statement, never the values of its parameters.
fn audit(caller: &Caller, statement: &str) {
    let (token, role) = (&caller.viewer.token, caller.viewer.role);
    tracing::info!(target: "audit", %token, ?role, what = "sql", statement, "statement");
}

fn params(params: Option<Value>) -> Result<Params, Error> {
    match params {
        None | Some(Value::Null) => Ok(Params::None),
        Some(Value::Array(values)) => Ok(Params::Positional(values)),
        Some(Value::Object(values)) => Ok(Params::Named(values.into_iter().collect())),
        Some(_) => Err(Error::BadParameter { field: "params", message: "params must be a list or an object".into() }),
    }
}

/// The first rows are waited for, so that a statement that fails at once gets its own status.
async fn answer(form: Form, mut rows: Rows) -> Result<Response, Error> {
    let mut encoder = form.encoder(&rows.schema)?;
    let mut first = encoder.start()?;
    let mut ended = false;
    match futures::StreamExt::next(&mut rows.batches).await {
        None => {
            first.extend(encoder.finish(None)?);
            ended = true;
        }
        Some(Err(error)) => return Err(error.into()),
        Some(Ok(batch)) => {
            ::metrics::counter!(metrics::SQL_ROWS).increment(batch.num_rows() as u64);
            first.extend(encoder.batch(&batch)?);
        }
    }
    let state = Answer { rows, encoder, first: Some(first), ended };
    let body = Body::from_stream(stream::try_unfold(state, |mut state| async move {
        let bytes = state.next().await?;
        Ok::<_, Error>(bytes.map(|bytes| (bytes, state)))
    }));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(form.content_type())),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, body).into_response())
}

struct Answer {
    rows: Rows,
    encoder: Box<dyn Encoder>,
    first: Option<Vec<u8>>,
    ended: bool,
}

impl Answer {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if let Some(first) = self.first.take().filter(|bytes| !bytes.is_empty()) {
            return Ok(Some(first.into()));
        }
        while !self.ended {
            let bytes = match futures::StreamExt::next(&mut self.rows.batches).await {
                Some(Ok(batch)) => {
                    ::metrics::counter!(metrics::SQL_ROWS).increment(batch.num_rows() as u64);
                    self.encoder.batch(&batch)?
                }
                None => {
                    self.ended = true;
                    self.encoder.finish(None)?
                }
                Some(Err(error)) => {
                    self.ended = true;
                    // A form that cannot say that it was cut ends in a broken connection instead.
                    let error = Arc::new(Error::from(error));
                    tracing::info!(%error, "a query ended early");
                    self.encoder.finish(Some(&error))?
                }
            };
            // Some forms keep rows back until they have a block's worth.
            if !bytes.is_empty() {
                return Ok(Some(bytes.into()));
            }
        }
        Ok(None)
    }
}
