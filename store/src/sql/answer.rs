//! The rows of a statement on their way to who asked, within its limits.

use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::{Stream, StreamExt};
use tokio::sync::mpsc;

use crate::{Error, Limits, Rows};

/// Batches a slow reader leaves waiting.
pub(crate) const WAITING_BATCHES: usize = 2;

pub(crate) type Batches = mpsc::Receiver<Result<RecordBatch, Error>>;

/// Batches to who waits for them; true when all were sent. A reader that takes nothing holds the work up until its time is
/// over, no longer.
pub(crate) async fn hand_over(
    batches: impl Stream<Item = Result<RecordBatch, Error>>,
    send: mpsc::Sender<Result<RecordBatch, Error>>,
    deadline: tokio::time::Instant,
) -> bool {
    let mut batches = std::pin::pin!(batches);
    loop {
        let batch = match tokio::time::timeout_at(deadline, batches.next()).await {
            Ok(Some(batch)) => batch,
            Ok(None) => return true,
            Err(_) => return false,
        };
        let ended = batch.is_err();
        let sent = tokio::time::timeout_at(deadline, send.send(batch)).await;
        if ended || !matches!(sent, Ok(Ok(()))) {
            return false;
        }
    }
}

/// What `work` hands over, within the limits.
pub(crate) fn answer(
    schema: SchemaRef,
    receive: Batches,
    deadline: tokio::time::Instant,
    limits: Limits,
    work: EndOnDrop,
) -> Rows {
    let answer = Answer { receive, deadline, limits, left: limits.rows, ended: false, work };
    Rows { schema, batches: futures::stream::unfold(answer, Answer::next).boxed() }
}

/// Batches on their way to the reader, and the limits on them.
struct Answer {
    receive: Batches,
    deadline: tokio::time::Instant,
    limits: Limits,
    left: usize,
    ended: bool,
    work: EndOnDrop,
}

impl Answer {
    async fn next(mut self) -> Option<(Result<RecordBatch, Error>, Answer)> {
        if self.ended {
            return None;
        }
        let batch = match tokio::time::timeout_at(self.deadline, self.receive.recv()).await {
            // A worker that died or gave up must not pass for the end of the rows.
            Ok(None) => match (&mut self.work.0).await {
                Ok(true) => return None,
                Ok(false) => Err(out_of_time(self.limits.time)),
                Err(died) => Err(Error::Unavailable(format!("the statement's work ended early: {died}"))),
            },
            Ok(Some(Ok(batch))) if self.left == 0 && batch.num_rows() > 0 => Err(too_many_rows(self.limits.rows)),
            Ok(Some(Ok(batch))) => {
                // The rows up to the limit are given; the error follows only if there are more.
                let given = batch.num_rows().min(self.left);
                let more = batch.num_rows() > given;
                self.left -= given;
                if more {
                    self.receive.close();
                    self.receive = ended_with(too_many_rows(self.limits.rows));
                }
                Ok(batch.slice(0, given))
            }
            Ok(Some(Err(error))) => Err(error),
            Err(_) => Err(out_of_time(self.limits.time)),
        };
        self.ended = batch.is_err();
        Some((batch, self))
    }
}

fn ended_with(error: Error) -> Batches {
    let (send, receive) = mpsc::channel(1);
    // There is room for one.
    let _ = send.try_send(Err(error));
    receive
}

/// True when all rows were sent.
pub(crate) struct EndOnDrop(pub tokio::task::JoinHandle<bool>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(crate) fn out_of_time(limit: Duration) -> Error {
    Error::Limit(format!(
        "the statement reached its limit of {} s of time: ask for fewer days or people, or filter on user_id, team_id or the time column",
        limit.as_secs_f64()
    ))
}

fn too_many_rows(limit: usize) -> Error {
    Error::Limit(format!(
        "the statement reached its limit of {limit} rows: aggregate, filter, or page through it with LIMIT and OFFSET"
    ))
}
