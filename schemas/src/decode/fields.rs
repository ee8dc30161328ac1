//! The members of one event, by name, read as the contract types them.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use super::refusal::{Refusal, What};
use super::scan::{Kind, Malformed, Scanner, Value, unescape};

/// Longest name (app, channel, peer, category, …) in characters.
pub const MAX_NAME_CHARS: usize = 256;

macro_rules! fields {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// Every name the contract gives to a field of some type of event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Field { $($variant),+ }

        impl Field {
            const COUNT: usize = [$(text($name)),+].len();

            #[cfg(test)]
            pub const ALL: [Field; Field::COUNT] = [$(Field::$variant),+];

            pub fn as_str(self) -> &'static str {
                const NAMES: [&str; Field::COUNT] = [$(text($name)),+];
                NAMES[self as usize]
            }

            #[inline]
            fn parse(name: &[u8]) -> Option<Field> {
                // A pattern of bytes is compiled to a tree: the length first, then the bytes that tell names apart.
                match name {
                    $($name => Some(Field::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

const fn text(name: &[u8]) -> &str {
    match std::str::from_utf8(name) {
        Ok(name) => name,
        Err(_) => "",
    }
}

fields! {
    Id = b"id", Type = b"type", User = b"user", Ts = b"ts", App = b"app", DurationMs = b"duration_ms", Category = b"category",
    Afk = b"afk", Title = b"title", Url = b"url", Device = b"device", Channel = b"channel", Kind = b"kind",
    Direction = b"direction", Peer = b"peer", Thread = b"thread", Notified = b"notified", Priority = b"priority",
    Text = b"text", Session = b"session", Phase = b"phase", PlannedMs = b"planned_ms", Mood = b"mood", Energy = b"energy",
    Burnout = b"burnout",
}

/// A set of fields, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct FieldSet(u32);

impl FieldSet {
    pub const fn of(fields: &[Field]) -> FieldSet {
        let mut bits = 0;
        let mut i = 0;
        while i < fields.len() {
            bits |= 1 << fields[i] as u8;
            i += 1;
        }
        FieldSet(bits)
    }

    #[cfg(test)]
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Field::ALL.iter().filter(move |field| self.has(**field)).map(|field| field.as_str())
    }

    fn has(self, field: Field) -> bool {
        self.0 & (1 << field as u8) != 0
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Member {
    key_start: u32,
    value: Value,
}

pub(super) struct Fields<'a> {
    text: &'a str,
    members: [Member; Field::COUNT],
    seen: FieldSet,
    /// Members under names the contract does not know: from the key's start to the value's end. Mostly none, so no allocation.
    unknown: Vec<(u32, u32)>,
    twice: Option<Field>,
}

impl<'a> Fields<'a> {
    pub fn new(text: &'a str) -> Fields<'a> {
        Fields { text, members: [Member::default(); Field::COUNT], seen: FieldSet::default(), unknown: Vec::new(), twice: None }
    }

    /// Finds the members. The whole text is checked, so that what follows never meets broken JSON.
    pub fn scan(&mut self) -> Result<(), Refusal> {
        self.read(Scanner::new(self.text)).map_err(Refusal::malformed)?;
        match self.twice {
            Some(field) => Err(Refusal::bad(field, What::Said("stands there twice"))),
            None => Ok(()),
        }
    }

    fn read(&mut self, mut scanner: Scanner<'a>) -> Result<(), Malformed> {
        let mut more = scanner.open_object()?;
        while more {
            let (key, value, another) = scanner.member(1)?;
            let raw = inner(self.text, key);
            let field = match key.kind {
                Kind::Escaped => Field::parse(unescape(raw).as_bytes()),
                _ => Field::parse(raw.as_bytes()),
            };
            match field {
                Some(field) => {
                    if self.seen.has(field) {
                        self.twice = self.twice.or(Some(field));
                    }
                    self.seen.0 |= 1 << field as u8;
                    self.members[field as usize] = Member { key_start: key.start, value };
                }
                None => self.unknown.push((key.start, value.end)),
            }
            more = another;
        }
        scanner.finish()
    }

    fn value(&self, field: Field) -> Value {
        self.members[field as usize].value
    }

    /// Text of at most `max` characters; null and the empty text are absent.
    #[inline]
    pub fn text(&self, field: Field, max: usize) -> Result<Option<Cow<'a, str>>, Refusal> {
        let value = self.value(field);
        let raw = inner(self.text, value);
        let text = match value.kind {
            Kind::Null => return Ok(None),
            Kind::Plain => Cow::Borrowed(raw),
            Kind::Escaped => Cow::Owned(unescape(raw)),
            _ => return Err(Refusal::bad(field, What::Said("must be a text"))),
        };
        if text.is_empty() {
            return Ok(None);
        }
        if text.len() > max && text.chars().count() > max {
            return Err(Refusal::out_of_range(field, What::LongerThan(max)));
        }
        Ok(Some(text))
    }

    #[inline]
    pub fn name(&self, field: Field) -> Result<Option<Cow<'a, str>>, Refusal> {
        self.text(field, MAX_NAME_CHARS)
    }

    #[inline]
    pub fn required(&self, field: Field, max: usize) -> Result<Cow<'a, str>, Refusal> {
        self.text(field, max)?.ok_or_else(|| Refusal::missing(field))
    }

    /// A word of a closed set.
    #[inline]
    pub fn word<T>(&self, field: Field, parse: fn(&str) -> Option<T>, words: &'static str) -> Result<T, Refusal> {
        let text = self.required(field, usize::MAX)?;
        parse(&text).ok_or_else(|| Refusal::bad(field, What::NoneOf(words)))
    }

    #[inline]
    pub fn flag(&self, field: Field, default: bool) -> Result<bool, Refusal> {
        match self.value(field).kind {
            Kind::Null => Ok(default),
            Kind::True => Ok(true),
            Kind::False => Ok(false),
            _ => Err(Refusal::bad(field, What::Said("must be true or false"))),
        }
    }

    /// A whole number; 1000.0 and 1e3 are whole, as in JSON Schema.
    #[inline]
    pub fn integer(&self, field: Field, range: RangeInclusive<i64>) -> Result<Option<i64>, Refusal> {
        let value = self.value(field);
        let raw = &self.text[value.start as usize..value.end as usize];
        let number = match value.kind {
            Kind::Null => return Ok(None),
            Kind::Integer => raw.parse().ok(),
            Kind::Float => match raw.parse::<f64>() {
                Ok(float) if float.fract() != 0.0 => return Err(Refusal::bad(field, What::Said("must be a whole number"))),
                // Past 2^53 a float no longer says which whole number was meant.
                Ok(float) if float.abs() <= 9_007_199_254_740_992.0 => Some(float as i64),
                _ => None,
            },
            _ => return Err(Refusal::bad(field, What::Said("must be a whole number"))),
        };
        match number.filter(|n| range.contains(n)) {
            Some(number) => Ok(Some(number)),
            None => Err(Refusal::out_of_range(field, What::Outside(*range.start(), *range.end()))),
        }
    }

    #[inline]
    pub fn small(&self, field: Field, range: RangeInclusive<i64>) -> Result<Option<u8>, Refusal> {
        Ok(self.integer(field, range)?.and_then(|n| u8::try_from(n).ok()))
    }

    pub fn is_text(&self, field: Field) -> bool {
        matches!(self.value(field).kind, Kind::Plain | Kind::Escaped)
    }

    /// Members that are not `own`, as one JSON object in the order they came, each as it was written.
    pub fn extra(self, own: FieldSet) -> Option<Cow<'a, str>> {
        let foreign = self.seen.0 & !own.0;
        if foreign == 0 && self.unknown.is_empty() {
            return None;
        }
        let mut spans = self.unknown;
        for bit in 0..Field::COUNT {
            if foreign & (1 << bit) != 0 {
                spans.push((self.members[bit].key_start, self.members[bit].value.end));
            }
        }
        spans.sort_unstable();
        let mut out = String::with_capacity(spans.iter().map(|(start, end)| (end - start + 1) as usize).sum::<usize>() + 2);
        for (i, (start, end)) in spans.iter().enumerate() {
            out.push(if i == 0 { '{' } else { ',' });
            out.push_str(&self.text[*start as usize..*end as usize]);
        }
        out.push('}');
        Some(Cow::Owned(out))
    }
}

/// A text value without its quotes.
fn inner(text: &str, value: Value) -> &str {
    text.get(value.start as usize + 1..(value.end as usize).saturating_sub(1)).unwrap_or("")
}
