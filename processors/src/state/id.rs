//! Event ids in 16 bytes: UUIDs and ULIDs as the numbers they are, short texts as they stand, others by symbol.

use std::cmp::Ordering;

use super::hash::Mix;
use super::symbols::Symbols;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Form {
    Uuid = 0,
    Ulid = 1,
    /// Up to 15 bytes of text, the length in the last.
    Short = 2,
    /// A symbol's number in the first four bytes.
    Symbol = 3,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id {
    pub form: Form,
    pub bytes: [u8; 16],
}

impl Form {
    pub fn of(bits: u32) -> Form {
        match bits & 3 {
            0 => Form::Uuid,
            1 => Form::Ulid,
            2 => Form::Short,
            _ => Form::Symbol,
        }
    }
}

impl Id {
    /// `None` when the symbols have no room.
    #[inline]
    pub fn pack(text: &str, symbols: &mut Symbols) -> Option<Id> {
        let packed = match text.len() {
            36 => uuid(text.as_bytes()).map(|bytes| Id { form: Form::Uuid, bytes }),
            26 => ulid(text.as_bytes()).map(|bytes| Id { form: Form::Ulid, bytes }),
            len if len <= 15 => {
                let mut bytes = [0; 16];
                bytes[..len].copy_from_slice(text.as_bytes());
                bytes[15] = len as u8;
                Some(Id { form: Form::Short, bytes })
            }
            _ => None,
        };
        packed.or_else(|| {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&symbols.intern(text)?.to_le_bytes());
            Some(Id { form: Form::Symbol, bytes })
        })
    }

    pub fn symbol(&self) -> Option<u32> {
        (self.form == Form::Symbol).then(|| u32::from_le_bytes([self.bytes[0], self.bytes[1], self.bytes[2], self.bytes[3]]))
    }

    pub fn with_symbol(symbol: u32) -> Id {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&symbol.to_le_bytes());
        Id { form: Form::Symbol, bytes }
    }

    #[inline]
    pub fn hash(&self) -> u64 {
        let word = |i: usize| i64::from_le_bytes(self.bytes[i..i + 8].try_into().unwrap_or_default());
        Mix::new().int(word(0)).int(word(8) ^ (self.form as i64) << 62).finish()
    }

    /// The id as it was sent; `out` is overwritten.
    pub fn write<'o>(&self, symbols: &Symbols, out: &'o mut String) -> &'o str {
        out.clear();
        match self.form {
            Form::Uuid => {
                for (i, byte) in self.bytes.iter().enumerate() {
                    if matches!(i, 4 | 6 | 8 | 10) {
                        out.push('-');
                    }
                    out.push(char::from(HEX[usize::from(byte >> 4)]));
                    out.push(char::from(HEX[usize::from(byte & 15)]));
                }
            }
            Form::Ulid => {
                let number = u128::from_be_bytes(self.bytes);
                out.extend((0..26).rev().map(|i| char::from(CROCKFORD[(number >> (5 * i)) as usize & 31])));
            }
            Form::Short => {
                let len = usize::from(self.bytes[15]).min(15);
                out.push_str(std::str::from_utf8(&self.bytes[..len]).unwrap_or(""));
            }
            Form::Symbol => out.push_str(symbols.get(self.symbol().unwrap_or(u32::MAX))),
        }
        out
    }

    /// As their texts compare. Numbers of one form compare as their texts do; only mixed forms need the texts.
    pub fn compare(&self, other: &Id, symbols: &Symbols) -> Ordering {
        match (self.form, other.form) {
            (Form::Uuid, Form::Uuid) | (Form::Ulid, Form::Ulid) => self.bytes.cmp(&other.bytes),
            _ => {
                let (mut a, mut b) = (String::new(), String::new());
                self.write(symbols, &mut a).cmp(other.write(symbols, &mut b))
            }
        }
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const fn inverse(alphabet: &[u8]) -> [u8; 256] {
    let mut table = [255; 256];
    let mut i = 0;
    while i < alphabet.len() {
        table[alphabet[i] as usize] = i as u8;
        i += 1;
    }
    table
}

static FROM_CROCKFORD: [u8; 256] = inverse(CROCKFORD);
static FROM_HEX: [u8; 256] = inverse(HEX);

/// Canonical lower-case form alone: any other spelling is another id.
fn uuid(text: &[u8]) -> Option<[u8; 16]> {
    const PLACES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
    if text.len() != 36 || [8, 13, 18, 23].iter().any(|&i| text[i] != b'-') {
        return None;
    }
    let mut bytes = [0; 16];
    let mut bad = 0;
    for (byte, at) in bytes.iter_mut().zip(PLACES) {
        let (high, low) = (FROM_HEX[usize::from(text[at])], FROM_HEX[usize::from(text[at + 1])]);
        bad |= high | low;
        *byte = high << 4 | (low & 15);
    }
    (bad & 0xf0 == 0).then_some(bytes)
}

fn ulid(text: &[u8]) -> Option<[u8; 16]> {
    if text.len() != 26 || text[0] > b'7' {
        return None;
    }
    let mut number = 0u128;
    for byte in text {
        let value = FROM_CROCKFORD[usize::from(*byte)];
        if value == 255 {
            return None;
        }
        number = number << 5 | u128::from(value);
    }
    Some(number.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn forms() -> impl Strategy<Value = String> {
        prop_oneof![
            "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            "[0-9A-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            "[0-7][0-9A-HJKMNP-TV-Z]{25}",
            "[0-9a-zA-Z]{26}",
            "[a-c0-9]{1,3}",
            "\\PC{1,20}",
            "[a-z]{14,17}",
        ]
    }

    proptest! {
        #[test]
        fn ids_come_back_as_sent_and_compare_as_texts(a in forms(), b in forms()) {
            let mut symbols = Symbols::default();
            let (x, y) = (Id::pack(&a, &mut symbols).unwrap(), Id::pack(&b, &mut symbols).unwrap());
            let mut text = String::new();
            prop_assert_eq!(x.write(&symbols, &mut text), &a);
            prop_assert_eq!(x.compare(&y, &symbols), a.cmp(&b));
            prop_assert_eq!(x == y, a == b);
        }
    }
}
