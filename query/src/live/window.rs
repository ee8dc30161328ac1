//! One window of one person, as small as it can be kept: there are a hundred and more of each person and day.

use schemas::live::WindowFigures;

use crate::figures::windows::{Sums, WINDOW_MS};

/// No window has more milliseconds or more of anything than fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kept {
    /// The start, in windows since 1970.
    number: u32,
    active_ms: u32,
    focus_ms: u32,
    comm_ms: u32,
    meeting_ms: u32,
    switches: u16,
    messages_received: u16,
    interruptions: u32,
    load: f64,
    interruption_score: f64,
}

impl Kept {
    pub fn new(window: &WindowFigures) -> Kept {
        let whole = |value: i64| value.clamp(0, i64::from(u32::MAX)) as u32;
        let few = |value: i64| value.clamp(0, i64::from(u16::MAX)) as u16;
        Kept {
            number: whole(window.window_start / WINDOW_MS),
            active_ms: whole(window.active_ms),
            focus_ms: whole(window.focus_ms),
            comm_ms: whole(window.comm_ms),
            meeting_ms: whole(window.meeting_ms),
            switches: few(window.switches),
            messages_received: few(window.messages_received),
            interruptions: whole(window.interruptions),
            load: window.load,
            interruption_score: window.interruption_score,
        }
    }

    pub fn start(&self) -> i64 {
        i64::from(self.number) * WINDOW_MS
    }

    pub fn is_active(&self) -> bool {
        self.active_ms > 0
    }

    pub fn figures(&self) -> WindowFigures {
        WindowFigures {
            window_start: self.start(),
            active_ms: self.active_ms.into(),
            focus_ms: self.focus_ms.into(),
            comm_ms: self.comm_ms.into(),
            meeting_ms: self.meeting_ms.into(),
            switches: self.switches.into(),
            messages_received: self.messages_received.into(),
            interruptions: self.interruptions.into(),
            load: self.load,
            interruption_score: self.interruption_score,
        }
    }

    pub fn sums(&self) -> Sums {
        Sums {
            n: 1,
            active_ms: self.active_ms.into(),
            focus_ms: self.focus_ms.into(),
            meeting_ms: self.meeting_ms.into(),
            interruptions: self.interruptions.into(),
            load: self.load,
            score: self.interruption_score,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_window_is_lost() {
        let window = WindowFigures {
            window_start: 5_865_000 * WINDOW_MS,
            active_ms: 300_000,
            focus_ms: 299_999,
            comm_ms: 1,
            meeting_ms: 300_000,
            switches: 17,
            messages_received: 65_535,
            interruptions: 70_000,
            load: 1.0 / 3.0,
            interruption_score: 99.999,
        };
        let kept = Kept::new(&window);
        assert_eq!((kept.figures(), size_of::<Kept>()), (window, 48));
        assert!(kept.is_active() && kept.sums().n == 1);
    }
}
