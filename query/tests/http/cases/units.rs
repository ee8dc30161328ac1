//! Figures of teams are the same, and the same are withheld, whether SQL, REST or the live feed is asked: for random
//! organisations in several time zones.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemas::rows::*;
use serde_json::{Map, Value, json};

use super::live::Client;
use super::setting::*;

/// Small numbers that look random; the seed is in every message.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

const ZONES: [&str; 5] = ["UTC", "Europe/Berlin", "Asia/Tokyo", "America/Los_Angeles", "Asia/Kolkata"];
const DAYS: [i32; 4] = [TODAY - 2, TODAY - 1, TODAY, TODAY + 1];

fn organisation(dice: &mut Dice) -> (Value, Vec<Rows>) {
    let teams: Vec<Value> = (0..2 + dice.below(6))
        .map(|i| {
            let parent = (i > 0 && dice.chance(70)).then(|| format!("t{}", dice.below(i)));
            json!({"id": format!("t{i}"), "name": format!("Team {i}"), "parent": parent})
        })
        .collect();
    let zones = 1 + dice.below(ZONES.len() as u64) as usize;
    let (mut people, mut days, mut windows) = (Vec::new(), UserDailyColumns::default(), User5mColumns::default());
    for person in 0..6 + dice.below(30) {
        let user = format!("p{person}");
        let team = dice.chance(90).then(|| format!("t{}", dice.below(teams.len() as u64)));
        people.push(json!({"id": user, "team": team, "time_zone": ZONES[dice.below(zones as u64) as usize]}));
        for day in DAYS {
            let hours = dice.below(8) as usize;
            let active = dice.chance(75);
            days.push(&UserDaily {
                team_id: team.as_deref(),
                active_ms: if active { 1 + dice.below(9) as i64 * HOUR } else { 0 },
                focus_score: (active && dice.chance(80)).then(|| dice.below(100) as f64),
                response_ms: (active && dice.chance(60)).then(|| dice.below(9_000) as i64),
                ..user_daily(&user, "", day, hours)
            });
        }
        // Half an hour somewhere in each of the last quarters of a day, for most.
        for quarter in 0..10 {
            let start = NOON - quarter * 6 * HOUR + dice.below(4) as i64 * 1_800_000;
            for window in (0..6).filter(|_| dice.chance(70)).collect::<Vec<i64>>() {
                let focus = dice.below(200_000) as i64;
                windows.push(&User5m { team_id: team.as_deref(), ..user_5m(&user, "", start + window * 300_000, focus) });
            }
        }
    }
    let rows: Vec<Rows> = vec![(&USER_DAILY, days.finish().unwrap()), (&USER_5M, windows.finish().unwrap())];
    (json!({"teams": teams, "people": people}), rows)
}

fn same(found: &Value, expected: &Value, what: &str) {
    match (found.as_f64(), expected.as_f64()) {
        (Some(a), Some(b)) => assert!((a - b).abs() < 1e-6, "{what}: {a} is not {b}"),
        _ => assert_eq!(found, expected, "{what}"),
    }
}

/// The rows of a team view by (team, time), time as SQL gives it.
async fn view(world: &World, role: &str, name: &str, time: &str) -> BTreeMap<(String, String), Map<String, Value>> {
    let rows = world.rows(role, &format!("SELECT * FROM {name}")).await;
    let key = |row: &Map<String, Value>| (row["team_id"].as_str().unwrap().to_owned(), row[time].as_str().unwrap().to_owned());
    rows.into_iter().map(|row| (key(&row), row)).collect()
}

/// How often what happened, so that the test is about something.
type Seen = BTreeMap<&'static str, usize>;

#[tokio::test]
async fn sql_rest_and_live_show_and_withhold_the_same() {
    let mut seen = Seen::new();
    for seed in 0..12 {
        let (document, rows) = organisation(&mut Dice(seed * 7_919 + 1));
        let teams: Vec<String> =
            document["teams"].as_array().unwrap().iter().map(|t| t["id"].as_str().unwrap().to_owned()).collect();
        let world = World::of(document, rows, |_| {}).await;
        let daily = view(&world, "analyst", "team_daily", "day").await;
        let windows = view(&world, "analyst", "team_5m", "window_start").await;
        assert_eq!(daily, view(&world, "admin", "team_daily", "day").await, "seed {seed}");
        for unit in teams.iter().map(String::as_str).chain(["org"]) {
            let what = format!("seed {seed}, {unit}");
            let path = if unit == "org" { "/v1/org".to_owned() } else { format!("/v1/teams/{unit}") };
            live_is_rest(&world, unit, &path, &what, &mut seen).await;
            if unit != "org" {
                days_are_those_of_rest(&world, unit, &path, &daily, &what, &mut seen).await;
            }
            windows_are_those_of_rest(&world, unit, &path, &windows, &what, &mut seen).await;
        }
    }
    for what in ["live of its own", "live of a unit above", "a day shown", "a day hidden", "a window shown", "a window hidden"] {
        assert!(seen.get(what).is_some_and(|times| *times > 20), "{what}: {seen:?}");
    }
}

/// Live now against REST of the unit's today.
async fn live_is_rest(world: &World, unit: &str, path: &str, what: &str, seen: &mut Seen) {
    let mut client = Client::connect(world, "admin").await;
    client.subscribe("a", &if unit == "org" { "org".into() } else { format!("team:{unit}") }, None).await;
    let live = client.next().await["data"].clone();
    let timeline = world.get("admin", &format!("{path}/timeline")).await;
    let zone = TimeZone::get(timeline["time_zone"].as_str().unwrap()).unwrap();
    let today = Timestamp::from_millisecond(NOON).unwrap().to_zoned(zone).date();
    let summary = world.get("admin", &format!("{path}/summary?from={today}&to={today}")).await;
    for field in ["rolled_up_to", "rolled_up_to_name", "scope", "k"] {
        assert_eq!((&live[field], &live[field]), (&summary[field], &timeline[field]), "{what}: {field}");
    }
    assert_eq!((&live["n"], &live["suppressed"]), (&summary["n"], &summary["suppressed"]), "{what}");
    assert_eq!(live["windows"], timeline["points"], "{what}");
    let Some(of_today) = live["today"].as_object() else {
        assert_eq!(summary["figures"], Value::Null, "{what}");
        return;
    };
    *seen.entry(if live["rolled_up_to"].is_null() { "live of its own" } else { "live of a unit above" }).or_default() += 1;
    assert_eq!(of_today["day"], today.to_string(), "{what}");
    for (name, stat) in of_today.iter().filter(|(name, _)| *name != "day") {
        for figure in ["mean", "median", "p90"] {
            same(&stat[figure], &summary["figures"][name][figure], &format!("{what}: {name} {figure}"));
        }
    }
}

type View = BTreeMap<(String, String), Map<String, Value>>;

/// `team_daily` against REST's days.
async fn days_are_those_of_rest(world: &World, unit: &str, path: &str, view: &View, what: &str, seen: &mut Seen) {
    for day in DAYS.map(|day| schemas::directory::date(day).to_string()) {
        let trends = world.get("admin", &format!("{path}/trends?from={day}&to={day}")).await;
        let row = &view[&(unit.to_owned(), day.clone())];
        let point = trends["points"].as_array().unwrap().first().filter(|_| trends["rolled_up_to"].is_null());
        let shown = point.filter(|point| point["suppressed"] == false);
        assert_eq!(row["suppressed"], shown.is_none(), "{what} on {day}: {row:?} {trends}");
        *seen.entry(if shown.is_some() { "a day shown" } else { "a day hidden" }).or_default() += 1;
        let Some(point) = shown else {
            let told: Vec<_> = row
                .iter()
                .filter(|(name, value)| !value.is_null() && !["team_id", "day", "suppressed"].contains(&name.as_str()))
                .collect();
            assert!(told.is_empty(), "{what} on {day}: {told:?}");
            continue;
        };
        assert_eq!(row["n"], point["n"], "{what} on {day}");
        for (name, stat) in point["figures"].as_object().unwrap() {
            for figure in ["mean", "median", "p90"] {
                same(&row[&format!("{name}_{figure}")], &stat[figure], &format!("{what} on {day}: {name} {figure}"));
            }
        }
    }
}

/// `team_5m` against REST's windows, which are those of the unit above when the one asked for is too small.
async fn windows_are_those_of_rest(world: &World, unit: &str, path: &str, view: &View, what: &str, seen: &mut Seen) {
    let timeline = world.get("admin", &format!("{path}/timeline?from=2026-03-16&to=2026-03-19")).await;
    let of = timeline["rolled_up_to"].as_str().unwrap_or(unit);
    for point in timeline["points"].as_array().unwrap().iter().filter(|_| of != "org") {
        let start = Timestamp::from_millisecond(point["start"].as_i64().unwrap()).unwrap().to_string();
        let row = &view[&(of.to_owned(), start.clone())];
        assert_eq!((&row["suppressed"], &row["n"]), (&point["suppressed"], &point["n"]), "{what} at {start}");
        *seen.entry(if point["suppressed"] == false { "a window shown" } else { "a window hidden" }).or_default() += 1;
        for name in ["active_ms", "focus_ms", "meeting_ms", "interruptions", "interruption_score", "load"] {
            same(&row[&format!("{name}_mean")], &point[name], &format!("{what} at {start}: {name}"));
        }
    }
}

#[tokio::test]
async fn the_configured_k_holds_in_sql_too() {
    let world = World::with(|config| (config.k_anonymity, config.k_anonymity_burnout) = (7, 20)).await;
    let shown = async |view: &str| -> Vec<String> {
        let rows = world.rows("analyst", &format!("SELECT DISTINCT team_id FROM {view} WHERE NOT suppressed ORDER BY 1")).await;
        rows.iter().map(|row| row["team_id"].as_str().unwrap().to_owned()).collect()
    };
    // Seven in t-2. With t-0 shown as well, everybody less t-0 would be the five of t-9.
    assert_eq!(shown("team_daily").await, ["t-2"]);
    assert_eq!(shown("team_burnout").await, Vec::<String>::new());
    let lowered = World::with(|config| (config.k_anonymity, config.k_anonymity_burnout) = (1, 1)).await;
    let rows = lowered.rows("admin", "SELECT team_id FROM team_daily WHERE NOT suppressed AND n < 5").await;
    assert_eq!(rows.len(), 0, "five is the least, whatever is configured");
    let rows = lowered.rows("admin", "SELECT team_id FROM team_burnout WHERE NOT suppressed AND n < 8").await;
    assert_eq!(rows.len(), 0, "and eight for burnout");
}

#[tokio::test]
async fn burnout_counts_people_of_all_below_and_gives_nobody_away() {
    let shown = async |world: &World| -> Vec<Value> {
        let rows = world.rows("analyst", "SELECT team_id, n, low, high, final FROM team_burnout WHERE NOT suppressed").await;
        rows.into_iter().map(Value::Object).collect()
    };
    let world = World::start().await;
    // Fifteen in t-0 and below; everybody less those would be the five of t-9.
    assert_eq!(shown(&world).await, Vec::<Value>::new());
    let all = world.rows("analyst", "SELECT team_id, n, low, final FROM team_burnout ORDER BY team_id").await;
    assert_eq!(all.len(), TEAMS.len() + 1, "every team has a row");
    assert!(all.iter().all(|row| row["n"].is_null() && row["low"].is_null() && row["final"].is_null()), "{all:?}");
    let mut rows = usual_rows();
    let risks = rows.iter_mut().find(|(table, _)| table.name == "burnout_risk").unwrap();
    let mut columns = BurnoutRiskColumns::default();
    BurnoutRisk::read(&risks.1).filter(|risk| risk.team_id != Some("t-9")).for_each(|risk| columns.push(&risk));
    risks.1 = columns.finish().unwrap();
    let without = World::of(directory(), rows, |_| {}).await;
    assert_eq!(shown(&without).await, [json!({"team_id": "t-0", "n": 15, "low": 15, "high": 0, "final": true})]);
    // Over REST a team that is too small is answered with the nearest unit above it that may be shown.
    let told = async |world: &World, path: &str| {
        let answer = world.get("manager", &format!("{path}/burnout?from=2026-03-17&to=2026-03-18")).await;
        (answer["rolled_up_to"].clone(), answer["k"].clone(), answer["points"].clone())
    };
    let low = |n: u32| json!([{"day": "2026-03-18", "n": n, "suppressed": false, "low": n, "elevated": 0, "high": 0, "insufficient_data": null}]);
    assert_eq!(told(&world, "/v1/teams/t-2").await, (json!("org"), json!(8), low(20)));
    assert_eq!(told(&without, "/v1/teams/t-2").await, (json!("t-0"), json!(8), low(15)));
    let answer = without.get("admin", "/v1/org/burnout?from=2026-03-18&to=2026-03-18").await;
    assert_eq!((&answer["rolled_up_to"], &answer["points"]), (&Value::Null, &low(15)));
    // Who has a number is not to be found among those who have none.
    for (known, shown_n) in [(7, Value::Null), (8, json!(8))] {
        let mut rows = usual_rows();
        let risks = rows.iter_mut().find(|(table, _)| table.name == "burnout_risk").unwrap();
        let mut columns = BurnoutRiskColumns::default();
        for (at, risk) in BurnoutRisk::read(&risks.1).filter(|risk| risk.team_id != Some("t-9")).enumerate() {
            let (level, status) = if at < known { (Some("high"), "ok") } else { (None, "insufficient_data") };
            columns.push(&BurnoutRisk { risk: level.map(|_| 0.9), level, status, ..risk });
        }
        risks.1 = columns.finish().unwrap();
        let world = World::of(directory(), rows, |_| {}).await;
        let point = &world.get("admin", "/v1/org/burnout?from=2026-03-18&to=2026-03-18").await["points"][0];
        let high = if known == 8 { json!(8) } else { Value::Null };
        assert_eq!((&point["n"], &point["high"], &point["insufficient_data"]), (&shown_n, &high, &Value::Null), "{known}");
        let sql = "SELECT n, high, insufficient_data AS unknown FROM team_burnout WHERE team_id = 't-0'";
        let row = Value::Object(world.rows("analyst", sql).await.remove(0));
        assert_eq!((&row["n"], &row["high"], &row["unknown"]), (&shown_n, &high, &Value::Null), "{known}");
    }
    let strict = World::with(|config| config.k_anonymity_burnout = 21).await;
    let (above, _, points) = told(&strict, "/v1/teams/t-2").await;
    assert_eq!((above, &points[0]["suppressed"], &points[0]["n"]), (Value::Null, &json!(true), &Value::Null));
}
