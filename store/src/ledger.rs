//! Who owns which partition and how far it has come: the rule by which a commit is taken or refused, kept in one
//! place so that both stores refuse alike.

use std::collections::BTreeMap;

use crate::{Checkpoint, Commit, Error};

#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    partitions: BTreeMap<u32, Checkpoint>,
}

impl Ledger {
    pub fn new(partitions: BTreeMap<u32, Checkpoint>) -> Ledger {
        Ledger { partitions }
    }

    pub fn get(&self, partition: u32) -> Checkpoint {
        self.partitions.get(&partition).cloned().unwrap_or_default()
    }

    pub fn partitions(&self) -> &BTreeMap<u32, Checkpoint> {
        &self.partitions
    }

    /// A new epoch: every earlier owner's commits are refused from here on.
    pub fn set_epoch(&mut self, partition: u32, epoch: u64) -> Checkpoint {
        let checkpoint = self.partitions.entry(partition).or_default();
        checkpoint.epoch = epoch;
        checkpoint.clone()
    }

    /// Epoch 0 was never given out, so nobody may commit with it.
    pub fn check(&self, commit: &Commit) -> Result<(), Error> {
        let (stored_epoch, stored) = self.partitions.get(&commit.partition).map_or((0, 0), |c| (c.epoch, c.position));
        if commit.epoch == 0 || commit.epoch != stored_epoch || commit.from != stored {
            let Commit { partition, epoch, from, .. } = *commit;
            return Err(Error::Stale { partition, epoch, from, stored_epoch, stored });
        }
        if commit.to < commit.from {
            return Err(Error::Invalid(format!("a commit goes from {} back to {}", commit.from, commit.to)));
        }
        Ok(())
    }

    /// Past `check` this cannot fail.
    pub fn advance(&mut self, partition: u32, to: u64, state: Vec<u8>) {
        let checkpoint = self.partitions.entry(partition).or_default();
        checkpoint.position = to;
        checkpoint.state = state;
    }

    /// Whether both stand at the same commits, whoever owns the partitions.
    pub fn same_positions(&self, other: &Ledger) -> bool {
        self.partitions.iter().all(|(&p, c)| {
            let o = other.get(p);
            (c.position, &c.state) == (o.position, &o.state)
        })
    }

    /// As after a crash: positions and states as they were then, epochs as they are now.
    pub fn rewound_to(&self, durable: &Ledger) -> Ledger {
        let partitions = self.partitions.iter().map(|(&p, now)| (p, Checkpoint { epoch: now.epoch, ..durable.get(p) })).collect();
        Ledger { partitions }
    }
}
