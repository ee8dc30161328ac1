//! SIGKILL: of every role, at any moment, and of an owner at each request of a commit.

use std::time::Duration;

use crate::cluster::{Cluster, SOON, Servers};
use crate::compare::unequal;
use crate::load::ROUND;
use crate::machine::Machine;
use crate::node::Role;
use crate::proxy::{Proxy, Side};
use crate::tables::assert_none;
use crate::workload::Workload;

const KILLS: u64 = 15;

/// The same file on one machine and through a cluster whose processes are killed: the same rows, and the same answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_whose_processes_are_killed_is_one_machine() {
    let company = Workload::company();
    let cluster = Cluster::new(company).await;
    let mut nodes = Vec::new();
    for role in [Role::Ingest, Role::Process, Role::Query, Role::Ingest, Role::Process] {
        nodes.push(cluster.start(role).await);
    }
    let load = cluster.load(company, ROUND);
    for kill in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(900 + 700 * (kill % 4))).await;
        let victim = nodes.remove(0);
        let role = victim.role;
        victim.kill();
        let mut next = cluster.launch(role, &[]);
        next.listening(SOON).await;
        nodes.push(next);
    }
    let sent = load.finish().await;
    cluster.settled().await;
    cluster.assert_equal(Workload::company_rows()).await;
    eprintln!("{KILLS} kills: {sent:?}");

    let machine = tokio::task::spawn_blocking(|| Machine::import(Workload::company())).await.unwrap();
    assert_none("one machine and the cluster", &unequal(&machine.tables().await, &cluster.tables().await));
    let query = nodes.iter().find(|node| node.role == Role::Query).unwrap();
    machine.answers_like(&cluster, query).await;
    cluster.close().await;
}

/// Wherever in taking its partitions, in a commit or between two an owner dies, the next one goes on from a whole commit.
#[tokio::test(flavor = "multi_thread")]
async fn an_owner_may_die_at_any_request_of_a_commit() {
    let company = Workload::company();
    let mut servers = Servers::shared();
    let proxy = Proxy::new(&servers.clickhouse).await;
    let direct = std::mem::replace(&mut servers.clickhouse, proxy.url.clone());
    let mut cluster = Cluster::on(servers, company, &[]).await;
    // The test itself looks at the tables without the proxy.
    cluster.servers.clickhouse = direct;
    let _ingest = cluster.start(Role::Ingest).await;
    let load = cluster.load(company, ROUND);
    // A process that comes back under its name has its partitions at once, instead of after the session's end.
    let named = ["kafka.properties=group.instance.id=one"];
    let mut kills = 0;
    // Its start makes some 50 requests; from then on it is commits.
    for n in [1, 3, 8, 16, 29, 41, 55, 56, 57, 58, 59, 60, 61, 62, 70, 93] {
        for side in [Side::Before, Side::After] {
            let owner = cluster.launch(Role::Process, &named);
            proxy.hold_from(n, side);
            tokio::time::timeout(SOON, proxy.held()).await.unwrap_or_else(|_| panic!("{side:?} {n} was never reached"));
            owner.kill();
            proxy.heal();
            kills += 1;
        }
    }
    let _owner = cluster.start_with(Role::Process, &named).await;
    load.finish().await;
    cluster.settled().await;
    cluster.assert_equal(Workload::company_rows()).await;
    eprintln!("{kills} kills");
    cluster.close().await;
}
