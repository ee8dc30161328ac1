//! When another model of burnout risk has its turn: finds who has days from then on, and has their risks told anew. A restart in
//! between begins again, as the store knows which turns its risks follow.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use eventlog::Records;
use schemas::risk::Models;
use schemas::rows::USER_DAILY;

use super::Owner;
use super::control::{USERS, add_users};
use super::walk::Walk;
use crate::Error;

/// For everyone who has days from the first one that another model tells.
pub(super) struct Retelling {
    from: i32,
    /// None when everybody is found.
    walk: Option<Walk>,
    seen: BTreeSet<String>,
}

impl Owner {
    pub(super) fn follow_models(&mut self, models: Arc<Models>) -> Result<(), Error> {
        if self.models.as_ref().is_some_and(|known| Arc::ptr_eq(known, &models)) {
            return Ok(());
        }
        let known = self.models.replace(models.clone());
        let partition = self.partition()?;
        partition.models = models.clone();
        // One more model tells nobody anything yet: what is under way goes on.
        if known.is_some_and(|known| known.turns == models.turns) {
            return Ok(());
        }
        // Begun anew, from the earlier of the two days: what is noted in the store has not moved on.
        partition.forget_untold();
        self.retelling = match partition.untold_from() {
            Some(from) => {
                let walk = Walk::over(partition.stored_time(from));
                Some(Retelling { from, walk: Some(walk), seen: BTreeSet::new() })
            }
            None => {
                partition.note_told();
                None
            }
        };
        Ok(())
    }

    /// The next piece of the search, or the next people in a commit of their own.
    pub(super) async fn retell_some(&mut self, now_ms: i64) -> Result<(), Error> {
        let (began, position) = (Instant::now(), self.position);
        let Some(mut retelling) = self.retelling.take() else { return Ok(()) };
        if let Some(walk) = &mut retelling.walk {
            let mine = self.whose_are_mine();
            match self.next_piece(walk, &USER_DAILY, &mine, USERS).await? {
                Some(batches) => {
                    let mut found = BTreeSet::new();
                    add_users(&batches, &mut found);
                    let partition = self.partition()?;
                    found.retain(|user| partition.is_mine(user) && retelling.seen.insert(user.clone()));
                    partition.queue_untold(retelling.from, found);
                }
                None => (retelling.walk, retelling.seen) = (None, BTreeSet::new()),
            }
        }
        let all_found = retelling.walk.is_none();
        self.retelling = Some(retelling);
        let partition = self.partition()?;
        if !partition.has_untold() && !all_found {
            return Ok(());
        }
        // The last one may be of nobody: it says in the store that all are told.
        let mut work = partition.begin(Records::default(), position, now_ms);
        partition.begin_retelling(&mut work);
        if all_found && !partition.has_untold() {
            partition.note_told();
            self.retelling = None;
        }
        let work = self.load(work).await?;
        self.finish(work, began).await
    }
}
