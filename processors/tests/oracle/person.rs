//! One person's rows: the whole history, cut into windows and local days.

use std::collections::{BTreeMap, BTreeSet};

use schemas::directory::{Person, date};
use serde_json::{Value, json};

use super::burnout::{Choose, Past};
use super::days::{local_days, working_time};
use super::events::{History, Message};
use super::focus::{Focus, Interruption, score};
use super::sessions::{Instance, instances};
use super::timeline::{Piece, Run, active_intervals, runs, spells, switches};
use super::{HOUR, MINUTE, Row, Span, Tables, WINDOW, contains, covered, rounded_ratio, union};

/// Everything known of a person, before it is cut.
struct Life<'a> {
    user: &'a str,
    person: &'a Person,
    messages: &'a [Message],
    active: Vec<Piece>,
    switches: Vec<i64>,
    runs: Vec<Run>,
    focus_sessions: Vec<Instance>,
    meeting_time: Vec<Span>,
    /// The union of focus sessions and runs.
    focus_time: Vec<Span>,
    interruptions: Vec<Interruption>,
    self_made: Vec<i64>,
}

pub fn tables(user: &str, person: &Person, history: &History, choose: Choose<'_>) -> Tables {
    let life = Life::of(user, person, history);
    let mut tables = Tables::new();
    for i in &life.interruptions {
        tables.entry("interruptions").or_default().insert(format!("{user}|{}", i.message.id), life.interruption_row(i));
    }
    for block in life.runs.iter().filter(|r| r.is_block()) {
        tables.entry("focus_blocks").or_default().insert(format!("{user}|{}", block.start), life.block_row(block));
    }
    for window in life.windows() {
        tables.entry("user_5m").or_default().insert(format!("{user}|{window}"), life.window_row(window));
    }
    let days = life.day_rows();
    for (day, row) in life.risk_rows(&days, &history.moods, choose) {
        tables.entry("burnout_risk").or_default().insert(format!("{user}|{}", date(day)), row);
    }
    for (day, row) in days {
        tables.entry("user_daily").or_default().insert(format!("{user}|{}", date(day)), row);
    }
    tables
}

impl<'a> Life<'a> {
    fn of(user: &'a str, person: &'a Person, history: &'a History) -> Life<'a> {
        let active = active_intervals(&history.activity);
        let spells = spells(&active);
        let focus_intervals: Vec<Span> = active.iter().filter(|i| i.is_focus()).map(Piece::span).collect();
        let runs = runs(&focus_intervals);
        let (focus_sessions, others): (Vec<Instance>, Vec<Instance>) =
            instances(&history.phases).into_iter().partition(Instance::is_focus);
        let session_time = union(&focus_sessions.iter().flat_map(|s| s.parts.clone()).collect::<Vec<_>>());
        let meetings = others.iter().filter(|s| s.is_meeting()).flat_map(|s| s.parts.clone());
        let meeting_intervals = active.iter().filter(|i| i.category == "meeting").map(Piece::span);
        let run_time = runs.iter().map(|r| (r.start, r.end));
        let focus = Focus {
            intervals: focus_intervals,
            communication: spells.iter().filter(|s| s.category == "communication").cloned().collect(),
            sessions: session_time.clone(),
        };
        Life {
            user,
            person,
            messages: &history.messages,
            switches: switches(&spells),
            meeting_time: union(&meetings.chain(meeting_intervals).collect::<Vec<_>>()),
            focus_time: union(&session_time.iter().copied().chain(run_time).collect::<Vec<_>>()),
            interruptions: focus.interruptions(&history.messages),
            self_made: focus.self_made(&history.messages),
            active,
            runs,
            focus_sessions,
        }
    }

    fn active_spans(&self, keep: impl Fn(&Piece) -> bool) -> Vec<Span> {
        self.active.iter().filter(|i| keep(i)).map(Piece::span).collect()
    }

    /// Every instant that makes a row: a millisecond of activity, a message, the start of a focus session.
    fn windows(&self) -> BTreeSet<i64> {
        let window = |t: i64| t.div_euclid(WINDOW);
        let active = self.active.iter().flat_map(|i| window(i.start)..=window(i.end - 1));
        let messages = self.messages.iter().map(|m| window(m.ts));
        let sessions = self.focus_sessions.iter().map(|s| window(s.start));
        active.chain(messages).chain(sessions).map(|w| w * WINDOW).collect()
    }

    /// The columns that windows and days have in common, over the pieces of one of them.
    fn figures(&self, within: &[Span]) -> Row {
        let here = |t: &i64| contains(within, *t);
        let interruptions: Vec<&Interruption> = self.interruptions.iter().filter(|i| here(&i.message.ts)).collect();
        let load: f64 = interruptions.iter().map(|i| i.load).sum();
        row(json!({
            "active_ms": covered(&self.active_spans(|_| true), within),
            "focus_ms": covered(&self.active_spans(Piece::is_focus), within),
            "comm_ms": covered(&self.active_spans(|i| i.category == "communication"), within),
            "meeting_ms": covered(&self.meeting_time, within),
            "switches": self.switches.iter().filter(|t| here(t)).count(),
            "messages_received": self.messages.iter().filter(|m| m.received && here(&m.ts)).count(),
            "interruptions": interruptions.len(),
            "self_interruptions": self.self_made.iter().filter(|t| here(t)).count(),
            "load": load,
            "interruption_score": score(load, covered(&self.focus_time, within)),
        }))
    }

    fn window_row(&self, window: i64) -> Row {
        let mut row = self.figures(&[(window, window + WINDOW)]);
        row.insert("window_start".into(), json!(window));
        self.finish(row, window)
    }

    fn interruption_row(&self, i: &Interruption) -> Row {
        let m = &i.message;
        let columns = json!({
            "message_id": m.id, "ts": m.ts, "channel": m.channel, "kind": m.kind,
            "in_focus_by": i.by, "attended": i.attended, "lag_ms": i.lag, "load": i.load,
        });
        self.finish(row(columns), m.ts)
    }

    fn block_row(&self, block: &Run) -> Row {
        let inside = self.interruptions.iter().filter(|i| contains(&[(block.start, block.end)], i.message.ts)).count();
        let columns = json!({
            "start_ts": block.start, "end_ts": block.end, "focus_ms": block.focus,
            "deep": block.is_deep(), "interruptions": inside,
        });
        self.finish(row(columns), block.start)
    }

    fn finish(&self, mut row: Row, as_of: i64) -> Row {
        row.insert("user_id".into(), json!(self.user));
        row.insert("team_id".into(), json!(self.person.team_at(as_of)));
        row.insert("definition".into(), json!(1));
        row.insert("final".into(), json!(true));
        row
    }

    /// A span that holds everything there is, with a day to spare on both sides.
    fn extent(&self) -> Option<Span> {
        let mut instants: Vec<i64> = self.messages.iter().map(|m| m.ts).collect();
        instants.extend(self.active.iter().flat_map(|i| [i.start, i.end]));
        instants.extend(self.focus_sessions.iter().map(|s| s.start));
        instants.extend(self.focus_time.iter().chain(&self.meeting_time).flat_map(|s| [s.0, s.1]));
        Some((instants.iter().min()? - 24 * HOUR, instants.iter().max()? + 24 * HOUR))
    }

    fn day_rows(&self) -> BTreeMap<i32, Row> {
        let Some((from, to)) = self.extent() else { return BTreeMap::new() };
        let days = local_days(self.person, from, to);
        let (first, last) = (*days.keys().min().unwrap_or(&0), *days.keys().max().unwrap_or(&0));
        let working = working_time(self.person, first - 2, last + 2);
        let mut rows: BTreeMap<i32, Row> = BTreeMap::new();
        for (day, pieces) in &days {
            let exists = covered(&self.active_spans(|_| true), pieces) > 0
                || self.messages.iter().any(|m| contains(pieces, m.ts))
                || self.focus_sessions.iter().any(|s| contains(pieces, s.start));
            if exists {
                rows.insert(*day, self.day_row(pieces, &working));
            }
        }
        // What looks back at earlier days.
        for day in rows.keys().copied().collect::<Vec<_>>() {
            let rest =
                rows.get(&(day - 1)).and_then(|before| Some(int(&rows[&day]["first_active"])? - int(&before["last_active"])?));
            let streak = self.streak(&rows, days.keys().copied().filter(|d| *d <= day));
            if let Some(row) = rows.get_mut(&day) {
                row.insert("rest_ms".into(), json!(rest));
                row.insert("streak_days".into(), json!(streak));
                row.insert("day".into(), json!(date(day).to_string()));
                *row = self.finish(row.clone(), self.person.day_start(day));
            }
        }
        rows
    }

    fn risk_rows(&self, days: &BTreeMap<i32, Row>, moods: &[(i64, f64)], choose: Choose<'_>) -> BTreeMap<i32, Row> {
        let mut by_day: BTreeMap<i32, Vec<f64>> = BTreeMap::new();
        for (ts, mood) in moods {
            by_day.entry(self.person.local_day(*ts)).or_default().push(*mood);
        }
        let past = Past { person: self.person, days, moods: by_day };
        let risk = |day: &i32| {
            let mut row = past.risk(*day, choose(self.user, *day));
            row.insert("day".into(), json!(date(*day).to_string()));
            (*day, self.finish(row, self.person.day_start(*day)))
        };
        days.keys().map(risk).collect()
    }

    fn day_row(&self, pieces: &[Span], working: &[Span]) -> Row {
        let mut day = self.figures(pieces);
        let runs: Vec<&Run> = self.runs.iter().filter(|r| contains(pieces, r.start)).collect();
        let blocks: Vec<&Run> = runs.iter().copied().filter(|r| r.is_block()).collect();
        let deep: Vec<&Run> = blocks.iter().copied().filter(|r| r.is_deep()).collect();
        let total: i64 = runs.iter().map(|r| r.len()).sum();
        let squares: i64 = runs.iter().map(|r| r.len() * r.len()).sum();
        let stretch = if total == 0 { 0 } else { rounded_ratio(squares, total) };

        let sessions: Vec<&Instance> = self.focus_sessions.iter().filter(|s| contains(pieces, s.start)).collect();
        let completed = sessions.iter().filter(|s| s.completed).count();
        let sent: Vec<&Message> = self.messages.iter().filter(|m| !m.received && contains(pieces, m.ts)).collect();

        let active: Vec<Span> = self.active_spans(|_| true);
        let here: Vec<Span> =
            active.iter().flat_map(|a| pieces.iter().map(|p| (a.0.max(p.0), a.1.min(p.1)))).filter(|s| s.0 < s.1).collect();
        let first_active = here.iter().map(|s| s.0).min();
        let last_active = here.iter().map(|s| s.1).max();
        let active_ms = covered(&active, pieces);
        let in_hours: i64 = here.iter().map(|s| covered(&[*s], working)).sum();
        let focus_score = (active_ms >= 30 * MINUTE).then(|| {
            let focus_ms = day["focus_ms"].as_f64().unwrap_or(0.0);
            let interruption = day["interruption_score"].as_f64().unwrap_or(0.0);
            let kept = if sessions.is_empty() { 1.0 } else { completed as f64 / sessions.len() as f64 };
            100.0
                * (0.4 * (focus_ms / (4 * HOUR) as f64).min(1.0)
                    + 0.3 * (stretch as f64 / (45 * MINUTE) as f64).min(1.0)
                    + 0.2 * (1.0 - interruption / 100.0)
                    + 0.1 * kept)
        });
        let more = json!({
            "blocks": blocks.len(),
            "deep_blocks": deep.len(),
            "block_ms": blocks.iter().map(|r| r.focus).sum::<i64>(),
            "deep_ms": deep.iter().map(|r| r.focus).sum::<i64>(),
            "longest_block_ms": blocks.iter().map(|r| r.len()).max().unwrap_or(0),
            "stretch_ms": stretch,
            "sessions": sessions.len(),
            "sessions_completed": completed,
            "session_ms": sessions.iter().map(|s| s.time()).sum::<i64>(),
            "messages_sent": sent.len(),
            "sent_after_hours": sent.iter().filter(|m| !contains(working, m.ts)).count(),
            "response_ms": self.response(pieces),
            "focus_score": focus_score,
            "first_active": first_active,
            "last_active": last_active,
            "span_ms": first_active.zip(last_active).map_or(0, |(first, last)| last - first),
            "after_hours_ms": active_ms - in_hours,
        });
        day.extend(row(more));
        day
    }

    /// Median of the times to the first message sent to the peer, over the dms and mentions received in the day.
    fn response(&self, pieces: &[Span]) -> Option<i64> {
        let asked =
            self.messages.iter().filter(|m| m.received && (m.kind == "dm" || m.kind == "mention") && contains(pieces, m.ts));
        let mut times: Vec<i64> = asked
            .filter_map(|m| {
                let peer = m.peer.as_ref()?;
                let answers = self.messages.iter().filter(|a| !a.received && a.peer.as_ref() == Some(peer) && a.ts > m.ts);
                let time = answers.map(|a| a.ts - m.ts).min()?;
                (time <= 8 * HOUR).then_some(time)
            })
            .collect();
        times.sort();
        match times.len() {
            0 => None,
            n if n % 2 == 1 => Some(times[n / 2]),
            n => Some(rounded_ratio(times[n / 2 - 1] + times[n / 2], 2)),
        }
    }

    /// Workdays in a row, up to this day, with at least two hours in blocks; days off are passed over.
    fn streak(&self, rows: &BTreeMap<i32, Row>, days: impl DoubleEndedIterator<Item = i32>) -> i64 {
        let mut streak = 0;
        for d in days.rev().filter(|d| self.person.is_workday(*d)) {
            let block_ms = rows.get(&d).and_then(|row| int(&row["block_ms"])).unwrap_or(0);
            if block_ms < 2 * HOUR {
                break;
            }
            streak += 1;
        }
        streak
    }
}

fn row(columns: Value) -> Row {
    match columns {
        Value::Object(row) => row,
        other => panic!("not a row: {other}"),
    }
}

fn int(value: &Value) -> Option<i64> {
    value.as_i64()
}

#[cfg(test)]
mod tests {
    use schemas::directory::Document;
    use serde_json::{Value, json};

    use super::super::{Tables, compute};

    fn activity(id: usize, ts: String, minutes: i64, category: &str) -> Value {
        json!({"id": format!("a{id}"), "type": "activity", "user": "p", "ts": ts, "app": category, "category": category,
            "duration_ms": minutes * 60_000})
    }

    fn tables(directory: Value, events: Vec<Value>) -> Tables {
        compute(&serde_json::from_value::<Document>(directory).unwrap(), &events)
    }

    /// A day of coding from nine, in whole minutes, in UTC.
    fn coding(id: usize, date: &str, minutes: i64) -> Value {
        activity(id, format!("{date}T09:00:00Z"), minutes, "coding")
    }

    #[test]
    fn a_day_of_three_runs() {
        let events = vec![
            activity(1, "2026-03-02T09:00:00Z".into(), 60, "coding"),
            activity(2, "2026-03-02T10:10:00Z".into(), 30, "writing"),
            activity(3, "2026-03-02T11:00:00Z".into(), 10, "data"),
        ];
        let tables = tables(json!({}), events);
        let day = &tables["user_daily"]["p|2026-03-02"];
        // (3600 + 900 + 100) / 100 = 46 minutes; a score of 40 * 100/240 + 30 + 20 + 10.
        for (column, minutes) in
            [("stretch_ms", 46), ("block_ms", 90), ("deep_ms", 60), ("longest_block_ms", 60), ("span_ms", 130)]
        {
            assert_eq!(day[column], json!(minutes * 60_000), "{column}");
        }
        assert_eq!((&day["blocks"], &day["deep_blocks"], &day["streak_days"]), (&json!(2), &json!(1), &json!(0)));
        assert!((day["focus_score"].as_f64().unwrap() - (40.0 * 100.0 / 240.0 + 60.0)).abs() < 1e-9);
        assert_eq!(tables["user_5m"].len(), 20);
        assert_eq!(tables["focus_blocks"].len(), 2);
    }

    #[test]
    fn a_streak_passes_over_the_weekend_and_breaks_on_a_workday() {
        // Thursday, Friday, Saturday (short), Monday, Wednesday.
        let days = [("2026-03-05", 120), ("2026-03-06", 130), ("2026-03-07", 10), ("2026-03-09", 120), ("2026-03-11", 121)];
        let events = days.iter().enumerate().map(|(i, (date, minutes))| coding(i, date, *minutes)).collect();
        let tables = tables(json!({}), events);
        let streaks: Vec<&Value> = tables["user_daily"].values().map(|row| &row["streak_days"]).collect();
        assert_eq!(streaks, [&json!(1), &json!(2), &json!(2), &json!(3), &json!(1)]);
        assert_eq!(tables["user_daily"]["p|2026-03-07"]["focus_score"], Value::Null);
    }

    #[test]
    fn rest_and_after_hours() {
        let people = json!({"people": [{"id": "p", "working_hours": {"start": "09:30", "end": "10:00", "days": ["mon"]}}]});
        let events = vec![coding(1, "2026-03-02", 90), coding(2, "2026-03-03", 60), coding(3, "2026-03-05", 60)];
        let tables = tables(people, events);
        let day = |date: &str| &tables["user_daily"][&format!("p|{date}")];
        assert_eq!(day("2026-03-02")["after_hours_ms"], json!(60 * 60_000));
        assert_eq!(day("2026-03-03")["after_hours_ms"], json!(60 * 60_000));
        assert_eq!(day("2026-03-02")["rest_ms"], Value::Null);
        assert_eq!(day("2026-03-03")["rest_ms"], json!((24 * 60 - 90) * 60_000));
        assert_eq!(day("2026-03-05")["rest_ms"], Value::Null);
    }

    #[test]
    fn response_is_the_median_over_answered_messages_within_eight_hours() {
        let message = |id: &str, clock: &str, direction: &str, kind: &str, peer: &str| {
            json!({"id": id, "type": "message", "user": "p", "ts": format!("2026-03-02T{clock}Z"), "channel": "slack",
                "kind": kind, "direction": direction, "peer": peer})
        };
        let events = vec![
            message("1", "09:00:00", "received", "dm", "x"),
            message("2", "09:00:01", "received", "mention", "y"),
            message("3", "09:00:02", "received", "channel", "x"),
            message("4", "09:10:00", "sent", "channel", "x"),
            message("5", "09:30:01", "sent", "dm", "y"),
            message("6", "09:40:00", "received", "dm", "z"),
            message("7", "17:40:00.001", "sent", "dm", "z"),
        ];
        let tables = tables(json!({}), events);
        let day = &tables["user_daily"]["p|2026-03-02"];
        assert_eq!(day["response_ms"], json!(20 * 60_000));
        assert_eq!(
            (&day["messages_received"], &day["messages_sent"], &day["sent_after_hours"]),
            (&json!(4), &json!(3), &json!(1))
        );
        assert_eq!((&day["first_active"], &day["focus_score"], &day["active_ms"]), (&Value::Null, &Value::Null, &json!(0)));
    }
}
