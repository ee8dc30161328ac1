//! The windows of a day, one cell each, and how spans of time fall into them.

use super::spans::Span;

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cell {
    pub active_ms: i64,
    pub focus_ms: i64,
    pub comm_ms: i64,
    pub meeting_ms: i64,
    /// Covered by focus sessions and runs.
    pub covered_ms: i64,
    pub load: f64,
    pub switches: u32,
    pub messages_received: u32,
    pub interruptions: u32,
    pub self_interruptions: u32,
    /// Any active time, message or focus-session start falls into it.
    pub exists: bool,
}

#[derive(Debug, Default)]
pub struct Windows {
    window_ms: i64,
    first: i64,
    /// The window the last span ended in.
    last: i64,
    cells: Vec<Cell>,
}

impl Windows {
    /// Empty windows over a span.
    pub fn reset(&mut self, window_ms: i64, span: Span) {
        self.window_ms = window_ms;
        self.first = span.start.div_euclid(window_ms);
        let end = (span.end + window_ms - 1).div_euclid(window_ms);
        self.last = 0;
        self.cells.clear();
        self.cells.resize((end - self.first).max(0) as usize, Cell::default());
    }

    #[inline]
    pub fn at(&mut self, ts: i64) -> Option<&mut Cell> {
        let index = ts.div_euclid(self.window_ms) - self.first;
        self.cells.get_mut(usize::try_from(index).ok()?)
    }

    /// Gives each window its share of a span inside the day. Spans mostly come in order: the window is looked for from
    /// where the last one ended, which saves dividing.
    #[inline]
    pub fn spread(&mut self, span: Span, mut add: impl FnMut(&mut Cell, i64)) {
        let mut start = span.start;
        let mut index = self.near(start);
        while start < span.end {
            let end = ((self.first + index + 1) * self.window_ms).min(span.end);
            let cell = usize::try_from(index).ok().and_then(|i| self.cells.get_mut(i));
            let Some(cell) = cell else { return };
            add(cell, end - start);
            self.last = index;
            start = end;
            index += 1;
        }
    }

    #[inline]
    fn near(&self, ts: i64) -> i64 {
        let from = (self.first + self.last) * self.window_ms;
        match ts - from {
            within if within < 0 || within >= 2 * self.window_ms => ts.div_euclid(self.window_ms) - self.first,
            within => self.last + i64::from(within >= self.window_ms),
        }
    }

    /// The windows that exist, with their starts.
    pub fn existing(&self) -> impl Iterator<Item = (i64, &Cell)> {
        let (first, window_ms) = (self.first, self.window_ms);
        self.cells.iter().enumerate().filter(|(_, c)| c.exists).map(move |(i, c)| ((first + i as i64) * window_ms, c))
    }
}
