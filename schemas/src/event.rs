//! Native events, borrowed from the bytes they came in. See `schemas/events.schema.json` for the outside view.

use std::borrow::Cow;

/// The longest one event may cover (4 h); a larger `duration_ms` is out of range.
pub const MAX_DURATION_MS: i64 = 14_400_000;
/// One event as JSON, at most.
pub const MAX_EVENT_BYTES: usize = 64 * 1024;
pub const MAX_ID_CHARS: usize = 64;

#[derive(Debug, Clone, PartialEq)]
pub struct Event<'a> {
    /// The producer's idempotency key, 1-64 characters.
    pub id: Cow<'a, str>,
    /// A directory id or an alias such as `slack:U123`. On the log the record key is the resolved id.
    pub user: Cow<'a, str>,
    /// UTC milliseconds.
    pub ts: i64,
    pub body: Body<'a>,
    /// Unknown fields as one JSON object, kept verbatim.
    pub extra: Option<Cow<'a, str>>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Body<'a> {
    Activity(Activity<'a>),
    Message(Message<'a>),
    Session(Session<'a>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Activity<'a> {
    pub app: Cow<'a, str>,
    pub duration_ms: i64,
    pub afk: bool,
    pub category: Option<Cow<'a, str>>,
    pub title: Option<Cow<'a, str>>,
    pub url: Option<Cow<'a, str>>,
    pub device: Option<Cow<'a, str>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Message<'a> {
    pub channel: Cow<'a, str>,
    pub kind: MessageKind,
    pub direction: Direction,
    pub peer: Option<Cow<'a, str>>,
    pub thread: Option<Cow<'a, str>>,
    pub notified: bool,
    pub priority: Option<u8>,
    /// Never stored: dropped before anything is written. A received message's priority may be computed from it first.
    pub text: Option<Cow<'a, str>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Session<'a> {
    pub session: Cow<'a, str>,
    pub kind: SessionKind,
    pub phase: Phase,
    pub planned_ms: Option<i64>,
    pub mood: Option<u8>,
    pub energy: Option<u8>,
    pub burnout: Option<u8>,
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $name { $($variant),+ }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            pub fn parse(word: &str) -> Option<$name> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }
        }
    };
}

words!(MessageKind { Dm = "dm", Mention = "mention", Channel = "channel", Email = "email", Call = "call" });
words!(Direction { Received = "received", Sent = "sent" });
words!(SessionKind { Focus = "focus", Pomodoro = "pomodoro", Meeting = "meeting", Break = "break", Checkin = "checkin" });
words!(Phase { Start = "start", Pause = "pause", Resume = "resume", End = "end", Abandon = "abandon" });
words!(
    /// The closed set of activity categories; an unknown word in an event counts as `other`.
    Category {
        Coding = "coding", Writing = "writing", Design = "design", Data = "data", Learning = "learning",
        Communication = "communication", Meeting = "meeting", Planning = "planning",
        Browsing = "browsing", Entertainment = "entertainment", Other = "other",
    }
);
