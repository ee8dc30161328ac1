mod against_serde;
mod rfc3339;

use std::borrow::Cow;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

const ACTIVITY_JSON: &str = r#"{"id":"0198c2d4-6c1e","type":"activity","user":"u-000123","ts":1790000000000,"app":"Code","duration_ms":4200,"category":"coding","device":"laptop"}"#;

fn code(json: &str) -> &'static str {
    event(json.as_bytes()).map_or_else(|r| r.code.as_str(), |_| "ok")
}

/// `base` with one member set to raw JSON, or taken out when it is empty.
fn with(base: &Value, name: &str, raw: &str) -> String {
    let mut members: Vec<String> =
        base.as_object().unwrap().iter().filter(|(k, _)| *k != name).map(|(k, v)| format!("{}:{v}", json!(k))).collect();
    if !raw.is_empty() {
        members.push(format!("{}:{raw}", json!(name)));
    }
    format!("{{{}}}", members.join(","))
}

fn activity_base() -> Value {
    json!({"id": "a1", "type": "activity", "user": "u1", "ts": 1_790_000_000_000_i64, "app": "Code", "duration_ms": 5000})
}

fn message_base() -> Value {
    json!({"id": "m1", "type": "message", "user": "u1", "ts": "2026-11-20T09:00:00Z", "channel": "slack", "kind": "dm", "direction": "received"})
}

fn session_base() -> Value {
    json!({"id": "s1", "type": "session", "user": "u1", "ts": 1_790_000_000_000_i64, "session": "x", "kind": "checkin", "phase": "end"})
}

#[test]
fn borrows_what_has_no_escapes() {
    let event = event(ACTIVITY_JSON.as_bytes()).unwrap();
    assert!(matches!(event.id, Cow::Borrowed("0198c2d4-6c1e")));
    assert!(event.extra.is_none());
    let Body::Activity(activity) = event.body else { panic!("not an activity") };
    assert!(matches!(activity.app, Cow::Borrowed("Code")));
    assert_eq!((activity.duration_ms, activity.afk, activity.title), (4200, false, None));
}

#[test]
fn each_rule_has_its_code_and_names_the_field() {
    let long = |n: usize| json!("é".repeat(n)).to_string();
    let (l64, l65, l256, l257) = (long(64), long(65), long(256), long(257));
    let cases: &[(&Value, &str, &str, &str)] = &[
        (&activity_base(), "x", "1", "ok"),
        (&activity_base(), "id", "", "missing"),
        (&activity_base(), "id", "null", "missing"),
        (&activity_base(), "id", r#""""#, "missing"),
        (&activity_base(), "id", "7", "bad_field"),
        (&activity_base(), "id", &l64, "ok"),
        (&activity_base(), "id", &l65, "out_of_range"),
        (&activity_base(), "type", r#""keystroke""#, "unknown_type"),
        (&activity_base(), "type", "", "missing"),
        (&activity_base(), "user", "", "missing"),
        (&activity_base(), "user", &l257, "out_of_range"),
        (&activity_base(), "ts", "", "missing"),
        (&activity_base(), "ts", "true", "bad_field"),
        (&activity_base(), "ts", "1.5", "bad_field"),
        (&activity_base(), "ts", "-1", "out_of_range"),
        (&activity_base(), "ts", "99999999999999999999999", "out_of_range"),
        (&activity_base(), "ts", "1.79e12", "ok"),
        (&activity_base(), "ts", r#""2026-11-20T09:00:00""#, "bad_field"),
        (&activity_base(), "ts", r#""1969-12-31T23:59:59Z""#, "out_of_range"),
        (&activity_base(), "app", "", "missing"),
        (&activity_base(), "app", &l256, "ok"),
        (&activity_base(), "app", &l257, "out_of_range"),
        (&activity_base(), "duration_ms", "", "missing"),
        (&activity_base(), "duration_ms", "0", "ok"),
        (&activity_base(), "duration_ms", "-0", "ok"),
        (&activity_base(), "duration_ms", "5000.0", "ok"),
        (&activity_base(), "duration_ms", "5000.5", "bad_field"),
        (&activity_base(), "duration_ms", "14400000", "ok"),
        (&activity_base(), "duration_ms", "14400001", "out_of_range"),
        (&activity_base(), "duration_ms", "-1", "out_of_range"),
        (&activity_base(), "duration_ms", r#""5000""#, "bad_field"),
        (&activity_base(), "afk", "1", "bad_field"),
        (&activity_base(), "category", r#""knitting""#, "ok"),
        (&message_base(), "kind", r#""shout""#, "bad_field"),
        (&message_base(), "direction", r#""sideways""#, "bad_field"),
        (&message_base(), "priority", "100", "ok"),
        (&message_base(), "priority", "101", "out_of_range"),
        (&message_base(), "notified", r#""yes""#, "bad_field"),
        (&message_base(), "peer", "[1]", "bad_field"),
        (&message_base(), "app", "[1]", "ok"),
        (&session_base(), "kind", r#""focus""#, "ok"),
        (&session_base(), "phase", r#""start""#, "bad_field"),
        (&session_base(), "mood", "5", "ok"),
        (&session_base(), "mood", "0", "out_of_range"),
        (&session_base(), "burnout", "6", "out_of_range"),
        (&session_base(), "energy", "256", "out_of_range"),
        (&session_base(), "planned_ms", "86400001", "out_of_range"),
    ];
    for (base, name, raw, expected) in cases {
        let json = with(base, name, raw);
        assert_eq!(code(&json), *expected, "{json}");
        if let Err(rejection) = event(json.as_bytes()) {
            assert!(rejection.message.contains(&format!("`{name}`")), "{}", rejection.message);
        }
    }
}

#[test]
fn broken_json_is_malformed() {
    let base = activity_base().to_string();
    for json in [
        "",
        " ",
        "null",
        "[]",
        "7",
        "{",
        "{}}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":1e}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":nul}",
        "{\"a\":tru}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\udc00\"}",
        "{\"a\":\"\\ud800\\u0041\"}",
        "{\"a\":[1,]}",
        "{\"a\":[1 2]}",
        "{\"a\":{\"b\"}}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1}x",
        "{\"a\":\"",
        "{\"a\":\"\\",
        "{\"a\":\"\\u00",
        "\u{feff}{}",
        "{\"a\":NaN}",
    ] {
        assert_eq!(code(json), "malformed", "{json:?}");
        assert!(serde_json::from_str::<Map<String, Value>>(json).is_err(), "{json:?}");
    }
    assert_eq!(event(&[b'{', b'"', 0xff, b'"', b':', b'1', b'}']).unwrap_err().code, Code::Malformed);
    assert_eq!(code(&format!(" \t\r\n{base} \n")), "ok");
    let nested = |depth: usize| with(&activity_base(), "x", &format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
    assert_eq!((code(&nested(63)), code(&nested(64))), ("ok", "malformed"));
}

#[test]
fn a_known_name_twice_is_refused_however_it_is_written() {
    for twice in [r#""id":"b""#, r#""\u0069d":"b""#, r#""id":null"#, r#""channel":1,"channel":2"#] {
        let json = ACTIVITY_JSON.replace('}', &format!(",{twice}}}"));
        assert_eq!(code(&json), "bad_field", "{json}");
    }
    assert_eq!(code(&ACTIVITY_JSON.replace('}', r#","x":1,"x":2}"#)), "ok");
}

#[test]
fn size_is_bounded() {
    let filled = |n: usize| with(&activity_base(), "title", &json!("x".repeat(n)).to_string());
    let room = MAX_EVENT_BYTES - filled(0).len();
    assert_eq!((code(&filled(room)), code(&filled(room + 1))), ("ok", "too_large"));
}

#[test]
fn unknown_and_foreign_fields_are_kept_as_written() {
    let json = r#"{"host" : {"n": [1, 2.50]}, "id":"a","type":"activity","app":"x","user":"u","ts":1,"duration_ms":1,"kind": null,"\u00e9":"\n"}"#;
    let event = event(json.as_bytes()).unwrap();
    assert_eq!(event.extra.as_deref(), Some(r#"{"host" : {"n": [1, 2.50]},"kind": null,"\u00e9":"\n"}"#));
}

/// Whatever an adapter or a later version adds to one and not to the other.
#[test]
fn the_fields_of_the_schema_are_those_of_the_decoder() {
    let schema: Value = serde_json::from_str(include_str!("../../events.schema.json")).unwrap();
    let properties =
        |pointer: &str| -> Vec<String> { schema.pointer(pointer).and_then(Value::as_object).unwrap().keys().cloned().collect() };
    let common = properties("/properties");
    for (kind, own) in [("activity", ACTIVITY), ("message", MESSAGE), ("session", SESSION)] {
        let mut said = [common.clone(), properties(&format!("/$defs/{kind}/properties"))].concat();
        let mut read: Vec<&str> = own.names().collect();
        said.sort_unstable();
        said.dedup();
        read.sort_unstable();
        assert_eq!(said, read, "{kind}");
    }
}

#[test]
fn text_is_read_but_never_written() {
    let json = with(&message_base(), "text", r#""pay me \"now\"""#);
    let decoded = event(json.as_bytes()).unwrap();
    let Body::Message(message) = &decoded.body else { panic!("not a message") };
    assert_eq!(message.text.as_deref(), Some("pay me \"now\""));
    let mut out = Vec::new();
    encode(&decoded, &mut out);
    assert!(!String::from_utf8(out).unwrap().contains("pay"));
}

#[test]
fn time_is_bounded_on_both_sides() {
    let (now, day) = (1_790_000_000_000, 86_400_000);
    assert!(check_time(now + day, now, day).is_ok());
    assert_eq!(check_time(now + day + 1, now, day).unwrap_err().code, Code::InFuture);
    assert!(check_time(now - day + 1, now, day).is_ok());
    assert_eq!(check_time(now - day, now, day).unwrap_err().code, Code::TooOld);
    assert!(check_time(0, now, i64::MAX).is_ok());
}
