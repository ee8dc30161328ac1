//! Whom people answer quickly, read from their messages for `ingest`: in the background, a few people at a time, so that neither
//! events nor readers wait for it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use arrow::array::RecordBatch;
use futures::future::BoxFuture;
use ingest::Priorities;
use ingest::priority::{REACH_MS, Seen, judge};
use schemas::rows::{MESSAGE_EVENTS, MessageEvent};
use store::{Error, Scan, SharedStore, Whose};
use tokio_util::sync::CancellationToken;

use super::services::now_ms;

/// Opens the store; asked again where it failed.
pub type Opening = Box<dyn Fn() -> BoxFuture<'static, Result<SharedStore, Error>> + Send + Sync>;

/// Some thousands of rows each. A week of all of them is in memory at one time, and weeks until there are enough.
const PEOPLE_AT_A_TIME: usize = 8;
const WEEK_MS: i64 = 7 * 86_400_000;
const ENOUGH_ROWS: usize = 100_000;
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
        let (now, mut weeks, mut rows) = (now_ms(), Vec::new(), 0);
        for to_ms in (0..REACH_MS / WEEK_MS).map(|ago| now + 1 - ago * WEEK_MS) {
            let whose = Whose::People(people.to_vec());
            let week = store.scan(Scan { table: &MESSAGE_EVENTS, whose, from_ms: to_ms - WEEK_MS, to_ms, columns: None }).await?;
            rows += week.iter().map(RecordBatch::num_rows).sum::<usize>();
            weeks.push(week);
            if rows > ENOUGH_ROWS {
                break;
            }
        }
        let (priorities, people) = (Arc::clone(priorities), people.to_vec());
        if tokio::task::spawn_blocking(move || learn(&priorities, &people, &weeks, now)).await.is_err() {
            tracing::warn!("habits could not be learned from what was read");
        }
        // At most half of a thread's time.
        tokio::time::sleep(started.elapsed()).await;
    }
    Ok(())
}

/// From the weeks before `now`, the last one first; in each, rows lie by person and time.
fn learn(priorities: &Priorities, people: &[String], weeks: &[Vec<RecordBatch>], now: i64) {
    let mut seen: HashMap<&str, Vec<Seen<'_>>> = HashMap::new();
    for row in weeks.iter().rev().flatten().flat_map(MessageEvent::read) {
        seen.entry(row.user_id).or_default().extend(Seen::row(&row));
    }
    // Whoever has no messages is known not to have answered anybody yet.
    for user in people {
        let seen = seen.get(user.as_str()).map_or(&[][..], Vec::as_slice);
        priorities.learned(user, &judge(seen, now), now);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use schemas::Definition;
    use schemas::event::{Direction, Message, MessageKind};

    use super::*;

    #[tokio::test]
    async fn without_the_store_the_rule_holds_and_nothing_ends() {
        let habits = ingest::priority::Habits::new(5);
        let priorities = Arc::new(Priorities::new(Default::default(), &Definition::default().weights, Some(habits)));
        let decide = || {
            let (channel, kind, direction) = ("slack".into(), MessageKind::Dm, Direction::Received);
            let message =
                Message { channel, kind, direction, peer: None, thread: None, notified: true, priority: None, text: None };
            priorities.decide(|| "ada", 0, &message, 0)
        };
        let asked = Arc::new(AtomicU32::new(0));
        let counted = asked.clone();
        let open: Opening = Box::new(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Err(Error::Unavailable("gone".into())) })
        });
        let cancel = CancellationToken::new();
        let following = tokio::spawn(follow(priorities.clone(), open, cancel.clone()));
        for _ in 0..20 {
            assert_eq!(decide(), Some(70));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(!following.is_finished());
        assert_eq!(asked.load(Ordering::SeqCst), 1, "what is away is left alone for a while");
        cancel.cancel();
        following.await.unwrap().unwrap();
    }
}
