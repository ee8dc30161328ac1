//! The smallest case that still fails: people, events, directory entries and durations are taken away while it does.

use schemas::directory::Document;
use serde_json::{Value, json};

use crate::random::Case;

pub fn shrink(case: &Case, fails: &dyn Fn(&Case) -> bool) -> Case {
    let mut best = case.clone();
    loop {
        let before = size(&best);
        best = fewer_events(best, fails);
        let unchanged = Case { earlier: None, ..best.clone() };
        if best.earlier.is_some() && fails(&unchanged) {
            best = unchanged;
        }
        best = plainer_directory(best, fails);
        best = plainer_events(best, fails);
        if size(&best) >= before {
            return best;
        }
    }
}

fn size(case: &Case) -> usize {
    super::print(case).len()
}

/// Halves, quarters, …, single events.
fn fewer_events(mut best: Case, fails: &dyn Fn(&Case) -> bool) -> Case {
    let mut chunk = best.events.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        while at < best.events.len() {
            let mut events = best.events.clone();
            events.drain(at..(at + chunk).min(events.len()));
            let smaller = Case { events, ..best.clone() };
            if fails(&smaller) { best = smaller } else { at += chunk }
        }
        if chunk == 1 {
            return best;
        }
        chunk /= 2;
    }
}

fn plainer_directory(mut best: Case, fails: &dyn Fn(&Case) -> bool) -> Case {
    let mut at = 0;
    while at < best.document.people.len() {
        let mut document = best.document.clone();
        document.people.remove(at);
        let smaller = Case { document, ..best.clone() };
        if fails(&smaller) { best = smaller } else { at += 1 }
    }
    for at in 0..best.document.people.len() {
        let plain: [fn(&mut Document, usize); 4] = [
            |d, i| d.people[i].working_hours = Default::default(),
            |d, i| d.people[i].time_zone = "UTC".into(),
            |d, i| d.people[i].team = None,
            |d, i| d.people[i].valid_from = None,
        ];
        for change in plain {
            let mut document = best.document.clone();
            change(&mut document, at);
            // Two entries of one person valid from the same day are no directory.
            let valid = schemas::Directory::new(document.clone()).is_ok();
            let smaller = Case { document, ..best.clone() };
            if valid && smaller.document != best.document && fails(&smaller) {
                best = smaller;
            }
        }
    }
    best
}

fn plainer_events(mut best: Case, fails: &dyn Fn(&Case) -> bool) -> Case {
    for at in 0..best.events.len() {
        for (field, value) in [
            ("category", json!("coding")),
            ("category", json!("browsing")),
            ("app", json!("a")),
            ("peer", Value::Null),
            ("planned_ms", Value::Null),
        ] {
            let mut events = best.events.clone();
            let Some(event) = events[at].as_object_mut().filter(|e| e.contains_key(field)) else { continue };
            if value.is_null() {
                event.remove(field);
            } else if event[field] == value || field == "category" && event[field] == json!("coding") {
                continue;
            } else {
                event.insert(field.into(), value);
            }
            let plainer = Case { events, ..best.clone() };
            if fails(&plainer) {
                best = plainer;
            }
        }
    }
    best
}

#[test]
fn shrinking_leaves_only_what_fails() {
    let case = crate::random::case(8);
    let fails = |case: &Case| case.events.iter().filter(|e| e["kind"] == "dm").count() >= 1;
    if fails(&case) {
        let small = shrink(&case, &fails);
        assert_eq!((small.events.len(), small.document.people.len()), (1, 0));
    }
}
