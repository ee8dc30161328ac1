//! What a piece of advice is about, and its id: `KIND:SUBJECT`, the same as long as the advice is.

use std::fmt;

pub const KINDS: [&str; 6] = ["focus-hours", "meeting-free", "meeting-gaps", "breaks", "late-evenings", "short-nights"];
const WEEKDAYS: [(&str, &str); 7] = [
    ("mon", "Monday"),
    ("tue", "Tuesday"),
    ("wed", "Wednesday"),
    ("thu", "Thursday"),
    ("fri", "Friday"),
    ("sat", "Saturday"),
    ("sun", "Sunday"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    Morning,
    Afternoon,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Two hours from this one on.
    FocusHours(u8),
    /// Monday is 0.
    MeetingFree(usize, Half),
    MeetingGaps,
    Breaks,
    /// From this hour on.
    LateEvenings(u8),
    ShortNights,
}

impl Half {
    pub const BOTH: [Half; 2] = [Half::Morning, Half::Afternoon];

    fn name(self) -> &'static str {
        match self {
            Half::Morning => "morning",
            Half::Afternoon => "afternoon",
        }
    }
}

impl Subject {
    /// None for what is the id of no advice there could be.
    pub fn parse(id: &str) -> Option<Subject> {
        let (kind, about) = id.split_once(':')?;
        let hour = || about.parse::<u8>().ok();
        let subject = match kind {
            "focus-hours" => Subject::FocusHours(hour().filter(|h| *h < 23)?),
            "meeting-free" => {
                let (day, half) = about.split_once('-')?;
                let weekday = WEEKDAYS.iter().position(|(short, _)| *short == day)?;
                Subject::MeetingFree(weekday, Half::BOTH.into_iter().find(|each| each.name() == half)?)
            }
            "meeting-gaps" => Subject::MeetingGaps,
            "breaks" => Subject::Breaks,
            "late-evenings" => Subject::LateEvenings(hour().filter(|h| (21..24).contains(h))?),
            "short-nights" => Subject::ShortNights,
            _ => return None,
        };
        // One way of writing each: `focus-hours:9` is none.
        (subject.to_string() == id).then_some(subject)
    }

    pub fn kind(&self) -> &'static str {
        let [focus_hours, meeting_free, meeting_gaps, breaks, late_evenings, short_nights] = KINDS;
        match self {
            Subject::FocusHours(_) => focus_hours,
            Subject::MeetingFree(..) => meeting_free,
            Subject::MeetingGaps => meeting_gaps,
            Subject::Breaks => breaks,
            Subject::LateEvenings(_) => late_evenings,
            Subject::ShortNights => short_nights,
        }
    }

    pub fn title(&self) -> String {
        match self {
            Subject::FocusHours(from) => format!("Keep {} for focus", two_hours(*from)),
            Subject::MeetingFree(..) => format!("Keep {} free of meetings", self.half_day()),
            Subject::MeetingGaps => "Put meetings next to one another".into(),
            Subject::Breaks => "Pause before two hours are over".into(),
            Subject::LateEvenings(from) => format!("End evenings before {from}:00"),
            Subject::ShortNights => "Leave eleven hours between two days".into(),
        }
    }

    /// `Tuesday morning`, of a half-day.
    pub fn half_day(&self) -> String {
        match self {
            Subject::MeetingFree(weekday, half) => format!("{} {}", WEEKDAYS[*weekday].1, half.name()),
            _ => String::new(),
        }
    }

    /// Whether who does not want to see this does not want to see the other either. Hours that overlap are the same advice: the best
    /// two move by an hour from week to week.
    pub fn covers(&self, other: &Subject) -> bool {
        match (self, other) {
            (Subject::FocusHours(one), Subject::FocusHours(two)) => one.abs_diff(*two) < 2,
            (Subject::LateEvenings(_), Subject::LateEvenings(_)) => true,
            _ => self == other,
        }
    }
}

pub fn two_hours(from: u8) -> String {
    format!("{from:02}:00–{:02}:00", from + 2)
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind();
        match self {
            Subject::FocusHours(hour) | Subject::LateEvenings(hour) => write!(f, "{kind}:{hour:02}"),
            Subject::MeetingFree(weekday, half) => write!(f, "{kind}:{}-{}", WEEKDAYS[*weekday].0, half.name()),
            Subject::MeetingGaps => write!(f, "{kind}:under-an-hour"),
            Subject::Breaks => write!(f, "{kind}:two-hours"),
            Subject::ShortNights => write!(f, "{kind}:eleven-hours"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written_and_in_no_other_way() {
        let all = (0..23).map(Subject::FocusHours).chain((21..24).map(Subject::LateEvenings)).chain([
            Subject::MeetingFree(1, Half::Morning),
            Subject::MeetingFree(6, Half::Afternoon),
            Subject::MeetingGaps,
            Subject::Breaks,
            Subject::ShortNights,
        ]);
        for subject in all {
            assert_eq!(Subject::parse(&subject.to_string()), Some(subject));
            assert!(KINDS.contains(&subject.kind()) && !subject.title().is_empty());
        }
        for id in [
            "",
            "focus-hours",
            "focus-hours:9",
            "focus-hours:23",
            "focus-hours:+9",
            "meeting-free:tue",
            "meeting-free:tue-noon",
            "late-evenings:09",
            "breaks:",
            "breaks:two-hours:x",
            "horoscope:09",
        ] {
            assert_eq!(Subject::parse(id), None, "{id}");
        }
    }

    #[test]
    fn who_hides_hours_hides_those_that_overlap_them() {
        let nine = Subject::FocusHours(9);
        assert!(nine.covers(&Subject::FocusHours(10)) && nine.covers(&Subject::FocusHours(8)));
        assert!(!nine.covers(&Subject::FocusHours(11)) && !nine.covers(&Subject::Breaks));
        assert!(!Subject::MeetingFree(1, Half::Morning).covers(&Subject::MeetingFree(1, Half::Afternoon)));
    }
}
