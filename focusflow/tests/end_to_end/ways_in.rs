//! Events by HTTP and by file, and what can be asked of them afterwards.

use std::time::Duration;

use crate::machine::{Machine, days_ago, morning, write_lines};

#[tokio::test]
async fn events_posted_are_rows_and_figures() {
    let machine = Machine::new();
    let server = machine.start();
    let (status, answer) = server.send(morning("ada", days_ago(2)).join("\n")).await.unwrap();
    assert_eq!((status, &answer["accepted"]), (202, &193.into()), "{answer}");
    server.until("select count(*) from activity_events", "180").await;
    server.until("select count(*) from user_daily where final", "1").await;
    let day = "select user_id, active_ms, focus_ms, comm_ms, messages_received, sessions, sessions_completed, session_ms from user_daily";
    // 180 minutes, every tenth of them communication; a session of 50 minutes as planned.
    assert_eq!(server.sql(day).await.trim(), "ada,10800000,9720000,1080000,11,1,1,3000000");

    let (status, answer) = server.send("{\"id\":\"x\"}\n".into()).await.unwrap();
    assert_eq!((status, &answer["code"]), (400, &"nothing_usable".into()), "{answer}");
    assert_eq!(server.post("/v1/sql", "application/json", "{\"sql\":\"selec 1\"}".into()).await.unwrap().0, 400);
    for path in ["/healthz", "/readyz", "/metrics"] {
        let (status, body) = server.get(path).await.unwrap();
        assert_eq!(status, 200, "{path}: {body}");
    }
    assert!(server.get("/metrics").await.unwrap().1.contains("focusflow_ingest_"));
}

#[tokio::test]
async fn the_command_line_asks_the_running_server_and_the_files_alike() {
    let machine = Machine::new();
    let server = machine.start();
    server.send(morning("ada", days_ago(2)).join("\n")).await.unwrap();
    server.until("select count(*) from user_daily where final", "1").await;
    let sql = ["sql", "select user_id, active_ms from user_daily", "--format", "csv"];
    let running = machine.ok(&sql);
    assert_eq!(running, "user_id,active_ms\nada,10800000\n");
    assert!(machine.fails(&["sql", "select * from nowhere"]).contains("nowhere"));
    let wrong = ["sql", "select user_id,\n  nope from user_daily"];
    let complaint = machine.fails(&wrong);
    assert!(complaint.contains("no column 'nope'") && complaint.ends_with("    nope from user_daily\n    ^\n"), "{complaint}");
    assert!(!machine.fails(&["sql", "drop table user_daily"]).contains("--token"));
    let (status, _, said) = server.stop();
    assert!(status.success() && said.contains("everything is on disk"), "{said}");
    assert_eq!(machine.ok(&sql), running);
    let table = machine.ok(&["sql", "select user_id, first_active from user_daily"]);
    assert!(table.contains("\nada      20") && table.ends_with("1 row\n"), "{table}");
    assert_eq!(machine.fails(&wrong), complaint);
    assert!(machine.ok(&["sql", "select user_id from user_daily", "--format", "json"]).contains(r#"{"user_id":"ada"}"#));
}

#[tokio::test]
async fn the_directory_and_tokens_reach_a_running_server() {
    let machine = Machine::new();
    let server = machine.start();
    let file = machine.path("directory.json");
    std::fs::write(&file, r#"{"teams":[{"id":"t-1","name":"One"}],"people":[{"id":"ada","team":"t-1","aliases":["slack:U1"]}]}"#)
        .unwrap();
    machine.ok(&["directory", "check", file.to_str().unwrap()]);
    machine.ok(&["directory", "put", file.to_str().unwrap()]);
    server.until("select user_id, team_name from directory", "ada,One").await;
    server.send(morning("slack:U1", days_ago(2)).join("\n")).await.unwrap();
    server.until("select distinct user_id, team_id from user_daily", "ada,t-1").await;

    let mut sender = machine.start_client(&server, machine.ok(&["token", "create", "--name", "laptop"]).trim());
    for _ in 0..50 {
        if sender.send(morning("bob", days_ago(2))[0].clone()).await.unwrap().0 == 202 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    server.until("select distinct source from activity_events where user_id = 'bob'", "laptop").await;
    let list = machine.ok(&["token", "list"]);
    let id = list.lines().find(|line| line.contains("laptop")).unwrap().split_whitespace().next().unwrap();
    machine.ok(&["token", "revoke", id]);
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(sender.send(morning("bob", days_ago(2))[1].clone()).await.unwrap().0, 401);
    sender.token = "nonsense".into();
    assert_eq!(sender.get("/v1/whoami").await.unwrap().0, 401);
}

#[tokio::test]
async fn the_administrators_token_stays_with_its_own_server() {
    let machine = Machine::new();
    let server = machine.start();
    let ask = ["sql", "select 1 as one", "--format", "csv"];
    let at = [&ask[..], &["--url", &server.url]].concat();
    assert_eq!(machine.ok(&at), "one\n1\n");
    // Another machine with a token of its own, which would be told to whoever is named.
    let other = Machine::new();
    other.start().stop();
    let said = other.fails(&at);
    assert!(said.contains("--token") && said.contains("on this data directory alone"), "{said}");
    let output = other.command(&at).env("FOCUSFLOW_ADMIN_TOKEN", &server.token).output().unwrap();
    assert!(!output.status.success());
    let output = other.command(&at).env("FOCUSFLOW_TOKEN", &server.token).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "one\n1\n");
    let output = machine.command(&ask).env("FOCUSFLOW_ADMIN_TOKEN", "").env("FOCUSFLOW_TOKEN", "").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "one\n1\n", "empty is as good as unset");
    let listens = server.url.clone();
    server.kill();
    // What a killed one left behind names an address where anybody may answer by now.
    assert!(machine.fails(&[&ask[..], &["--url", &listens]].concat()).contains("--token"));
}

#[tokio::test]
async fn a_member_gets_a_link_to_their_own_day() {
    let machine = Machine::new();
    let server = machine.start();
    let create = |args: &[&str]| {
        let output = machine.run(&[&["token", "create", "--name", "browser"], args].concat());
        assert!(output.status.success());
        (String::from_utf8(output.stdout).unwrap().trim().to_owned(), String::from_utf8(output.stderr).unwrap())
    };
    let (secret, said) = create(&["--role", "member", "--person", "ann"]);
    assert!(said.contains(&format!("{}/#token={secret}", server.url)), "{said}");
    assert!(said.contains("the directory knows no ann"), "{said}");
    let (secret, said) = create(&["--role", "ingest"]);
    assert!(!said.contains(&secret) && !said.contains("note:"), "{said}");
    std::fs::write(machine.path("people.csv"), "id,team,aliases\nann,core,slack:U1\n").unwrap();
    machine.ok(&["directory", "put", "people.csv"]);
    let (_, said) = create(&["--role", "member", "--person", "slack:U1"]);
    assert!(!said.contains("note:"), "{said}");
}

#[test]
fn the_directory_comes_as_json_or_csv() {
    let machine = Machine::new();
    let write = |name: &str, text: &str| std::fs::write(machine.path(name), text).unwrap();
    write("all.json", r#"{"teams":[{"id":"t-1","name":"One"}],"people":[{"id":"ada","team":"t-1"}]}"#);
    write("people", "\u{feff}id,team,aliases\nada,t-1,slack:U1;email:a@x.org\nbob,t-2,\n");
    write("people.csv", "id,colour\nada,red\n");
    machine.ok(&["directory", "put", "all.json"]);
    assert!(machine.ok(&["directory", "check", "people"]).contains("2 people in 2 teams, all well"));
    machine.ok(&["directory", "put", "people"]);
    let now = machine.ok(&["directory", "get"]);
    assert!(now.contains(r#""One""#) && now.contains(r#""t-2""#) && now.contains("email:a@x.org"), "{now}");
    for command in ["check", "put"] {
        let said = machine.fails(&["directory", command, "people.csv"]);
        assert!(said.contains("people.csv") && said.contains("\"colour\""), "{said}");
    }
    write("half.json", "{\"teams\": [");
    assert!(machine.fails(&["directory", "put", "half.json"]).contains("focusflow directory get"));
    assert_eq!(machine.ok(&["directory", "get"]), now, "what is refused changes nothing");
}

#[test]
fn an_import_is_all_there_and_final_when_it_returns() {
    let machine = Machine::new();
    let file = machine.path("events.ndjson");
    let mut lines: Vec<String> = (0..40).flat_map(|user| morning(&format!("u{user}"), days_ago(3))).collect();
    lines.insert(100, "not an event".into());
    lines.insert(200, r#"{"id":"x","type":"dance","user":"u","ts":1}"#.into());
    write_lines(&file, &lines);
    let said = machine.ok(&["import", file.to_str().unwrap()]);
    assert!(said.contains("7,720 events") && said.contains("2 rejected") && said.contains("40 days of 40 people"), "{said}");
    let rejected = std::fs::read_to_string(machine.path("events.ndjson.rejected.ndjson")).unwrap();
    let indexes: Vec<u64> = rejected
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["index"].as_u64().unwrap())
        .collect();
    assert_eq!(indexes, [100, 200]);
    assert!(rejected.contains("unknown_type") && rejected.contains("malformed"), "{rejected}");

    let count = |sql: &str| machine.ok(&["sql", sql, "--format", "csv"]).lines().last().unwrap().to_owned();
    assert_eq!(count("select count(*), sum(active_ms) from user_daily where final"), "40,432000000");
    assert_eq!(count("select count(*) from user_5m where not final"), "0");
    let output = machine.run(&["import", "events.ndjson", "events.ndjson.rejected.ndjson"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("events.ndjson.rejected.ndjson: left out"), "{said}");
    assert_eq!(count("select count(*) from activity_events"), "7200", "the same events again count once");
    assert!(machine.fails(&["import", "events.ndjson.rejected.ndjson"]).contains("nothing to import"));
}

#[tokio::test]
async fn an_import_goes_to_the_server_that_runs() {
    let machine = Machine::new();
    let server = machine.start();
    let file = machine.path("events.ndjson");
    let mut lines = morning("ada", days_ago(3));
    lines.push("not an event".into());
    write_lines(&file, &lines);
    let said = machine.ok(&["import", file.to_str().unwrap()]);
    assert!(said.contains("193 events") && said.contains("1 rejected"), "{said}");
    assert_eq!(server.sql("select count(*) from activity_events").await.trim(), "180", "computed when the import returns");
    server.until("select count(*) from user_daily where final", "1").await;
    let said = machine.fails(&["import", file.to_str().unwrap(), "--source", "old-tool"]);
    assert!(said.contains("token create --name old-tool"), "{said}");
}

#[tokio::test]
async fn a_simulated_workforce_comes_to_a_server_with_its_teams() {
    let machine = Machine::new();
    let server = machine.start();
    let simulate = |args: &[&str]| {
        let output = machine.run(&[&["simulate", "--people", "40", "--url", &server.url], args].concat());
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let (sent, said) = simulate(&["--days", "1", "--until", "2026-11-20"]);
    assert!(sent && said.contains("40 simulated people"), "{said}");
    server.until("select count(*) > 0 from directory where team_id is not null", "true").await;
    let (sent, said) = simulate(&["--days", "1", "--until", "2026-11-20"]);
    assert!(sent && !said.contains("note:"), "it knows them: {said}");
    std::fs::write(machine.path("people.csv"), "id,team\nann,core\n").unwrap();
    machine.ok(&["directory", "put", "people.csv"]);
    server.until("select count(*) from directory", "1").await;
    let (sent, said) = simulate(&["--days", "1", "--until", "2026-11-20"]);
    assert!(sent && said.contains("has people of its own"), "{said}");
    server.until("select count(*) from directory", "1").await;
    let (sent, said) = simulate(&["--days", "0"]);
    assert!(!sent && said.contains("--speed 1"), "{said}");

    // As time goes by, from now on, at once.
    let mut live = machine.command(&["simulate", "--people", "500", "--url", &server.url, "--speed", "1"]).spawn().unwrap();
    server.until("select count(*) > 0 from activity_events where ts > now() - interval '1 hour'", "true").await;
    drop(live.kill());
    live.wait().unwrap();
}

#[test]
fn a_simulated_workforce_can_be_written_and_imported() {
    let machine = Machine::new();
    let (events, directory) = (machine.path("events.ndjson"), machine.path("directory.json"));
    let out = ["simulate", "--people", "12", "--days", "2", "--until", "2026-03-05", "--out", events.to_str().unwrap()];
    machine.ok(&[&out[..], &["--directory", directory.to_str().unwrap()]].concat());
    let first = std::fs::read(&events).unwrap();
    machine.ok(&out);
    assert!(!first.is_empty() && first == std::fs::read(&events).unwrap(), "the same seed, the same bytes");
    machine.ok(&["directory", "put", directory.to_str().unwrap()]);
    machine.ok(&["import", events.to_str().unwrap()]);
    let ids: std::collections::HashSet<&[u8]> = first.split(|b| *b == b'\n').filter(|line| !line.is_empty()).collect();
    let count = "select (select count(*) from activity_events) + (select count(*) from message_events) + (select count(*) from session_events)";
    let rows: usize = machine.ok(&["sql", count, "--format", "csv"]).lines().last().unwrap().parse().unwrap();
    assert!(rows > 0 && rows <= ids.len(), "{rows} rows of {} lines", ids.len());
}
