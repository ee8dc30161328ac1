//! Control data in memory: for tests, and for tools that bring their own directory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use schemas::Directory;
use schemas::control::{Control, Settings, Token, Tokens};
use schemas::directory::Document;
use schemas::pseudonym::Key;
use schemas::risk::{Card, Turn};
use tokio::sync::watch;

use super::token::random;
use super::{AdviceFeedback, ControlStore, MAX_ADVICE_FEEDBACK, NewToken, PersonChanges, Secret};
use crate::Error;

pub struct MemoryControl {
    snapshot: watch::Sender<Arc<Control>>,
    /// By person and id: the kind, and when it was said.
    feedback: Mutex<BTreeMap<(String, String), (String, i64)>>,
}

impl MemoryControl {
    pub fn new() -> MemoryControl {
        // Without random numbers there are no pseudonyms, and nothing that needs them is shown.
        let pseudonyms = random().map(Key::new).ok();
        let snapshot = watch::Sender::new(Arc::new(Control { pseudonyms, ..Control::default() }));
        MemoryControl { snapshot, feedback: Mutex::default() }
    }

    fn feedback(&self) -> MutexGuard<'_, BTreeMap<(String, String), (String, i64)>> {
        self.feedback.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change_directory(&self, make: impl FnOnce(&Document) -> Result<Document, Error>) -> Result<u64, Error> {
        self.change(|current| {
            let next = with_directory(current, make(current.directory.document())?)?;
            if let Some(next) = &next {
                let left = |person: &str| current.directory.knows(person) && !next.directory.knows(person);
                self.feedback().retain(|(person, _), _| !left(person));
            }
            Ok(next)
        })
    }

    /// Changes are made under the channel's own lock, so that they follow one another; None changes nothing.
    fn change(&self, make: impl FnOnce(&Control) -> Result<Option<Control>, Error>) -> Result<u64, Error> {
        let mut result = Ok(());
        self.snapshot.send_if_modified(|current| match make(current) {
            Ok(Some(next)) => {
                *current = Arc::new(Control { version: current.version + 1, ..next });
                true
            }
            Ok(None) => false,
            Err(error) => {
                result = Err(error);
                false
            }
        });
        result.map(|()| self.snapshot.borrow().version)
    }
}

impl Default for MemoryControl {
    fn default() -> Self {
        MemoryControl::new()
    }
}

/// `current` with another directory, or None when it has that one already.
fn with_directory(current: &Control, document: Document) -> Result<Option<Control>, Error> {
    if *current.directory.document() == document {
        return Ok(None);
    }
    let directory = Directory::new(document).map_err(|e| Error::Invalid(e.to_string()))?;
    Ok(Some(Control { directory: Arc::new(directory), ..current.clone() }))
}

#[async_trait]
impl ControlStore for MemoryControl {
    fn watch(&self) -> watch::Receiver<Arc<Control>> {
        self.snapshot.subscribe()
    }

    async fn put_directory(&self, document: Document) -> Result<u64, Error> {
        self.change_directory(|_| Ok(document))
    }

    async fn patch_person(&self, id: &str, changes: PersonChanges) -> Result<u64, Error> {
        self.change_directory(|document| changes.apply(id, document))
    }

    async fn create_token(&self, token: NewToken) -> Result<(Token, Secret), Error> {
        let (token, secret) = token.mint()?;
        self.change(|current| {
            if current.tokens.iter().any(|t| t.hash == token.hash) {
                return Err(Error::Invalid("secret: another token has this one already".into()));
            }
            let tokens = Tokens::new(current.tokens.iter().cloned().chain([token.clone()]));
            Ok(Some(Control { tokens, ..current.clone() }))
        })?;
        Ok((token, secret))
    }

    async fn revoke_token(&self, id: &str) -> Result<u64, Error> {
        self.change(|current| {
            if !current.tokens.iter().any(|t| t.id == id) {
                return Err(Error::NotFound(format!("there is no token {id:?}")));
            }
            let tokens = Tokens::new(current.tokens.iter().filter(|t| t.id != id).cloned());
            Ok(Some(Control { tokens, ..current.clone() }))
        })
    }

    async fn put_settings(&self, settings: Settings) -> Result<u64, Error> {
        self.change(|current| Ok((current.settings != settings).then(|| Control { settings, ..current.clone() })))
    }

    async fn add_model(&self, card: Card, now_ms: i64) -> Result<u64, Error> {
        self.change(|current| {
            let models = current.models.with_card(&card, now_ms).map_err(Error::Invalid)?;
            Ok(models.map(|models| Control { models: Arc::new(models), ..current.clone() }))
        })
    }

    async fn take_turn(&self, turn: Turn, seen: usize) -> Result<u64, Error> {
        self.change(|current| {
            let models = current.models.with_turn(turn, seen).map_err(Error::Invalid)?;
            Ok(Some(Control { models: Arc::new(models), ..current.clone() }))
        })
    }

    async fn advice_feedback(&self, person: &str) -> Result<Vec<AdviceFeedback>, Error> {
        let all = self.feedback();
        let own = all.iter().filter(|((of, _), _)| of == person);
        let mut own: Vec<_> = own.map(|((_, id), (_, at))| AdviceFeedback { id: id.clone(), at: *at }).collect();
        own.sort_by(|a, b| (b.at, &a.id).cmp(&(a.at, &b.id)));
        Ok(own)
    }

    async fn put_advice_feedback(&self, person: &str, id: &str, kind: &str, at: i64) -> Result<(), Error> {
        self.feedback().insert((person.into(), id.into()), (kind.into(), at));
        for oldest in self.advice_feedback(person).await?.into_iter().skip(MAX_ADVICE_FEEDBACK) {
            self.feedback().remove(&(person.into(), oldest.id));
        }
        Ok(())
    }

    async fn delete_advice_feedback(&self, person: &str, id: &str) -> Result<(), Error> {
        self.feedback().remove(&(person.into(), id.into()));
        Ok(())
    }

    async fn count_advice_feedback(&self) -> Result<Vec<(String, u32)>, Error> {
        let mut people: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for ((person, _), (kind, _)) in self.feedback().iter() {
            people.entry(kind.clone()).or_default().insert(person.clone());
        }
        Ok(people.into_iter().map(|(kind, people)| (kind, people.len() as u32)).collect())
    }
}
