//! The servers under test.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, OnceLock};

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/services.sh")
}

fn run(arguments: &[&str], env: &[(&str, String)]) -> String {
    let mut command = Command::new(script());
    command.args(arguments).envs(env.iter().map(|(k, v)| (*k, v.as_str()))).stdin(Stdio::null());
    let output = command.output().expect("deploy/services.sh can be run");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "deploy/services.sh {}: {said}", arguments.join(" "));
    String::from_utf8(output.stdout).unwrap()
}

fn address(lines: &str) -> String {
    let line = lines.lines().next().expect("services.sh env says something");
    line.trim_start_matches("export ").split_once('=').unwrap().1.trim_matches('\'').to_owned()
}

/// Where the service is that all tests share.
pub fn shared(service: &'static str) -> String {
    static KNOWN: OnceLock<Mutex<HashMap<&'static str, String>>> = OnceLock::new();
    let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap();
    let find = || {
        let variable = format!("TEST_{}", service.to_uppercase());
        std::env::var(variable).unwrap_or_else(|_| {
            run(&["start", service], &[]);
            address(&run(&["env", service], &[]))
        })
    };
    known.entry(service).or_insert_with(find).clone()
}

/// A server of one test alone, to be killed and started again.
pub struct Own {
    service: &'static str,
    dir: tempfile::TempDir,
    port: (String, String),
}

impl Own {
    pub fn start(service: &'static str) -> Own {
        let port = (format!("{}_PORT", service.to_uppercase()), free_port().to_string());
        let own = Own { service, dir: tempfile::tempdir().unwrap(), port };
        own.again();
        own
    }

    pub fn again(&self) {
        self.run("start");
    }

    pub fn stop(&self) {
        self.run("stop");
    }

    /// As losing power would, but for what the kernel still has.
    pub fn kill(&self, process: &str) {
        let file = self.dir.path().join(self.service).join(format!("{process}.pid"));
        let pid = std::fs::read_to_string(file).unwrap();
        let pid = pid.split_whitespace().next().unwrap().to_owned();
        assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
        // It holds its ports until the kernel has done with it.
        while runs(&pid) {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    pub fn address(&self) -> String {
        address(&self.run("env"))
    }

    /// Something else that clients must know.
    pub fn variable(&self, name: &str) -> String {
        let lines = self.run("env");
        let line = lines.lines().find_map(|line| line.strip_prefix("export ")?.strip_prefix(name)?.strip_prefix('='));
        line.expect("services.sh env names it").trim_matches('\'').to_owned()
    }

    fn run(&self, verb: &str) -> String {
        let dir = self.dir.path().to_str().unwrap();
        run(&[verb, "--data", dir, self.service], &[(self.port.0.as_str(), self.port.1.clone())])
    }
}

/// Not as a zombie either: that holds nothing any more.
fn runs(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|state| !state.is_empty() && !state.starts_with('Z'))
}

/// Free at this moment, as are those beside it that brokers take, and below those that clients' ends are given (from 32768 on): who
/// asks for a server that is away, again and again, would in the end be connected to itself, and hold its port.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = std::process::id() as u16 % 400;
    (0..400)
        .map(|_| 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 400 * 30)
        .find(|port| (*port..port + 30).all(|port| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok()))
        .expect("thirty ports in a row are free")
}

impl Drop for Own {
    fn drop(&mut self) {
        // The test has its verdict by now.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.stop()));
    }
}
