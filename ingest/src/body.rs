//! A request's body into memory: bounded in size, time and, once decompressed, in size again.

use std::io::Read;
use std::time::Duration;

use axum::body::BodyDataStream;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;

use crate::Error;
use crate::budget::Hold;

/// Decompressed bytes between two looks at the limits.
const STEP: u64 = 256 * 1024;
/// A zstd frame may ask its reader for a window of gigabytes; larger ones than 2^24 = 16 MiB are refused. No more bodies are
/// decompressed at a time than there are processors, so windows need no account of their own.
const ZSTD_WINDOW_LOG: u32 = 24;
/// Room made at once for a body as long as its client says.
const MAX_RESERVED: usize = 1 << 20;
/// How long an answer waits for a refused body to end, so that the client reads the answer instead of a broken connection.
const DRAIN_TIME: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

/// The body as sent.
pub(crate) async fn read(
    stream: &mut BodyDataStream,
    announced: Option<u64>,
    limit: usize,
    hold: &mut Hold,
) -> Result<Bytes, Error> {
    if announced.is_some_and(|n| n > limit as u64) {
        return Err(Error::TooLarge { limit });
    }
    // No more than a few reads' worth on a client's word alone: what it does not send takes no room.
    let expected = announced.map_or(0, |n| n as usize).min(MAX_RESERVED);
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    let mut len = 0;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|e| Error::BodyBroken(e.to_string()))?;
        len += chunk.len();
        if len > limit {
            return Err(Error::TooLarge { limit });
        }
        hold.grow(chunk.len())?;
        // Most bodies come in one piece, which is then not copied.
        if first.is_empty() {
            first = chunk;
        } else {
            if rest.is_empty() {
                rest.reserve(expected.max(first.len() + chunk.len()));
                rest.extend_from_slice(&first);
            }
            rest.extend_from_slice(&chunk);
        }
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

/// Reads on without keeping anything, up to the limit.
pub(crate) async fn drain(stream: &mut BodyDataStream, limit: usize) {
    let reading = async {
        let mut len = 0;
        while let Some(Ok(chunk)) = stream.next().await {
            len += chunk.len();
            if len > limit {
                break;
            }
        }
    };
    // Whether it ended or not, the answer goes out now.
    let _ = tokio::time::timeout(DRAIN_TIME, reading).await;
}

pub(crate) fn decompress(encoding: Encoding, body: Bytes, limit: usize, hold: &mut Hold) -> Result<Bytes, Error> {
    match encoding {
        Encoding::Identity => Ok(body),
        Encoding::Gzip => inflate(flate2::bufread::MultiGzDecoder::new(&body[..]), limit, hold, "gzip"),
        Encoding::Zstd => {
            let bad = |e: std::io::Error| Error::BadEncoding { encoding: "zstd", reason: e.to_string() };
            let mut decoder = zstd::stream::read::Decoder::with_buffer(&body[..]).map_err(bad)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(bad)?;
            inflate(decoder, limit, hold, "zstd")
        }
    }
}

fn inflate(mut reader: impl Read, limit: usize, hold: &mut Hold, encoding: &'static str) -> Result<Bytes, Error> {
    let mut out = Vec::new();
    loop {
        let step = reader.by_ref().take(STEP).read_to_end(&mut out);
        let read = step.map_err(|e| Error::BadEncoding { encoding, reason: e.to_string() })?;
        if read == 0 {
            return Ok(out.into());
        }
        if out.len() > limit {
            return Err(Error::TooLarge { limit });
        }
        hold.grow(read)?;
    }
}
