//! Priorities of messages on a whole server: habits are read from the tables, and of texts nothing stays.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::machine::{Client, Machine, days_ago};

const MINUTE: i64 = 60_000;
const PATIENCE: Duration = Duration::from_secs(60);
/// A word that stands nowhere else.
const SECRET: &str = "xylophonequartz";

fn message(id: &str, ts: i64, peer: &str, direction: &str) -> Value {
    json!({"id": id, "type": "message", "user": "ada", "ts": ts, "channel": "slack", "kind": "dm", "direction": direction, "peer": peer})
}

/// Two weeks in which ada answers her boss within a minute and the bot never.
fn history() -> String {
    let mut lines = String::new();
    for i in 0..15 * 8 {
        let ts = days_ago(2 + i % 15) + 9 * 3_600_000 + i / 15 * 45 * MINUTE;
        for event in [
            message(&format!("boss-{i}"), ts, "boss", "received"),
            message(&format!("answer-{i}"), ts + MINUTE, "boss", "sent"),
            message(&format!("bot-{i}"), ts + 5 * MINUTE, "bot", "received"),
        ] {
            lines += &format!("{event}\n");
        }
    }
    lines
}

fn now() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64
}

/// What ada's own program is told about a message that has just come.
async fn told(client: &Client, event: &Value) -> (u64, String) {
    let started = Instant::now();
    loop {
        let (status, answer) = client.post("/v1/events?priorities=true", "application/json", event.to_string()).await.unwrap();
        if status == 202 {
            let told = &answer["priorities"][0];
            assert_eq!((answer["priorities"].as_array().map(Vec::len), &told["index"]), (Some(1), &json!(0)), "{answer}");
            return (told["priority"].as_u64().unwrap(), told["band"].as_str().unwrap().to_owned());
        }
        // A running server knows a new token within a second.
        assert!(status == 401 && started.elapsed() < PATIENCE, "{status} {answer}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn whom_a_person_answers_quickly_comes_first_and_no_text_stays() {
    let machine = Machine::new();
    let server = machine.start();
    assert_eq!(server.send(history()).await.unwrap().0, 202);
    server.until("select count(*) from message_events", "360").await;
    assert_eq!(server.sql("select count(priority) from message_events").await.trim(), "0", "nothing is to be decided in history");
    let token = machine.ok(&["token", "create", "--name", "laptop", "--role", "ingest", "--person", "ada"]);
    let laptop = machine.start_client(&server, token.trim());

    // Nobody waits for habits: the rule holds until they are read.
    assert_eq!(told(&laptop, &message("first", now(), "boss", "received")).await, (70, "queue".into()));
    let started = Instant::now();
    let mut n = 0;
    loop {
        n += 1;
        let (priority, band) = told(&laptop, &message(&format!("boss-now-{n}"), now(), "boss", "received")).await;
        if band == "notify" {
            assert!(priority >= 80, "{priority}");
            break;
        }
        assert!(started.elapsed() < PATIENCE, "still {priority}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (priority, band) = told(&laptop, &message("bot-now", now(), "bot", "received")).await;
    assert!(priority < 50 && band == "hold", "{priority} {band}");

    let mut own = message("own", now(), "boss", "received");
    own["priority"] = json!(3);
    assert_eq!(told(&laptop, &own).await, (3, "hold".into()));
    let mut urgent = message("urgent", now(), "bot", "received");
    urgent["text"] = json!(format!("urgent: the {SECRET} is out of tune"));
    urgent["data"] = json!({"body": SECRET});
    let (lifted, _) = told(&laptop, &urgent).await;
    assert!(lifted > priority, "{lifted}");

    // What was told is what stands in the tables, under the same rules as all else there.
    let kept = format!("{}\n{lifted}", 3);
    server.until("select priority from message_events where id in ('own', 'urgent') order by id", &kept).await;
    let (status, _, _) = server.stop();
    assert!(status.success());
    assert_eq!(files_with(&machine.data(), SECRET.as_bytes()), Vec::<String>::new());
    assert!(!files_with(&machine.data(), b"boss-now-1").is_empty(), "the search finds what is there");
}

fn files_with(dir: &Path, needle: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, needle));
        } else if std::fs::read(&path).unwrap().windows(needle.len()).any(|window| window == needle) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn bands_that_contradict_one_another_are_refused_at_the_start() {
    let machine = Machine::new();
    for (setting, said) in [("priority.queue=90", "above notify = 80"), ("priority.notify=120", "at most 100")] {
        let complaint = machine.fails(&["check", "--set", setting]);
        assert!(complaint.contains(said), "{complaint}");
    }
}
