//! What a person at a terminal sees of `up`: a few quiet lines on standard output.

use std::io::{IsTerminal, Write};
use std::time::Instant;

use indicatif::{HumanCount, HumanDuration};

#[derive(Clone)]
pub struct Terminal {
    colours: bool,
    started: Instant,
}

impl Terminal {
    pub fn new() -> Terminal {
        Terminal { colours: std::io::stdout().is_terminal(), started: Instant::now() }
    }

    /// One line: a word in the margin, then the text.
    pub fn say(&self, word: &str, text: &str) {
        let (on, off) = if self.colours { ("\x1b[2m", "\x1b[0m") } else { ("", "") };
        let mut out = std::io::stdout().lock();
        // Nobody reading is no reason to stop serving.
        let _ = writeln!(out, "{on}{word:>9}{off}  {text}").and_then(|()| out.flush());
    }

    /// The line everybody waits for.
    pub fn ready(&self, link: &str) {
        let (on, off) = if self.colours { ("\x1b[1;32m", "\x1b[0m") } else { ("", "") };
        self.say("ready", &format!("{on}{link}{off}  (in {:.1} s)", self.started.elapsed().as_secs_f64()));
    }
}

pub fn count(n: u64) -> String {
    HumanCount(n).to_string()
}

pub fn took(since: Instant) -> String {
    let elapsed = since.elapsed();
    if elapsed.as_secs() < 60 { format!("{:.1} s", elapsed.as_secs_f64()) } else { HumanDuration(elapsed).to_string() }
}
