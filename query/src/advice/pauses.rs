//! Long stretches without a pause of five minutes, and what comes after them.

use super::history::{Day, HOUR, History, Window};
use super::noise::{Sample, less};
use super::subject::Subject;
use super::{Advice, Evidence, Unit, mean, percent};

/// In windows of five minutes.
const LONG: usize = 24;
const SHORT: std::ops::RangeInclusive<usize> = 6..=18;
/// What begins later than this after a stretch does not follow it.
const SOON: u16 = 18;
/// Of activity in the hour after.
const LEAST_MS: f64 = 1_200_000.0;
const LEAST: usize = 8;
/// Five minutes of an hour.
const LEAST_SHARE: f64 = 5.0 / 60.0;

/// Windows, and the share of focus in the hour from the next activity on; None where nothing follows soon.
fn followed(day: &Day, run: &std::ops::Range<usize>) -> Option<(u16, f64)> {
    let end = day.windows[run.end - 1].at;
    let begin = day.windows[run.end..].iter().find(|window| window.is_busy())?.at;
    let hour = || day.windows[run.end..].iter().filter(|window| (begin..begin + HOUR).contains(&window.at));
    let (focus, active) = hour().fold((0.0, 0.0), |(f, a), w| (f + w.focus_ms as f64, a + w.active_ms as f64));
    (begin.saturating_sub(end) <= SOON && active >= LEAST_MS).then(|| (begin, focus / active))
}

/// Whether less focus follows stretches of two hours than follows short ones.
pub fn long_stretches(history: &History) -> Option<Advice> {
    let (mut samples, mut lengths) = (Vec::new(), [Vec::new(), Vec::new()]);
    for day in history.workdays() {
        for run in day.runs(Window::is_busy) {
            let here = run.len() >= LONG;
            if !here && !SHORT.contains(&run.len()) {
                continue;
            }
            if let Some((begin, value)) = followed(day, &run) {
                let stratum = history.fortnight(day.day) * 2 + usize::from(begin >= 13 * HOUR);
                samples.push(Sample { stratum, here, value, day: day.day });
                lengths[usize::from(!here)].push(run.len() as f64 * 300_000.0);
            }
        }
    }
    let found = less(&samples, LEAST).filter(|found| found.lost >= LEAST_SHARE)?;
    let why = format!(
        "In the hour after {} stretches of two hours or more without a pause of five minutes, {} of your active time was focus; after {} \
         stretches of half an hour to an hour and a half it was {}.",
        found.n_here,
        percent(found.here),
        found.n_elsewhere,
        percent(found.elsewhere),
    );
    let after = Evidence {
        name: "focus_share_after",
        what: "Focus in the hour after, of active time",
        unit: Unit::Share,
        here: Some(found.here),
        elsewhere: Some(found.elsewhere),
        n_here: found.n_here,
        n_elsewhere: found.n_elsewhere,
        of: "stretches",
    };
    let length = Evidence {
        name: "stretch_ms",
        what: "Length of the stretches",
        unit: Unit::Ms,
        here: mean(&lengths[0]),
        elsewhere: mean(&lengths[1]),
        n_here: lengths[0].len(),
        n_elsewhere: lengths[1].len(),
        of: "stretches",
    };
    let (here, elsewhere) = ("after two hours".into(), "after shorter ones".into());
    let evidence = vec![after, length];
    Some(Advice { subject: Subject::Breaks, why, here, elsewhere, evidence, days: found.days, strength: found.strength })
}
