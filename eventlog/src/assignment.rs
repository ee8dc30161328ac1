//! Who works on which partition of `Events`. One machine has all of them for good; on a cluster partitions come and go.

use tokio::sync::{mpsc, oneshot};

use crate::Error;

/// One process's part in working on `Events`. Dropping it gives everything back.
#[derive(Debug)]
pub struct Assignment {
    changes: mpsc::Receiver<Result<Change, Error>>,
    /// Of an assignment that never changes: nobody else ever sends.
    _all: Option<mpsc::Sender<Result<Change, Error>>>,
}

#[derive(Debug)]
pub enum Change {
    /// Ours from now on, until they are lost. What the store knows of them is where to begin. None at all when the group has
    /// answered for the first time and has nothing for us (yet).
    Gained(Vec<u32>),
    /// Not ours any longer.
    Lost(Lost),
}

/// Partitions to let go of. Others get them when this is dropped, or after a while all the same: so finish what is being
/// committed, begin nothing, then drop it. Whoever is late is refused by the store (epochs), not by the log.
#[derive(Debug)]
pub struct Lost {
    pub partitions: Vec<u32>,
    /// They belong to somebody else already: what is being committed will be refused.
    pub is_late: bool,
    _let_go: oneshot::Sender<()>,
}

impl Lost {
    /// Also gives what ends when it is dropped.
    pub(crate) fn new(partitions: Vec<u32>, is_late: bool) -> (Lost, oneshot::Receiver<()>) {
        let (let_go, gone) = oneshot::channel();
        (Lost { partitions, is_late, _let_go: let_go }, gone)
    }
}

impl Assignment {
    /// All partitions, for good.
    pub fn all(partitions: u32) -> Assignment {
        let (sender, changes) = mpsc::channel(1);
        // There is room for one.
        sender.try_send(Ok(Change::Gained((0..partitions).collect()))).ok();
        Assignment { changes, _all: Some(sender) }
    }

    pub(crate) fn following(changes: mpsc::Receiver<Result<Change, Error>>) -> Assignment {
        Assignment { changes, _all: None }
    }

    /// Waits for the next change; can be dropped and asked again. An error ends it: join again.
    pub async fn next(&mut self) -> Result<Change, Error> {
        self.changes.recv().await.unwrap_or(Err(Error::Closed))
    }
}
