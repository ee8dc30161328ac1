//! One strict pass over a JSON object (RFC 8259), which finds where each member's value lies and builds nothing.
//!
//! Written by hand because it is the hottest code of the product: it costs a third of a general parser, and every
//! string can be borrowed. `decode/tests.rs` holds it against serde_json on random and mutated input.

/// Nesting inside an event, at most: deeper input is an attack or a mistake.
pub(super) const MAX_DEPTH: u32 = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    #[default]
    Null,
    True,
    False,
    /// Digits and perhaps a minus.
    Integer,
    /// With a fraction or an exponent.
    Float,
    /// Text without escapes: the bytes between the quotes are the value.
    Plain,
    /// Text with escapes, all of them valid.
    Escaped,
    /// An object or an array.
    Composite,
}

/// Where a value stands in the text, quotes included.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Value {
    pub kind: Kind,
    pub start: u32,
    pub end: u32,
}

/// What is wrong with the JSON, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed {
    pub what: &'static str,
    pub at: usize,
}

pub(super) struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    /// The text must be valid UTF-8 and shorter than 4 GiB.
    pub fn new(text: &'a str) -> Scanner<'a> {
        Scanner { text, bytes: text.as_bytes(), at: 0 }
    }

    /// Reads the opening brace. True when there are members.
    pub fn open_object(&mut self) -> Result<bool, Malformed> {
        self.skip_space();
        if self.peek() != b'{' {
            return Err(self.wrong("an event is a JSON object"));
        }
        self.at += 1;
        self.skip_space();
        if self.peek() == b'}' {
            self.at += 1;
            return Ok(false);
        }
        Ok(true)
    }

    /// The next member's key (as a text value) and value, and whether another follows.
    #[inline]
    pub fn member(&mut self, depth: u32) -> Result<(Value, Value, bool), Malformed> {
        self.skip_space();
        if self.peek() != b'"' {
            return Err(self.wrong("expected a field name in quotes"));
        }
        let key = self.text()?;
        self.skip_space();
        if self.peek() != b':' {
            return Err(self.wrong("expected `:` after a field name"));
        }
        self.at += 1;
        self.skip_space();
        let value = self.value(depth)?;
        self.skip_space();
        let more = match self.peek() {
            b',' => true,
            b'}' => false,
            _ => return Err(self.wrong("expected `,` or `}` after a value")),
        };
        self.at += 1;
        Ok((key, value, more))
    }

    /// Writes the value here without the members that `private` says so of, by their name and the first byte of their value.
    /// True when there were any.
    pub fn copy(&mut self, out: &mut String, private: &impl Fn(&str, u8) -> bool) -> Result<bool, Malformed> {
        self.copy_value(1, out, private)
    }

    fn copy_value(&mut self, depth: u32, out: &mut String, private: &impl Fn(&str, u8) -> bool) -> Result<bool, Malformed> {
        let (start, open) = (self.at, self.peek());
        let close = match open {
            b'{' => b'}',
            b'[' => b']',
            _ => {
                self.value(depth)?;
                out.push_str(&self.text[start..self.at]);
                return Ok(false);
            }
        };
        if depth > MAX_DEPTH {
            return Err(self.wrong("nested more than 64 levels deep"));
        }
        out.push(char::from(open));
        self.at += 1;
        self.skip_space();
        let (begin, mut found) = (out.len(), false);
        while self.peek() != close {
            let member = self.at;
            let mut dropped = false;
            if open == b'{' {
                if self.peek() != b'"' {
                    return Err(self.wrong("expected a field name in quotes"));
                }
                let key = self.text()?;
                self.skip_space();
                self.at += 1;
                self.skip_space();
                let raw = &self.text[key.start as usize + 1..key.end as usize - 1];
                dropped = match key.kind {
                    Kind::Escaped => private(&unescape(raw), self.peek()),
                    _ => private(raw, self.peek()),
                };
            }
            if dropped {
                self.value(depth)?;
            } else {
                if out.len() > begin {
                    out.push(',');
                }
                out.push_str(&self.text[member..self.at]);
                found |= self.copy_value(depth + 1, out, private)?;
            }
            found |= dropped;
            self.skip_space();
            if self.peek() == b',' {
                self.at += 1;
                self.skip_space();
            } else if self.peek() != close {
                return Err(self.wrong("expected a comma or a closing bracket after a value"));
            }
        }
        out.push(char::from(close));
        self.at += 1;
        Ok(found)
    }

    pub fn finish(&mut self) -> Result<(), Malformed> {
        self.skip_space();
        if self.at < self.bytes.len() { Err(self.wrong("something follows the object")) } else { Ok(()) }
    }

    #[inline]
    fn value(&mut self, depth: u32) -> Result<Value, Malformed> {
        let start = self.at as u32;
        let kind = match self.peek() {
            b'"' => return self.text(),
            b'-' | b'0'..=b'9' => self.number()?,
            b't' => self.literal(b"true", Kind::True)?,
            b'f' => self.literal(b"false", Kind::False)?,
            b'n' => self.literal(b"null", Kind::Null)?,
            b'{' | b'[' => self.composite(depth)?,
            _ => return Err(self.wrong("expected a value")),
        };
        Ok(Value { kind, start, end: self.at as u32 })
    }

    fn composite(&mut self, depth: u32) -> Result<Kind, Malformed> {
        if depth >= MAX_DEPTH {
            return Err(self.wrong("nested more than 64 levels deep"));
        }
        let object = self.peek() == b'{';
        let close = if object { b'}' } else { b']' };
        self.at += 1;
        self.skip_space();
        if self.peek() == close {
            self.at += 1;
            return Ok(Kind::Composite);
        }
        if object {
            while self.member(depth + 1)?.2 {}
            return Ok(Kind::Composite);
        }
        loop {
            self.skip_space();
            self.value(depth + 1)?;
            self.skip_space();
            match self.peek() {
                b',' => self.at += 1,
                b']' => break,
                _ => return Err(self.wrong("expected `,` or `]` after a value")),
            }
        }
        self.at += 1;
        Ok(Kind::Composite)
    }

    fn literal(&mut self, word: &[u8], kind: Kind) -> Result<Kind, Malformed> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(self.wrong("expected a value"));
        }
        self.at += word.len();
        Ok(kind)
    }

    fn number(&mut self) -> Result<Kind, Malformed> {
        if self.peek() == b'-' {
            self.at += 1;
        }
        let first = self.peek();
        if self.digits()? > 1 && first == b'0' {
            return Err(self.wrong("a number starts with a needless 0"));
        }
        let mut kind = Kind::Integer;
        if self.peek() == b'.' {
            kind = Kind::Float;
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            kind = Kind::Float;
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(kind)
    }

    fn digits(&mut self) -> Result<usize, Malformed> {
        let start = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        if self.at == start { Err(self.wrong("expected a digit")) } else { Ok(self.at - start) }
    }

    #[inline]
    fn text(&mut self) -> Result<Value, Malformed> {
        let start = self.at as u32;
        let mut kind = Kind::Plain;
        self.at += 1;
        loop {
            self.at = plain_run(self.bytes, self.at);
            match self.bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    kind = Kind::Escaped;
                    self.escape()?;
                }
                Some(_) => return Err(self.wrong("a control character stands in a text")),
                None => return Err(self.wrong("a text has no end")),
            }
        }
        self.at += 1;
        Ok(Value { kind, start, end: self.at as u32 })
    }

    /// Past one escape. Half a surrogate pair is no character, and JSON that has one is refused.
    fn escape(&mut self) -> Result<(), Malformed> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let unit = hex4(self.bytes, self.at + 2).ok_or(self.wrong("a \\u escape needs four hex digits"))?;
                self.at += 6;
                if (0xD800..0xDC00).contains(&unit) {
                    let low = if self.bytes[self.at..].starts_with(b"\\u") { hex4(self.bytes, self.at + 2) } else { None };
                    if !low.is_some_and(|low| (0xDC00..0xE000).contains(&low)) {
                        return Err(self.wrong("half a surrogate pair"));
                    }
                    self.at += 6;
                } else if (0xDC00..0xE000).contains(&unit) {
                    return Err(self.wrong("half a surrogate pair"));
                }
            }
            _ => return Err(self.wrong("an unknown escape")),
        }
        Ok(())
    }

    /// The byte here; 0, which starts nothing in JSON, at the end.
    #[inline]
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    #[inline]
    fn skip_space(&mut self) {
        // Mostly there is none, and one comparison says so.
        while self.peek() <= b' ' && matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    fn wrong(&self, what: &'static str) -> Malformed {
        Malformed { what, at: self.at }
    }
}

/// Where a run of plain text ends: at a quote, a backslash, a control character or the end. Eight bytes at a time.
#[inline]
pub(super) fn plain_run(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES << 7;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let quote = word ^ (ONES * b'"' as u64);
        let slash = word ^ (ONES * b'\\' as u64);
        // The lowest flagged byte is exact: a borrow can only raise flags above a true one.
        let quotes = quote.wrapping_sub(ONES) & !quote;
        let slashes = slash.wrapping_sub(ONES) & !slash;
        let controls = word.wrapping_sub(ONES * 0x20) & !word;
        let hits = (quotes | slashes | controls) & HIGHS;
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while let Some(byte) = bytes.get(at) {
        if *byte < 0x20 || *byte == b'"' || *byte == b'\\' {
            break;
        }
        at += 1;
    }
    at
}

fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 4)?;
    digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))
}

/// The text behind a scanned string with its escapes (no quotes). What the scanner let through is always valid.
pub(super) fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(slash) = rest.find('\\') {
        out.push_str(&rest[..slash]);
        let after = &rest[slash + 1..];
        let letter = after.bytes().next().unwrap_or(b'\\');
        let mut taken = 1;
        out.push(match letter {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let bytes = after.as_bytes();
                let mut unit = hex4(bytes, 1).unwrap_or(0xFFFD);
                taken = 5;
                if (0xD800..0xDC00).contains(&unit) {
                    let low = hex4(bytes, 7).unwrap_or(0xDC00);
                    unit = 0x10000 + ((unit - 0xD800) << 10) + low.saturating_sub(0xDC00);
                    taken = 11;
                }
                char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            other => char::from(other),
        });
        rest = after.get(taken..).unwrap_or("");
    }
    out.push_str(rest);
    out
}
