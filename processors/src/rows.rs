//! Figures to rows of the tables, and rows to the prints by which a change is told.

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use schemas::Table;
use schemas::directory::Person;
use schemas::risk::{BASELINE, Model};
use schemas::rows::{
    ACTIVITY_EVENTS, ActivityEventColumns, BURNOUT_RISK, BurnoutRisk, BurnoutRiskColumns, FOCUS_BLOCKS, FocusBlock,
    FocusBlockColumns, INTERRUPTIONS, Interruption, InterruptionColumns, MESSAGE_EVENTS, MessageEventColumns, SESSION_EVENTS,
    SessionEventColumns, USER_5M, USER_DAILY, User5m, User5mColumns, UserDaily, UserDailyColumns,
};

use crate::operators;
use crate::operators::day::{Block, Daily, Window};
use crate::operators::risk::Risk;
use crate::state::emitted::Print;
use crate::state::hash::Mix;

/// Rows of one commit.
#[derive(Default)]
pub struct Tables {
    pub activities: ActivityEventColumns,
    pub messages: MessageEventColumns,
    pub sessions: SessionEventColumns,
    pub interruptions: InterruptionColumns,
    pub blocks: FocusBlockColumns,
    pub windows: User5mColumns,
    pub days: UserDailyColumns,
    pub risks: BurnoutRiskColumns,
}

impl Tables {
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn len(&self) -> usize {
        self.activities.len()
            + self.messages.len()
            + self.sessions.len()
            + self.interruptions.len()
            + self.blocks.len()
            + self.windows.len()
            + self.days.len()
            + self.risks.len()
    }

    pub fn finish(&mut self) -> Result<Vec<(&'static Table, RecordBatch)>, ArrowError> {
        let mut batches = Vec::new();
        macro_rules! take {
            ($($columns:ident: $table:ident),+) => {$(
                if !self.$columns.is_empty() {
                    batches.push((&$table, self.$columns.finish()?));
                }
            )+};
        }
        take!(
            activities: ACTIVITY_EVENTS, messages: MESSAGE_EVENTS, sessions: SESSION_EVENTS, interruptions: INTERRUPTIONS,
            blocks: FOCUS_BLOCKS, windows: USER_5M, days: USER_DAILY, risks: BURNOUT_RISK
        );
        Ok(batches)
    }
}

/// What all rows of one person's commit share.
pub struct RowContext<'a> {
    pub user: &'a str,
    pub person: &'a Person,
    pub definition: i64,
    pub version: u64,
}

impl<'a> RowContext<'a> {
    pub fn window(&self, w: &Window, final_: bool) -> User5m<'a> {
        User5m {
            user_id: self.user,
            window_start: w.start,
            team_id: self.person.team_at(w.start),
            active_ms: w.active_ms,
            focus_ms: w.focus_ms,
            comm_ms: w.comm_ms,
            meeting_ms: w.meeting_ms,
            switches: w.switches,
            messages_received: w.messages_received,
            interruptions: w.interruptions,
            self_interruptions: w.self_interruptions,
            load: w.load,
            interruption_score: w.interruption_score,
            definition: self.definition,
            final_,
            version: self.version,
            deleted: false,
        }
    }

    pub fn no_window(&self, start: i64) -> User5m<'a> {
        User5m { deleted: true, ..self.window(&Window { start, ..Window::default() }, true) }
    }

    pub fn block(&self, b: &Block, final_: bool) -> FocusBlock<'a> {
        FocusBlock {
            user_id: self.user,
            start_ts: b.span.start,
            team_id: self.person.team_at(b.span.start),
            end_ts: b.span.end,
            focus_ms: b.focus_ms,
            deep: b.deep,
            interruptions: b.interruptions,
            definition: self.definition,
            final_,
            version: self.version,
            deleted: false,
        }
    }

    /// `first` is the first instant of the day, which decides the team.
    pub fn day(&self, day: i32, first: i64, d: &Daily, streak: i32, rest_ms: Option<i64>, final_: bool) -> UserDaily<'a> {
        UserDaily {
            user_id: self.user,
            day,
            team_id: self.person.team_at(first),
            active_ms: d.active_ms,
            focus_ms: d.focus_ms,
            comm_ms: d.comm_ms,
            meeting_ms: d.meeting_ms,
            switches: d.switches,
            blocks: d.blocks,
            deep_blocks: d.deep_blocks,
            block_ms: d.block_ms,
            deep_ms: d.deep_ms,
            longest_block_ms: d.longest_block_ms,
            stretch_ms: d.stretch_ms,
            sessions: d.sessions,
            sessions_completed: d.sessions_completed,
            session_ms: d.session_ms,
            messages_received: d.messages_received,
            messages_sent: d.messages_sent,
            sent_after_hours: d.sent_after_hours,
            response_ms: d.response_ms,
            interruptions: d.interruptions,
            self_interruptions: d.self_interruptions,
            load: d.load,
            interruption_score: d.interruption_score,
            focus_score: d.focus_score,
            streak_days: i64::from(streak),
            first_active: d.first_active,
            last_active: d.last_active,
            span_ms: d.span_ms(),
            after_hours_ms: d.after_hours_ms,
            rest_ms,
            definition: self.definition,
            final_,
            version: self.version,
            deleted: false,
        }
    }

    pub fn no_day(&self, day: i32, first: i64) -> UserDaily<'a> {
        UserDaily { deleted: true, ..self.day(day, first, &Daily::default(), 0, None, true) }
    }

    /// `first` is the first instant of the day, which decides the team.
    pub fn risk(&self, day: i32, first: i64, model: &'a Model, found: Risk, final_: bool) -> BurnoutRisk<'a> {
        BurnoutRisk {
            user_id: self.user,
            day,
            team_id: self.person.team_at(first),
            risk: found.risk.map(|[risk, ..]| risk),
            risk_low: found.risk.map(|[_, low, _]| low),
            risk_high: found.risk.map(|[.., high]| high),
            level: found.level(),
            status: found.status(),
            model: &model.name,
            active_days: found.active_days,
            features: found.factors,
            definition: self.definition,
            final_,
            version: self.version,
            deleted: false,
        }
    }

    pub fn no_risk(&self, day: i32, first: i64) -> BurnoutRisk<'a> {
        let none = Risk { active_days: 0, risk: None, factors: Vec::new() };
        BurnoutRisk { deleted: true, ..self.risk(day, first, &BASELINE, none, true) }
    }

    pub fn no_block(&self, start: i64) -> FocusBlock<'a> {
        let none = Block { span: operators::Span::new(start, start), focus_ms: 0, deep: false, interruptions: 0 };
        FocusBlock { deleted: true, ..self.block(&none, true) }
    }

    /// Without the message's id, which the caller writes when the row is needed.
    pub fn interruption(&self, found: &operators::Interruption, channel: &'a str, final_: bool) -> Interruption<'a> {
        Interruption {
            channel,
            kind: found.kind.as_str(),
            in_focus_by: found.by.as_str(),
            attended: found.lag_ms.is_some(),
            lag_ms: found.lag_ms.unwrap_or(0),
            load: found.load,
            final_,
            deleted: false,
            ..self.no_interruption("", found.ts)
        }
    }

    pub fn no_interruption(&self, message_id: &'a str, ts: i64) -> Interruption<'a> {
        Interruption {
            user_id: self.user,
            message_id,
            team_id: self.person.team_at(ts),
            ts,
            channel: "",
            kind: "",
            in_focus_by: "",
            attended: false,
            lag_ms: 0,
            load: 0.0,
            definition: self.definition,
            final_: true,
            version: self.version,
            deleted: true,
        }
    }
}

pub fn print_window(r: &User5m<'_>) -> Print {
    let mix = Mix::new().option_text(r.team_id).int(r.active_ms).int(r.focus_ms).int(r.comm_ms).int(r.meeting_ms).int(r.switches);
    let mix = mix.int(r.messages_received).int(r.interruptions).int(r.self_interruptions).score(r.load);
    Print::new(mix.score(r.interruption_score).int(r.definition).finish(), r.final_)
}

pub fn print_interruption(r: &Interruption<'_>) -> Print {
    let mix = Mix::new().option_text(r.team_id).int(r.ts).text(r.channel).text(r.kind).text(r.in_focus_by).flag(r.attended);
    Print::new(mix.int(r.lag_ms).score(r.load).int(r.definition).finish(), r.final_)
}

pub fn print_block(r: &FocusBlock<'_>) -> Print {
    let mix = Mix::new().option_text(r.team_id).int(r.end_ts).int(r.focus_ms).flag(r.deep).int(r.interruptions);
    Print::new(mix.int(r.definition).finish(), r.final_)
}

pub fn print_day(r: &UserDaily<'_>) -> Print {
    let mut mix = Mix::new().option_text(r.team_id);
    for value in [
        r.active_ms,
        r.focus_ms,
        r.comm_ms,
        r.meeting_ms,
        r.switches,
        r.blocks,
        r.deep_blocks,
        r.block_ms,
        r.deep_ms,
        r.longest_block_ms,
        r.stretch_ms,
        r.sessions,
        r.sessions_completed,
        r.session_ms,
        r.messages_received,
        r.messages_sent,
        r.sent_after_hours,
        r.interruptions,
        r.self_interruptions,
        r.streak_days,
        r.span_ms,
        r.after_hours_ms,
        r.definition,
    ] {
        mix = mix.int(value);
    }
    for value in [r.response_ms, r.first_active, r.last_active, r.rest_ms, r.focus_score.map(|s| s.to_bits() as i64)] {
        mix = mix.option(value);
    }
    Print::new(mix.score(r.load).score(r.interruption_score).finish(), r.final_)
}
