//! Forgetting what is committed and not needed: days that are over, and over the memory budget people nobody hears of.

use schemas::directory::DAY_MS;

use super::Partition;

impl Partition {
    pub(super) fn evict(&mut self) {
        self.evict_days();
        if self.bytes > self.memory_bytes {
            self.evict_people();
        }
    }

    fn evict_days(&mut self) {
        let keep = self.config.keep_after_day.as_millis() as i64;
        // Those that settle in the next commit.
        let mut soon = Vec::new();
        while let Some(entry) = self.by_day.first_entry() {
            let day = *entry.key();
            if (i64::from(day) + 1) * DAY_MS + keep > self.saved.watermark {
                break;
            }
            let mut waiting = Vec::new();
            for user in entry.remove() {
                let known = &mut self.users[user as usize];
                let due = known.emitted.iter().filter(|e| e.day <= day).map(|e| e.due).min().unwrap_or(i64::MAX);
                if due <= self.saved.watermark {
                    soon.push((day, user));
                    continue;
                }
                if due != i64::MAX {
                    // Its rows are about to become final: it goes with the next day.
                    waiting.push(user);
                    continue;
                }
                known.evict(day);
                let bytes = known.measure();
                self.bytes = self.bytes + bytes - known.bytes;
                known.bytes = bytes;
            }
            if !waiting.is_empty() {
                self.by_day.entry(day + 1).or_default().append(&mut waiting);
            }
        }
        for (day, user) in soon {
            self.by_day.entry(day).or_default().push(user);
        }
    }

    /// Goes round the people, so that everyone not in the last commit is forgotten before anyone is again.
    fn evict_people(&mut self) {
        let enough = self.memory_bytes - self.memory_bytes / 8;
        let mut gone = false;
        for _ in 0..self.users.len() {
            if self.bytes <= enough {
                break;
            }
            let user = self.evict_next % self.users.len();
            self.evict_next = user + 1;
            let known = &mut self.users[user];
            let Some(last) = known.chunks.last().map(|c| c.day).filter(|_| known.last_commit != self.commits) else { continue };
            for emitted in known.emitted.iter().filter(|e| e.due != i64::MAX) {
                self.cold_waiting.insert((user as u32, emitted.day));
            }
            let rows = known.emitted.last().map_or(i32::MIN, |e| e.day);
            known.evict(last.max(rows));
            let bytes = known.measure();
            self.bytes = self.bytes + bytes - known.bytes;
            known.bytes = bytes;
            gone = true;
        }
        if gone {
            let users = &self.users;
            for (day, list) in &mut self.by_day {
                list.retain(|u| users[*u as usize].chunk(*day).is_some());
            }
        }
    }
}
