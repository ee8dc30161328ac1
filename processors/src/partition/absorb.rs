//! What is not in memory: asked for in few scans, and taken in from the rows they give.

use std::collections::{BTreeMap, HashSet};

use arrow::array::RecordBatch;
use schemas::Table;
use schemas::directory::DAY_MS;
use schemas::event::{Category, Direction, MessageKind, Phase, SessionKind};
use schemas::rows::{
    ACTIVITY_EVENTS, ActivityEvent, EVENT_TABLES, FOCUS_BLOCKS, FocusBlock, INTERRUPTIONS, Interruption, MESSAGE_EVENTS,
    MessageEvent, OptInt, SESSION_EVENTS, SessionEvent, Text, Time, USER_5M, USER_DAILY, User5m, UserDaily, column,
};
use store::{Scan, Whose};

use super::Partition;
use super::risk::{CARRY_COLUMNS, stored_carries};
use crate::operators;
use crate::rows::{print_block, print_day, print_interruption, print_window};
use crate::state::chunk::Unpacked;
use crate::state::context::utc_day;
use crate::state::emitted::{MessageRow, WindowRow};
use crate::state::hash;
use crate::state::id::Id;
use crate::state::user::User;

/// Nothing is stored from here on (the year 10000).
pub const END_OF_TIME: i64 = 253_402_300_800_000;
/// People in one scan, at most: of their events, and of what else there is of them, which is far less.
const MAX_USERS_EVENTS: usize = 500;
const MAX_USERS: usize = 2_000;
/// Days before the earliest carry in which a session planned for very long may have begun.
const PLAN_DAYS: i64 = 3;

pub static METRIC_TABLES: [&Table; 4] = [&USER_5M, &INTERRUPTIONS, &FOCUS_BLOCKS, &USER_DAILY];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Events of UTC days, both included.
    Events { user: u32, from: i32, to: i32 },
    /// What was written about a local day, which lies in [from, to).
    Rows { user: u32, day: i32, from: i64, to: i64 },
    /// What days from `from` on tell later ones.
    Carry { user: u32, from: i32 },
    /// Everything from the UTC day on, after the person moved.
    All { user: u32, from: i32 },
}

/// Needs that a few scans answer together.
pub struct Query {
    pub needs: Vec<Need>,
    pub scans: Vec<Scan>,
}

pub struct Loaded {
    pub needs: Vec<Need>,
    pub batches: Vec<(&'static Table, RecordBatch)>,
}

impl Loaded {
    pub fn rows(&self) -> usize {
        self.batches.iter().map(|(_, batch)| batch.num_rows()).sum()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Events,
    Rows,
    Carry,
    All,
}

impl Need {
    fn user(&self) -> u32 {
        match *self {
            Need::Events { user, .. } | Need::Rows { user, .. } | Need::Carry { user, .. } | Need::All { user, .. } => user,
        }
    }

    fn what(&self) -> (What, i64, i64) {
        match *self {
            Need::Events { from, to, .. } => (What::Events, i64::from(from) * DAY_MS, (i64::from(to) + 1) * DAY_MS),
            // Whole UTC days, so that people of neighbouring zones share a scan.
            Need::Rows { from, to, .. } => (What::Rows, i64::from(utc_day(from)) * DAY_MS, (i64::from(utc_day(to)) + 1) * DAY_MS),
            Need::Carry { from, .. } => (What::Carry, i64::from(from) * DAY_MS, END_OF_TIME),
            Need::All { from, .. } => (What::All, i64::from(from) * DAY_MS, END_OF_TIME),
        }
    }
}

/// The columns of `session_events` that `said` reads.
const SESSION_COLUMNS: &[&str] = &["user_id", "ts", "kind", "phase", "planned_ms", "mood"];

/// What a phase of a session tells later days.
struct Said<'a> {
    user: &'a str,
    ts: i64,
    kind: &'a str,
    phase: &'a str,
    planned_ms: Option<i64>,
    mood: Option<i64>,
}

fn said(batch: &RecordBatch) -> impl Iterator<Item = Said<'_>> {
    let columns = || {
        let (user, ts, kind) = (column::<Text>(batch, "user_id")?, column::<Time>(batch, "ts")?, column::<Text>(batch, "kind")?);
        let (phase, planned) = (column::<Text>(batch, "phase")?, column::<OptInt>(batch, "planned_ms")?);
        let mood = column::<OptInt>(batch, "mood")?;
        Some(move |row: usize| {
            let (planned_ms, mood) = (planned(row)?, mood(row)?);
            Some(Said { user: user(row)?, ts: ts(row)?, kind: kind(row)?, phase: phase(row)?, planned_ms, mood })
        })
    };
    columns().into_iter().flat_map(|read| (0..batch.num_rows()).filter_map(read))
}

impl Partition {
    pub fn queries(&self, needs: &mut Vec<Need>) -> Vec<Query> {
        needs.sort_unstable();
        needs.dedup();
        let mut groups: BTreeMap<(What, i64, i64), Vec<Need>> = BTreeMap::new();
        for need in needs.drain(..) {
            groups.entry(need.what()).or_default().push(need);
        }
        let mut queries = Vec::new();
        for ((what, from_ms, to_ms), mut needs) in groups {
            // Neighbours in the store share what is read of it.
            needs.sort_by(|a, b| self.users[a.user() as usize].name.cmp(&self.users[b.user() as usize].name));
            for needs in needs.chunks(if what == What::Events { MAX_USERS_EVENTS } else { MAX_USERS }) {
                let users: Vec<String> = needs.iter().map(|n| self.users[n.user() as usize].name.to_string()).collect();
                let scan = |table: &'static Table, from_ms: i64, to_ms: i64| Scan {
                    table,
                    whose: Whose::People(users.clone()),
                    from_ms,
                    to_ms,
                    columns: None,
                };
                let all = |tables: &[&'static Table]| tables.iter().map(|t| scan(t, from_ms, to_ms)).collect::<Vec<_>>();
                let scans = match what {
                    What::Events => all(&EVENT_TABLES),
                    What::Rows => {
                        let mut scans = all(&METRIC_TABLES);
                        // Days are dates, not instants: a day ahead or behind is still near.
                        scans[3].from_ms -= DAY_MS;
                        scans[3].to_ms += DAY_MS;
                        scans
                    }
                    What::Carry => vec![
                        Scan { columns: Some(CARRY_COLUMNS), ..scan(&USER_DAILY, from_ms, to_ms) },
                        Scan { columns: Some(SESSION_COLUMNS), ..scan(&SESSION_EVENTS, from_ms, END_OF_TIME) },
                    ],
                    What::All => [all(&EVENT_TABLES), all(&METRIC_TABLES)].concat(),
                };
                queries.push(Query { needs: needs.to_vec(), scans });
            }
        }
        queries
    }

    pub fn absorb(&mut self, work: &mut super::Work, loaded: Loaded) {
        match loaded.needs.first().map(Need::what) {
            Some((What::Events, ..)) => self.absorb_events(&loaded),
            Some((What::Rows, ..)) => self.absorb_rows(&loaded),
            Some((What::Carry, ..)) => self.absorb_carry(&loaded),
            Some((What::All, ..)) => self.absorb_moved(work, &loaded),
            None => {}
        }
    }

    fn absorb_events(&mut self, loaded: &Loaded) {
        let mut empty = HashSet::new();
        for need in &loaded.needs {
            let Need::Events { user, from, to } = *need else { continue };
            for day in (from..=to).filter(|day| !self.users[user as usize].knows_events(*day)).collect::<Vec<_>>() {
                self.users[user as usize].chunk_mut(day);
                self.by_day.entry(day).or_default().push(user);
                empty.insert((user, day));
            }
        }
        self.take_events(loaded, |user, day| empty.contains(&(user, day)));
    }

    /// Puts the events of the chosen user-days into their chunks.
    pub(super) fn take_events(&mut self, loaded: &Loaded, mut wanted: impl FnMut(u32, i32) -> bool) {
        let long = self.config.definition.session_max_ms;
        let mut take = |this: &mut Partition, name: &str, id: &str, ts: i64, pack: &dyn Fn(&mut User) -> Option<Unpacked>| {
            let Some(user) = this.find(name).filter(|u| wanted(*u, utc_day(ts))) else { return };
            let user = &mut this.users[user as usize];
            if let Some((id, event)) = Id::pack(id, &mut user.symbols).zip(pack(user)) {
                user.insert(id, &event, long);
            }
        };
        for (table, batch) in &loaded.batches {
            if table.name == ACTIVITY_EVENTS.name {
                for r in ActivityEvent::read(batch) {
                    take(self, r.user_id, r.id, r.ts, &|user| {
                        let category = Category::parse(r.category).unwrap_or(Category::Other);
                        let app = user.intern(r.app)?;
                        Some(Unpacked::Activity(operators::Activity {
                            ts: r.ts,
                            duration_ms: r.duration_ms,
                            app,
                            category,
                            afk: r.afk,
                        }))
                    });
                }
            } else if table.name == MESSAGE_EVENTS.name {
                for r in MessageEvent::read(batch) {
                    take(self, r.user_id, r.id, r.ts, &|user| {
                        Some(Unpacked::Message(operators::Message {
                            ts: r.ts,
                            kind: MessageKind::parse(r.kind)?,
                            direction: Direction::parse(r.direction)?,
                            notified: r.notified,
                            channel: user.intern(r.channel)?,
                            peer: match r.peer {
                                Some(peer) => Some(user.intern(peer)?),
                                None => None,
                            },
                            token: 0,
                        }))
                    });
                }
            } else if table.name == SESSION_EVENTS.name {
                for r in SessionEvent::read(batch) {
                    take(self, r.user_id, r.id, r.ts, &|user| {
                        Some(Unpacked::Phase(operators::SessionPhase {
                            ts: r.ts,
                            session: user.intern(r.session)?,
                            kind: SessionKind::parse(r.kind)?,
                            phase: Phase::parse(r.phase)?,
                            planned_ms: r.planned_ms,
                        }))
                    });
                }
            }
        }
    }

    fn absorb_rows(&mut self, loaded: &Loaded) {
        let mut empty = HashSet::new();
        for need in &loaded.needs {
            let Need::Rows { user, day, .. } = *need else { continue };
            if !self.users[user as usize].knows_rows(day) {
                self.users[user as usize].emitted_mut(day).ignored_phases = u32::MAX;
                empty.insert((user, day));
            }
        }
        self.take_rows(loaded, |user, day| empty.contains(&(user, day)));
    }

    /// Notes what stands about the chosen user-days.
    pub(super) fn take_rows(&mut self, loaded: &Loaded, wanted: impl Fn(u32, i32) -> bool) {
        let window_ms = self.config.definition.window_ms;
        let mut filled = HashSet::new();
        for (table, batch) in &loaded.batches {
            if table.name == USER_5M.name {
                for r in User5m::read(batch) {
                    let Some((user, day)) = self.place(r.user_id, r.window_start).filter(|(u, d)| wanted(*u, *d)) else {
                        continue;
                    };
                    let row = WindowRow::new((r.window_start / window_ms) as u32, print_window(&r));
                    self.users[user as usize].emitted_mut(day).windows.push(row);
                    filled.insert((user, day));
                }
            } else if table.name == INTERRUPTIONS.name {
                for r in Interruption::read(batch) {
                    let Some((user, day)) = self.place(r.user_id, r.ts).filter(|(u, d)| wanted(*u, *d)) else { continue };
                    let known = &mut self.users[user as usize];
                    let Some(id) = Id::pack(r.message_id, &mut known.symbols) else { continue };
                    known.emitted_mut(day).messages.push(MessageRow { ts: r.ts, id, print: print_interruption(&r) });
                    filled.insert((user, day));
                }
            } else if table.name == FOCUS_BLOCKS.name {
                for r in FocusBlock::read(batch) {
                    let Some((user, day)) = self.place(r.user_id, r.start_ts).filter(|(u, d)| wanted(*u, *d)) else { continue };
                    self.users[user as usize].emitted_mut(day).blocks.push((r.start_ts, print_block(&r)));
                }
            } else if table.name == USER_DAILY.name {
                for r in UserDaily::read(batch) {
                    let Some(user) = self.find(r.user_id).filter(|u| wanted(*u, r.day)) else { continue };
                    self.users[user as usize].emitted_mut(r.day).daily = Some(print_day(&r));
                }
            }
        }
        for (user, day) in filled {
            let emitted = self.users[user as usize].emitted_mut(day);
            emitted.windows.sort_unstable_by_key(|w| w.number);
            emitted.messages.sort_unstable_by_key(MessageRow::key);
        }
    }

    fn absorb_carry(&mut self, loaded: &Loaded) {
        let mut before: BTreeMap<u32, i32> = BTreeMap::new();
        for need in &loaded.needs {
            let Need::Carry { user, from } = *need else { continue };
            let known = &mut self.users[user as usize];
            before.entry(user).or_insert(known.carry_from);
            known.carry_from = known.carry_from.min(from);
        }
        for (table, batch) in &loaded.batches {
            if table.name == USER_DAILY.name {
                for (name, carry) in stored_carries(batch) {
                    let Some(user) = self.find(name) else { continue };
                    // From `carry_from` on memory knows better than the store: it has what is not committed yet.
                    if before.get(&user).is_some_and(|from| carry.day < *from) {
                        self.users[user as usize].set_stored(carry);
                    }
                }
            } else {
                self.take_plans(batch);
                self.take_moods(batch, &before);
            }
        }
    }

    /// Of before the day from which on memory has them all.
    pub(super) fn take_moods(&mut self, batch: &RecordBatch, before: &BTreeMap<u32, i32>) {
        for said in said(batch) {
            let Some(mood) = said.mood.filter(|_| said.kind == SessionKind::Checkin.as_str()) else { continue };
            let Some((user, from)) = self.find(said.user).and_then(|user| Some((user, *before.get(&user)?))) else { continue };
            if said.ts < i64::from(from).saturating_mul(DAY_MS) {
                self.users[user as usize].moods.push((said.ts, mood as u8));
            }
        }
    }

    fn take_plans(&mut self, batch: &RecordBatch) {
        let long = self.config.definition.session_max_ms;
        for said in said(batch) {
            let Some(plan) = said.planned_ms.filter(|p| *p > long && said.phase == Phase::Start.as_str()) else { continue };
            let recent = said.ts >= (i64::from(self.saved.max_day) - 2 * PLAN_DAYS) * DAY_MS;
            if let Some(user) = self.find(said.user).filter(|_| recent) {
                self.users[user as usize].long_plan(said.ts, plan);
            }
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<u32> {
        self.index.find(hash::bytes(name.as_bytes()), |i| &*self.users[i].name == name).map(|i| i as u32)
    }

    /// Who a row belongs to and the local day its time lies in.
    fn place(&self, name: &str, ts: i64) -> Option<(u32, i32)> {
        let user = self.find(name)?;
        Some((user, self.users[user as usize].person.local_day(ts)))
    }
}
