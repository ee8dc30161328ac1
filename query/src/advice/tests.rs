//! Made-up people: in whose days there is nothing to find, and in whose days there is.

use super::history::{Day, Window};
use super::noise::Random;
use super::subject::Half;
use super::*;

/// 2026-01-05, a Monday.
const MONDAY: i32 = 20_458;
const WINDOW: i64 = 300_000;

/// What is true of somebody's days. By default everything in them is chance.
#[derive(Clone, Copy, Default)]
struct Life {
    /// Focus at nine and ten, above that of other hours.
    mornings: f64,
    /// The same at seven in the evening, when they work on three days alone.
    three_evenings: f64,
    /// Two hours of meetings every Tuesday morning, one now and then, and no focus in them.
    tuesdays: bool,
    /// Nothing comes of the time between meetings.
    gaps_are_lost: bool,
    /// What a late evening takes of the next day, and a long stretch of the hour after.
    late_evening_costs: f64,
    long_stretch_costs: f64,
    /// How much more the hours swing than other people's: chance alone makes large differences then.
    swings: f64,
}

struct Dice(Random);

impl Dice {
    fn share(&mut self) -> f64 {
        self.0.below(10_001) as f64 / 10_000.0
    }

    /// Between -1 and 1, the middle likelier.
    fn swing(&mut self) -> f64 {
        self.share() + self.share() - 1.0
    }
}

fn history(life: Life, days: i32, seed: u64) -> History {
    let mut dice = Dice(Random::seeded(seed));
    let mut all = Vec::new();
    let mut late = false;
    // From week to week there is more of it, or less: days near one another are alike.
    let mut drift = 0.0;
    for number in 0..days {
        let workday = number % 7 < 5;
        drift = 0.9 * drift + 0.06 * dice.swing();
        let mut day =
            Day { day: MONDAY + number, workday, rest_ms: Some(if late { 10 } else { 14 } * 3_600_000), ..Day::default() };
        if workday {
            let level = 0.45 + drift + 0.15 * dice.swing() - if late { life.late_evening_costs } else { 0.0 };
            work(&mut day, life, level, number, &mut dice);
        }
        late = workday && dice.share() < 0.35;
        if late {
            day.windows.extend((252..258).map(|at| Window { at, active_ms: WINDOW, ..Window::default() }));
        }
        all.push(day);
    }
    History { days: all, late_from: Some(21) }
}

fn work(day: &mut Day, life: Life, level: f64, number: i32, dice: &mut Dice) {
    let tuesday = life.tuesdays && number % 7 == 1;
    let (mut mood, mut stretch, mut tired) = (0.0, 0, 0);
    let last = if life.three_evenings > 0.0 && [1, 8, 17].contains(&number) { 20 } else { 17 };
    for hour in 9..last {
        // Neighbouring hours are alike.
        mood = 0.5 * mood + (0.2 + life.swings) * dice.swing();
        let mut share = level + mood + if hour < 11 { life.mornings } else { 0.0 };
        share += if hour >= 17 { life.three_evenings } else { 0.0 };
        let meeting = if tuesday && hour < 11 { true } else { dice.share() < if life.tuesdays { 0.1 } else { 0.25 } };
        for minute in 0..12 {
            let pause = (hour == 12 && minute < 5) || dice.share() < 0.04;
            if pause {
                tired = if stretch >= 24 { 12 } else { 0 };
                stretch = 0;
                continue;
            }
            stretch += 1;
            let in_meeting = meeting && (minute < 6 || life.tuesdays);
            let lost = (life.tuesdays || life.gaps_are_lost) && in_meeting || life.gaps_are_lost && meeting && minute > 5;
            let share = share + 0.1 * dice.swing() - if tired > 0 { life.long_stretch_costs } else { 0.0 };
            tired -= i32::from(tired > 0);
            let active = 200_000 + (100_000.0 * dice.share()) as i64;
            day.windows.push(Window {
                at: hour * 12 + minute,
                active_ms: active,
                focus_ms: if lost { 0 } else { (active as f64 * share.clamp(0.0, 1.0)) as i64 },
                meeting_ms: if in_meeting { WINDOW } else { 0 },
                interruptions: i64::from(dice.share() < 0.08),
            });
        }
    }
    day.blocks = vec![(108, 30 * 60_000), (160, 26 * 60_000)];
}

/// In how many of a hundred random histories there is advice that this is true of.
fn told(life: Life, is: impl Fn(&Advice) -> bool) -> usize {
    let told = (0..100).filter(|seed| find(&history(life, DAYS, 1_000 + seed)).iter().any(&is)).count();
    println!("told in {told} of 100 histories");
    told
}

#[test]
fn whose_hours_are_all_alike_gets_no_best_hours() {
    for swings in [0.0, 0.4, 0.8] {
        let by_chance = told(Life { swings, ..Life::default() }, |advice| advice.subject.kind() == "focus-hours");
        assert!(by_chance <= 5, "in {by_chance} of 100 histories, with swings of {swings}");
    }
}

#[test]
fn whose_days_hide_nothing_is_told_nothing() {
    for swings in [0.0, 0.4, 0.8] {
        let by_chance = told(Life { swings, ..Life::default() }, |_| true);
        assert!(by_chance <= 8, "in {by_chance} of 100 histories, with swings of {swings}");
    }
}

#[test]
fn who_has_better_hours_is_told_them_with_what_is_known_of_them() {
    let life = Life { mornings: 0.25, ..Life::default() };
    let found = told(life, |advice| advice.subject == Subject::FocusHours(9));
    assert!(found >= 90, "in {found} of 100 histories");
    let best = &find(&history(life, DAYS, 3))[0];
    assert_eq!(best.subject.to_string(), "focus-hours:09");
    let held = &best.evidence[0];
    let (here, elsewhere) = (held.here.unwrap(), held.elsewhere.unwrap());
    assert!(here > elsewhere + 0.15 && (20..=30).contains(&held.n_here), "{held:?}");
    assert!(best.why.starts_with(&format!("On {} workdays {}", held.n_here, percent(here))), "{}", best.why);
    assert_eq!(
        (best.evidence[2].n_here, best.evidence[2].n_elsewhere),
        (held.n_here, held.n_here),
        "one block inside, one outside"
    );
}

#[test]
fn hours_that_were_good_three_times_do_not_win() {
    let life = Life { three_evenings: 0.5, ..Life::default() };
    assert!(told(life, |advice| matches!(advice.subject, Subject::FocusHours(16..))) <= 3);
}

#[test]
fn of_two_weeks_nothing_is_said() {
    let life = Life { mornings: 0.4, tuesdays: true, late_evening_costs: 0.3, ..Life::default() };
    assert!((0..20).all(|seed| find(&history(life, 14, seed)).is_empty()));
}

#[test]
fn the_half_day_that_meetings_take_most_of_is_named() {
    let found = told(Life { tuesdays: true, ..Life::default() }, |advice| {
        advice.subject == Subject::MeetingFree(1, Half::Morning) && advice.evidence[0].here < advice.evidence[0].elsewhere
    });
    assert!(found >= 70, "in {found} of 100 histories");
}

#[test]
fn lost_time_between_meetings_is_noticed() {
    let found = told(Life { gaps_are_lost: true, ..Life::default() }, |advice| advice.subject == Subject::MeetingGaps);
    assert!(found >= 70, "in {found} of 100 histories");
}

#[test]
fn what_follows_late_evenings_and_long_stretches_is_noticed_where_something_does() {
    let late = told(Life { late_evening_costs: 0.25, ..Life::default() }, |advice| {
        matches!(advice.subject, Subject::LateEvenings(21) | Subject::ShortNights)
    });
    assert!(late >= 80, "in {late} of 100 histories");
    let long = told(Life { long_stretch_costs: 0.3, ..Life::default() }, |advice| advice.subject == Subject::Breaks);
    assert!(long >= 60, "in {long} of 100 histories");
}

#[test]
fn the_same_days_give_the_same_advice_the_strongest_first_and_five_at_most() {
    let life = Life {
        mornings: 0.3,
        tuesdays: true,
        gaps_are_lost: true,
        late_evening_costs: 0.25,
        long_stretch_costs: 0.3,
        ..Life::default()
    };
    let ids = |found: &[Advice]| found.iter().map(|advice| advice.subject.to_string()).collect::<Vec<_>>();
    let found = find(&history(life, DAYS, 5));
    assert_eq!(ids(&found), ids(&find(&history(life, DAYS, 5))));
    assert!(found.is_sorted_by(|a, b| a.strength >= b.strength) && found.len() >= 3, "{:?}", ids(&found));
    assert!(shown(found.clone(), &[]).len() <= 5);
    let without = shown(found.clone(), &[found[0].subject]);
    assert!(without.iter().all(|advice| advice.subject != found[0].subject) && !without.is_empty());
}

#[test]
fn a_history_of_nothing_or_of_odd_days_is_no_trouble() {
    assert!(find(&History { days: Vec::new(), late_from: None }).is_empty());
    // The end of summer time: an hour that comes twice, all the time.
    let twice = |number: i32| {
        let windows =
            (0..288).map(|at| Window { at: (at / 24) * 12 + at % 12, active_ms: WINDOW, focus_ms: 1, ..Window::default() });
        Day { day: MONDAY + number, workday: true, windows: windows.collect(), ..Day::default() }
    };
    assert!(find(&History { days: (0..42).map(twice).collect(), late_from: Some(23) }).is_empty());
}
