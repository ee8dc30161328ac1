//! What an owner learns apart from events: at the start what waits in the store, and later that the directory changed
//! (`models` of the models).

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use eventlog::Topic;
use schemas::Table;
use schemas::rows::{ACTIVITY_EVENTS, SESSION_EVENTS, USER_DAILY, UserDaily};
use store::{Scan, Whose};

use super::Owner;
use super::walk::Walk;
use crate::Error;
use crate::partition::Move;

/// Who has rows is all that is asked.
pub(super) const USERS: Option<&[&str]> = Some(&["user_id"]);
/// People that one look-up asks the store for.
const MAX_ASKED: usize = 5_000;

/// For everyone who has rows, when those may be of another directory than the one that holds now: a piece of time between
/// commits, as the whole of a long history would keep a new owner from its work.
pub(super) struct Search {
    walk: Walk,
    stage: Stage,
    seen: BTreeSet<String>,
}

enum Stage {
    Days,
    Sessions,
    /// Those of the directory who were not found yet: nothing but time away may be known of them.
    Away(Vec<String>),
}

impl Owner {
    /// What a new owner must know of rows it has not written: which are not final, and whether they are of an older directory.
    pub(super) async fn recover(&mut self) -> Result<(), Error> {
        let partition = self.partition()?;
        if partition.is_virgin() {
            return Ok(());
        }
        let mut walk = Walk::over(partition.stored_time(partition.saved.open_from));
        let mine = self.whose_are_mine();
        while let Some(batches) = self.next_piece(&mut walk, &USER_DAILY, &mine, None).await? {
            let partition = self.partition()?;
            for row in batches.iter().flat_map(UserDaily::read).filter(|row| !row.final_) {
                if partition.is_mine(row.user_id) {
                    partition.expect_final(&row);
                }
            }
        }
        let partition = self.partition()?;
        let differs = partition.directory_differs();
        // Those the former owner left to move are still to be named by the next commit.
        partition.note_moves(!differs);
        if differs {
            let walk = Walk::over(partition.stored_time(i32::MIN));
            self.search = Some(Search { walk, stage: Stage::Days, seen: BTreeSet::new() });
        }
        Ok(())
    }

    /// The next piece of the search: whom it finds is made anew in commits of their own.
    pub(super) async fn search_some(&mut self) -> Result<(), Error> {
        let Some(mut search) = self.search.take() else { return Ok(()) };
        let (table, whose) = match &search.stage {
            Stage::Days => (&USER_DAILY, self.whose_are_mine()),
            Stage::Sessions => (&SESSION_EVENTS, self.whose_are_mine()),
            Stage::Away(people) => (&ACTIVITY_EVENTS, Whose::People(people.clone())),
        };
        if let Some(batches) = self.next_piece(&mut search.walk, table, &whose, USERS).await? {
            let mut found = BTreeSet::new();
            add_users(&batches, &mut found);
            let partition = self.partition()?;
            found.retain(|user| partition.is_mine(user) && search.seen.insert(user.clone()));
            if let Stage::Away(people) = &mut search.stage {
                people.retain(|person| !found.contains(person));
            }
            partition.queue_moves(found.into_iter().map(|user| Move { user, from_ms: i64::MIN }).collect());
            self.search = Some(search);
        } else {
            self.search = self.next_stage(search)?;
        }
        let all_found = self.search.is_none();
        self.partition()?.note_moves(all_found);
        Ok(())
    }

    fn next_stage(&mut self, mut search: Search) -> Result<Option<Search>, Error> {
        let partition = self.partition()?;
        search.walk = Walk::over(partition.stored_time(i32::MIN));
        search.stage = match search.stage {
            Stage::Days => Stage::Sessions,
            Stage::Sessions => {
                let others = partition.directory_people().filter(|p| partition.is_mine(p) && !search.seen.contains(*p));
                let others: Vec<String> = others.map(String::from).collect();
                // Many are not asked for.
                if others.is_empty() || others.len() > MAX_ASKED {
                    return Ok(None);
                }
                Stage::Away(others)
            }
            Stage::Away(_) => return Ok(None),
        };
        Ok(Some(search))
    }

    /// What the organisation keeps; and a new directory: finds out whom of this partition it concerns.
    pub(super) async fn follow_control(&mut self) -> Result<(), Error> {
        let (directory, settings, models) = {
            let control = self.deps.control.borrow();
            (control.directory.clone(), control.settings.clone(), control.models.clone())
        };
        self.partition()?.settings = settings;
        self.follow_models(models)?;
        if Arc::ptr_eq(&directory, &self.directory) {
            return Ok(());
        }
        self.directory = directory.clone();
        let partition = self.partition()?;
        let moves = partition.set_directory(directory);
        let (here, elsewhere): (Vec<Move>, Vec<Move>) = moves.into_iter().partition(|m| partition.knows(&m.user));
        let virgin = partition.is_virgin();
        partition.queue_moves(here);
        if !virgin && !elsewhere.is_empty() {
            let stored = self.stored(elsewhere.iter().map(|m| m.user.clone()).collect()).await?;
            self.partition()?.queue_moves(elsewhere.into_iter().filter(|m| stored.contains(&m.user)).collect());
        }
        let all_found = self.search.is_none();
        self.partition()?.note_moves(all_found);
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
                && let Some(batches) = self.next_piece(&mut walk, table, &Whose::People(missing.clone()), USERS).await?
            {
                add_users(&batches, &mut found);
                missing.retain(|person| !found.contains(person));
            }
        }
        Ok(found)
    }

    /// The store may give others' rows as well.
    pub(super) fn whose_are_mine(&self) -> Whose {
        Whose::Partition { number: self.number, of: self.deps.log.partitions(Topic::Events) }
    }

    /// The next rows on the way.
    pub(super) async fn next_piece(
        &self,
        walk: &mut Walk,
        table: &'static Table,
        whose: &Whose,
        columns: Option<&'static [&'static str]>,
    ) -> Result<Option<Vec<RecordBatch>>, Error> {
        let Some(Range { start, end }) = walk.next_piece() else { return Ok(None) };
        let batches = self.scan(Scan { table, whose: whose.clone(), from_ms: start, to_ms: end, columns }).await?;
        walk.saw(batches.iter().map(RecordBatch::num_rows).sum());
        Ok(Some(batches))
    }
}

pub(super) fn add_users(batches: &[RecordBatch], found: &mut BTreeSet<String>) {
    for users in batches.iter().filter_map(|batch| batch.column_by_name("user_id")?.as_string_opt::<i32>()) {
        for user in users.iter().flatten() {
            if !found.contains(user) {
                found.insert(user.to_owned());
            }
        }
    }
}
