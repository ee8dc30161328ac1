//! The same on one machine: `focusflow import`, and the answers of `focusflow up`.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use store::embedded::{Config, EmbeddedStore};

use crate::cluster::{ADMIN, Cluster};
use crate::compare::differences;
use crate::node::Node;
use crate::oracle::Tables;
use crate::tables::{assert_none, dump};
use crate::workload::{Workload, focusflow, ok};

/// A data directory into which a workload was imported.
pub struct Machine {
    dir: tempfile::TempDir,
    member: String,
    team: String,
    days: (String, String),
}

struct Up(std::process::Child);

impl Drop for Up {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Machine {
    pub fn import(workload: &Workload) -> Machine {
        let dir = tempfile::tempdir().unwrap();
        let times = workload.events().into_iter().map(|event| event["ts"].as_i64().unwrap());
        let day = |ms: i64| schemas::directory::date((ms / 86_400_000) as i32).to_string();
        let days = (day(times.clone().min().unwrap()), day(times.max().unwrap()));
        let person = &workload.document.people[0];
        let machine = Machine { dir, member: person.id.clone(), team: person.team.clone().unwrap(), days };
        std::fs::write(machine.path("events.ndjson"), workload.lines.join("\n")).unwrap();
        workload.write_directory(&machine.path("directory.json"));
        ok(machine.command().args(["directory", "put", "directory.json"]));
        ok(machine.command().args(["import", "events.ndjson"]));
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self) -> Command {
        let mut command = focusflow();
        command.current_dir(self.dir.path()).env("FOCUSFLOW_ADMIN_TOKEN", ADMIN).arg("--data").arg(self.path("data"));
        command.args(["--set", "processors.idle_after=500ms"]);
        command
    }

    pub async fn tables(&self) -> Tables {
        let store = self.path("data").join("store");
        let store = tokio::task::spawn_blocking(move || EmbeddedStore::open(Config::new(store)).unwrap()).await.unwrap();
        let tables = dump(&store).await;
        store.close().await.unwrap();
        tables
    }

    /// `up` on these data and the cluster's query role give the same JSON, whatever they are asked.
    pub async fn answers_like(&self, cluster: &Cluster, query: &Node) {
        let mut up = self.command().args(["up", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(up.stdout.take().unwrap()).lines().map_while(Result::ok);
        let link = lines.find_map(|line| line.find("http://").map(|at| line[at..].to_owned())).expect("`up` prints a link");
        let _up = Up(up);
        let here = link.split("/#").next().unwrap().to_owned();
        let token = ["token", "create", "--name", "page", "--role", "member", "--person", &self.member];
        let secrets = [
            ok(self.command().args(token)).trim().to_owned(),
            ok(cluster.command(&token).arg("--data").arg(cluster.path("cli"))).trim().to_owned(),
        ];
        // Both learn of it within a second.
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        let asked = |path: String| {
            let (here, secrets) = (&here, &secrets);
            async move {
                let mine = path.contains("/me/");
                let began = Instant::now();
                loop {
                    let one = get(cluster, here, &path, if mine { &secrets[0] } else { ADMIN }).await;
                    let other = get(cluster, &query.url, &path, if mine { &secrets[1] } else { ADMIN }).await;
                    if same(&one, &other) {
                        return;
                    }
                    assert!(began.elapsed() < STALE, "{path}: one machine says\n{one}\nthe cluster\n{other}");
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            }
        };
        let (from, to) = &self.days;
        let span = format!("from={from}&to={to}");
        for unit in ["/v1/org".to_owned(), format!("/v1/teams/{}", self.team), "/v1/me".to_owned()] {
            asked(format!("{unit}/summary?{span}")).await;
            asked(format!("{unit}/trends?{span}")).await;
            asked(format!("{unit}/heatmap?{span}")).await;
            asked(format!("{unit}/timeline?{span}&step=1h")).await;
        }
        asked(format!("/v1/me/blocks?{span}")).await;
        asked(format!("/v1/me/interruptions?{span}")).await;
        asked("/v1/teams".into()).await;
        asked("/v1/directory".into()).await;
        for sql in STATEMENTS {
            let (one, other) = (statement(cluster, &here, sql).await, statement(cluster, &query.url, sql).await);
            // A count is an Int64 here and a UInt64 there.
            assert!(same(&one["rows"], &other["rows"]), "{sql}: one machine says\n{one}\nthe cluster\n{other}");
        }
    }
}

/// Figures that were read before the last commits, whose updates a kill may have cost, are served for 15 s at most, and read again
/// behind that.
const STALE: Duration = Duration::from_secs(60);

/// What both engines understand alike.
const STATEMENTS: [&str; 5] = [
    "select user_id, day, active_ms, focus_ms, interruptions, focus_score, streak_days, first_active from user_daily order by 1, 2",
    "select count(*) as n, sum(focus_ms) as focus_ms, max(active_ms) as active_ms from user_5m where final",
    "select user_id, count(*) as n, sum(lag_ms) as lag_ms from interruptions where attended group by user_id order by user_id",
    "select app, category, count(*) as n from activity_events where not afk group by app, category order by app, category",
    "select user_id, team_id from directory order by user_id",
];

async fn get(cluster: &Cluster, url: &str, path: &str, token: &str) -> Value {
    let answer = cluster.http.get(format!("{url}{path}")).bearer_auth(token).send().await.unwrap();
    read(path, answer).await
}

async fn statement(cluster: &Cluster, url: &str, sql: &str) -> Value {
    let request = cluster.http.post(format!("{url}/v1/sql")).bearer_auth(ADMIN).header("accept", "application/json");
    read(sql, request.json(&json!({ "sql": sql })).send().await.unwrap()).await
}

async fn read(what: &str, answer: reqwest::Response) -> Value {
    let (url, status, text) = (answer.url().to_string(), answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{url}, {what}: {status} {text}");
    let value: Value = serde_json::from_str(&text).unwrap();
    assert!(value != json!([]) && value != json!({}), "{url}, {what}: there is something to compare");
    value
}

/// Floats as `compare` has them, everything else exactly.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
        _ => crate::compare::same(one, other),
    }
}

/// Of what the other tests send, one machine makes the rows the oracle does; and there are some of every kind.
#[tokio::test(flavor = "multi_thread")]
async fn one_machine_and_the_oracle_agree() {
    let machine = tokio::task::block_in_place(|| Machine::import(Workload::company()));
    let expected = tokio::task::block_in_place(Workload::company_rows);
    assert_none("the import and the oracle", &differences(expected, &machine.tables().await));
    assert!(
        expected.iter().all(|(_, rows)| rows.len() > 40),
        "{:?}",
        expected.iter().map(|(t, r)| (t, r.len())).collect::<Vec<_>>()
    );
}
