//! Records into the state: decode, tell duplicates, keep what operators need, write the raw row, mark what changes.

use eventlog::partition_of;
use schemas::event::{Activity, Body, Category, Event, Session, SessionKind};
use schemas::rows::{ActivityEvent, MessageEvent, SessionEvent};

use super::{Dead, Need, Partition, Stray, Work};
use crate::operators;
use crate::state::chunk::Unpacked;
use crate::state::context::utc_day;
use crate::state::hash;
use crate::state::id::Id;
use crate::state::user::Inserted;

/// Names whose category is remembered, at most.
const MAX_APPS: usize = 10_000;

impl Partition {
    /// Applies the records that can be: those of people whose days are cold wait, and the needs say for what.
    pub(super) fn apply(&mut self, work: &mut Work) {
        let records = work.records.clone();
        self.apply_all(work, records.iter().collect());
    }

    /// Applies the records that waited, after their needs were absorbed.
    pub(super) fn apply_deferred(&mut self, work: &mut Work) {
        let records = work.records.clone();
        let mut waiting = std::mem::take(&mut work.deferred);
        waiting.sort_unstable();
        for touched in &mut work.touched {
            touched.deferred = false;
        }
        let mut waiting = waiting.iter().peekable();
        let again = records.iter().filter(|record| waiting.next_if_eq(&&record.offset).is_some()).collect();
        self.apply_all(work, again);
    }

    /// Person by person, each in log order: what one person's events touch in memory then stays close at hand, and raw
    /// rows leave almost in the order of their key.
    fn apply_all(&mut self, work: &mut Work, records: Vec<eventlog::Record<'_>>) {
        let mut order: Vec<(u64, u32)> = records.iter().zip(0..).map(|(r, i)| (hash::bytes(r.key), i)).collect();
        order.sort_unstable();
        let mut last: Option<(&[u8], u32)> = None;
        for (n, (_, i)) in order.iter().enumerate() {
            ahead(&order, &records, n);
            let record = &records[*i as usize];
            let known = last.filter(|(key, _)| *key == record.key).map(|(_, user)| user);
            last = self.apply_record(work, record, known).map(|user| (record.key, user)).or(last);
        }
        work.strays.sort_unstable_by_key(|stray| stray.offset);
        // Only now, so that what is late does not depend on the order of people.
        self.saved.see(work.newest_ts, work.now_ms, self.config.definition.lateness_ms);
    }

    /// Gives the person, unless the record is dead or belongs elsewhere.
    fn apply_record(&mut self, work: &mut Work, record: &eventlog::Record<'_>, known: Option<u32>) -> Option<u32> {
        let mut event = match schemas::decode::event(record.value) {
            Ok(event) => event,
            Err(rejection) => return bury(work, record.offset, format!("{}: {}", rejection.code.as_str(), rejection.message)),
        };
        let user = match known {
            Some(user) => user,
            None => {
                let Ok(key) = std::str::from_utf8(record.key) else {
                    return bury(work, record.offset, "the record's key is not UTF-8".into());
                };
                if key.is_empty() {
                    // As ingest would have named them.
                    let name = self.directory.resolve(&event.user).unwrap_or(&event.user);
                    return send_on(work, record.offset, partition_of(name.as_bytes(), self.count), Some(name.into()));
                }
                if !self.is_mine(key) {
                    return send_on(work, record.offset, partition_of(record.key, self.count), None);
                }
                let Some(user) = self.user(key) else {
                    let reason = "no room for another person in this partition: use more partitions";
                    return bury(work, record.offset, reason.into());
                };
                user
            }
        };
        let day = utc_day(event.ts);
        let person = &self.users[user as usize];
        // An id may come again a little earlier or later: the days around are looked at too.
        let cold = day <= person.cold_days.saturating_add(1) && (day - 1..=day + 1).any(|d| !person.knows_events(d));
        let touched = self.touch(work, user);
        if cold || touched.deferred {
            touched.deferred = true;
            if cold {
                work.needs.push(Need::Events { user, from: day - 1, to: day + 1 });
            }
            work.deferred.push(record.offset);
            return Some(user);
        }
        self.insert(work, user, record, &mut event);
        Some(user)
    }

    fn insert(&mut self, work: &mut Work, user: u32, record: &eventlog::Record<'_>, event: &mut Event<'_>) {
        let category = match &event.body {
            Body::Activity(activity) => self.category(activity),
            _ => Category::Other,
        };
        // Ingest did so already; other producers may write to the log too.
        schemas::privacy::redact(event, &self.settings);
        let event = &*event;
        let known = &mut self.users[user as usize];
        let days = known.chunks.len();
        let packed = pack(known, event, category);
        let inserted = packed.map(|(id, e)| (known.insert(id, &e, self.config.definition.session_max_ms), e));
        let (inserted, packed) = match inserted {
            Some((Inserted::New, packed)) => (true, packed),
            Some((Inserted::Duplicate, packed)) => (false, packed),
            Some((Inserted::Full, _)) | None => {
                bury(work, record.offset, "more events of one person and day than can be kept".into());
                return;
            }
        };
        if !inserted {
            work.counts.duplicates += 1;
            return;
        }
        if known.chunks.len() != days {
            self.by_day.entry(utc_day(event.ts)).or_default().push(user);
        }
        work.counts.accepted += 1;
        work.counts.late += u64::from(event.ts < self.saved.watermark);
        raw_row(work, known, record, event, category);
        self.saved.min_day = self.saved.min_day.min(utc_day(event.ts));
        self.saved.max_day = self.saved.max_day.max(utc_day(event.ts));
        work.newest_ts = work.newest_ts.max(event.ts);
        if let Body::Session(Session { kind: SessionKind::Checkin, mood: Some(mood), .. }) = event.body {
            self.take_mood(work, user, event.ts, mood);
        }
        let touched = self.touch(work, user);
        touched.accepted_at = touched.accepted_at.max(record.timestamp_ms);
        self.mark(work, user, &packed);
    }

    /// As sent; else by the rules, which without URL and title depend on the app alone.
    fn category(&mut self, activity: &Activity<'_>) -> Category {
        if let Some(word) = &activity.category {
            return Category::parse(word).unwrap_or(Category::Other);
        }
        if activity.url.is_some() || activity.title.is_some() {
            return self.config.rules.category(&activity.app, activity.url.as_deref(), activity.title.as_deref());
        }
        if let Some(known) = self.categories.get(&*activity.app) {
            return *known;
        }
        let found = self.config.rules.category(&activity.app, None, None);
        if self.categories.len() < MAX_APPS {
            self.categories.insert((&*activity.app).into(), found);
        }
        found
    }
}

/// One person's records lie far apart in the batch: what comes soon is asked for before it is needed.
#[inline]
#[allow(unsafe_code)]
fn ahead(order: &[(u64, u32)], records: &[eventlog::Record<'_>], n: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let (near, far) = (order.get(n + 6), order.get(n + 12));
        // SAFETY: a hint to the processor, which reads nothing for the program and fails at no address.
        unsafe {
            if let Some((_, i)) = far {
                _mm_prefetch::<_MM_HINT_T0>((&raw const records[*i as usize]).cast());
            }
            if let Some((_, i)) = near {
                let key = records[*i as usize].key.as_ptr();
                for line in 0..4 {
                    _mm_prefetch::<_MM_HINT_T0>(key.wrapping_add(line * 64).cast());
                }
            }
        }
    }
}

fn bury(work: &mut Work, offset: u64, reason: String) -> Option<u32> {
    work.counts.dead += 1;
    work.dead.push(Dead { offset, reason });
    None
}

fn send_on(work: &mut Work, offset: u64, partition: u32, key: Option<Box<str>>) -> Option<u32> {
    work.counts.sent_on += 1;
    work.strays.push(Stray { offset, partition, key });
    None
}

fn pack(user: &mut crate::state::user::User, event: &Event<'_>, category: Category) -> Option<(Id, Unpacked)> {
    let id = Id::pack(&event.id, &mut user.symbols)?;
    let ts = event.ts;
    let packed = match &event.body {
        Body::Activity(a) => {
            let app = user.intern(&a.app)?;
            Unpacked::Activity(operators::Activity { ts, duration_ms: a.duration_ms, app, category, afk: a.afk })
        }
        Body::Message(m) => Unpacked::Message(operators::Message {
            ts,
            kind: m.kind,
            direction: m.direction,
            notified: m.notified,
            channel: user.intern(&m.channel)?,
            peer: match &m.peer {
                Some(peer) => Some(user.intern(peer)?),
                None => None,
            },
            token: 0,
        }),
        Body::Session(s) => Unpacked::Phase(operators::SessionPhase {
            ts,
            session: user.intern(&s.session)?,
            kind: s.kind,
            phase: s.phase,
            planned_ms: s.planned_ms,
        }),
    };
    Some((id, packed))
}

fn raw_row(
    work: &mut Work,
    user: &crate::state::user::User,
    record: &eventlog::Record<'_>,
    event: &Event<'_>,
    category: Category,
) {
    let team_id = user.person.team_at(event.ts);
    let source = std::str::from_utf8(record.source).unwrap_or("");
    let (version, ingested_at, extra) = (work.version, record.timestamp_ms, event.extra.as_deref());
    let (id, user_id, ts) = (&*event.id, &*user.name, event.ts);
    match &event.body {
        Body::Activity(a) => work.tables.activities.push(&ActivityEvent {
            id,
            user_id,
            team_id,
            ts,
            app: &a.app,
            duration_ms: a.duration_ms,
            afk: a.afk,
            category: a.category.as_deref().unwrap_or(category.as_str()),
            title: a.title.as_deref(),
            url: a.url.as_deref(),
            device: a.device.as_deref(),
            source,
            ingested_at,
            extra,
            version,
        }),
        Body::Message(m) => work.tables.messages.push(&MessageEvent {
            id,
            user_id,
            team_id,
            ts,
            channel: &m.channel,
            kind: m.kind.as_str(),
            direction: m.direction.as_str(),
            peer: m.peer.as_deref(),
            thread: m.thread.as_deref(),
            notified: m.notified,
            priority: m.priority.map(i64::from),
            source,
            ingested_at,
            extra,
            version,
        }),
        Body::Session(s) => work.tables.sessions.push(&SessionEvent {
            id,
            user_id,
            team_id,
            ts,
            session: &s.session,
            kind: s.kind.as_str(),
            phase: s.phase.as_str(),
            planned_ms: s.planned_ms,
            mood: s.mood.map(i64::from),
            energy: s.energy.map(i64::from),
            burnout: s.burnout.map(i64::from),
            source,
            ingested_at,
            extra,
            version,
        }),
    }
}
