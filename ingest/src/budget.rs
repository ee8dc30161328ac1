//! How many requests may be worked on, of all and of one token, and the bytes they may hold together. Over it a request is
//! refused at once: waiting would only hold more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Error;

pub(crate) struct Slots {
    all: usize,
    per_token: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    /// By token; those with none are not in it.
    by_token: HashMap<String, usize>,
}

/// One request's place; given back when it is dropped.
pub(crate) struct Slot {
    slots: Arc<Slots>,
    token: String,
}

impl Slots {
    pub fn new(all: usize, per_token: usize) -> Slots {
        Slots { all, per_token, taken: Mutex::default() }
    }

    /// One busy producer is told so before it leaves no room for the others.
    pub fn take(self: &Arc<Self>, token: &str) -> Result<Slot, Error> {
        let mut taken = self.taken();
        if taken.all >= self.all {
            return Err(Error::Busy);
        }
        let own = taken.by_token.entry(token.to_owned()).or_insert(0);
        if *own >= self.per_token {
            return Err(Error::TooMany { limit: self.per_token });
        }
        *own += 1;
        taken.all += 1;
        Ok(Slot { slots: self.clone(), token: token.to_owned() })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.taken();
        taken.all -= 1;
        if let Some(own) = taken.by_token.get_mut(&self.token) {
            *own -= 1;
            if *own == 0 {
                taken.by_token.remove(&self.token);
            }
        }
    }
}

/// What one request holds, its place and its bytes; given back when it is dropped. It goes wherever the request's work goes:
/// that goes on when the client has left.
pub(crate) struct Hold {
    _slot: Slot,
    all: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

impl Hold {
    pub fn new(slot: Slot, all: Arc<Semaphore>) -> Hold {
        Hold { _slot: slot, all, held: None }
    }

    pub fn grow(&mut self, bytes: usize) -> Result<(), Error> {
        let bytes = u32::try_from(bytes).map_err(|_| Error::Busy)?;
        let more = self.all.clone().try_acquire_many_owned(bytes).map_err(|_| Error::Busy)?;
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        Ok(())
    }
}
