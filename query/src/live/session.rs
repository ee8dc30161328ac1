//! One connection's side of the protocol: what the client asks for, whether it may, and again whenever rights change.

use std::sync::Arc;

use schemas::control::Token;
use serde::Deserialize;

use super::hub::{Connection, ErrorMessage};
use super::outbox::Outbox;
use super::topic::Key;
use crate::Error;
use crate::access::{Request, Viewer};
use crate::app::{App, Caller};

const MAX_SUB_CHARS: usize = 64;

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
    _place: Connection,
}

impl Session {
    pub fn new(app: App, caller: Caller) -> Result<Session, Error> {
        let place = app.hub.connect(&caller.viewer.token)?;
        let outbox = Outbox::new(app.config.live.outbox);
        Ok(Session { app, caller, outbox, _place: place })
    }

    /// Takes a message of the client; what is wrong with it goes into the outbox.
    pub async fn take(&mut self, text: &str) {
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
        allow(&self.caller, &key, "live")?;
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

    /// Rights may have changed: looks at the token and every subscription again. False when the connection has to close.
    pub fn recheck(&mut self) -> bool {
        let (control, now) = (self.app.control(), self.app.now());
        let token = control.tokens.iter().find(|t| t.id == self.caller.viewer.token);
        let Some(token) = token.filter(|t: &&Token| t.expires_at.is_none_or(|at| now < at)) else { return false };
        let org = self.app.org(&control);
        let viewer = Viewer::new(token, &control.directory, &org, now);
        if viewer.person != self.caller.viewer.person {
            return false;
        }
        self.caller = Caller { viewer, control: control.clone(), org, now };
        for (sub, key) in self.outbox.topics() {
            if let Err(refusal) = allow(&self.caller, &key, "live, again") {
                self.outbox.unsubscribe(&sub);
                self.refused(Some(&sub), refusal);
            }
        }
        true
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

fn allow(caller: &Caller, key: &Key, what: &str) -> Result<(), Refusal> {
    let request = match key {
        Key::Me(_) => Request::Me,
        Key::Team(id) => Request::Team(id),
        Key::Org => Request::Org,
        Key::Pipeline => Request::Pipeline,
    };
    caller.may(request, what).map(|_| ()).map_err(|error| match error {
        Error::NotFound(message) => refuse("unknown_topic", message),
        other => refuse("forbidden", other.to_string()),
    })
}
