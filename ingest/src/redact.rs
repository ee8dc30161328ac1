//! What may not be kept is taken out before anything is written (`schemas::privacy`); what it says of the category stays.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use schemas::category::Rules;
use schemas::control::Settings;
use schemas::event::{Activity, Body, Category, Event};
use schemas::privacy;

/// Apps whose rule is remembered; producers that name more are asked again.
const MAX_APPS: usize = 256;

/// The rules, and what they said of the apps of these events.
pub(crate) struct Redactor {
    rules: Arc<Rules>,
    apps: HashMap<String, Option<usize>>,
}

impl Redactor {
    pub fn new(rules: Arc<Rules>) -> Redactor {
        Redactor { rules, apps: HashMap::new() }
    }

    /// Takes out what the organisation does not keep, on whatever type of event it stands. An activity without a category is
    /// given one first, while its title and URL are there to decide. True when the event changed.
    pub fn redact(&mut self, event: &mut Event<'_>, settings: &Settings) -> bool {
        let mut changed = false;
        if let Body::Activity(activity) = &mut event.body
            && activity.category.is_none()
            && (activity.title.is_some() || activity.url.is_some())
        {
            activity.category = Some(Cow::Borrowed(self.category(activity).as_str()));
            changed = true;
        }
        changed | privacy::redact(event, settings)
    }

    fn category(&mut self, activity: &Activity<'_>) -> Category {
        let rule = match self.apps.get(&*activity.app) {
            Some(rule) => *rule,
            None => {
                let rule = self.rules.app_rule(&activity.app);
                if self.apps.len() < MAX_APPS {
                    self.apps.insert(activity.app.to_string(), rule);
                }
                rule
            }
        };
        self.rules.category_by(rule, activity.url.as_deref(), activity.title.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The event after redaction, encoded; None where it was left alone.
    fn check(json: &str, keep: bool, expected: Option<&str>) {
        let mut event = schemas::decode::event(json.as_bytes()).unwrap();
        let settings = Settings { keep_titles: keep, keep_urls: keep };
        let changed = Redactor::new(Arc::new(Rules::default())).redact(&mut event, &settings);
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

    #[test]
    fn more_apps_than_are_remembered_are_told_apart_all_the_same() {
        let mut redactor = Redactor::new(Arc::new(Rules::default()));
        for i in 0..2 * MAX_APPS {
            let app = if i % 2 == 0 { "Code".to_owned() } else { format!("app {i}") };
            let json = format!(r#"{{"id":"a","type":"activity","user":"u","ts":5,"app":"{app}","duration_ms":1,"title":"x"}}"#);
            let mut event = schemas::decode::event(json.as_bytes()).unwrap();
            redactor.redact(&mut event, &Settings::default());
            let Body::Activity(activity) = event.body else { panic!("no activity") };
            assert_eq!(activity.category.as_deref(), Some(if i % 2 == 0 { "coding" } else { "other" }), "{app}");
        }
        assert_eq!(redactor.apps.len(), MAX_APPS);
    }
}
