use std::sync::Arc;

use eventlog::{Records, RecordsBuilder};
use schemas::Directory;
use schemas::directory::DAY_MS;

use super::Partition;
use crate::Config;

/// A Friday, 09:00 UTC.
const NINE: i64 = 20_777 * DAY_MS + 9 * 3_600_000;

fn id(random: &mut u64) -> String {
    let mut next = || {
        *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *random >> 32
    };
    let (a, b, c, d) = (next(), next(), next(), next());
    format!("{a:08x}-{:04x}-4{:03x}-8{:03x}-{c:08x}{:04x}", b & 0xffff, (b >> 16) & 0xfff, d & 0xfff, (d >> 12) & 0xffff)
}

/// A working day of 1,000 events a person, in the order of time: 900 activities, 90 messages, 10 session phases.
fn workday(people: usize, midnight: i64) -> Vec<(String, i64, String)> {
    let (mut events, mut random) = (Vec::new(), midnight as u64);
    let apps = [("Code", "coding"), ("Slack", "communication"), ("Docs", "writing"), ("Chrome", "browsing"), ("Zoom", "meeting")];
    for step in 0..1_000i64 {
        for person in 0..people {
            let user = format!("person-{person:05}");
            let ts = midnight + step * 29_000 + (person as i64 * 37) % 29_000;
            let id = id(&mut random);
            let body = if step % 10 == 9 && step % 100 != 99 {
                let direction = if step % 30 == 29 { "sent" } else { "received" };
                format!(
                    r#""type":"message","channel":"slack","kind":"dm","direction":"{direction}","peer":"person-{:05}""#,
                    random % 30
                )
            } else if step % 100 == 99 {
                let phase = if step % 200 == 99 { "start" } else { "end" };
                format!(r#""type":"session","session":"s{}","kind":"focus","phase":"{phase}","planned_ms":1500000"#, step / 200)
            } else {
                let (app, category) = apps[[0, 0, 0, 0, 1, 2, 2, 3, 0, 4][(step as usize / 7 + person) % 10]];
                format!(
                    r#""type":"activity","app":"{app}","category":"{category}","duration_ms":29000,"title":"something or other""#
                )
            };
            events.push((user.clone(), ts, format!(r#"{{"id":"{id}","user":"{user}","ts":{ts},{body}}}"#)));
        }
    }
    events
}

fn records(events: &[(String, i64, String)], base: u64) -> Records {
    let mut builder = RecordsBuilder::default();
    for (user, ts, json) in events {
        builder.push(*ts, user.as_bytes(), b"test", json.as_bytes());
    }
    builder.finish().with_base(base)
}

fn commit(partition: &mut Partition, records: Records, position: u64, now_ms: i64) -> (usize, super::Counts) {
    let mut work = partition.begin(records, position, now_ms);
    partition.add_due(&mut work);
    assert!(partition.advance(&mut work), "nothing is cold in a new partition");
    let counts = work.counts;
    let rows: usize = work.tables.finish().unwrap().iter().map(|(_, batch)| batch.num_rows()).sum();
    partition.committed(work);
    (rows, counts)
}

fn new_partition() -> Partition {
    Partition::new(Arc::new(Config { memory_bytes: 4 << 30, ..Config::default() }), Arc::new(Directory::default()), None, 0, 1)
}

#[test]
fn a_day_takes_under_60_bytes_an_event_and_an_idle_person_under_4_kb() {
    let mut partition = new_partition();
    let events = workday(50, NINE);
    commit(&mut partition, records(&events, 0), 0, NINE + DAY_MS);
    let each = partition.bytes() / events.len();
    assert!((32..60).contains(&each), "{each} bytes an event");
    let days = 4;
    for day in 1..=days {
        // A week later: the old days are over and forgotten.
        partition.follow_clock(NINE + (day + 6) * DAY_MS);
        commit(&mut partition, Records::default(), events.len() as u64, NINE + 7 * DAY_MS);
    }
    let each = partition.bytes() / partition.people();
    assert!(each < 4_000, "{each} bytes a person");
    assert_eq!((partition.chunks(), partition.has_due()), (0, false));
}

#[test]
fn less_memory_is_obeyed_at_once() {
    let mut partition = new_partition();
    let events = workday(50, NINE);
    let count = events.len() as u64;
    commit(&mut partition, records(&events, 0), 0, NINE + DAY_MS);
    let one_more = workday(1, NINE + DAY_MS);
    commit(&mut partition, records(&one_more[..1], count), count, NINE + DAY_MS);
    let before = partition.bytes();
    partition.set_memory(before / 4);
    assert!(partition.bytes() < before / 4, "{} of {before}", partition.bytes());
}

#[test]
fn a_normal_event_at_ten_recomputes_one_day() {
    let mut partition = new_partition();
    for day in 0..2 {
        let base = day as u64 * 3_000;
        commit(&mut partition, records(&workday(3, NINE + day * DAY_MS), base), base, NINE + 2 * DAY_MS);
    }
    let at_ten = workday(1, NINE + 2 * DAY_MS + 3_600_000);
    for (i, event) in at_ten[..9].iter().enumerate() {
        let base = 6_000 + i as u64;
        let mut work = partition.begin(records(std::slice::from_ref(event), base), base, NINE + 3 * DAY_MS);
        assert!(partition.advance(&mut work));
        assert_eq!((work.counts.days, work.counts.accepted), (1, 1));
        partition.committed(work);
    }
}
