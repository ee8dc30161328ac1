//! Whom people answer quickly, read from their messages for `ingest`: in the background, a few people at a time, so that neither
//! events nor readers wait for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use futures::future::BoxFuture;
use ingest::Priorities;
use ingest::priority::{REACH_MS, Seen, judge};
use schemas::rows::{MESSAGE_EVENTS, MessageEvent};
use store::{Error, Scan, SharedStore, Whose};
use tokio_util::sync::CancellationToken;

use super::services::now_ms;

/// Opens the store; asked again where it failed.
pub type Opening = Box<dyn Fn() -> BoxFuture<'static, Result<SharedStore, Error>> + Send + Sync>;

/// Some ten thousand rows each, of which all are in memory at one time.
const PEOPLE_AT_A_TIME: usize = 8;
/// A store that was away is asked again after this.
const AGAIN: Duration = Duration::from_secs(30);

/// Reads what is asked for until cancelled. Without the store people are judged by the rule: nothing ends because of it.
pub async fn follow(priorities: Arc<Priorities>, open: Opening, cancel: CancellationToken) -> Result<()> {
    let reading = async {
        let (mut store, mut told) = (None, false);
        loop {
            match read(&priorities, &open, &mut store).await {
                Ok(()) => told = false,
                Err(error) => {
                    // Once for each time it goes away.
                    if !std::mem::replace(&mut told, true) {
                        tracing::warn!(%error, "habits cannot be read; messages are judged by what is known, or the rule for everybody");
                    }
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    };
    cancel.run_until_cancelled(reading).await;
    Ok(())
}

/// The habits of those who are waited for. Whoever is not read is asked for again with their next message.
async fn read(priorities: &Arc<Priorities>, open: &Opening, store: &mut Option<SharedStore>) -> Result<(), Error> {
    let Some(habits) = priorities.habits() else { return std::future::pending().await };
    let wanted = habits.wanted().await;
    let store = match store {
        Some(store) => store,
        None => store.insert(open().await?),
    };
    for people in wanted.chunks(PEOPLE_AT_A_TIME) {
        let started = Instant::now();
        let now = now_ms();
        let scan =
            Scan { table: &MESSAGE_EVENTS, whose: Whose::People(people.to_vec()), from_ms: now - REACH_MS, to_ms: now + 1 };
        let batches = store.scan(scan).await?;
        let (priorities, people) = (Arc::clone(priorities), people.to_vec());
        let learning = move || {
            // Rows lie by person and time.
            let mut rows = batches.iter().flat_map(MessageEvent::read).peekable();
            let mut read = Vec::new();
            while let Some(first) = rows.next() {
                let user = first.user_id;
                let mut seen: Vec<Seen<'_>> = Seen::row(&first).into_iter().collect();
                while let Some(row) = rows.next_if(|row| row.user_id == user) {
                    seen.extend(Seen::row(&row));
                }
                priorities.learned(user, &judge(&seen, now), now);
                read.push(user);
            }
            // They are known not to have answered anybody yet.
            people.iter().filter(|user| !read.contains(&user.as_str())).for_each(|user| priorities.learned(user, &[], now));
        };
        if tokio::task::spawn_blocking(learning).await.is_err() {
            tracing::warn!("habits could not be learned from what was read");
        }
        // At most half of a thread's time.
        tokio::time::sleep(started.elapsed()).await;
    }
    Ok(())
}
