//! Ingest alone: HTTP and the log on disk, nothing behind them, so that what an ingest worker costs can be told from what
//! the processors do in the same process of one machine.

use std::sync::Arc;

use eventlog::embedded::{Config, EmbeddedLog};
use schemas::category::Rules;
use schemas::control::{Control, Role, Token, Tokens, hash_secret};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::Result;

/// As `focusflow up` has it.
const PARTITIONS: u32 = 4;

/// Serves until it is killed; prints where.
pub async fn run(dir: &str, token: &str) -> Result<()> {
    let log = Arc::new(EmbeddedLog::open(Config::new(dir, PARTITIONS))?);
    let token = Token {
        id: "bench".into(),
        name: "bench".into(),
        role: Role::Ingest,
        person: None,
        hash: hash_secret(token),
        created_at: 0,
        expires_at: None,
    };
    let (_keep, control) = watch::channel(Arc::new(Control { tokens: Tokens::new([token]), ..Control::default() }));
    let clock: ingest::Clock = Arc::new(|| now_ms().unwrap_or(i64::MAX));
    let deps = ingest::Deps { log, control, rules: Arc::new(Rules::default()), priorities: None, clock };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("ingest alone on http://{}", listener.local_addr()?);
    axum::serve(listener, ingest::router(ingest::Config::default(), deps)).await?;
    Ok(())
}

fn now_ms() -> Option<i64> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}
