//! The log against a model, with the power cut at every operation: everything acknowledged is there, nothing torn is
//! visible, offsets stay dense, and what was once seen never changes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::disk::SimDisk;
use super::*;
use crate::testing::{batch, read_all};

const PARTITIONS: u32 = 2;

/// Per partition, how many records.
type Batches = Vec<(u32, usize)>;

#[derive(Debug, Clone)]
enum Step {
    /// Appends at the same time; each to some partitions with so many records.
    Append(Vec<(Topic, Batches)>),
    Release(u32, u64),
    /// The process ends in good order and starts again.
    Restart,
    /// So many operations fail, after so many others.
    Fail(u64, u64),
    /// The power goes after so many operations, within a write after so many bytes; then it comes back.
    Cut(u64, usize, u64),
}

struct Run {
    runtime: tokio::runtime::Runtime,
    disk: Arc<SimDisk>,
    config: Config,
    log: Option<EmbeddedLog>,
    appends: usize,
    /// Names of batches that were tried, per topic and partition.
    tried: BTreeMap<(Topic, u32), BTreeSet<String>>,
    /// What was read so far, by offset.
    seen: BTreeMap<(Topic, u32), BTreeMap<u64, String>>,
    released: BTreeMap<u32, u64>,
    reboot: u64,
}

impl Run {
    fn new(segment_bytes: u64, cache_bytes: usize, sync_threads: usize) -> Run {
        let base = Config::new("log", PARTITIONS);
        let retention_interval = Duration::ZERO;
        let config = Config {
            segment_bytes,
            cache_bytes,
            retain_bytes: 600 + 3 * segment_bytes,
            retention_interval,
            sync_threads,
            ..base
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (disk, log, appends, reboot) = (Arc::new(SimDisk::default()), None, 0, 1);
        let (tried, seen, released) = Default::default();
        let mut run = Run { runtime, disk, config, log, appends, tried, seen, released, reboot };
        run.open();
        run
    }

    /// Opens the log, with as many reboots as the planned power cuts ask for.
    fn open(&mut self) {
        self.log = None;
        loop {
            match EmbeddedLog::open_on(self.disk.clone(), self.config.clone(), None) {
                Ok(log) => {
                    self.log = Some(log);
                    return;
                }
                Err(Error::Unavailable(_)) if self.disk.is_off() => self.reboot(),
                // A single failed operation: the next try must do.
                Err(Error::Unavailable(_)) => {}
                Err(error) => panic!("it must open: {error}"),
            }
        }
    }

    fn reboot(&mut self) {
        self.log = None;
        self.reboot += 1;
        self.disk = Arc::new(self.disk.reboot(self.reboot));
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Append(appends) => self.append(appends),
            Step::Release(partition, offset) => {
                let log = self.log.as_ref().unwrap();
                self.runtime.block_on(log.release(Topic::Events, *partition, *offset)).unwrap();
                let released = self.released.entry(*partition).or_default();
                *released = (*released).max(*offset);
            }
            Step::Restart => self.open(),
            Step::Fail(after, count) => self.disk.fail_after(*after, *count),
            Step::Cut(after, bytes, seed) => {
                self.reboot = *seed;
                self.disk.cut_after(*after, *bytes);
            }
        }
        if self.disk.is_off() {
            self.reboot();
            self.open();
        }
        self.check();
    }

    fn append(&mut self, appends: &[(Topic, Batches)]) {
        let named: Vec<(String, Topic, &Batches)> = appends
            .iter()
            .map(|(topic, batches)| {
                self.appends += 1;
                (format!("batch{}", self.appends), *topic, batches)
            })
            .collect();
        for (name, topic, batches) in &named {
            for (partition, _) in *batches {
                self.tried.entry((*topic, *partition)).or_default().insert(name.clone());
            }
        }
        let log = self.log.as_ref().unwrap();
        let results = self.runtime.block_on(async {
            let mut tasks = Vec::new();
            for (name, topic, batches) in &named {
                let batches: Vec<_> = batches.iter().map(|(p, n)| (*p, batch(name, *n))).collect();
                tasks.push(Box::pin(log.append(*topic, batches)));
            }
            let mut results = Vec::new();
            // All are queued by a first look before any answer is waited for.
            for task in &mut tasks {
                results.push(tokio::time::timeout(Duration::ZERO, task).await.ok());
            }
            for (task, result) in tasks.into_iter().zip(&mut results) {
                if result.is_none() {
                    *result = Some(task.await);
                }
            }
            results.into_iter().flatten().collect::<Vec<_>>()
        });
        if self.disk.is_off() {
            self.reboot();
            self.open();
        }
        self.check();
        for ((name, topic, batches), result) in named.iter().zip(results) {
            match result {
                Ok(()) => batches.iter().for_each(|(partition, n)| self.check_whole(name, *topic, *partition, *n)),
                Err(error) => assert!(error.is_retryable(), "{error}"),
            }
        }
    }

    /// The records of an acknowledged batch stand together.
    fn check_whole(&self, name: &str, topic: Topic, partition: u32, n: usize) {
        let seen = &self.seen[&(topic, partition)];
        let mine: Vec<(&u64, &String)> = seen.iter().filter(|(_, v)| v.split(' ').next() == Some(name)).collect();
        assert_eq!(mine.len(), n, "{name} was acknowledged");
        assert!(mine.windows(2).all(|pair| *pair[0].0 + 1 == *pair[1].0));
    }

    fn check(&mut self) {
        let log = self.log.as_ref().unwrap();
        for topic in Topic::ALL {
            for partition in 0..PARTITIONS {
                let seen = self.seen.entry((topic, partition)).or_default();
                let range = self.runtime.block_on(log.range(topic, partition)).unwrap();
                let values = self.runtime.block_on(read_all(log, topic, partition, range.start));
                let end = seen.last_key_value().map_or(0, |(offset, _)| offset + 1);
                assert!(range.end >= end, "{topic:?} {partition}: {} records were lost", end - range.end);
                if topic == Topic::Events {
                    assert!(range.start <= self.released.get(&partition).copied().unwrap_or(0));
                }
                for ((offset, value), expected) in values.into_iter().zip(range) {
                    assert_eq!(offset, expected);
                    if let Some(before) = seen.insert(offset, value.clone()) {
                        assert_eq!(before, value, "offset {offset} changed");
                        continue;
                    }
                    assert_eq!(offset + 1, seen.len() as u64, "dense from 0 on");
                    let (name, _) = value.split_once(' ').unwrap();
                    assert!(self.tried[&(topic, partition)].contains(name), "{value} was never appended");
                }
                let values: BTreeSet<&String> = seen.values().collect();
                assert_eq!(values.len(), seen.len(), "no record is there twice");
            }
        }
    }
}

fn topics() -> impl Strategy<Value = Topic> {
    prop_oneof![3 => Just(Topic::Events), 1 => Just(Topic::Updates)]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let one = (topics(), prop::collection::vec((0..PARTITIONS, 0..6usize), 1..3)).prop_map(|(topic, mut batches)| {
        batches.sort_unstable();
        batches.dedup_by_key(|(partition, _)| *partition);
        (topic, batches)
    });
    let step = prop_oneof![
        8 => prop::collection::vec(one, 1..4).prop_map(Step::Append),
        2 => (0..PARTITIONS, 0..60u64).prop_map(|(partition, offset)| Step::Release(partition, offset)),
        1 => Just(Step::Restart),
        2 => (0..6u64, 1..4u64).prop_map(|(after, count)| Step::Fail(after, count)),
        3 => (0..8u64, 0..400usize, any::<u64>()).prop_map(|(after, bytes, seed)| Step::Cut(after, bytes, seed)),
    ];
    prop::collection::vec(step, 1..40)
}

proptest! {
    #[test]
    fn whatever_fails_what_is_acknowledged_stays(steps in steps(), segment_bytes in 1..2_000u64, cached: bool, threads in 0..3usize) {
        let mut run = Run::new(segment_bytes, if cached { 500 } else { 0 }, threads);
        steps.iter().for_each(|step| run.step(step));
        run.step(&Step::Restart);
    }
}

/// A short life of a log: several segments, two topics, retention, a restart.
fn life() -> Vec<Step> {
    let append = |i: usize| Step::Append(vec![(Topic::Events, vec![(0, 3 + i % 3), (1, 1)]), (Topic::Updates, vec![(1, 2)])]);
    let mut steps: Vec<Step> = (0..6).map(append).collect();
    steps.insert(3, Step::Release(0, 11));
    steps.insert(4, Step::Restart);
    steps
}

#[test]
fn the_power_may_go_at_every_operation_and_byte() {
    let operations = {
        let mut run = Run::new(400, 0, 0);
        life().iter().for_each(|step| run.step(step));
        run.disk.operations()
    };
    assert!(operations > 50, "{operations}");
    for at in 0..operations {
        for (seed, bytes) in [0, 1, 20, 47, 130, 100_000].into_iter().enumerate() {
            let mut run = Run::new(400, 0, 0);
            run.reboot = seed as u64 * 1_000 + at;
            run.disk.cut_after(at, bytes);
            life().iter().for_each(|step| run.step(step));
        }
    }
}
