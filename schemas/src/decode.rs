//! Bytes to events and back. One function decides, wherever an event enters: HTTP, files, the log.

use crate::event::Event;
use crate::outcome::Rejection;

/// Decodes one JSON object and checks everything that needs no clock.
pub fn event(_bytes: &[u8]) -> Result<Event<'_>, Rejection> {
    Err(Rejection { code: crate::outcome::Code::Malformed, message: "not yet".into() })
}

/// `ts` must lie within (now - retention, now + 24 h].
pub fn check_time(_ts: i64, _now_ms: i64, _retention_ms: i64) -> Result<(), Rejection> {
    Ok(())
}

/// Canonical JSON of an event: `ts` in milliseconds, absent options left out, `extra` spread back in, `text` never.
pub fn encode(_event: &Event<'_>, _out: &mut Vec<u8>) {}
