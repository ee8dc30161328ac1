//! The door of intake: open while the process runs, closed first when it stops.

use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// As many requests as can be inside at once; ingest has its own, smaller bound.
const ROOM: u32 = 1 << 20;

pub struct Gate {
    room: Arc<Semaphore>,
    closed: CancellationToken,
}

#[derive(Clone)]
struct Door {
    room: Arc<Semaphore>,
    closed: CancellationToken,
}

/// The router behind a door, and the gate that closes it.
pub fn gate(router: Router) -> (Router, Gate) {
    let room = Arc::new(Semaphore::new(ROOM as usize));
    let closed = CancellationToken::new();
    let door = Door { room: Arc::clone(&room), closed: closed.clone() };
    (router.layer(from_fn_with_state(door, enter)), Gate { room, closed })
}

impl Gate {
    /// Lets nobody in once cancelled, and returns when those inside have been answered.
    pub async fn close_when(self, cancel: CancellationToken) -> Result<()> {
        cancel.cancelled().await;
        self.closed.cancel();
        drop(self.room.acquire_many(ROOM).await?);
        Ok(())
    }
}

async fn enter(State(door): State<Door>, request: Request, next: Next) -> Response {
    let Ok(_inside) = door.room.try_acquire() else { return stopping() };
    if door.closed.is_cancelled() {
        return stopping();
    }
    next.run(request).await
}

fn stopping() -> Response {
    const BODY: &str = r#"{"type":"about:blank#stopping","title":"Service Unavailable","status":503,"code":"stopping","detail":"the server is stopping: send it again after the time in Retry-After"}"#;
    let headers = [(header::CONTENT_TYPE, "application/problem+json"), (header::RETRY_AFTER, "2")];
    (StatusCode::SERVICE_UNAVAILABLE, headers, BODY).into_response()
}
