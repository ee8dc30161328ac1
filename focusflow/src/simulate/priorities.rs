//! What habits are worth: learned from four weeks of simulated people, judged by what they answer in the week after. The figures
//! are `docs/evaluation/priority.md`, which this writes when `UPDATE` is set, and holds against what it finds when not.

use std::collections::BTreeMap;
use std::fmt::Write;

use ingest::Priorities;
use ingest::priority::{Band, Bands, Habits, Judged, QUICK_MS, Seen, judge};
use schemas::decode;
use schemas::definition::Definition;
use schemas::directory::days_since_epoch;
use schemas::event::{Direction, Message, MessageKind};

use super::*;

const PEOPLE: usize = 60;
const LEARNED_DAYS: i32 = 28;
const JUDGED_DAYS: i32 = 7;
const PAPER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/evaluation/priority.md");

/// A message of one person that came in the judged week.
struct Sample {
    kind: MessageKind,
    answered: bool,
    rule: f64,
    learned: f64,
    /// By the habits of somebody else.
    mistaken: f64,
    /// By what the simulator knows of the person and the peer.
    known: f64,
}

type Figure = fn(&Sample) -> f64;

fn samples() -> Vec<Vec<Sample>> {
    let start = days_since_epoch("2026-03-02".parse().unwrap());
    let days = LEARNED_DAYS + JUDGED_DAYS;
    let workforce = Workforce::new(Config { late: 0.0, duplicates: 0.0, ..Config::new(23, PEOPLE, start, days) });
    let split = i64::from(start + LEARNED_DAYS) * DAY_MS;
    let lines: Vec<Vec<u8>> = workforce.all().filter(|line| is_message(line)).collect();
    let mut messages: BTreeMap<String, Vec<(i64, Message<'_>)>> = BTreeMap::new();
    for line in &lines {
        let event = decode::event(line.trim_ascii()).unwrap();
        let schemas::Body::Message(message) = event.body else { panic!("not a message") };
        messages.entry(event.user.into_owned()).or_default().push((event.ts, message));
    }
    let weights = Definition::default().weights;
    let rule = Priorities::new(Bands::default(), &weights, None);
    let learned = Priorities::new(Bands::default(), &weights, Some(Habits::new(PEOPLE)));
    let mut held_out = Vec::new();
    for (user, messages) in &messages {
        let seen: Vec<Seen<'_>> = messages.iter().map(|(ts, message)| Seen::message(*ts, message)).collect();
        let (before, _) = seen.split_at(seen.partition_point(|seen| seen.ts < split));
        // What was answered after the split is not known at the split.
        learned.learned(user, &judge(before, split), split);
        let judged = judge(&seen, i64::MAX);
        held_out.push((user, judged.into_iter().filter(|j| j.message.ts >= split).collect::<Vec<_>>()));
    }
    let person = |user: &str| workforce.people.iter().find(|person| person.id == user).unwrap();
    let others = held_out.iter().cycle().skip(1).map(|(user, _)| *user);
    let of = |user: &str, other: &str, judged: &Judged<'_>| {
        let Seen { ts, kind, notified, channel, peer, .. } = judged.message;
        let (channel, peer) = (channel.into(), peer.map(Into::into));
        let direction = Direction::Received;
        let message = Message { channel, kind, direction, peer, thread: None, notified, priority: None, text: None };
        let by = |priorities: &Priorities, user: &str| f64::from(priorities.decide(|| user, ts, &message, ts).unwrap());
        let known = person(user).chance_to_answer(&workforce, &message);
        let (rule, mistaken, learned) = (by(&rule, user), by(&learned, other), by(&learned, user));
        Sample { kind, answered: judged.answered, rule, learned, mistaken, known }
    };
    held_out.iter().zip(others).map(|((user, judged), other)| judged.iter().map(|j| of(user, other, j)).collect()).collect()
}

fn is_message(line: &[u8]) -> bool {
    line.split(|byte| *byte == b',').nth(1) == Some(br#""type":"message""#)
}

impl Person {
    /// What a message is worth to whoever knows how this person is simulated, but not what they are doing.
    fn chance_to_answer(&self, workforce: &Workforce, message: &Message<'_>) -> f64 {
        use MessageKind::{Call, Channel, Dm, Email, Mention};
        let weight = match message.kind {
            Dm | Mention => 1.0,
            Email => 0.3,
            Channel | Call => return 0.0,
        };
        let name = message.peer.as_deref().unwrap();
        let peer = workforce.people.iter().find(|peer| peer.chat == name || peer.mail == name).unwrap();
        let told = if message.notified { 1.0 } else { 0.0 };
        told * weight * self.habits.attends * self.answers(workforce.config.seed, peer.index, message.kind)
    }
}

/// That an answered message has the higher figure; ties count half.
fn auc<'s>(samples: impl Iterator<Item = &'s Sample>, figure: impl Fn(&Sample) -> f64) -> Option<f64> {
    let mut all: Vec<(f64, bool)> = samples.map(|s| (figure(s), s.answered)).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut sum) = (0.0, 0.0);
    for alike in all.chunk_by(|a, b| a.0 == b.0) {
        let yes = alike.iter().filter(|(_, answered)| *answered).count() as f64;
        let no = alike.len() as f64 - yes;
        sum += yes * (below + no / 2.0);
        below += no;
    }
    let yes = all.len() as f64 - below;
    (yes > 0.0 && below > 0.0).then(|| sum / (yes * below))
}

/// Over people, each counting the same.
fn mean_auc(people: &[&Vec<Sample>], figure: impl Fn(&Sample) -> f64 + Copy) -> f64 {
    let all: Vec<f64> = people.iter().filter_map(|samples| auc(samples.iter(), figure)).collect();
    all.iter().sum::<f64>() / all.len() as f64
}

/// Of each person's so many highest, how many were answered; of those that are equal at the end, as many as chance would give.
fn precision(people: &[Vec<Sample>], figure: impl Fn(&Sample) -> f64) -> f64 {
    let (mut hits, mut all) = (0.0, 0.0);
    for samples in people {
        let mut most = samples.iter().filter(|s| is_notified(s)).count() as f64;
        all += most;
        let mut sorted: Vec<(f64, bool)> = samples.iter().map(|s| (figure(s), s.answered)).collect();
        sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
        for alike in sorted.chunk_by(|a, b| a.0 == b.0) {
            let taken = most.min(alike.len() as f64);
            hits += taken * alike.iter().filter(|(_, answered)| *answered).count() as f64 / alike.len() as f64;
            most -= taken;
        }
    }
    hits / all
}

fn is_notified(sample: &Sample) -> bool {
    Bands::default().of(sample.learned as u8) == Band::Notify
}

/// The difference of two figures' mean AUC in 95 of 100 draws of people.
fn interval(people: &[Vec<Sample>]) -> (f64, f64) {
    let mut dice = Dice::of(1, &[1]);
    let mut draws: Vec<f64> = (0..400)
        .map(|_| {
            let drawn: Vec<&Vec<Sample>> = (0..people.len()).map(|_| &people[dice.below(people.len())]).collect();
            mean_auc(&drawn, |s| s.learned) - mean_auc(&drawn, |s| s.rule)
        })
        .collect();
    draws.sort_by(f64::total_cmp);
    (draws[10], draws[389])
}

fn report(people: &[Vec<Sample>]) -> String {
    let all = || people.iter().flatten();
    let each: Vec<&Vec<Sample>> = people.iter().collect();
    let answered = all().filter(|s| s.answered).count();
    let minutes = QUICK_MS / 60_000;
    let mut text = format!(
        "# Message priority: what habits are worth\n\n\
         Learned from {LEARNED_DAYS} days of {PEOPLE} simulated people, judged by the {JUDGED_DAYS} days after, of which nothing was learned. A message counts as \
         answered when its person wrote to the sender, or in its thread, within {minutes} minutes. Calls are left out: nobody answers them in writing. \
         Simulated messages have no text, so what words add is **not** judged here.\n\n\
         {} messages, {answered} of them answered ({:.1} %). Written by `UPDATE=1 cargo test --workspace priorities_learned`.\n\n",
        all().count(),
        100.0 * answered as f64 / all().count() as f64,
    );
    let figures: [(&str, Figure); 4] = [
        ("the rule for everybody (cold start)", |s| s.rule),
        ("with the person's habits", |s| s.learned),
        ("with the habits of somebody else", |s| s.mistaken),
        ("who knows how the people are simulated", |s| s.known),
    ];
    text += "AUC: that an answered message has a higher priority than one that was not; 0.5 is chance. Of each person by themselves, then the mean \
             over people; by kind, all people's messages together: there it counts too who answers much, which priorities leave out on purpose.\n\n\
             | priority | AUC | direct messages | mentions | emails | answered of those told at once |\n|---|---|---|---|---|---|\n";
    for (name, figure) in figures {
        let of_kind = |kind| auc(all().filter(|s| s.kind == kind), figure).unwrap_or(f64::NAN);
        let (dm, mention, email) = (of_kind(MessageKind::Dm), of_kind(MessageKind::Mention), of_kind(MessageKind::Email));
        let (mean, precision) = (mean_auc(&each, figure), 100.0 * precision(people, figure));
        writeln!(text, "| {name} | {mean:.3} | {dm:.3} | {mention:.3} | {email:.3} | {precision:.1} % |").unwrap();
    }
    let (low, high) = interval(people);
    let notified: Vec<&Sample> = all().filter(|s| is_notified(s)).collect();
    let recall = notified.iter().filter(|s| s.answered).count() as f64 / answered as f64;
    let by_rule = all().filter(|s| Bands::default().of(s.rule as u8) == Band::Notify).count();
    write!(
        text,
        "\nHabits add {:.3} to the AUC of the rule ({low:.3} to {high:.3} in 95 of 100 draws of people). With them {} messages are told at once ({:.1} %), \
         {:.1} % of the answered ones among them; the last column compares as many of each person's highest by each row. By the rule alone \
         {by_rule} of these messages are told at once: without words of urgency only calls are.\n\n\
         The last row knows whom each person answers, and not what they are doing when a message comes: of simulated people hardly more can be known. \
         Somebody else's habits help a little, as nobody here answers what is said in a channel. What these figures do not say: habits of simulated people \
         last, and were made by hand; those of real ones are noisier and change.\n",
        mean_auc(&each, |s| s.learned) - mean_auc(&each, |s| s.rule),
        notified.len(),
        100.0 * notified.len() as f64 / all().count() as f64,
        100.0 * recall,
    )
    .unwrap();
    text
}

#[test]
fn priorities_learned_from_habits_are_better_on_days_they_have_not_seen() {
    let people = samples();
    let each: Vec<&Vec<Sample>> = people.iter().collect();
    let found = report(&people);
    println!("{found}");
    let (rule, learned) = (mean_auc(&each, |s| s.rule), mean_auc(&each, |s| s.learned));
    assert!(learned > rule + 0.03 && interval(&people).0 > 0.0, "{learned} {rule}");
    assert!(mean_auc(&each, |s| s.mistaken) < learned && learned < mean_auc(&each, |s| s.known) + 0.01);
    assert!(precision(&people, |s| s.learned) > 1.3 * precision(&people, |s| s.rule));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(PAPER, &found).unwrap();
    }
    assert!(std::fs::read_to_string(PAPER).unwrap_or_default() == found, "{PAPER} is stale: run with UPDATE=1");
}
