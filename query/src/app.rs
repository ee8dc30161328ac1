//! What handlers share, and who is asking.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use schemas::Directory;
use schemas::control::{Control, Role, Token};
use store::Reader;
use tokio::sync::Semaphore;

use crate::access::{self, Decision, Org, Request, Viewer, decide};
use crate::advice::Counted;
use crate::figures::FigureStore;
use crate::live::hub::Hub;
use crate::models::watch::Watched;
use crate::share::Shares;
use crate::{Config, Deps, Error};

pub type App = Arc<Inner>;

/// The tree of teams last made, of which directory, and for which time: until the next entry that is valid from a date.
struct Units {
    directory: Arc<Directory>,
    holds: std::ops::Range<i64>,
    org: Arc<Org>,
}

pub struct Inner {
    pub config: Config,
    pub deps: Deps,
    pub figures: Arc<FigureStore>,
    pub hub: Arc<Hub>,
    pub advice: Counted,
    pub sql_slots: Arc<Semaphore>,
    pub sql_shares: Arc<Shares>,
    org: Mutex<Option<Units>>,
    /// What each role's statements see, of the tree of teams it was made with.
    readers: Mutex<Vec<(Role, Arc<Org>, Reader)>>,
    pub log_end_at_start: tokio::sync::OnceCell<Arc<Vec<u64>>>,
    /// The live state is seeded and follows the log.
    pub live_runs: AtomicBool,
    /// How the models of burnout risk did when they were looked at last.
    pub watched: Mutex<Option<Arc<Watched>>>,
}

impl Inner {
    pub fn new(config: Config, deps: Deps, figures: Arc<FigureStore>, hub: Arc<Hub>) -> Inner {
        let sql_slots = Arc::new(Semaphore::new(config.sql_concurrency));
        let sql_shares = Shares::new(config.sql_concurrency_per_token);
        let advice = Counted::new(config.k());
        Inner {
            config,
            deps,
            figures,
            hub,
            advice,
            sql_slots,
            sql_shares,
            org: Mutex::new(None),
            readers: Mutex::default(),
            log_end_at_start: tokio::sync::OnceCell::new(),
            live_runs: AtomicBool::new(false),
            watched: Mutex::default(),
        }
    }

    pub fn now(&self) -> i64 {
        (self.deps.clock)()
    }

    pub fn control(&self) -> Arc<Control> {
        self.deps.control.borrow().clone()
    }

    /// The tree of teams of this snapshot.
    pub fn org(&self, control: &Control) -> Arc<Org> {
        let (now, directory) = (self.now(), &control.directory);
        let mut kept = self.org.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(units) = kept.as_ref().filter(|u| Arc::ptr_eq(&u.directory, directory) && u.holds.contains(&now)) {
            return units.org.clone();
        }
        let org = Arc::new(Org::new(directory, now));
        let starts = directory.people().flat_map(|(_, person)| person.entries()).map(|entry| entry.from);
        let until = starts.filter(|from| *from > now).min().unwrap_or(i64::MAX);
        *kept = Some(Units { directory: directory.clone(), holds: now..until, org: org.clone() });
        org
    }

    /// What the caller's statements see; made anew when the directory changes or an entry of it begins to hold.
    pub fn reader(&self, caller: &Caller) -> Result<Reader, Error> {
        let role = caller.viewer.role;
        {
            let readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
            let known = readers.iter().find(|(of, org, _)| *of == role && Arc::ptr_eq(org, &caller.org));
            if let Some((_, _, reader)) = known {
                return Ok(reader.clone());
            }
        }
        let reader = access::reader(role, &caller.control, &caller.org, caller.now, self.config.least())?;
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        readers.retain(|(of, _, _)| *of != role);
        readers.push((role, caller.org.clone(), reader.clone()));
        Ok(reader)
    }

    pub fn caller(&self, secret: &str) -> Result<Caller, Error> {
        let (now, control) = (self.now(), self.control());
        let token = control.tokens.authenticate(secret, now).cloned().ok_or(Error::BadToken)?;
        Ok(self.caller_of(&token, control, now))
    }

    fn caller_of(&self, token: &Token, control: Arc<Control>, now: i64) -> Caller {
        let org = self.org(&control);
        let viewer = Viewer::new(token, &control.directory, &org, now);
        Caller { viewer, control, org, now }
    }
}

/// The holder of a valid token, with the snapshot everything about this request is decided on.
#[derive(Clone)]
pub struct Caller {
    pub viewer: Viewer,
    pub control: Arc<Control>,
    pub org: Arc<Org>,
    pub now: i64,
}

impl Caller {
    /// The unit asked for, where there is one; and a line in the audit log, of refusals too.
    pub fn may(&self, request: Request<'_>, what: &str) -> Result<Option<usize>, Error> {
        let decided = self.decided(request);
        let allowed = decided.is_ok();
        self.audit(request, what, allowed);
        decided
    }

    /// As `may`, for what was allowed before: a line of refusals alone.
    pub fn may_again(&self, request: Request<'_>, what: &str) -> Result<(), Error> {
        self.decided(request).map(|_| ()).inspect_err(|_| self.audit(request, what, false))
    }

    fn decided(&self, request: Request<'_>) -> Result<Option<usize>, Error> {
        match decide(&self.viewer, request, &self.org) {
            Decision::Allow(unit) => Ok(unit),
            Decision::Forbid(reason) => Err(Error::Forbidden(reason.to_owned())),
            Decision::Unknown => Err(Error::NotFound("there is no such team in the directory".into())),
        }
    }

    pub fn audit(&self, request: Request<'_>, what: &str, allowed: bool) {
        let (token, role, person) = (&self.viewer.token, self.viewer.role, self.viewer.person.as_deref().unwrap_or_default());
        tracing::info!(target: "audit", %token, ?role, person, what, scope = ?request, allowed, "access");
    }

    /// The person the caller is, for their own pages.
    pub fn me(&self, what: &str) -> Result<&str, Error> {
        self.may(Request::Me, what)?;
        self.viewer.person.as_deref().ok_or_else(|| Error::Forbidden("this token speaks for no person".into()))
    }

    pub fn unit(&self, request: Request<'_>, what: &str) -> Result<usize, Error> {
        self.may(request, what)?.ok_or_else(|| Error::Internal("a team view without a team".into()))
    }

    pub fn is_admin(&self) -> bool {
        self.viewer.role == Role::Admin
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Caller, Error> {
        app.caller(bearer(&parts.headers).ok_or(Error::NoToken)?)
    }
}

/// The secret in the Authorization header.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}
