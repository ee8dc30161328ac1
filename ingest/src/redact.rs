//! What may not be kept is taken out before anything is written.

use std::borrow::Cow;

use schemas::category::Rules;
use schemas::control::Settings;
use schemas::event::{Body, Event};

/// Takes out message text, and titles and URLs unless the organisation keeps them, on whatever type of event they stand. An
/// activity without a category is given one first, while its title and URL are there to decide. True when the event changed.
pub(crate) fn redact(event: &mut Event<'_>, settings: &Settings, rules: &Rules) -> bool {
    let mut changed = match &mut event.body {
        Body::Activity(activity) => {
            let (title, url) = (activity.title.as_deref(), activity.url.as_deref());
            let decidable = activity.category.is_none() && (title.is_some() || url.is_some());
            if decidable {
                activity.category = Some(Cow::Borrowed(rules.category(&activity.app, url, title).as_str()));
            }
            decidable | drop(&mut activity.title, settings.keep_titles) | drop(&mut activity.url, settings.keep_urls)
        }
        Body::Message(message) => drop(&mut message.text, false),
        Body::Session(_) => false,
    };
    if event.extra.is_some() {
        changed |= schemas::decode::drop_extra(event, private_names(settings));
    }
    changed
}

fn drop(field: &mut Option<Cow<'_, str>>, keep: bool) -> bool {
    !keep && field.take().is_some()
}

fn private_names(settings: &Settings) -> &'static [&'static str] {
    match (settings.keep_titles, settings.keep_urls) {
        (true, true) => &["text"],
        (true, false) => &["text", "url"],
        (false, true) => &["text", "title"],
        (false, false) => &["text", "title", "url"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The event after redaction, encoded; None where it was left alone.
    fn check(json: &str, keep: bool, expected: Option<&str>) {
        let mut event = schemas::decode::event(json.as_bytes()).unwrap();
        let changed = redact(&mut event, &Settings { keep_titles: keep, keep_urls: keep }, &Rules::default());
        let mut out = Vec::new();
        schemas::decode::encode(&event, &mut out);
        assert_eq!(changed.then(|| String::from_utf8(out).unwrap()).as_deref(), expected);
    }

    #[test]
    fn an_activity_gives_its_category_before_its_title_and_url() {
        let base = r#"{"id":"a","type":"activity","user":"u","ts":5,"app":"firefox","duration_ms":1"#;
        check(&format!("{base}}}"), false, None);
        check(&format!(r#"{base},"title":"x - YouTube"}}"#), false, Some(&format!(r#"{base},"category":"entertainment"}}"#)));
        check(&format!(r#"{base},"url":"https://github.com/x"}}"#), false, Some(&format!(r#"{base},"category":"coding"}}"#)));
        check(
            &format!(r#"{base},"category":"data","url":"https://github.com/x"}}"#),
            false,
            Some(&format!(r#"{base},"category":"data"}}"#)),
        );
        check(&format!(r#"{base},"category":"data","url":"https://github.com/x"}}"#), true, None);
        let kept = format!(r#"{base},"category":"coding","url":"https://github.com/x"}}"#);
        check(&format!(r#"{base},"url":"https://github.com/x"}}"#), true, Some(&kept));
    }

    #[test]
    fn text_goes_wherever_it_stands() {
        let base = r#"{"id":"a","type":"message","user":"u","ts":5,"channel":"slack","kind":"dm","direction":"sent""#;
        check(&format!("{base}}}"), false, None);
        check(&format!(r#"{base},"text":"hi","x":1}}"#), true, Some(&format!(r#"{base},"x":1}}"#)));
        check(&format!(r#"{base},"title":"hi","url":"u"}}"#), false, Some(&format!("{base}}}")));
        check(&format!(r#"{base},"title":"hi","url":"u"}}"#), true, None);
        let session = r#"{"id":"a","type":"session","user":"u","ts":5,"session":"s","kind":"focus","phase":"start""#;
        check(&format!(r#"{session},"text":"I am tired"}}"#), true, Some(&format!("{session}}}")));
    }
}
