//! The risks that hang on a day: its own, and those of the four weeks after it. A day tells them once it is final, so a risk is
//! written once as a rule; one that is no more tells them too, and so does a mood on a day that has nothing else.

use arrow::array::RecordBatch;
use schemas::rows::{self, Flag, Int, OptTime, Score, Text, column};

use super::{Need, Partition, Work};
use crate::operators::LocalDay;
use crate::operators::day::Daily;
use crate::operators::risk::{DAYS, Day, risk};
use crate::rows::RowContext;
use crate::state::user::{Carry, User};

pub(super) fn carry_of(local: &LocalDay, daily: &Daily, streak: i32, settled: bool) -> Carry {
    Carry {
        day: local.day,
        streak,
        settled,
        workday: local.workday,
        first_active: daily.first_active,
        last_active: daily.last_active,
        active_ms: daily.active_ms as i32,
        focus_ms: daily.focus_ms as i32,
        meeting_ms: daily.meeting_ms as i32,
        after_hours_ms: daily.after_hours_ms as i32,
        interruption_score: daily.interruption_score,
    }
}

/// The columns of `user_daily` that `stored_carries` reads.
pub(super) const CARRY_COLUMNS: &[&str] = &[
    "user_id",
    "day",
    "streak_days",
    "final",
    "first_active",
    "last_active",
    "active_ms",
    "focus_ms",
    "meeting_ms",
    "after_hours_ms",
    "interruption_score",
];

/// What stored days tell later ones, and whose they are. Whether one was a working day is the person's to say.
pub(super) fn stored_carries(batch: &RecordBatch) -> impl Iterator<Item = (&str, Carry)> {
    let columns = || {
        let (user, day, streak) =
            (column::<Text>(batch, "user_id")?, column::<rows::Day>(batch, "day")?, column::<Int>(batch, "streak_days")?);
        let (settled, first) = (column::<Flag>(batch, "final")?, column::<OptTime>(batch, "first_active")?);
        let (last, active) = (column::<OptTime>(batch, "last_active")?, column::<Int>(batch, "active_ms")?);
        let (focus, meeting) = (column::<Int>(batch, "focus_ms")?, column::<Int>(batch, "meeting_ms")?);
        let (after, score) = (column::<Int>(batch, "after_hours_ms")?, column::<Score>(batch, "interruption_score")?);
        Some(move |row: usize| {
            let carry = Carry {
                day: day(row)?,
                streak: streak(row)? as i32,
                settled: settled(row)?,
                workday: false,
                first_active: first(row)?,
                last_active: last(row)?,
                active_ms: active(row)? as i32,
                focus_ms: focus(row)? as i32,
                meeting_ms: meeting(row)? as i32,
                after_hours_ms: after(row)? as i32,
                interruption_score: score(row)?,
            };
            Some((user(row)?, carry))
        })
    };
    columns().into_iter().flat_map(|read| (0..batch.num_rows()).filter_map(read))
}

impl Partition {
    pub(super) fn take_mood(&mut self, work: &mut Work, user: u32, ts: i64, mood: u8) {
        let known = &mut self.users[user as usize];
        known.moods.push((ts, mood));
        let day = known.person.local_day(ts);
        self.touch(work, user).moods.push(day);
    }

    /// Writes the risks of the days that were told something. `false` when older days must be loaded first.
    pub(super) fn tell_risks(&mut self, work: &mut Work, slot: usize) -> bool {
        let touched = &mut work.touched[slot];
        let known = &self.users[touched.user as usize];
        // A day with a row tells its mood with all else, when it settles.
        let alone = std::mem::take(&mut touched.moods).into_iter().filter(|day| known.carry_of(*day).is_none());
        touched.told.extend(alone);
        if let Some(from) = touched.retold_from.map(|day| day - DAYS).filter(|from| known.carry_from > *from) {
            work.needs.push(Need::Carry { user: touched.user, from });
            return false;
        }
        let (is_retold, retold_from) = (touched.retold_from.is_some(), touched.retold_from.unwrap_or(i32::MAX));
        let hangs = |day: i32| day >= retold_from || touched.told.iter().any(|told| (0..=DAYS).contains(&(day - told)));
        let days: Vec<i32> = known.carry.iter().filter(|c| c.settled && hangs(c.day)).map(|c| c.day).collect();
        if let Some(from) = days.first().map(|day| day - DAYS).filter(|from| known.carry_from > *from) {
            work.needs.push(Need::Carry { user: touched.user, from });
            return false;
        }
        touched.told.clear();
        touched.retold_from = None;
        let context = RowContext {
            user: &known.name,
            person: &known.person,
            definition: self.config.definition.version.into(),
            version: work.version,
        };
        let moods: Vec<(i32, u8)> = known.moods.iter().map(|(ts, mood)| (known.person.local_day(*ts), *mood)).collect();
        let mut month = Vec::with_capacity(DAYS as usize);
        let told = days.len();
        for day in days {
            let settled = take_month(known, &moods, day, &mut month);
            let model = self.models.of(&known.name, day);
            let row = context.risk(day, known.person.day_start(day), model, risk(model, &month), settled);
            work.tables.risks.push(&row);
        }
        if is_retold {
            self.count_retold(told);
        }
        true
    }
}

/// The days that the risk of `last` is made of; says whether all of them are settled.
fn take_month(known: &User, moods: &[(i32, u8)], last: i32, month: &mut Vec<Day>) -> bool {
    let first = last - DAYS + 1;
    month.clear();
    // The night before the first day counts.
    let carry = &known.carry[known.carry.partition_point(|c| c.day < first - 1)..];
    let carry = &carry[..carry.partition_point(|c| c.day <= last)];
    let mut yesterday: Option<&Carry> = None;
    for c in carry {
        let before = yesterday.filter(|y| y.day == c.day - 1).and_then(|y| y.last_active);
        yesterday = Some(c);
        if c.day < first {
            continue;
        }
        month.push(Day {
            at: c.day - first,
            active_ms: c.active_ms.into(),
            focus_ms: c.focus_ms.into(),
            meeting_ms: c.meeting_ms.into(),
            after_hours_ms: c.after_hours_ms.into(),
            span_ms: c.last_active.unwrap_or(0) - c.first_active.unwrap_or(0),
            rest_ms: c.first_active.zip(before).map(|(first, last)| first - last),
            interruption_score: c.interruption_score,
            workday: c.workday,
            ..Day::default()
        });
    }
    for (day, mood) in moods.iter().filter(|(day, _)| (first..=last).contains(day)) {
        let at = day - first;
        let place = month.binary_search_by_key(&at, |d| d.at).unwrap_or_else(|place| {
            month.insert(place, Day { at, ..Day::default() });
            place
        });
        month[place].mood_sum += u32::from(*mood);
        month[place].moods += 1;
    }
    carry.iter().all(|c| c.settled)
}
