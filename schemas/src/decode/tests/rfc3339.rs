//! Instants, with jiff as the judge.

use super::*;

#[test]
fn reads_what_the_standard_allows() {
    let cases = [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-20t15:16:27z", 1_795_187_787_000),
        ("2026-11-20 15:16:27.1Z", 1_795_187_787_100),
        ("2026-11-20T15:16:27.123999999999Z", 1_795_187_787_123),
        ("2026-11-20T16:16:27.120+01:00", 1_795_187_787_120),
        ("2026-11-20T10:46:27-04:30", 1_795_187_787_000),
        ("2026-11-20T15:16:27-00:00", 1_795_187_787_000),
        ("2016-12-31T23:59:60Z", 1_483_228_799_000),
        ("2016-12-31T23:59:60.5Z", 1_483_228_799_500),
        ("2024-02-29T00:00:00+23:59", 1_709_078_460_000),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_rfc3339(text), Ok(expected), "{text}");
        let jiff: jiff::Timestamp =
            text.get(..23).filter(|_| text.len() > 30).map(|t| format!("{t}Z")).unwrap_or(text.into()).parse().unwrap();
        assert_eq!(jiff.as_millisecond(), expected, "{text}");
    }
}

#[test]
fn refuses_the_rest() {
    for text in [
        "",
        "2026-11-20",
        "2026-11-20T15:16Z",
        "2026-13-20T15:16:27Z",
        "2026-02-29T15:16:27Z",
        "2100-02-29T15:16:27Z",
        "2026-00-10T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-11-20T24:00:00Z",
        "2026-11-20T15:60:27Z",
        "2026-11-20T15:16:61Z",
        "2026-11-20T15:16:27.Z",
        "2026-11-20T15:16:27+24:00",
        "2026-11-20T15:16:27+01:60",
        "2026-11-20T15:16:27+0100",
        "2026-11-20T15:16:27+01",
        "2026-11-20T15:16:27Zx",
        "2026-11-20_15:16:27Z",
        "2026/11/20T15:16:27Z",
        "20261120T151627Z",
        "+002026-11-20T15:16:27Z",
        "2026-11-20T15:16:27,5Z",
        "2026-11-20T15:16:2 Z",
    ] {
        assert_eq!(parse_rfc3339(text), Err(TimeError::Form), "{text}");
    }
    assert_eq!(parse_rfc3339("2026-11-20T15:16:27.5"), Err(TimeError::NoZone));
}

proptest! {
    #[test]
    fn agrees_with_jiff(
        (year, month, day) in (0i16..=9999, 1i8..=12, 1i8..=31), (hour, minute, second) in (0u8..24, 0u8..60, 0u8..=60),
        fraction in "(\\.[0-9]{1,9})?", zone in "(Z|[+-](0[0-9]|1[0-9]|2[0-3]):[0-5][0-9])",
    ) {
        let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}");
        // Before 1970 jiff cuts a fraction toward zero, so the floor is taken from its nanoseconds.
        let jiff = text.parse::<jiff::Timestamp>().ok().map(|t| t.as_nanosecond().div_euclid(1_000_000) as i64);
        let ours = parse_rfc3339(&text).ok();
        // At the very ends of the calendar an offset leads out of jiff's range.
        prop_assume!(jiff.is_some() || ours.is_none() || (1..9999).contains(&year));
        prop_assert_eq!(ours, jiff, "{}", text);
    }
}
