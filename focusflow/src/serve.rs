//! The listener: HTTP until cancelled, then what is under way is finished.

use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::problem::Problem;

/// Requests under way get this long; sockets that are merely open do not hold up a stop.
const GRACE: Duration = Duration::from_secs(5);

pub async fn bind(address: std::net::SocketAddr) -> Result<TcpListener> {
    Ok(TcpListener::bind(address).await.map_err(|e| {
        Problem::new(format!("{address} cannot be listened on: {e}"))
            .cure("stop what listens there (`ss -ltnp` shows it), or choose another with --listen ADDR")
    })?)
}

pub async fn serve(listener: TcpListener, router: Router, cancel: CancellationToken) -> Result<()> {
    // Answers are small and awaited: they leave at once.
    let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
    let stopping = cancel.clone();
    let server = axum::serve(listener, router).with_graceful_shutdown(async move { stopping.cancelled().await });
    let overdue = async {
        cancel.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = server => served.context("the listener"),
        () = overdue => Ok(()),
    }
}
