//! The loop of one partition: the only place with time and I/O, and the only one that tries again.
//!
//! ```text
//! acquire ─▶ ┌ read ─▶ apply ─▶ load what is cold ─▶ recompute ─▶ send on, bury ─▶ commit ─▶ updates ─▶ release ┐
//!            └───────────────────────────────────────────────────────────────────────────────────────────────────┘
//! ```

mod control;
mod load;
mod models;
mod outgoing;
#[cfg(test)]
pub(crate) mod tests;
mod walk;

use std::sync::Arc;
use std::time::{Duration, Instant};

use eventlog::{Records, Topic};
use schemas::risk::Models;
use store::Commit;
use tokio_util::sync::CancellationToken;

use self::control::Search;
use self::models::Retelling;
use crate::group::Shared;
use crate::partition::{Partition, Saved, Work};
use crate::{Config, Cure, Deps, Error, metrics, publish};

/// Batches larger than this are computed off the async threads.
const INLINE_BYTES: usize = 16 << 10;
/// How long a read waits while there is other work to do.
const BUSY_WAIT: Duration = Duration::from_millis(1);
/// Whoever finds another owner waits so long before it takes the partition back: the log's group may be about to say that it
/// is no longer ours.
const TAKEN_PAUSE: Duration = Duration::from_secs(1);

/// Owns a partition until cancelled; begins again from the store when someone else had it in between.
pub(crate) async fn own(number: u32, shared: Arc<Shared>, cancel: CancellationToken) -> Result<(), Error> {
    let (retry_from, retry_to) = (shared.config.retry_from, shared.config.retry_to);
    let (mut wait, mut since) = (retry_from, Instant::now());
    while !cancel.is_cancelled() {
        let acquired = tokio::select! {
            // Nothing is committed yet: there is nothing to finish.
            () = cancel.cancelled() => return Ok(()),
            acquired = Owner::acquire(number, shared.clone(), cancel.clone()) => acquired,
        };
        let ended = match acquired {
            Ok(mut owner) => {
                metrics::acquired(number, since.elapsed().as_secs_f64());
                wait = retry_from;
                let ended = owner.run().await;
                since = Instant::now();
                ended
            }
            Err(error) => Err(error),
        };
        shared.deps.stats.update(number, |s| s.ready = false);
        let Err(error) = ended else { return Ok(()) };
        match error.cure() {
            Cure::Stop => {
                let Some(rest) = shared.config.retry_stopped else { return Err(error) };
                tracing::error!(%error, partition = number, "a partition stands still, the others go on; it is tried again");
                metrics::stopped(number);
                pause(&cancel, rest).await;
                continue;
            }
            Cure::Reacquire => wait = wait.max(TAKEN_PAUSE).min(retry_to),
            Cure::Retry => {}
        }
        tracing::warn!(%error, partition = number, "begins again from the store");
        pause(&cancel, wait).await;
        wait = (wait * 2).min(retry_to);
    }
    Ok(())
}

pub(crate) async fn pause(cancel: &CancellationToken, wait: Duration) {
    tokio::select! {
        () = cancel.cancelled() => {}
        () = tokio::time::sleep(wait) => {}
    }
}

/// One partition in hand.
pub struct Owner {
    number: u32,
    shared: Arc<Shared>,
    config: Arc<Config>,
    deps: Deps,
    epoch: u64,
    position: u64,
    released: u64,
    /// None only while a computation has it.
    partition: Option<Box<Partition>>,
    directory: Arc<schemas::Directory>,
    /// For people whose rows are of an older directory.
    search: Option<Search>,
    /// The models last looked at, and the search for those whose risks follow older ones.
    models: Option<Arc<Models>>,
    retelling: Option<Retelling>,
    last_data_ms: i64,
    told: Option<Instant>,
    cancel: CancellationToken,
}

impl Owner {
    /// Takes the partition and what the store knows of it.
    pub(crate) async fn acquire(number: u32, shared: Arc<Shared>, cancel: CancellationToken) -> Result<Owner, Error> {
        let (config, deps) = (shared.config.clone(), shared.deps.clone());
        let checkpoint = deps.store.acquire(number).await.map_err(|e| Error::store(number, e))?;
        let saved = Saved::decode(&checkpoint.state).map_err(|source| Error::State { partition: number, source })?;
        let range = deps.log.range(Topic::Events, number).await.map_err(|e| Error::log(number, e))?;
        let mut position = checkpoint.position;
        if position < range.start && (config.skips_deleted || saved.is_none() && config.begins_at_oldest) {
            let deleted = range.start - position;
            tracing::warn!(partition = number, deleted, "begins where the log begins; what it deleted before is lost");
            let (from, to, state) = (position, range.start, checkpoint.state.clone());
            let passed = Commit { partition: number, epoch: checkpoint.epoch, from, to, state, rows: Vec::new() };
            deps.store.commit(passed).await.map_err(|e| Error::store(number, e))?;
            position = range.start;
        }
        if position < range.start || position > range.end {
            return Err(Error::Gap { partition: number, position, start: range.start, end: range.end });
        }
        deps.stats.update(number, |s| {
            s.stands_at(position);
            s.ends_at(range.end);
        });
        let directory = deps.control.borrow().directory.clone();
        let count = deps.log.partitions(Topic::Events);
        let partition = Partition::new(config.clone(), directory.clone(), saved, number, count);
        let last_data_ms = (deps.clock)();
        let mut owner = Owner {
            number,
            shared,
            config,
            epoch: checkpoint.epoch,
            position,
            released: 0,
            partition: Some(Box::new(partition)),
            directory,
            search: None,
            models: None,
            retelling: None,
            last_data_ms,
            told: None,
            cancel,
            deps,
        };
        owner.recover().await?;
        owner.deps.stats.update(number, |s| s.ready = true);
        Ok(owner)
    }

    async fn run(&mut self) -> Result<(), Error> {
        let cancel = self.cancel.clone();
        while !cancel.is_cancelled() {
            let partition = self.partition()?;
            let due = partition.has_moves() || partition.has_due();
            let is_busy = due || self.search.is_some() || self.retelling.is_some();
            let wait = if is_busy { BUSY_WAIT } else { self.config.tick };
            let records = tokio::select! {
                () = cancel.cancelled() => break,
                records = self.read(self.config.max_batch_bytes, wait) => records?,
            };
            if records.wire().len() >= self.config.max_batch_bytes / 2 {
                drop(records);
                while self.catch_up_some().await? {}
                continue;
            }
            let began = Instant::now();
            if self.step(records).await? {
                pause(&cancel, self.config.min_commit_interval.saturating_sub(began.elapsed())).await;
            }
        }
        // The next owner would tell it too, only later.
        if let Err(error) = self.release().await {
            tracing::debug!(%error, partition = self.number, "how far it is was not told at the end");
        }
        Ok(())
    }

    /// One large batch of many that wait: the fewer commits, the fewer times a day is computed again. As many at a time as
    /// there are processors, which bounds what all partitions hold. Says whether there may be as much again.
    async fn catch_up_some(&mut self) -> Result<bool, Error> {
        let (cancel, shared) = (self.cancel.clone(), self.shared.clone());
        let _turn = tokio::select! {
            () = cancel.cancelled() => return Ok(false),
            turn = shared.turns.acquire() => turn,
        };
        let records = self.read(self.config.backlog_batch_bytes, Duration::ZERO).await?;
        let behind = records.wire().len() >= self.config.max_batch_bytes / 2;
        self.step(records).await?;
        Ok(behind && !cancel.is_cancelled())
    }

    async fn read(&self, bytes: usize, wait: Duration) -> Result<Records, Error> {
        self.persist(Error::log, || self.deps.log.read(Topic::Events, self.number, self.position, bytes, wait)).await
    }

    /// Everything that is in the log now, in batches; for tests and imports that do not run on.
    pub async fn catch_up(&mut self) -> Result<(), Error> {
        loop {
            let records = self.read(self.config.max_batch_bytes, Duration::ZERO).await?;
            if records.next_offset() <= self.position {
                return Ok(());
            }
            self.step(records).await?;
        }
    }

    /// Lets time pass in a silent partition until nothing is left to do at this time of the clock.
    pub async fn settle(&mut self) -> Result<(), Error> {
        self.last_data_ms = i64::MIN / 2;
        while self.step(Records::default()).await? {}
        Ok(())
    }

    /// One commit: the records (or none), and what time and the directory changed. Says whether there was anything to commit.
    pub async fn step(&mut self, records: Records) -> Result<bool, Error> {
        let began = Instant::now();
        let now_ms = (self.deps.clock)();
        self.follow_control().await?;
        let silent = records.is_empty();
        if !silent {
            self.last_data_ms = now_ms;
        }
        let idle = now_ms - self.last_data_ms >= self.config.idle_after.as_millis() as i64;
        let (position, memory) = (self.position, self.shared.memory_share());
        let partition = self.partition()?;
        partition.set_memory(memory);
        if silent && idle {
            partition.follow_clock(now_ms);
        }
        let moving = partition.has_moves();
        // Without records too the log may have been read on: over a hole.
        let live = records.next_offset() > position || partition.has_due();
        let (searching, retelling) = (self.search.is_some(), self.retelling.is_some());
        let partition = self.partition()?;
        if live {
            let mut work = partition.begin(records, position, now_ms);
            partition.add_due(&mut work);
            self.finish(work, began).await?;
        }
        if searching {
            self.search_some().await?;
        } else if moving {
            // People who moved come in commits of their own, between the live ones.
            self.move_people(now_ms).await?;
        } else if retelling {
            self.retell_some(now_ms).await?;
        }
        let nothing = !live && !moving && !searching && !retelling;
        if nothing {
            if idle {
                self.deps.stats.update(self.number, |s| s.settled_ms = Some(now_ms));
            }
            self.tell().await?;
        }
        Ok(!nothing)
    }

    /// Not while there is still somebody to be found.
    async fn move_people(&mut self, now_ms: i64) -> Result<(), Error> {
        let (began, position) = (Instant::now(), self.position);
        let partition = self.partition()?;
        let mut work = partition.begin(Records::default(), position, now_ms);
        partition.begin_moves(&mut work);
        partition.note_moves(true);
        let work = self.load(work).await?;
        self.finish(work, began).await
    }

    /// Computes and commits.
    async fn finish(&mut self, mut work: Work, began: Instant) -> Result<(), Error> {
        loop {
            let done;
            (work, done) = self.compute(work).await?;
            if done {
                break;
            }
            work = self.load(work).await?;
        }
        if !work.strays.is_empty() {
            self.send_on(&mut work).await?;
        }
        if !work.dead.is_empty() {
            self.bury(&work).await?;
        }
        // What is left waits for room in the store perhaps for long.
        work.records = Records::default();
        let rows = work.tables.len();
        let batches = work.tables.finish().map_err(|source| Error::Rows { partition: self.number, source })?;
        let state = self.partition()?.state(&work);
        let commit = Commit { partition: self.number, epoch: self.epoch, from: work.from, to: work.to, state, rows: batches };
        self.commit(commit).await?;
        self.position = work.to;
        let now_ms = (self.deps.clock)();
        publish::updates(&*self.deps.log, &work.updates, now_ms).await;
        metrics::batch(self.number, &work.counts, rows, began.elapsed().as_secs_f64());
        let events = work.counts.events();
        self.deps.stats.update(self.number, |s| {
            s.stands_at(work.to);
            s.last_commit_ms = Some(now_ms);
            s.events += events;
        });
        self.partition()?.committed(work);
        self.tell().await
    }

    async fn compute(&mut self, work: Work) -> Result<(Work, bool), Error> {
        let is_little = !work.records.is_empty() && work.records.wire().len() <= INLINE_BYTES;
        self.with_partition(work, is_little, Partition::advance).await
    }

    /// Works off the async threads, unless it is little.
    async fn with_partition<T: Send + 'static>(
        &mut self,
        mut work: Work,
        is_little: bool,
        task: impl FnOnce(&mut Partition, &mut Work) -> T + Send + 'static,
    ) -> Result<(Work, T), Error> {
        let mut partition = self.partition.take().ok_or_else(|| self.broken("its state is gone"))?;
        let task = move || {
            let done = task(&mut partition, &mut work);
            (partition, work, done)
        };
        let (partition, work, done) =
            if is_little { task() } else { tokio::task::spawn_blocking(task).await.map_err(|e| self.broken(&e.to_string()))? };
        self.partition = Some(partition);
        Ok((work, done))
    }

    /// A commit whose answer was lost is refused the second time, as its `from` is behind: then the owner begins again
    /// from the store, where it finds out.
    async fn commit(&self, commit: Commit) -> Result<(), Error> {
        self.persist(Error::store, || self.deps.store.commit(commit.clone())).await
    }

    fn partition(&mut self) -> Result<&mut Partition, Error> {
        let number = self.number;
        self.partition.as_deref_mut().ok_or(Error::Broken { partition: number, reason: "its state is gone".into() })
    }

    fn broken(&self, reason: &str) -> Error {
        Error::Broken { partition: self.number, reason: reason.into() }
    }
}
