//! Partitions change hands: from one that is frozen, among many that come and go; and one is far busier than the others.

use std::time::{Duration, Instant};

use schemas::Directory;

use crate::cluster::{Cluster, PARTITIONS, SOON, Servers};
use crate::load::ROUND;
use crate::node::Role;
use crate::workload::Workload;

const CHANGES: usize = 14;
const OWNED: &str = "focusflow_processors_owned_partitions";

/// A zombie: it still believes in its partitions when it wakes up, and writes nothing wrong.
#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_freezes_and_wakes_up_changes_nothing() {
    let company = Workload::company();
    let cluster = Cluster::new(company).await;
    let _ingest = cluster.start(Role::Ingest).await;
    let (one, two) = (cluster.start(Role::Process).await, cluster.start(Role::Process).await);
    let load = cluster.load(company, ROUND);
    load.reaches(0.05).await;
    for zombie in [&one, &two] {
        zombie.freeze();
        // The other has everything: what comes in from now on is processed, in every partition.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let ends: Vec<u64> = cluster.positions().await.iter().map(|(_, end)| *end).collect();
        let began = Instant::now();
        while cluster.positions().await.iter().zip(&ends).any(|((position, _), end)| position < end) {
            assert!(began.elapsed() < SOON, "the partitions of a frozen owner are nobody's: {:?}", cluster.positions().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        eprintln!("a frozen owner's partitions went on after {:?}", began.elapsed() + Duration::from_secs(2));
        zombie.thaw();
        tokio::time::sleep(Duration::from_secs(4)).await;
    }
    load.finish().await;
    cluster.settled().await;
    cluster.assert_equal(Workload::company_rows()).await;
    // Both are owners again.
    let began = Instant::now();
    for node in [&one, &two] {
        while cluster.metric(node, OWNED).await.is_none_or(|owned| owned < 1.0) {
            assert!(began.elapsed() < SOON, "{} never got a partition again", node.name());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    cluster.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_may_come_and_go_every_few_seconds() {
    let company = Workload::company();
    let cluster = Cluster::new(company).await;
    let _ingest = cluster.start(Role::Ingest).await;
    let mut owners = vec![cluster.start(Role::Process).await];
    let load = cluster.load(company, ROUND);
    for change in 0..CHANGES {
        // One, two, three, two, one, …: the oldest goes, at times without a word. Nobody waits until the group has settled.
        if change % 4 < 2 {
            owners.push(cluster.launch(Role::Process, &[]));
        } else if change % 8 == 3 {
            owners.remove(0).kill();
        } else {
            let (status, _) = owners.remove(0).stop().await;
            assert!(status.success(), "an owner that was asked to go: {status}");
        }
        tokio::time::sleep(Duration::from_millis(2_200)).await;
    }
    load.finish().await;
    cluster.settled().await;
    cluster.assert_equal(Workload::company_rows()).await;
    cluster.close().await;
}

/// While one partition is far behind, the events of the others are in the tables soon.
#[tokio::test(flavor = "multi_thread")]
async fn a_busy_partition_holds_up_no_other() {
    const PROBES: usize = 60;
    let crowd = Workload::simulated(100, 1.0, 11);
    let directory = Directory::new(crowd.document.clone()).unwrap();
    let of = |line: &String| crowd.partition(&directory, line, PARTITIONS);
    let (busy, mut quiet): (Vec<String>, Vec<String>) = crowd.lines.iter().cloned().partition(|line| of(line) == 0);
    // A hundredth for each of the others.
    quiet.truncate(busy.len() / 100 * (PARTITIONS as usize - 1));
    // Many small commits: it stays behind for a while. None waits for its turn: what is measured is whether they wait for one another.
    let settings = ["processors.max_batch=64KiB", "processors.backlog_batch=64KiB", "clickhouse.commits_per_second=1000"];
    let cluster = Cluster::on(Servers::shared(), &crowd, &settings).await;
    let _ingest = cluster.start(Role::Ingest).await;
    let flood = busy.chunks(1_000).map(|lines| lines.join("\n")).collect();
    cluster.load_batches(flood, Duration::ZERO).finish().await;
    let _owner = cluster.start(Role::Process).await;
    let began = Instant::now();
    let mut waits = Vec::new();
    for probe in quiet.chunks(quiet.len().div_ceil(PROBES)) {
        let asked = Instant::now();
        cluster.load_batches(vec![probe.join("\n")], Duration::ZERO).finish().await;
        let is_behind = loop {
            let positions = cluster.positions().await;
            if positions[1..].iter().all(|(position, end)| position == end) {
                break positions[0].0 < positions[0].1;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        if is_behind {
            waits.push(asked.elapsed());
        }
    }
    waits.sort();
    let (median, longest) = (waits[waits.len() / 2], waits[waits.len() - 1]);
    eprintln!("{} events in one partition; beside it {} probes: {median:?}, at most {longest:?}", busy.len(), waits.len());
    assert!(waits.len() > 5, "the busy partition was behind for too short a while");
    cluster.caught_up().await;
    eprintln!("all of it was there after {:?}", began.elapsed());
    // However fast the machine: they do not wait for the other one.
    assert!(longest * 4 < began.elapsed(), "{waits:?}");
    cluster.settled().await;
    let sent = Workload { document: crowd.document.clone(), lines: busy.into_iter().chain(quiet).collect() };
    cluster.assert_equal(&sent.rows()).await;
    cluster.close().await;
}
