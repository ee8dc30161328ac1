//! The whole pipeline over the memory seams: one answer, however the events come.

use std::collections::BTreeMap;

use schemas::Definition;
use schemas::directory::{Directory, Document, HoursEntry, PersonEntry, Team};
use schemas::event::{Body, Category};
use serde_json::{Value, json};

use crate::operators::{self, Events, LocalDay, Scratch};
use crate::testing::{Case, Kill, Options, Tables, run_case};

const MIN: i64 = 60_000;
const DAY: i64 = 86_400_000;
/// 2026-10-23, a Friday, two days before Europe's clocks go back.
const START: i64 = 20_749 * DAY;

struct Random(u64);

impl Random {
    fn next(&mut self, below: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % below.max(1) as u64) as i64
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.next(all.len() as i64) as usize]
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for i in (1..all.len()).rev() {
            all.swap(i, self.next(i as i64 + 1) as usize);
        }
    }
}

fn person(id: &str, team: &str, zone: &str, start: &str, end: &str, valid_from: Option<&str>) -> PersonEntry {
    let days = ["mon", "tue", "wed", "thu", "fri"].map(String::from).to_vec();
    PersonEntry {
        id: id.into(),
        name: None,
        aliases: vec![],
        team: Some(team.into()),
        time_zone: zone.into(),
        working_hours: HoursEntry { start: start.into(), end: end.into(), days },
        manager: false,
        valid_from: valid_from.map(String::from),
    }
}

fn directory() -> Document {
    let team = |id: &str| Team { id: id.into(), name: id.into(), parent: None };
    Document {
        teams: vec![team("t-1"), team("t-2")],
        people: vec![
            person("anna", "t-1", "Europe/Berlin", "09:00", "17:00", None),
            person("bo", "t-1", "America/Los_Angeles", "22:00", "06:00", None),
            person("chi", "t-2", "Asia/Tokyo", "09:00", "18:00", None),
            person("chi", "t-1", "Europe/London", "09:00", "18:00", Some("2026-10-25")),
        ],
    }
}

/// A restless person: work by day and by night, with gaps, afk, chats, sessions that are forgotten, paused and restarted.
fn life(random: &mut Random, user: &str, days: i64) -> Vec<Value> {
    let mut events: Vec<Value> = Vec::new();
    let mut at = START + random.next(10 * 60) * MIN;
    let mut n = 0;
    let mut id = |random: &mut Random| {
        n += 1;
        match random.next(3) {
            0 => format!("{user}-{n}"),
            1 => format!("{n:08x}-0000-4000-8000-{n:012x}"),
            _ => format!("{user}-event-number-{n}-with-a-long-name"),
        }
    };
    let categories = ["coding", "coding", "writing", "communication", "meeting", "browsing", "data"];
    while at < START + days * DAY {
        let category = random.of(&categories);
        let length = random.of(&[5_000, 20_000, 90_000, 4 * MIN, 12 * MIN, 40 * MIN, 230 * MIN]);
        let app = format!("{category}-{}", random.next(2));
        events.push(json!({"id": id(random), "type": "activity", "user": user, "ts": at, "app": app, "duration_ms": length, "category": category}));
        if random.next(12) == 0 {
            let ts = at + random.next(length);
            events.push(json!({"id": id(random), "type": "activity", "user": user, "ts": ts, "app": "idle", "duration_ms": random.next(10 * MIN), "afk": true}));
        }
        for _ in 0..random.next(3) {
            let ts = at + random.next(20) * 30_000;
            let kind = random.of(&["dm", "mention", "channel", "email", "call"]);
            let direction = random.of(&["received", "received", "sent"]);
            let peer = random.of(&["zoe", "yan", "xi"]);
            events.push(json!({"id": id(random), "type": "message", "user": user, "ts": ts, "channel": "slack", "kind": kind,
                "direction": direction, "peer": peer, "notified": random.next(5) > 0}));
        }
        if random.next(4) == 0 {
            let ts = at + random.next(10) * MIN;
            let session = format!("s{}", random.next(3));
            let kind = random.of(&["focus", "pomodoro", "meeting"]);
            let phase = random.of(&["start", "start", "pause", "resume", "end", "abandon"]);
            let mut event = json!({"id": id(random), "type": "session", "user": user, "ts": ts, "session": session, "kind": kind, "phase": phase});
            if random.next(2) == 0 {
                event["planned_ms"] = json!(random.of(&[25 * MIN, 90 * MIN, 300 * MIN]));
            }
            events.push(event);
        }
        let mut pause = random.of(&[0, 0, 1_000, 4_000, 30_000, 100_000, 3 * MIN, 10 * MIN]);
        if random.next(40) == 0 {
            pause = random.next(30 * 60) * MIN;
        }
        at += random.of(&[length, length, length / 2]) + pause;
    }
    events
}

fn case(seed: u64, days: i64) -> Case {
    let mut random = Random(seed);
    let mut events = Vec::new();
    for user in ["anna", "bo", "chi", "stranger"] {
        events.extend(life(&mut random, user, days).into_iter().map(|e| (user.to_owned(), e)));
    }
    events.sort_by_key(|(_, e)| e["ts"].as_i64());
    let records = events.into_iter().map(|(user, event)| (user, event.to_string().into_bytes())).collect();
    Case { directory: directory(), records }
}

fn differences(a: &Tables, b: &Tables) -> Vec<String> {
    let mut found = Vec::new();
    for (table, rows) in a {
        let other = &b[table];
        for (key, row) in rows {
            match other.get(key) {
                None => found.push(format!("{table} {key}: only in the first: {row}")),
                Some(o) if o != row => {
                    let fields = row.as_object().unwrap().iter().filter(|(name, value)| o[name.as_str()] != **value);
                    let fields: Vec<_> = fields.map(|(name, value)| format!("{name}: {value} / {}", o[name.as_str()])).collect();
                    found.push(format!("{table} {key}: {}", fields.join(", ")));
                }
                Some(_) => {}
            }
        }
        found.extend(other.keys().filter(|k| !rows.contains_key(*k)).map(|k| format!("{table} {k}: only in the second")));
    }
    found
}

fn assert_same(a: &Tables, b: &Tables, what: &str) {
    let found = differences(a, b);
    assert!(found.is_empty(), "{what}: {} differences\n{}", found.len(), found[..found.len().min(12)].join("\n"));
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn tables(case: &Case, options: &Options) -> Tables {
    block_on(run_case(case, options)).unwrap()
}

/// Everything a person did, given to the pure operators at once: the pipeline must say the same.
fn straight(case: &Case) -> BTreeMap<String, BTreeMap<String, Value>> {
    let directory = Directory::new(case.directory.clone()).unwrap();
    let mut people: BTreeMap<&str, BTreeMap<(i64, String), schemas::Event<'_>>> = BTreeMap::new();
    for (user, json) in &case.records {
        let event = schemas::decode::event(json).unwrap();
        people.entry(user).or_default().insert((event.ts, event.id.to_string()), event);
    }
    let mut out: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    let mut scratch = Scratch::default();
    for (user, events) in people {
        let mut names: BTreeMap<String, u32> = BTreeMap::new();
        let mut number = |name: &str| {
            let next = names.len() as u32;
            *names.entry(name.to_owned()).or_insert(next)
        };
        let mut all = Events::default();
        for (i, event) in events.values().enumerate() {
            let ts = event.ts;
            match &event.body {
                Body::Activity(a) => all.activities.push(operators::Activity {
                    ts,
                    duration_ms: a.duration_ms,
                    app: number(&a.app),
                    category: a.category.as_deref().and_then(Category::parse).unwrap_or(Category::Other),
                    afk: a.afk,
                }),
                Body::Message(m) => all.messages.push(operators::Message {
                    ts,
                    kind: m.kind,
                    direction: m.direction,
                    notified: m.notified,
                    channel: number(&m.channel),
                    peer: m.peer.as_deref().map(&mut number),
                    token: i as u64,
                }),
                Body::Session(s) => all.phases.push(operators::SessionPhase {
                    ts,
                    session: number(&s.session),
                    kind: s.kind,
                    phase: s.phase,
                    planned_ms: s.planned_ms,
                }),
            }
        }
        let person = directory.person(user);
        for day in 20_745..20_800 {
            let local = LocalDay::of(person, day);
            let result = scratch.day(&Definition::default(), &local, &all);
            for w in &result.windows {
                let row = json!([
                    w.active_ms,
                    w.focus_ms,
                    w.comm_ms,
                    w.meeting_ms,
                    w.switches,
                    w.messages_received,
                    w.interruptions,
                    w.self_interruptions,
                    w.load
                ]);
                out.entry("user_5m".into()).or_default().insert(format!("{user}|{}", w.start), row);
            }
            if let Some(d) = &result.daily {
                let row = json!([
                    d.active_ms,
                    d.focus_ms,
                    d.meeting_ms,
                    d.switches,
                    d.blocks,
                    d.block_ms,
                    d.stretch_ms,
                    d.sessions,
                    d.sessions_completed,
                    d.session_ms,
                    d.messages_received,
                    d.sent_after_hours,
                    d.response_ms,
                    d.interruptions,
                    d.load,
                    d.focus_score,
                    d.last_active,
                    d.after_hours_ms
                ]);
                out.entry("user_daily".into()).or_default().insert(format!("{user}|{day}"), row);
            }
            for b in &result.blocks {
                let row = json!([b.span.end, b.focus_ms, b.interruptions]);
                out.entry("focus_blocks".into()).or_default().insert(format!("{user}|{}", b.span.start), row);
            }
        }
    }
    out
}

fn narrowed(tables: &Tables) -> BTreeMap<String, BTreeMap<String, Value>> {
    let columns: [(&str, &[&str]); 3] = [
        (
            "user_5m",
            &[
                "active_ms",
                "focus_ms",
                "comm_ms",
                "meeting_ms",
                "switches",
                "messages_received",
                "interruptions",
                "self_interruptions",
                "load",
            ],
        ),
        (
            "user_daily",
            &[
                "active_ms",
                "focus_ms",
                "meeting_ms",
                "switches",
                "blocks",
                "block_ms",
                "stretch_ms",
                "sessions",
                "sessions_completed",
                "session_ms",
                "messages_received",
                "sent_after_hours",
                "response_ms",
                "interruptions",
                "load",
                "focus_score",
                "last_active",
                "after_hours_ms",
            ],
        ),
        ("focus_blocks", &["end_ts", "focus_ms", "interruptions"]),
    ];
    let mut out = BTreeMap::new();
    for (table, names) in columns {
        let rows = tables[table].iter().map(|(key, row)| (key.clone(), names.iter().map(|n| row[*n].clone()).collect::<Value>()));
        out.insert(table.to_owned(), rows.collect());
    }
    out
}

#[test]
fn the_pipeline_says_what_the_operators_say_of_everything_at_once() {
    for seed in seeds(3) {
        let case = case(seed, 5);
        let tables = tables(&case, &Options::default());
        assert!(tables["user_5m"].len() > 1_000 && tables["interruptions"].len() > 50, "{seed}: something happens");
        assert!(tables.values().flat_map(BTreeMap::values).all(|r| r.get("final").is_none_or(|f| f == true)), "all is final");
        let (got, expected) = (narrowed(&tables), straight(&case));
        assert_same(&got, &expected, &format!("seed {seed}"));
    }
}

/// `FOCUSFLOW_SEEDS=100` looks longer.
fn seeds(count: u64) -> impl Iterator<Item = u64> {
    1..=std::env::var("FOCUSFLOW_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(count)
}

#[test]
fn order_split_partitions_and_kills_change_nothing() {
    for seed in seeds(1) {
        let mut case = case(6 + seed, 4);
        let straight = tables(&case, &Options::default());
        let check = |case: &Case, batch, partitions, kill, memory_bytes, what: &str| {
            let settle_each = memory_bytes < 1 << 20;
            let options = Options { batch, partitions, kill, memory_bytes, settle_each, ..Options::default() };
            assert_same(&straight, &tables(case, &options), &format!("seed {seed}: {what}"));
        };
        check(&case, 97, 4, Kill::Never, 1 << 30, "97 at a time over 4 partitions");
        check(&case, 61, 1, Kill::EveryBatch, 1 << 30, "killed after every 61");
        check(&case, 83, 2, Kill::EveryBatchFlushedEvery(3), 1 << 30, "killed and set back");
        check(&case, 59, 1, Kill::Never, 20_000, "in hardly any memory");
        let mut random = Random(5 + seed);
        let twice = (0..case.records.len() / 3).map(|_| case.records[random.next(case.records.len() as i64) as usize].clone());
        let twice: Vec<_> = twice.collect();
        case.records.extend(twice);
        random.shuffle(&mut case.records);
        check(&case, 70, 2, Kill::Never, 1 << 30, "shuffled, a third of it twice");
        check(&case, 150, 1, Kill::EveryBatch, 1 << 30, "shuffled, twice, killed");
        check(&case, 120, 1, Kill::Never, 20_000, "shuffled, twice, in hardly any memory");
        check(&case, 1, 1, Kill::Never, 60_000, "shuffled, twice, one by one");
    }
}

/// Anna goes to Auckland and to team 2, Bo works other hours, Chi's history is another, the stranger becomes known.
fn new_directory() -> Document {
    let mut document = directory();
    document.people = vec![
        person("anna", "t-1", "Europe/Berlin", "09:00", "17:00", None),
        person("anna", "t-2", "Pacific/Auckland", "09:00", "17:00", Some("2026-10-25")),
        person("bo", "t-1", "America/Los_Angeles", "10:00", "18:00", None),
        person("chi", "t-2", "Europe/London", "09:00", "18:00", None),
        person("stranger", "t-1", "Asia/Kolkata", "09:00", "18:00", None),
    ];
    document
}

#[test]
fn a_changed_directory_leaves_what_it_would_have_made_from_the_start() {
    for seed in seeds(1) {
        let case = case(20 + seed, 4);
        let from_the_start = Case { directory: new_directory(), records: case.records.clone() };
        let expected = tables(&from_the_start, &Options::default());
        let batches = case.records.len() / 80;
        for (at, kill, memory_bytes, partitions) in [
            (1, Kill::Never, 1 << 30, 1),
            (batches / 2, Kill::Never, 1 << 30, 2),
            (batches / 2, Kill::EveryBatch, 1 << 30, 1),
            (batches / 2, Kill::EveryBatchFlushedEvery(2), 1 << 30, 1),
            (batches / 2, Kill::Never, 20_000, 1),
            (batches + 5, Kill::Never, 1 << 30, 1),
        ] {
            let directory_changes = vec![(at, new_directory())];
            let settle_each = memory_bytes < 1 << 20;
            let options =
                Options { batch: 80, kill, memory_bytes, partitions, directory_changes, settle_each, ..Options::default() };
            assert_same(
                &expected,
                &tables(&case, &options),
                &format!("seed {seed}: change before batch {at}, {kill:?}, {memory_bytes} bytes"),
            );
        }
    }
}
