//! Days held in memory: loaded from the store when asked for, dropped when the bound on bytes is reached, loaded again when
//! they have changed.
//!
//! Two things say that a day has changed: an update of the log, for days about now, and the day's stamp in the store, which
//! is looked at again when it was last seen a while ago. A request does not wait for news it need not have: data seen to be
//! true less than `stale` ago are served as they are while they are looked after behind the answer.

use std::collections::HashMap;
use std::future::Future;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::Error;

#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Data no older than this are served without another look.
    pub fresh: Duration,
    /// Data no older than this are served while they are looked after.
    pub stale: Duration,
    pub max_bytes: usize,
    /// Days in one load.
    pub chunk: i32,
}

/// Where days come from. Stamps are taken before the data, so that a change in between is seen later and not never.
pub trait Source<T>: Sync {
    /// A number for each day of the span that is another one when the day's rows are others.
    fn stamps(&self, span: RangeInclusive<i32>) -> impl Future<Output = Result<Vec<u64>, Error>> + Send;
    /// The data of each day of the span, with their size.
    fn load(&self, span: RangeInclusive<i32>) -> impl Future<Output = Result<Vec<(T, usize)>, Error>> + Send;
}

pub struct Days<T> {
    policy: Policy,
    inner: Mutex<Inner<T>>,
    /// One load at a time: those who wait find what they need done.
    loading: tokio::sync::Mutex<()>,
}

struct Inner<T> {
    slots: HashMap<i32, Slot<T>>,
    changed: HashMap<i32, Instant>,
    tending: bool,
    kept: RangeInclusive<i32>,
    clock: u64,
    bytes: usize,
}

struct Slot<T> {
    data: Arc<T>,
    bytes: usize,
    loaded: Instant,
    stamp: u64,
    /// When the stamp was last found unchanged.
    seen: Instant,
    used: u64,
}

/// Days someone may speak of and nobody looks at are not remembered without bound.
const MAX_CHANGED: usize = 4_096;

enum Verdict {
    Serve,
    /// Serve it and look after it.
    Tend,
    /// Look at its stamp first.
    Check,
    Load,
}

/// What a look finds of the days asked for.
struct Look<T> {
    found: HashMap<i32, Arc<T>>,
    /// To be loaded, and those of them whose stamp may spare that. Both ascend.
    missing: Vec<i32>,
    check: Vec<i32>,
    is_old: bool,
}

impl<T> Days<T> {
    pub fn new(policy: Policy) -> Days<T> {
        let (slots, changed, kept) = (HashMap::new(), HashMap::new(), 0..=0);
        let inner = Inner { slots, changed, tending: false, kept, clock: 0, bytes: 0 };
        Days { policy, inner: Mutex::new(inner), loading: tokio::sync::Mutex::new(()) }
    }

    pub fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// Days in one load.
    pub fn chunk(&self) -> i32 {
        self.policy.chunk
    }

    /// Whether another load fits, as large as those before, without anything having to go.
    pub fn has_room(&self) -> bool {
        let inner = self.lock();
        let a_day = inner.bytes / inner.slots.len().max(1);
        inner.bytes + a_day * self.policy.chunk as usize <= self.policy.max_bytes
    }

    /// What is held of these days.
    pub fn held(&self, days: RangeInclusive<i32>) -> Vec<Arc<T>> {
        let inner = self.lock();
        days.filter_map(|day| inner.slots.get(&day)).map(|slot| slot.data.clone()).collect()
    }

    /// The day has other rows than before.
    pub fn invalidate(&self, day: i32) {
        let mut inner = self.lock();
        if inner.changed.len() < MAX_CHANGED || inner.changed.contains_key(&day) {
            inner.changed.insert(day, Instant::now());
        } else {
            inner.slots.clear();
            inner.changed.clear();
            inner.bytes = 0;
        }
    }

    /// Days that stay when others were asked for and there is no room for all.
    pub fn keep(&self, days: RangeInclusive<i32>) {
        self.lock().kept = days;
    }

    /// The data of each day, in order. The second value says that some should be looked after: then call `tend`.
    pub async fn get(&self, days: RangeInclusive<i32>, source: &impl Source<T>) -> Result<(Vec<Arc<T>>, bool), Error> {
        let mut look = self.look(days.clone(), false);
        if look.missing.is_empty() && look.check.is_empty() {
            return Ok((in_order(days, &mut look.found), look.is_old));
        }
        // Days found are held on to: those loaded may take their room.
        let mut found = look.found;
        look.missing.append(&mut look.check);
        look.missing.sort_unstable();
        for span in spans(&look.missing, self.policy.chunk) {
            // Others who wait come in between.
            let _one = self.loading.lock().await;
            let mut look = self.look(span, false);
            self.complete(&mut look, source).await?;
            found.extend(look.found);
        }
        Ok((in_order(days, &mut found), false))
    }

    /// Looks after what is old of these days, as far as they are held; does nothing when that is under way.
    pub async fn tend(&self, days: RangeInclusive<i32>, source: &impl Source<T>) -> Result<(), Error> {
        if std::mem::replace(&mut self.lock().tending, true) {
            return Ok(());
        }
        let _one = self.loading.lock().await;
        let mut look = self.look(days, true);
        let outcome = self.complete(&mut look, source).await;
        self.lock().tending = false;
        outcome
    }

    async fn complete(&self, look: &mut Look<T>, source: &impl Source<T>) -> Result<(), Error> {
        for span in spans(&look.check, i32::MAX) {
            let stamps = source.stamps(span.clone()).await?;
            let mut inner = self.lock();
            for (day, stamp) in span.zip(stamps) {
                match inner.slots.get_mut(&day).filter(|slot| slot.stamp == stamp) {
                    Some(slot) => {
                        slot.seen = Instant::now();
                        look.found.insert(day, slot.data.clone());
                    }
                    None => look.missing.push(day),
                }
            }
        }
        look.missing.sort_unstable();
        for span in spans(&look.missing, self.policy.chunk) {
            look.found.extend(self.load(span, source).await?);
        }
        Ok(())
    }

    async fn load(&self, span: RangeInclusive<i32>, source: &impl Source<T>) -> Result<Vec<(i32, Arc<T>)>, Error> {
        // Changes that come while it loads count as later than it.
        let loaded = Instant::now();
        let stamps = source.stamps(span.clone()).await?;
        let data = source.load(span.clone()).await?;
        let mut inner = self.lock();
        let mut found = Vec::with_capacity(data.len());
        for ((day, stamp), (data, bytes)) in span.zip(stamps).zip(data) {
            let data = Arc::new(data);
            found.push((day, data.clone()));
            inner.clock += 1;
            let used = inner.clock;
            inner.bytes += bytes;
            if let Some(before) = inner.slots.insert(day, Slot { data, bytes, loaded, stamp, seen: loaded, used }) {
                inner.bytes -= before.bytes;
            }
        }
        inner.evict(self.policy.max_bytes);
        Ok(found)
    }

    /// `all`: everything that is held is to be looked after as well, and nothing that is not.
    fn look(&self, days: RangeInclusive<i32>, all: bool) -> Look<T> {
        let mut inner = self.lock();
        let mut look = Look { found: HashMap::new(), missing: Vec::new(), check: Vec::new(), is_old: false };
        for day in days {
            inner.clock += 1;
            let (clock, changed) = (inner.clock, inner.changed.get(&day).copied());
            let Some(slot) = inner.slots.get_mut(&day) else {
                if !all {
                    look.missing.push(day);
                }
                continue;
            };
            slot.used = clock;
            let is_changed = changed.is_some_and(|at| at >= slot.loaded);
            match self.policy.judge(if is_changed { slot.loaded } else { slot.seen }, is_changed) {
                Verdict::Tend if all && is_changed => look.missing.push(day),
                Verdict::Tend if all => look.check.push(day),
                Verdict::Check => look.check.push(day),
                Verdict::Load => look.missing.push(day),
                verdict => {
                    look.is_old |= matches!(verdict, Verdict::Tend);
                    look.found.insert(day, slot.data.clone());
                }
            }
        }
        look
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Inner<T> {
    fn evict(&mut self, max_bytes: usize) {
        while self.bytes > max_bytes {
            let Some(day) = self.slots.iter().min_by_key(|(day, slot)| (self.kept.contains(day), slot.used)).map(|(day, _)| *day)
            else {
                return;
            };
            if let Some(slot) = self.slots.remove(&day) {
                self.bytes -= slot.bytes;
            }
            self.changed.remove(&day);
        }
    }
}

impl Policy {
    fn judge(&self, since: Instant, is_changed: bool) -> Verdict {
        let age = since.elapsed();
        if age <= self.fresh {
            Verdict::Serve
        } else if age <= self.stale {
            Verdict::Tend
        } else if is_changed {
            Verdict::Load
        } else {
            Verdict::Check
        }
    }
}

fn in_order<T>(days: RangeInclusive<i32>, found: &mut HashMap<i32, Arc<T>>) -> Vec<Arc<T>> {
    days.filter_map(|day| found.remove(&day)).collect()
}

/// Runs of consecutive days, none longer than `chunk`. Days ascend.
fn spans(days: &[i32], chunk: i32) -> Vec<RangeInclusive<i32>> {
    let mut spans: Vec<RangeInclusive<i32>> = Vec::new();
    for &day in days {
        match spans.last_mut() {
            Some(last) if *last.end() + 1 == day && day - *last.start() < chunk => *last = *last.start()..=day,
            _ => spans.push(day..=day),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

    fn policy(fresh: u64, stale: u64) -> Policy {
        let (fresh, stale) = (Duration::from_millis(fresh), Duration::from_millis(stale));
        Policy { fresh, stale, max_bytes: 40, chunk: 3 }
    }

    /// Loads count up: the data of a day are (day, number of the load). All days have one stamp.
    #[derive(Default)]
    struct Counted {
        loads: AtomicUsize,
        stamp: AtomicU64,
    }

    impl Source<(i32, usize)> for Counted {
        async fn stamps(&self, span: RangeInclusive<i32>) -> Result<Vec<u64>, Error> {
            Ok(span.map(|_| self.stamp.load(Ordering::Relaxed)).collect())
        }

        async fn load(&self, span: RangeInclusive<i32>) -> Result<Vec<((i32, usize), usize)>, Error> {
            tokio::task::yield_now().await;
            let n = self.loads.fetch_add(1, Ordering::Relaxed);
            Ok(span.map(|day| ((day, n), 10)).collect())
        }
    }

    async fn look(days: &Days<(i32, usize)>, span: RangeInclusive<i32>, source: &Counted) -> Vec<(i32, usize)> {
        let (data, _) = days.get(span, source).await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
        data.iter().map(|d| **d).collect()
    }

    #[tokio::test]
    async fn a_day_is_loaded_once_and_again_when_an_update_speaks_of_it() {
        let (days, source) = (Days::new(policy(0, 0)), Counted::default());
        assert_eq!(look(&days, 1..=2, &source).await, [(1, 0), (2, 0)]);
        assert_eq!(look(&days, 1..=2, &source).await, [(1, 0), (2, 0)]);
        days.invalidate(2);
        assert_eq!(look(&days, 1..=3, &source).await, [(1, 0), (2, 1), (3, 1)]);
    }

    #[tokio::test]
    async fn a_day_nobody_spoke_of_is_loaded_again_when_its_stamp_changed() {
        let (days, source) = (Days::new(policy(0, 0)), Counted::default());
        look(&days, 1..=1, &source).await;
        source.stamp.store(7, Ordering::Relaxed);
        assert_eq!(look(&days, 1..=1, &source).await, [(1, 1)]);
        assert_eq!(look(&days, 1..=1, &source).await, [(1, 1)]);
    }

    #[tokio::test]
    async fn a_change_is_served_late_but_looked_after() {
        let (days, source) = (Days::new(policy(0, 60_000)), Counted::default());
        look(&days, 1..=2, &source).await;
        days.invalidate(1);
        source.stamp.store(7, Ordering::Relaxed);
        let (data, again) = days.get(1..=2, &source).await.unwrap();
        assert_eq!((*data[0], *data[1], again), ((1, 0), (2, 0), true));
        days.tend(1..=2, &source).await.unwrap();
        assert_eq!(look(&days, 1..=2, &source).await, [(1, 1), (2, 1)]);
    }

    #[tokio::test]
    async fn the_bound_on_bytes_holds_and_the_least_used_goes() {
        let (days, source) = (Days::new(policy(0, 0)), Counted::default());
        assert_eq!(look(&days, 1..=6, &source).await.len(), 6);
        assert_eq!(days.bytes(), 40);
        assert_eq!(look(&days, 6..=6, &source).await, [(6, 1)]);
        assert_eq!(look(&days, 1..=1, &source).await, [(1, 2)]);
    }

    #[tokio::test]
    async fn tending_looks_after_what_is_held_and_nothing_else() {
        let (days, source) = (Days::new(policy(0, 60_000)), Counted::default());
        assert!(days.has_room());
        look(&days, 2..=3, &source).await;
        assert!(!days.has_room(), "three more would be fifty");
        days.invalidate(3);
        days.tend(1..=4, &source).await.unwrap();
        let held: Vec<(i32, usize)> = days.held(1..=4).iter().map(|day| **day).collect();
        assert_eq!(held, [(2, 0), (3, 1)]);
    }

    #[tokio::test]
    async fn a_long_span_does_not_drive_out_what_is_kept_at_hand() {
        let (days, source) = (Days::new(policy(0, 0)), Counted::default());
        days.keep(18..=20);
        look(&days, 18..=20, &source).await;
        assert_eq!(look(&days, 1..=17, &source).await.len(), 17);
        assert_eq!(look(&days, 18..=20, &source).await, [(18, 0), (19, 0), (20, 0)]);
        assert_eq!(days.bytes(), 40);
    }

    #[tokio::test]
    async fn others_need_not_wait_for_all_of_a_long_span() {
        let (days, source) = (Days::new(policy(0, 0)), Counted::default());
        let (long, short) = tokio::join!(days.get(1..=12, &source), days.get(50..=50, &source));
        let last = long.unwrap().0.last().map(|day| day.1);
        assert_eq!((last, short.unwrap().0[0].1), (Some(4), 1));
    }

    #[test]
    fn loads_are_runs_of_bounded_length() {
        assert_eq!(spans(&[1, 2, 3, 4, 7, 8], 3), [1..=3, 4..=4, 7..=8]);
    }
}
