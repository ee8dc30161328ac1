//! A person's own advice, and what they say of it; and for those who run this, how often each kind was said to be not useful.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use super::me::Me;
use super::span::{DaySpan, day_text};
use crate::Error;
use crate::access::Request;
use crate::advice::{self, Advice, DAYS, Evidence, HIDDEN_MS, History, KINDS, LEAST_DAYS, Subject};
use crate::app::{App, Caller};
use crate::figures::head::Scope;
use crate::path::Id;

/// One word for all that is done with advice: who said what of it is nobody's to read in the audit log.
const WHAT: &str = "advice";

#[derive(Serialize)]
pub struct MyAdvice {
    scope: Scope,
    from: String,
    to: String,
    /// Workdays that counted, of those needed.
    days: usize,
    least_days: usize,
    advice: Vec<Piece>,
    hidden: Vec<Hidden>,
}

#[derive(Serialize)]
struct Piece {
    id: String,
    kind: &'static str,
    title: String,
    why: String,
    since: String,
    until: String,
    here: String,
    elsewhere: String,
    evidence: Vec<Evidence>,
}

#[derive(Serialize)]
struct Hidden {
    id: String,
    kind: &'static str,
    title: String,
    /// UTC milliseconds.
    until: i64,
}

#[derive(Serialize)]
pub struct Feedback {
    k: u32,
    kinds: Vec<KindFeedback>,
}

#[derive(Serialize)]
struct KindFeedback {
    kind: &'static str,
    /// Who has said of it that it is not useful, in steps of k.
    people: Option<u32>,
    suppressed: bool,
}

impl From<Advice> for Piece {
    fn from(advice: Advice) -> Piece {
        Piece {
            id: advice.subject.to_string(),
            kind: advice.subject.kind(),
            title: advice.subject.title(),
            why: advice.why,
            since: day_text(advice.days.0),
            until: day_text(advice.days.1),
            here: advice.here,
            elsewhere: advice.elsewhere,
            evidence: advice.evidence,
        }
    }
}

pub async fn mine(State(app): State<App>, caller: Caller) -> Result<Json<MyAdvice>, Error> {
    let me = Me::of(&app, &caller, WHAT)?;
    let person = caller.control.directory.person(me.id);
    let today = person.local_day(caller.now);
    let span = DaySpan { from: today - DAYS, to: today - 1 };
    let said = async { Ok(app.deps.writer.advice_feedback(me.id).await?) };
    let (windows, days, blocks, said) =
        tokio::try_join!(me.windows(span.times(me.zone())), me.rests(span), me.block_times(span), said)?;
    let history = History::new(person, caller.now, &windows, &days, &blocks);
    // What an earlier program gave may be no advice of this one.
    let said = said.into_iter().filter_map(|said| Some((Subject::parse(&said.id)?, said.at + HIDDEN_MS)));
    let hidden: Vec<(Subject, i64)> = said.filter(|(_, until)| *until > caller.now).collect();
    let subjects: Vec<Subject> = hidden.iter().map(|(subject, _)| *subject).collect();
    let shown = advice::shown(advice::find(&history), &subjects);
    app.advice.shown(me.id, shown.iter().map(|advice| advice.subject.kind()));
    let hide = |(subject, until): (Subject, i64)| Hidden {
        id: subject.to_string(),
        kind: subject.kind(),
        title: subject.title(),
        until,
    };
    Ok(Json(MyAdvice {
        scope: me.scope(),
        from: day_text(span.from),
        to: day_text(span.to),
        days: history.workdays().count(),
        least_days: LEAST_DAYS,
        advice: shown.into_iter().map(Piece::from).collect(),
        hidden: hidden.into_iter().map(hide).collect(),
    }))
}

pub async fn not_useful(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, Error> {
    let me = Me::of(&app, &caller, WHAT)?;
    let kind = known(&id)?.kind();
    app.deps.writer.put_advice_feedback(me.id, &id, kind, caller.now).await?;
    app.advice.not_useful(me.id, kind);
    Ok(StatusCode::NO_CONTENT)
}

pub async fn useful_after_all(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, Error> {
    let me = Me::of(&app, &caller, WHAT)?;
    let kind = known(&id)?.kind();
    app.deps.writer.delete_advice_feedback(me.id, &id).await?;
    app.advice.taken_back(me.id, kind);
    Ok(StatusCode::NO_CONTENT)
}

fn known(id: &str) -> Result<Subject, Error> {
    let unknown = || Error::NotFound("there is no advice of this id: /v1/me/advice has those there are".into());
    Subject::parse(id).ok_or_else(unknown)
}

pub async fn feedback(State(app): State<App>, caller: Caller) -> Result<Json<Feedback>, Error> {
    caller.may(Request::Org, "advice feedback")?;
    let counts = app.deps.writer.count_advice_feedback().await?;
    let k = app.config.k();
    let kind = |kind: &'static str| {
        let people = counts.iter().find(|(of, _)| of == kind).map_or(0, |(_, people)| *people);
        // In steps: who looked at their advice between two of these answers would else be found out.
        let people = (people >= k).then(|| people - people % k);
        KindFeedback { kind, people, suppressed: people.is_none() }
    };
    Ok(Json(Feedback { k, kinds: KINDS.into_iter().map(kind).collect() }))
}
