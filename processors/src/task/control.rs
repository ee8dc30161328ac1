//! What an owner learns apart from events: at the start what waits in the store, and later that the directory changed.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use eventlog::{Topic, partition_of};
use schemas::Table;
use schemas::rows::{ACTIVITY_EVENTS, SESSION_EVENTS, USER_DAILY, UserDaily};
use store::Scan;

use super::Owner;
use super::walk::Walk;
use crate::Error;
use crate::partition::Move;

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
        let mut walk = Walk::over(partition.stored_time(if differs { i32::MIN } else { partition.saved.open_from }));
        let (number, count) = (self.number, self.deps.log.partitions(Topic::Events));
        let is_mine = |user: &str| partition_of(user.as_bytes(), count) == number;
        let mut people = BTreeSet::new();
        while let Some(batches) = self.next_piece(&mut walk, &USER_DAILY, &[]).await? {
            let partition = self.partition()?;
            for row in batches.iter().flat_map(UserDaily::read).filter(|r| is_mine(r.user_id)) {
                if !row.final_ {
                    partition.expect_final(&row);
                }
                if differs && !people.contains(row.user_id) {
                    people.insert(row.user_id.to_owned());
                }
            }
        }
        if differs {
            people.extend(self.everyone(&SESSION_EVENTS).await?.into_iter().filter(|p| is_mine(p)));
            let known = self.partition()?.directory_people();
            let others = known.filter(|p| is_mine(p) && !people.contains(*p)).map(String::from).collect();
            people.extend(self.only_away(&others).await?);
        }
        let partition = self.partition()?;
        partition.queue_moves(people.into_iter().map(|user| Move { user, from_ms: i64::MIN }).collect());
        partition.note_moves();
        Ok(())
    }

    /// What the organisation keeps; and a new directory: finds out whom of this partition it concerns.
    pub(super) async fn follow_control(&mut self) -> Result<(), Error> {
        let (directory, settings) = {
            let control = self.deps.control.borrow();
            (control.directory.clone(), control.settings.clone())
        };
        self.partition()?.settings = settings;
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
            let stored = self.stored(elsewhere.iter().map(|m| m.user.clone()).collect()).await?;
            self.partition()?.queue_moves(elsewhere.into_iter().filter(|m| stored.contains(&m.user)).collect());
        }
        self.partition()?.note_moves();
        Ok(())
    }

    /// Those of the people who have anything in the store.
    async fn stored(&mut self, people: BTreeSet<String>) -> Result<BTreeSet<String>, Error> {
        let mut stored = self.among(&USER_DAILY, &people).await?;
        let rest = people.difference(&stored).cloned().collect();
        stored.extend(self.among(&SESSION_EVENTS, &rest).await?);
        let rest = people.difference(&stored).cloned().collect();
        stored.extend(self.only_away(&rest).await?);
        Ok(stored)
    }

    /// Of people without days and sessions, those who have events all the same: nothing but time away. Many are not asked for.
    async fn only_away(&mut self, people: &BTreeSet<String>) -> Result<BTreeSet<String>, Error> {
        if people.len() > MAX_ASKED {
            return Ok(BTreeSet::new());
        }
        self.among(&ACTIVITY_EVENTS, people).await
    }

    /// Those of the people who have rows in a table.
    async fn among(&mut self, table: &'static Table, people: &BTreeSet<String>) -> Result<BTreeSet<String>, Error> {
        let people: Vec<String> = people.iter().cloned().collect();
        let mut found = BTreeSet::new();
        for some in people.chunks(MAX_ASKED) {
            let mut missing = some.to_vec();
            let mut walk = Walk::over(self.partition()?.stored_time(i32::MIN));
            while !missing.is_empty()
                && let Some(batches) = self.next_piece(&mut walk, table, &missing).await?
            {
                add_users(&batches, &mut found);
                missing.retain(|person| !found.contains(person));
            }
        }
        Ok(found)
    }

    /// Everyone with rows in a table.
    async fn everyone(&mut self, table: &'static Table) -> Result<BTreeSet<String>, Error> {
        let mut found = BTreeSet::new();
        let mut walk = Walk::over(self.partition()?.stored_time(i32::MIN));
        while let Some(batches) = self.next_piece(&mut walk, table, &[]).await? {
            add_users(&batches, &mut found);
        }
        Ok(found)
    }

    /// The next rows on the way, of these people or, where none are named, of everyone.
    async fn next_piece(
        &self,
        walk: &mut Walk,
        table: &'static Table,
        users: &[String],
    ) -> Result<Option<Vec<RecordBatch>>, Error> {
        let Some(Range { start, end }) = walk.next_piece() else { return Ok(None) };
        let batches = self.scan(Scan { table, users: users.to_vec(), from_ms: start, to_ms: end }).await?;
        walk.saw(!batches.is_empty());
        Ok(Some(batches))
    }
}

fn add_users(batches: &[RecordBatch], found: &mut BTreeSet<String>) {
    for users in batches.iter().filter_map(|batch| batch.column_by_name("user_id")?.as_string_opt::<i32>()) {
        for user in users.iter().flatten() {
            if !found.contains(user) {
                found.insert(user.to_owned());
            }
        }
    }
}
