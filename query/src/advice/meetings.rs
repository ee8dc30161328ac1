//! What meetings take: of half-days that have any, and of the time between two that are close.

use schemas::directory::weekday as of_week;

use super::history::{Day, HOUR, History, Window};
use super::noise::{Sample, above_zero, less, pooled};
use super::subject::{Half, Subject};
use super::{Advice, Evidence, Unit, duration, mean, percent};

const MINUTE: f64 = 60_000.0;
/// A half-day with meetings has this much, one without less than the other.
const SOME: f64 = 15.0 * MINUTE;
const NONE: f64 = 5.0 * MINUTE;
/// Of activity, for half a day to count.
const LEAST_BUSY: f64 = 60.0 * MINUTE;
const LEAST: usize = 8;
const LEAST_LOST: f64 = 15.0 * MINUTE;
/// Weeks in which a half-day had meetings, for it to be named.
const LEAST_WEEKS: usize = 2;
/// Of activity in short gaps, and beside them, for a day to count.
const LEAST_IN_GAPS: f64 = 10.0 * MINUTE;
const LEAST_BESIDE: f64 = 60.0 * MINUTE;
/// Five minutes of an hour.
const LEAST_SHARE: f64 = 5.0 / 60.0;

struct HalfDay {
    day: i32,
    half: Half,
    focus_ms: f64,
    meeting_ms: f64,
}

impl HalfDay {
    fn has_meetings(&self) -> bool {
        self.meeting_ms >= SOME
    }
}

fn half_days(history: &History) -> Vec<HalfDay> {
    let mut found = Vec::new();
    for day in history.workdays() {
        for half in Half::BOTH {
            let windows = || day.windows.iter().filter(|w| w.half() == Some(half));
            let (busy, focus_ms, meeting_ms) = windows().fold((0.0, 0.0, 0.0), |(busy, focus, meeting), w| {
                (busy + w.busy_ms() as f64, focus + w.focus_ms as f64, meeting + w.meeting_ms as f64)
            });
            // What has a short meeting is neither.
            if busy >= LEAST_BUSY && !(NONE..SOME).contains(&meeting_ms) {
                found.push(HalfDay { day: day.day, half, focus_ms, meeting_ms });
            }
        }
    }
    found
}

/// The half-day that would gain most focus without its meetings, where meetings cost focus at all.
pub fn free(history: &History) -> Option<Advice> {
    let all = half_days(history);
    let sample = |each: &HalfDay| Sample {
        stratum: history.fortnight(each.day) * 2 + usize::from(each.half == Half::Afternoon),
        here: each.has_meetings(),
        value: each.focus_ms,
        day: each.day,
    };
    let found = less(&all.iter().map(sample).collect::<Vec<_>>(), LEAST).filter(|found| found.lost >= LEAST_LOST)?;
    let halves = (0..7).flat_map(|weekday| Half::BOTH.map(|half| (weekday, half)));
    let gains = halves.filter_map(|(weekday, half)| gain(&all, weekday, half));
    let most = gains.max_by(|a, b| a.a_week.total_cmp(&b.a_week)).filter(|most| most.a_week >= LEAST_LOST)?;
    let (short_gaps, weeks) = (history.workdays().map(|day| gaps_of(day).len()).sum::<usize>(), history.weeks());
    let a_week = short_gaps as f64 / weeks;
    let why = format!(
        "On {} half-days without meetings you had {} of focus, on {} with meetings {}. {} had meetings {} of {} times, {} of them: without \
         these it would have gained most, by a careful estimate {} of focus a week.",
        found.n_elsewhere,
        duration(found.elsewhere),
        found.n_here,
        duration(found.here),
        most.subject.half_day(),
        most.with,
        most.with + most.without,
        duration(most.meeting_ms),
        duration(most.a_week),
    );
    let focus = Evidence {
        name: "focus_ms",
        what: "Focus in half a day",
        unit: Unit::Ms,
        here: Some(found.here),
        elsewhere: Some(found.elsewhere),
        n_here: found.n_here,
        n_elsewhere: found.n_elsewhere,
        of: "half_days",
    };
    let own = Evidence {
        name: "focus_ms_of_half_day",
        what: "Of them, this half-day",
        here: most.focus_with,
        elsewhere: most.focus_without,
        n_here: most.with,
        n_elsewhere: most.without,
        ..focus.clone()
    };
    let gaps = Evidence {
        name: "short_gaps",
        what: "Gaps under an hour between meetings, a week",
        unit: Unit::PerWeek,
        here: Some(a_week),
        elsewhere: None,
        n_here: short_gaps,
        n_elsewhere: 0,
        of: "gaps",
    };
    Some(Advice {
        subject: most.subject,
        why,
        here: "with meetings".into(),
        elsewhere: "without".into(),
        evidence: vec![focus, own, gaps],
        days: found.days,
        strength: found.strength,
    })
}

struct Gain {
    subject: Subject,
    with: usize,
    without: usize,
    focus_with: Option<f64>,
    focus_without: Option<f64>,
    meeting_ms: f64,
    a_week: f64,
}

/// What a half-day loses to its meetings in an average week. A half-day comes six times at most, so its means are drawn towards those
/// of all mornings, or afternoons.
fn gain(all: &[HalfDay], weekday: usize, half: Half) -> Option<Gain> {
    let focus = |meetings: bool, one: bool| -> Vec<f64> {
        let of = |each: &&HalfDay| each.half == half && each.has_meetings() == meetings && (!one || of_week(each.day) == weekday);
        all.iter().filter(of).map(|each| each.focus_ms).collect()
    };
    let (with, without) = (focus(true, true), focus(false, true));
    if with.len() < LEAST_WEEKS {
        return None;
    }
    let (usual_with, usual_without) = (mean(&focus(true, false))?, mean(&focus(false, false))?);
    let gained = pooled(&without, usual_without) - pooled(&with, usual_with);
    let mine = |each: &&HalfDay| each.half == half && of_week(each.day) == weekday && each.has_meetings();
    let meetings: Vec<f64> = all.iter().filter(mine).map(|each| each.meeting_ms).collect();
    Some(Gain {
        subject: Subject::MeetingFree(weekday, half),
        with: with.len(),
        without: without.len(),
        focus_with: mean(&with),
        focus_without: mean(&without),
        meeting_ms: mean(&meetings)?,
        a_week: gained * with.len() as f64 / (with.len() + without.len()) as f64,
    })
}

/// Gaps of ten minutes to an hour between meetings, as windows of the clock.
fn gaps_of(day: &Day) -> Vec<std::ops::Range<u16>> {
    let meetings = day.runs(Window::is_meeting);
    let gap = |pair: &[std::ops::Range<usize>]| day.windows[pair[0].end - 1].at + 1..day.windows[pair[1].start].at;
    meetings.windows(2).map(gap).filter(|gap| (2..HOUR).contains(&gap.end.saturating_sub(gap.start))).collect()
}

/// Whether less comes of the time between two meetings that are close than of the rest of the day.
pub fn gaps(history: &History) -> Option<Advice> {
    let (mut inside, mut beside, mut days) = (Vec::new(), Vec::new(), Vec::new());
    for day in history.workdays() {
        let gaps = gaps_of(day);
        let mut sums = [(0.0, 0.0); 2];
        for window in day.windows.iter().filter(|w| !w.is_meeting()) {
            let (focus, active) = &mut sums[usize::from(!gaps.iter().any(|gap| gap.contains(&window.at)))];
            *focus += window.focus_ms as f64;
            *active += window.active_ms as f64;
        }
        if sums[0].1 >= LEAST_IN_GAPS && sums[1].1 >= LEAST_BESIDE {
            inside.push(sums[0].0 / sums[0].1);
            beside.push(sums[1].0 / sums[1].1);
            days.push(day.day);
        }
    }
    let differences: Vec<f64> = beside.iter().zip(&inside).map(|(beside, inside)| beside - inside).collect();
    let (_, strength) = above_zero(&differences, LEAST).filter(|(lost, _)| *lost >= LEAST_SHARE)?;
    let (n, here, elsewhere) = (days.len(), mean(&inside), mean(&beside));
    let why = format!(
        "On {n} days with gaps of under an hour between meetings, {} of your active time in the gaps was focus, against {} outside them.",
        percent(here.unwrap_or(0.0)),
        percent(elsewhere.unwrap_or(0.0)),
    );
    let what = "Focus, of active time outside meetings";
    let evidence =
        Evidence { name: "focus_share", what, unit: Unit::Share, here, elsewhere, n_here: n, n_elsewhere: n, of: "days" };
    let days = (*days.first()?, *days.last()?);
    let (here, elsewhere) = ("in short gaps".into(), "rest of the day".into());
    Some(Advice { subject: Subject::MeetingGaps, why, here, elsewhere, evidence: vec![evidence], days, strength })
}
