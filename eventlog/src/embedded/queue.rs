//! Appends on their way to the writer thread: bounded in bytes, taken all at once.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::memory::lock;
use crate::{Error, Records, Topic};

#[derive(Debug)]
pub struct Request {
    pub topic: Topic,
    /// None of them empty, every partition known.
    pub batches: Vec<(u32, Records)>,
    pub reply: oneshot::Sender<Result<(), Error>>,
    /// Its share of the bound, given back once it is answered.
    pub share: OwnedSemaphorePermit,
}

#[derive(Debug, Default)]
pub struct Queue {
    waiting: Mutex<Waiting>,
    filled: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    requests: Vec<Request>,
    closed: bool,
}

impl Queue {
    /// False when the log is closed.
    pub fn push(&self, request: Request) -> bool {
        let mut waiting = lock(&self.waiting);
        if waiting.closed {
            return false;
        }
        waiting.requests.push(request);
        drop(waiting);
        self.filled.notify_one();
        true
    }

    /// Everything that waits; nothing after `patience`. None when the queue is closed and empty.
    pub fn take(&self, patience: Duration) -> Option<Vec<Request>> {
        let waiting = lock(&self.waiting);
        let idle = |waiting: &mut Waiting| waiting.requests.is_empty() && !waiting.closed;
        let (mut waiting, _) = self.filled.wait_timeout_while(waiting, patience, idle).unwrap_or_else(PoisonError::into_inner);
        if waiting.requests.is_empty() && waiting.closed {
            return None;
        }
        Some(std::mem::take(&mut waiting.requests))
    }

    pub fn close(&self) {
        lock(&self.waiting).closed = true;
        self.filled.notify_all();
    }
}
