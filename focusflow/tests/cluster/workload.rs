//! What goes in, and what has to come out.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use jiff::civil::Weekday;
use jiff::{Timestamp, ToSpan};
use schemas::directory::{Directory, Document};
use serde_json::Value;

use crate::oracle::{self, Tables};

/// Events in one request.
const BATCH: usize = 60;
/// Long enough ago that every day can be final, whatever its time zone.
const DAYS_AGO: i32 = 9;

/// The binary under test, without what the developer has set up for themselves.
pub fn focusflow() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_focusflow"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FOCUSFLOW_")) {
        command.env_remove(name);
    }
    command
}

/// Standard output of a command that must succeed.
pub fn ok(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub struct Workload {
    pub document: Document,
    /// Native events, one a line, in the order they come.
    pub lines: Vec<String>,
}

impl Workload {
    /// Two working days of so many people, each with about so many thousand events a day.
    pub fn simulated(people: usize, density: f64, seed: u64) -> Workload {
        Workload::until(&thursday(), 2, people, density, seed)
    }

    /// So many days that end now, in the middle of somebody's work: not all of it can be final.
    pub fn until_now(days: u32, people: usize, density: f64, seed: u64) -> Workload {
        Workload::until(&Timestamp::now().to_string(), days, people, density, seed)
    }

    fn until(end: &str, days: u32, people: usize, density: f64, seed: u64) -> Workload {
        let dir = tempfile::tempdir().unwrap();
        let (events, directory) = (dir.path().join("events"), dir.path().join("directory"));
        let mut command = focusflow();
        command.args(["simulate", "--days", &days.to_string(), "--until", end]).arg("--data").arg(dir.path());
        command.args(["--people", &people.to_string(), "--density", &density.to_string(), "--seed", &seed.to_string()]);
        ok(command.arg("--out").arg(&events).arg("--directory").arg(&directory));
        let lines = std::fs::read_to_string(&events).unwrap().lines().map(String::from).collect();
        Workload { document: serde_json::from_slice(&std::fs::read(&directory).unwrap()).unwrap(), lines }
    }

    /// What most tests send: computed once for all of them.
    pub fn company() -> &'static Workload {
        static COMPANY: OnceLock<Workload> = OnceLock::new();
        COMPANY.get_or_init(|| Workload::simulated(48, 0.25, 7))
    }

    /// The rows of `company`.
    pub fn company_rows() -> &'static Tables {
        static ROWS: OnceLock<Tables> = OnceLock::new();
        ROWS.get_or_init(|| Workload::company().rows())
    }

    /// The rows these events make, by the independent computation.
    pub fn rows(&self) -> Tables {
        oracle::compute(&self.document, &self.events())
    }

    pub fn events(&self) -> Vec<Value> {
        self.lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Bodies of requests.
    pub fn batches(&self) -> Vec<String> {
        self.lines.chunks(BATCH).map(|lines| lines.join("\n")).collect()
    }

    /// The partition a line's events belong to.
    pub fn partition(&self, directory: &Directory, line: &str, partitions: u32) -> u32 {
        let event: Value = serde_json::from_str(line).unwrap();
        let user = event["user"].as_str().unwrap();
        eventlog::partition_of(directory.resolve(user).unwrap_or(user).as_bytes(), partitions)
    }

    pub fn write_directory(&self, file: &Path) {
        std::fs::write(file, serde_json::to_vec(&self.document).unwrap()).unwrap();
    }
}

/// The last Thursday that is long enough ago, so that the two days before it are working days.
fn thursday() -> String {
    let mut date = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date() - DAYS_AGO.days();
    while date.weekday() != Weekday::Thursday {
        date -= 1.day();
    }
    date.to_string()
}
