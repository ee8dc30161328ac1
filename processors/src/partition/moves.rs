//! Changes of the directory: people who moved to another team, zone or working hours are recomputed from the first
//! instant the change is felt, rows under dates that are no more are taken back, and raw rows get their new team.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use schemas::Directory;
use schemas::directory::{DAY_MS, Entry, Person};
use schemas::rows::{ACTIVITY_EVENTS, ActivityEvent, MESSAGE_EVENTS, MessageEvent, SESSION_EVENTS, SessionEvent, USER_DAILY};

use super::absorb::{Loaded, Need};
use super::risk::stored_carries;
use super::{Partition, Work};
use crate::state::context::utc_day;
use crate::state::hash::Mix;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    pub user: String,
    /// Nothing before this instant changes.
    pub from_ms: i64,
}

/// Days before its own that a day's figures can depend on: the longest chain of a session's phases, and one more.
const CONTEXT_DAYS: i64 = 12;

/// People that a commit's state names, at most: some 50 KB.
const MAX_NOTED: usize = 1_000;
/// Instead of a directory's fingerprint: some rows are of one directory and some of another.
const IN_BETWEEN: u64 = u64::MAX;

impl Partition {
    /// The new directory holds at once for people met from now on; the others move when their turn comes.
    /// Gives the people of this partition whose rows it may change.
    pub fn set_directory(&mut self, directory: Arc<Directory>) -> Vec<Move> {
        let old = std::mem::replace(&mut self.directory, directory);
        let mut moves = Vec::new();
        let ids = old.people().chain(self.directory.people()).map(|(id, _)| id);
        for id in ids.filter(|id| self.is_mine(id)) {
            if let Some(from_ms) = first_difference(old.person(id), self.directory.person(id)) {
                moves.push(Move { user: id.to_owned(), from_ms });
            }
        }
        moves.sort_by(|a, b| a.user.cmp(&b.user));
        moves.dedup();
        moves
    }

    /// Whether the rows in the store were made with another directory than this.
    pub fn directory_differs(&self) -> bool {
        !self.virgin && self.saved.directory != fingerprint(&self.directory)
    }

    pub fn knows(&self, user: &str) -> bool {
        self.find(user).is_some()
    }

    /// Nobody has anything in the store.
    pub fn is_virgin(&self) -> bool {
        self.virgin
    }

    pub fn queue_moves(&mut self, moves: Vec<Move>) {
        for Move { user, from_ms } in moves {
            let known = self.moves.entry(user).or_insert(from_ms);
            *known = from_ms.min(*known);
        }
    }

    pub fn has_moves(&self) -> bool {
        !self.moves.is_empty()
    }

    /// Takes the next people to move into a commit of their own.
    pub fn begin_moves(&mut self, work: &mut Work) {
        for _ in 0..self.moved_at_once {
            let Some((name, from_ms)) = self.moves.pop_first() else { break };
            let from_ms = from_ms.max(self.computable_from(work.now_ms));
            let Some(user) = self.user(&name) else { continue };
            let first = reread_from(from_ms.max(0)) - 1;
            self.users[user as usize].person = self.person(&name);
            work.needs.push(Need::All { user, from: first });
            work.moved.push(Move { user: name, from_ms });
        }
    }

    /// The first instant of days whose events, and those they depend on, are all in the store.
    fn computable_from(&self, now_ms: i64) -> i64 {
        self.config.events_kept.map_or(i64::MIN, |kept| now_ms - kept.as_millis() as i64 + CONTEXT_DAYS * DAY_MS)
    }

    /// Notes for the commit who still has to move. Too many to note, or not all found: the rows are of no one directory until
    /// few are left, and a new owner looks at everyone again.
    pub fn note_moves(&mut self, all_found: bool) {
        if all_found && self.moves.len() <= MAX_NOTED {
            self.saved.directory = fingerprint(&self.directory);
            self.saved.moves = self.moves.iter().map(|(user, from_ms)| Move { user: user.clone(), from_ms: *from_ms }).collect();
        } else {
            self.saved.directory = IN_BETWEEN;
            self.saved.moves.clear();
        }
    }

    /// People of the directory, for a new owner who finds it changed.
    pub fn directory_people(&self) -> impl Iterator<Item = &str> {
        self.directory.people().map(|(id, _)| id)
    }

    pub(super) fn absorb_moved(&mut self, work: &mut Work, loaded: &Loaded) {
        let mut from: HashMap<u32, i32> = HashMap::new();
        let mut before: BTreeMap<u32, i32> = BTreeMap::new();
        for need in &loaded.needs {
            let Need::All { user, from: first } = *need else { continue };
            from.insert(user, first);
            let known = &mut self.users[user as usize];
            before.insert(user, known.carry_from);
            // Dates are cut anew: what stood under the old ones is read again, dates before stay as they are.
            known.emitted.retain(|e| e.day <= first);
            known.carry.retain(|c| c.day < first);
        }
        let have: HashMap<u32, Vec<i32>> =
            from.keys().map(|u| (*u, self.users[*u as usize].chunks.iter().map(|c| c.day).collect())).collect();
        self.take_events(loaded, |user, day| have.get(&user).is_some_and(|days| !days.contains(&day)));
        self.take_rows(loaded, |user, day| from.get(&user).is_some_and(|first| day > *first));
        for (_, batch) in loaded.batches.iter().filter(|(t, _)| t.name == USER_DAILY.name) {
            for (name, carry) in stored_carries(batch) {
                if let Some(user) = self.find(name).filter(|u| from.contains_key(u)) {
                    self.users[user as usize].set_stored(carry);
                }
            }
        }
        for (_, batch) in loaded.batches.iter().filter(|(t, _)| t.name == SESSION_EVENTS.name) {
            self.take_moods(batch, &before);
        }
        for (user, first) in &from {
            let known = &mut self.users[*user as usize];
            // Everything later is in memory now, or is not.
            known.cold_days = known.cold_days.min(first - 1);
            known.cold_rows = known.cold_rows.min(*first);
            known.carry_from = known.carry_from.min(*first);
        }
        self.register_chunks(&have);
        self.rewrite_teams(work, loaded);
        // As many people next time as have about so many rows.
        let rows: usize = loaded.batches.iter().map(|(_, batch)| batch.num_rows()).sum();
        let most = self.config.moved_rows_per_commit * from.len() / rows.max(1);
        self.moved_at_once = most.clamp(1, self.config.max_moved_per_commit.max(1));
        for moved in std::mem::take(&mut work.moved) {
            match self.find(&moved.user).filter(|u| from.contains_key(u)) {
                Some(user) => self.mark_all(work, user, moved.from_ms.max(0)),
                None => work.moved.push(moved),
            }
        }
    }

    fn register_chunks(&mut self, before: &HashMap<u32, Vec<i32>>) {
        for (user, days) in before {
            for chunk in self.users[*user as usize].chunks.iter().filter(|c| !days.contains(&c.day)) {
                self.by_day.entry(chunk.day).or_default().push(*user);
            }
        }
    }

    fn rewrite_teams(&self, work: &mut Work, loaded: &Loaded) {
        let version = work.version;
        let team = |user_id: &str, ts: i64| self.find(user_id).and_then(|u| self.users[u as usize].person.team_at(ts));
        macro_rules! rewrite {
            ($row:ident, $columns:ident, $batch:expr) => {
                for row in $row::read($batch) {
                    let team_id = team(row.user_id, row.ts);
                    if team_id != row.team_id {
                        work.tables.$columns.push(&$row { team_id, version, ..row });
                    }
                }
            };
        }
        for (table, batch) in &loaded.batches {
            if table.name == ACTIVITY_EVENTS.name {
                rewrite!(ActivityEvent, activities, batch);
            } else if table.name == MESSAGE_EVENTS.name {
                rewrite!(MessageEvent, messages, batch);
            } else if table.name == SESSION_EVENTS.name {
                rewrite!(SessionEvent, sessions, batch);
            }
        }
    }
}

/// The first date whose rows are read again when the directory changes from an instant on.
pub(super) fn reread_from(from_ms: i64) -> i32 {
    utc_day(from_ms) - 1
}

/// The first instant at which two histories of a person say something else about team, zone or hours.
fn first_difference(old: &Person, new: &Person) -> Option<i64> {
    let same = |a: &Entry, b: &Entry| a.team == b.team && a.zone == b.zone && a.hours == b.hours;
    let starts = old.entries().iter().chain(new.entries()).map(|e| e.from).chain([i64::MIN]);
    starts.filter(|ts| !same(old.entry_at(*ts), new.entry_at(*ts))).min().map(|ts| ts.max(-DAY_MS))
}

/// Of all that rows take from a directory; independent of the order of its entries.
pub fn fingerprint(directory: &Directory) -> u64 {
    let mut sum = 0u64;
    for entry in &directory.document().people {
        let hours = &entry.working_hours;
        let mix = Mix::new()
            .text(&entry.id)
            .option_text(entry.team.as_deref())
            .text(&entry.time_zone)
            .text(&hours.start)
            .text(&hours.end);
        let mix = hours.days.iter().fold(mix, |mix, day| mix.text(day));
        sum = sum.wrapping_add(mix.option_text(entry.valid_from.as_deref()).finish());
    }
    sum
}
