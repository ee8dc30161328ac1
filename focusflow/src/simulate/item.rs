//! Events before they are text, and the applications they tell of.

use schemas::event::{Direction, MessageKind, Phase, SessionKind};

/// Indices into `APPS`.
pub mod app {
    pub const CODE: u8 = 0;
    pub const IDEA: u8 = 1;
    pub const TERMINAL: u8 = 2;
    pub const FIGMA: u8 = 3;
    pub const DOCS: u8 = 4;
    pub const WORD: u8 = 5;
    pub const JUPYTER: u8 = 6;
    pub const EXCEL: u8 = 7;
    pub const COURSE: u8 = 8;
    pub const FIREFOX: u8 = 9;
    pub const CHROME: u8 = 10;
    pub const SLACK: u8 = 11;
    pub const TEAMS: u8 = 12;
    pub const OUTLOOK: u8 = 13;
    pub const GMAIL: u8 = 14;
    pub const ZOOM: u8 = 15;
    pub const MEET: u8 = 16;
    pub const JIRA: u8 = 17;
    pub const CALENDAR: u8 = 18;
    pub const YOUTUBE: u8 = 19;
    pub const FILES: u8 = 20;
    pub const LOCKED: u8 = 21;
}

/// Name and category.
pub const APPS: [(&str, &str); 22] = [
    ("Visual Studio Code", "coding"),
    ("IntelliJ IDEA", "coding"),
    ("Terminal", "coding"),
    ("Figma", "design"),
    ("Google Docs", "writing"),
    ("Microsoft Word", "writing"),
    ("JupyterLab", "data"),
    ("Microsoft Excel", "data"),
    ("O'Reilly", "learning"),
    ("Firefox", "browsing"),
    ("Google Chrome", "browsing"),
    ("Slack", "communication"),
    ("Microsoft Teams", "communication"),
    ("Outlook", "communication"),
    ("Gmail", "communication"),
    ("Zoom", "meeting"),
    ("Google Meet", "meeting"),
    ("Jira", "planning"),
    ("Google Calendar", "planning"),
    ("YouTube", "entertainment"),
    ("Finder", "other"),
    ("loginwindow", "other"),
];

/// An event before it is text. `(person, day, seq)` makes its id.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// When it comes in the stream.
    pub at: i64,
    pub ts: i64,
    pub person: u32,
    pub day: i32,
    pub seq: u32,
    pub body: Body,
}

#[derive(Debug, Clone, Copy)]
pub enum Body {
    Activity { app: u8, afk: bool, duration: u32 },
    Message { mail: bool, kind: MessageKind, direction: Direction, notified: bool, peer: u32, thread: u32 },
    Session { session: u32, kind: SessionKind, phase: Phase, planned: u32 },
    CheckIn { mood: u8, energy: u8, burnout: Option<u8> },
}
