//! What may not be kept of an event: the wording of messages, ever; titles and URLs, unless the organisation keeps them.
//!
//! Besides the fields of the contract that is whatever stands under one of the names below in `extra`, at any depth, upper and
//! lower case alike and whatever marks stand between the letters (`Text`, `window_title`, `page-title`). The list is closed: what
//! producers call otherwise is kept as they sent it.

use crate::control::Settings;
use crate::decode;
use crate::event::{Body, Event};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Private {
    Wording,
    Title,
    Url,
}

/// Small letters without anything between them.
const NAMES: [(&str, Private); 14] = [
    ("text", Private::Wording),
    ("body", Private::Wording),
    ("content", Private::Wording),
    ("message", Private::Wording),
    ("subject", Private::Wording),
    ("preview", Private::Wording),
    ("snippet", Private::Wording),
    ("html", Private::Wording),
    ("title", Private::Title),
    ("windowtitle", Private::Title),
    ("pagetitle", Private::Title),
    ("url", Private::Url),
    ("uri", Private::Url),
    ("href", Private::Url),
];

/// Takes out what may not be kept. True when the event changed.
pub fn redact(event: &mut Event<'_>, settings: &Settings) -> bool {
    let mut changed = match &mut event.body {
        Body::Activity(activity) => {
            let title = !settings.keep_titles && activity.title.take().is_some();
            let url = !settings.keep_urls && activity.url.take().is_some();
            title | url
        }
        Body::Message(message) => message.text.take().is_some(),
        Body::Session(_) => false,
    };
    if event.extra.is_some() {
        changed |= decode::drop_extra(event, |name, first_byte| match private(name) {
            None => false,
            // As an object it is a wrapper, whose members are looked at themselves.
            Some(Private::Wording) if name.len() == "message".len() && name.eq_ignore_ascii_case("message") => {
                matches!(first_byte, b'"' | b'[')
            }
            Some(Private::Wording) => true,
            Some(Private::Title) => !settings.keep_titles,
            Some(Private::Url) => !settings.keep_urls,
        });
    }
    changed
}

fn private(name: &str) -> Option<Private> {
    let mut letters = [0; 12];
    let mut len = 0;
    for byte in name.bytes().filter(|byte| !byte.is_ascii_punctuation() && *byte != b' ') {
        *letters.get_mut(len)? = byte.to_ascii_lowercase();
        len += 1;
    }
    NAMES.iter().find(|(private, _)| private.as_bytes() == &letters[..len]).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{encode, event};

    const KEEP: Settings = Settings { keep_titles: true, keep_urls: true };
    const DROP: Settings = Settings { keep_titles: false, keep_urls: false };
    const BASES: [&str; 3] = [
        r#"{"id":"a","type":"activity","user":"u","ts":5,"app":"Code","duration_ms":1"#,
        r#"{"id":"a","type":"message","user":"u","ts":5,"channel":"slack","kind":"dm","direction":"sent""#,
        r#"{"id":"a","type":"session","user":"u","ts":5,"session":"s","kind":"focus","phase":"start""#,
    ];

    fn redacted(json: &str, settings: &Settings) -> (bool, String) {
        let mut event = event(json.as_bytes()).unwrap_or_else(|r| panic!("{json}: {}", r.message));
        let changed = redact(&mut event, settings);
        let mut out = Vec::new();
        encode(&event, &mut out);
        (changed, String::from_utf8(out).unwrap())
    }

    /// A name as producers spell it.
    fn spellings(name: &str) -> Vec<String> {
        let mut capital = name.to_owned();
        capital[..1].make_ascii_uppercase();
        let escaped = format!("\\u{:04x}{}", name.as_bytes()[0], &name[1..]);
        let parted = |mark: &str| format!("{}{mark}{}", &name[..name.len() / 2], &name[name.len() / 2..]);
        vec![name.into(), name.to_uppercase(), capital, escaped, format!("_{name}"), parted("_"), parted("-"), parted(" ")]
    }

    fn places(name: &str) -> Vec<String> {
        vec![
            format!(r#""{name}":"HUSH""#),
            format!(r#""a":1,"{name}" : "HUSH" ,"b":2"#),
            format!(r#""data":{{"app":"x","{name}":"HUSH"}}"#),
            format!(r#""message":{{"{name}":"HUSH"}}"#),
            format!(r#""list":[1,[{{"{name}":"HUSH"}}],{{"x":[{{}},{{"y":{{"{name}":["HUSH"]}}}}]}}]"#),
            format!(r#""{name}":"HUSH","{name}":["HUSH"]"#),
        ]
    }

    #[test]
    fn private_names_are_found_however_they_are_spelt_and_however_deep() {
        for (name, kind) in NAMES {
            for spelling in spellings(name) {
                for place in places(&spelling) {
                    for base in BASES {
                        // What stands there twice under its own name is refused.
                        let json = format!("{base},{place}}}");
                        if event(json.as_bytes()).is_err() {
                            assert!(place.matches("HUSH").count() == 2, "{json}");
                            continue;
                        }
                        let (changed, kept) = redacted(&json, &DROP);
                        assert!(changed && !kept.contains("HUSH"), "{json}: {kept}");
                        assert!(event(kept.as_bytes()).is_ok(), "{kept}");
                        let (_, kept) = redacted(&json, &KEEP);
                        assert_eq!(kept.contains("HUSH"), kind != Private::Wording, "{json}: {kept}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_the_window_watcher_of_activitywatch_sends_is_stripped() {
        let json =
            format!(r#"{},"data":{{"app":"firefox","title":"Salaries","url":"https://x.org","incognito":false}}}}"#, BASES[0]);
        assert_eq!(redacted(&json, &DROP), (true, format!(r#"{},"data":{{"app":"firefox","incognito":false}}}}"#, BASES[0])));
        assert_eq!(redacted(&json, &KEEP), (false, json));
    }

    #[test]
    fn everything_else_is_kept_as_it_was_written() {
        for members in [
            r#""context":"text","texts":1,"contents" : [ 1 ],"b\n":{"t":1.50e0},"messages":7,"subtitle":"x","curl":"x""#,
            r#""message":7,"Message":{"id":"x"},"bodies":{},"e":[]"#,
            r#""wïndowtitle":1,"a very long name for a field, longer than any that is private":"text""#,
        ] {
            for base in BASES {
                let json = format!("{base},{members}}}");
                assert_eq!(redacted(&json, &DROP), (false, json.clone()));
            }
        }
        let json = format!(r#"{},"a" : {{"b" : 1,"c":[2 ,3]}},"text":"x","d":{{"url":1}}}}"#, BASES[0]);
        assert_eq!(redacted(&json, &DROP), (true, format!(r#"{},"a" : {{"b" : 1,"c":[2,3]}},"d":{{}}}}"#, BASES[0])));
    }
}
