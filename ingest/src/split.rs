//! A body into events, each a slice of it. Looks for where events end and judges nothing inside them: the decoder does.

use std::borrow::Cow;

use memchr::{memchr, memchr2};
use schemas::outcome::{Code, Rejection};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// An array, one object, or anything else as lines.
    Json,
    Lines,
}

/// Some programs begin a file in UTF-8 with it.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// One event's bytes, or why what stands there is none.
pub(crate) type Piece<'b> = Result<&'b [u8], Rejection>;

pub(crate) fn split<'b>(body: &'b [u8], form: Form, take: impl FnMut(Piece<'b>)) {
    let body = body.strip_prefix(BOM).unwrap_or(body);
    let trimmed = body.trim_ascii();
    match (form, trimmed.first()) {
        (Form::Json, Some(b'[')) => array(body, body.len() - body.trim_ascii_start().len(), take),
        (Form::Json, Some(b'{')) => object(body, trimmed, take),
        _ => lines(body, take),
    }
}

/// One object that may span lines, or else lines. Where the first line is no whole object, it is one that breaks off: its lines
/// are no events.
fn object<'b>(body: &'b [u8], trimmed: &'b [u8], mut take: impl FnMut(Piece<'b>)) {
    let end = object_end(trimmed);
    if end == Some(trimmed.len()) {
        return take(Ok(trimmed));
    }
    let first = memchr(b'\n', trimmed).unwrap_or(trimmed.len());
    match end {
        None if first < trimmed.len() && object_end(&trimmed[..first]).is_none() => {
            take(broken("the object breaks off that starts", body.len() - body.trim_ascii_start().len()));
        }
        _ => lines(body, take),
    }
}

/// Every line that is not blank.
pub(crate) fn lines<'b>(mut body: &'b [u8], mut take: impl FnMut(Piece<'b>)) {
    body = body.strip_prefix(BOM).unwrap_or(body);
    while !body.is_empty() {
        let end = memchr(b'\n', body).unwrap_or(body.len());
        let line = body[..end].trim_ascii();
        if !line.is_empty() {
            take(Ok(line));
        }
        body = &body[(end + 1).min(body.len())..];
    }
}

/// The elements of the array that opens at `open`. Where it breaks off, what came before stands and the rest is one piece.
fn array<'b>(body: &'b [u8], open: usize, mut take: impl FnMut(Piece<'b>)) {
    let mut start = open + 1;
    let mut first = true;
    loop {
        let Some(end) = value_end(body, start) else {
            return take(broken("the array breaks off inside the event that starts", start));
        };
        let element = body[start..end].trim_ascii();
        let closing = body.get(end);
        // `[]` holds nothing; any other place without a value is an error.
        match element {
            [] if closing.is_none() => {}
            [] if first && closing == Some(&b']') => {}
            [] => take(broken("no event stands between the commas", end)),
            element => take(Ok(element)),
        }
        first = false;
        match closing {
            Some(b',') => start = end + 1,
            Some(b']') if body[end + 1..].trim_ascii().is_empty() => return,
            Some(b']') => return take(broken("something follows the array", end + 1)),
            Some(_) => return take(broken("the array has a bracket that closes nothing", end)),
            None => return take(broken("the array has no end; it breaks off", end)),
        }
    }
}

fn broken(what: &str, at: usize) -> Piece<'static> {
    Err(Rejection { code: Code::Malformed, message: Cow::Owned(format!("{what} at byte {at}")) })
}

/// Where an element ends: at the comma or closing bracket that is not its own, or where the body ends. None when it breaks off.
fn value_end(body: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    while let Some(byte) = body.get(at) {
        match byte {
            b'"' => at = text_end(body, at)?,
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' if depth == 0 => return Some(at),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    (depth == 0).then_some(at)
}

/// Behind the bracket that closes the object the body begins with.
fn object_end(body: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = body.get(at) {
        match byte {
            b'"' => at = text_end(body, at)?,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return Some(at + 1),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    None
}

/// The closing quote of the text that opens at `open`.
fn text_end(body: &[u8], open: usize) -> Option<usize> {
    let mut at = open + 1;
    loop {
        at += memchr2(b'"', b'\\', body.get(at..)?)?;
        if body[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces as text; a broken place as `!` and the start of its message.
    fn check(body: &str, form: Form, expected: &[&str]) {
        let mut found = Vec::new();
        split(body.as_bytes(), form, |piece| {
            found.push(match piece {
                Ok(slice) => String::from_utf8(slice.to_vec()).unwrap(),
                Err(rejection) => format!("!{}", rejection.message),
            })
        });
        let same = found.len() == expected.len()
            && found.iter().zip(expected).all(|(f, e)| if e.starts_with('!') { f.starts_with(e) } else { f == e });
        assert!(same, "{body:?}: {found:?} instead of {expected:?}");
    }

    #[test]
    fn arrays() {
        let json = |body, expected: &[&str]| check(body, Form::Json, expected);
        json("[]", &[]);
        json(" [ \n] ", &[]);
        json(r#"[{"a":1},{"b":[1,2,{"c":"]},"}]}]"#, &[r#"{"a":1}"#, r#"{"b":[1,2,{"c":"]},"}]}"#]);
        json(r#"[ {"a":"x\"],"} , 7 , "s" ]"#, &[r#"{"a":"x\"],"}"#, "7", "\"s\""]);
        json(r#"[{"a":"\\"},{}]"#, &[r#"{"a":"\\"}"#, "{}"]);
        json("[{},]", &["{}", "!no event stands"]);
        json("[,{}]", &["!no event stands", "{}"]);
        json("[{} {}]", &["{} {}"]);
    }

    #[test]
    fn a_broken_array_keeps_what_came_before() {
        let json = |body, expected: &[&str]| check(body, Form::Json, expected);
        json("[", &["!the array has no end"]);
        json("[{}", &["{}", "!the array has no end"]);
        json("[{},", &["{}", "!the array has no end"]);
        json(r#"[{},{"a":"b"#, &["{}", "!the array breaks off inside"]);
        json(r#"[{},{"a":1"#, &["{}", "!the array breaks off inside"]);
        json(r#"[{},{"a":"\"#, &["{}", "!the array breaks off inside"]);
        json("[{}}, {}]", &["{}", "!the array has a bracket"]);
        json("[{}] x", &["{}", "!something follows"]);
        json("[{}][{}]", &["{}", "!something follows"]);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_an_event() {
        check("\u{feff}{\"a\":1}", Form::Json, &["{\"a\":1}"]);
        check("\u{feff} [{},{}]", Form::Json, &["{}", "{}"]);
        check("\u{feff}{}\n{}", Form::Lines, &["{}", "{}"]);
    }

    #[test]
    fn one_object_may_span_lines_and_anything_else_is_lines() {
        check("{\n \"a\": 1\n}\n", Form::Json, &["{\n \"a\": 1\n}"]);
        check("{\"a\":1}\n\n {\"b\":2} \r\n", Form::Json, &["{\"a\":1}", "{\"b\":2}"]);
        check("{\"a\":1}\n{\"b\":", Form::Json, &["{\"a\":1}", "{\"b\":"]);
        check("{\"a\":1}\n[1]\n", Form::Lines, &["{\"a\":1}", "[1]"]);
        check("{\"a\":\n{\"b\":2}", Form::Json, &["!the object breaks off"]);
        check("{\n \"a\": 1,\n \"b\": {\n", Form::Json, &["!the object breaks off"]);
        check("{\n \"a\": 1,\n \"b\": \"x\n", Form::Json, &["!the object breaks off"]);
        check("{\"a\":1}\n{\n\"b\":2", Form::Json, &["{\"a\":1}", "{", "\"b\":2"]);
        check("{\"a\":\n{\"b\":2}", Form::Lines, &["{\"a\":", "{\"b\":2}"]);
        check("{\"a\":", Form::Json, &["{\"a\":"]);
        check("hello", Form::Json, &["hello"]);
        check("", Form::Json, &[]);
        check(" \n\n", Form::Lines, &[]);
    }
}
