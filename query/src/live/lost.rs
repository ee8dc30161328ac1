//! News that never came. A processor may die between a commit and its update, and an update be gone before it was read; the rows
//! are in the store all the same. So now and then everybody's days are read, in one statement, and compared with what is known.
//! Whoever has other ones is taken over with their windows, unless they have been heard of meanwhile.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use schemas::live::{DayFigures, WindowFigures};
use store::{Limits, Store};

use super::people::People;
use super::seed;
use crate::Error;

/// What the store has of each person.
#[derive(Default)]
pub struct Rows {
    pub team: Option<String>,
    pub days: Vec<DayFigures>,
    pub windows: Vec<WindowFigures>,
}

/// Days alone: that of all people is little.
pub async fn days(store: &Arc<dyn Store>, limits: Limits, from: i64) -> Result<HashMap<String, Rows>, Error> {
    let mut people: HashMap<String, Rows> = HashMap::new();
    seed::days(store, limits, from, |user, team, day| {
        let rows = people.entry(user.to_owned()).or_default();
        // The team is that of the latest day.
        if rows.days.iter().all(|known| known.day < day.day) {
            rows.team = team.map(str::to_owned);
        }
        rows.days.push(day);
    })
    .await?;
    Ok(people)
}

/// Adds the windows of these people.
pub async fn windows(
    store: &Arc<dyn Store>,
    limits: Limits,
    from: i64,
    mut people: HashMap<String, Rows>,
) -> Result<HashMap<String, Rows>, Error> {
    seed::windows(store, limits, from, |user, window| {
        if let Some(rows) = people.get_mut(user) {
            rows.windows.push(window);
        }
    })
    .await?;
    Ok(people)
}

/// Those who have other days in the store than are known of them; who has none any more comes without.
pub fn lost(known: &People, mut stored: HashMap<String, Rows>, heard: &HashSet<String>, first_day: i32) -> HashMap<String, Rows> {
    for person in known.all().filter(|person| person.latest_days().any(|day| day.active_ms > 0)) {
        if !stored.contains_key(&*person.id) {
            stored.insert(person.id.to_string(), Rows { team: person.team().map(str::to_owned), ..Rows::default() });
        }
    }
    let is_same = |user: &str, rows: &Rows| {
        let person = known.person(user);
        let days = || person.into_iter().flat_map(|person| person.latest_days()).filter(|day| day.day >= first_day);
        let stored = || rows.days.iter().filter(|day| day.day >= first_day);
        let known_of = |day: &DayFigures| days().find(|known| known.day == day.day);
        let within = |day: &DayFigures| match known_of(day) {
            Some(known) => is_alike(known, day) || known.active_ms == 0 && day.active_ms == 0,
            None => day.active_ms == 0,
        };
        let there = |day: &DayFigures| day.active_ms == 0 || stored().any(|stored| stored.day == day.day);
        stored().all(within) && days().all(there)
    };
    stored.retain(|user, rows| !heard.contains(user) && !is_same(user, rows));
    stored
}

/// Updates travel as JSON, which may move the last digit of a fraction.
fn is_alike(a: &DayFigures, b: &DayFigures) -> bool {
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-6 * a.abs().max(1.0);
    let scores = match (a.focus_score, b.focus_score) {
        (Some(a), Some(b)) => close(a, b),
        (a, b) => a == b,
    };
    let rest = |day: &DayFigures| DayFigures { load: 0.0, interruption_score: 0.0, focus_score: None, ..day.clone() };
    scores && close(a.load, b.load) && close(a.interruption_score, b.interruption_score) && rest(a) == rest(b)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use schemas::Directory;

    use super::*;
    use crate::access::Org;

    fn day(focus_ms: i64) -> DayFigures {
        DayFigures { day: 0, active_ms: 1, focus_ms, load: 1.0 / 3.0, ..DayFigures::default() }
    }

    #[test]
    fn whoever_has_other_days_and_was_not_heard_of_is_lost() {
        let directory = Arc::new(Directory::default());
        let mut people = People::new(5, directory.clone(), Arc::new(Org::new(&directory, 0)), 0);
        for user in ["same", "other", "heard", "gone", "idle"] {
            let active_ms = if user == "idle" { 0 } else { 1 };
            people.seed_day(user, None, DayFigures { active_ms, ..day(1) }, 0);
        }
        let rows = |focus_ms: i64| Rows { days: vec![day(focus_ms)], ..Rows::default() };
        let mut stored: HashMap<String, Rows> =
            [("same", 1), ("other", 2), ("heard", 2), ("new", 1)].map(|(user, focus)| (user.to_owned(), rows(focus))).into();
        stored.insert("never".into(), Rows { days: vec![DayFigures { active_ms: 0, ..day(0) }], ..Rows::default() });
        if let Some(rows) = stored.get_mut("same") {
            rows.days[0].load += 1e-12;
            rows.days.push(DayFigures { day: -1, ..day(7) });
        }
        let heard = HashSet::from(["heard".to_owned()]);
        let found = lost(&people, stored, &heard, 0);
        let mut users: Vec<&str> = found.keys().map(String::as_str).collect();
        users.sort_unstable();
        assert_eq!(users, ["gone", "new", "other"]);
        for (user, rows) in found {
            people.correct(&user, rows, 0);
        }
        let focus = |user: &str| people.person(user).unwrap().latest_day(0).map(|day| (day.active_ms, day.focus_ms));
        assert_eq!((focus("gone"), focus("new"), focus("other")), (Some((0, 0)), Some((1, 1)), Some((1, 2))));
    }
}
