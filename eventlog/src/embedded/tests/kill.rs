//! A process that appends as fast as it can is killed in the midst of it, again and again on the same directory.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::disk::Dice;
use super::*;
use crate::testing::{batch, read_all};

const DIR: &str = "FOCUSFLOW_TEST_KILLED_LOG";
const ROUND: &str = "FOCUSFLOW_TEST_KILLED_ROUND";

/// Not a test of its own: what the child process of the test below does. Without its environment it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let (Ok(dir), Ok(round)) = (std::env::var(DIR), std::env::var(ROUND)) else { return };
    let log = Arc::new(EmbeddedLog::open(Config { segment_bytes: 20_000, ..Config::new(dir, 2) }).unwrap());
    let tasks: Vec<_> = (0..4u32)
        .map(|task| {
            let (log, round) = (log.clone(), round.clone());
            tokio::spawn(async move {
                for i in 0.. {
                    let name = format!("{round}.{task}.{i}");
                    log.append(Topic::Events, vec![(task % 2, batch(&name, 1 + i % 7))]).await.unwrap();
                    println!("acknowledged {} {name} {}", task % 2, 1 + i % 7);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[test]
fn a_killed_process_loses_nothing_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut acknowledged: BTreeMap<u32, BTreeMap<String, usize>> = BTreeMap::new();
    let mut dice = Dice(std::process::id().into());
    for round in 0..5 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["embedded::tests::kill::child", "--exact", "--nocapture"])
            .envs([(DIR, dir.path().as_os_str()), (ROUND, round.to_string().as_ref())])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let quota = 20 + dice.roll(200) as usize;
        let mut count = 0;
        for line in lines {
            let line = line.unwrap();
            let Some((_, rest)) = line.split_once("acknowledged ") else { continue };
            let words: Vec<&str> = rest.split(' ').collect();
            acknowledged.entry(words[0].parse().unwrap()).or_default().insert(words[1].into(), words[2].parse().unwrap());
            count += 1;
            if count == quota {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(count >= quota, "the child of round {round} died of itself");

        let log = EmbeddedLog::open(Config::new(dir.path(), 2)).unwrap();
        for (partition, batches) in &acknowledged {
            let values = runtime.block_on(read_all(&log, Topic::Events, *partition, 0));
            assert!(values.iter().enumerate().all(|(i, (offset, _))| i as u64 == *offset));
            let mut found: BTreeMap<&str, usize> = BTreeMap::new();
            values.iter().for_each(|(_, value)| *found.entry(value.split(' ').next().unwrap()).or_default() += 1);
            for (name, n) in batches {
                assert_eq!(found.get(name.as_str()), Some(n), "{name} was acknowledged");
            }
        }
    }
}
