//! SIGKILL in mid-load: nothing acknowledged is lost, nothing counts twice.

use std::process::Stdio;
use std::time::Duration;

use crate::machine::{Machine, Server, days_ago, morning, write_lines};

const BATCHES: usize = 60;

/// Everybody's mornings of some days, shuffled a little, in batches.
fn batches() -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for day in 2..5 {
        for user in 0..12 {
            lines.extend(
                morning(&format!("u{user}"), days_ago(day))
                    .into_iter()
                    .map(|line| line.replace("\"id\":\"", &format!("\"id\":\"d{day}-"))),
            );
        }
    }
    // A fixed permutation: neighbours in a batch are of other people and days, and out of order.
    let len = lines.len();
    let shuffled: Vec<String> = (0..len).map(|i| lines[i * 4_999 % len].clone()).collect();
    shuffled.chunks(len.div_ceil(BATCHES)).map(|chunk| chunk.join("\n")).collect()
}

/// What must not depend on what happened on the way.
async fn tables(server: &Server) -> Vec<String> {
    let mut all = Vec::new();
    let statements = [
        "select user_id, id, ts, app, category from activity_events order by 1, 2",
        "select user_id, id, ts, kind from message_events order by 1, 2",
        "select user_id, id, ts, phase from session_events order by 1, 2",
        "select user_id, message_id, ts, in_focus_by, attended, lag_ms, load, final from interruptions order by 1, 2",
        "select user_id, start_ts, end_ts, focus_ms, interruptions, final from focus_blocks order by 1, 2",
        "select user_id, window_start, active_ms, focus_ms, switches, load, interruption_score, final from user_5m order by 1, 2",
        "select user_id, day, active_ms, focus_ms, comm_ms, stretch_ms, interruptions, load, focus_score, streak_days, rest_ms, final \
         from user_daily order by 1, 2",
    ];
    for sql in statements {
        all.push(server.sql(sql).await);
    }
    all
}

async fn settled(server: &Server) {
    server.until("select count(*) from activity_events", "6480").await;
    server.until("select count(*) from user_daily where final", "36").await;
    server.until("select count(*) from user_5m where not final", "0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_event_counts_exactly_once_however_often_it_is_killed() {
    let batches = batches();
    let calm = Machine::new();
    let server = calm.start();
    for batch in &batches {
        assert_eq!(server.send(batch.clone()).await.unwrap().0, 202);
    }
    settled(&server).await;
    let expected = tables(&server).await;
    assert_eq!(expected[0].lines().count(), 6_480);

    // Small flushes, so that kills hit before, in and after them.
    let machine = Machine::new();
    let flags = ["--set", "store.flush_interval=250ms"];
    let mut server = machine.start_with(&flags);
    let (mut kills, mut chance) = (0, 7u64);
    for batch in &batches {
        loop {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Every fifth batch or so: kill while it is under way, at some moment within it.
            let answer = if (chance >> 33).is_multiple_of(5) && kills < 12 {
                kills += 1;
                let patience = Duration::from_micros((chance >> 20) % 30_000);
                let answer = tokio::time::timeout(patience, server.send(batch.clone())).await.ok().flatten();
                server.kill();
                server = machine.start_with(&flags);
                answer
            } else {
                server.send(batch.clone()).await
            };
            // Not acknowledged: sent again, as producers do.
            if answer.is_some_and(|(status, _)| status == 202) {
                break;
            }
        }
    }
    assert!(kills >= 8, "only {kills} kills");
    settled(&server).await;
    server.kill();
    let server = machine.start();
    settled(&server).await;
    for (found, expected) in tables(&server).await.iter().zip(&expected) {
        assert!(found == expected, "after {kills} kills:\n{}\ninstead of\n{}", head(found), head(expected));
    }
}

fn head(text: &str) -> String {
    text.lines().take(20).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_import_that_is_killed_goes_on_and_counts_once() {
    let machine = Machine::new();
    let file = machine.path("events.ndjson");
    let lines: Vec<String> = (0..400).flat_map(|user| morning(&format!("u{user}"), days_ago(3))).collect();
    write_lines(&file, &lines);
    for wait in [150, 400, 900] {
        let mut child = machine.command(&["import", file.to_str().unwrap()]).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        drop(child.kill());
        child.wait().unwrap();
    }
    machine.ok(&["import", file.to_str().unwrap()]);
    let sql = "select count(*), count(distinct user_id), sum(active_ms) from user_daily where final";
    assert!(machine.ok(&["sql", sql, "--format", "csv"]).ends_with("\n400,400,4320000000\n"));
    assert!(machine.ok(&["sql", "select count(*) from activity_events", "--format", "csv"]).ends_with("\n72000\n"));
}
