//! Bytes to events and back. One function decides, wherever an event enters: HTTP, files, the log.
//!
//! Where contracts and JSON leave room, this is the reading:
//! - The order of checks is fixed: size, then JSON as a whole, then a field named twice, then `id`, `type`, `user`, `ts`,
//!   then the type's own fields in the order of the contract. So one event has one reason.
//! - A known name that stands there twice is refused (`bad_field`): two readers would take two meanings from it.
//!   Unknown names are kept as they are, however often they come.
//! - `null` and the empty text are the same as absent; for a required field that is `missing`.
//! - Whole numbers may be written as floats (`1000.0`, `1e3`); a fraction is refused.
//! - A field of another type of event (`app` on a message) is unknown here and goes to `extra`.
//! - A word outside a closed set is `bad_field`; lengths and numbers outside their range are `out_of_range`.
//! - `ts` lies from 1970 to 9999, whoever sends it.

mod encode;
mod fields;
mod refusal;
mod scan;
#[cfg(test)]
mod tests;
mod time;

use std::borrow::Cow;

use self::fields::{Field, FieldSet, Fields};
use self::refusal::What;
use self::scan::Scanner;
use self::time::{TimeError, parse_rfc3339};
use crate::event::{
    Activity, Body, Direction, Event, MAX_DURATION_MS, MAX_EVENT_BYTES, MAX_ID_CHARS, Message, MessageKind, Phase, Session,
    SessionKind,
};
use crate::outcome::{Code, Rejection};

pub use self::encode::encode;
pub use self::fields::MAX_NAME_CHARS;
pub use self::refusal::Refusal;

/// The last millisecond of the year 9999.
pub const MAX_TS: i64 = 253_402_300_799_999;
/// A session's plan, at most: a day.
pub const MAX_PLANNED_MS: i64 = 86_400_000;
/// How far ahead of the clock an event may be.
pub const MAX_AHEAD_MS: i64 = 24 * 3_600_000;

const ACTIVITY: FieldSet = FieldSet::of(&[
    Field::Id,
    Field::Type,
    Field::User,
    Field::Ts,
    Field::App,
    Field::DurationMs,
    Field::Afk,
    Field::Category,
    Field::Title,
    Field::Url,
    Field::Device,
]);
const MESSAGE: FieldSet = FieldSet::of(&[
    Field::Id,
    Field::Type,
    Field::User,
    Field::Ts,
    Field::Channel,
    Field::Kind,
    Field::Direction,
    Field::Peer,
    Field::Thread,
    Field::Notified,
    Field::Priority,
    Field::Text,
]);
const SESSION: FieldSet = FieldSet::of(&[
    Field::Id,
    Field::Type,
    Field::User,
    Field::Ts,
    Field::Session,
    Field::Kind,
    Field::Phase,
    Field::PlannedMs,
    Field::Mood,
    Field::Energy,
    Field::Burnout,
]);

/// Decodes one JSON object and checks everything that needs no clock.
pub fn event(bytes: &[u8]) -> Result<Event<'_>, Rejection> {
    read(bytes).map_err(Rejection::from)
}

/// The same for whoever does not want to know of each refusal what it says.
pub fn read(bytes: &[u8]) -> Result<Event<'_>, Refusal> {
    if bytes.len() > MAX_EVENT_BYTES {
        return Err(Rejection { code: Code::TooLarge, message: "the event is larger than 64 KiB".into() }.into());
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Rejection { code: Code::Malformed, message: "not a JSON object: the text is not UTF-8".into() })?;
    let mut fields = Fields::new(text);
    fields.scan()?;
    let id = fields.required(Field::Id, MAX_ID_CHARS)?;
    let kind = fields.required(Field::Type, usize::MAX)?;
    let (own, read_body): (FieldSet, ReadBody) = match &*kind {
        "activity" => (ACTIVITY, activity),
        "message" => (MESSAGE, message),
        "session" => (SESSION, session),
        _ => {
            let message = "`type` must be one of activity, message, session".into();
            return Err(Rejection { code: Code::UnknownType, message }.into());
        }
    };
    let user = fields.required(Field::User, MAX_NAME_CHARS)?;
    let ts = instant(&fields)?;
    let body = read_body(&fields)?;
    Ok(Event { id, user, ts, body, extra: fields.extra(own) })
}

/// Takes the members out of `extra` that `private` says so of, by their name and the first byte of their value, at any depth.
/// True when there were any. What is kept is kept as it was written.
pub(crate) fn drop_extra(event: &mut Event<'_>, private: impl Fn(&str, u8) -> bool) -> bool {
    let Some(extra) = event.extra.as_deref() else { return false };
    let mut kept = String::with_capacity(extra.len());
    match Scanner::new(extra).copy(&mut kept, &private) {
        Ok(false) => return false,
        Ok(true) if kept == "{}" => event.extra = None,
        Ok(true) => event.extra = Some(Cow::Owned(kept)),
        // Nobody knows what is in it.
        Err(_) => event.extra = None,
    }
    true
}

/// `ts` must lie within (now - retention, now + 24 h].
pub fn check_time(ts: i64, now_ms: i64, retention_ms: i64) -> Result<(), Rejection> {
    if ts > now_ms.saturating_add(MAX_AHEAD_MS) {
        return Err(Rejection { code: Code::InFuture, message: "`ts` is more than 24 h in the future".into() });
    }
    if ts <= now_ms.saturating_sub(retention_ms) {
        return Err(Rejection { code: Code::TooOld, message: "`ts` is older than the retention".into() });
    }
    Ok(())
}

type ReadBody = for<'f, 'a> fn(&'f Fields<'a>) -> Result<Body<'a>, Refusal>;

fn instant(fields: &Fields<'_>) -> Result<i64, Refusal> {
    if !fields.is_text(Field::Ts) {
        return fields.integer(Field::Ts, 0..=MAX_TS)?.ok_or_else(|| Refusal::missing(Field::Ts));
    }
    let text = fields.required(Field::Ts, usize::MAX)?;
    match parse_rfc3339(&text) {
        Ok(ts) if (0..=MAX_TS).contains(&ts) => Ok(ts),
        Ok(_) => Err(Refusal::out_of_range(Field::Ts, What::Said("must lie from 1970 to 9999"))),
        Err(TimeError::NoZone) => {
            Err(Refusal::bad(Field::Ts, What::Said("has no time zone: end it with Z or an offset such as +01:00")))
        }
        Err(TimeError::Form) => {
            Err(Refusal::bad(Field::Ts, What::Said("must be an RFC 3339 time with a zone, or whole milliseconds since 1970")))
        }
    }
}

fn activity<'a>(fields: &Fields<'a>) -> Result<Body<'a>, Refusal> {
    Ok(Body::Activity(Activity {
        app: fields.required(Field::App, MAX_NAME_CHARS)?,
        duration_ms: fields
            .integer(Field::DurationMs, 0..=MAX_DURATION_MS)?
            .ok_or_else(|| Refusal::missing(Field::DurationMs))?,
        afk: fields.flag(Field::Afk, false)?,
        category: fields.name(Field::Category)?,
        title: fields.text(Field::Title, usize::MAX)?,
        url: fields.text(Field::Url, usize::MAX)?,
        device: fields.name(Field::Device)?,
    }))
}

fn message<'a>(fields: &Fields<'a>) -> Result<Body<'a>, Refusal> {
    Ok(Body::Message(Message {
        channel: fields.required(Field::Channel, MAX_NAME_CHARS)?,
        kind: fields.word(Field::Kind, MessageKind::parse, "dm, mention, channel, email, call")?,
        direction: fields.word(Field::Direction, Direction::parse, "received, sent")?,
        peer: fields.name(Field::Peer)?,
        thread: fields.name(Field::Thread)?,
        notified: fields.flag(Field::Notified, true)?,
        priority: fields.small(Field::Priority, 0..=100)?,
        text: fields.text(Field::Text, usize::MAX)?,
    }))
}

fn session<'a>(fields: &Fields<'a>) -> Result<Body<'a>, Refusal> {
    let session = fields.required(Field::Session, MAX_NAME_CHARS)?;
    let kind = fields.word(Field::Kind, SessionKind::parse, "focus, pomodoro, meeting, break, checkin")?;
    let phase = fields.word(Field::Phase, Phase::parse, "start, pause, resume, end, abandon")?;
    if kind == SessionKind::Checkin && phase != Phase::End {
        return Err(Refusal::bad(Field::Phase, What::Said("of a checkin must be end")));
    }
    Ok(Body::Session(Session {
        session,
        kind,
        phase,
        planned_ms: fields.integer(Field::PlannedMs, 0..=MAX_PLANNED_MS)?,
        mood: fields.small(Field::Mood, 1..=5)?,
        energy: fields.small(Field::Energy, 1..=5)?,
        burnout: fields.small(Field::Burnout, 1..=5)?,
    }))
}
