//! What an owner learns apart from events: at the start what waits in the store, and later that the directory changed.

use std::collections::BTreeSet;
use std::sync::Arc;

use eventlog::{Topic, partition_of};
use schemas::directory::DAY_MS;
use schemas::rows::{ACTIVITY_EVENTS, ActivityEvent, SESSION_EVENTS, SessionEvent, USER_DAILY, UserDaily};
use store::Scan;

use super::Owner;
use crate::Error;
use crate::partition::{END_OF_TIME, Move};

/// A user-day becomes final at most so long after it (runs of several days aside).
const OPEN_DAYS: i64 = 8;
/// People that one look-up asks the store for.
const MAX_ASKED: usize = 5_000;

impl Owner {
    /// What a new owner must know of rows it has not written: which are not final, and which are of an older directory.
    pub(super) async fn recover(&mut self) -> Result<(), Error> {
        let partition = self.partition()?;
        if partition.is_virgin() {
            return Ok(());
        }
        let differs = partition.directory_differs();
        let open_from = (partition.saved.watermark.div_euclid(DAY_MS) - OPEN_DAYS) * DAY_MS;
        let from_ms = if differs { 0 } else { open_from.max(0) };
        let batches = self.scan(Scan { table: &USER_DAILY, users: Vec::new(), from_ms, to_ms: END_OF_TIME }).await?;
        let (number, count) = (self.number, self.deps.log.partitions(Topic::Events));
        let is_mine = |user: &str| partition_of(user.as_bytes(), count) == number;
        let partition = self.partition()?;
        let mut people = BTreeSet::new();
        for row in batches.iter().flat_map(UserDaily::read).filter(|r| is_mine(r.user_id)) {
            if !row.final_ {
                partition.expect_final(row.user_id, row.day);
            }
            if differs {
                people.insert(row.user_id.to_owned());
            }
        }
        if differs {
            let others: Vec<String> =
                partition.directory_people().filter(|p| is_mine(p) && !people.contains(*p)).map(String::from).collect();
            people.extend(self.with_bare_events(Vec::new()).await?.into_iter().filter(|p| is_mine(p)));
            if !others.is_empty() {
                people.extend(self.with_bare_events(others).await?);
            }
        }
        let partition = self.partition()?;
        partition.queue_moves(people.into_iter().map(|user| Move { user, from_ms: i64::MIN }).collect());
        partition.note_moves();
        Ok(())
    }

    /// Of people without a day in the store, those who have events all the same: sessions, or, where there are few to ask
    /// for, nothing but time away. An empty list asks for everyone with sessions.
    async fn with_bare_events(&self, users: Vec<String>) -> Result<BTreeSet<String>, Error> {
        let mut found = BTreeSet::new();
        let scan = |table, users: &[String]| Scan { table, users: users.to_vec(), from_ms: 0, to_ms: END_OF_TIME };
        let parts: Vec<&[String]> = if users.is_empty() { vec![&[]] } else { users.chunks(MAX_ASKED).collect() };
        for users in &parts {
            let batches = self.scan(scan(&SESSION_EVENTS, users)).await?;
            found.extend(batches.iter().flat_map(SessionEvent::read).map(|r| r.user_id.to_owned()));
        }
        if let ([users], false) = (&parts[..], users.is_empty()) {
            let batches = self.scan(scan(&ACTIVITY_EVENTS, users)).await?;
            found.extend(batches.iter().flat_map(ActivityEvent::read).map(|r| r.user_id.to_owned()));
        }
        Ok(found)
    }

    /// A new directory: finds out whom of this partition it concerns.
    pub(super) async fn follow_control(&mut self) -> Result<(), Error> {
        let directory = self.deps.control.borrow().directory.clone();
        if Arc::ptr_eq(&directory, &self.directory) {
            return Ok(());
        }
        self.directory = directory.clone();
        let (number, count) = (self.number, self.deps.log.partitions(Topic::Events));
        let partition = self.partition()?;
        let moves = partition.set_directory(directory, |user| partition_of(user.as_bytes(), count) == number);
        let (here, elsewhere): (Vec<Move>, Vec<Move>) = moves.into_iter().partition(|m| partition.knows(&m.user));
        let virgin = partition.is_virgin();
        partition.queue_moves(here);
        if !virgin && !elsewhere.is_empty() {
            let stored = self.stored(&elsewhere).await?;
            self.partition()?.queue_moves(elsewhere.into_iter().filter(|m| stored.contains(&m.user)).collect());
        }
        self.partition()?.note_moves();
        Ok(())
    }

    /// Those of the people who have anything in the store.
    async fn stored(&self, moves: &[Move]) -> Result<BTreeSet<String>, Error> {
        let mut stored = BTreeSet::new();
        for some in moves.chunks(MAX_ASKED) {
            let users = some.iter().map(|m| m.user.clone()).collect();
            let batches = self.scan(Scan { table: &USER_DAILY, users, from_ms: 0, to_ms: END_OF_TIME }).await?;
            stored.extend(batches.iter().flat_map(UserDaily::read).map(|r| r.user_id.to_owned()));
        }
        let others: Vec<String> = moves.iter().map(|m| m.user.clone()).filter(|u| !stored.contains(u)).collect();
        if !others.is_empty() {
            stored.extend(self.with_bare_events(others).await?);
        }
        Ok(stored)
    }
}
