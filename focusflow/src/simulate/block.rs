//! What happens within a block: the activity that a watcher sees, with the ways out of it that messages ask for, and the
//! sessions people start. A block's events follow from its own dice.

use schemas::directory::weekday;
use schemas::event::{Phase, SessionKind};

use super::Config;
use super::day::{Block, MINUTE, What};
use super::dice::Dice;
use super::item::{Body, Item, app};
use super::messages::Pull;
use super::person::{Person, Role};
use super::truth::Truth;

/// Room for the numbers of one block's events within the day's.
const BLOCK_EVENTS: u32 = 1 << 14;

pub struct Filler<'a> {
    pub(super) config: &'a Config,
    pub(super) person: &'a Person,
    pub(super) people: u32,
    pub(super) block: Block,
    pub(super) dice: Dice,
    pub(super) overload: f64,
    seq: u32,
    pub(super) pulls: Vec<Pull>,
    next_pull: usize,
    items: &'a mut Vec<Item>,
}

impl<'a> Filler<'a> {
    pub fn new(config: &'a Config, person: &'a Person, people: u32, block: Block, items: &'a mut Vec<Item>) -> Filler<'a> {
        let number = u32::from(block.number);
        let dice = Dice::of(config.seed, &[8, person.index.into(), block.day as u64, number.into()]);
        let overload = person.overload(config, block.day);
        Filler {
            config,
            person,
            people,
            block,
            dice,
            overload,
            seq: number * BLOCK_EVENTS,
            pulls: Vec::new(),
            next_pull: 0,
            items,
        }
    }

    pub fn fill(&mut self) {
        let Block { start, end, what, .. } = self.block;
        self.messages();
        match what {
            What::Focus => {
                self.focus_session();
                self.focus(start, end);
            }
            What::Shallow => self.shallow(start, end),
            What::Meeting => self.meeting(start, end),
            What::Break => self.away(start, end),
            What::Off => {}
            What::CheckIn => self.check_in(start),
        }
    }

    pub(super) fn push(&mut self, ts: i64, body: Body) {
        let Block { day, .. } = self.block;
        self.items.push(Item { at: ts, ts, person: self.person.index, day, seq: self.seq, body });
        self.seq += 1;
    }

    pub(super) fn activity(&mut self, ts: i64, app: u8, duration: i64) {
        self.push(ts, Body::Activity { app, afk: false, duration: duration.max(0) as u32 });
    }

    /// The length of one activity event, 5-120 s at the default density.
    pub(super) fn length(&mut self) -> i64 {
        let share = self.dice.share();
        ((5.0 + 115.0 * share * share) * 1_000.0 / self.config.density).clamp(1_000.0, 600_000.0) as i64
    }

    /// One app until a time, with the ways out that messages ask for.
    fn run(&mut self, app: u8, from: i64, until: i64) -> i64 {
        let mut t = from;
        while t < until {
            if let Some(pull) = self.pulls.get(self.next_pull).copied().filter(|pull| pull.at <= t) {
                self.next_pull += 1;
                t = self.answer(pull, t);
                continue;
            }
            let mut length = self.length();
            if t + length + 2_000 > until {
                length = until - t;
            }
            // A pull cuts what is under way.
            if let Some(pull) = self.pulls.get(self.next_pull).filter(|pull| pull.at > t + 1_000) {
                length = length.min(pull.at - t);
            }
            self.activity(t, app, length);
            t += length;
            if self.dice.chance(0.15) {
                t += self.dice.span(200, 3_000);
            }
        }
        t.max(from)
    }

    fn focus(&mut self, from: i64, to: i64) {
        let main = match self.dice.share() {
            x if x < 0.88 => self.person.habits.main_app,
            x if x < 0.94 => app::DOCS,
            _ => app::COURSE,
        };
        let beside: &[(u8, f64)] = match self.person.role {
            Role::Engineer => &[(app::TERMINAL, 0.5), (app::CHROME, 0.25), (app::DOCS, 0.1), (app::JIRA, 0.15)],
            Role::Designer => &[(app::CHROME, 0.4), (app::DOCS, 0.3), (app::FILES, 0.3)],
            Role::Analyst => &[(app::EXCEL, 0.4), (app::TERMINAL, 0.2), (app::CHROME, 0.3), (app::DOCS, 0.1)],
            _ => &[(app::FIREFOX, 0.5), (app::DOCS, 0.3), (app::JIRA, 0.2)],
        };
        let mut t = from;
        while t < to {
            let stretch = self.dice.wait(6.5 * MINUTE as f64 * (1.0 - 0.4 * self.overload)) as i64;
            t = self.run(main, t, (t + stretch.max(20_000)).min(to));
            let left = to - t;
            if left < 20_000 {
                continue;
            }
            match self.dice.share() {
                x if x < 0.55 => {
                    let other = self.dice.pick_weighted(beside);
                    let stay = self.dice.span(8_000, 90_000).min(left);
                    t = self.run(other, t, t + stay);
                }
                // A look at the chat that nobody asked for.
                x if x < 0.55 + 0.16 + 0.15 * self.overload => {
                    let stay = self.dice.span(4_000, 22_000).min(left);
                    self.activity(t, self.person.habits.chat_app, stay);
                    t += stay;
                }
                x if x < 0.90 => {}
                _ => t = self.stare(t, to),
            }
        }
    }

    /// Thinking, or a word with a neighbour: the window stays in front while the watcher reports nobody there.
    fn stare(&mut self, from: i64, to: i64) -> i64 {
        let end = (from + self.dice.span(150_000, 330_000)).min(to);
        self.activity(from, self.person.habits.main_app, end - from);
        self.afk(from + 30_000, end);
        end
    }

    fn shallow(&mut self, from: i64, to: i64) {
        let habits = &self.person.habits;
        let mix = [
            (habits.chat_app, 0.27),
            (habits.mail_app, 0.24),
            (app::JIRA, 0.16),
            (app::CALENDAR, 0.05),
            (app::CHROME, 0.12),
            (app::FIREFOX, 0.06),
            (app::YOUTUBE, 0.03),
            (app::FILES, 0.03),
            (habits.main_app, 0.04),
        ];
        let mut t = from;
        while t < to {
            let app = self.dice.pick_weighted(&mix);
            let stay = (self.dice.wait(75_000.0) as i64).max(6_000);
            t = self.run(app, t, (t + stay).min(to));
            if app == habits.chat_app || app == habits.mail_app {
                self.write(t, app == habits.mail_app);
            }
        }
    }

    fn meeting(&mut self, from: i64, to: i64) {
        if self.person.habits.calendar {
            let (session, planned) = (self.dice.next() as u32, (to - from) as u32);
            let phase = |phase| Body::Session { session, kind: SessionKind::Meeting, phase, planned };
            self.push(from, phase(Phase::Start));
            self.push(to, phase(Phase::End));
        }
        let call = self.dice.pick(&[app::ZOOM, app::ZOOM, app::MEET]);
        let mut t = from;
        while t < to {
            let stretch = (self.dice.wait(5.0 * MINUTE as f64) as i64).max(30_000);
            t = self.run(call, t, (t + stretch).min(to));
            if to - t > 20_000 {
                let aside = self.dice.pick(&[self.person.habits.chat_app, app::DOCS, app::JIRA]);
                let stay = self.dice.span(5_000, 20_000);
                self.activity(t, aside, stay);
                t += stay;
            }
        }
    }

    fn away(&mut self, from: i64, to: i64) {
        // The last window stays in front for a while; then the screen locks.
        self.activity(from, self.person.habits.main_app, (to - from).min(150_000));
        let noticed = from + self.dice.span(0, 5_000);
        self.afk(noticed, to);
    }

    /// Watchers notice after three minutes and then report the same span again and again, each time longer.
    fn afk(&mut self, from: i64, to: i64) {
        let step = (self.dice.span(60_000, 240_000) as f64 / self.config.density.clamp(0.05, 20.0)) as i64;
        let mut end = from + 3 * MINUTE;
        while end < to {
            self.push(from, Body::Activity { app: app::LOCKED, afk: true, duration: (end - from) as u32 });
            end += step.max(5_000);
        }
        self.push(from, Body::Activity { app: app::LOCKED, afk: true, duration: (to - from).max(0) as u32 });
    }

    fn focus_session(&mut self) {
        let Block { start, end, .. } = self.block;
        if end - start < 15 * MINUTE || !self.dice.chance(self.person.habits.sessions) {
            return;
        }
        if !self.person.habits.pomodoro {
            let planned = self.dice.pick(&[25, 45, 50, 60, 90]) * MINUTE;
            self.session(SessionKind::Focus, start, end.min(start + planned + 4 * MINUTE), planned);
            return;
        }
        let mut t = start;
        while t + 20 * MINUTE < end {
            self.session(SessionKind::Pomodoro, t, end.min(t + 25 * MINUTE), 25 * MINUTE);
            t += 30 * MINUTE;
        }
    }

    fn session(&mut self, kind: SessionKind, start: i64, end: i64, planned: i64) {
        let (session, planned) = (self.dice.next() as u32, planned as u32);
        let phase = |phase| Body::Session { session, kind, phase, planned };
        self.push(start, phase(Phase::Start));
        if end - start > 12 * MINUTE && self.dice.chance(0.14) {
            let pause = start + self.dice.span(4 * MINUTE, 8 * MINUTE);
            self.push(pause, phase(Phase::Pause));
            let resume = pause + self.dice.span(MINUTE, 4 * MINUTE);
            self.push(resume, phase(Phase::Resume));
        }
        match self.dice.share() {
            x if x < 0.12 + 0.15 * self.overload => {
                let gone = start + (end - start) * 2 / 3;
                self.push(gone, phase(Phase::Abandon));
            }
            // Forgotten: it closes by its plan.
            x if x < 0.15 + 0.15 * self.overload => {}
            _ => self.push(end, phase(Phase::End)),
        }
    }

    fn check_in(&mut self, ts: i64) {
        if let Some(truth) = &self.config.truth {
            return self.check_in_truly(ts, truth);
        }
        let strain = self.overload;
        let mut scale = |mean: f64| self.dice.normal(mean, 0.7).round().clamp(1.0, 5.0) as u8;
        let (mood, energy, burnout) = (scale(3.9 - 1.7 * strain), scale(3.6 - 1.5 * strain), scale(1.7 + 2.3 * strain));
        self.push(ts, Body::CheckIn { mood, energy, burnout: Some(burnout) });
    }

    /// Mood and energy with a noise and a manner of one's own; the question about burnout once a week, on a day of one's own.
    fn check_in_truly(&mut self, ts: i64, truth: &Truth) {
        let Block { day, .. } = self.block;
        let strain = self.person.strain(self.config.seed, day);
        let manner = Dice::of(self.config.seed, &[12, self.person.index.into()]).normal(0.0, 0.2);
        let mut scale = |mean: f64| self.dice.normal(mean + manner, 0.8).round().clamp(1.0, 5.0) as u8;
        let (mood, energy) = (scale(3.1 - 0.85 * strain), scale(3.0 - 0.5 * strain));
        let asked = weekday(day) == self.person.index as usize % 5;
        let burnout = asked.then(|| match self.dice.chance(truth.chance(strain)) {
            true => self.dice.pick_weighted(&[(3, 0.6), (4, 0.3), (5, 0.1)]),
            false => self.dice.pick(&[1, 2]),
        });
        self.push(ts, Body::CheckIn { mood, energy, burnout });
    }
}
