//! `GET /v1/live/events`: the same feed as Server-Sent Events.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, interval_at};

use super::outbox::Outgoing;
use super::session::Session;
use crate::Error;
use crate::app::{App, Caller};

pub async fn events(State(app): State<App>, caller: Caller, uri: Uri, headers: HeaderMap) -> Result<Response, Error> {
    let topics = topics(&uri)?;
    let from = resume(&headers, topics.len());
    let mut session = Session::new(app.clone(), caller)?;
    for (topic, from) in topics.iter().zip(&from) {
        session.subscribe(topic, topic, *from).await.map_err(|refusal| match refusal.code {
            "forbidden" => Error::Forbidden(refusal.message),
            "unavailable" => Error::Unavailable(refusal.message),
            _ => Error::BadParameter { field: "topic", message: refusal.message },
        })?;
    }
    let every = app.config.live.ping;
    let feed = Feed {
        control: app.deps.control.clone(),
        seen: from.into_iter().map(Option::unwrap_or_default).collect(),
        check: interval_at(Instant::now() + every, every),
        app: app.clone(),
        session,
        topics,
    };
    let stream =
        stream::unfold(feed, |mut feed| async move { feed.next().await.map(|event| (Ok::<_, Infallible>(event), feed)) });
    let mut response = Sse::new(stream).keep_alive(KeepAlive::new().interval(every)).into_response();
    // Proxies that collect answers before they pass them on would hold the feed back.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

struct Feed {
    app: App,
    session: Session,
    topics: Vec<String>,
    /// The last seq given out, by topic.
    seen: Vec<u64>,
    control: watch::Receiver<Arc<schemas::control::Control>>,
    check: Interval,
}

impl Feed {
    async fn next(&mut self) -> Option<Event> {
        loop {
            // Rights are looked at again by `next`, when they changed or a while has passed.
            if let Some(message) = self.session.next().ok()? {
                return Some(self.event(message));
            }
            let outbox = self.session.outbox.clone();
            tokio::select! {
                () = self.app.deps.cancel.cancelled() => return None,
                () = outbox.news.notified() => {}
                changed = self.control.changed() => changed.ok()?,
                _ = self.check.tick() => {}
            }
        }
    }

    fn event(&mut self, message: Outgoing) -> Event {
        let Some((sub, kind, seq)) = message.of else { return Event::default().event("error").data(message.text.as_str()) };
        if let Some(at) = self.topics.iter().position(|topic| **topic == *sub) {
            self.seen[at] = seq;
        }
        let id = self.seen.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
        Event::default().event(kind.as_str()).id(id).data(message.text.as_str())
    }
}

/// `topic=…` as often as wanted.
fn topics(uri: &Uri) -> Result<Vec<String>, Error> {
    let wrong = |message: &str| Error::BadParameter { field: "topic", message: message.into() };
    let query = uri.query().unwrap_or_default();
    let mut topics = Vec::new();
    for value in query.split('&').filter_map(|pair| pair.strip_prefix("topic=")) {
        let topic = percent_decoded(value).ok_or_else(|| wrong("topic is not valid percent-encoded UTF-8"))?;
        if !topics.contains(&topic) {
            topics.push(topic);
        }
    }
    if topics.is_empty() { Err(wrong("name at least one topic: me, team:ID, org or pipeline")) } else { Ok(topics) }
}

fn percent_decoded(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'%' => {
                let digits = std::str::from_utf8(bytes.get(at + 1..at + 3)?).ok()?;
                out.push(u8::from_str_radix(digits, 16).ok()?);
                at += 3;
            }
            b'+' => {
                out.push(b' ');
                at += 1;
            }
            other => {
                out.push(other);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok()
}

/// The numbers of `Last-Event-ID`, one a topic in the order of the request; 0 is none yet.
fn resume(headers: &HeaderMap, topics: usize) -> Vec<Option<u64>> {
    let text = headers.get("last-event-id").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let numbers: Vec<Option<u64>> = text.split(',').map(|n| n.trim().parse().ok().filter(|n| *n > 0)).collect();
    if numbers.len() == topics { numbers } else { vec![None; topics] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_decoded_and_counted_once() {
        let uri = |text: &str| topics(&text.parse::<Uri>().unwrap());
        assert_eq!(uri("/v1/live/events?topic=org&topic=team%3At%201&topic=org").unwrap(), ["org", "team:t 1"]);
        assert!(uri("/v1/live/events").is_err() && uri("/v1/live/events?topic=%f").is_err() && uri("/e?topic=%ff").is_err());
    }

    #[test]
    fn an_id_of_other_topics_resumes_nothing() {
        let of = |id: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("last-event-id", id.parse().unwrap());
            resume(&headers, 2)
        };
        assert_eq!(of("7,0"), [Some(7), None]);
        assert_eq!(of("7"), [None, None]);
        assert_eq!(of("x,9"), [None, Some(9)]);
    }
}
