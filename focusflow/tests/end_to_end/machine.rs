//! One machine of the tests: a data directory, and the processes started on it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Days are over, and rows final, soon after the last event.
const QUICK: [&str; 2] = ["--set", "processors.idle_after=500ms"];
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Machine {
    dir: tempfile::TempDir,
}

/// A running `focusflow up`. Killed when dropped.
pub struct Server {
    child: Child,
    client: Client,
    /// From the start of the process to its link.
    pub ready_after: Duration,
    stdout: Option<std::thread::JoinHandle<String>>,
}

#[derive(Clone)]
pub struct Client {
    pub url: String,
    pub token: String,
    http: reqwest::Client,
}

impl Machine {
    pub fn new() -> Machine {
        Machine { dir: tempfile::tempdir().unwrap() }
    }

    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_focusflow"));
        // What the developer has set up for themselves is no business of the tests.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FOCUSFLOW_")) {
            command.env_remove(name);
        }
        // A line for each look at people's data is for those who run it, not for those who read tests.
        command.env("FOCUSFLOW_LOG_FILTER", "warn");
        command.current_dir(self.dir.path()).arg("--data").arg(self.data()).args(QUICK).args(args);
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Standard output of a command that must succeed.
    pub fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Standard error of a command that must fail.
    pub fn fails(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(!output.status.success(), "{args:?} succeeded: {}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).unwrap() + &String::from_utf8_lossy(&output.stdout)
    }

    pub fn start(&self) -> Server {
        self.start_with(&[])
    }

    pub fn start_with(&self, args: &[&str]) -> Server {
        self.spawn(self.command(&["up", "--listen", "127.0.0.1:0"]).args(args))
    }

    /// Starts `up` and waits for its link.
    pub fn spawn(&self, command: &mut Command) -> Server {
        let started = Instant::now();
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let link = loop {
            let line = lines.next().expect("`up` prints a link before it ends").unwrap();
            if let Some(at) = line.find("http://") {
                break line[at..].split_whitespace().next().unwrap().to_owned();
            }
        };
        let ready_after = started.elapsed();
        let (url, token) = link.split_once("/#token=").unwrap();
        // Keeps the pipe open, and keeps what is said.
        let stdout = std::thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>().join("\n"));
        let client =
            Client { url: url.into(), token: token.into(), http: reqwest::Client::builder().no_proxy().build().unwrap() };
        Server { child, client, ready_after, stdout: Some(stdout) }
    }

    /// The same server under another token.
    pub fn start_client(&self, server: &Server, token: &str) -> Client {
        Client { token: token.into(), ..server.client.clone() }
    }
}

impl Server {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// At once, whatever it is doing.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, and waits until it has: how it ended, how long that took, what it said.
    pub fn stop(mut self) -> (ExitStatus, Duration, String) {
        let asked = Instant::now();
        signal("TERM", self.child.id());
        let status = self.child.wait().unwrap();
        let said = self.stdout.take().unwrap().join().unwrap();
        (status, asked.elapsed(), said)
    }
}

impl std::ops::Deref for Server {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Client {
    /// None when the server went away before it answered.
    pub async fn post(&self, path: &str, content_type: &str, body: String) -> Option<(u16, Value)> {
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.token);
        let response = request.header("content-type", content_type).body(body).send().await.ok()?;
        let status = response.status().as_u16();
        Some((status, serde_json::from_slice(&response.bytes().await.ok()?).unwrap_or(Value::Null)))
    }

    pub async fn send(&self, lines: String) -> Option<(u16, Value)> {
        self.post("/v1/events", "application/x-ndjson", lines).await
    }

    pub async fn get(&self, path: &str) -> Option<(u16, String)> {
        let response = self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.token).send().await.ok()?;
        Some((response.status().as_u16(), response.text().await.ok()?))
    }

    /// CSV without its header.
    pub async fn sql(&self, sql: &str) -> String {
        let text = String::from_utf8(self.sql_as("text/csv", sql).await).unwrap();
        text.lines().skip(1).map(|line| format!("{line}\n")).collect()
    }

    pub async fn sql_as(&self, media_type: &str, sql: &str) -> Vec<u8> {
        let request = self.http.post(format!("{}/v1/sql", self.url)).bearer_auth(&self.token).header("accept", media_type);
        let response = request.json(&serde_json::json!({ "sql": sql })).send().await.unwrap();
        let (status, body) = (response.status(), response.bytes().await.unwrap());
        assert!(status.is_success(), "{sql}: {status} {}", String::from_utf8_lossy(&body));
        body.into()
    }

    /// Waits until a statement gives what is expected.
    pub async fn until(&self, sql: &str, expected: &str) {
        let started = Instant::now();
        loop {
            let found = self.sql(sql).await;
            if found.trim() == expected {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{sql} still gives {found}, not {expected}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status().unwrap();
    assert!(sent.success());
}

/// Midnight (UTC) some days ago, in milliseconds.
pub fn days_ago(days: i64) -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    (now / 86_400_000 - days) * 86_400_000
}

/// A working day of one person from 9 to 12: coding in short spells, a look at the messages now and then.
pub fn morning(user: &str, day_ms: i64) -> Vec<String> {
    let start = day_ms + 9 * 3_600_000;
    let activity = |i: i64| {
        let (app, category) = if i % 10 == 9 { ("slack", "communication") } else { ("editor", "coding") };
        format!(
            r#"{{"id":"{user}-a{i}","type":"activity","user":"{user}","ts":{},"app":"{app}","category":"{category}","duration_ms":60000}}"#,
            start + i * 60_000
        )
    };
    let message = |i: i64| {
        format!(
            r#"{{"id":"{user}-m{i}","type":"message","user":"{user}","ts":{},"channel":"slack","kind":"dm","direction":"received","peer":"p{i}"}}"#,
            start + i * 15 * 60_000 + 1_000
        )
    };
    let session = |phase: &str, at: i64| {
        format!(
            r#"{{"id":"{user}-s{phase}","type":"session","user":"{user}","ts":{},"session":"s","kind":"focus","phase":"{phase}","planned_ms":3000000}}"#,
            start + at * 60_000
        )
    };
    let mut events: Vec<String> = (0..180).map(activity).chain((1..12).map(message)).collect();
    events.extend([session("start", 10), session("end", 60)]);
    events
}

pub fn write_lines(path: &Path, lines: &[String]) {
    std::fs::write(path, lines.join("\n") + "\n").unwrap();
}
