//! Events as bytes to records by partition: decode, check, prioritise, redact, resolve. The way of HTTP requests and of imported files.

use std::borrow::Cow;
use std::sync::Arc;

use eventlog::{Records, RecordsBuilder, partition_of};
use schemas::category::Rules;
use schemas::control::Control;
use schemas::decode::{self, Refusal};
use schemas::event::{Body, Direction, Event, MAX_EVENT_BYTES, Message};
use schemas::outcome::{Code, Outcome, Rejection};
use serde::Serialize;

use crate::priority::{Band, Priorities};
use crate::redact::Redactor;
use crate::split::{self, Form};

/// Who sends, under which control data, and when it is taken.
#[derive(Clone, Copy)]
pub struct Sender<'a> {
    pub control: &'a Control,
    /// The name of the token (or of the import): the `source` of the records.
    pub source: &'a str,
    pub now_ms: i64,
}

/// Why the event at `index` was not taken. Events are counted from 0; blank lines are none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejected {
    pub index: u64,
    #[serde(serialize_with = "word")]
    pub code: Code,
    pub message: Cow<'static, str>,
}

fn word<S: serde::Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.as_str())
}

/// The priority of a received message, for whoever sent it in: given here, or theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Told {
    pub index: u64,
    pub priority: u8,
    pub band: Band,
}

/// What came of the events since the last `finish`.
#[derive(Debug, Default)]
pub struct Taken {
    /// To be appended to the events topic; no partition twice.
    pub batches: Vec<(u32, Records)>,
    pub accepted: u64,
    /// The first of the rejections, in order, as many as are to be listed.
    pub rejected: Vec<Rejected>,
    /// All of them, by `Code as usize`.
    pub rejected_by_code: [u64; Code::ALL.len()],
    /// Priorities given here, by `Band as usize`.
    pub given: [u64; Band::ALL.len()],
    /// The first of the priorities that are to be told, in order, as many as are to be listed.
    pub told: Vec<Told>,
    pub told_total: u64,
}

impl Taken {
    pub fn rejections(&self) -> u64 {
        self.rejected_by_code.iter().sum()
    }

    pub fn received(&self) -> u64 {
        self.accepted + self.rejections()
    }

    /// Rejections that end in this outcome.
    pub fn refused(&self, outcome: Outcome) -> u64 {
        Code::ALL.iter().filter(|code| code.outcome() == outcome).map(|code| self.rejected_by_code[*code as usize]).sum()
    }

    pub fn bytes(&self) -> usize {
        self.batches.iter().map(|(_, records)| records.wire().len()).sum()
    }
}

/// Takes events until `finish` gives them out as records; then goes on, with the count of events running on.
pub struct Intake {
    redactor: Redactor,
    retention_ms: i64,
    max_listed: usize,
    partitions: Vec<RecordsBuilder>,
    next_index: u64,
    taken: Taken,
    scratch: Vec<u8>,
    priorities: Option<Arc<Priorities>>,
    /// Whose priorities are told.
    tells: Option<String>,
}

impl Intake {
    /// `partitions` as the log has them for the events topic.
    pub fn new(rules: Arc<Rules>, partitions: u32, retention_ms: i64, max_listed: usize) -> Intake {
        let partitions = (0..partitions.max(1)).map(|_| RecordsBuilder::default()).collect();
        let (redactor, taken) = (Redactor::new(rules), Taken::default());
        let (next_index, scratch) = (0, Vec::new());
        Intake { redactor, retention_ms, max_listed, partitions, next_index, taken, scratch, priorities: None, tells: None }
    }

    /// Gives received messages a priority, and lists those of this person's.
    pub fn prioritize(mut self, priorities: Option<Arc<Priorities>>, tells: Option<String>) -> Intake {
        (self.priorities, self.tells) = (priorities, tells);
        self
    }

    /// Whole lines, one event each.
    pub fn lines(&mut self, bytes: &[u8], from: &Sender<'_>) {
        self.reserve(bytes.len());
        split::lines(bytes, |piece| self.piece(piece, from));
    }

    pub(crate) fn body(&mut self, bytes: &[u8], form: Form, from: &Sender<'_>) {
        self.reserve(bytes.len());
        split::split(bytes, form, |piece| self.piece(piece, from));
    }

    /// People spread evenly enough, and a record is its event with a head of some thirty bytes.
    fn reserve(&mut self, bytes: usize) {
        let share = bytes / self.partitions.len().max(1);
        self.partitions.iter_mut().for_each(|records| records.reserve(share + share / 3));
    }

    /// One event.
    pub fn event(&mut self, bytes: &[u8], from: &Sender<'_>) {
        self.piece(Ok(bytes), from);
    }

    /// Bytes of records not yet given out.
    pub fn pending_bytes(&self) -> usize {
        self.partitions.iter().map(RecordsBuilder::byte_len).sum()
    }

    pub fn finish(&mut self) -> Taken {
        let mut taken = std::mem::take(&mut self.taken);
        let filled = self.partitions.iter_mut().enumerate().filter(|(_, records)| !records.is_empty());
        taken.batches = filled.map(|(partition, records)| (partition as u32, records.finish())).collect();
        taken
    }

    fn piece(&mut self, piece: split::Piece<'_>, from: &Sender<'_>) {
        let index = self.next_index;
        self.next_index += 1;
        match piece.map_err(Refusal::from).and_then(|bytes| self.take(index, bytes, from)) {
            Ok(()) => self.taken.accepted += 1,
            Err(refusal) => {
                self.taken.rejected_by_code[refusal.code() as usize] += 1;
                if self.taken.rejected.len() < self.max_listed {
                    let Rejection { code, message } = refusal.into();
                    self.taken.rejected.push(Rejected { index, code, message });
                }
            }
        }
    }

    fn take(&mut self, index: u64, bytes: &[u8], from: &Sender<'_>) -> Result<(), Refusal> {
        let mut event = decode::read(bytes)?;
        decode::check_time(event.ts, from.now_ms, self.retention_ms)?;
        // Before the text is gone.
        let mut given = self.given(&event, from);
        let redacted = self.redactor.redact(&mut event, &from.control.settings);
        if given.is_some() {
            set_priority(&mut event, given);
            if !encode(&event, &mut self.scratch) {
                // No priority rather than no message.
                given = None;
                set_priority(&mut event, None);
            }
        }
        let value = if given.is_some() {
            &self.scratch[..]
        } else if redacted {
            // A category given to an event that was full already: the processors would refuse what we accepted.
            if !encode(&event, &mut self.scratch) {
                let message = "the event with its category is larger than 64 KiB".into();
                return Err(Rejection { code: Code::TooLarge, message }.into());
            }
            &self.scratch[..]
        } else {
            bytes
        };
        let user = from.control.directory.resolve(&event.user).unwrap_or(&event.user);
        if let (Some(priorities), Body::Message(Message { direction: Direction::Received, priority: Some(priority), .. })) =
            (&self.priorities, &event.body)
        {
            let band = priorities.bands.of(*priority);
            self.taken.given[band as usize] += u64::from(given.is_some());
            if self.tells.as_deref() == Some(user) {
                self.taken.told_total += 1;
                if self.taken.told.len() < self.max_listed {
                    self.taken.told.push(Told { index, priority: *priority, band });
                }
            }
        }
        let partition = partition_of(user.as_bytes(), self.partitions.len() as u32) as usize;
        if let Some(records) = self.partitions.get_mut(partition) {
            records.push(from.now_ms, user.as_bytes(), from.source.as_bytes(), value);
        }
        Ok(())
    }

    fn given(&self, event: &Event<'_>, from: &Sender<'_>) -> Option<u8> {
        let (Some(priorities), Body::Message(message)) = (&self.priorities, &event.body) else { return None };
        let user = || from.control.directory.resolve(&event.user).unwrap_or(&event.user);
        priorities.decide(user, event.ts, message, from.now_ms)
    }
}

fn set_priority(event: &mut Event<'_>, priority: Option<u8>) {
    if let Body::Message(message) = &mut event.body {
        message.priority = priority;
    }
}

/// False when it is larger than an event may be.
fn encode(event: &Event<'_>, out: &mut Vec<u8>) -> bool {
    out.clear();
    decode::encode(event, out);
    out.len() <= MAX_EVENT_BYTES
}
