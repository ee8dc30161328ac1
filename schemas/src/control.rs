//! Control data as every process sees it: directory, tokens, settings, the secret of pseudonyms. One immutable snapshot per version.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::directory::Directory;
use crate::pseudonym;
use crate::risk::Models;

#[derive(Debug, Clone, Default)]
pub struct Control {
    /// Grows with every change.
    pub version: u64,
    pub directory: Arc<Directory>,
    pub tokens: Tokens,
    pub settings: Settings,
    /// Of burnout risk.
    pub models: Arc<Models>,
    /// What analysts' pseudonyms are made with: made once, the same in every process, shown nowhere. None in a snapshot
    /// nobody has loaded yet.
    pub pseudonyms: Option<pseudonym::Key>,
}

/// What the organisation chose.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub keep_titles: bool,
    pub keep_urls: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sends events, reads nothing.
    Ingest,
    /// Sees themselves.
    Member,
    /// Sees themselves and the teams they lead, from k people up.
    Manager,
    /// Runs SQL on pseudonyms.
    Analyst,
    /// Configures.
    Admin,
}

/// A token as it is kept: the secret itself is shown once and never stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Token {
    pub id: String,
    /// What the holder calls it; the `source` of events sent with it.
    pub name: String,
    pub role: Role,
    /// The person a member or manager token speaks for.
    pub person: Option<String>,
    /// SHA-256 of the secret, hex. Secrets are 256 random bits, so one round is enough.
    pub hash: String,
    pub created_at: i64,
    pub expires_at: Option<i64>,
}

#[derive(Debug, Clone, Default)]
pub struct Tokens {
    by_hash: HashMap<[u8; 32], Token>,
}

impl Tokens {
    pub fn new(tokens: impl IntoIterator<Item = Token>) -> Tokens {
        Tokens { by_hash: tokens.into_iter().filter_map(|t| Some((unhex(&t.hash)?, t))).collect() }
    }

    /// The token behind a secret, unless it has expired. The look-up is by hash, so its time says nothing of the secret.
    pub fn authenticate(&self, secret: &str, now_ms: i64) -> Option<&Token> {
        let hash: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
        self.by_hash.get(&hash).filter(|t| t.expires_at.is_none_or(|at| now_ms < at))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Token> {
        self.by_hash.values()
    }
}

pub fn hash_secret(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (i, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(out)
}
