//! Who owns which partition, with several processes in the group.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use focusflow_eventlog::assignment::Lost;
use focusflow_eventlog::kafka::{Config, KafkaLog};
use focusflow_eventlog::{Assignment, Change, EventLog, Topic};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use tokio::time::timeout;

use crate::SOON;
use crate::broker::Broker;

const PARTITIONS: u32 = 4;

fn config(broker: &Broker) -> Config {
    Config { partitions: PARTITIONS, ..broker.config() }
}

async fn gained(assignment: &mut Assignment, count: usize) -> Vec<u32> {
    let mut all = Vec::new();
    while all.len() < count {
        match timeout(SOON, assignment.next()).await.expect("partitions come").unwrap() {
            Change::Gained(partitions) => all.extend(partitions),
            Change::Lost(lost) => panic!("lost {:?}", lost.partitions),
        }
    }
    all.sort_unstable();
    all
}

async fn gained_at_once(assignment: &mut Assignment) -> Vec<u32> {
    match timeout(SOON, assignment.next()).await.expect("an answer").unwrap() {
        Change::Gained(partitions) => partitions,
        Change::Lost(lost) => panic!("lost {:?}", lost.partitions),
    }
}

async fn lost(assignment: &mut Assignment) -> Lost {
    match timeout(SOON, assignment.next()).await.expect("partitions go").unwrap() {
        Change::Lost(lost) => lost,
        Change::Gained(partitions) => panic!("gained {partitions:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_moves_once_its_owner_has_let_go_and_the_others_stay() {
    let broker = Broker::get();
    let config = config(&broker);
    let (one, two) = (KafkaLog::open(config.clone()).await.unwrap(), KafkaLog::open(config).await.unwrap());
    let mut first = one.join().await.unwrap();
    assert_eq!(gained(&mut first, 4).await, [0, 1, 2, 3]);
    let mut second = two.join().await.unwrap();
    let going = lost(&mut first).await;
    assert!(going.partitions.len() == 2 && !going.is_late, "{going:?}");
    assert!(gained_at_once(&mut second).await.is_empty(), "the group has answered, and has nothing yet");
    let early = timeout(Duration::from_secs(1), second.next()).await;
    assert!(early.is_err(), "nobody has let go yet: {early:?}");
    let mut moved = going.partitions.clone();
    moved.sort_unstable();
    drop(going);
    assert_eq!(gained(&mut second, 2).await, moved);
    let quiet = timeout(Duration::from_millis(500), first.next()).await;
    assert!(quiet.is_err(), "the others stay where they are: {quiet:?}");
    // One leaves: they come back at once, not only when it is missed.
    let left = Instant::now();
    drop(second);
    assert_eq!(gained(&mut first, 2).await, moved);
    assert!(left.elapsed() < Duration::from_secs(5), "{:?}", left.elapsed());
    drop(first);
    one.close().await;
    two.close().await;
    broker.clean_up().await;
}

/// So that it knows itself ready to take over.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_for_whom_there_is_nothing_is_told_so_and_takes_over() {
    let broker = Broker::get();
    let config = Config { partitions: 1, ..broker.config() };
    let (one, two) = (KafkaLog::open(config.clone()).await.unwrap(), KafkaLog::open(config).await.unwrap());
    let mut first = one.join().await.unwrap();
    assert_eq!(gained(&mut first, 1).await, [0]);
    let mut standby = two.join().await.unwrap();
    assert!(gained_at_once(&mut standby).await.is_empty());
    assert_eq!(two.ends(Topic::Events, &[0]).await.unwrap(), vec![0]);
    drop(first);
    assert_eq!(gained(&mut standby, 1).await, [0]);
    drop(standby);
    one.close().await;
    two.close().await;
    broker.clean_up().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_released_is_what_the_group_has_committed() {
    let broker = Broker::get();
    let config = config(&broker);
    let log = KafkaLog::open(config.clone()).await.unwrap();
    log.append(Topic::Events, vec![(2, focusflow_eventlog::testing::batch("a", 50))]).await.unwrap();
    let mut assignment = log.join().await.unwrap();
    gained(&mut assignment, 4).await;
    log.release(Topic::Events, 2, 30).await.unwrap();
    log.release(Topic::Events, 2, 20).await.unwrap();
    let began = Instant::now();
    loop {
        let committed = committed(&config, 2);
        if committed == Offset::Offset(30) {
            break;
        }
        assert!(committed == Offset::Invalid && began.elapsed() < SOON, "{committed:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    drop(assignment);
    log.close().await;
    broker.clean_up().await;
}

fn committed(config: &Config, partition: i32) -> Offset {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", &config.brokers).set("group.id", &config.group);
    let client: BaseConsumer = client.create().unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition(&config.topics[0], partition);
    client.committed_offsets(list, SOON).unwrap().elements()[0].offset()
}

/// A process that stands still past its session has lost its partitions, and hears of it when it goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_process_loses_its_partitions_and_is_told_so() {
    let broker = Broker::get();
    let config = config(&broker);
    let log = KafkaLog::open(config.clone()).await.unwrap();
    let mut frozen = Process::start(&config);
    assert_eq!(frozen.says(), "gained 4");
    frozen.signal("STOP");
    let mut assignment = log.join().await.unwrap();
    assert_eq!(gained(&mut assignment, 4).await, [0, 1, 2, 3]);
    frozen.signal("CONT");
    assert_eq!(frozen.says(), "lost 4 late");
    drop((frozen, assignment));
    log.close().await;
    broker.clean_up().await;
}

struct Process {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Process {
    /// This test program again, running `member` alone.
    fn start(config: &Config) -> Process {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "group::member", "--nocapture", "--test-threads=1"])
            .env("MEMBER_OF", format!("{} {} {}", config.brokers, config.topics.join(","), config.group))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Process { child, lines }
    }

    fn says(&mut self) -> String {
        let mut lines = self.lines.by_ref().map(Result::unwrap);
        lines.find_map(|line| Some(line.split_once("says: ")?.1.to_owned())).expect("it goes on")
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Not a test of its own: the other process, told by MEMBER_OF what to join.
#[tokio::test(flavor = "multi_thread")]
async fn member() {
    let Ok(told) = std::env::var("MEMBER_OF") else { return };
    let [brokers, topics, group] = told.split(' ').collect::<Vec<_>>()[..] else { panic!("{told}") };
    let topics: Vec<String> = topics.split(',').map(String::from).collect();
    let config = Config {
        topics: topics.try_into().unwrap(),
        group: group.into(),
        partitions: PARTITIONS,
        session_timeout: Duration::from_secs(6),
        ..Config::new(brokers, "")
    };
    let log = KafkaLog::open(config).await.unwrap();
    let mut assignment = log.join().await.unwrap();
    let say = |what: String| {
        println!("says: {what}");
        std::io::stdout().flush().unwrap();
    };
    // Until it is killed.
    loop {
        match assignment.next().await.unwrap() {
            Change::Gained(partitions) => say(format!("gained {}", partitions.len())),
            Change::Lost(lost) => {
                say(format!("lost {} {}", lost.partitions.len(), if lost.is_late { "late" } else { "in time" }))
            }
        }
    }
}
