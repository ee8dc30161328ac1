//! Spans of time and sizes as people write them ("10min", "64MiB"), and what is not to be shown.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

/// A span of time, in whole milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub i64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub u64);

const DAY_MS: i64 = 86_400_000;

/// A password, or an address with one in it. Its `Debug` does not tell it, so that it cannot slip into a log.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Secret(String);

impl Secret {
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// None when it is empty.
    pub fn given(&self) -> Option<&str> {
        Some(self.0.as_str()).filter(|text| !text.is_empty())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "none" } else { "…" })
    }
}

impl Span {
    pub fn parse(text: &str) -> Result<Span, String> {
        let units = [("ms", 1), ("s", 1_000), ("min", 60_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
        number_and_unit(text, &units)
            .map(|n| Span(n as i64))
            .ok_or_else(|| format!("{text:?} is not a span of time like \"10min\" (ms, s, min, h, d)"))
    }

    pub fn duration(self) -> Duration {
        Duration::from_millis(self.0.unsigned_abs())
    }

    /// In whole days; none when there are more than can be counted.
    pub fn days(self) -> Option<u32> {
        u32::try_from(self.0 / DAY_MS).ok()
    }
}

impl Size {
    pub fn parse(text: &str) -> Result<Size, String> {
        let units = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];
        number_and_unit(text, &units)
            .map(Size)
            .ok_or_else(|| format!("{text:?} is not a size like \"64MiB\" (B, KiB, MiB, GiB, TiB)"))
    }

    pub fn bytes(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

fn number_and_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = (text[..split].parse::<u64>().ok()?, text[split..].trim());
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.checked_mul(*factor).filter(|n| i64::try_from(*n).is_ok())
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
        Span::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Size, D::Error> {
        Size::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_sizes_are_read_and_nonsense_is_not() {
        assert_eq!(Span::parse("10min"), Ok(Span(600_000)));
        assert_eq!(Span::parse("90 d"), Ok(Span(90 * 86_400_000)));
        assert_eq!(Size::parse("64MiB"), Ok(Size(64 << 20)));
        for bad in ["", "5", "min", "-5s", "5 parsecs", "99999999999999999999s", "9999999999999999d"] {
            assert!(Span::parse(bad).is_err(), "{bad}");
        }
        assert!(Size::parse("5MB").is_err());
    }
}
