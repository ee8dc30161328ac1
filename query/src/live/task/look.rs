//! Now and then a look at the store, for what nobody told: see `lost`.

use std::collections::{HashMap, HashSet};

use tokio::sync::mpsc;

use super::LiveTask;
use crate::live::lost::{self, Rows};
use crate::live::people::first_today;
use crate::{Error, metrics};

/// What a look at the store found, in two steps.
pub(super) enum Seen {
    Days(HashMap<String, Rows>),
    Lost(HashMap<String, Rows>),
    Failed(Error),
}

/// What the store had is compared after a share of the time between looks: the news of it are on their way.
const PATIENCE: u32 = 12;

impl LiveTask {
    /// Looks whether there is anything in the store that nobody told.
    pub(super) fn look(&mut self, seeing: &mpsc::Sender<Seen>) {
        self.heard = Some(HashSet::new());
        let (app, from, seeing) = (self.app.clone(), self.people.keep_from(), seeing.clone());
        tokio::spawn(async move {
            let days = lost::days(&app.deps.store, app.config.internal_limits(), from).await;
            tokio::time::sleep(app.config.live.look / PATIENCE).await;
            let _ = seeing.send(days.map_or_else(Seen::Failed, Seen::Days)).await;
        });
    }

    pub(super) fn compare(&mut self, seen: Seen, seeing: &mpsc::Sender<Seen>) {
        let now = self.app.now();
        match (seen, &self.heard) {
            (Seen::Days(days), Some(heard)) => {
                let lost = lost::lost(&self.people, days, heard, first_today(now));
                if lost.is_empty() {
                    self.heard = None;
                    return;
                }
                let (app, from, seeing) = (self.app.clone(), self.people.keep_from(), seeing.clone());
                tokio::spawn(async move {
                    let all = lost::windows(&app.deps.store, app.config.internal_limits(), from, lost).await;
                    let _ = seeing.send(all.map_or_else(Seen::Failed, Seen::Lost)).await;
                });
            }
            (Seen::Lost(mut lost), Some(heard)) => {
                lost.retain(|user, _| !heard.contains(user));
                tracing::info!(people = lost.len(), "news that did not come by the log are taken from the store");
                ::metrics::counter!(metrics::LIVE_LOST).increment(lost.len() as u64);
                lost.into_iter().for_each(|(user, rows)| self.people.correct(&user, rows, now));
                self.heard = None;
                self.tick(true);
            }
            (Seen::Failed(error), _) => {
                tracing::warn!(%error, "the store cannot be looked at for news that did not come, later again");
                self.heard = None;
            }
            (_, None) => {}
        }
    }
}
