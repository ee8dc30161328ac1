//! One person's day as blocks: what they set out to do from when to when. The events come from each block by itself, so
//! that a day need not be held in memory and any moment of it can be asked for.

use schemas::directory::weekday;

use super::Config;
use super::dice::Dice;
use super::person::{Person, Role};

pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    pub start: i64,
    pub end: i64,
    pub what: What,
    /// Hours since the day's work began, at the start: what message traffic goes by.
    pub into: f32,
    /// The local day it belongs to, and its number in it.
    pub day: i32,
    pub number: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Focus,
    /// Mail, chat, tickets, reading.
    Shallow,
    /// A whole team's, or a meeting of two.
    Meeting,
    /// Away from the keyboard.
    Break,
    /// Not at work: only messages come in.
    Off,
    CheckIn,
}

/// The blocks of the work that begins on a local day, by start. Some reach into the next date.
pub fn plan(config: &Config, person: &Person, day: i32, blocks: &mut Vec<Block>) {
    blocks.clear();
    let mut dice = Dice::of(config.seed, &[6, person.index.into(), day as u64]);
    let away = person.is_away(config.seed, day);
    let overload = person.overload(config, day);
    if away {
        return;
    }
    let mut day = Day { config, person, dice: &mut dice, day, overload, begin: 0, blocks };
    match person.schedule.working_interval(day.day) {
        Some(hours) => day.work(hours),
        None => day.day_off(),
    }
    blocks.sort_by_key(|block| block.start);
    blocks.iter_mut().enumerate().for_each(|(i, block)| block.number = i as u16);
}

struct Day<'a> {
    config: &'a Config,
    person: &'a Person,
    dice: &'a mut Dice,
    day: i32,
    overload: f64,
    begin: i64,
    blocks: &'a mut Vec<Block>,
}

impl Day<'_> {
    fn push(&mut self, what: What, start: i64, end: i64) {
        let into = (start - self.begin) as f32 / HOUR as f32;
        self.blocks.push(Block { start, end, what, into, day: self.day, number: 0 });
    }

    fn work(&mut self, (from, to): (i64, i64)) {
        let minutes = |minutes: f64| (minutes * MINUTE as f64) as i64;
        let begin = from + minutes(self.person.habits.tardiness + self.dice.normal(0.0, 9.0) - 20.0 * self.overload);
        let end =
            to + minutes(self.dice.normal(8.0, 14.0) - self.person.habits.early + self.overload * self.dice.between(60.0, 170.0));
        self.begin = begin;
        let mut fixed = self.meetings(begin, end);
        if to - from >= 6 * HOUR {
            let lunch = begin + (to - from) * 2 / 5 + minutes(self.dice.normal(5.0, 15.0));
            let length = minutes(self.dice.between(28.0, 62.0) * (1.0 - 0.5 * self.overload));
            fixed.retain(|(start, end, _)| *end <= lunch || *start >= lunch + length);
            fixed.push((lunch, lunch + length, What::Break));
            fixed.sort_by_key(|(start, ..)| *start);
        }
        self.push(What::Off, begin - HOUR, begin);
        self.fill(begin, end, &fixed);
        self.push(What::Off, end, end + 4 * HOUR);
        if self.person.habits.checks_in && self.dice.chance(0.85) {
            self.push(What::CheckIn, end, end);
        }
        if self.dice.chance((self.person.habits.evenings + 0.75 * self.overload).min(0.9)) {
            let start = end + minutes(self.dice.between(70.0, 170.0));
            let (least, most) = self.person.habits.evening;
            let length = minutes(self.dice.between(least, most) * (1.0 + 0.6 * self.overload));
            self.fill(start, start + length, &[]);
        }
    }

    /// Some work a little all the same.
    fn day_off(&mut self) {
        if self.dice.chance((self.person.habits.weekends + 0.45 * self.overload).min(0.9)) {
            let start = self.person.schedule.day_start(self.day) + self.dice.span(9 * HOUR, 18 * HOUR);
            let length = self.dice.span(HOUR / 2, HOUR * 5 / 2);
            self.begin = start;
            self.fill(start, start + length, &[]);
        }
    }

    /// Stretches of focus and of everything else around what is fixed.
    fn fill(&mut self, from: i64, to: i64, fixed: &[(i64, i64, What)]) {
        let mut t = from;
        let mut fixed = fixed.iter().copied().peekable();
        while t < to {
            let free = fixed.peek().map_or(to, |(start, ..)| *start).min(to);
            if free - t < 2 * MINUTE {
                match fixed.next() {
                    Some((start, end, what)) if start < to => {
                        if end > t {
                            self.push(what, start.max(t), end);
                            t = end;
                        }
                        continue;
                    }
                    _ => return,
                }
            }
            let habits = &self.person.habits;
            let (what, length) = if free - t > 8 * MINUTE && self.dice.chance(habits.focus_share) {
                (What::Focus, habits.focus_ms * (1.0 - 0.4 * self.overload) * self.dice.normal(1.0, 0.45).max(0.15))
            } else {
                (What::Shallow, self.dice.between(5.0, 24.0) * MINUTE as f64)
            };
            let end = (t + (length as i64).max(4 * MINUTE)).min(free);
            self.push(what, t, end);
            t = end;
            let pause = self.dice.span(3 * MINUTE, 13 * MINUTE);
            if self.dice.chance(0.3 * (1.0 - 0.6 * self.overload)) && t + pause < free {
                self.push(What::Break, t, t + pause);
                t += pause;
            }
        }
    }

    /// Meetings begin on the hour or the half: those of the team, which its members share, and those of two.
    fn meetings(&mut self, begin: i64, end: i64) -> Vec<(i64, i64, What)> {
        let mut meetings: Vec<(i64, i64, What)> = Vec::new();
        let joins = if self.person.role == Role::Manager { 0.9 } else { 0.72 };
        let mut slot = (begin + 10 * MINUTE).div_euclid(HOUR / 2) * (HOUR / 2);
        while slot < end - 20 * MINUTE {
            slot += HOUR / 2;
            if meetings.last().is_some_and(|(_, end, _)| *end > slot) {
                continue;
            }
            let mut team = Dice::of(self.config.seed, &[7, self.person.team.into(), slot as u64]);
            // Fewer on Fridays.
            let weekly = if weekday(self.day) == 4 { 0.6 } else { 1.0 };
            let called = team.chance(weekly * if slot % HOUR == 0 { 0.14 } else { 0.04 });
            let length = team.pick_weighted(&[(25, 0.25), (30, 0.3), (50, 0.2), (60, 0.25)]) * MINUTE;
            let together = called && self.dice.chance(joins);
            let in_two = !together && self.dice.chance(weekly * self.person.habits.meets * (1.0 + 0.8 * self.overload));
            if together || in_two {
                let late = self.dice.span(-MINUTE, 3 * MINUTE);
                meetings.push((slot + late, slot + if together { length } else { 28 * MINUTE }, What::Meeting));
            }
        }
        meetings
    }
}
