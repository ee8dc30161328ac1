//! Received dms and mentions to the time until the first message sent to that peer.
//!
//! ```text
//! received  a   b a              strictly later, within 8 h
//! sent             →a      →b
//! times     ╰──────┤╰──┤   │
//!               ╰──────────┤
//! ```

use std::collections::HashMap;

use schemas::event::{Direction, MessageKind};

use super::{LocalDay, Message};

/// Walks back from the last message, so that the sent message seen latest is the first one after.
pub fn responses(max_ms: i64, messages: &[Message], local: &LocalDay, next: &mut HashMap<u32, i64>, out: &mut Vec<i64>) {
    out.clear();
    next.clear();
    let is_asked = |m: &Message| m.direction == Direction::Received && matches!(m.kind, MessageKind::Dm | MessageKind::Mention);
    let Some(first) = messages.iter().position(|m| is_asked(m) && m.peer.is_some() && local.contains(m.ts)) else { return };
    let mut rest = &messages[first..];
    while let Some(last) = rest.last() {
        let same = rest.iter().rev().take_while(|m| m.ts == last.ts).count();
        let (before, group) = rest.split_at(rest.len() - same);
        for m in group.iter().filter(|m| is_asked(m) && local.contains(m.ts)) {
            let Some(sent) = m.peer.and_then(|peer| next.get(&peer)) else { continue };
            if sent - m.ts <= max_ms {
                out.push(sent - m.ts);
            }
        }
        for m in group.iter().filter(|m| m.direction == Direction::Sent) {
            if let Some(peer) = m.peer {
                next.insert(peer, m.ts);
            }
        }
        rest = before;
    }
}
