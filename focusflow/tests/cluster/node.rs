//! One process of a cluster.

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Ingest,
    Process,
    Query,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Ingest => "ingest",
            Role::Process => "process",
            Role::Query => "query",
        }
    }
}

/// Where producers send to: the ingests that were started and not stopped.
#[derive(Clone, Default)]
pub struct Doors(Arc<Mutex<Vec<(u32, String)>>>);

impl Doors {
    pub fn open(&self, pid: u32, url: &str) {
        self.0.lock().unwrap().push((pid, url.to_owned()));
    }

    fn close(&self, pid: u32) {
        self.0.lock().unwrap().retain(|(p, _)| *p != pid);
    }

    pub fn any(&self, turn: usize) -> Option<String> {
        let doors = self.0.lock().unwrap();
        (!doors.is_empty()).then(|| doors[turn % doors.len()].1.clone())
    }
}

/// Killed when dropped.
pub struct Node {
    pub role: Role,
    pub url: String,
    pub log: PathBuf,
    child: Child,
    doors: Doors,
}

/// A signal of the system, by its short name.
pub fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status().unwrap().success());
}

impl Node {
    /// Starts it; its address is known once it is `listening`.
    pub fn spawn(role: Role, mut command: Command, log: PathBuf, doors: Doors) -> Node {
        let file = std::fs::File::create(&log).unwrap();
        let child = command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        Node { role, url: String::new(), log, child, doors }
    }

    /// Waits for the line that says where it listens.
    pub async fn listening(&mut self, patience: Duration) {
        let began = Instant::now();
        loop {
            let said = std::fs::read_to_string(&self.log).unwrap_or_default();
            let ready = said.lines().map(str::trim_start).find(|line| line.starts_with("ready"));
            if let Some(at) = ready.and_then(|line| line.find("127.0.0.1:").map(|at| &line[at..])) {
                let end =
                    at["127.0.0.1:".len()..].find(|c: char| !c.is_ascii_digit()).map_or(at.len(), |n| n + "127.0.0.1:".len());
                self.url = format!("http://{}", &at[..end]);
                break;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "{} ended before it was ready, {}: {said}", self.name(), ended.unwrap());
            assert!(began.elapsed() < patience, "{} is not ready after {patience:?}: {said}", self.name());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        if self.role == Role::Ingest {
            self.doors.open(self.child.id(), &self.url);
        }
    }

    /// Its role and its log's number.
    pub fn name(&self) -> String {
        self.log.file_stem().unwrap().to_string_lossy().into_owned()
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// SIGKILL, at once, whatever it is doing.
    pub fn kill(mut self) {
        self.end();
    }

    /// SIGSTOP: it stands still, its connections stay.
    pub fn freeze(&self) {
        signal("STOP", self.child.id());
    }

    pub fn thaw(&self) {
        signal("CONT", self.child.id());
    }

    /// SIGTERM, and waits until it has ended: how, and how long that took. Producers send to it until it is gone.
    pub async fn stop(mut self) -> (ExitStatus, Duration) {
        let asked = Instant::now();
        signal("TERM", self.child.id());
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, asked.elapsed());
            }
            assert!(asked.elapsed() < Duration::from_secs(60), "{} does not end", self.name());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Memory it holds, in bytes.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }

    fn end(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        self.doors.close(self.child.id());
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.end();
    }
}
