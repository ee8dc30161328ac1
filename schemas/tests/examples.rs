//! The examples, the JSON Schema and the decoder say the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;

use focusflow_schemas::decode;
use focusflow_schemas::event::{Direction, MAX_DURATION_MS, MAX_ID_CHARS, MessageKind, Phase, SessionKind};
use focusflow_schemas::outcome::{Code, Rejection};
use serde_json::{Value, json};

/// 2026-11-20T12:00:00Z
const NOW: i64 = 1_795_176_000_000;
const RETENTION_MS: i64 = 20 * 365 * 86_400_000;

fn examples(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(folder);
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap())
        })
        .collect();
    found.sort();
    found
}

fn schema() -> Value {
    serde_json::from_str(include_str!("../events.schema.json")).unwrap()
}

fn read(bytes: &[u8]) -> Result<(), Rejection> {
    let event = decode::event(bytes)?;
    decode::check_time(event.ts, NOW, RETENTION_MS)
}

#[test]
fn valid_examples_are_taken() {
    let schema = schema();
    let examples = examples("valid");
    assert!(examples.len() >= 12);
    for (name, bytes) in examples {
        assert_eq!(read(&bytes), Ok(()), "{name}");
        let value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(validate(&schema, &schema, &value), Ok(()), "{name}");
    }
}

#[test]
fn invalid_examples_are_refused_with_the_code_their_name_begins_with() {
    let schema = schema();
    let examples = examples("invalid");
    for code in Code::ALL {
        assert!(
            examples.iter().any(|(name, _)| name.split('.').next() == Some(code.as_str())),
            "no example of {}",
            code.as_str()
        );
    }
    for (name, bytes) in examples {
        let rejection = read(&bytes).expect_err(&name);
        assert_eq!(Some(rejection.code.as_str()), name.split('.').next(), "{name}: {}", rejection.message);
        // A schema has no clock and counts no bytes.
        if !matches!(rejection.code, Code::InFuture | Code::TooOld | Code::TooLarge) {
            let value = serde_json::from_slice(&bytes).unwrap();
            assert!(validate(&schema, &schema, &value).is_err(), "the JSON Schema takes {name}");
        }
    }
}

#[test]
fn words_and_bounds_of_the_schema_are_those_of_the_code() {
    let schema = schema();
    let at = |pointer: &str| schema.pointer(pointer).unwrap_or_else(|| panic!("{pointer}")).clone();
    let words = |words: Vec<&str>| json!(words);
    assert_eq!(at("/$defs/message/properties/kind/enum"), words(MessageKind::ALL.iter().map(|w| w.as_str()).collect()));
    assert_eq!(at("/$defs/message/properties/direction/enum"), words(Direction::ALL.iter().map(|w| w.as_str()).collect()));
    assert_eq!(at("/$defs/session/properties/kind/enum"), words(SessionKind::ALL.iter().map(|w| w.as_str()).collect()));
    assert_eq!(at("/$defs/session/properties/phase/enum"), words(Phase::ALL.iter().map(|w| w.as_str()).collect()));
    assert_eq!(at("/properties/id/maxLength"), MAX_ID_CHARS);
    assert_eq!(at("/properties/user/maxLength"), decode::MAX_NAME_CHARS);
    assert_eq!(at("/properties/ts/anyOf/0/maximum"), decode::MAX_TS);
    assert_eq!(at("/$defs/activity/properties/duration_ms/maximum"), MAX_DURATION_MS);
    assert_eq!(at("/$defs/session/properties/planned_ms/maximum"), decode::MAX_PLANNED_MS);
}

/// The part of JSON Schema 2020-12 that the schema uses; a keyword it does not know fails the test.
fn validate(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let ok = |holds: bool, keyword: &str| if holds { Ok(()) } else { Err(format!("{keyword}: {value}")) };
    let object = schema.as_object().unwrap();
    for (keyword, rule) in object {
        let passes = |schema: &Value| validate(root, schema, value).is_ok();
        match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" | "default" | "then" => {}
            "$ref" => validate(root, root.pointer(rule.as_str().unwrap().trim_start_matches('#')).unwrap(), value)?,
            "type" => {
                let types = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
                ok(types.iter().any(|t| is_type(value, t.as_str().unwrap())), keyword)?;
            }
            "const" => ok(value == rule, keyword)?,
            "enum" => ok(rule.as_array().unwrap().contains(value), keyword)?,
            "required" => {
                let names = rule.as_array().unwrap();
                ok(value.as_object().is_none_or(|o| names.iter().all(|n| o.contains_key(n.as_str().unwrap()))), keyword)?;
            }
            "properties" => {
                for (name, schema) in rule.as_object().unwrap() {
                    value.get(name).map_or(Ok(()), |member| validate(root, schema, member))?;
                }
            }
            "minimum" => ok(value.as_f64().is_none_or(|n| n >= rule.as_f64().unwrap()), keyword)?,
            "maximum" => ok(value.as_f64().is_none_or(|n| n <= rule.as_f64().unwrap()), keyword)?,
            "minLength" => ok(value.as_str().is_none_or(|s| s.chars().count() >= rule.as_u64().unwrap() as usize), keyword)?,
            "maxLength" => ok(value.as_str().is_none_or(|s| s.chars().count() <= rule.as_u64().unwrap() as usize), keyword)?,
            "pattern" => {
                let pattern = regex::Regex::new(rule.as_str().unwrap()).unwrap();
                ok(value.as_str().is_none_or(|s| pattern.is_match(s)), keyword)?;
            }
            "anyOf" => ok(rule.as_array().unwrap().iter().any(passes), keyword)?,
            "oneOf" => ok(rule.as_array().unwrap().iter().filter(|s| passes(s)).count() == 1, keyword)?,
            "if" => ok(!passes(rule) || passes(&schema["then"]), keyword)?,
            other => panic!("the test does not know the keyword {other}"),
        }
    }
    Ok(())
}

fn is_type(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.as_f64().is_some_and(|n| n.fract() == 0.0),
        other => panic!("the test does not know the type {other}"),
    }
}
