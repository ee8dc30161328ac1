//! `POST /v1/sql`: a statement in, rows out in the form asked for, streamed as they come.

pub mod form;

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use schemas::rows::TABLES;
use serde::Deserialize;
use serde_json::Value;
use store::{Params, Rows, Statement};
use tokio::sync::OwnedSemaphorePermit;

use crate::access::{Decision, Request, decide};
use crate::app::{App, Caller};
use crate::body::json_body;
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
    caller.may(Request::SqlTeams, "sql")?;
    let form = Form::accepted(headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()))?;
    let request: SqlRequest = json_body(&headers, body, app.config.sql_body_bytes, "bad_request").await?;
    audit(&caller, &request.sql);
    if !matches!(decide(&caller.viewer, Request::SqlAll, &caller.org), Decision::Allow(_)) {
        only_team_views(&request.sql)?;
    }
    let limit = app.config.sql_concurrency;
    let slot = app.sql_slots.clone().try_acquire_owned();
    let slot = slot.map_err(|_| Error::TooMany { code: "too_many_queries", what: "queries are", limit })?;
    let statement = Statement { sql: request.sql, params: params(request.params)?, limits: app.config.sql_limits() };
    let rows = app.deps.store.sql(statement).await?;
    ::metrics::counter!(metrics::SQL_STATEMENTS, "form" => form.name()).increment(1);
    answer(form, rows, slot).await
}

/// The statement, never the values of its parameters.
fn audit(caller: &Caller, sql: &str) {
    let (token, role) = (&caller.viewer.token, caller.viewer.role);
    let statement: String = sql.chars().take(2_000).collect();
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

/// Refuses a statement in which the name of a table of people stands anywhere, be it in a comment: too strict rather than
/// clever, since no query reaches a table without its name. (An escaped identifier would hide one.)
fn only_team_views(sql: &str) -> Result<(), Error> {
    let text = sql.to_lowercase();
    if text.contains("u&\"") {
        return Err(Error::Store(store::Error::Forbidden("escaped identifiers are not allowed to analysts".into())));
    }
    match TABLES.iter().find(|table| text.contains(table.name)) {
        None => Ok(()),
        Some(table) => Err(Error::Store(store::Error::Forbidden(format!(
            "{} has rows of single people: analysts query team_5m, team_daily and team_burnout",
            table.name
        )))),
    }
}

/// The first rows are waited for, so that a statement that fails at once gets its own status.
async fn answer(form: Form, mut rows: Rows, slot: OwnedSemaphorePermit) -> Result<Response, Error> {
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
    let state = Answer { rows, encoder, first: Some(first), ended, _slot: slot };
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
    _slot: OwnedSemaphorePermit,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analysts_reach_team_views_alone() {
        for sql in [
            "SELECT * FROM user_daily",
            "SELECT * FROM \"User_Daily\"",
            "WITH x AS (TABLE focus_blocks) SELECT 1",
            "SELECT (SELECT name FROM directory LIMIT 1) FROM team_daily",
            "SELECT 1 /* activity_events */",
            "SELECT * FROM U&\"user\\005Fdaily\"",
        ] {
            assert!(only_team_views(sql).is_err(), "{sql}");
        }
        assert!(only_team_views("SELECT team_id, n FROM team_daily JOIN team_5m USING (team_id)").is_ok());
    }
}
