//! A progress bar with rate and time left; silent where nobody watches.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

#[derive(Clone)]
pub struct Progress {
    bar: ProgressBar,
    counts: Arc<Counts>,
}

struct Counts {
    started: Instant,
    events: AtomicU64,
    rejected: AtomicU64,
}

impl Progress {
    /// Over so many bytes of files. Drawn on standard error when that is a terminal.
    pub fn new(bytes: u64, what: &str) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr_with_hz(8));
        // The bar takes what the words leave of the line.
        let template = "{prefix} {wide_bar} {percent:>3} %  {msg}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.set_prefix(what.to_owned());
        Progress::of(bar)
    }

    pub fn hidden() -> Progress {
        Progress::of(ProgressBar::hidden())
    }

    fn of(bar: ProgressBar) -> Progress {
        let counts = Counts { started: Instant::now(), events: AtomicU64::new(0), rejected: AtomicU64::new(0) };
        Progress { bar, counts: Arc::new(counts) }
    }

    pub fn read(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    pub fn add(&self, events: u64, rejected: u64) {
        let events = self.counts.events.fetch_add(events, Ordering::Relaxed) + events;
        let rejected = self.counts.rejected.fetch_add(rejected, Ordering::Relaxed) + rejected;
        let seconds = self.counts.started.elapsed().as_secs_f64().max(0.001);
        let rate = HumanCount((events as f64 / seconds) as u64);
        let rejected = if rejected > 0 { format!(", {} rejected", HumanCount(rejected)) } else { String::new() };
        self.bar.set_message(format!("{} events{rejected}, {rate}/s", HumanCount(events)));
    }

    /// Of this run.
    pub fn events(&self) -> u64 {
        self.counts.events.load(Ordering::Relaxed)
    }

    /// A line that stays, above the bar.
    pub fn note(&self, text: &str) {
        if self.bar.is_hidden() { eprintln!("{text}") } else { self.bar.println(text) }
    }

    /// What is being done once all is read.
    pub fn say(&self, what: &str) {
        if let Ok(style) = ProgressStyle::with_template("{prefix} {spinner} {msg}") {
            self.bar.set_style(style);
        }
        self.bar.enable_steady_tick(Duration::from_millis(125));
        self.bar.set_message(what.to_owned());
    }

    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
