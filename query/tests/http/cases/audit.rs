//! The audit log: who read what, and who was refused.

use std::fmt;
use std::sync::{Arc, Mutex};

use reqwest::Method;
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span;
use tracing::subscriber::DefaultGuard;

use super::setting::*;

/// Lines of the target "audit", as "name=value" of all fields.
#[derive(Clone, Default)]
struct Audit(Arc<Mutex<Vec<String>>>);

impl tracing::Subscriber for Audit {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "audit"
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0 += &format!("{}={value:?} ", field.name());
    }
}

impl Audit {
    /// For this thread, which does all of a test's work.
    fn listen() -> (Audit, DefaultGuard) {
        let audit = Audit::default();
        (audit.clone(), tracing::subscriber::set_default(audit))
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[tokio::test]
async fn each_read_of_people_s_data_leaves_a_line_and_so_does_each_refusal() {
    let (audit, _guard) = Audit::listen();
    let world = World::start().await;
    for (role, path, allowed) in [
        ("manager", "/v1/teams", true),
        ("ingest", "/v1/teams", true),
        ("member", "/v1/whoami", true),
        ("admin", "/v1/directory", true),
        ("ingest", "/v1/directory", false),
        ("member", "/v1/teams/t-2/summary", false),
        ("analyst", "/v1/org/summary", true),
        ("member", "/v1/me/summary", true),
        ("member", "/v1/me/advice", true),
        ("admin", "/v1/me/advice", false),
        ("analyst", "/v1/advice/feedback", true),
        ("manager", "/v1/advice/feedback", false),
    ] {
        audit.take();
        assert_eq!(world.status(role, path).await == 200, allowed, "{role} {path}");
        let lines = audit.take();
        assert!(lines.len() == 1 && lines[0].contains(&format!("allowed={allowed}")), "{role} {path}: {lines:?}");
    }
}

#[tokio::test]
async fn who_said_what_of_their_advice_is_not_in_the_log() {
    let (audit, _guard) = Audit::listen();
    let world = World::start().await;
    audit.take();
    world.status("member", "/v1/me/advice").await;
    let looked = audit.take();
    let path = "/v1/me/advice/late-evenings:21/not-useful";
    assert_eq!(world.send(Method::POST, "member", path, None).await.status(), 204);
    assert_eq!(audit.take(), looked, "as if they had only looked");
}

#[tokio::test]
async fn a_statement_is_written_whole() {
    let (audit, _guard) = Audit::listen();
    let world = World::start().await;
    let sql = format!("/* {} */ SELECT count(*) FROM user_5m WHERE user_id = 't-2.1'", "-".repeat(10_000));
    assert_eq!(world.send(Method::POST, "admin", "/v1/sql", Some(json!({ "sql": sql }))).await.status(), 200);
    let lines = audit.take();
    assert!(lines.iter().any(|line| line.contains("user_id = 't-2.1'")), "{lines:?}");
}

#[tokio::test]
async fn looking_again_at_a_subscription_is_no_news() {
    let (audit, _guard) = Audit::listen();
    let world = World::with(|config| config.live.ping = std::time::Duration::from_millis(20)).await;
    let mut client = super::live::Client::connect(&world, "manager").await;
    client.subscribe("a", "team:t-2", None).await;
    client.next().await;
    audit.take();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(audit.take(), Vec::<String>::new());
    let changes = serde_json::from_value(json!({"manager": false})).unwrap();
    store::control::ControlStore::patch_person(&*world.control, "boss", changes).await.unwrap();
    while client.next().await["type"] != "error" {}
    let lines = audit.take();
    assert!(lines.len() == 1 && lines[0].contains("allowed=false") && lines[0].contains("t-2"), "{lines:?}");
}
