use schemas::live::Presence;

use super::*;

#[test]
fn people_without_recent_days_are_forgotten_and_the_others_stay() {
    let directory = Arc::new(Directory::default());
    let org = Arc::new(Org::new(&directory, 0));
    let mut people = People::new(5, directory, org, 0);
    let day = |day: i32| DayFigures { day, active_ms: 1, ..DayFigures::default() };
    for i in 0..3_000 {
        people.seed_day(&format!("u-{i}"), None, day(0), 0);
    }
    people.settle(0);
    assert_eq!(people.list.len(), 3_000);
    let later = 10 * DAY_MS;
    people.seed_day("u-7", None, day(10), later);
    people.seed_day("new", None, day(10), later);
    people.settle(later);
    assert_eq!((people.list.len(), people.members(0).count()), (2, 2));
    assert!(people.person("u-7").is_some() && people.person("new").is_some() && people.person("u-8").is_none());
}

fn news(user: &str, focus_ms: i64) -> Update {
    let day = DayFigures { day: 0, active_ms: 1, focus_ms, ..DayFigures::default() };
    let window = WindowFigures { window_start: 0, active_ms: 1, focus_ms, ..WindowFigures::default() };
    let now = Presence { active: Some((0, 1_000)), ..Presence::default() };
    Update { user_id: user.into(), team_id: None, accepted_at: 0, day, windows: vec![window], now }
}

#[test]
fn figures_of_teams_wait_until_k_people_have_news() {
    let directory = Arc::new(Directory::default());
    let mut people = People::new(5, directory.clone(), Arc::new(Org::new(&directory, 0)), 0);
    let total = |people: &mut People| -> i64 {
        people.settle(10);
        let of_day: i64 = people.members(0).filter_map(|p| p.active_day(0)).map(|d| d.focus_ms).sum();
        assert_eq!(people.window(0).map_or(0, |window| window.sums[0].focus_ms), of_day);
        of_day
    };
    // Nothing is shown of so few: each counts at once, and so does the one who makes them enough.
    for (i, name) in ["a", "b", "c", "d", "e", "f", "g"].into_iter().enumerate() {
        people.apply(news(name, 1), 10);
        assert_eq!(total(&mut people), (i as i64 + 1).min(5));
    }
    for name in ["a", "b"] {
        people.apply(news(name, 10), 10);
    }
    assert_eq!(total(&mut people), 5, "four people have news: f, g, a and b");
    let a = people.person("a").unwrap();
    assert_eq!((a.latest_day(0).unwrap().focus_ms, a.latest_windows(0)[0].figures().focus_ms), (10, 10), "a sees it at once");
    people.apply(news("a", 20), 10);
    assert_eq!(total(&mut people), 5, "the same person again");
    people.apply(news("c", 10), 10);
    assert_eq!(total(&mut people), 20 + 10 + 10 + 4);
}
