//! Items as the JSON a producer would send.

use super::dice::mix;
use super::item::{APPS, Body, Item};
use super::person::Person;

/// Appends one event as a line of NDJSON.
pub fn write(seed: u64, people: &[Person], item: &Item, out: &mut Vec<u8>) {
    let person = &people[item.person as usize];
    out.extend_from_slice(b"{\"id\":\"");
    id(seed, item, out);
    out.extend_from_slice(match item.body {
        Body::Activity { .. } => b"\",\"type\":\"activity\",\"user\":\"".as_slice(),
        Body::Message { .. } => b"\",\"type\":\"message\",\"user\":\"",
        Body::Session { .. } | Body::CheckIn { .. } => b"\",\"type\":\"session\",\"user\":\"",
    });
    out.extend_from_slice(person.id.as_bytes());
    out.extend_from_slice(b"\",\"ts\":");
    number(item.ts as u64, out);
    match item.body {
        Body::Activity { app, afk, duration } => {
            let (name, category) = APPS[app as usize];
            text(b",\"app\":\"", name, out);
            out.extend_from_slice(b"\",\"duration_ms\":");
            number(duration.into(), out);
            if afk {
                out.extend_from_slice(b",\"afk\":true");
            } else {
                text(b",\"category\":\"", category, out);
                out.push(b'"');
            }
        }
        Body::Message { mail, kind, direction, notified, peer, thread } => {
            let peer = people.get(peer as usize).unwrap_or(person);
            let (channel, peer) = if mail { ("email", &peer.mail) } else { ("slack", &peer.chat) };
            text(b",\"channel\":\"", channel, out);
            text(b"\",\"kind\":\"", kind.as_str(), out);
            text(b"\",\"direction\":\"", direction.as_str(), out);
            text(b"\",\"peer\":\"", peer, out);
            out.extend_from_slice(b"\",\"thread\":\"t-");
            number(thread.into(), out);
            out.push(b'"');
            if !notified {
                out.extend_from_slice(b",\"notified\":false");
            }
        }
        Body::Session { session, kind, phase, planned } => {
            out.extend_from_slice(b",\"session\":\"s-");
            number(session.into(), out);
            text(b"\",\"kind\":\"", kind.as_str(), out);
            text(b"\",\"phase\":\"", phase.as_str(), out);
            out.extend_from_slice(b"\",\"planned_ms\":");
            number(planned.into(), out);
        }
        Body::CheckIn { mood, energy, burnout } => {
            out.extend_from_slice(b",\"session\":\"c-");
            number(item.day.max(0) as u64, out);
            out.extend_from_slice(b"\",\"kind\":\"checkin\",\"phase\":\"end\"");
            let told = [(b",\"mood\":".as_slice(), Some(mood)), (b",\"energy\":", Some(energy)), (b",\"burnout\":", burnout)];
            for (name, value) in told {
                if let Some(value) = value {
                    out.extend_from_slice(name);
                    number(value.into(), out);
                }
            }
        }
    }
    out.extend_from_slice(b"}\n");
}

fn text(before: &[u8], value: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(before);
    // Names here are from fixed lists without quotes or backslashes.
    out.extend_from_slice(value.as_bytes());
}

/// The same event always has the same id, as UUID version 8.
fn id(seed: u64, item: &Item, out: &mut Vec<u8>) {
    let high = mix(seed ^ (u64::from(item.person) << 32 | u64::from(item.day as u32)).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let low = mix(high ^ u64::from(item.seq));
    let bits =
        (u128::from(high) << 64 | u128::from(low)) & !(0xf000_u128 << 64 | 0xc_u128 << 60) | 0x8000_u128 << 64 | 0x8_u128 << 60;
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut digits = [0; 36];
    let mut at = 0;
    for (i, byte) in bits.to_be_bytes().into_iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            digits[at] = b'-';
            at += 1;
        }
        digits[at] = HEX[usize::from(byte >> 4)];
        digits[at + 1] = HEX[usize::from(byte & 15)];
        at += 2;
    }
    out.extend_from_slice(&digits);
}

fn number(mut value: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}
