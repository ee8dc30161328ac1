//! PostgreSQL is gone: everything goes on with the directory and the tokens it had.

use std::time::{Duration, Instant};

use crate::cluster::{Cluster, SOON, Servers};
use crate::compare::differences;
use crate::node::Role;
use crate::services::Own;
use crate::tables::assert_none;
use crate::workload::Workload;

/// From a change of the directory until all rows are as if it had always been so.
const BOUND: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn the_directory_may_be_out_of_reach_and_change_later() {
    let company = Workload::company();
    let server = tokio::task::block_in_place(|| Own::start("postgres"));
    let servers = Servers { postgres: server.address(), ..Servers::shared() };
    let cluster = Cluster::on(servers, company, &[]).await;
    let mut nodes = vec![cluster.start(Role::Ingest).await];
    nodes.push(cluster.start(Role::Process).await);
    nodes.push(cluster.start(Role::Process).await);
    nodes.push(cluster.start(Role::Query).await);
    let load = cluster.load(company, Duration::from_secs(25));
    load.reaches(0.3).await;
    tokio::task::block_in_place(|| server.stop());
    let sent = load.finish().await;
    assert!(sent.later.is_empty() && sent.cut_off == 0, "tokens hold without PostgreSQL: {sent:?}");
    cluster.settled().await;
    cluster.assert_equal(Workload::company_rows()).await;
    let (status, _) = cluster.get(&nodes[3], "/v1/teams").await.unwrap();
    assert_eq!(status, 200, "and so do those of readers");

    tokio::task::block_in_place(|| server.again());
    let mut moved = Workload { document: company.document.clone(), lines: company.lines.clone() };
    let team = moved.document.people[0].team.clone();
    for (i, person) in moved.document.people.iter_mut().enumerate() {
        match i % 4 {
            0 => person.team = team.clone(),
            1 => person.time_zone = "Pacific/Auckland".into(),
            2 => person.working_hours.start = "06:00".into(),
            _ => {}
        }
    }
    let expected = moved.rows();
    tokio::task::block_in_place(|| cluster.put_directory(&moved));
    let began = Instant::now();
    let mut wrong = differences(&expected, &cluster.tables().await);
    let mut first_seen = None;
    let before = wrong.len();
    while !wrong.is_empty() && began.elapsed() < BOUND {
        tokio::time::sleep(Duration::from_millis(250)).await;
        wrong = differences(&expected, &cluster.tables().await);
        if wrong.len() < before && first_seen.is_none() {
            first_seen = Some(began.elapsed());
        }
    }
    assert_none("after the directory changed", &wrong);
    eprintln!("a change of the directory was felt after {first_seen:?}, all of it after {:?}", began.elapsed());
    assert!(nodes.iter_mut().all(|node| node.is_running()));
    assert!(began.elapsed() < SOON);
    cluster.close().await;
}
