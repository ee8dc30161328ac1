//! Events back to JSON.

use super::scan::plain_run;
use crate::event::{Body, Event};

/// Canonical JSON of an event: `ts` in milliseconds, absent options and defaults left out, `extra` spread back in,
/// `text` never. `event` reads it as the same event. `extra` must not hold a name this type of event has itself.
pub fn encode(event: &Event<'_>, out: &mut Vec<u8>) {
    let mut w = Writer { out };
    w.out.push(b'{');
    w.text("id", &event.id);
    match &event.body {
        Body::Activity(a) => {
            w.text("type", "activity");
            w.who_and_when(event);
            w.text("app", &a.app);
            w.number("duration_ms", a.duration_ms);
            if a.afk {
                w.flag("afk", true);
            }
            w.option("category", a.category.as_deref());
            w.option("title", a.title.as_deref());
            w.option("url", a.url.as_deref());
            w.option("device", a.device.as_deref());
        }
        Body::Message(m) => {
            w.text("type", "message");
            w.who_and_when(event);
            w.text("channel", &m.channel);
            w.text("kind", m.kind.as_str());
            w.text("direction", m.direction.as_str());
            w.option("peer", m.peer.as_deref());
            w.option("thread", m.thread.as_deref());
            if !m.notified {
                w.flag("notified", false);
            }
            w.small("priority", m.priority);
        }
        Body::Session(s) => {
            w.text("type", "session");
            w.who_and_when(event);
            w.text("session", &s.session);
            w.text("kind", s.kind.as_str());
            w.text("phase", s.phase.as_str());
            if let Some(planned) = s.planned_ms {
                w.number("planned_ms", planned);
            }
            w.small("mood", s.mood);
            w.small("energy", s.energy);
            w.small("burnout", s.burnout);
        }
    }
    if let Some(extra) = event.extra.as_deref() {
        let members = extra.trim();
        let members = members.strip_prefix('{').and_then(|m| m.strip_suffix('}')).unwrap_or("").trim();
        if !members.is_empty() {
            w.out.push(b',');
            w.out.extend_from_slice(members.as_bytes());
        }
    }
    w.out.push(b'}');
}

struct Writer<'o> {
    out: &'o mut Vec<u8>,
}

impl Writer<'_> {
    fn who_and_when(&mut self, event: &Event<'_>) {
        self.text("user", &event.user);
        self.number("ts", event.ts);
    }

    /// Names are ours and need no escapes.
    fn name(&mut self, name: &str) {
        if self.out.last() != Some(&b'{') {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.out.push(b'"');
        let bytes = value.as_bytes();
        let mut at = 0;
        loop {
            let end = plain_run(bytes, at);
            self.out.extend_from_slice(&bytes[at..end]);
            let Some(byte) = bytes.get(end) else { break };
            match byte {
                b'"' => self.out.extend_from_slice(b"\\\""),
                b'\\' => self.out.extend_from_slice(b"\\\\"),
                b'\n' => self.out.extend_from_slice(b"\\n"),
                b'\r' => self.out.extend_from_slice(b"\\r"),
                b'\t' => self.out.extend_from_slice(b"\\t"),
                control => {
                    const HEX: &[u8; 16] = b"0123456789abcdef";
                    self.out.extend_from_slice(b"\\u00");
                    self.out.push(HEX[usize::from(control >> 4)]);
                    self.out.push(HEX[usize::from(control & 15)]);
                }
            }
            at = end + 1;
        }
        self.out.push(b'"');
    }

    fn option(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    fn number(&mut self, name: &str, value: i64) {
        self.name(name);
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut left = value.unsigned_abs();
        loop {
            at -= 1;
            digits[at] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                break;
            }
        }
        if value < 0 {
            self.out.push(b'-');
        }
        self.out.extend_from_slice(&digits[at..]);
    }

    fn small(&mut self, name: &str, value: Option<u8>) {
        if let Some(value) = value {
            self.number(name, i64::from(value));
        }
    }

    fn flag(&mut self, name: &str, value: bool) {
        self.name(name);
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }
}
