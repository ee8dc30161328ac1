//! One connection's side of the protocol: what the client asks for, whether it may, and again whenever rights change.

use std::sync::Arc;
use std::time::{Duration, Instant};

use schemas::control::{Control, Token};
use serde::Deserialize;
use tokio::sync::watch;

use super::hub::{Connection, ErrorMessage};
use super::outbox::{Outbox, Outgoing};
use super::topic::Key;
use crate::Error;
use crate::access::{Request, Viewer};
use crate::app::{App, Caller};

const MAX_SUB_CHARS: usize = 64;
/// A page that opens subscribes to all it shows at once.
const MAX_MESSAGES_A_SECOND: u32 = 100;

#[derive(Debug, Deserialize)]
struct ClientMessage {
    op: String,
    sub: Option<String>,
    topic: Option<String>,
    from: Option<u64>,
}

/// Why a request of the client is refused; the connection stays.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: &'static str,
    pub message: String,
}

fn refuse(code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal { code, message: message.into() }
}

pub struct Session {
    app: App,
    caller: Caller,
    pub outbox: Arc<Outbox>,
    /// As of when rights were last looked at.
    control: watch::Receiver<Arc<Control>>,
    checked: Instant,
    /// Messages of the client in the second that began then.
    second: (Instant, u32),
    _place: Connection,
}

/// The token is no longer valid: the connection has to close.
#[derive(Debug)]
pub struct Revoked;

impl Session {
    pub fn new(app: App, caller: Caller) -> Result<Session, Error> {
        let place = app.hub.connect(&caller.viewer.token)?;
        let outbox = Outbox::new(app.config.live.outbox);
        let (control, now) = (app.deps.control.clone(), Instant::now());
        Ok(Session { app, caller, outbox, control, checked: now, second: (now, 0), _place: place })
    }

    /// The next message to send. A reader may be slow: rights are looked at again before each that comes late.
    pub fn next(&mut self) -> Result<Option<Outgoing>, Revoked> {
        let is_due = self.checked.elapsed() >= self.app.config.live.ping / 2 || self.control.has_changed().unwrap_or(true);
        if is_due {
            self.recheck()?;
        }
        Ok(self.outbox.pop())
    }

    /// Takes a message of the client; what is wrong with it goes into the outbox.
    pub async fn take(&mut self, text: &str) {
        if self.second.0.elapsed() >= Duration::from_secs(1) {
            self.second = (Instant::now(), 0);
        }
        self.second.1 += 1;
        if self.second.1 > MAX_MESSAGES_A_SECOND {
            let message = format!("a client sends at most {MAX_MESSAGES_A_SECOND} messages a second");
            return self.refused(None, refuse("too_many_messages", message));
        }
        let message: ClientMessage = match serde_json::from_str(text) {
            Ok(message) => message,
            Err(e) => return self.refused(None, refuse("bad_message", format!("this is no message of the protocol: {e}"))),
        };
        let sub = message.sub.clone();
        if let Err(refusal) = self.obey(message).await {
            self.refused(sub.as_deref(), refusal);
        }
    }

    async fn obey(&mut self, message: ClientMessage) -> Result<(), Refusal> {
        let sub = message.sub.unwrap_or_default();
        if sub.is_empty() || sub.chars().count() > MAX_SUB_CHARS {
            return Err(refuse("bad_message", format!("sub must have 1 to {MAX_SUB_CHARS} characters")));
        }
        match message.op.as_str() {
            "subscribe" => {
                let topic = message.topic.ok_or_else(|| refuse("bad_message", "subscribe needs a topic"))?;
                self.subscribe(&sub, &topic, message.from).await
            }
            "unsubscribe" if self.outbox.unsubscribe(&sub) => Ok(()),
            "unsubscribe" => Err(refuse("unknown_sub", "there is no subscription of that name")),
            _ => Err(refuse("unknown_op", "op must be subscribe or unsubscribe")),
        }
    }

    pub async fn subscribe(&mut self, sub: &str, topic: &str, from: Option<u64>) -> Result<(), Refusal> {
        let limit = self.app.config.live.max_subscriptions;
        if self.outbox.subscriptions() >= limit {
            return Err(refuse("too_many_subscriptions", format!("a connection has at most {limit} subscriptions")));
        }
        let key = self.key(topic)?;
        self.caller.may(request(&key), "live").map_err(refused)?;
        let topic = self.app.hub.open(key).await.map_err(|e| refuse("unavailable", e.to_string()))?;
        if !self.outbox.subscribe(sub, topic, from) {
            return Err(refuse("duplicate_sub", "there is a subscription of that name: unsubscribe it first"));
        }
        Ok(())
    }

    fn key(&self, topic: &str) -> Result<Key, Refusal> {
        match topic {
            "me" => {
                let person = self.caller.viewer.person.clone();
                person.map(Key::Me).ok_or_else(|| refuse("forbidden", "this token speaks for no person"))
            }
            "org" => Ok(Key::Org),
            "pipeline" => Ok(Key::Pipeline),
            _ => match topic.strip_prefix("team:") {
                Some(id) if !id.is_empty() => Ok(Key::Team(id.to_owned())),
                _ => Err(refuse("unknown_topic", "topics are me, team:ID, org and pipeline")),
            },
        }
    }

    /// Rights may have changed: looks at the token and every subscription again.
    pub fn recheck(&mut self) -> Result<(), Revoked> {
        self.checked = Instant::now();
        self.control.mark_unchanged();
        let (control, now) = (self.app.control(), self.app.now());
        let token = control.tokens.iter().find(|t| t.id == self.caller.viewer.token);
        let Some(token) = token.filter(|t: &&Token| t.expires_at.is_none_or(|at| now < at)) else { return Err(Revoked) };
        let org = self.app.org(&control);
        let viewer = Viewer::new(token, &control.directory, &org, now);
        if viewer.person != self.caller.viewer.person {
            return Err(Revoked);
        }
        self.caller = Caller { viewer, control: control.clone(), org, now };
        for (sub, key) in self.outbox.topics() {
            if let Err(error) = self.caller.may_again(request(&key), "live, again") {
                self.outbox.unsubscribe(&sub);
                self.refused(Some(&sub), refused(error));
            }
        }
        Ok(())
    }

    fn refused(&self, sub: Option<&str>, refusal: Refusal) {
        let message = ErrorMessage { r#type: "error", sub, code: refusal.code, message: refusal.message };
        self.outbox.push_text(serde_json::to_string(&message).unwrap_or_default());
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.outbox.unsubscribe_all();
    }
}

fn request(key: &Key) -> Request<'_> {
    match key {
        Key::Me(_) => Request::Me,
        Key::Team(id) => Request::Team(id),
        Key::Org => Request::Org,
        Key::Pipeline => Request::Pipeline,
    }
}

fn refused(error: Error) -> Refusal {
    match error {
        Error::NotFound(message) => refuse("unknown_topic", message),
        other => refuse("forbidden", other.to_string()),
    }
}
