//! RFC 3339 instants to milliseconds. A fixed layout, read by hand: this runs once per event.

/// Why a text is no instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeError {
    NoZone,
    Form,
}

/// `2026-11-20T15:16:27.123+01:00`: a date, `T` (or `t` or a space), a time, any number of fractional digits of which
/// those past milliseconds are cut off, and `Z` or an offset up to 23:59. A leap second (`:60`) is the second before it,
/// as clocks without leap seconds count.
pub(super) fn parse_rfc3339(text: &str) -> Result<i64, TimeError> {
    let bytes = text.as_bytes();
    let Some(head) = bytes.first_chunk::<19>() else { return Err(TimeError::Form) };
    if head[4] != b'-' || head[7] != b'-' || !matches!(head[10], b'T' | b't' | b' ') || head[13] != b':' || head[16] != b':' {
        return Err(TimeError::Form);
    }
    let year = two(head[0], head[1])? * 100 + two(head[2], head[3])?;
    let (month, day) = (two(head[5], head[6])?, two(head[8], head[9])?);
    let (hour, minute, second) = (two(head[11], head[12])?, two(head[14], head[15])?, two(head[17], head[18])?);
    if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) || hour > 23 || minute > 59 || second > 60 {
        return Err(TimeError::Form);
    }
    let (millis, zone) = fraction(&bytes[19..])?;
    let seconds = (days_from_civil(year, month, day) * 24 + hour) * 3600 + minute * 60 + second.min(59) - offset(zone)?;
    Ok(seconds * 1_000 + millis)
}

fn two(tens: u8, ones: u8) -> Result<i64, TimeError> {
    if !tens.is_ascii_digit() || !ones.is_ascii_digit() {
        return Err(TimeError::Form);
    }
    Ok(i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
}

/// Milliseconds of a fraction, where there is one, and what follows it.
fn fraction(rest: &[u8]) -> Result<(i64, &[u8]), TimeError> {
    let Some((b'.', digits)) = rest.split_first() else { return Ok((0, rest)) };
    let len = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    if len == 0 {
        return Err(TimeError::Form);
    }
    let digit = |i: usize| if i < len { i64::from(digits[i] - b'0') } else { 0 };
    Ok((digit(0) * 100 + digit(1) * 10 + digit(2), &digits[len..]))
}

/// Seconds east of UTC.
fn offset(zone: &[u8]) -> Result<i64, TimeError> {
    let (sign, digits) = match zone {
        [b'Z' | b'z'] => return Ok(0),
        [] => return Err(TimeError::NoZone),
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return Err(TimeError::Form),
    };
    let [h1, h2, b':', m1, m2] = digits else { return Err(TimeError::Form) };
    let (hours, minutes) = (two(*h1, *h2)?, two(*m1, *m2)?);
    if hours > 23 || minutes > 59 {
        return Err(TimeError::Form);
    }
    Ok(sign * (hours * 3600 + minutes * 60))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar (Hinnant's algorithm: March-based years, 400-year eras).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}
