//! Messages: what comes in during a block, what of it brings the person to the chat, and what they write themselves.

use schemas::event::{Direction, MessageKind};

use super::block::Filler;
use super::day::{Block, HOUR, MINUTE, What};
use super::item::Body;

#[derive(Debug, Clone, Copy)]
struct Answer {
    peer: u32,
    thread: u32,
    mail: bool,
}

/// A message that brings the person to the chat: when they go, for how long, and whom they answer.
#[derive(Debug, Clone, Copy)]
pub struct Pull {
    pub at: i64,
    stay: i64,
    answer: Option<Answer>,
}

impl Filler<'_> {
    pub(super) fn answer(&mut self, pull: Pull, from: i64) -> i64 {
        let app = match pull.answer {
            Some(Answer { mail: true, .. }) => self.person.habits.mail_app,
            _ => self.person.habits.chat_app,
        };
        let mut t = from;
        let end = from + pull.stay;
        while t < end {
            let length = self.length().min(end - t).max(1_000);
            self.activity(t, app, length);
            t += length;
        }
        if let Some(Answer { peer, thread, mail }) = pull.answer {
            let kind = if mail { MessageKind::Email } else { MessageKind::Dm };
            let body = Body::Message { mail, kind, direction: Direction::Sent, notified: true, peer, thread };
            let sent = t - self.dice.span(500, 3_000).min(pull.stay / 2);
            self.push(sent, body);
        }
        t
    }

    /// Messages of one's own accord.
    pub(super) fn write(&mut self, t: i64, mail: bool) {
        if self.dice.chance(0.4) {
            let kind = if mail {
                MessageKind::Email
            } else {
                self.dice.pick(&[MessageKind::Dm, MessageKind::Channel, MessageKind::Channel])
            };
            let (peer, thread) = (self.peer(), self.dice.next() as u32);
            let body = Body::Message { mail, kind, direction: Direction::Sent, notified: true, peer, thread };
            self.push(t - 1_000, body);
        }
    }

    /// Somebody else; mostly of the team.
    fn peer(&mut self) -> u32 {
        let (first, end) = if self.dice.chance(0.7) { self.person.mates } else { (0, self.people) };
        let others = (end - first).max(2) - 1;
        let step = 1 + self.dice.below(others as usize) as u32;
        first + (self.person.index - first + step) % (end - first)
    }

    /// What comes in while the block lasts: more around the second and the seventh hour of the day, and now and then a storm.
    pub(super) fn messages(&mut self) {
        let Block { start, end, what, into, .. } = self.block;
        let from_peak = |peak: f32| f64::from(-((into - peak) / 0.9).powi(2)).exp();
        let tide = 0.55 + 1.1 * from_peak(1.2) + 0.9 * from_peak(6.2);
        let volume = self.person.habits.messages * (1.0 + 0.6 * self.overload) * self.config.density.sqrt();
        let rate = if what == What::Off { 0.12 * volume } else { volume * tide };
        let mean_gap = HOUR as f64 / rate.max(0.01);
        let mut t = start + self.dice.wait(mean_gap) as i64;
        while t < end {
            self.receive(t, None);
            t += (self.dice.wait(mean_gap) as i64).max(200);
        }
        let storm = what != What::Off && self.dice.chance(0.05 * (end - start) as f64 / HOUR as f64 * tide * 2.0);
        if storm {
            let (thread, peer) = (self.dice.next() as u32, self.peer());
            let mut t = self.dice.span(start, end);
            for _ in 0..self.dice.span(6, 18) {
                let from = if self.dice.chance(0.5) { peer } else { self.peer() };
                self.receive(t, Some((from, thread)));
                t += self.dice.span(3_000, 45_000);
            }
        }
        self.pulls.sort_by_key(|pull| pull.at);
    }

    fn receive(&mut self, ts: i64, storm: Option<(u32, u32)>) {
        use MessageKind::{Call, Channel, Dm, Email, Mention};
        let kind = match storm {
            Some(_) => Mention,
            None => self.dice.pick_weighted(&[(Channel, 0.42), (Dm, 0.22), (Email, 0.22), (Mention, 0.11), (Call, 0.03)]),
        };
        let (peer, thread) = storm.unwrap_or_else(|| (self.peer(), self.dice.next() as u32));
        let what = self.block.what;
        // Some switch notifications off while they focus, nearly all when they are not at work.
        let quiet = match what {
            What::Off => 0.8,
            What::Focus if self.person.index.is_multiple_of(5) => 0.7,
            _ => {
                if kind == Channel {
                    0.35
                } else {
                    0.04
                }
            }
        };
        let notified = !self.dice.chance(quiet);
        let mail = kind == Email;
        self.push(ts, Body::Message { mail, kind, direction: Direction::Received, notified, peer, thread });
        let weight = match kind {
            Dm | Mention => 1.0,
            Call => 1.3,
            Channel => 0.2,
            Email => 0.3,
        };
        let reach = if storm.is_some() { 0.4 } else { 1.0 };
        if notified && !matches!(what, What::Off | What::Break) && self.dice.chance(self.person.habits.attends * weight * reach) {
            let delay = if self.dice.chance(0.8) { self.dice.span(1_500, 70_000) } else { self.dice.span(70_000, 12 * MINUTE) };
            let stay = if kind == Call { self.dice.span(MINUTE, 7 * MINUTE) } else { self.dice.span(6_000, 80_000) };
            let answers = self.dice.chance(self.person.answers(self.config.seed, peer, kind));
            let answer = (kind != Call && kind != Channel && answers).then_some(Answer { peer, thread, mail });
            self.pulls.push(Pull { at: ts + delay, stay, answer });
        }
    }
}
