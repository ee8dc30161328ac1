//! Who works here: teams, roles, time zones, hours and habits, all from the seed.

use schemas::directory::{Directory, Document, HoursEntry, PersonEntry, Team};
use schemas::event::MessageKind;

use super::Config;
use super::dice::Dice;
use super::truth::{self, Kind};

/// A simulated person: what the directory says of them, and what it does not.
#[derive(Debug, Clone)]
pub struct Person {
    pub index: u32,
    pub team: u32,
    /// The people of the team, as a range of indices.
    pub mates: (u32, u32),
    pub id: String,
    /// As peers see them: on the chat, and in the mail.
    pub chat: String,
    pub mail: String,
    pub schedule: schemas::directory::Person,
    pub role: Role,
    pub habits: Habits,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Engineer,
    Designer,
    Analyst,
    Writer,
    Support,
    Manager,
}

#[derive(Debug, Clone)]
pub struct Habits {
    /// Mean length of the stretches set aside for focus.
    pub focus_ms: f64,
    /// Share of free time that goes into such stretches.
    pub focus_share: f64,
    /// Messages an hour, of all kinds, on average over the working day.
    pub messages: f64,
    /// How likely a direct message pulls them out of what they do.
    pub attends: f64,
    /// Chance of one-to-one meetings per half hour.
    pub meets: f64,
    pub evenings: f64,
    /// How long an evening's work is, in minutes.
    pub evening: (f64, f64),
    /// Minutes the day ends before the hours say.
    pub early: f64,
    pub weekends: f64,
    /// Chance to start a focus session with a stretch of focus; and whether it is a pomodoro.
    pub sessions: f64,
    pub pomodoro: bool,
    pub calendar: bool,
    pub checks_in: bool,
    /// Minutes the day begins after the hours say.
    pub tardiness: f64,
    /// The day, from the first simulated one, on which the load begins to grow; most people have none.
    pub overload_from: Option<i32>,
    pub mail_app: u8,
    pub chat_app: u8,
    pub main_app: u8,
}

const ROLES: [(Role, f64); 6] = [
    (Role::Engineer, 0.48),
    (Role::Designer, 0.10),
    (Role::Analyst, 0.10),
    (Role::Writer, 0.10),
    (Role::Support, 0.13),
    (Role::Manager, 0.09),
];

/// Most teams sit in the first three.
const ZONES: [(&str, f64); 15] = [
    ("Europe/Berlin", 0.38),
    ("America/New_York", 0.24),
    ("Asia/Kolkata", 0.14),
    ("America/Los_Angeles", 0.05),
    ("Europe/London", 0.05),
    ("America/Sao_Paulo", 0.03),
    ("Asia/Tokyo", 0.02),
    ("Australia/Sydney", 0.02),
    ("Africa/Lagos", 0.01),
    ("Asia/Dubai", 0.01),
    ("Asia/Kathmandu", 0.01),
    ("America/St_Johns", 0.01),
    ("Pacific/Auckland", 0.01),
    ("Asia/Singapore", 0.01),
    ("Africa/Cairo", 0.01),
];

/// How many of those who write to somebody are answered how often.
const CLOSENESS: [(f64, f64); 3] = [(0.95, 0.4), (0.6, 0.3), (0.13, 0.3)];

/// Teams of a company with a home that sit there.
const AT_HOME: f64 = 0.75;

const TEAM_NAMES: [&str; 24] = [
    "Payments",
    "Search",
    "Checkout",
    "Identity",
    "Mobile",
    "Web",
    "Data Platform",
    "Insights",
    "Growth",
    "Brand",
    "Support",
    "Docs",
    "Infrastructure",
    "Reliability",
    "Security",
    "Billing",
    "Partners",
    "Research",
    "Design Systems",
    "Onboarding",
    "Logistics",
    "Pricing",
    "Messaging",
    "Localization",
];
const UNIT_NAMES: [&str; 8] =
    ["Product", "Platform", "Commerce", "Customers", "Data and Research", "Operations", "Markets", "Foundations"];
const FIRST_NAMES: [&str; 40] = [
    "Ada", "Amara", "Anika", "Arjun", "Ben", "Carla", "Chen", "Daniel", "Elif", "Emeka", "Fatima", "Freya", "Gabriel", "Hana",
    "Hugo", "Ines", "Ivan", "Jonas", "Julia", "Kai", "Lena", "Luca", "Maria", "Mateo", "Mei", "Mila", "Nadia", "Noah", "Olivia",
    "Omar", "Priya", "Rafael", "Ravi", "Sara", "Sofia", "Tariq", "Tom", "Yuki", "Zara", "Zoe",
];
const LAST_NAMES: [&str; 40] = [
    "Abbas", "Adeyemi", "Almeida", "Andersen", "Bauer", "Becker", "Brown", "Costa", "Das", "Diallo", "Evans", "Fischer",
    "Garcia", "Gupta", "Haddad", "Hansen", "Ito", "Jones", "Kaya", "Kim", "Kowalski", "Kumar", "Lee", "Lopez", "Martin", "Meyer",
    "Moreau", "Nguyen", "Novak", "Okafor", "Patel", "Rossi", "Sato", "Schmidt", "Silva", "Singh", "Smith", "Tanaka", "Weber",
    "Wilson",
];

/// The directory of the workforce, and the people behind it. The document is always valid: it is made of fixed lists.
pub fn hire(config: &Config) -> (Document, Vec<Person>) {
    let sizes = team_sizes(config);
    let mut document = Document { teams: teams(sizes.len()), people: Vec::new() };
    let mut first = 0;
    let mut hired = Vec::new();
    for (team, size) in sizes.iter().enumerate() {
        let mut dice = Dice::of(config.seed, &[1, team as u64]);
        let zone = match &config.home {
            Some(home) if dice.chance(AT_HOME) => &home.zone,
            _ => dice.pick_weighted(&ZONES),
        };
        for index in first..first + size {
            let (entry, role, habits) = person(config, index, team, index == first, zone);
            hired.push((index, team, (first as u32, (first + size) as u32), role, habits));
            document.people.push(entry);
        }
        first += size;
    }
    let directory = Directory::new(document.clone()).unwrap_or_default();
    let people = hired.into_iter().zip(&document.people).map(|((index, team, mates, role, habits), entry)| Person {
        index: index as u32,
        team: team as u32,
        mates,
        id: entry.id.clone(),
        chat: entry.aliases[0].clone(),
        mail: entry.aliases[1].clone(),
        schedule: directory.person(&entry.id).clone(),
        role,
        kind: Kind::Ordinary,
        habits,
    });
    let mut people: Vec<Person> = people.collect();
    if config.truth.is_some() {
        people.iter_mut().for_each(|person| person.turn_out(config.seed));
    }
    (document, people)
}

/// 6 to 14 people a team where the numbers allow it.
fn team_sizes(config: &Config) -> Vec<usize> {
    let teams = config.teams.unwrap_or(config.people.div_ceil(10)).clamp(1, config.people.max(1));
    let mut sizes = vec![config.people / teams; teams];
    sizes[..config.people % teams].iter_mut().for_each(|size| *size += 1);
    let mut dice = Dice::of(config.seed, &[2]);
    for _ in 0..teams * 3 {
        let (from, to) = (dice.below(teams), dice.below(teams));
        if sizes[from] > 6 && sizes[to] < 14 {
            sizes[from] -= 1;
            sizes[to] += 1;
        }
    }
    sizes
}

/// A company, units of about six teams, teams.
fn teams(count: usize) -> Vec<Team> {
    let numbered = |names: &[&str], i: usize| match i / names.len() {
        0 => names[i].to_owned(),
        round => format!("{} {}", names[i % names.len()], round + 1),
    };
    let units = count.div_ceil(6);
    let mut teams = vec![Team { id: "company".into(), name: "Company".into(), parent: None }];
    teams.extend((0..units).map(|i| Team {
        id: format!("unit-{}", i + 1),
        name: numbered(&UNIT_NAMES, i),
        parent: Some("company".into()),
    }));
    teams.extend((0..count).map(|i| {
        let parent = Some(format!("unit-{}", i % units + 1));
        Team { id: team_id(i), name: numbered(&TEAM_NAMES, i), parent }
    }));
    teams
}

fn team_id(team: usize) -> String {
    format!("team-{}", team + 1)
}

fn person(config: &Config, index: usize, team: usize, leads: bool, team_zone: &str) -> (PersonEntry, Role, Habits) {
    let mut dice = Dice::of(config.seed, &[3, index as u64]);
    let (first, last) = (dice.pick(&FIRST_NAMES), dice.pick(&LAST_NAMES));
    let zone = if dice.chance(0.88) { team_zone } else { dice.pick_weighted(&ZONES) };
    let role = if leads { Role::Manager } else { dice.pick_weighted(&ROLES) };
    let entry = PersonEntry {
        id: format!("u{:05}", index + 1),
        name: Some(format!("{first} {last}")),
        aliases: vec![
            format!("slack:U{:06X}", index + 0x1000),
            format!("email:{}.{}{}@example.com", first.to_lowercase(), last.to_lowercase(), index + 1),
        ],
        team: Some(team_id(team)),
        time_zone: zone.into(),
        working_hours: hours(config, &mut dice, zone, role),
        manager: leads,
        valid_from: None,
    };
    let habits = habits(config, &mut dice, role);
    (entry, role, habits)
}

fn hours(config: &Config, dice: &mut Dice, zone: &str, role: Role) -> HoursEntry {
    let (start, end) = match dice.share() {
        // On call through the night, or for customers elsewhere.
        x if x < if role == Role::Support { 0.12 } else { 0.02 } => ("22:00", "06:00"),
        x if x < 0.17 => ("08:00", "16:00"),
        x if x < 0.22 => ("09:00", "13:00"),
        x if x < 0.50 => ("09:00", "18:00"),
        x if x < 0.85 => ("09:00", "17:00"),
        _ => ("10:00", "18:00"),
    };
    let mut days: Vec<&str> = match (&config.home, zone) {
        (Some(home), _) => home.days.iter().map(String::as_str).collect(),
        (None, "Africa/Cairo") => vec!["sun", "mon", "tue", "wed", "thu"],
        _ => vec!["mon", "tue", "wed", "thu", "fri"],
    };
    if dice.chance(0.06) {
        days.remove(dice.below(days.len()));
    }
    HoursEntry { start: start.into(), end: end.into(), days: days.into_iter().map(String::from).collect() }
}

fn habits(config: &Config, dice: &mut Dice, role: Role) -> Habits {
    use super::item::app;
    const MINUTE: f64 = 60_000.0;
    let (focus_min, focus_share, messages, meets) = match role {
        Role::Engineer => (48.0, 0.66, 13.0, 0.03),
        Role::Designer => (44.0, 0.62, 12.0, 0.04),
        Role::Analyst => (42.0, 0.60, 12.0, 0.04),
        Role::Writer => (40.0, 0.58, 11.0, 0.03),
        Role::Support => (18.0, 0.35, 26.0, 0.02),
        Role::Manager => (22.0, 0.30, 24.0, 0.13),
    };
    let main_app = match role {
        Role::Engineer => dice.pick(&[app::CODE, app::CODE, app::IDEA]),
        Role::Designer => app::FIGMA,
        Role::Analyst => dice.pick(&[app::JUPYTER, app::EXCEL]),
        Role::Writer => dice.pick(&[app::DOCS, app::WORD]),
        Role::Support => app::DOCS,
        Role::Manager => dice.pick(&[app::DOCS, app::EXCEL]),
    };
    Habits {
        focus_ms: focus_min * MINUTE * dice.between(0.6, 1.5),
        focus_share: focus_share * dice.between(0.7, 1.25),
        messages: messages * dice.between(0.5, 1.7),
        attends: dice.between(0.15, 0.75),
        meets: meets * dice.between(0.5, 1.6),
        evenings: if dice.chance(0.3) { dice.between(0.1, 0.4) } else { 0.03 },
        evening: (30.0, 90.0),
        early: 0.0,
        weekends: if dice.chance(0.12) { dice.between(0.15, 0.5) } else { 0.01 },
        sessions: if dice.chance(0.45) { dice.between(0.4, 0.9) } else { 0.0 },
        pomodoro: dice.chance(0.4),
        calendar: dice.chance(0.75),
        checks_in: dice.chance(0.35),
        tardiness: dice.normal(4.0, 12.0),
        overload_from: dice.chance(config.overloaded).then(|| dice.below(50) as i32 - 30),
        mail_app: dice.pick(&[app::OUTLOOK, app::OUTLOOK, app::GMAIL]),
        chat_app: dice.pick(&[app::SLACK, app::SLACK, app::SLACK, app::TEAMS]),
        main_app,
    }
}

impl Person {
    /// Those whose days do not show how they are, where that is of interest.
    fn turn_out(&mut self, seed: u64) {
        let mut dice = Dice::of(seed, &[9, self.index.into()]);
        self.kind = dice.pick_weighted(&[
            (Kind::Ordinary, 0.94 - truth::QUITTING),
            (Kind::Late, 0.06),
            (Kind::Quitting, truth::QUITTING),
        ]);
        match self.kind {
            Kind::Ordinary => {}
            Kind::Late => {
                (self.habits.evenings, self.habits.evening, self.habits.early) = (0.8, (80.0, 150.0), dice.between(60.0, 150.0));
            }
            Kind::Quitting => {
                (self.habits.evenings, self.habits.weekends, self.habits.early) = (0.0, 0.0, dice.between(30.0, 120.0));
            }
        }
        self.habits.checks_in = dice.chance(0.6);
    }

    /// That they answer what brought them to the chat: some people nearly always, others hardly ever, and mail, mentions and direct
    /// messages as it is their way. About 0.6 on average.
    pub fn answers(&self, seed: u64, peer: u32, kind: MessageKind) -> f64 {
        let closeness = Dice::of(seed, &[12, self.index.into(), peer.into()]).pick_weighted(&CLOSENESS);
        (closeness * Dice::of(seed, &[13, self.index.into(), kind as u64]).between(0.6, 1.4)).min(0.97)
    }

    pub fn strain(&self, seed: u64, day: i32) -> f64 {
        truth::strain(seed, self.index, self.kind, day)
    }

    /// How overloaded they are on a day, 0 to 1: by their strain where there is one; else growing over six weeks.
    pub fn overload(&self, config: &Config, day: i32) -> f64 {
        if config.truth.is_some() {
            return truth::overload(self.kind, self.strain(config.seed, day));
        }
        let since = |from: i32| f64::from(day - config.start_day - from);
        self.habits.overload_from.map_or(0.0, |from| (since(from) / 42.0).clamp(0.0, 1.0))
    }

    /// On holiday, ill, or otherwise away for the whole day.
    pub fn is_away(&self, seed: u64, day: i32) -> bool {
        // Weeks off begin on the person's own weekday, so that not everybody leaves on a Monday.
        let week = (i64::from(day) + i64::from(self.index % 7)).div_euclid(7);
        Dice::of(seed, &[4, self.index.into(), week as u64]).chance(0.06)
            || Dice::of(seed, &[5, self.index.into(), day as u64]).chance(0.02)
    }
}
