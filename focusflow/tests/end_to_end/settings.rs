//! Settings, locks, starts and stops.

use std::time::{Duration, Instant};

use crate::machine::{Machine, days_ago, morning, signal};

#[test]
fn check_says_where_values_come_from_and_what_is_wrong() {
    let machine = Machine::new();
    std::fs::write(machine.path("focusflow.toml"), "[ingest]\nmax_body = \"8MiB\"\n").unwrap();
    let said = machine.ok(&["check", "--set", "server.listen=127.0.0.1:0"]);
    let line = said.lines().find(|line| line.starts_with("ingest.max_body")).unwrap();
    assert!(line.contains("8MiB") && line.contains("focusflow.toml"), "{line}");
    assert!(said.contains("all well") && said.contains("is not there yet"), "{said}");
    assert!(!machine.data().exists(), "a mistyped --data makes nothing");

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("server.listen={}", taken.local_addr().unwrap());
    let said = machine.fails(&["check", "--set", &listen]);
    assert!(said.contains("--listen ADDR") && said.contains("1 problem"), "{said}");
}

#[tokio::test]
async fn check_opens_and_reads_what_is_there() {
    let machine = Machine::new();
    let server = machine.start_with(&["--set", "eventlog.partitions=2"]);
    assert_eq!(server.send(morning("ada", days_ago(2)).join("\n")).await.unwrap().0, 202);
    server.until("select count(*) from user_daily where final", "1").await;
    assert!(machine.ok(&["check", "--set", "server.listen=127.0.0.1:0"]).contains("left to the process"));
    server.stop();
    let free = ["check", "--set", "server.listen=127.0.0.1:0"];
    let said = machine.ok(&free);
    let expected = ["2 partitions", "not 4", "193 events taken in, 0 not computed", "1 days of 1 people", "all well"];
    expected.iter().for_each(|part| assert!(said.contains(part), "{said} lacks {part}"));

    let away = machine.path("eventlog");
    std::fs::rename(machine.data().join("eventlog"), &away).unwrap();
    let said = machine.fails(&free);
    assert!(said.contains("PROBLEM event log") && said.contains("one backup") && said.contains("1 problem"), "{said}");
    std::fs::remove_dir_all(machine.data().join("eventlog")).unwrap();
    std::fs::rename(&away, machine.data().join("eventlog")).unwrap();
    std::fs::write(machine.data().join("store/manifest.json"), "{").unwrap();
    assert!(machine.fails(&free).contains("PROBLEM store"));
}

#[test]
fn bad_settings_are_refused_with_what_was_meant() {
    let machine = Machine::new();
    std::fs::write(machine.path("focusflow.toml"), "[ingest]\nmax_boddy = \"8MiB\"\n").unwrap();
    for command in [&["up"][..], &["check"], &["token", "list"]] {
        let said = machine.fails(command);
        assert!(said.contains("max_boddy") && said.contains("did you mean \"ingest.max_body\"?"), "{said}");
    }
    std::fs::write(machine.path("focusflow.toml"), "[store]\nhot_size = \"much\"\n").unwrap();
    assert!(machine.fails(&["up"]).contains("store.hot_size"));
    std::fs::remove_file(machine.path("focusflow.toml")).unwrap();
    let mut command = machine.command(&["token", "list"]);
    let output = command.env("FOCUSFLOW_INGEST_MAX_BODI", "1MiB").output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("FOCUSFLOW_INGEST_MAX_BODY"));
}

#[test]
fn who_only_reads_makes_no_data_directory() {
    let machine = Machine::new();
    for command in [&["sql", "select 1"][..], &["directory", "get"], &["token", "list"], &["token", "revoke", "t"]] {
        let said = machine.fails(command);
        assert!(said.contains("there is no data directory") && said.contains("--data DIR"), "{said}");
    }
    for (url, expected) in
        [("nonsense", "no address"), ("https://127.0.0.1:1", "plain HTTP"), ("http://127.0.0.1:1", "focusflow up")]
    {
        let said = machine.fails(&["sql", "select 1", "--url", url, "--token", "t"]);
        assert!(said.contains(url) && said.contains(expected), "{said}");
    }
    assert!(!machine.data().exists());
    std::fs::write(machine.data(), "").unwrap();
    assert!(machine.fails(&["token", "create", "--name", "x"]).contains("there is a file of that name"));
}

#[tokio::test]
async fn a_second_process_is_told_who_has_the_data() {
    let machine = Machine::new();
    let server = machine.start();
    let started = Instant::now();
    let said = machine.fails(&["up", "--listen", "127.0.0.1:0"]);
    assert!(said.contains("in use by process") && said.contains("--data DIR"), "{said}");
    assert!(started.elapsed() < Duration::from_secs(3));
    assert!(machine.ok(&["check", "--set", "server.listen=127.0.0.1:0"]).contains("which answers at http://127.0.0.1:"));
    assert!(server.stop().0.success());
    assert!(machine.start().stop().0.success(), "the directory is free again");
}

#[tokio::test]
async fn a_clean_stop_keeps_everything_and_the_next_start_is_quick() {
    let machine = Machine::new();
    let server = machine.start();
    let token = server.token.clone();
    for user in 0..20 {
        assert_eq!(server.send(morning(&format!("u{user}"), days_ago(2)).join("\n")).await.unwrap().0, 202);
    }
    let (status, took, _) = server.stop();
    assert!(status.success() && took < Duration::from_secs(10), "{status} after {took:?}");
    let server = machine.start();
    assert!(server.ready_after < Duration::from_secs(2), "ready after {:?}", server.ready_after);
    assert_eq!(server.token, token, "the link stays the same");
    server.until("select count(*) from activity_events", "3600").await;
    server.until("select count(*) from user_daily where final", "20").await;
}

#[tokio::test]
async fn a_token_from_the_environment_signs_in_and_replaces_the_one_before() {
    let machine = Machine::new();
    let secrets = ["a-secret-of-the-house", "another-secret-of-the-house"];
    for secret in secrets {
        let mut command = machine.command(&["up", "--listen", "127.0.0.1:0"]);
        let server = machine.spawn(command.env("FOCUSFLOW_ADMIN_TOKEN", secret));
        assert_eq!(server.token, secret);
        assert_eq!(server.get("/v1/whoami").await.unwrap().0, 200);
        if secret == secrets[1] {
            let old = machine.start_client(&server, secrets[0]);
            assert_eq!(old.get("/v1/whoami").await.unwrap().0, 401);
        }
        server.stop();
    }
    assert!(!machine.data().join("admin-token").exists());
}

#[tokio::test]
async fn a_part_that_cannot_go_on_stops_the_rest_and_says_what_helps() {
    let machine = Machine::new();
    let server = machine.start();
    assert_eq!(server.send(morning("ada", days_ago(2)).join("\n")).await.unwrap().0, 202);
    server.until("select count(*) from activity_events", "180").await;
    server.stop();
    // The store now stands where the log has never been.
    std::fs::remove_dir_all(machine.data().join("eventlog")).unwrap();
    let started = Instant::now();
    let said = machine.fails(&["up", "--listen", "127.0.0.1:0"]);
    assert!(said.contains("processors ended") && said.contains("from a backup") && said.contains("stopped"), "{said}");
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn a_demo_can_be_looked_at_and_stopped_while_its_history_comes_in() {
    let machine = Machine::new();
    let server = machine.start_with(&["--demo"]);
    server.until("select count(*) from directory", "200").await;
    server.until("select count(*) > 20000 from activity_events", "true").await;
    assert_eq!(server.get("/v1/org/summary").await.unwrap().0, 200);
    let (status, took, said) = server.stop();
    assert!(
        status.success() && took < Duration::from_secs(15) && said.contains("everything is on disk"),
        "{status} {took:?} {said}"
    );
    let (_, _, said) = machine.start().stop();
    assert!(said.contains("a demo's company lives"), "{said}");
}

#[tokio::test]
async fn a_demo_moves_in_nowhere_that_has_people_or_events() {
    let machine = Machine::new();
    let server = machine.start();
    assert_eq!(server.send(morning("ada", days_ago(2)).join("\n")).await.unwrap().0, 202);
    server.stop();
    let said = machine.fails(&["up", "--demo", "--listen", "127.0.0.1:0"]);
    assert!(said.contains("made-up") && said.contains("--data DIR"), "{said}");
    machine.start().until("select count(*) from directory", "0").await;

    // Killed as soon as it is ready, it is at home all the same.
    let machine = Machine::new();
    let server = machine.start_with(&["--demo"]);
    server.until("select count(*) from directory", "200").await;
    server.kill();
    machine.start_with(&["--demo"]).until("select count(*) from directory", "200").await;
}

#[tokio::test]
async fn looks_at_peoples_data_are_written_to_a_file_or_with_everything_else() {
    for (set, in_file) in [("log.filter=off", true), ("log.audit=", false)] {
        let machine = Machine::new();
        let log = machine.path("log");
        let mut command = machine.command(&["up", "--listen", "127.0.0.1:0", "--set", set]);
        let server = machine.spawn(command.env_remove("FOCUSFLOW_LOG_FILTER").stderr(std::fs::File::create(&log).unwrap()));
        assert_eq!(server.get("/v1/org/summary").await.unwrap().0, 200);
        server.stop();
        let [file, log] = [machine.data().join("audit.log"), log].map(|path| std::fs::read_to_string(path).unwrap_or_default());
        let [file, log] = [file, log].map(|lines| lines.contains("audit: access token="));
        assert_eq!((file, log), (in_file, !in_file));
    }
}

#[tokio::test]
async fn an_interrupt_stops_it_too() {
    let machine = Machine::new();
    let server = machine.start();
    signal("INT", server.pid());
    assert!(server.wait().success());
}
