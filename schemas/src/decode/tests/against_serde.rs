//! The decoder against a slow reading of the same contract through serde_json.

use super::*;

/// The same contract read slowly from a `Value`, sharing nothing with the scanner. `None` where serde_json cannot judge.
fn slow(bytes: &[u8]) -> Option<Result<Event<'static>, Code>> {
    if bytes.len() > MAX_EVENT_BYTES {
        return Some(Err(Code::TooLarge));
    }
    let value = match serde_json::from_slice::<Value>(bytes) {
        // It also refuses numbers beyond a double, which are sound JSON.
        Err(e) if e.to_string().contains("number out of range") => return None,
        Err(_) => return Some(Err(Code::Malformed)),
        Ok(value) => value,
    };
    let Value::Object(object) = value else { return Some(Err(Code::Malformed)) };
    Some(read(object))
}

fn read(mut o: Map<String, Value>) -> Result<Event<'static>, Code> {
    let id = need(text(&mut o, "id", 64)?)?;
    let kind = need(text(&mut o, "type", usize::MAX)?)?;
    if !["activity", "message", "session"].contains(&&*kind) {
        return Err(Code::UnknownType);
    }
    let user = need(text(&mut o, "user", 256)?)?;
    let ts = match o.remove("ts") {
        Some(Value::String(s)) if s.is_empty() => return Err(Code::Missing),
        Some(Value::String(s)) => {
            // jiff reads more forms than RFC 3339 has.
            const RFC3339: &str = r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$";
            static FORM: std::sync::LazyLock<regex::Regex> =
                std::sync::LazyLock::new(|| regex::Regex::new(&RFC3339.replace("\\d", "[0-9]")).unwrap());
            if !FORM.is_match(&s) {
                return Err(Code::BadField);
            }
            let t: jiff::Timestamp = s.parse().map_err(|_| Code::BadField)?;
            let ms = t.as_nanosecond().div_euclid(1_000_000) as i64;
            (ms >= 0).then_some(ms).ok_or(Code::OutOfRange)?
        }
        other => need(number(other, 0, MAX_TS)?)?,
    };
    let body = match &*kind {
        "activity" => Body::Activity(Activity {
            app: need(text(&mut o, "app", 256)?)?,
            duration_ms: need(number(o.remove("duration_ms"), 0, 14_400_000)?)?,
            afk: flag(&mut o, "afk")?.unwrap_or(false),
            category: text(&mut o, "category", 256)?,
            title: text(&mut o, "title", usize::MAX)?,
            url: text(&mut o, "url", usize::MAX)?,
            device: text(&mut o, "device", 256)?,
        }),
        "message" => Body::Message(Message {
            channel: need(text(&mut o, "channel", 256)?)?,
            kind: MessageKind::parse(&need(text(&mut o, "kind", usize::MAX)?)?).ok_or(Code::BadField)?,
            direction: Direction::parse(&need(text(&mut o, "direction", usize::MAX)?)?).ok_or(Code::BadField)?,
            peer: text(&mut o, "peer", 256)?,
            thread: text(&mut o, "thread", 256)?,
            notified: flag(&mut o, "notified")?.unwrap_or(true),
            priority: number(o.remove("priority"), 0, 100)?.map(|n| n as u8),
            text: text(&mut o, "text", usize::MAX)?,
        }),
        _ => {
            let session = need(text(&mut o, "session", 256)?)?;
            let kind = SessionKind::parse(&need(text(&mut o, "kind", usize::MAX)?)?).ok_or(Code::BadField)?;
            let phase = Phase::parse(&need(text(&mut o, "phase", usize::MAX)?)?).ok_or(Code::BadField)?;
            if kind == SessionKind::Checkin && phase != Phase::End {
                return Err(Code::BadField);
            }
            let planned_ms = number(o.remove("planned_ms"), 0, 86_400_000)?;
            let mut mark = |name: &str| Ok(number(o.remove(name), 1, 5)?.map(|n| n as u8));
            Body::Session(Session {
                session,
                kind,
                phase,
                planned_ms,
                mood: mark("mood")?,
                energy: mark("energy")?,
                burnout: mark("burnout")?,
            })
        }
    };
    let extra = (!o.is_empty()).then(|| Cow::Owned(Value::Object(o).to_string()));
    Ok(Event { id, user, ts, body, extra })
}

fn need<T>(value: Option<T>) -> Result<T, Code> {
    value.ok_or(Code::Missing)
}

fn text(o: &mut Map<String, Value>, name: &str, max: usize) -> Result<Option<Cow<'static, str>>, Code> {
    match o.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(s)) if s.is_empty() => Ok(None),
        Some(Value::String(s)) if s.chars().count() > max => Err(Code::OutOfRange),
        Some(Value::String(s)) => Ok(Some(Cow::Owned(s))),
        Some(_) => Err(Code::BadField),
    }
}

fn flag(o: &mut Map<String, Value>, name: &str) -> Result<Option<bool>, Code> {
    match o.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(b)) => Ok(Some(b)),
        Some(_) => Err(Code::BadField),
    }
}

fn number(value: Option<Value>, min: i64, max: i64) -> Result<Option<i64>, Code> {
    let number = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(n)) => n,
        Some(_) => return Err(Code::BadField),
    };
    let whole = match (number.as_i64(), number.as_f64()) {
        (Some(n), _) => n,
        (None, Some(f)) if f.fract() != 0.0 => return Err(Code::BadField),
        (None, Some(f)) if f.abs() <= 9_007_199_254_740_992.0 => f as i64,
        _ => return Err(Code::OutOfRange),
    };
    if (min..=max).contains(&whole) { Ok(Some(whole)) } else { Err(Code::OutOfRange) }
}

/// Extra is compared as a value: order and spelling of members are the producer's.
fn comparable(mut event: Event<'_>) -> (Option<Value>, Event<'_>) {
    let extra = event.extra.take().map(|e| rounded(serde_json::from_str(&e).expect("extra is one JSON object")));
    (extra, event)
}

/// serde_json reads some floats a bit off, each time it reads them: the last digits are left out.
fn rounded(value: Value) -> Value {
    match value {
        Value::Number(n) if n.is_f64() => Value::String(format!("{:.11e}", n.as_f64().unwrap_or(f64::NAN))),
        Value::Array(items) => items.into_iter().map(rounded).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, rounded(value))).collect(),
        other => other,
    }
}

#[test]
fn a_float_that_serde_reads_a_bit_off_twice_is_no_difference() {
    check(br#"{"id":"i","type":"activity","user":"u","ts":5,"app":"a","duration_ms":1,"x":[-73526681555640952E99]}"#);
}

fn names_a_field_twice(bytes: &[u8]) -> bool {
    event(bytes).is_err_and(|r| r.message.ends_with("stands there twice"))
}

fn too_deep(bytes: &[u8]) -> bool {
    event(bytes).is_err_and(|r| r.message.contains("64 levels"))
}

fn check(bytes: &[u8]) {
    let shown = String::from_utf8_lossy(bytes);
    if names_a_field_twice(bytes) || too_deep(bytes) {
        return;
    }
    let Some(slow) = slow(bytes) else { return };
    match (event(bytes), slow) {
        (Ok(fast), Ok(slow)) => assert_eq!(comparable(fast), comparable(slow), "{shown}"),
        (Err(fast), Err(slow)) => assert_eq!(fast.code, slow, "{shown}: {}", fast.message),
        (fast, slow) => panic!("{shown}: {fast:?} but {slow:?}"),
    }
    if let Ok(mut first) = event(bytes) {
        if let Body::Message(message) = &mut first.body {
            message.text = None;
        }
        let mut out = Vec::new();
        encode(&first, &mut out);
        assert_eq!(event(&out).as_ref(), Ok(&first), "{shown}");
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-10i64..20_000_000).prop_map(Value::from),
        (-1e6..1e6).prop_map(Value::from),
        (0i32..2000).prop_map(|n| Value::from(f64::from(n))),
        ".{0,20}".prop_map(Value::from),
        "[\\\\\"\\n\\u{0}-\\u{1f}é😀]{0,8}".prop_map(Value::from),
        "(dm|call|sent|received|focus|checkin|end|start|activity|message|session|2026-11-20T10:00:00(Z|\\+01:00)?)"
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z\"é]{0,5}", inner, 0..4).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "id",
        "type",
        "user",
        "ts",
        "app",
        "duration_ms",
        "category",
        "afk",
        "title",
        "url",
        "device",
        "channel",
        "kind",
        "direction",
        "peer",
        "thread",
        "notified",
        "priority",
        "text",
        "session",
        "phase",
        "planned_ms",
        "mood",
        "energy",
        "burnout",
    ];
    prop_oneof![4 => prop::sample::select(KNOWN).prop_map(String::from), 1 => "[a-zA-Z_\\\\\"é]{0,8}"]
}

fn some_event() -> impl Strategy<Value = String> {
    let base =
        prop::sample::select(vec![activity_base(), message_base(), session_base(), serde_json::from_str(ACTIVITY_JSON).unwrap()]);
    (base, prop::collection::vec((name(), json_value(), 0..8u8), 0..4), any::<bool>()).prop_map(|(base, changes, pretty)| {
        let mut object = base.as_object().unwrap().clone();
        for (name, value, what) in changes {
            match what {
                0 => object.remove(&name),
                _ => object.insert(name, value),
            };
        }
        if pretty { serde_json::to_string_pretty(&object).unwrap() } else { serde_json::to_string(&object).unwrap() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn random_events_read_the_same(json in some_event()) {
        check(json.as_bytes());
    }

    #[test]
    fn mutated_events_read_the_same(json in some_event(), cuts in prop::collection::vec((any::<prop::sample::Index>(), 0..4u8, any::<u8>()), 1..4)) {
        let mut bytes = json.into_bytes();
        for (at, what, byte) in cuts {
            if bytes.is_empty() { break; }
            let at = at.index(bytes.len());
            match what {
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                2 => bytes.insert(at, b"{}[]\",:\\0eE.-+ tfnu"[usize::from(byte) % 19]),
                _ => bytes.truncate(at),
            }
        }
        check(&bytes);
    }

    #[test]
    fn random_json_reads_the_same(value in json_value()) {
        check(value.to_string().as_bytes());
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&bytes);
    }
}
