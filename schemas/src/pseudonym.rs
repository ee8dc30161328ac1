//! Names that stand for ids: the same id gives the same pseudonym, and without the key nobody gets from one to the other.
//!
//! A pseudonym is a letter for what it stands for and 80 bits of HMAC-SHA-256 over that letter and the id, so that ids of
//! different kinds that happen to read alike do not. Any engine that has SHA-256 can compute it: `hmac_pads` gives the two
//! blocks the key turns into.

use std::fmt;

use sha2::{Digest, Sha256};

const BLOCK: usize = 64;
const SHOWN_BYTES: usize = 10;

/// What an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// People, and whom they wrote to.
    Person,
    /// Events, messages, sessions, threads.
    Item,
    /// Devices and senders.
    Source,
}

impl Kind {
    pub fn letter(self) -> char {
        match self {
            Kind::Person => 'p',
            Kind::Item => 'i',
            Kind::Source => 's',
        }
    }
}

/// The secret behind an installation's pseudonyms. Its `Debug` does not tell it, so that it cannot slip into a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    pub fn new(secret: [u8; 32]) -> Key {
        Key(secret)
    }

    /// From the text it is kept as; none when that is not one.
    pub fn from_hex(text: &str) -> Option<Key> {
        let mut secret = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (at, byte) in secret.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
        }
        Some(Key(secret))
    }

    pub fn to_hex(&self) -> String {
        hex(&self.0)
    }

    /// The key as HMAC's inner and outer block: a pseudonym is SHA-256(outer, SHA-256(inner, letter, id)).
    pub fn hmac_pads(&self) -> ([u8; BLOCK], [u8; BLOCK]) {
        let (mut inner, mut outer) = ([0x36; BLOCK], [0x5c; BLOCK]);
        for (at, byte) in self.0.iter().enumerate() {
            inner[at] ^= byte;
            outer[at] ^= byte;
        }
        (inner, outer)
    }
}

/// Makes pseudonyms; the key's share of the work is done once.
#[derive(Clone)]
pub struct Pseudonyms {
    inner: Sha256,
    outer: Sha256,
}

impl fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pseudonyms(…)")
    }
}

impl Pseudonyms {
    pub fn new(key: &Key) -> Pseudonyms {
        let (inner, outer) = key.hmac_pads();
        Pseudonyms { inner: Sha256::new_with_prefix(inner), outer: Sha256::new_with_prefix(outer) }
    }

    /// Such as `p_4f2a90c1d3e85b7720aa`.
    pub fn of(&self, kind: Kind, id: &str) -> String {
        let mut inner = self.inner.clone();
        inner.update([kind.letter() as u8]);
        inner.update(id.as_bytes());
        let mut outer = self.outer.clone();
        outer.update(inner.finalize());
        format!("{}_{}", kind.letter(), hex(&outer.finalize()[..SHOWN_BYTES]))
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_hmac_sha_256() {
        // RFC 4231, test case 1, with the first letter of its text as the kind would be: computed over "pi There".
        let mut secret = [0; 32];
        secret[..20].fill(0x0b);
        let pseudonyms = Pseudonyms::new(&Key::new(secret));
        let (inner, outer) = Key::new(secret).hmac_pads();
        let first = Sha256::digest([&inner[..], b"pi There"].concat());
        let second = Sha256::digest([&outer[..], &first[..]].concat());
        assert_eq!(pseudonyms.of(Kind::Person, "i There"), format!("p_{}", &hex(&second)[..20]));
        // The RFC's own answer, over "Hi There".
        let first = Sha256::digest([&inner[..], b"Hi There"].concat());
        let second = Sha256::digest([&outer[..], &first[..]].concat());
        assert_eq!(hex(&second), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    }

    #[test]
    fn keys_and_kinds_give_different_names_and_the_same_id_the_same() {
        let (a, b) = (Pseudonyms::new(&Key::new([1; 32])), Pseudonyms::new(&Key::new([2; 32])));
        assert_eq!(a.of(Kind::Person, "ada"), a.of(Kind::Person, "ada"));
        assert_ne!(a.of(Kind::Person, "ada"), b.of(Kind::Person, "ada"));
        assert_ne!(a.of(Kind::Person, "ada")[1..], a.of(Kind::Item, "ada")[1..]);
        assert_ne!(a.of(Kind::Person, "ada"), a.of(Kind::Person, "ada "));
    }

    #[test]
    fn a_key_survives_its_text_and_does_not_show_in_debug() {
        let key = Key::new([0xa7; 32]);
        assert_eq!(Key::from_hex(&key.to_hex()), Some(key.clone()));
        assert_eq!((Key::from_hex("a7"), Key::from_hex(&"é".repeat(32))), (None, None));
        assert!(!format!("{key:?}{:?}", Pseudonyms::new(&key)).contains("a7"));
    }
}
