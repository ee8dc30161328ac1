//! One partition as this process has it: taking it, and the steps of a commit, each of which may fail and be gone on with.
//!
//! ```text
//! commit ─▶ written to the journal ─▶ no newer claim: committed ─▶ rows in the tables ─▶ done
//!                                └──▶ a newer claim: did its owner build on it?  yes: committed, by them  no: Stale
//! ```

use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use bytes::Bytes;
use schemas::Table;
use schemas::rows::{TABLES, USER_DAILY};

use super::arrow_stream::{decode, encode};
use super::journal::{Entry, Journal, Place};
use super::writer::Writers;
use crate::rows::damaged;
use crate::{Checkpoint, Commit, Error};

/// Owners that claim at the same time try again after a while of their own.
const CLAIM_TRIES: u32 = 20;
/// How long a new owner may take from its claim to its first entry before it is taken for dead.
const DECISION_WAIT: Duration = Duration::from_secs(3);

/// What the owner of a partition knows of it.
#[derive(Default)]
pub(super) struct Partition {
    owned: Option<Owned>,
}

struct Owned {
    epoch: u64,
    last: Place,
    position: u64,
    lineage: Vec<Place>,
    /// A commit that is not done: the same one may be tried again, no other comes before it.
    pending: Option<Pending>,
}

struct Pending {
    from: u64,
    entry: Entry,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Stage {
    /// Nothing, or nobody knows.
    Begun,
    Written,
    Committed,
}

enum Verdict {
    Committed,
    /// Another owner went on from it, and wrote its rows.
    TakenOver,
    /// Or not known, as the new owner died before it said: who begins again finds out.
    Lost {
        epoch: u64,
        position: u64,
    },
}

impl Partition {
    /// Where this owner is, when it is sure of it.
    pub fn position(&self) -> Option<u64> {
        self.owned.as_ref().filter(|o| o.pending.is_none()).map(|o| o.position)
    }

    pub async fn acquire(&mut self, number: u32, journal: &Journal, writers: &Writers) -> Result<Checkpoint, Error> {
        let before = self.owned.take();
        for attempt in 0..CLAIM_TRIES {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(5 + random() % (10 << attempt.min(6)))).await;
            }
            let owner = format!("{:016x}{:016x}", random(), random());
            let epoch = journal.newest(number).await?.0 + 1;
            journal.claim(number, epoch, &owner).await?;
            if journal.newest(number).await? != (epoch, false) {
                continue;
            }
            // From here on no earlier owner can commit what is not in the journal now and believe it.
            let last = journal.last(number).await?;
            if let Some(last) = last.as_ref().filter(|last| !before.as_ref().is_some_and(|b| b.did(last.place))) {
                write_rows(last, writers).await?;
            }
            let entry = Entry::beginning(epoch, last.as_ref());
            journal.write(number, &entry).await?;
            if journal.newest(number).await? != (epoch, false) {
                continue;
            }
            let Entry { place, position, state, lineage, .. } = entry;
            self.owned = Some(Owned { epoch, last: place, position, lineage, pending: None });
            return Ok(Checkpoint { epoch, position, state });
        }
        Err(Error::Unavailable(format!("partition {number}: others are taking it at the same time")))
    }

    pub async fn commit(&mut self, commit: &Commit, journal: &Journal, writers: &Writers) -> Result<(), Error> {
        let Commit { partition, epoch, from, to, .. } = *commit;
        let stale = |stored_epoch, stored| Error::Stale { partition, epoch, from, stored_epoch, stored };
        let Some(owned) = self.owned.as_mut().filter(|o| o.epoch == epoch) else {
            let (newest, _) = journal.newest(partition).await?;
            let stored = journal.position(partition).await?.map_or(0, |(_, position)| position);
            return Err(stale(newest, stored));
        };
        if let Some(pending) = &owned.pending {
            // It may stand in the journal: only the same commit can go on from here, anything else begins again.
            if (pending.from, &pending.entry) != (from, &owned.entry(commit)?) {
                return Err(stale(epoch, owned.position));
            }
        } else {
            if from != owned.position {
                return Err(stale(epoch, owned.position));
            }
            if to < from {
                return Err(Error::Invalid(format!("a commit goes from {from} back to {to}")));
            }
            owned.pending = Some(Pending { from, entry: owned.entry(commit)?, stage: Stage::Begun });
        }
        match owned.go_on(partition, commit, journal, writers).await {
            Ok(Verdict::Committed) => Ok(()),
            Ok(Verdict::TakenOver) => {
                self.owned = None;
                Ok(())
            }
            Ok(Verdict::Lost { epoch, position }) => {
                self.owned = None;
                Err(stale(epoch, position))
            }
            Err(error) => {
                // Bad data stay bad, and the server has said that it took nothing.
                if !error.is_retryable() && owned.pending.as_ref().is_some_and(|p| p.stage == Stage::Begun) {
                    owned.pending = None;
                }
                Err(error)
            }
        }
    }
}

impl Owned {
    /// Whether this owner itself saw the entry's rows into the tables.
    fn did(&self, place: Place) -> bool {
        self.last == place && self.pending.is_none()
    }

    fn entry(&self, commit: &Commit) -> Result<Entry, Error> {
        let rows = commit.rows.iter().filter(|(_, batch)| batch.num_rows() > 0);
        let rows = rows.map(|(table, batch)| Ok((table.name.to_owned(), encode(&[batch])?))).collect::<Result<_, Error>>()?;
        let (place, lineage) = (self.last.next(), self.lineage.clone());
        Ok(Entry { place, position: commit.to, state: commit.state.clone(), lineage, rows })
    }

    async fn go_on(&mut self, number: u32, commit: &Commit, journal: &Journal, writers: &Writers) -> Result<Verdict, Error> {
        let Some(pending) = &mut self.pending else { return Ok(Verdict::Committed) };
        if pending.stage == Stage::Begun {
            journal.write(number, &pending.entry).await?;
            pending.stage = Stage::Written;
        }
        if pending.stage == Stage::Written {
            match verdict(number, pending.entry.place, journal).await? {
                Verdict::Committed => pending.stage = Stage::Committed,
                other => return Ok(other),
            }
        }
        let rows = commit.rows.iter().filter(|(_, batch)| batch.num_rows() > 0);
        into_tables(rows.map(|(table, batch)| (*table, batch.clone())), writers).await?;
        self.last = pending.entry.place;
        self.position = pending.entry.position;
        self.pending = None;
        Ok(Verdict::Committed)
    }
}

/// Of an entry that is in the journal. Without a newer claim it is committed: whoever claims from now on will find it. With one
/// it is not known before a newest owner has written where it began; that never changes again.
async fn verdict(number: u32, place: Place, journal: &Journal) -> Result<Verdict, Error> {
    let began = Instant::now();
    let mut pause = Duration::from_millis(5);
    loop {
        if journal.newest(number).await?.0 == place.epoch() {
            return Ok(Verdict::Committed);
        }
        // In this order: had another one claimed in between, the entry would not be the newest owner's.
        let last = journal.last(number).await?;
        let (newest, _) = journal.newest(number).await?;
        let position = last.as_ref().map_or(0, |last| last.position);
        if let Some(last) = last.filter(|last| last.place.epoch() == newest) {
            return Ok(if last.builds_on(place) { Verdict::TakenOver } else { Verdict::Lost { epoch: newest, position } });
        }
        if began.elapsed() > DECISION_WAIT {
            return Ok(Verdict::Lost { epoch: newest, position });
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(200));
    }
}

/// The rows of an entry into their tables; those that are there already change nothing.
async fn write_rows(entry: &Entry, writers: &Writers) -> Result<(), Error> {
    let mut rows_of = Vec::new();
    for (name, rows) in &entry.rows {
        let table = TABLES.iter().find(|t| t.name == name);
        let table =
            table.ok_or_else(|| damaged(format!("the journal has rows of {name}, a table this program does not know")))?;
        rows_of.extend(decode(Bytes::clone(rows))?.into_iter().map(|batch| (*table, batch)));
    }
    into_tables(rows_of.into_iter(), writers).await
}

/// The days last: who finds that a day has changed finds its other rows changed as well.
async fn into_tables(rows: impl Iterator<Item = (&'static Table, RecordBatch)>, writers: &Writers) -> Result<(), Error> {
    let (days, others): (Vec<_>, Vec<_>) = rows.partition(|(table, _)| table.name == USER_DAILY.name);
    for rows in [others, days] {
        futures::future::try_join_all(rows.into_iter().map(|(table, batch)| writers.write(table.name, batch))).await?;
    }
    Ok(())
}

/// Not for secrets: a number that no other process or moment has. The standard library seeds its hashers at random.
pub(super) fn random() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish()
}
