//! Tokens over HTTP, for admins. A secret leaves once, in the answer to its making.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use schemas::control::{Role, Token};
use serde::{Deserialize, Serialize};
use store::control::NewToken;

use crate::Error;
use crate::access::Request;
use crate::app::{App, Caller};
use crate::body::json_body;
use crate::path::Id;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenRequest {
    name: String,
    role: Role,
    #[serde(default)]
    person: Option<String>,
    #[serde(default)]
    expires_at: Option<i64>,
}

#[derive(Serialize)]
pub struct TokenEntry {
    id: String,
    name: String,
    role: Role,
    person: Option<String>,
    created_at: i64,
    expires_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

#[derive(Serialize)]
pub struct Tokens {
    tokens: Vec<TokenEntry>,
}

impl TokenEntry {
    fn new(token: &Token) -> TokenEntry {
        TokenEntry {
            id: token.id.clone(),
            name: token.name.clone(),
            role: token.role,
            person: token.person.clone(),
            created_at: token.created_at,
            expires_at: token.expires_at,
            secret: None,
        }
    }
}

pub async fn list(caller: Caller) -> Result<Json<Tokens>, Error> {
    caller.may(Request::Configure, "list tokens")?;
    let mut tokens: Vec<TokenEntry> = caller.control.tokens.iter().map(TokenEntry::new).collect();
    tokens.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    Ok(Json(Tokens { tokens }))
}

pub async fn create(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<TokenEntry>), Error> {
    caller.may(Request::Configure, "make token")?;
    let request: TokenRequest = json_body(&headers, body, app.config.sql_body_bytes, "bad_token").await?;
    let wrong = |field: &'static str, message: &str| Err(Error::BadParameter { field, message: message.into() });
    let name_chars = request.name.trim().chars().count();
    if !(1..=64).contains(&name_chars) {
        return wrong("name", "name must have 1 to 64 characters");
    }
    if matches!(request.role, Role::Member | Role::Manager) && request.person.as_deref().is_none_or(str::is_empty) {
        return wrong("person", "member and manager tokens speak for a person: name them");
    }
    if request.expires_at.is_some_and(|at| at <= caller.now) {
        return wrong("expires_at", "expires_at must lie in the future");
    }
    let token =
        NewToken { person: request.person, expires_at: request.expires_at, ..NewToken::new(request.name.trim(), request.role) };
    let made = app.deps.writer.create_token(token).await;
    let (token, secret) = made.map_err(|error| match error {
        store::Error::Invalid(message) => Error::BadBody { code: "bad_token", message },
        other => other.into(),
    })?;
    tracing::info!(target: "audit", token = %caller.viewer.token, made = %token.id, role = ?token.role, "token made");
    let entry = TokenEntry { secret: Some(secret.reveal().to_owned()), ..TokenEntry::new(&token) };
    Ok((StatusCode::CREATED, Json(entry)))
}

pub async fn revoke(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, Error> {
    caller.may(Request::Configure, "revoke token")?;
    app.deps.writer.revoke_token(&id).await?;
    tracing::info!(target: "audit", token = %caller.viewer.token, revoked = %id, "token revoked");
    Ok(StatusCode::NO_CONTENT)
}
