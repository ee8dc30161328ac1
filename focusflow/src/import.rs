//! Files of events on their way in: read in large pieces cut at line ends, several on their way at once, remembered in
//! order of the file, so that an interrupted import goes on where it was.
//!
//!     lines → (gzip, zstd) ─┐
//!                           ├─▶ pieces of whole lines → sink (intake or a server), some at a time → progress on disk
//!     rows of Parquet ──────┘

pub mod form;
pub mod http;
pub mod intake;
pub mod pieces;
pub mod progress;
pub mod rejections;
pub mod remembered;
pub mod rows;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::future::BoxFuture;
use tokio::sync::mpsc;

use form::Form;
use pieces::{Piece, Pieces};
use progress::Progress;
use rejections::Rejections;
use remembered::{Remembered, Standing};
use rows::Rows;

use crate::problem::Problem;
use crate::terminal::count;

const REMEMBER_EVERY: Duration = Duration::from_secs(1);

/// Where events go, in two steps, so that the first can be done for several pieces at once and the second in their order:
/// events that come in order cost the processors least.
#[async_trait]
pub trait Sink: Send + Sync + 'static {
    /// Makes them ready, and gives what sends them. That is done once they are durable.
    async fn take(&self, lines: Bytes) -> Result<Sending>;
}

pub type Sending = BoxFuture<'static, Result<Receipt>>;

#[derive(Debug, Default)]
pub struct Receipt {
    pub accepted: u64,
    pub rejected: Vec<Rejected>,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Rejected {
    /// Of the event in the file, from 0.
    pub index: u64,
    pub code: String,
    pub message: String,
}

/// What one file came to, over all runs it took.
#[derive(Debug, Default, Clone, Copy)]
pub struct Totals {
    pub accepted: u64,
    pub rejected: u64,
}

pub struct Importer {
    pub sink: Arc<dyn Sink>,
    pub remembered: Remembered,
    pub progress: Progress,
    /// Read at a time: large enough that a system call costs nothing, small enough that those in flight fit into memory.
    pub piece_bytes: usize,
    /// Pieces on their way at the same time.
    pub in_flight: usize,
}

impl Importer {
    /// Returns when every event of the file is durable in the log or rejected. What was acknowledged before an error is
    /// remembered as well.
    pub async fn file(&mut self, path: &Path) -> Result<Totals> {
        let mut standing = self.remembered.find(path)?;
        if standing.events() > 0 {
            self.progress.note(&format!("{}: goes on after {} events", path.display(), count(standing.events())));
        }
        let mut rejections = Rejections::open(path, (standing.offset > 0).then_some(standing.rejections_bytes))?;
        let result = self.send(path, &mut standing, &mut rejections).await;
        self.remember(path, &mut standing, &mut rejections)?;
        result.map(|()| Totals { accepted: standing.accepted, rejected: standing.rejected })
    }

    async fn send(&mut self, path: &Path, standing: &mut Standing, rejections: &mut Rejections) -> Result<()> {
        let mut read = read_ahead(path.to_owned(), standing.offset, self.piece_bytes, self.progress.clone());
        let sink = Arc::clone(&self.sink);
        let in_flight = self.in_flight.max(1);
        let ready = futures::stream::poll_fn(move |context| read.poll_recv(context)).map(|piece: Result<Piece>| {
            let sink = Arc::clone(&sink);
            // Its own task, so that decoding runs on all threads.
            tokio::spawn(async move {
                let piece = piece?;
                anyhow::Ok((sink.take(piece.lines).await?, piece.end))
            })
        });
        // Both keep the order; the second starts each sending after the one before it.
        let sent = ready.buffered(in_flight).map(|made| async move {
            let (sending, end) = made.context("a piece of the import")??;
            anyhow::Ok((sending.await?, end))
        });
        let mut done = std::pin::pin!(sent.buffered(in_flight));
        let mut last_kept = Instant::now();
        while let Some(sent) = done.next().await {
            let (receipt, end) = sent?;
            rejections.add(standing.events(), &receipt.rejected)?;
            standing.advance(&receipt, end);
            self.progress.add(receipt.accepted + receipt.rejected.len() as u64, receipt.rejected.len() as u64);
            if last_kept.elapsed() >= REMEMBER_EVERY {
                self.remember(path, standing, rejections)?;
                last_kept = Instant::now();
            }
        }
        Ok(())
    }

    fn remember(&mut self, path: &Path, standing: &mut Standing, rejections: &mut Rejections) -> Result<()> {
        standing.rejections_bytes = rejections.flush()?;
        self.remembered.keep(path, standing)
    }
}

/// What a file is read as.
enum Source {
    Lines(Pieces),
    Rows(Rows),
}

impl Source {
    fn open(path: &Path, skip: u64, piece_bytes: usize, progress: Progress) -> Result<Source> {
        let unreadable = || format!("{} cannot be read", path.display());
        Ok(match Form::of(path).with_context(unreadable)? {
            Form::Parquet => Source::Rows(Rows::open(path, skip, piece_bytes, progress)?),
            _ => Source::Lines(Pieces::open(path, skip, piece_bytes, progress).with_context(unreadable)?),
        })
    }

    fn next(&mut self) -> Result<Option<Piece>> {
        match self {
            Source::Rows(rows) => rows.next(),
            Source::Lines(pieces) => Ok(pieces.next().map_err(|e| {
                Problem::new(format!("the file breaks off or is damaged: {e}"))
                    .cure("a part of it is taken in already; get the file anew and run the same command again")
            })?),
        }
    }
}

/// Reads on a thread of its own, a few pieces ahead.
fn read_ahead(path: PathBuf, skip: u64, piece_bytes: usize, progress: Progress) -> mpsc::Receiver<Result<Piece>> {
    let (send, receive) = mpsc::channel(2);
    tokio::task::spawn_blocking(move || {
        let mut source = match Source::open(&path, skip, piece_bytes, progress) {
            Ok(source) => source,
            Err(error) => return drop(send.blocking_send(Err(error))),
        };
        while let Some(next) = source.next().transpose() {
            let failed = next.is_err();
            if send.blocking_send(next).is_err() || failed {
                return;
            }
        }
    });
    receive
}

#[cfg(test)]
mod tests;
