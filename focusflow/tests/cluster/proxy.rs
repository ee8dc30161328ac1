//! A way to ClickHouse that can be slow, or stop at a certain request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// Where a request is held up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The server never sees it.
    Before,
    /// The server has carried it out; its answer never arrives.
    After,
}

#[derive(Default)]
struct State {
    requests: AtomicUsize,
    /// From this request on nothing comes through; 0 is never.
    hold_from: AtomicUsize,
    after: AtomicBool,
    held: AtomicBool,
    delay_ms: AtomicU64,
}

pub struct Proxy {
    pub url: String,
    state: Arc<State>,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    pub async fn new(server: &str) -> Proxy {
        let server = server.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State::default());
        let known = state.clone();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, state) = (server.clone(), known.clone());
                tokio::spawn(async move {
                    // Who is cut off sees it by itself.
                    drop(carry(client, &server, state).await);
                });
            }
        });
        Proxy { url, state, task }
    }

    /// Each request takes so much longer.
    pub fn delay(&self, delay: Duration) {
        self.state.delay_ms.store(delay.as_millis() as u64, Ordering::SeqCst);
    }

    /// The `n`th request from now on (the first is 1), and those after it, come to nothing.
    pub fn hold_from(&self, n: usize, side: Side) {
        self.state.held.store(false, Ordering::SeqCst);
        self.state.after.store(side == Side::After, Ordering::SeqCst);
        self.state.hold_from.store(self.state.requests.load(Ordering::SeqCst) + n, Ordering::SeqCst);
    }

    /// When that request has come.
    pub async fn held(&self) {
        while !self.state.held.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    pub fn heal(&self) {
        self.state.hold_from.store(0, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl State {
    fn holds(&self, request: usize) -> bool {
        let from = self.hold_from.load(Ordering::SeqCst);
        from > 0 && request >= from
    }
}

async fn carry(client: TcpStream, server: &str, state: Arc<State>) -> std::io::Result<()> {
    let upstream = TcpStream::connect(server).await?;
    upstream.set_nodelay(true)?;
    client.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = upstream.into_split();
    // The request of this connection that is under way.
    let current = Arc::new(AtomicUsize::new(0));
    tokio::select! {
        ended = forth(from_client, to_server, &state, &current) => ended,
        ended = back(from_server, to_client, &state, &current) => ended,
    }
}

async fn forth(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, state: &State, current: &AtomicUsize) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let n = from.read(&mut buffer).await?;
        if n == 0 {
            return Ok(());
        }
        // A body does not begin so: it is compressed, or a statement.
        if buffer[..n].starts_with(b"POST /") {
            let request = state.requests.fetch_add(1, Ordering::SeqCst) + 1;
            current.store(request, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(state.delay_ms.load(Ordering::SeqCst))).await;
        }
        if state.holds(current.load(Ordering::SeqCst)) && !state.after.load(Ordering::SeqCst) {
            state.held.store(true, Ordering::SeqCst);
            std::future::pending::<()>().await;
        }
        to.write_all(&buffer[..n]).await?;
    }
}

async fn back(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, state: &State, current: &AtomicUsize) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let n = from.read(&mut buffer).await?;
        if n == 0 {
            return Ok(());
        }
        if state.holds(current.load(Ordering::SeqCst)) && state.after.load(Ordering::SeqCst) {
            state.held.store(true, Ordering::SeqCst);
            std::future::pending::<()>().await;
        }
        to.write_all(&buffer[..n]).await?;
    }
}
