//! Machines do not agree on the time: what they compute is the same all the same.

use std::time::Duration;

use jiff::{Timestamp, ToSpan};

use crate::cluster::Cluster;
use crate::compare::differences;
use crate::load::ROUND;
use crate::node::Role;
use crate::tables::assert_none;
use crate::workload::Workload;

/// Long enough for a working day to be among them, whatever the day of the week.
const DAYS: u32 = 4;

#[tokio::test(flavor = "multi_thread")]
async fn clocks_that_differ_change_no_row() {
    // Up to this moment: an hour ahead, a partition in which nothing happens for a second believes that what is still to come is over.
    let workload = Workload::until_now(DAYS, 24, 0.25, 17);
    let cluster = Cluster::new(&workload).await;
    let _early = cluster.start_at(Role::Ingest, 3).await;
    let _late = cluster.start_at(Role::Ingest, -3).await;
    let ahead = cluster.start_at(Role::Process, 60).await;
    let _behind = cluster.start_at(Role::Process, -3).await;
    let query = cluster.start(Role::Query).await;
    let load = cluster.load(&workload, ROUND);
    load.reaches(0.4).await;
    // Its partitions go to one that is more than an hour behind it, and back.
    ahead.kill();
    tokio::time::sleep(Duration::from_secs(10)).await;
    let _ahead = cluster.start_at(Role::Process, 60).await;
    load.finish().await;
    cluster.caught_up().await;
    // The clocks were wrong indeed: events are from a minute that is still to come, and from one before any was sent.
    let stamps = "countIf(ingested_at > now() + 60) > 0, countIf(ingested_at < now() - 120) > 0";
    assert_eq!(cluster.ask(&format!("SELECT {stamps} FROM {}.activity_events", cluster.name)).await, "1\t1");
    // Whether a day is over is all that a clock says: then its rows are final, and has it a risk.
    let (mut expected, mut found) = (workload.rows(), cluster.tables().await);
    expected.values_mut().flat_map(|rows| rows.values_mut()).for_each(|row| drop(row.remove("final")));
    let over = (Timestamp::now() - 48.hours()).to_string()[..10].to_owned();
    for tables in [&mut expected, &mut found] {
        // Nor is a message given a priority a day after it came.
        tables.get_mut("message_events").unwrap().values_mut().for_each(|row| drop(row.remove("priority")));
        tables.get_mut("burnout_risk").unwrap().retain(|_, row| row["day"].as_str().unwrap() <= over.as_str());
        assert!(!tables["burnout_risk"].is_empty());
    }
    assert_none("the tables and the oracle", &differences(&expected, &found));
    assert_eq!(cluster.get(&query, "/readyz").await.map(|(status, _)| status), Some(200));
    cluster.close().await;
}
