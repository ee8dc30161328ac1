//! The listener: HTTP until cancelled, then what is under way is finished.
//!
//! Connections are bounded in number, and so is the time a request's head may take: a connection that says nothing costs a
//! socket. One that has become a WebSocket is no longer counted here; `query` counts those.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::problem::Problem;

/// Requests under way get this long; sockets that are merely open do not hold up a stop.
const GRACE: Duration = Duration::from_secs(5);
/// How long nothing is accepted after the system had no sockets left.
const PAUSE: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections open at the same time; further ones wait to be accepted.
    pub connections: usize,
    /// From the end of one request, or the connection's beginning, to the end of the next one's head.
    pub head_time: Duration,
}

impl Limits {
    pub fn new(connections: usize) -> Limits {
        Limits { connections, head_time: Duration::from_secs(60) }
    }
}

pub async fn bind(address: std::net::SocketAddr) -> Result<TcpListener> {
    Ok(TcpListener::bind(address).await.map_err(|e| {
        Problem::new(format!("{address} cannot be listened on: {e}"))
            .cure("stop what listens there (`ss -ltnp` shows it), or choose another with --listen ADDR")
    })?)
}

pub async fn serve(listener: TcpListener, router: Router, limits: Limits, cancel: CancellationToken) -> Result<()> {
    let room = Arc::new(Semaphore::new(limits.connections.clamp(1, Semaphore::MAX_PERMITS)));
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            () = cancel.cancelled() => break,
            // What has ended is let go of.
            Some(_) = open.join_next() => {}
            accepted = accept(&listener, &room) => {
                if let Some((socket, place)) = accepted {
                    open.spawn(converse(socket, place, router.clone(), limits.head_time, cancel.clone()));
                }
            }
        }
    }
    drop(listener);
    let answered = async { while open.join_next().await.is_some() {} };
    // Those that are not done by then are cut off.
    let _ = tokio::time::timeout(GRACE, answered).await;
    Ok(())
}

/// The next connection, once there is room for it; None when it was gone before it was there.
async fn accept(listener: &TcpListener, room: &Arc<Semaphore>) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    let place = room.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((socket, _)) => Some((socket, place)),
        Err(error) if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) => None,
        Err(error) => {
            tracing::error!(%error, "no connection can be accepted; trying again");
            tokio::time::sleep(PAUSE).await;
            None
        }
    }
}

async fn converse(socket: TcpStream, _place: OwnedSemaphorePermit, router: Router, head_time: Duration, stop: CancellationToken) {
    // Answers are small and awaited: they leave at once.
    drop(socket.set_nodelay(true));
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(head_time);
    let connection = server.serve_connection(TokioIo::new(socket), TowerToHyperService::new(router)).with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::extract::ws::WebSocketUpgrade;
    use axum::response::Response;
    use axum::routing::{any, get};
    use futures::{SinkExt, StreamExt};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::task::JoinHandle;

    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    async fn start(limits: Limits) -> (SocketAddr, CancellationToken, JoinHandle<Result<()>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, cancel) = (listener.local_addr().unwrap(), CancellationToken::new());
        let slow = get(|| async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            "late"
        });
        let router = Router::new().route("/", get(|| async { "here" })).route("/slow", slow).route("/live", any(echo));
        (address, cancel.clone(), tokio::spawn(serve(listener, router, limits, cancel)))
    }

    async fn echo(upgrade: WebSocketUpgrade) -> Response {
        upgrade.on_upgrade(async |mut socket| {
            while let Some(Ok(message)) = socket.recv().await {
                if socket.send(message).await.is_err() {
                    return;
                }
            }
        })
    }

    async fn ask(socket: &mut TcpStream, path: &str) -> String {
        socket.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = vec![0; 4096];
        let n = tokio::time::timeout(SOON, socket.read(&mut answer)).await.expect("an answer").unwrap();
        String::from_utf8(answer[..n].to_vec()).unwrap()
    }

    #[tokio::test]
    async fn whoever_says_nothing_is_hung_up_on() {
        let (address, ..) = start(Limits { connections: 10, head_time: Duration::from_millis(50) }).await;
        for words in ["", "GET / HTTP/1.1\r\nhost:"] {
            let mut socket = TcpStream::connect(address).await.unwrap();
            socket.write_all(words.as_bytes()).await.unwrap();
            let mut rest = Vec::new();
            let _ = tokio::time::timeout(SOON, socket.read_to_end(&mut rest)).await.expect("the end");
        }
    }

    #[tokio::test]
    async fn connections_past_the_limit_wait_for_one_that_ends() {
        let (address, ..) = start(Limits::new(1)).await;
        let mut first = TcpStream::connect(address).await.unwrap();
        assert!(ask(&mut first, "/").await.ends_with("here"));
        assert!(ask(&mut first, "/").await.ends_with("here"), "a connection is used again");
        let mut second = TcpStream::connect(address).await.unwrap();
        let waiting = tokio::time::timeout(Duration::from_millis(100), ask(&mut second, "/")).await;
        assert!(waiting.is_err());
        drop(first);
        let mut answer = [0; 12];
        tokio::time::timeout(SOON, second.read_exact(&mut answer)).await.expect("its turn").unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
    }

    #[tokio::test]
    async fn a_websocket_goes_on_and_leaves_its_place() {
        let (address, cancel, serving) = start(Limits { connections: 1, head_time: Duration::from_millis(50) }).await;
        let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{address}/live")).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        let mut other = TcpStream::connect(address).await.unwrap();
        assert!(ask(&mut other, "/").await.ends_with("here"));
        for word in ["one", "two"] {
            socket.send(word.into()).await.unwrap();
            let back = tokio::time::timeout(SOON, socket.next()).await.expect("an echo").unwrap().unwrap();
            assert_eq!(back.to_text().unwrap(), word);
        }
        // Whoever has it under way closes it; the listener does not wait for that.
        cancel.cancel();
        tokio::time::timeout(Duration::from_secs(3), serving).await.expect("it ends").unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_stop_finishes_what_is_under_way_and_no_more() {
        let (address, cancel, serving) = start(Limits::new(10)).await;
        let (mut busy, mut idle) = (TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap());
        assert!(ask(&mut idle, "/").await.ends_with("here"));
        let asked = tokio::spawn(async move { ask(&mut busy, "/slow").await });
        tokio::time::sleep(Duration::from_millis(100)).await;
        cancel.cancel();
        assert!(asked.await.unwrap().ends_with("late"));
        tokio::time::timeout(Duration::from_secs(3), serving).await.expect("it ends").unwrap().unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}
