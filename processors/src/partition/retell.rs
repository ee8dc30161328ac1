//! Risks told anew: when another model has its turn from a day on, of everybody who has days from there on. The rows of days stay
//! as they are, only what they are told with changes.

use super::checkpoint::NONE_TOLD;
use super::{Need, Partition, Work};
use crate::operators::risk::DAYS;

/// People's days that one commit tells anew, about; and people in one at most, and at first.
const MAX_DAYS: usize = 20_000;
const MAX_PEOPLE: usize = 2_000;
const FIRST_PEOPLE: usize = 100;

/// Whose risks still follow an older model.
#[derive(Default)]
pub(super) struct Untold {
    from: i32,
    people: Vec<String>,
    /// Of the commit before: how many people, and how many of their days it told.
    last_people: usize,
    last_days: usize,
}

impl Partition {
    /// The first day whose risks in the store may follow other turns than those that hold now.
    pub fn untold_from(&self) -> Option<i32> {
        let from = match self.saved.turns {
            // A local date may be a day behind UTC's.
            NONE_TOLD => Some(self.saved.min_day.saturating_sub(1)),
            seen => self.models.changed_from(seen as usize),
        };
        // A local date is at most a day ahead of UTC's: later ones have no rows, nor has anybody where no event ever came.
        from.filter(|from| *from <= self.saved.max_day.saturating_add(1))
    }

    /// Those found so far to have days from `from` on.
    pub fn queue_untold(&mut self, from: i32, people: impl IntoIterator<Item = String>) {
        self.untold.from = from;
        self.untold.people.extend(people);
    }

    pub fn forget_untold(&mut self) {
        self.untold.people.clear();
    }

    pub fn has_untold(&self) -> bool {
        !self.untold.people.is_empty()
    }

    /// Takes the next people into a commit of their own.
    pub fn begin_retelling(&mut self, work: &mut Work) {
        let from = self.untold.from;
        let Untold { last_people, last_days, .. } = self.untold;
        // As many people as have about so many days, by those of the commit before.
        let count = if last_people > 0 { MAX_DAYS * last_people / last_days.max(1) } else { FIRST_PEOPLE };
        let count = count.clamp(1, MAX_PEOPLE).min(self.untold.people.len());
        (self.untold.last_people, self.untold.last_days) = (count, 0);
        for name in self.untold.people.split_off(self.untold.people.len() - count) {
            let Some(user) = self.user(&name) else { continue };
            self.touch(work, user).retold_from = Some(from);
            // All of them together, and not one by one.
            if self.users[user as usize].carry_from > from - DAYS {
                work.needs.push(Need::Carry { user, from: from - DAYS });
            }
        }
    }

    pub(super) fn count_retold(&mut self, days: usize) {
        self.untold.last_days += days;
    }

    /// The risks in the store follow the turns that hold now; the next commit says so.
    pub fn note_told(&mut self) {
        self.saved.turns = self.models.turns.len() as u32;
    }
}
