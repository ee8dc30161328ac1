//! Ten thousand requests that are nearly right: no 5xx, no panic, nothing kept that does not decode, nothing held back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use focusflow_ingest::Config;
use harness::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const REQUESTS: u64 = 10_000;
const AT_ONCE: u64 = 64;

/// SplitMix64: the same requests on every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

fn valid(dice: &mut Dice) -> (Vec<(String, String)>, Vec<u8>) {
    let events: Vec<String> = (0..1 + dice.below(5))
        .map(|i| match dice.below(3) {
            0 => activity(&i.to_string(), "slack:U1"),
            1 => format!(r#"{{"id":"m{i}","type":"message","user":"bob","ts":"2026-09-21T13:00:00.5+02:00","channel":"slack","kind":"dm","direction":"received","text":"h\u00e9\n"}}"#),
            _ => format!(r#"{{"id":"s{i}","type":"session","user":"ada","ts":{NOW},"session":"x","kind":"focus","phase":"start","planned_ms":1500000,"more":{{"a":[1,2.5,null]}}}}"#),
        })
        .collect();
    let (content_type, body) = match dice.below(3) {
        0 => ("application/json", format!("[{}]", events.join(", "))),
        1 => ("application/x-ndjson", events.join("\n") + "\n"),
        _ => ("application/json", events[0].clone()),
    };
    let mut headers = vec![
        ("host".into(), "127.0.0.1".into()),
        ("authorization".into(), format!("Bearer {SENDER}")),
        ("content-type".to_owned(), content_type.to_owned()),
        ("connection".into(), "close".into()),
    ];
    let body = match dice.below(4) {
        0 => {
            headers.push(("content-encoding".into(), "gzip".into()));
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(body.as_bytes()).unwrap();
            encoder.finish().unwrap()
        }
        1 => {
            headers.push(("content-encoding".into(), "zstd".into()));
            zstd::encode_all(body.as_bytes(), 1).unwrap()
        }
        _ => body.into_bytes(),
    };
    (headers, body)
}

fn mutate(dice: &mut Dice, bytes: &mut Vec<u8>) {
    for _ in 0..1 + dice.below(3) {
        if bytes.is_empty() {
            return;
        }
        let at = dice.below(bytes.len());
        match dice.below(6) {
            0 => bytes[at] = dice.next() as u8,
            1 => bytes[at] ^= 1 << dice.below(8),
            2 => bytes.truncate(at),
            3 => drop(bytes.remove(at)),
            4 => bytes.insert(at, b"{}[]\",:\\\n\0u0e-"[dice.below(14)]),
            _ => {
                let end = (at + dice.below(40)).min(bytes.len());
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
        }
    }
}

fn request(dice: &mut Dice) -> Vec<u8> {
    let (mut headers, mut body) = valid(dice);
    let whole = dice.below(3);
    if whole == 0 {
        mutate(dice, &mut body);
    }
    if whole == 1 {
        let at = dice.below(headers.len());
        match dice.below(4) {
            0 => drop(headers.remove(at)),
            1 => headers.push(headers[at].clone()),
            2 => {
                headers[at].1 =
                    ["", "gzip", "zstd", "br", "text/html", "Bearer x", "application/json", "x-gzip, zstd"][dice.below(8)].into()
            }
            _ => headers.push(("content-encoding".into(), "gzip".into())),
        }
    }
    headers.push(("content-length".into(), body.len().to_string()));
    let mut bytes = b"POST /v1/events HTTP/1.1\r\n".to_vec();
    for (name, value) in headers {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&body);
    if whole == 2 {
        mutate(dice, &mut bytes);
    }
    bytes
}

/// Longer than the server waits for a body, on a machine that is busy with other things.
const ANSWERED_WITHIN: Duration = Duration::from_secs(20);

/// Whether a head is there to its end: without it a server rightly waits (the listener of the program hangs up in time).
fn has_head(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair == b"\n\n") || bytes.windows(3).any(|three| three == b"\n\r\n")
}

/// The status, or 0 where the server hangs up, or rightly waits for more of a head.
async fn send(addr: std::net::SocketAddr, bytes: &[u8]) -> u16 {
    let whole = has_head(bytes);
    let exchange = async {
        let mut socket = tokio::net::TcpStream::connect(addr).await.unwrap();
        // A server that has seen enough may hang up before all is written.
        let _ = socket.write_all(bytes).await;
        let mut head = [0; 12];
        socket.read_exact(&mut head).await.ok()?;
        std::str::from_utf8(&head[9..12]).ok()?.parse().ok()
    };
    let patience = if whole { ANSWERED_WITHIN } else { Duration::from_millis(500) };
    let answered = tokio::time::timeout(patience, exchange).await;
    assert!(answered.is_ok() || !whole, "no answer to {}", String::from_utf8_lossy(bytes));
    answered.ok().flatten().unwrap_or(0)
}

fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nearly_right_requests_do_no_harm() {
    static PANICS: AtomicUsize = AtomicUsize::new(0);
    std::panic::set_hook(Box::new(|panic| {
        eprintln!("{panic}");
        PANICS.fetch_add(1, Ordering::SeqCst);
    }));
    let config = Config {
        body_timeout: Duration::from_millis(100),
        max_in_flight_bytes: 4 << 20,
        max_in_flight: 2 * AT_ONCE as usize,
        ..Config::default()
    };
    let server = Arc::new(start(config).await);
    // The first ones fill caches and pools.
    let mut dice = Dice(AT_ONCE);
    for _ in 0..500 {
        send(server.addr, &request(&mut dice)).await;
    }
    let before = resident_bytes();
    let mut senders = Vec::new();
    for sender in 0..AT_ONCE {
        let server = server.clone();
        senders.push(tokio::spawn(async move {
            let mut dice = Dice(sender);
            let mut statuses = std::collections::BTreeMap::<u16, u64>::new();
            for _ in 0..REQUESTS / AT_ONCE + 1 {
                let bytes = request(&mut dice);
                let status = send(server.addr, &bytes).await;
                assert!(status < 500, "{status} for {}", String::from_utf8_lossy(&bytes));
                *statuses.entry(status).or_default() += 1;
            }
            statuses
        }));
    }
    let mut statuses = std::collections::BTreeMap::<u16, u64>::new();
    for sender in senders {
        for (status, n) in sender.await.unwrap() {
            *statuses.entry(status).or_default() += n;
        }
    }
    println!("{statuses:?}");
    assert!(statuses.values().sum::<u64>() >= REQUESTS);
    // The mutations reach past the first check, and not all of them break.
    for status in [202, 400, 401, 408, 415] {
        assert!(statuses.get(&status).is_some_and(|n| *n > 20), "{status}: {statuses:?}");
    }
    assert_eq!(PANICS.load(Ordering::SeqCst), 0);
    // Half of them hold a compressor's memory at a time; what the log keeps is a few megabytes.
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 96 << 20, "{grown} bytes more than before");
    let kept = server.kept().await;
    assert!(kept.len() as u64 > statuses[&202]);
    for record in kept {
        let event = schemas::decode::event(record.value.as_bytes()).unwrap();
        assert!(!matches!(event.body, schemas::event::Body::Message(m) if m.text.is_some()));
    }
    // All that was held is free again: a body of nearly a third of the budget needs nearly all of it.
    let body = format!("{}\n{}", activity("last", "ada"), " ".repeat(1_300_000));
    assert_eq!(server.post("application/x-ndjson", body).await.0, 202);
}
