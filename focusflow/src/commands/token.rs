//! `focusflow token`: works on the control data directly; a running server sees the change within a second.

use std::io::Write;

use anyhow::{Result, anyhow, bail};
use jiff::Timestamp;
use schemas::control::Role;
use store::control::{ControlStore, NewToken};

use crate::cli::Token;
use crate::config::Config;
use crate::config::units::Span;
use crate::data_dir::DataDir;
use crate::link;
use crate::problem::Problem;
use crate::table::{Table, terminal_width};
use crate::wiring;

pub async fn run(config: Config, args: Token) -> Result<()> {
    let data = DataDir::at(&config.data);
    let control = wiring::open_control(&config, &data, matches!(args, Token::Create { .. })).await?;
    let mut out = std::io::stdout().lock();
    match args {
        Token::Create { name, role, person, expires } => {
            let expires_at = expires.map(|text| expiry(&text)).transpose()?;
            if person.is_none() && matches!(role, Role::Member | Role::Manager) {
                let problem = Problem::new("a member or manager token speaks for a person, and none is named");
                return Err(problem.cure("name one by the id it has in the directory: --person ID").into());
            }
            let unknown = person.clone().filter(|person| control.watch().borrow().directory.resolve(person).is_none());
            let (token, secret) = control.create_token(NewToken { person, expires_at, ..NewToken::new(name, role) }).await?;
            // The secret alone on standard output, so that scripts can take it from there.
            eprintln!("token {} ({}), shown this once; a running server knows it within a second:", token.id, token.name);
            writeln!(out, "{}", secret.reveal())?;
            out.flush()?;
            if role != Role::Ingest {
                eprintln!(
                    "opens the dashboard signed in with it, while FocusFlow runs: {}/#token={}",
                    link::base(&config, &data),
                    secret.reveal()
                );
            }
            if let Some(person) = unknown {
                eprintln!(
                    "note: the directory knows no {person}: there is something to see once events come in under just that id\n  \
                     `focusflow directory get` prints who is in it, `focusflow directory put FILE` takes them in"
                );
            }
        }
        Token::List => {
            let mut tokens: Vec<_> = control.watch().borrow().tokens.iter().cloned().collect();
            tokens.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
            let mut table = ["id", "role", "person", "created", "expires", "name"].into_iter().fold(Table::new(), Table::text);
            for t in tokens {
                let role = serde_json::to_value(t.role)?;
                let (role, person) = (role.as_str().unwrap_or_default(), t.person.as_deref().unwrap_or("-"));
                let expires = t.expires_at.map_or_else(|| "never".into(), time);
                table.row([&t.id, role, person, &time(t.created_at), &expires, &t.name]);
            }
            table.write(terminal_width(), &mut out)?;
        }
        Token::Revoke { id } => {
            control.revoke_token(&id).await.map_err(|e| Problem::new(e.to_string()).cure("`focusflow token list` lists them"))?;
            eprintln!("token {id} is revoked");
        }
    }
    control.close().await;
    Ok(())
}

fn expiry(text: &str) -> Result<i64> {
    let span = Span::parse(text).map_err(|e| anyhow!("--expires: {e}"))?;
    if span.0 == 0 {
        bail!("--expires {text}: the token would have expired already; name a span of time like 90d");
    }
    Ok(Timestamp::now().as_millisecond().saturating_add(span.0))
}

fn time(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |t| t.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}
