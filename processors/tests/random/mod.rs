//! Random workforces: a few people, a few days, and far more coincidences than real life has. Times fall on and next to
//! each other, on thresholds of the definitions, on midnights and window boundaries; names and apps are few.
//!
//! A case is a function of its seed and nothing else.

mod rng;
mod scenes;

use schemas::directory::{Directory, Document, Person};
use serde_json::{Value, json};

pub use rng::Rng;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Every length the definitions name, and a few plain ones.
const LENGTHS: [i64; 16] = [
    0,
    SECOND,
    5 * SECOND,
    10 * SECOND,
    30 * SECOND,
    60 * SECOND,
    120 * SECOND,
    5 * MINUTE,
    7 * MINUTE,
    25 * MINUTE,
    30 * MINUTE,
    45 * MINUTE,
    HOUR,
    2 * HOUR,
    4 * HOUR,
    8 * HOUR,
];
const MAX_DURATION: i64 = 4 * HOUR;

#[derive(Clone)]
pub struct Case {
    pub seed: u64,
    pub document: Document,
    /// The directory as it was when the first events came, if it was another.
    pub earlier: Option<Document>,
    /// In arrival order.
    pub events: Vec<Value>,
}

pub fn case(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    let scene = scenes::scene(&mut rng);
    let directory = Directory::new(scene.document.clone()).expect("the generated directory is valid");
    let mut events = Vec::new();
    for user in &scene.people {
        let mut person = Maker {
            rng: &mut rng,
            user,
            person: directory.person(user),
            days: (scene.first_day, scene.first_day + scene.days),
            instants: Vec::new(),
            events: Vec::new(),
        };
        person.live(scene.size);
        events.extend(person.events);
    }
    number(&mut rng, &mut events);
    let mut events = arrive(&mut rng, events);
    duplicate(&mut rng, &mut events);
    let earlier = rng.chance(40).then(|| scenes::earlier(&mut rng, &scene));
    Case { seed, document: scene.document, earlier, events }
}

/// One or two people for a month or two, a little of everything each day: what risks are made of.
pub fn months(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    let scene = scenes::months(&mut rng);
    let directory = Directory::new(scene.document.clone()).expect("the generated directory is valid");
    let mut events = Vec::new();
    for user in &scene.people {
        let days = (scene.first_day, scene.first_day + scene.days);
        let mut person =
            Maker { rng: &mut rng, user, person: directory.person(user), days, instants: Vec::new(), events: Vec::new() };
        let busy = 40 + person.rng.below(60);
        for day in days.0..days.1 {
            person.short_day(day, busy);
        }
        events.extend(person.events);
    }
    number(&mut rng, &mut events);
    let mut events = arrive(&mut rng, events);
    duplicate(&mut rng, &mut events);
    let earlier = rng.chance(40).then(|| scenes::earlier(&mut rng, &scene));
    Case { seed, document: scene.document, earlier, events }
}

/// Makes one person's events.
struct Maker<'a> {
    rng: &'a mut Rng,
    user: &'a str,
    person: &'a Person,
    /// First, and the one after the last.
    days: (i32, i32),
    /// Where something happens: the next events like to fall there too.
    instants: Vec<i64>,
    events: Vec<Value>,
}

impl Maker<'_> {
    fn live(&mut self, size: usize) {
        let days = self.days;
        for day in days.0..=days.1 {
            let midnight = self.person.day_start(day);
            self.instants.extend([midnight, midnight + 9 * HOUR]);
            if let Some((start, end)) = self.person.working_interval(day) {
                self.instants.extend([start, end]);
            }
        }
        for day in days.0..days.1 {
            if self.rng.chance(30) {
                self.marathon(day);
            }
        }
        let mut left = size as i64;
        while left > 0 {
            let before = self.events.len();
            match self.rng.below(13) {
                0..=3 => self.walk(),
                12 => self.stutter(),
                4 => self.scatter(),
                5 => self.away(),
                6..=8 => self.messages(),
                9 => self.session(),
                10 => self.odd_phases(),
                _ => self.attended(),
            }
            left -= (self.events.len() - before) as i64;
        }
    }

    /// Few events that make hours, or none.
    fn short_day(&mut self, day: i32, busy: u64) {
        let midnight = self.person.day_start(day);
        if self.rng.chance(busy) {
            let mut ts = midnight + self.rng.below(14) as i64 * HOUR + self.rng.below(60) as i64 * MINUTE;
            for _ in 0..=self.rng.below(4) {
                let duration = *self.rng.pick(&[20 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR]);
                let category = *self.rng.pick(&["coding", "coding", "coding", "meeting", "communication", "other"]);
                self.activity(ts, duration, Some(category));
                if self.rng.chance(40) {
                    let at = ts + self.rng.below(duration as u64) as i64;
                    self.message(at, "call", "received", None);
                }
                ts += duration + self.rng.below(90) as i64 * MINUTE;
            }
        }
        if self.rng.chance(15) {
            let mood = 1 + self.rng.below(5);
            let ts = midnight + self.rng.below(24 * 60) as i64 * MINUTE;
            self.phase(ts, "checkin", "c", "end", None);
            if let Some(checkin) = self.events.last_mut().filter(|_| self.rng.chance(90)) {
                checkin["mood"] = json!(mood);
            }
        }
    }

    /// Near something that happens already, often exactly a threshold away.
    fn instant(&mut self) -> i64 {
        if self.rng.chance(15) {
            let span = i64::from(self.days.1 - self.days.0) * DAY / MINUTE;
            return self.person.day_start(self.days.0) + self.rng.below(span as u64) as i64 * MINUTE;
        }
        let base = *self.rng.pick(&self.instants);
        match self.rng.below(4) {
            0 => base,
            1 => base.div_euclid(5 * MINUTE) * 5 * MINUTE + self.rng.below(3) as i64 - 1,
            2 => base + self.length(),
            _ => base - self.length(),
        }
    }

    /// A threshold, often missed by a millisecond.
    fn length(&mut self) -> i64 {
        let length = *self.rng.pick(&LENGTHS);
        let off = *self.rng.pick(&[0, 0, 0, 1, -1]);
        (length + off).max(0)
    }

    fn short(&mut self) -> i64 {
        let length = *self.rng.pick(&LENGTHS[..8]);
        (length + *self.rng.pick(&[0, 0, 1, -1])).max(0)
    }

    fn activity(&mut self, ts: i64, duration: i64, category: Option<&str>) {
        let duration = duration.clamp(0, MAX_DURATION);
        let app = *self.rng.pick(&["a", "b", "c"]);
        let mut event = json!({"type": "activity", "user": self.user, "ts": ts, "app": app, "duration_ms": duration});
        if let Some(category) = category {
            event["category"] = json!(category);
        }
        self.instants.extend([ts, ts + duration]);
        self.events.push(event);
    }

    fn category(&mut self) -> Option<&'static str> {
        const FOCUS: [&str; 5] = ["coding", "coding", "writing", "design", "data"];
        match self.rng.below(20) {
            0..=10 => Some(*self.rng.pick(&FOCUS)),
            11..=14 => Some("communication"),
            15..=16 => Some("meeting"),
            17 => Some("browsing"),
            18 => Some("no such word"),
            _ => None,
        }
    }

    /// Hours of focus with small gaps: blocks, deep blocks, streaks.
    fn marathon(&mut self, day: i32) {
        let mut ts = self.person.day_start(day) + self.rng.below(22) as i64 * HOUR;
        let end = ts + *self.rng.pick(&[HOUR, 2 * HOUR, 2 * HOUR, 3 * HOUR]);
        while ts < end {
            let step = *self.rng.pick(&[25 * MINUTE, 30 * MINUTE, 59 * MINUTE, HOUR]);
            let gap = *self.rng.pick(&[0, 0, 5 * SECOND, 60 * SECOND, 120 * SECOND, 120 * SECOND + 1]);
            self.activity(ts, step, Some("coding"));
            ts += step + gap;
        }
    }

    /// One thing after another, with gaps and overlaps.
    fn walk(&mut self) {
        let mut ts = self.instant();
        let mut category = self.category();
        for _ in 0..=self.rng.below(8) {
            let duration = if self.rng.chance(80) { self.short() } else { self.length() };
            if self.rng.chance(60) {
                category = self.category();
            }
            self.activity(ts, duration, category);
            ts += match self.rng.below(6) {
                0 => 0,
                1 => duration / 2,
                2..=3 => duration,
                _ => duration + self.short(),
            };
        }
    }

    /// Few things again and again, with gaps a spell just bridges or just not.
    fn stutter(&mut self) {
        let mut ts = self.instant();
        for _ in 0..=self.rng.below(8) {
            let (app, category) = *self.rng.pick(&[("a", "coding"), ("a", "coding"), ("a", "design"), ("c", "communication")]);
            let duration = *self.rng.pick(&[4 * SECOND, 5 * SECOND, 9_999, 10 * SECOND]);
            let event = json!({"type": "activity", "user": self.user, "ts": ts, "app": app, "duration_ms": duration, "category": category});
            self.events.push(event);
            ts += duration + *self.rng.pick(&[0, 1, 4_999, 5 * SECOND, 5_001, 60 * SECOND]);
        }
        self.instants.push(ts);
    }

    fn scatter(&mut self) {
        for _ in 0..=self.rng.below(4) {
            let (ts, duration, category) = (self.instant(), self.length(), self.category());
            self.activity(ts, duration, category);
        }
    }

    /// As watchers send it: the same absence again and again, longer each time.
    fn away(&mut self) {
        let (start, mut duration) = (self.instant(), 0);
        for _ in 0..=self.rng.below(3) {
            duration += self.short();
            let ts = if self.rng.chance(80) { start } else { start + self.short() };
            let event = json!({"type": "activity", "user": self.user, "ts": ts, "app": "afk", "afk": true,
                "duration_ms": duration.min(MAX_DURATION)});
            self.instants.extend([ts, ts + duration]);
            self.events.push(event);
        }
    }

    fn message(&mut self, ts: i64, kind: &str, direction: &str, peer: Option<&str>) {
        let channel = *self.rng.pick(&["slack", "email"]);
        let mut event =
            json!({"type": "message", "user": self.user, "ts": ts, "channel": channel, "kind": kind, "direction": direction});
        if let Some(peer) = peer {
            event["peer"] = json!(peer);
        }
        match self.rng.below(8) {
            0 => event["notified"] = json!(false),
            1 => event["notified"] = json!(true),
            _ => {}
        }
        self.instants.push(ts);
        self.events.push(event);
    }

    fn messages(&mut self) {
        const KINDS: [&str; 5] = ["dm", "mention", "channel", "email", "call"];
        for _ in 0..=self.rng.below(3) {
            let ts = self.instant();
            let kind = *self.rng.pick(&KINDS);
            let peer = *self.rng.pick(&[Some("x"), Some("x"), Some("y"), None]);
            let direction = *self.rng.pick(&["received", "received", "received", "sent"]);
            self.message(ts, kind, direction, peer);
            if self.rng.chance(40) {
                let later = self.length();
                let kind = *self.rng.pick(&KINDS);
                self.message(ts + later, kind, "sent", peer);
            }
        }
    }

    /// Focus, a message, a look at it, and back: with every step near its threshold.
    fn attended(&mut self) {
        let start = self.instant();
        let focus = *self.rng.pick(&[4 * MINUTE, 5 * MINUTE, 5 * MINUTE + 1, 26 * MINUTE, HOUR]);
        self.activity(start, focus, Some("coding"));
        let t = start + focus + *self.rng.pick(&[-1, 0, 1, -60 * SECOND, 59_999, 60 * SECOND, 60_001]);
        if self.rng.chance(80) {
            let kind = *self.rng.pick(&["dm", "mention", "call"]);
            self.message(t, kind, "received", Some("x"));
        }
        let look = t + *self.rng.pick(&[-1, 0, 1, 30 * SECOND, 119_999, 120 * SECOND, 120_001]);
        let length = self.short();
        self.activity(look, length, Some("communication"));
        let back = look + length + self.length().min(31 * MINUTE);
        self.activity(back, 6 * MINUTE, Some("writing"));
    }

    fn phase(&mut self, ts: i64, kind: &str, session: &str, phase: &str, planned: Option<i64>) {
        let mut event = json!({"type": "session", "user": self.user, "ts": ts, "session": session, "kind": kind, "phase": phase});
        if let Some(planned) = planned {
            event["planned_ms"] = json!(planned);
        }
        self.instants.push(ts);
        self.events.push(event);
    }

    fn named(&mut self) -> (&'static str, &'static str) {
        let kind = *self.rng.pick(&["focus", "focus", "pomodoro", "meeting", "meeting", "break"]);
        (kind, *self.rng.pick(&["s1", "s2"]))
    }

    fn plan(&mut self) -> Option<i64> {
        *self.rng.pick(&[None, None, Some(25 * MINUTE), Some(25 * MINUTE), Some(HOUR), Some(4 * HOUR), Some(5 * HOUR)])
    }

    /// As a timer sends it, for the most part.
    fn session(&mut self) {
        let (kind, session) = self.named();
        let (start, planned) = (self.instant(), self.plan());
        self.phase(start, kind, session, "start", planned);
        let mut ts = start;
        for _ in 0..self.rng.below(3) {
            ts += self.short();
            self.phase(ts, kind, session, "pause", None);
            ts += self.short();
            if self.rng.chance(80) {
                self.phase(ts, kind, session, "resume", None);
            }
        }
        let off = *self.rng.pick(&[0, 0, 1, -1]);
        let close = match self.rng.below(4) {
            0 => start + planned.unwrap_or(4 * HOUR) + off,
            1 => start + planned.map_or(4 * HOUR, |p| p / 5 * 4) + off,
            2 => start + 4 * HOUR + off,
            _ => ts + self.length(),
        };
        match self.rng.below(6) {
            0..=3 => self.phase(close.max(ts), kind, session, "end", None),
            4 => self.phase(close.max(ts), kind, session, "abandon", None),
            _ => {
                // Nobody ends it; perhaps the next one begins as the plan runs out.
                let next = self.plan();
                self.phase(start + planned.unwrap_or(4 * HOUR) + off, kind, session, "start", next);
            }
        }
    }

    fn odd_phases(&mut self) {
        let (kind, session) = self.named();
        for _ in 0..=self.rng.below(4) {
            let (ts, planned) = (self.instant(), self.plan());
            let phase = *self.rng.pick(&["start", "start", "pause", "resume", "end", "abandon"]);
            self.phase(ts, kind, session, phase, planned);
        }
    }
}

/// Ids that say nothing of the time.
fn number(rng: &mut Rng, events: &mut [Value]) {
    let mut ids: Vec<usize> = (0..events.len()).collect();
    rng.shuffle(&mut ids);
    for (event, id) in events.iter_mut().zip(ids) {
        event["id"] = json!(format!("e{id:03}"));
    }
}

fn arrive(rng: &mut Rng, mut events: Vec<Value>) -> Vec<Value> {
    let ts = |event: &Value| event["ts"].as_i64().unwrap_or(0);
    rng.shuffle(&mut events);
    match rng.below(6) {
        0 => {}
        1 => {
            events.sort_by_key(ts);
            events.reverse();
        }
        2 => {
            let mut jittered: Vec<(i64, Value)> =
                events.into_iter().map(|e| (ts(&e) + rng.below(20 * MINUTE as u64) as i64, e)).collect();
            jittered.sort_by_key(|pair| pair.0);
            events = jittered.into_iter().map(|pair| pair.1).collect();
        }
        3..=4 => {
            // Some come when all the others are long there.
            let (mut late, mut timely): (Vec<Value>, Vec<Value>) = events.into_iter().partition(|_| rng.chance(12));
            timely.sort_by_key(ts);
            timely.append(&mut late);
            events = timely;
        }
        _ => events.sort_by_key(ts),
    }
    events
}

/// Some events come twice, some of those with other content; the first to arrive stands.
fn duplicate(rng: &mut Rng, events: &mut Vec<Value>) {
    if events.is_empty() || rng.chance(50) {
        return;
    }
    for _ in 0..=rng.below(6) {
        let mut copy = rng.pick(events).clone();
        if rng.chance(50) {
            let ts = copy["ts"].as_i64().unwrap_or(0);
            copy["ts"] = json!(ts + rng.below(HOUR as u64) as i64);
        }
        let at = rng.below(events.len() as u64 + 1) as usize;
        events.insert(at, copy);
    }
}

#[test]
fn a_case_is_a_function_of_its_seed() {
    for seed in 0..20 {
        let (a, b) = (case(seed), case(seed));
        assert_eq!((a.document, a.events), (b.document, b.events));
    }
}
