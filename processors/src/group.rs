//! The partitions of this process: their owners come and go as the log deals partitions out.
//!
//! ```text
//! join ─▶ gained ─▶ an owner for each        lost ─▶ its owner ends with what it is committing ─▶ let go, the next may begin
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use eventlog::assignment::Lost;
use eventlog::{Assignment, Change};
use tokio::sync::Semaphore;
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::task::{own, pause};
use crate::{Config, Deps, Error, metrics};

/// What the owners of a process have in common.
pub(crate) struct Shared {
    pub config: Arc<Config>,
    pub deps: Deps,
    /// As many large batches at a time as there are processors.
    pub turns: Semaphore,
    owners: AtomicUsize,
}

impl Shared {
    pub fn new(config: Arc<Config>, deps: Deps) -> Shared {
        let turns = Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from));
        Shared { config, deps, turns, owners: AtomicUsize::new(0) }
    }

    /// So many share the memory from now on.
    pub fn set_owners(&self, count: usize) {
        self.owners.store(count, Ordering::Relaxed);
    }

    /// One owner's part of what the process may use.
    pub fn memory_share(&self) -> usize {
        self.config.memory_bytes / self.owners.load(Ordering::Relaxed).max(1)
    }
}

pub(crate) struct Group {
    shared: Arc<Shared>,
    tasks: JoinSet<Result<(), Error>>,
    owners: BTreeMap<u32, Running>,
    /// Gained again before the former owner has ended.
    again: BTreeSet<u32>,
    leaving: Vec<Leaving>,
    stopping: bool,
    failed: Option<Error>,
}

struct Running {
    task: Id,
    cancel: CancellationToken,
}

/// Partitions that were lost, until their owners have ended: then the next owner may begin.
struct Leaving {
    partitions: BTreeSet<u32>,
    _lost: Lost,
}

impl Group {
    pub fn new(shared: Arc<Shared>) -> Group {
        Group {
            shared,
            tasks: JoinSet::new(),
            owners: BTreeMap::new(),
            again: BTreeSet::new(),
            leaving: Vec::new(),
            stopping: false,
            failed: None,
        }
    }

    /// Until cancelled, or until something cannot go on. An assignment that broke off is joined again.
    pub async fn run(&mut self, cancel: &CancellationToken) -> Result<(), Error> {
        let mut wait = self.shared.config.retry_from;
        loop {
            self.stopping = false;
            let joined = tokio::select! {
                () = cancel.cancelled() => return Ok(()),
                joined = self.shared.deps.log.join() => joined,
            };
            let ended = match joined {
                Ok(assignment) => {
                    wait = self.shared.config.retry_from;
                    self.follow(assignment, cancel).await
                }
                Err(error) => Err(error),
            };
            self.shared.deps.stats.leave();
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            match ended {
                Ok(()) => return Ok(()),
                Err(error) if error.is_retryable() => tracing::warn!(%error, "joins the group again"),
                Err(source) => return Err(Error::Group(source)),
            }
            pause(cancel, wait).await;
            wait = (wait * 2).min(self.shared.config.retry_to);
        }
    }

    /// Returns when no owner is left; the assignment is dropped after that, and with it goes what is still ours.
    async fn follow(&mut self, mut assignment: Assignment, cancel: &CancellationToken) -> Result<(), eventlog::Error> {
        let mut ended = Ok(());
        loop {
            if self.stopping && self.owners.is_empty() {
                return ended;
            }
            tokio::select! {
                () = cancel.cancelled(), if !self.stopping => self.stop(),
                change = assignment.next(), if ended.is_ok() => match change {
                    Ok(change) => self.take(change),
                    Err(error) => {
                        ended = Err(error);
                        self.stop();
                    }
                },
                Some(owner) = self.tasks.join_next_with_id() => self.ended(owner),
            }
        }
    }

    fn stop(&mut self) {
        self.stopping = true;
        self.again.clear();
        self.owners.values().for_each(|owner| owner.cancel.cancel());
    }

    fn take(&mut self, change: Change) {
        match change {
            Change::Gained(partitions) => {
                self.shared.deps.stats.join();
                if self.stopping || partitions.is_empty() {
                    return;
                }
                metrics::rebalanced();
                for number in partitions {
                    match self.owners.get(&number) {
                        Some(former) if former.cancel.is_cancelled() => drop(self.again.insert(number)),
                        Some(_) => {}
                        None => self.start(number),
                    }
                }
            }
            Change::Lost(lost) => {
                metrics::rebalanced();
                if lost.is_late {
                    tracing::warn!(partitions = ?lost.partitions, "others have these partitions already; what is being committed is refused");
                }
                let mut left = BTreeSet::new();
                for number in &lost.partitions {
                    self.again.remove(number);
                    if let Some(owner) = self.owners.get(number) {
                        owner.cancel.cancel();
                        left.insert(*number);
                    }
                }
                if !left.is_empty() {
                    self.leaving.push(Leaving { partitions: left, _lost: lost });
                }
            }
        }
    }

    fn start(&mut self, number: u32) {
        let cancel = CancellationToken::new();
        self.shared.deps.stats.gain(number);
        let task = self.tasks.spawn(own(number, self.shared.clone(), cancel.clone())).id();
        self.owners.insert(number, Running { task, cancel });
        self.count();
    }

    fn ended(&mut self, ended: Result<(Id, Result<(), Error>), JoinError>) {
        let (task, result) = match ended {
            Ok((task, result)) => (task, Ok(result)),
            Err(error) => (error.id(), Err(error)),
        };
        let Some(number) = self.owners.iter().find(|(_, owner)| owner.task == task).map(|(number, _)| *number) else { return };
        self.owners.remove(&number);
        self.shared.deps.stats.lose(number);
        metrics::lost(number);
        self.count();
        for leaving in &mut self.leaving {
            leaving.partitions.remove(&number);
        }
        self.leaving.retain(|leaving| !leaving.partitions.is_empty());
        let result = result.unwrap_or_else(|error| Err(Error::Broken { partition: number, reason: error.to_string() }));
        if let Err(error) = result {
            tracing::error!(%error, "a partition stopped");
            self.failed.get_or_insert(error);
            self.stop();
        } else if self.again.remove(&number) {
            self.start(number);
        }
    }

    fn count(&self) {
        self.shared.set_owners(self.owners.len());
        metrics::owned(self.owners.len());
    }
}

#[cfg(test)]
mod tests;
