//! Which category an activity belongs to when its event does not say.
//!
//! Rules are tried in order; one matches when its `app` pattern is found in the app, or else its `url` pattern in the URL, or
//! else its `title` pattern in the title. The first that matches gives the category; none gives `other`. Patterns are regular
//! expressions, found anywhere in the text, upper and lower case alike; of a long URL its beginning is looked at, of a long title
//! both ends. Without a URL and a title the answer depends on the app alone, so callers
//! may remember it per app.

mod built_in;

use regex::{RegexSet, RegexSetBuilder};
use serde::{Deserialize, Serialize};

use crate::event::Category;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// One of the words of `Category`.
    pub category: String,
}

/// Bytes of a URL or of one end of a title that are looked at: producers send them up to 64 KiB long.
const MAX_LOOK: usize = 512;

/// `rules` come before the built-in list, which `built_in = false` switches off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CategoryConfig {
    pub rules: Vec<Rule>,
    pub built_in: bool,
}

impl Default for CategoryConfig {
    fn default() -> Self {
        CategoryConfig { rules: Vec::new(), built_in: true }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    #[error(
        "category rule {rule}: {word:?} is no category; use one of coding, writing, design, data, learning, communication, meeting, planning, browsing, entertainment, other"
    )]
    Category { rule: usize, word: String },
    #[error("category rule {rule}: it has no pattern; give it an app, a url or a title")]
    Empty { rule: usize },
    #[error("category rules: a pattern for `{field}` is no regular expression: {reason}")]
    Pattern { field: &'static str, reason: String },
}

/// The rules, compiled. Cheap to share, not to make.
#[derive(Debug, Clone)]
pub struct Rules {
    apps: Patterns,
    urls: Patterns,
    titles: Patterns,
    /// By rule.
    categories: Vec<Category>,
}

/// The patterns of one field, all tried at once, and the rule of each, ascending.
#[derive(Debug, Clone)]
struct Patterns {
    set: RegexSet,
    rules: Vec<usize>,
}

impl Rules {
    pub fn new(config: &CategoryConfig) -> Result<Rules, RuleError> {
        let mut rules = config.rules.clone();
        if config.built_in {
            rules.extend(built_in::rules());
        }
        let mut categories = Vec::with_capacity(rules.len());
        for (i, rule) in rules.iter().enumerate() {
            let word = || RuleError::Category { rule: i + 1, word: rule.category.clone() };
            categories.push(Category::parse(&rule.category).ok_or_else(word)?);
            if rule.app.is_none() && rule.url.is_none() && rule.title.is_none() {
                return Err(RuleError::Empty { rule: i + 1 });
            }
        }
        Ok(Rules {
            apps: Patterns::new("app", rules.iter().map(|r| r.app.as_deref()))?,
            urls: Patterns::new("url", rules.iter().map(|r| r.url.as_deref()))?,
            titles: Patterns::new("title", rules.iter().map(|r| r.title.as_deref()))?,
            categories,
        })
    }

    /// No rules: everything is `other`.
    pub fn none() -> Rules {
        let none = Patterns { set: RegexSet::empty(), rules: Vec::new() };
        Rules { apps: none.clone(), urls: none.clone(), titles: none, categories: Vec::new() }
    }

    pub fn category(&self, app: &str, url: Option<&str>, title: Option<&str>) -> Category {
        self.category_by(self.app_rule(app), url, title)
    }

    /// The first rule that the app alone matches: the part of the answer that may be remembered per app.
    pub fn app_rule(&self, app: &str) -> Option<usize> {
        self.apps.first(app)
    }

    /// The category, given what `app_rule` said of the app.
    pub fn category_by(&self, app_rule: Option<usize>, url: Option<&str>, title: Option<&str>) -> Category {
        let by_url = url.and_then(|url| self.urls.first(head(url)));
        let by_title = title.and_then(|title| self.titles.first(head(title)));
        let by_end = title.filter(|title| title.len() > MAX_LOOK).and_then(|title| self.titles.first(tail(title)));
        let first = [app_rule, by_url, by_title, by_end].into_iter().flatten().min();
        first.and_then(|rule| self.categories.get(rule)).copied().unwrap_or(Category::Other)
    }
}

/// The beginning, where an expression looks at no more than so much.
fn head(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_LOOK)]
}

/// The end: where a title says which site or app it is of.
fn tail(text: &str) -> &str {
    &text[text.ceil_char_boundary(text.len().saturating_sub(MAX_LOOK))..]
}

impl Default for Rules {
    fn default() -> Self {
        // The built-in list compiles: a test sees to it.
        Rules::new(&CategoryConfig::default()).unwrap_or_else(|_| Rules::none())
    }
}

impl Patterns {
    fn new<'r>(field: &'static str, patterns: impl Iterator<Item = Option<&'r str>>) -> Result<Patterns, RuleError> {
        let (rules, patterns): (Vec<usize>, Vec<&str>) = patterns.enumerate().filter_map(|(rule, p)| Some((rule, p?))).unzip();
        let set = RegexSetBuilder::new(patterns).case_insensitive(true).build();
        Ok(Patterns { set: set.map_err(|e| RuleError::Pattern { field, reason: e.to_string() })?, rules })
    }

    /// The first rule with a pattern that is found in the text.
    fn first(&self, text: &str) -> Option<usize> {
        self.set.matches(text).iter().next().and_then(|i| self.rules.get(i)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(app: &str, url: Option<&str>, title: Option<&str>, expected: Category) {
        static RULES: std::sync::LazyLock<Rules> = std::sync::LazyLock::new(|| Rules::new(&CategoryConfig::default()).unwrap());
        assert_eq!(RULES.category(app, url, title), expected, "{app} {url:?} {title:?}");
    }

    #[test]
    fn the_built_in_list_knows_common_apps() {
        use Category::*;
        for (app, expected) in [
            ("Code", Coding),
            ("code.exe", Coding),
            ("Visual Studio Code", Coding),
            ("IntelliJ IDEA", Coding),
            ("idea64.exe", Coding),
            ("PyCharm", Coding),
            ("Cursor", Coding),
            ("iTerm2", Coding),
            ("gnome-terminal-server", Coding),
            ("WindowsTerminal.exe", Coding),
            ("Slack", Communication),
            ("Microsoft Teams", Communication),
            ("ms-teams.exe", Communication),
            ("OUTLOOK.EXE", Communication),
            ("Thunderbird", Communication),
            ("zoom.us", Meeting),
            ("Zoom", Meeting),
            ("Webex", Meeting),
            ("Figma", Design),
            ("Adobe Photoshop", Design),
            ("WINWORD.EXE", Writing),
            ("Microsoft Word", Writing),
            ("Google Docs", Writing),
            ("Docs", Writing),
            ("Notion", Writing),
            ("Obsidian", Writing),
            ("EXCEL.EXE", Data),
            ("Microsoft Excel", Data),
            ("Google Sheets", Data),
            ("Tableau", Data),
            ("Jira", Planning),
            ("Linear", Planning),
            ("Calendar", Planning),
            ("firefox", Browsing),
            ("Google Chrome", Browsing),
            ("msedge.exe", Browsing),
            ("Safari", Browsing),
            ("YouTube", Entertainment),
            ("Spotify", Entertainment),
            ("vlc", Entertainment),
            ("Solitaire Deluxe", Other),
            ("decode", Other),
            ("", Other),
        ] {
            check(app, None, None, expected);
        }
    }

    #[test]
    fn what_a_browser_shows_decides_before_the_browser() {
        use Category::*;
        for (url, expected) in [
            ("https://github.com/a/b/pull/7", Coding),
            ("https://www.youtube.com/watch?v=x", Entertainment),
            ("https://acme.atlassian.net/browse/P-1", Planning),
            ("https://acme.atlassian.net/wiki/x", Writing),
            ("https://docs.google.com/document/d/1", Writing),
            ("https://docs.google.com/spreadsheets/d/1", Data),
            ("https://meet.google.com/abc", Meeting),
            ("https://app.slack.com/client", Communication),
            ("mail.google.com", Communication),
            ("https://www.figma.com/file/1", Design),
            ("https://www.coursera.org/learn", Learning),
            ("https://example.org/?u=youtube.com", Browsing),
            ("https://notyoutube.com/", Browsing),
            ("https://youtube.com.evil.org/", Browsing),
        ] {
            check("Google Chrome", Some(url), None, expected);
        }
        check("firefox", None, Some("Cats - YouTube — Mozilla Firefox"), Entertainment);
        check("firefox", None, Some("[PAY-12] Fix rounding - Jira"), Planning);
        let long = |end: &str| format!("{} — {end}", "é".repeat(20_000));
        check("firefox", None, Some(&long("YouTube — Mozilla Firefox")), Browsing);
        check("firefox", None, Some(&long("Cats - YouTube — Mozilla Firefox")), Entertainment);
        check("firefox", None, Some(&format!("GitHub{}", long(""))), Coding);
        check("firefox", Some(&format!("https://github.com/{}", "ü".repeat(20_000))), None, Coding);
        check("Code", None, Some("youtube.rs - YouTube - Visual Studio Code"), Coding);
    }

    #[test]
    fn configured_rules_come_first_and_in_order() {
        let rule = |app: &str, category: &str| Rule { app: Some(app.into()), category: category.into(), ..Rule::default() };
        let config = CategoryConfig { rules: vec![rule("^slack$", "planning"), rule("slack|acme", "data")], built_in: true };
        let rules = Rules::new(&config).unwrap();
        assert_eq!(rules.category("SLACK", None, None), Category::Planning);
        assert_eq!(rules.category("Acme Suite", None, None), Category::Data);
        assert_eq!(rules.category("Code", None, None), Category::Coding);
        let alone = Rules::new(&CategoryConfig { built_in: false, ..config }).unwrap();
        assert_eq!(alone.category("Code", None, None), Category::Other);
    }

    #[test]
    fn a_wrong_rule_is_named() {
        let check = |rule: Rule, expected: &str| {
            let error = Rules::new(&CategoryConfig { rules: vec![rule], built_in: false }).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(Rule { app: Some("x".into()), category: "fun".into(), ..Rule::default() }, "\"fun\"");
        check(Rule { category: "data".into(), ..Rule::default() }, "no pattern");
        check(Rule { title: Some("(".into()), category: "data".into(), ..Rule::default() }, "`title`");
    }
}
