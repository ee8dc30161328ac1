use std::collections::{BTreeMap, HashMap, HashSet};

use schemas::directory::{Directory, date, days_since_epoch};
use schemas::event::{Direction, Phase, SessionKind};
use schemas::{Body, decode};

use super::*;

const HOUR_MS: i64 = 3_600_000;

/// A Monday.
fn monday() -> i32 {
    let day = days_since_epoch("2026-03-02".parse().unwrap());
    assert_eq!(date(day).weekday().to_monday_zero_offset(), 0);
    day
}

fn plain(people: usize) -> Config {
    Config { late: 0.0, duplicates: 0.0, overloaded: 0.0, ..Config::new(7, people, monday(), 7) }
}

fn ts(line: &[u8]) -> i64 {
    decode::event(line.trim_ascii()).unwrap().ts
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_does_not() {
    let all = |seed| Workforce::new(Config { seed, ..Config::new(1, 20, monday(), 2) }).all().flatten().collect::<Vec<u8>>();
    let first = all(1);
    assert!(first.len() > 20 * 500 * 150);
    assert!(first == all(1));
    assert!(first != all(2));
}

#[test]
fn any_span_gives_what_the_whole_gives_there() {
    for as_sent in [false, true] {
        let workforce = Workforce::new(Config { as_sent, late: 0.02, ..Config::new(3, 40, monday(), 3) });
        let whole: Vec<u8> = workforce.day(monday() + 1).flatten().collect();
        let from = i64::from(monday() + 1) * DAY_MS;
        let mut parts = Vec::new();
        let cuts = [0, 1, 7 * HOUR_MS + 12_345, 7 * HOUR_MS + 14_345, 15 * HOUR_MS, DAY_MS];
        for pair in cuts.windows(2) {
            parts.extend(workforce.events(from + pair[0], from + pair[1]).flatten());
        }
        assert!(whole == parts);
        // The live way: one stream, asked again and again.
        let mut live = Vec::new();
        let mut stream = workforce.events(from, i64::MAX);
        let mut count = 0;
        for second in 1..=DAY_MS / 2_000 {
            count += stream.write_before(from + second * 2_000, &mut live);
        }
        assert!(whole == live);
        assert_eq!(count, whole.iter().filter(|byte| **byte == b'\n').count());
    }
}

#[test]
fn events_come_in_order_and_the_knobs_disturb_it_as_told() {
    let day = monday() + 1;
    let workforce = Workforce::new(plain(30));
    let times: Vec<i64> = workforce.day(day).map(|line| ts(&line)).collect();
    assert!(times.len() > 15_000 && times.is_sorted());

    let disturbed = Workforce::new(Config { late: 0.01, duplicates: 0.005, ..plain(30) });
    let lines: Vec<Vec<u8>> = disturbed.events(i64::from(day) * DAY_MS, i64::from(day + 2) * DAY_MS).collect();
    let mut newest = 0;
    let (mut behind, mut twice, mut seen) = (0, 0, HashSet::new());
    for line in &lines {
        let event = decode::event(line.trim_ascii()).unwrap();
        behind += usize::from(event.ts < newest);
        newest = newest.max(event.ts);
        twice += usize::from(!seen.insert(line.clone()));
    }
    let share = |count: usize| count as f64 / lines.len() as f64;
    assert!((0.005..0.03).contains(&share(behind)), "{behind} of {}", lines.len());
    assert!((0.003..0.007).contains(&share(twice)), "{twice} of {}", lines.len());
    let ids: HashSet<String> = seen.iter().map(|line| decode::event(line.trim_ascii()).unwrap().id.into_owned()).collect();
    assert_eq!(ids.len(), seen.len(), "an id is one event");
}

#[test]
fn the_directory_is_valid_and_its_teams_have_a_fair_size() {
    for people in [1, 5, 60, 2_000] {
        let workforce = Workforce::new(Config::new(11, people, monday(), 1));
        let document = workforce.directory();
        let directory = Directory::new(document.clone()).unwrap();
        assert_eq!(document.people.len(), people);
        let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
        document.people.iter().for_each(|p| *sizes.entry(p.team.as_deref().unwrap()).or_default() += 1);
        assert!(sizes.values().all(|size| *size <= 14 && (people < 12 || *size >= 6)), "{sizes:?}");
        assert!(sizes.keys().all(|team| directory.team(team).unwrap().parent.is_some()));
        assert!(document.people.iter().all(|p| directory.resolve(&p.aliases[0]) == Some(&p.id)));
        if people == 2_000 {
            let zones: HashSet<&str> = document.people.iter().map(|p| p.time_zone.as_str()).collect();
            assert!(zones.len() > 8);
            assert!(document.people.iter().any(|p| p.working_hours.start > p.working_hours.end), "somebody works at night");
        }
    }
}

#[derive(Debug, Default)]
struct Totals {
    events: usize,
    active: i64,
    focus: i64,
    chat: i64,
    afk: usize,
    received: usize,
    sent: usize,
    starts: HashMap<&'static str, usize>,
}

fn week(config: Config) -> (Workforce, HashMap<(String, i32), Totals>, usize) {
    let workforce = Workforce::new(config);
    let directory = Directory::new(workforce.directory().clone()).unwrap();
    let mut days: HashMap<(String, i32), Totals> = HashMap::new();
    let mut bytes = 0;
    for line in workforce.all() {
        bytes += line.len();
        let event = decode::event(line.trim_ascii()).unwrap_or_else(|r| panic!("{r:?}: {}", String::from_utf8_lossy(&line)));
        let user = event.user.clone().into_owned();
        // Night shifts count where they begin.
        let day = directory.person(&user).local_day(event.ts - 6 * HOUR_MS);
        let totals = days.entry((user, day)).or_default();
        totals.events += 1;
        match &event.body {
            Body::Activity(activity) if activity.afk => totals.afk += 1,
            Body::Activity(activity) => {
                totals.active += activity.duration_ms;
                match activity.category.as_deref() {
                    Some("coding" | "writing" | "design" | "data" | "learning") => totals.focus += activity.duration_ms,
                    Some("communication") => totals.chat += activity.duration_ms,
                    _ => {}
                }
            }
            Body::Message(message) if message.direction == Direction::Received => totals.received += 1,
            Body::Message(_) => totals.sent += 1,
            Body::Session(session) if session.phase == Phase::Start => {
                *totals.starts.entry(session.kind.as_str()).or_default() += 1;
            }
            Body::Session(session) if session.kind == SessionKind::Checkin => {
                *totals.starts.entry("checkin").or_default() += 1;
            }
            Body::Session(_) => {}
        }
    }
    (workforce, days, bytes)
}

#[test]
fn a_week_looks_like_one() {
    let (workforce, days, bytes) = week(plain(100));
    let full: HashSet<&str> = workforce
        .directory()
        .people
        .iter()
        .filter(|p| p.working_hours.end.as_str() > "13:00" && p.working_hours.days.len() == 5)
        .map(|p| p.id.as_str())
        .collect();
    let workdays: Vec<&Totals> = days
        .iter()
        .filter(|((user, day), t)| full.contains(user.as_str()) && (1..=3).contains(&(day - monday())) && t.events > 50)
        .map(|(_, t)| t)
        .collect();
    assert!(workdays.len() > 200, "{}", workdays.len());
    let mean = |of: &dyn Fn(&Totals) -> f64| workdays.iter().map(|t| of(t)).sum::<f64>() / workdays.len() as f64;
    let hours = |ms: i64| ms as f64 / HOUR_MS as f64;
    let (events, active, focus) = (mean(&|t| t.events as f64), mean(&|t| hours(t.active)), mean(&|t| hours(t.focus)));
    let (chat, received, sent) = (mean(&|t| hours(t.chat)), mean(&|t| t.received as f64), mean(&|t| t.sent as f64));
    let total: usize = days.values().map(|t| t.events).sum();
    let size = bytes as f64 / total as f64;
    let report = format!(
        "{events:.0} events of {size:.0} bytes, active {active:.2} h, focus {focus:.2}, chat {chat:.2}, received {received:.0}, sent {sent:.0}"
    );
    println!("{report}");
    assert!((800.0..1_250.0).contains(&events) && (150.0..190.0).contains(&size), "{report}");
    assert!((6.0..8.5).contains(&active) && (2.0..5.0).contains(&focus) && (0.5..3.0).contains(&chat), "{report}");
    assert!((60.0..220.0).contains(&received) && (10.0..100.0).contains(&sent), "{report}");
    let usual = workdays.iter().filter(|t| (5.0..10.0).contains(&hours(t.active))).count() as f64 / workdays.len() as f64;
    assert!(usual > 0.95, "{usual}");
    for kind in ["focus", "pomodoro", "meeting", "checkin"] {
        assert!(days.values().any(|t| t.starts.get(kind).is_some_and(|n| *n > 0)), "no {kind}");
    }
    assert!(days.values().any(|t| t.afk > 5));
    let weekend = days.iter().filter(|((_, day), t)| day - monday() == 5 && t.active > 0).count();
    assert!((1..30).contains(&weekend), "{weekend} of 100 work on Saturday");
    let away = 500 - days.iter().filter(|((_, day), t)| (0..5).contains(&(day - monday())) && t.active > 0).count();
    assert!((10..100).contains(&away), "{away} of 500 days off");
}

#[test]
fn overload_grows_over_weeks() {
    let later = |weeks: i32| {
        let workforce = Workforce::new(Config { overloaded: 1.0, ..plain(60) });
        let start = monday() + 7 * weeks;
        let mut active = 0;
        for line in workforce.events(i64::from(start) * DAY_MS, i64::from(start + 7) * DAY_MS) {
            if let Body::Activity(activity) = decode::event(line.trim_ascii()).unwrap().body {
                active += if activity.afk { 0 } else { activity.duration_ms };
            }
        }
        active
    };
    let (first, last) = (later(0), later(9));
    assert!(last as f64 > 1.15 * first as f64, "{first} then {last}");
}

#[test]
fn density_changes_the_number_of_events_and_not_the_day() {
    let day = |density: f64| {
        let workforce = Workforce::new(Config { density, ..plain(30) });
        let (mut events, mut active) = (0, 0);
        for line in workforce.day(monday() + 1) {
            events += 1;
            if let Body::Activity(activity) = decode::event(line.trim_ascii()).unwrap().body {
                active += if activity.afk { 0 } else { activity.duration_ms };
            }
        }
        (f64::from(events), active as f64)
    };
    let (normal, dense) = (day(1.0), day(3.0));
    assert!((1.8..3.5).contains(&(dense.0 / normal.0)), "{normal:?} {dense:?}");
    assert!((0.85..1.15).contains(&(dense.1 / normal.1)), "{normal:?} {dense:?}");
}

#[test]
fn a_hidden_strain_shows_in_days_and_answers_and_not_in_everybody() {
    let config = Config { truth: Some(Truth::of(0.8)), density: 0.2, days: 28, ..plain(150) };
    let workforce = Workforce::new(config.clone());
    let hidden: HashMap<(String, String), f64> =
        workforce.hidden().map(|hidden| ((hidden.user.to_owned(), hidden.day), hidden.strain)).collect();
    assert_eq!(hidden.len(), 150 * 28);
    let mut active: HashMap<String, i64> = HashMap::new();
    let mut answers: Vec<(f64, i64)> = Vec::new();
    let mut asked: HashMap<(String, i64), usize> = HashMap::new();
    for line in workforce.all() {
        let event = decode::event(line.trim_ascii()).unwrap();
        match &event.body {
            Body::Activity(activity) if !activity.afk => {
                *active.entry(event.user.to_string()).or_default() += activity.duration_ms
            }
            Body::Session(session) => {
                if let Some(burnout) = session.burnout {
                    // Night shifts check in on the date after.
                    let day = event.ts.div_euclid(DAY_MS) as i32;
                    let strain = hidden.get(&(event.user.to_string(), date(day).to_string()));
                    answers.extend(strain.map(|strain| (*strain, i64::from(burnout))));
                    *asked.entry((event.user.to_string(), event.ts.div_euclid(7 * DAY_MS))).or_default() += 1;
                }
            }
            _ => {}
        }
    }
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    let yes = mean(answers.iter().filter(|(_, said)| *said >= 3).map(|(strain, _)| *strain).collect());
    let no = mean(answers.iter().filter(|(_, said)| *said < 3).map(|(strain, _)| *strain).collect());
    assert!(answers.len() > 150 && yes > no + 0.5, "{} answers: {yes}, {no}", answers.len());
    assert!(asked.values().all(|times| *times <= 2), "about once a week");
    // Who is strained works more, but for those who do less because they are.
    let people = &workforce.people;
    let hours_of = |kind: truth::Kind, above: bool| {
        let of_kind = people.iter().filter(move |person| person.kind == kind && person.schedule.is_workday(config.start_day));
        let strained = of_kind.filter(|person| (person.strain(config.seed, config.start_day + 14) > 0.0) == above);
        mean(strained.filter_map(|person| active.get(&person.id)).map(|ms| *ms as f64 / HOUR_MS as f64).collect())
    };
    let (much, little) = (hours_of(truth::Kind::Ordinary, true), hours_of(truth::Kind::Ordinary, false));
    assert!(much > 1.1 * little, "{much} {little}");
    assert!(hours_of(truth::Kind::Quitting, true) < little, "quiet quitters");
    for kind in [truth::Kind::Late, truth::Kind::Quitting] {
        assert!(people.iter().any(|person| person.kind == kind), "{kind:?}");
    }
}
