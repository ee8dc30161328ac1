//! The writer thread: takes all that waits, writes each partition once, syncs each file once, answers everybody.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::Config;
use super::disk::DiskFile;
use super::lane::{Lane, Written};
use super::queue::{Queue, Request};
use crate::{Error, Records, Topic, metrics as names};

/// How often retention looks when nothing is appended.
const IDLE: Duration = Duration::from_secs(10);
/// How often a failure that lasts is told.
const TELL_EVERY: Duration = Duration::from_secs(60);

pub struct Writer {
    config: Config,
    queue: Arc<Queue>,
    /// By topic, then partition.
    lanes: Vec<Lane>,
    syncers: Syncers,
    retention_due: Instant,
    trouble: Trouble,
}

impl Writer {
    pub fn new(config: Config, queue: Arc<Queue>, lanes: Vec<Lane>) -> io::Result<Writer> {
        let syncers = Syncers::start(config.sync_threads)?;
        Ok(Writer { config, queue, lanes, syncers, retention_due: Instant::now(), trouble: Trouble::default() })
    }

    pub fn run(mut self) {
        while let Some(requests) = self.queue.take(IDLE) {
            if Instant::now() >= self.retention_due {
                self.retain();
                self.retention_due = Instant::now() + self.config.retention_interval;
            }
            if requests.is_empty() {
                metrics::gauge!(names::QUEUE_BYTES).set(0.0);
            } else {
                self.commit(requests);
            }
        }
    }

    fn commit(&mut self, requests: Vec<Request>) {
        let started = Instant::now();
        let now_ms = now_ms();
        let mut work: BTreeMap<usize, Vec<Records>> = BTreeMap::new();
        let mut answers = Vec::with_capacity(requests.len());
        let mut queued = 0;
        for request in requests {
            let lanes: Vec<usize> = request.batches.iter().map(|(p, _)| self.lane(request.topic, *p)).collect();
            for (lane, (_, records)) in lanes.iter().zip(request.batches) {
                queued += records.wire().len();
                work.entry(*lane).or_default().push(records);
            }
            answers.push((lanes, request.reply, request.share));
        }
        metrics::gauge!(names::QUEUE_BYTES).set(queued as f64);

        let mut failures: BTreeMap<usize, Error> = BTreeMap::new();
        let mut written: Vec<(usize, Written)> = Vec::with_capacity(work.len());
        for (lane, records) in work {
            match self.lanes[lane].write(records, self.config.segment_bytes, now_ms) {
                Ok(frames) => written.push((lane, frames)),
                Err(error) => drop(failures.insert(lane, error)),
            }
        }
        let synced = self.syncers.sync(written.iter().map(|(_, w)| w.file.clone()).collect());
        let mut totals = [(0, 0); Topic::ALL.len()];
        let mut worked = Vec::new();
        for ((lane, frames), synced) in written.into_iter().zip(synced) {
            match synced {
                Ok(()) => {
                    let (records, bytes) = self.lanes[lane].publish(frames, self.config.cache_bytes);
                    let total = &mut totals[self.lanes[lane].partition.topic as usize];
                    *total = (total.0 + records, total.1 + bytes);
                    worked.push(lane);
                }
                Err(error) => drop(failures.insert(lane, self.lanes[lane].sync_failed(&error))),
            }
        }
        metrics::histogram!(names::SYNC_SECONDS).record(started.elapsed().as_secs_f64());
        metrics::histogram!(names::SYNC_REQUESTS).record(answers.len() as f64);
        for (topic, (records, bytes)) in Topic::ALL.into_iter().zip(totals).filter(|(_, (records, _))| *records > 0) {
            metrics::counter!(names::APPENDED_RECORDS, "topic" => topic.as_str()).increment(records);
            metrics::counter!(names::APPENDED_BYTES, "topic" => topic.as_str()).increment(bytes);
        }
        let mut failed = 0;
        for (lanes, reply, share) in answers {
            // First, so that whoever is answered finds the room.
            drop(share);
            let failure = lanes.iter().find_map(|lane| failures.get(lane)).cloned();
            failed += u64::from(failure.is_some());
            // Whoever asked may have gone; the records are in the log all the same.
            reply.send(failure.map_or(Ok(()), Err)).ok();
        }
        if failed > 0 {
            metrics::counter!(names::FAILED_APPENDS).increment(failed);
        }
        match self.trouble.note(&failures, &worked, Instant::now()) {
            Some(News::Failing(error)) => tracing::error!(%error, "appends fail; saying so at most once a minute"),
            Some(News::Over) => tracing::warn!("the event log takes records again"),
            None => {}
        }
    }

    fn lane(&self, topic: Topic, partition: u32) -> usize {
        topic as usize * self.lanes.len() / Topic::ALL.len() + partition as usize
    }

    fn retain(&mut self) {
        let now_ms = now_ms();
        let mut segments = [0; Topic::ALL.len()];
        for lane in &mut self.lanes {
            let age = match lane.partition.topic {
                Topic::DeadLetters => self.config.retain_dead_letters,
                Topic::Events | Topic::Updates => self.config.retain_age,
            };
            let age = age.map(|age| age.as_millis() as i64);
            if age.is_some_and(|age| lane.begun_before(now_ms - age / 2))
                && let Err(error) = lane.roll(now_ms)
            {
                tracing::warn!(%error, "cannot close an old segment; trying again later");
            }
            let deleted = lane.retire(self.config.retain_bytes, age.map(|age| now_ms - age));
            if deleted > 0 {
                metrics::counter!(names::RETIRED_BYTES, "topic" => lane.partition.topic.as_str()).increment(deleted);
            }
            segments[lane.partition.topic as usize] += lane.segments();
        }
        for (topic, count) in Topic::ALL.into_iter().zip(segments) {
            metrics::gauge!(names::SEGMENTS, "topic" => topic.as_str()).set(count as f64);
        }
    }
}

/// What the server's own log is told of appends that fail: the first failure, then one a minute, and that it is over. A disk
/// that is full for some and not for others comes and goes with every commit: that too is told once a minute.
#[derive(Default)]
struct Trouble {
    /// Whose last append failed.
    failing: BTreeSet<usize>,
    told: Option<Instant>,
    /// Told, and not yet that it is over.
    open: bool,
}

enum News {
    Failing(Error),
    Over,
}

impl Trouble {
    fn note(&mut self, failures: &BTreeMap<usize, Error>, worked: &[usize], now: Instant) -> Option<News> {
        self.failing.retain(|lane| !worked.contains(lane));
        self.failing.extend(failures.keys());
        if self.open && self.failing.is_empty() {
            self.open = false;
            return Some(News::Over);
        }
        let error = failures.values().next()?;
        if self.told.is_some_and(|told| now < told + TELL_EVERY) {
            return None;
        }
        (self.told, self.open) = (Some(now), true);
        Some(News::Failing(error.clone()))
    }
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

type Job = (usize, Arc<dyn DiskFile>);

/// Threads that sync files at the same time: the disk then needs about one flush for all of them.
struct Syncers {
    jobs: Vec<mpsc::Sender<Job>>,
    done: mpsc::Receiver<(usize, io::Result<()>)>,
}

impl Syncers {
    fn start(threads: usize) -> io::Result<Syncers> {
        let (done, results) = mpsc::channel();
        let mut jobs = Vec::new();
        for i in 0..threads {
            let (sender, receiver) = mpsc::channel::<Job>();
            let done = done.clone();
            thread::Builder::new().name(format!("log-sync-{i}")).spawn(move || {
                for (index, file) in receiver {
                    if done.send((index, file.sync())).is_err() {
                        return;
                    }
                }
            })?;
            jobs.push(sender);
        }
        Ok(Syncers { jobs, done: results })
    }

    /// The results stand in the order of the files.
    fn sync(&self, files: Vec<Arc<dyn DiskFile>>) -> Vec<io::Result<()>> {
        let mut results: Vec<io::Result<()>> = files.iter().map(|_| Err(io::Error::other("the sync thread is gone"))).collect();
        let mut elsewhere = 0;
        // This thread takes its share too, every first one of the round.
        let ways = self.jobs.len() + 1;
        for (i, file) in files.iter().enumerate().filter(|(i, _)| i % ways != 0) {
            elsewhere += usize::from(self.jobs[i % ways - 1].send((i, file.clone())).is_ok());
        }
        for (i, file) in files.iter().enumerate().step_by(ways) {
            results[i] = file.sync();
        }
        for _ in 0..elsewhere {
            if let Ok((i, result)) = self.done.recv() {
                results[i] = result;
            }
        }
        results
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_told_at_once_then_once_a_minute_and_when_it_is_over() {
        let (mut trouble, start) = (Trouble::default(), Instant::now());
        let mut check = |failing: &[usize], worked: &[usize], seconds: u64, expected: &str| {
            let failures = failing.iter().map(|lane| (*lane, Error::Full(format!("lane {lane}")))).collect();
            let told = match trouble.note(&failures, worked, start + Duration::from_secs(seconds)) {
                Some(News::Failing(Error::Full(why))) => why,
                Some(News::Failing(other)) => other.to_string(),
                Some(News::Over) => "over".into(),
                None => String::new(),
            };
            assert_eq!(told, expected, "{failing:?} {worked:?} at {seconds}");
        };
        check(&[], &[0, 1], 0, "");
        check(&[1], &[0], 1, "lane 1");
        check(&[0, 1], &[], 2, "");
        check(&[], &[0], 30, "");
        check(&[1], &[0], 61, "lane 1");
        check(&[1], &[], 62, "");
        check(&[], &[1], 63, "over");
        check(&[], &[1], 64, "");
        check(&[0], &[], 65, "");
        check(&[], &[0], 66, "");
        check(&[0], &[], 121, "lane 0");
        check(&[], &[0], 122, "over");
    }
}
