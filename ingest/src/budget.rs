//! The bytes all requests together may hold. Over it a request is refused at once: waiting would only hold more.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Error;

/// What one request holds; given back when it is dropped.
pub(crate) struct Hold {
    all: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

impl Hold {
    pub fn new(all: Arc<Semaphore>) -> Hold {
        Hold { all, held: None }
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
