//! `focusflow token`: works on the control data directly; a running server sees the change within a second.

use std::io::Write;

use anyhow::{Result, anyhow};
use jiff::Timestamp;
use store::control::{ControlStore, NewToken};

use crate::cli::Token;
use crate::config::Config;
use crate::config::units::Span;

pub async fn run(config: Config, args: Token) -> Result<()> {
    let control = super::open_control(&config).await?;
    let mut out = std::io::stdout().lock();
    match args {
        Token::Create { name, role, person, expires } => {
            let expires_at = expires.map(|text| expiry(&text)).transpose()?;
            let (token, secret) = control.create_token(NewToken { person, expires_at, ..NewToken::new(name, role) }).await?;
            // The secret alone on standard output, so that scripts can take it from there.
            eprintln!("token {} ({}), shown this once:", token.id, token.name);
            writeln!(out, "{}", secret.reveal())?;
        }
        Token::List => {
            let mut tokens: Vec<_> = control.watch().borrow().tokens.iter().cloned().collect();
            tokens.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
            writeln!(out, "{:<14}  {:<8}  {:<20}  {:<20}  {:<20}  name", "id", "role", "person", "created", "expires")?;
            for t in tokens {
                let role = serde_json::to_value(t.role)?;
                let (role, person) = (role.as_str().unwrap_or_default(), t.person.as_deref().unwrap_or("-"));
                let expires = t.expires_at.map_or_else(|| "never".into(), time);
                writeln!(out, "{:<14}  {role:<8}  {person:<20}  {:<20}  {expires:<20}  {}", t.id, time(t.created_at), t.name)?;
            }
        }
        Token::Revoke { id } => {
            control.revoke_token(&id).await?;
            eprintln!("token {id} is revoked");
        }
    }
    control.close().await;
    Ok(())
}

fn expiry(text: &str) -> Result<i64> {
    let span = Span::parse(text).map_err(|e| anyhow!("--expires: {e}"))?;
    Ok(Timestamp::now().as_millisecond().saturating_add(span.0))
}

fn time(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |t| t.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}
