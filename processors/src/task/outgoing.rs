//! What an owner has for the log: records that belong elsewhere, dead letters, and how far it is.

use std::time::Instant;

use eventlog::Topic;

use super::Owner;
use crate::partition::{Dead, Stray, Work};
use crate::{Cure, Error, metrics, publish};

impl Owner {
    /// Durable where they belong before the commit that passes them. What the log will not take there is nobody's.
    pub(super) async fn send_on(&self, work: &mut Work) -> Result<(), Error> {
        let log = &*self.deps.log;
        let all = std::mem::take(&mut work.strays);
        let mut rest: Vec<&[Stray]> = vec![&all];
        while let Some(some) = rest.pop() {
            let sent = self.persist(Error::log, || publish::strays(log, &work.records, some)).await;
            match (rejection(&sent), some) {
                (Some(reason), [stray]) => {
                    work.counts.sent_on -= 1;
                    work.counts.dead += 1;
                    work.dead.push(Dead { offset: stray.offset, reason });
                }
                // One of them, so the others are sent without it.
                (Some(_), _) => {
                    let (first, last) = some.split_at(some.len() / 2);
                    rest.extend([last, first]);
                }
                (None, _) => sent?,
            }
        }
        Ok(())
    }

    pub(super) async fn bury(&self, work: &Work) -> Result<(), Error> {
        let (log, now_ms) = (&*self.deps.log, (self.deps.clock)());
        let letters = |cut| publish::dead_letters(log, self.number, &work.records, &work.dead, cut);
        let buried = self.persist(Error::log, || letters(None)).await;
        if rejection(&buried).is_none() {
            return buried;
        }
        self.persist(Error::log, || letters(Some(now_ms))).await
    }

    /// Releases the log and says how far this partition is, now and then. How much waits is told by `lag`.
    pub(super) async fn tell(&mut self) -> Result<(), Error> {
        if self.told.is_some_and(|at| at.elapsed() < self.config.tick) {
            return Ok(());
        }
        self.told = Some(Instant::now());
        let number = self.number;
        let durable = match self.release().await {
            // It is told again soon.
            Err(error) if error.cure() == Cure::Retry => return Ok(()),
            other => other?,
        };
        let stats = self.deps.stats.clone();
        let partition = self.partition()?;
        let watermark = partition.saved.watermark;
        metrics::state(number, partition);
        stats.update(number, |s| {
            s.durable = durable;
            s.watermark_ms = Some(watermark).filter(|w| *w > 0);
        });
        Ok(())
    }

    /// Lets the log forget what the store keeps, and says how far that is. On Kafka it is what the group commits.
    pub(super) async fn release(&mut self) -> Result<u64, Error> {
        let number = self.number;
        let durable = self.deps.store.durable_position(number).await.map_err(|e| Error::store(number, e))?;
        if durable > self.released {
            self.deps.log.release(Topic::Events, number, durable).await.map_err(|e| Error::log(number, e))?;
            self.released = durable;
        }
        Ok(durable)
    }
}

/// Why the log will never take it, if so.
fn rejection(appended: &Result<(), Error>) -> Option<String> {
    match appended {
        Err(Error::Log { source, .. }) if source.cure() == eventlog::Cure::Reject => Some(source.to_string()),
        _ => None,
    }
}
