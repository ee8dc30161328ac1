//! Three brokers, of which one at a time dies: what was acknowledged is there, once.

use std::process::Command;
use std::time::Duration;

use crate::cluster::{Cluster, Servers};
use crate::node::Role;
use crate::services::Own;
use crate::workload::{Workload, ok};

/// Longer than its cluster takes to find out.
const AWAY: Duration = Duration::from_secs(8);

#[tokio::test(flavor = "multi_thread")]
async fn brokers_may_die_and_leaders_move() {
    let company = Workload::company();
    let brokers = tokio::task::block_in_place(|| Own::start("kafka3"));
    let servers = Servers { kafka: brokers.address(), brokers: 3, ..Servers::shared() };
    let cluster = Cluster::on(servers, company, &[]).await;
    let _ingests = (cluster.start(Role::Ingest).await, cluster.start(Role::Ingest).await);
    let _owners = (cluster.start(Role::Process).await, cluster.start(Role::Process).await);
    let load = cluster.load(company, Duration::from_secs(75));
    for (broker, share) in [("1", 0.1), ("2", 0.4), ("3", 0.7)] {
        load.reaches(share).await;
        tokio::task::block_in_place(|| brokers.kill(broker));
        tokio::time::sleep(AWAY).await;
        // Its partitions have other leaders; one of the brokers led the group as well.
        load.reaches(share + 0.1).await;
        tokio::task::block_in_place(|| brokers.again());
        // And back they go.
        tokio::task::block_in_place(|| elect(&brokers));
    }
    let sent = load.finish().await;
    eprintln!("three brokers died: {sent:?}");
    cluster.settled().await;
    cluster.assert_equal(Workload::company_rows()).await;
}

/// Every partition's preferred broker becomes its leader.
fn elect(brokers: &Own) {
    let jars = brokers.variable("TEST_KAFKA3_JARS");
    let mut command = Command::new("java");
    command.args(["-XX:TieredStopAtLevel=1", "-cp", &format!("{jars}/*"), "org.apache.kafka.tools.LeaderElectionCommand"]);
    command.args(["--bootstrap-server", &brokers.address(), "--election-type", "preferred", "--all-topic-partitions"]);
    ok(&mut command);
}
