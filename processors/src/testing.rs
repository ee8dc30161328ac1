//! Runs the real task code on the memory log and the memory store, or the one on disk or on ClickHouse, with a clock that is set by hand and
//! without sleeping: for tests that compare tables, here and elsewhere.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arrow::array::RecordBatch;
use eventlog::memory::MemoryLog;
use eventlog::{EventLog, RecordsBuilder, Topic, partition_of};
use schemas::category::Rules;
use schemas::control::Control;
use schemas::directory::{Directory, Document};
use schemas::risk::Models;
use schemas::rows::{
    ACTIVITY_EVENTS, BURNOUT_RISK, FOCUS_BLOCKS, Factors, INTERRUPTIONS, Kind, MESSAGE_EVENTS, SESSION_EVENTS, USER_5M,
    USER_DAILY,
};
use schemas::{ColumnType, Definition, Table};
use serde_json::Value;
use store::clickhouse::{self, ClickHouseStore};
use store::embedded::{self, EmbeddedStore};
use store::memory::MemoryStore;
use store::{Scan, SharedStore, Store, Whose};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::group::Shared;
use crate::partition::END_OF_TIME;
use crate::task::Owner;
use crate::{Clock, Config, Deps, Stats};

/// What goes in.
#[derive(Debug, Clone, Default)]
pub struct Case {
    pub directory: Document,
    /// (user id as the record's key, event JSON), in log order.
    pub records: Vec<(String, Vec<u8>)>,
}

/// When the owner dies; it loses all it had in memory and a new one takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kill {
    #[default]
    Never,
    /// After every batch; the store keeps what was committed.
    EveryBatch,
    /// After every batch; the store falls back to its last flush, which is every so many batches.
    EveryBatchFlushedEvery(usize),
}

#[derive(Debug, Clone)]
pub struct Options {
    pub partitions: u32,
    /// Records appended and processed at a time (over all partitions); `usize::MAX` for all at once.
    pub batch: usize,
    pub kill: Kill,
    /// The clock while records come in, and their time of acceptance; None: a minute after the latest event.
    pub now_ms: Option<i64>,
    pub definition: Definition,
    pub rules: Rules,
    /// A small budget makes the processors forget and load again all the time.
    pub memory_bytes: usize,
    /// Before the given number of batches was processed, the directory becomes another one.
    pub directory_changes: Vec<(usize, Document)>,
    /// The same of the models that tell risks.
    pub model_changes: Vec<(usize, Models)>,
    /// The directory changes while no owner lives: the next one finds rows of another.
    pub changes_offline: bool,
    /// Lets rows become final between batches, as in partitions that fall silent: the clock moves on after each batch, but never past `now_ms`.
    pub settle_each: bool,
    /// Every other batch is another owner's, whose clock is so much ahead.
    pub skew_ms: i64,
    /// The store of one machine in this folder, which is made, instead of the one in memory.
    pub on_disk: Option<PathBuf>,
    /// The store on ClickHouse, in a database that is empty. What it has committed no crash takes back.
    pub on_clickhouse: Option<clickhouse::Config>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            partitions: 1,
            batch: usize::MAX,
            kill: Kill::Never,
            now_ms: None,
            definition: Definition::default(),
            rules: Rules::none(),
            memory_bytes: 512 << 20,
            directory_changes: Vec::new(),
            model_changes: Vec::new(),
            changes_offline: false,
            settle_each: false,
            skew_ms: 0,
            on_disk: None,
            on_clickhouse: None,
        }
    }
}

/// Table name to key (its columns joined by `|`) to row, without version.
pub type Tables = BTreeMap<String, BTreeMap<String, Value>>;

pub static DUMPED: [&Table; 8] =
    [&ACTIVITY_EVENTS, &MESSAGE_EVENTS, &SESSION_EVENTS, &INTERRUPTIONS, &FOCUS_BLOCKS, &USER_5M, &USER_DAILY, &BURNOUT_RISK];

#[derive(Debug, thiserror::Error)]
pub enum HarnessError {
    #[error("{0}")]
    Processors(#[from] crate::Error),
    #[error("{0}")]
    Log(#[from] eventlog::Error),
    #[error("{0}")]
    Store(#[from] store::Error),
    #[error("{0}")]
    Directory(#[from] schemas::directory::DirectoryError),
}

/// A running pipeline in memory.
pub struct Harness {
    pub log: Arc<MemoryLog>,
    pub store: SharedStore,
    ground: Ground,
    pub deps: Deps,
    pub config: Arc<Config>,
    clock: Arc<AtomicI64>,
    control: watch::Sender<Arc<Control>>,
    owners: Vec<Owner>,
}

impl Harness {
    pub async fn new(partitions: u32, config: Config, directory: Document, now_ms: i64) -> Result<Harness, HarnessError> {
        Harness::over(Ground::Memory(Arc::default()), partitions, config, directory, now_ms).await
    }

    async fn over(
        ground: Ground,
        partitions: u32,
        config: Config,
        directory: Document,
        now_ms: i64,
    ) -> Result<Harness, HarnessError> {
        let (log, store) = (Arc::new(MemoryLog::new(partitions)), ground.open().await?);
        let clock = Arc::new(AtomicI64::new(now_ms));
        let (control, receiver) = watch::channel(control(directory)?);
        let stats = Arc::new(Stats::default());
        stats.join();
        (0..partitions).for_each(|partition| stats.gain(partition));
        let told = clock.clone();
        let clock_fn: Clock = Arc::new(move || told.load(Ordering::SeqCst));
        let deps = Deps { log: log.clone(), store: store.clone(), control: receiver, clock: clock_fn, stats };
        let mut harness = Harness { log, store, ground, deps, config: Arc::new(config), clock, control, owners: Vec::new() };
        harness.restart().await?;
        Ok(harness)
    }

    /// New owners, who know only what the store knows.
    pub async fn restart(&mut self) -> Result<(), HarnessError> {
        self.owners.clear();
        let shared = Arc::new(Shared::new(self.config.clone(), self.deps.clone()));
        let partitions = self.log.partitions(Topic::Events);
        shared.set_owners(partitions as usize);
        for partition in 0..partitions {
            self.owners.push(Owner::acquire(partition, shared.clone(), CancellationToken::new()).await?);
        }
        Ok(())
    }

    /// The store falls back to its last flush, and new owners begin from there.
    pub async fn crash(&mut self) -> Result<(), HarnessError> {
        self.owners.clear();
        // A folder is let go of before it is opened again.
        (self.store, self.deps.store) = (Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()));
        if let Ground::Memory(store) = &self.ground {
            store.crash();
        }
        self.store = self.ground.open().await?;
        self.deps.store = self.store.clone();
        self.restart().await
    }

    pub fn set_clock(&self, now_ms: i64) {
        self.clock.store(now_ms, Ordering::SeqCst);
    }

    pub fn set_directory(&self, directory: Document) -> Result<(), HarnessError> {
        let directory = Arc::new(Directory::new(directory)?);
        self.control.send_modify(|known| *known = Arc::new(Control { directory, ..(**known).clone() }));
        Ok(())
    }

    pub fn set_models(&self, models: Models) {
        let models = Arc::new(models);
        self.control.send_modify(|known| *known = Arc::new(Control { models, ..(**known).clone() }));
    }

    pub async fn append(&self, records: &[(String, Vec<u8>)], accepted_ms: i64) -> Result<(), HarnessError> {
        let partitions = self.log.partitions(Topic::Events);
        let mut batches: BTreeMap<u32, RecordsBuilder> = BTreeMap::new();
        for (user, json) in records {
            let partition = partition_of(user.as_bytes(), partitions);
            batches.entry(partition).or_default().push(accepted_ms, user.as_bytes(), b"test", json);
        }
        let batches = batches.into_iter().map(|(partition, mut builder)| (partition, builder.finish())).collect();
        Ok(self.log.append(Topic::Events, batches).await?)
    }

    /// Processes all that is in the log.
    pub async fn catch_up(&mut self) -> Result<(), HarnessError> {
        for owner in &mut self.owners {
            owner.catch_up().await?;
        }
        Ok(())
    }

    /// Lets partitions be silent until nothing is left to do by this clock.
    pub async fn settle(&mut self) -> Result<(), HarnessError> {
        for owner in &mut self.owners {
            owner.settle().await?;
        }
        Ok(())
    }

    /// What stands in the tables, without tombstones and versions.
    pub async fn tables(&self) -> Result<Tables, HarnessError> {
        Ok(dump(&*self.store).await?)
    }
}

/// What the store stands on, which a crash leaves.
enum Ground {
    Memory(Arc<MemoryStore>),
    Disk(PathBuf),
    ClickHouse(Box<clickhouse::Config>),
}

impl Ground {
    async fn open(&self) -> Result<SharedStore, HarnessError> {
        match self {
            Ground::Memory(store) => Ok(store.clone()),
            // No flush by itself: what is durable is what the test says. Little fits in memory, and files are merged soon.
            Ground::Disk(dir) => Ok(Arc::new(EmbeddedStore::open(embedded::Config {
                flush_every: std::time::Duration::from_secs(3_600),
                max_files: 2,
                compact_after: std::time::Duration::from_millis(50),
                query_threads: 1,
                ..embedded::Config::new(dir)
            })?)),
            Ground::ClickHouse(config) => Ok(Arc::new(ClickHouseStore::open((**config).clone()).await?)),
        }
    }
}

/// All rows of all tables that processors write.
pub async fn dump(store: &dyn Store) -> Result<Tables, store::Error> {
    let mut tables = Tables::new();
    for table in DUMPED {
        let scan = Scan { table, whose: Whose::EVERYONE, from_ms: 0, to_ms: END_OF_TIME, columns: None };
        let rows = tables.entry(table.name.to_owned()).or_default();
        for batch in store.scan(scan).await? {
            rows.extend((0..batch.num_rows()).map(|row| json_row(table, &batch, row)));
        }
    }
    Ok(tables)
}

/// The whole way: records in, everything final, tables out.
pub async fn run_case(case: &Case, options: &Options) -> Result<Tables, HarnessError> {
    let times = case.records.iter().filter_map(|(_, json)| schemas::decode::event(json).ok()).map(|e| e.ts);
    let now_ms = options.now_ms.unwrap_or_else(|| times.max().unwrap_or(0) + 60_000);
    let config = Config {
        definition: options.definition.clone(),
        rules: Arc::new(options.rules.clone()),
        memory_bytes: options.memory_bytes,
        ..Config::default()
    };
    let ground = match (&options.on_disk, &options.on_clickhouse) {
        (Some(folder), _) => Ground::Disk(folder.clone()),
        (None, Some(config)) => Ground::ClickHouse(Box::new(config.clone())),
        (None, None) => Ground::Memory(Arc::default()),
    };
    let mut harness = Harness::over(ground, options.partitions, config, case.directory.clone(), now_ms).await?;
    for (i, batch) in case.records.chunks(options.batch.max(1)).enumerate() {
        for (_, document) in options.directory_changes.iter().filter(|(at, _)| *at == i) {
            harness.set_directory(document.clone())?;
            if options.changes_offline {
                harness.restart().await?;
            }
        }
        for (_, models) in options.model_changes.iter().filter(|(at, _)| *at == i) {
            harness.set_models(models.clone());
            if options.changes_offline {
                harness.restart().await?;
            }
        }
        if options.skew_ms != 0 {
            harness.set_clock(now_ms + options.skew_ms * (i as i64 % 2));
            harness.restart().await?;
        }
        harness.append(batch, now_ms).await?;
        harness.catch_up().await?;
        if options.settle_each {
            harness.settle().await?;
        }
        match options.kill {
            Kill::Never => {}
            Kill::EveryBatch => harness.restart().await?,
            Kill::EveryBatchFlushedEvery(every) => {
                if i % every.max(1) == 0 {
                    harness.store.flush().await?;
                }
                harness.crash().await?;
            }
        }
    }
    for (_, document) in
        options.directory_changes.iter().filter(|(at, _)| at.saturating_mul(options.batch.max(1)) >= case.records.len())
    {
        harness.set_directory(document.clone())?;
    }
    for (_, models) in
        options.model_changes.iter().filter(|(at, _)| at.saturating_mul(options.batch.max(1)) >= case.records.len())
    {
        harness.set_models(models.clone());
    }
    harness.catch_up().await?;
    harness.set_clock(now_ms + 40 * 86_400_000);
    harness.settle().await?;
    harness.tables().await
}

fn control(directory: Document) -> Result<Arc<Control>, HarnessError> {
    Ok(Arc::new(Control { directory: Arc::new(Directory::new(directory)?), ..Control::default() }))
}

fn json_row(table: &Table, batch: &RecordBatch, row: usize) -> (String, Value) {
    let mut object = serde_json::Map::new();
    for (i, column) in table.columns.iter().enumerate() {
        if column.ty == ColumnType::Factors {
            object.extend(flat(column.name, batch, i, row));
        } else if column.name != "version" && column.name != schemas::table::DELETED {
            object.insert(column.name.to_owned(), json_value(column.ty, batch, i, row));
        }
    }
    let word = |name: &&str| match &object[*name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let key: Vec<String> = table.key.iter().map(word).collect();
    (key.join("|"), Value::Object(object))
}

/// Factors as columns of their own: their order as `features`, each one's value as `features.name`, what it adds as `features.name+`.
pub fn flat(column: &str, batch: &RecordBatch, index: usize, row: usize) -> Vec<(String, Value)> {
    let factors = Factors::get(batch.column(index), row).unwrap_or_default();
    let names: Vec<&str> = factors.iter().map(|factor| factor.name).collect();
    let mut columns = vec![(column.to_owned(), names.join(" ").into())];
    for factor in &factors {
        columns.push((format!("{column}.{}", factor.name), factor.value.into()));
        columns.push((format!("{column}.{}+", factor.name), factor.contribution.into()));
    }
    columns
}

fn json_value(ty: ColumnType, batch: &RecordBatch, column: usize, row: usize) -> Value {
    use schemas::rows::{OptDay, OptFlag, OptInt, OptScore, OptText, OptTime};
    let array = batch.column(column);
    match ty {
        ColumnType::Text => OptText::get(array, row).flatten().into(),
        ColumnType::Time => OptTime::get(array, row).flatten().into(),
        ColumnType::Int => OptInt::get(array, row).flatten().into(),
        ColumnType::Score => OptScore::get(array, row).flatten().into(),
        ColumnType::Day => OptDay::get(array, row).flatten().into(),
        ColumnType::Flag => OptFlag::get(array, row).flatten().into(),
        ColumnType::Version | ColumnType::Factors => Value::Null,
    }
}
