//! The seam to control data: the directory, tokens, settings and models that an administrator decides. Changes come in through
//! the methods, every process sees them as immutable snapshots (`schemas::control::Control`).
//!
//! Invariants (each a case of the contract suite in `contract`, which every implementation passes):
//! - A change is durable, and in this process's snapshot, before its method returns; a refused change changes nothing.
//! - Each change raises the version by one, in the same transaction; snapshots never go back.
//! - A stored directory is valid: `Directory::new` accepted it first.
//! - Secrets of tokens are shown once and never stored: only their SHA-256 is.
//! - The key of the pseudonyms is there from the first snapshot on and stays as it is.
//! - What people say of their advice is in no snapshot and raises no version; who leaves the directory takes it with them.
//!
//! Deliberately absent: who may change what (`query` decides), history of changes, the data themselves.

mod changes;
// A suite for tests, those of the real servers too: it fails by panicking.
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
pub mod contract;
pub mod memory;
mod postgres;
mod sql;
mod sqlite;
mod token;

use std::sync::Arc;

use async_trait::async_trait;
use schemas::control::{Control, Settings, Token};
use schemas::directory::Document;
use schemas::risk::{Card, Turn};
use tokio::sync::watch;

use crate::Error;

pub use changes::PersonChanges;
pub use memory::MemoryControl;
pub use sql::SqlControl;
pub use token::{NewToken, Secret};

/// Of one person; where there are more, the oldest give way.
pub const MAX_ADVICE_FEEDBACK: usize = 200;

/// A piece of advice that a person said to be not useful.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdviceFeedback {
    pub id: String,
    /// UTC milliseconds.
    pub at: i64,
}

#[async_trait]
pub trait ControlStore: Send + Sync + 'static {
    /// The snapshot, and news of the next ones: changes of this process at once, of others within a second or two.
    /// Tokens are listed by `borrow().tokens.iter()`, the directory document by `borrow().directory.document()`.
    fn watch(&self) -> watch::Receiver<Arc<Control>>;

    /// Replaces the whole directory. `Error::Invalid` names the entry and field at fault. The same document again
    /// changes nothing. Returns the version that has it, as all changes do.
    async fn put_directory(&self, document: Document) -> Result<u64, Error>;

    /// Changes one person: the entry valid from the date the changes name (added after the one then valid when there is
    /// none), else their latest entry. `Error::NotFound` for a person the directory does not have.
    async fn patch_person(&self, id: &str, changes: PersonChanges) -> Result<u64, Error>;

    /// Makes a token. The secret is given here and never again.
    async fn create_token(&self, token: NewToken) -> Result<(Token, Secret), Error>;

    /// Ends a token at once. `Error::NotFound` when there is none of that id.
    async fn revoke_token(&self, id: &str) -> Result<u64, Error>;

    async fn put_settings(&self, settings: Settings) -> Result<u64, Error>;

    /// Adds a learned model; one that is there already changes nothing. `Error::Invalid` for a card that contradicts itself.
    async fn add_model(&self, card: Card, now_ms: i64) -> Result<u64, Error>;

    /// Gives a model its turn. `Error::Invalid` for a model that is not to be used, or when there are not `seen` turns any more:
    /// somebody else decided in between.
    async fn take_turn(&self, turn: Turn, seen: usize) -> Result<u64, Error>;

    /// What the person said to be not useful, the latest first. Asked for each time, not kept in memory.
    async fn advice_feedback(&self, person: &str) -> Result<Vec<AdviceFeedback>, Error>;

    /// Said again, it holds from then on. Which ids there are the caller knows.
    async fn put_advice_feedback(&self, person: &str, id: &str, kind: &str, at: i64) -> Result<(), Error>;

    /// Takes it back; nothing where there was none.
    async fn delete_advice_feedback(&self, person: &str, id: &str) -> Result<(), Error>;

    /// How many people said it of anything of each kind.
    async fn count_advice_feedback(&self) -> Result<Vec<(String, u32)>, Error>;
}

pub type SharedControl = Arc<dyn ControlStore>;
