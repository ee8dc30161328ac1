//! SIGTERM under load: what is under way is finished, what comes is refused cleanly, partitions are handed over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::cluster::{Cluster, PARTITIONS, SOON};
use crate::load::ROUND;
use crate::node::{Node, Role};
use crate::workload::Workload;

/// Longest that a partition with events waiting may stand still when its owner goes, with a look and a busy machine in it: it is some
/// two seconds on a quiet one.
const PAUSE: Duration = Duration::from_secs(10);

/// Asked to end: it does so by itself, in time.
async fn stop(node: Node) {
    let name = node.name();
    let (status, took) = node.stop().await;
    eprintln!("{name} took {took:?} to end");
    assert!(status.success(), "{name} ended with {status}");
    assert!(took < Duration::from_secs(30), "{name} took {took:?}");
}

/// The longest any partition stood still while events waited in it.
async fn longest_pause(cluster: &Cluster, stop: Arc<AtomicBool>) -> Duration {
    let mut moved = vec![(0, Instant::now()); PARTITIONS as usize];
    let mut longest = Duration::ZERO;
    while !stop.load(Ordering::Relaxed) {
        for ((position, end), (before, at)) in cluster.positions().await.into_iter().zip(&mut moved) {
            // What happened between two looks is not known: at most that it stood still.
            longest = longest.max(at.elapsed());
            if position != *before || position == end {
                (*before, *at) = (position, Instant::now());
            }
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    longest
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_asked_to_stop_finishes_what_is_under_way() {
    let company = Workload::company();
    let cluster = Arc::new(Cluster::new(company).await);
    let (one, other) = (cluster.start(Role::Ingest).await, cluster.start(Role::Ingest).await);
    let (owner, next) = (cluster.start(Role::Process).await, cluster.start(Role::Process).await);
    let query = cluster.start(Role::Query).await;
    let load = cluster.load(company, ROUND);
    load.reaches(0.05).await;
    let over = Arc::new(AtomicBool::new(false));
    let pause = tokio::spawn({
        let (cluster, over) = (cluster.clone(), over.clone());
        async move { longest_pause(&cluster, over).await }
    });
    stop(owner).await;
    tokio::time::sleep(PAUSE).await;
    over.store(true, Ordering::Relaxed);
    let pause = pause.await.unwrap();
    eprintln!("partitions stood still for {pause:?} at most when their owner went");
    assert!(pause < PAUSE, "{pause:?}");
    stop(one).await;
    stop(query).await;
    let sent = load.finish().await;
    eprintln!("producers meanwhile: {sent:?}");
    assert_eq!(sent.cut_off, 0, "no request was left without an answer: {sent:?}");
    cluster.settled().await;
    stop(next).await;
    stop(other).await;
    cluster.assert_equal(Workload::company_rows()).await;
    cluster.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_may_be_restarted_one_after_the_other() {
    let company = Workload::company();
    let cluster = Arc::new(Cluster::new(company).await);
    let mut nodes = Vec::new();
    for role in [Role::Ingest, Role::Query, Role::Process, Role::Ingest, Role::Query, Role::Process] {
        nodes.push(cluster.start(role).await);
    }
    let load = cluster.load(company, ROUND);
    load.reaches(0.05).await;
    for _ in 0..nodes.len() {
        let old = nodes.remove(0);
        // A new one first: so it goes with orchestrators.
        let new = cluster.start(old.role).await;
        stop(old).await;
        if new.role == Role::Query {
            let (status, text) = cluster.get(&new, "/v1/teams").await.unwrap();
            assert_eq!(status, 200, "{text}");
        }
        nodes.push(new);
    }
    let sent = load.finish().await;
    eprintln!("producers meanwhile: {sent:?}");
    assert!(sent.slowest < SOON, "{sent:?}");
    cluster.settled().await;
    cluster.assert_equal(Workload::company_rows()).await;
    cluster.close().await;
}
