//! A way to the server that breaks where a test says: before a request arrives, or after it was carried out and before its
//! answer is back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cut {
    Before,
    After,
}

pub struct Proxy {
    pub url: String,
    requests: Arc<AtomicUsize>,
    cut_from: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    pub async fn new(server: &str, cut: Cut) -> Proxy {
        let server = server.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (requests, cut_from) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(usize::MAX)));
        let (seen, from) = (requests.clone(), cut_from.clone());
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let number = seen.fetch_add(1, Ordering::SeqCst) + 1;
                let cut = (number >= from.load(Ordering::SeqCst)).then_some((cut, number == from.load(Ordering::SeqCst)));
                let server = server.clone();
                tokio::spawn(async move {
                    // Who is cut off sees it by itself.
                    let _ = carry(client, &server, cut).await;
                });
            }
        });
        Proxy { url, requests, cut_from, task }
    }

    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// From the `n`th request from now on (the first is 1) nothing comes through; of `After`, the `n`th itself still does.
    pub fn cut_from(&self, n: usize) {
        self.cut_from.store(self.requests() + n, Ordering::SeqCst);
    }

    pub fn heal(&self) {
        self.cut_from.store(usize::MAX, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One request on each connection, so that each is seen.
async fn carry(mut client: TcpStream, server: &str, cut: Option<(Cut, bool)>) -> std::io::Result<()> {
    let carried_out = match cut {
        None => true,
        Some((cut, first)) => cut == Cut::After && first,
    };
    if !carried_out {
        return Ok(());
    }
    let mut head = Vec::new();
    let end = loop {
        let mut buffer = [0; 16 << 10];
        let n = client.read(&mut buffer).await?;
        if n == 0 {
            return Ok(());
        }
        head.extend_from_slice(&buffer[..n]);
        if let Some(at) = head.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
    };
    let mut upstream = TcpStream::connect(server).await?;
    upstream.write_all(&head[..end]).await?;
    upstream.write_all(b"\r\nConnection: close").await?;
    upstream.write_all(&head[end..]).await?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = upstream.split();
    let mut buffer = vec![0; 64 << 10];
    tokio::select! {
        // Ends with the server's answer; the client keeps its side open.
        done = async {
            loop {
                let n = from_server.read(&mut buffer).await?;
                if n == 0 || cut.is_some() {
                    return std::io::Result::Ok(());
                }
                to_client.write_all(&buffer[..n]).await?;
            }
        } => done,
        sent = async {
            tokio::io::copy(&mut from_client, &mut to_server).await?;
            std::future::pending::<std::io::Result<()>>().await
        } => sent,
    }
}
