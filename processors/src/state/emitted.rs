//! What stands in the tables of one person's local day: enough to write only rows that changed and to take back rows
//! that are no more.

use super::id::Id;

/// A row's content as a hash; the lowest bit says whether it is final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Print(u64);

impl Print {
    pub fn new(hash: u64, is_final: bool) -> Print {
        Print(hash & !1 | u64::from(is_final))
    }

    /// Same figures, final or not.
    pub fn same_figures(self, other: Print) -> bool {
        self.0 >> 1 == other.0 >> 1
    }
}

/// 12 bytes a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowRow {
    /// The window's number: its start / window_ms.
    pub number: u32,
    print: [u32; 2],
}

impl WindowRow {
    pub fn new(number: u32, print: Print) -> WindowRow {
        WindowRow { number, print: [(print.0 >> 32) as u32, print.0 as u32] }
    }

    pub fn print(&self) -> Print {
        Print(u64::from(self.print[0]) << 32 | u64::from(self.print[1]))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageRow {
    pub ts: i64,
    pub id: Id,
    pub print: Print,
}

impl MessageRow {
    /// What rows of messages are sorted by.
    pub fn key(&self) -> (i64, u8, [u8; 16]) {
        (self.ts, self.id.form as u8, self.id.bytes)
    }
}

/// Rows sorted by what identifies them in the order of time.
#[derive(Debug, Clone)]
pub struct Emitted {
    pub day: i32,
    pub windows: Vec<WindowRow>,
    pub messages: Vec<MessageRow>,
    pub blocks: Vec<(i64, Print)>,
    pub daily: Option<Print>,
    /// When the watermark passes this, rows become final; `i64::MAX` when none waits.
    pub due: i64,
    pub ignored_phases: u32,
}

impl Emitted {
    pub fn new(day: i32) -> Emitted {
        let (windows, messages, blocks) = (Vec::new(), Vec::new(), Vec::new());
        Emitted { day, windows, messages, blocks, daily: None, due: i64::MAX, ignored_phases: 0 }
    }

    pub fn bytes(&self) -> usize {
        size_of::<Emitted>()
            + self.windows.capacity() * size_of::<WindowRow>()
            + self.messages.capacity() * size_of::<MessageRow>()
            + self.blocks.capacity() * size_of::<(i64, Print)>()
    }
}
