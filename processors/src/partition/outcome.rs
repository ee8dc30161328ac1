//! What becomes of records.

/// A record that cannot be used, with the reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Dead {
    pub offset: u64,
    pub reason: String,
}

/// A record that belongs to another partition, or has yet to be given a key.
#[derive(Debug, Clone, PartialEq)]
pub struct Stray {
    pub offset: u64,
    pub partition: u32,
    /// None: the record's own.
    pub key: Option<Box<str>>,
}

/// Each record is one of accepted, duplicate, dead and sent on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub accepted: u64,
    pub duplicates: u64,
    pub dead: u64,
    pub sent_on: u64,
    /// Accepted though the watermark had passed them.
    pub late: u64,
    pub days: u64,
    pub ignored_phases: u64,
    pub finalized: u64,
}

impl Counts {
    pub fn events(&self) -> u64 {
        self.accepted + self.duplicates + self.dead + self.sent_on
    }
}
