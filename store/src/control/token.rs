//! Tokens: 256 random bits shown once, kept as their hash.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::time::{SystemTime, UNIX_EPOCH};

use schemas::control::{Role, Token, hash_secret};

use crate::Error;

const MAX_NAME_CHARS: usize = 100;
/// A secret somebody chose themselves must not be guessable by trying.
const MIN_SECRET_CHARS: usize = 16;

#[derive(Debug, Clone)]
pub struct NewToken {
    /// What the holder calls it; the `source` of events sent with it.
    pub name: String,
    pub role: Role,
    /// Whom a member or manager token speaks for.
    pub person: Option<String>,
    /// UTC milliseconds; none for a token that lasts until it is revoked.
    pub expires_at: Option<i64>,
    /// A secret the caller brings, at least 16 characters; made here when none.
    pub secret: Option<Secret>,
}

/// Shown once. Its `Debug` does not tell it, so that it cannot slip into a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn from_text(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn random() -> Result<Secret, Error> {
        Ok(Secret(format!("ff_{}", base62(random::<32>()?))))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl NewToken {
    pub fn new(name: impl Into<String>, role: Role) -> NewToken {
        NewToken { name: name.into(), role, person: None, expires_at: None, secret: None }
    }

    pub(super) fn mint(self) -> Result<(Token, Secret), Error> {
        self.check()?;
        let secret = match self.secret {
            Some(secret) => secret,
            None => Secret::random()?,
        };
        let token = Token {
            id: format!("t_{}", &base62(random::<32>()?)[..12]),
            name: self.name,
            role: self.role,
            person: self.person,
            hash: hash_secret(secret.reveal()),
            created_at: now_ms(),
            expires_at: self.expires_at,
        };
        Ok((token, secret))
    }

    fn check(&self) -> Result<(), Error> {
        let chars = self.name.chars().count();
        if chars == 0 || chars > MAX_NAME_CHARS || self.name.chars().any(char::is_control) {
            return Err(Error::Invalid(format!(
                "name: a token's name has 1-{MAX_NAME_CHARS} printable characters, this one {chars}"
            )));
        }
        if matches!(self.role, Role::Member | Role::Manager) && self.person.as_deref().is_none_or(str::is_empty) {
            return Err(Error::Invalid("person: a member or manager token speaks for a person, so it needs one".into()));
        }
        if let Some(secret) = &self.secret {
            let chars = secret.reveal().chars().count();
            if chars < MIN_SECRET_CHARS || secret.reveal().chars().any(|c| !c.is_ascii_graphic()) {
                return Err(Error::Invalid(format!(
                    "secret: has {chars} characters; at least {MIN_SECRET_CHARS}, printable ASCII without spaces, are needed"
                )));
            }
        }
        if self.expires_at.is_some_and(|at| at <= now_ms()) {
            return Err(Error::Invalid("expires_at: lies in the past".into()));
        }
        Ok(())
    }
}

pub(super) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64)
}

pub(super) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")
        .and_then(|mut f| f.read_exact(&mut bytes))
        .map_err(|e| Error::Unavailable(format!("no random numbers from /dev/urandom: {e}")))?;
    Ok(bytes)
}

/// 43 digits: 32 bytes as one number in base 62, by repeated division.
fn base62(mut number: [u8; 32]) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let digit = |_| {
        let mut rest = 0u32;
        for byte in &mut number {
            let value = rest << 8 | u32::from(*byte);
            *byte = (value / 62) as u8;
            rest = value % 62;
        }
        char::from(DIGITS[rest as usize])
    };
    (0..43).map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base62_is_the_number() {
        let mut one = [0; 32];
        one[31] = 63;
        assert!(base62(one).starts_with("11000"));
        assert_eq!(base62([255; 32]).len(), 43);
        assert_ne!(base62([255; 32]), base62([254; 32]));
    }

    #[test]
    fn secrets_differ_and_do_not_show_in_debug() {
        let (_, a) = NewToken::new("a", Role::Ingest).mint().unwrap();
        let (_, b) = NewToken::new("a", Role::Ingest).mint().unwrap();
        assert_ne!(a, b);
        assert!(!format!("{a:?}").contains(a.reveal()));
        assert!(a.reveal().starts_with("ff_") && a.reveal().len() == 46);
    }
}
