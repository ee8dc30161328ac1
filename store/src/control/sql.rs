//! Control data in a database, the same text for each engine: SQLite in a file for one machine, PostgreSQL for several. Each
//! process sees the others' changes within a second by polling the version, and changes wait for one another.

mod feedback;
mod models;
pub(super) mod rows;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use schemas::Directory;
use schemas::control::{Control, Settings, Token};
use schemas::directory::Document;
use schemas::pseudonym::Key;
use schemas::risk::{Card, Turn};
use sqlx::{Any, AnyPool, Transaction};
use tokio::sync::{Mutex, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::token::random;
use super::{AdviceFeedback, ControlStore, NewToken, PersonChanges, Secret};
use crate::{Error, metrics as names};

/// Each file is idempotent; its number is recorded after it ran, in the same transaction.
const MIGRATIONS: &[(i64, &str)] = &[
    (1, include_str!("migrations/001_initial.sql")),
    (2, include_str!("migrations/002_models.sql")),
    (3, include_str!("migrations/003_advice.sql")),
];
const POLL: Duration = Duration::from_secs(1);

/// Where the engines differ.
#[derive(Clone, Copy)]
pub(super) struct Engine {
    /// Begins a change, which must find what it read still holding when it writes.
    pub change: &'static str,
    /// What keeps other changes out until the end of this one, where beginning it does not.
    pub lock: Option<&'static str>,
    /// Begins a reading of several tables as of one moment.
    pub read: &'static str,
}

pub struct SqlControl {
    inner: Arc<Inner>,
    _polling: DropGuard,
}

struct Inner {
    pool: AnyPool,
    engine: Engine,
    snapshot: watch::Sender<Arc<Control>>,
    /// The version of the directory in the snapshot. Held across a change and its refresh, so that snapshots go forward.
    directory_version: Mutex<i64>,
}

/// What a change touched, and so what its version is written to.
#[derive(Clone, Copy, PartialEq)]
enum Touched {
    Directory,
    Rest,
}

impl SqlControl {
    /// Brings the tables up to date and loads the first snapshot.
    pub(super) async fn start(pool: AnyPool, engine: Engine) -> Result<SqlControl, Error> {
        migrate(&pool, engine).await?;
        let pseudonyms = Some(pseudonym_key(&pool, engine).await?);
        let snapshot = watch::Sender::new(Arc::new(Control { pseudonyms, ..Control::default() }));
        let inner = Arc::new(Inner { pool, engine, snapshot, directory_version: Mutex::new(0) });
        inner.refresh().await?;
        let stop = CancellationToken::new();
        tokio::spawn(poll(Arc::clone(&inner), stop.clone()));
        Ok(SqlControl { inner, _polling: stop.drop_guard() })
    }

    /// Closes the database; a file's write-ahead log is folded in. Changes fail afterwards.
    pub async fn close(&self) {
        self.inner.pool.close().await;
    }
}

/// The version of the tables that this program knows.
pub(super) fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |m| m.0)
}

async fn begin(pool: &AnyPool, engine: Engine) -> Result<Transaction<'static, Any>, Error> {
    let mut tx = pool.begin_with(engine.change).await.map_err(database)?;
    if let Some(lock) = engine.lock {
        sqlx::query(lock).execute(&mut *tx).await.map_err(database)?;
    }
    Ok(tx)
}

async fn migrate(pool: &AnyPool, engine: Engine) -> Result<(), Error> {
    let mut tx = begin(pool, engine).await?;
    let table = "CREATE TABLE IF NOT EXISTS migrations (number BIGINT PRIMARY KEY)";
    sqlx::query(table).execute(&mut *tx).await.map_err(database)?;
    let done: i64 =
        sqlx::query_scalar("SELECT COALESCE(MAX(number), 0) FROM migrations").fetch_one(&mut *tx).await.map_err(database)?;
    let newest = newest();
    if done > newest {
        return Err(Error::Invalid(format!(
            "the control data are of version {done} and this program knows up to {newest}: run the newer program, or restore a backup"
        )));
    }
    for (number, sql) in MIGRATIONS.iter().filter(|m| m.0 > done) {
        sqlx::raw_sql(*sql).execute(&mut *tx).await.map_err(database)?;
        sqlx::query("INSERT INTO migrations (number) VALUES ($1)").bind(*number).execute(&mut *tx).await.map_err(database)?;
    }
    tx.commit().await.map_err(database)
}

/// Made by whoever opens the file first, in a transaction of its own: of two processes one waits and finds the other's.
async fn pseudonym_key(pool: &AnyPool, engine: Engine) -> Result<Key, Error> {
    let mut tx = begin(pool, engine).await?;
    let key = match rows::pseudonym_key(&mut tx).await? {
        Some(key) => key,
        None => {
            let key = Key::new(random()?);
            rows::put_pseudonym_key(&mut tx, &key).await?;
            key
        }
    };
    tx.commit().await.map_err(database)?;
    Ok(key)
}

async fn poll(inner: Arc<Inner>, stop: CancellationToken) {
    let mut read = Instant::now();
    while stop.run_until_cancelled(tokio::time::sleep(POLL)).await.is_some() {
        let refreshed = inner.refresh().await;
        if refreshed.is_ok() {
            read = Instant::now();
        }
        metrics::gauge!(names::CONTROL_AGE_SECONDS).set(read.elapsed().as_secs_f64());
        match refreshed {
            Ok(()) => {}
            Err(_) if inner.pool.is_closed() => return,
            Err(error) => tracing::warn!(%error, "control data cannot be read; the last snapshot stays"),
        }
    }
}

impl Inner {
    async fn refresh(&self) -> Result<(), Error> {
        let mut directory_version = self.directory_version.lock().await;
        let mut tx = self.pool.begin_with(self.engine.read).await.map_err(database)?;
        self.load(&mut tx, &mut directory_version).await
    }

    /// Reads what is newer than the snapshot and publishes it.
    async fn load(&self, tx: &mut Transaction<'static, Any>, directory_version: &mut i64) -> Result<(), Error> {
        let (version, directory) = rows::versions(tx).await?;
        let current = Arc::clone(&self.snapshot.borrow());
        if current.version == version as u64 {
            return Ok(());
        }
        let mut next = Control { version: version as u64, ..(*current).clone() };
        if *directory_version != directory {
            let document = rows::document(tx).await?;
            next.directory = Arc::new(Directory::new(document).map_err(|e| Error::Corrupt(format!("stored directory: {e}")))?);
        }
        next.tokens = rows::tokens(tx).await?;
        next.settings = rows::settings(tx).await?;
        // The same ones stay, so that who follows them sees that nothing changed.
        let models = models::models(tx).await?;
        if *next.models != models {
            next.models = Arc::new(models);
        }
        *directory_version = directory;
        self.snapshot.send_replace(Arc::new(next));
        Ok(())
    }

    async fn begin(&self) -> Result<Transaction<'static, Any>, Error> {
        begin(&self.pool, self.engine).await
    }

    /// Raises the version, commits, and shows the result to this process.
    async fn finish(
        &self,
        mut tx: Transaction<'static, Any>,
        touched: Touched,
        directory_version: &mut i64,
    ) -> Result<u64, Error> {
        rows::raise_version(&mut tx, touched == Touched::Directory).await?;
        tx.commit().await.map_err(database)?;
        let mut tx = self.pool.begin_with(self.engine.read).await.map_err(database)?;
        self.load(&mut tx, directory_version).await?;
        Ok(self.snapshot.borrow().version)
    }

    async fn change_directory(&self, make: impl FnOnce(&Document) -> Result<Document, Error> + Send) -> Result<u64, Error> {
        let mut directory_version = self.directory_version.lock().await;
        let mut tx = self.begin().await?;
        self.load(&mut tx, &mut directory_version).await?;
        let current = Arc::clone(&self.snapshot.borrow());
        let document = make(current.directory.document())?;
        if document == *current.directory.document() {
            return Ok(current.version);
        }
        let directory = Directory::new(document).map_err(|e| Error::Invalid(e.to_string()))?;
        rows::put_document(&mut tx, directory.document()).await?;
        let people = current.directory.people().map(|(person, _)| person);
        for left in people.filter(|person| !directory.knows(person)) {
            feedback::delete_person(&mut tx, left).await?;
        }
        self.finish(tx, Touched::Directory, &mut directory_version).await
    }
}

#[async_trait]
impl ControlStore for SqlControl {
    fn watch(&self) -> watch::Receiver<Arc<Control>> {
        self.inner.snapshot.subscribe()
    }

    async fn put_directory(&self, document: Document) -> Result<u64, Error> {
        self.inner.change_directory(|_| Ok(document)).await
    }

    async fn patch_person(&self, id: &str, changes: PersonChanges) -> Result<u64, Error> {
        self.inner.change_directory(|document| changes.apply(id, document)).await
    }

    async fn create_token(&self, token: NewToken) -> Result<(Token, Secret), Error> {
        let (token, secret) = token.mint()?;
        let mut directory_version = self.inner.directory_version.lock().await;
        let mut tx = self.inner.begin().await?;
        rows::insert_token(&mut tx, &token).await?;
        self.inner.finish(tx, Touched::Rest, &mut directory_version).await?;
        Ok((token, secret))
    }

    async fn revoke_token(&self, id: &str) -> Result<u64, Error> {
        let mut directory_version = self.inner.directory_version.lock().await;
        let mut tx = self.inner.begin().await?;
        if !rows::delete_token(&mut tx, id).await? {
            return Err(Error::NotFound(format!("there is no token {id:?}")));
        }
        self.inner.finish(tx, Touched::Rest, &mut directory_version).await
    }

    async fn put_settings(&self, settings: Settings) -> Result<u64, Error> {
        let mut directory_version = self.inner.directory_version.lock().await;
        let mut tx = self.inner.begin().await?;
        if rows::settings(&mut tx).await? == settings {
            return Ok(self.inner.snapshot.borrow().version);
        }
        rows::put_settings(&mut tx, &settings).await?;
        self.inner.finish(tx, Touched::Rest, &mut directory_version).await
    }

    async fn add_model(&self, card: Card, now_ms: i64) -> Result<u64, Error> {
        let mut directory_version = self.inner.directory_version.lock().await;
        let mut tx = self.inner.begin().await?;
        let Some(with) = models::models(&mut tx).await?.with_card(&card, now_ms).map_err(Error::Invalid)? else {
            return Ok(self.inner.snapshot.borrow().version);
        };
        if let Some(added) = with.known.last() {
            models::insert_model(&mut tx, with.known.len(), added).await?;
        }
        self.inner.finish(tx, Touched::Rest, &mut directory_version).await
    }

    async fn take_turn(&self, turn: Turn, seen: usize) -> Result<u64, Error> {
        let mut directory_version = self.inner.directory_version.lock().await;
        let mut tx = self.inner.begin().await?;
        let with = models::models(&mut tx).await?.with_turn(turn, seen).map_err(Error::Invalid)?;
        if let Some(turn) = with.turns.last() {
            models::insert_turn(&mut tx, with.turns.len(), turn).await?;
        }
        self.inner.finish(tx, Touched::Rest, &mut directory_version).await
    }

    async fn advice_feedback(&self, person: &str) -> Result<Vec<AdviceFeedback>, Error> {
        feedback::of_person(&self.inner.pool, person).await
    }

    async fn put_advice_feedback(&self, person: &str, id: &str, kind: &str, at: i64) -> Result<(), Error> {
        let mut tx = self.inner.begin().await?;
        feedback::put(&mut tx, person, id, kind, at).await?;
        tx.commit().await.map_err(database)
    }

    async fn delete_advice_feedback(&self, person: &str, id: &str) -> Result<(), Error> {
        let mut tx = self.inner.begin().await?;
        feedback::delete(&mut tx, person, id).await?;
        tx.commit().await.map_err(database)
    }

    async fn count_advice_feedback(&self) -> Result<Vec<(String, u32)>, Error> {
        feedback::count(&self.inner.pool).await
    }
}

pub(super) fn database(error: sqlx::Error) -> Error {
    match &error {
        // SQLite: not a database, or a damaged one.
        sqlx::Error::Database(inner) if matches!(inner.code().as_deref(), Some("11" | "26")) => {
            Error::Corrupt(format!("control data: {error}"))
        }
        _ => Error::Unavailable(format!("control data: {error}")),
    }
}

#[cfg(test)]
mod tests;
