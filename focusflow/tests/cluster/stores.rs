//! ClickHouse is gone, or slow: nothing is lost, nobody's memory grows with what waits.

use std::time::{Duration, Instant};

use crate::cluster::{Cluster, SOON, Servers};
use crate::node::{Node, Role};
use crate::proxy::Proxy;
use crate::services::Own;
use crate::workload::Workload;

const OUTAGE: Duration = Duration::from_secs(120);

/// An owner's memory while it cannot write: what it had, half as much again, and what is read ahead.
fn bound(before: u64) -> u64 {
    before + before / 2 + (96 << 20)
}

fn mib(bytes: u64) -> u64 {
    bytes >> 20
}

/// The most memory of any of them until the time is over.
async fn watch(nodes: &[&mut Node], until: Instant) -> u64 {
    let mut most = 0;
    while Instant::now() < until {
        most = most.max(nodes.iter().map(|node| node.memory()).max().unwrap());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    most
}

#[tokio::test(flavor = "multi_thread")]
async fn clickhouse_may_be_gone_for_minutes() {
    let company = Workload::company();
    let server = tokio::task::block_in_place(|| Own::start("clickhouse"));
    let servers = Servers { clickhouse: server.address(), ..Servers::shared() };
    let cluster = Cluster::on(servers, company, &["clickhouse.fsync=true", "clickhouse.retry_for=2s"]).await;
    let _ingest = cluster.start(Role::Ingest).await;
    let (mut one, mut two) = (cluster.start(Role::Process).await, cluster.start(Role::Process).await);
    let load = cluster.load(company, OUTAGE);
    load.reaches(0.1).await;
    let before = one.memory().max(two.memory());
    server.kill("engine");
    let most = watch(&[&mut one, &mut two], Instant::now() + OUTAGE).await;
    eprintln!("without ClickHouse an owner went from {} to {} MiB", mib(before), mib(most));
    assert!(most < bound(before), "{} MiB after {} MiB", mib(most), mib(before));
    assert!(one.is_running() && two.is_running(), "an owner waits for its store");
    let sent = load.finish().await;
    assert!(sent.slowest < SOON, "intake does not wait for the store: {sent:?}");
    tokio::task::block_in_place(|| server.again());
    assert!(cluster.lag().await > 0, "what came meanwhile waits");
    let began = Instant::now();
    cluster.caught_up().await;
    eprintln!("caught up {:?} after it was back", began.elapsed());
    cluster.settled().await;
    cluster.assert_equal(Workload::company_rows()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_clickhouse_slows_owners_and_fills_no_memory() {
    let crowd = Workload::simulated(100, 1.0, 5);
    let mut servers = Servers::shared();
    let proxy = Proxy::new(&servers.clickhouse).await;
    let direct = std::mem::replace(&mut servers.clickhouse, proxy.url.clone());
    let mut cluster = Cluster::on(servers, &crowd, &["kafka.read_ahead=8MiB"]).await;
    cluster.servers.clickhouse = direct;
    let _ingest = cluster.start(Role::Ingest).await;
    let mut owner = cluster.start(Role::Process).await;
    let batches = crowd.lines.chunks(500).map(|lines| lines.join("\n")).collect();
    let load = cluster.load_batches(batches, Duration::from_secs(20));
    load.reaches(0.1).await;
    let before = owner.memory();
    proxy.delay(Duration::from_secs(2));
    let most = watch(&[&mut owner], Instant::now() + Duration::from_secs(25)).await;
    load.finish().await;
    assert!(cluster.lag().await > 0, "it keeps up with a store this slow");
    eprintln!("with a slow ClickHouse an owner went from {} to {} MiB", mib(before), mib(most));
    // Its people's days are in memory as well: those grow with the people, not with what waits.
    assert!(most < bound(before), "{} MiB after {} MiB", mib(most), mib(before));
    assert!(owner.is_running(), "an owner waits for its store");
    proxy.delay(Duration::ZERO);
    cluster.settled().await;
    cluster.assert_equal(&crowd.rows()).await;
    cluster.close().await;
}
