//! Statements to rows, for both stores: parsed, found to be a single query, planned over the rows a store has for it (`moment`),
//! run under its limits.

mod answer;
mod disguise;
mod exec;
mod explain;
mod functions;
mod guard;
mod hold;
mod moment;
mod table;
mod teams;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use arrow::array::RecordBatch;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider, SchemaProvider,
    TableProvider,
};
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::datasource::MemTable;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{SessionState, SessionStateBuilder, TaskContext};
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::SessionConfig;
use datafusion::sql::parser::{DFParserBuilder, Statement as Parsed};
use datafusion::sql::sqlparser::ast::Statement as Sql;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use futures::StreamExt;
use schemas::Table;
use schemas::rows::{BURNOUT_RISK, TABLES};
use serde_json::Value;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::mpsc;

pub(crate) use self::answer::{EndOnDrop, WAITING_BATCHES, answer, hand_over, out_of_time};
use self::disguise::DisguisedTable;
use self::hold::HoldWindows;
pub(crate) use self::moment::{Day, Moment, Run, Selection, Unit};
use self::table::{Seen, StoredTable};
pub(crate) use self::teams::TEAM_VIEWS;
use self::teams::TeamView;
use crate::reader::{Disguise, Reader};
use crate::rows::damaged;
use crate::{Error, Params, Rows, Statement, metrics as names};

const CATALOG: &str = "focusflow";
const SCHEMA: &str = "public";
/// Planning goes as deep as a statement is nested. Only what is used of it takes memory.
const STACK_BYTES: usize = 32 << 20;

/// What statements are planned and run on, so that a long one holds up nobody's requests.
pub(crate) struct Threads {
    /// Taken on drop: a runtime must not be dropped where others wait.
    runtime: Option<Runtime>,
}

impl Threads {
    pub fn start(count: usize) -> Result<Threads, Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(count.max(1))
            .thread_name("store")
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build()
            .map_err(|e| Error::Unavailable(format!("the threads of the store cannot be started: {e}")))?;
        Ok(Threads { runtime: Some(runtime) })
    }

    pub fn handle(&self) -> Result<&Handle, Error> {
        let gone = || Error::Unavailable("the store is shut".into());
        self.runtime.as_ref().map(Runtime::handle).ok_or_else(gone)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        // Its threads are waited for, elsewhere, and not detached: one that ends at that very moment crashes the process, as glibc
        // looks into a thread after it has detached it (its bug 19951, there in Debian 12).
        std::thread::spawn(move || drop(runtime));
    }
}

pub(crate) struct Planner {
    /// With every table, for readers that see all.
    whole: SessionState,
    /// The same without people's burnout risk.
    without_risks: SessionState,
    /// The catalog made last for a disguise; statements of one follow each other.
    disguised: Mutex<Option<(Arc<Disguise>, SessionState)>>,
    partitions: usize,
    runtime: Arc<RuntimeEnv>,
}

impl Planner {
    pub fn new(partitions: usize) -> Result<Planner, Error> {
        let mut config = SessionConfig::new()
            .with_target_partitions(partitions)
            .with_default_catalog_and_schema(CATALOG, SCHEMA)
            .with_information_schema(true);
        let options = config.options_mut();
        options.sql_parser.collect_spans = true;
        // Text stays Utf8, as the tables declare it.
        options.sql_parser.map_string_types_to_utf8view = false;
        // Sampling and spilling suit other machines than this.
        options.execution.collect_statistics = false;
        // What a step makes of the one before could double each time.
        options.execution.enable_recursive_ctes = false;
        let disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled);
        let runtime = RuntimeEnvBuilder::new().with_disk_manager_builder(disk).build_arc().map_err(damaged)?;
        let builder = SessionStateBuilder::new().with_config(config).with_runtime_env(runtime.clone()).with_default_features();
        let state = functions::allow(builder).with_physical_optimizer_rule(Arc::new(HoldWindows)).build();
        let tables = |hidden: Option<&'static Table>| {
            let stored = TABLES.iter().filter(move |table| hidden.is_none_or(|hidden| hidden.name != table.name));
            let stored =
                stored.map(|table| (table.name, Arc::new(StoredTable::new(table, partitions)) as Arc<dyn TableProvider>));
            with_tables(state.clone(), stored.chain(team_views(partitions)))
        };
        let (whole, without_risks) = (tables(None)?, tables(Some(&BURNOUT_RISK))?);
        Ok(Planner { whole, without_risks, disguised: Mutex::default(), partitions, runtime })
    }

    /// The session a reader's statements are planned in: its catalog has what the reader sees, and nothing else.
    fn state(&self, reader: &Reader) -> Result<SessionState, Error> {
        let Some(disguise) = &reader.disguise else {
            return Ok(if reader.hides_risks { &self.without_risks } else { &self.whole }.clone());
        };
        let mut kept = self.disguised.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, state)) = kept.as_ref().filter(|(of, _)| Arc::ptr_eq(of, disguise)) {
            return Ok(state.clone());
        }
        let mut tables: Vec<(&'static str, Arc<dyn TableProvider>)> = team_views(self.partitions).collect();
        for (at, disguised) in disguise.tables.iter().enumerate() {
            tables.push((disguised.table.name, Arc::new(DisguisedTable::new(at, disguise.clone(), self.partitions))));
        }
        for (name, rows) in &disguise.given {
            tables.push((*name, Arc::new(MemTable::try_new(rows.schema(), vec![vec![rows.clone()]]).map_err(damaged)?)));
        }
        let state = with_tables(self.whole.clone(), tables)?;
        *kept = Some((disguise.clone(), state.clone()));
        Ok(state)
    }

    pub async fn run(&self, handle: &Handle, moment: Arc<dyn Moment>, statement: Statement) -> Result<Rows, Error> {
        let started = Instant::now();
        let deadline = tokio::time::Instant::from_std(started + statement.limits.time);
        let Statement { sql, params, limits, reader } = statement;
        let mut state = self.state(&reader)?;
        state.config_mut().set_extension(Arc::new(Seen(moment)));
        state.config_mut().set_extension(Arc::new(reader.clone()));
        state.mark_start_execution();
        let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(limits.memory_bytes));
        let mut runtime = (*self.runtime).clone();
        runtime.memory_pool = pool;
        let runtime = Arc::new(runtime);

        let (send, receive) = mpsc::channel::<Result<RecordBatch, Error>>(WAITING_BATCHES);
        let (ready, schema) = tokio::sync::oneshot::channel();
        // Parsing goes deep too: all of it happens on the store's threads, whose stacks are large.
        let task = handle.spawn(async move {
            // With its slot: that of a statement which cannot be interrupted is free when its work has ended, not its answer.
            let _reader = reader;
            let parsed = match parse(&sql) {
                Ok(parsed) => parsed,
                Err(error) => {
                    let _ = ready.send(Err(error));
                    return false;
                }
            };
            let planned = async {
                let plan = state.statement_to_plan(parsed).await?;
                read_only().verify_plan(&plan)?;
                let plan = match params {
                    Params::None => plan,
                    params => plan.with_param_values(values(params))?,
                };
                guard::plan(&plan)?;
                let plan = state.create_physical_plan(&plan).await?;
                execute_stream(plan, Arc::new(task_context(&state, runtime)))
            };
            let stream = match planned.await {
                Ok(stream) => stream,
                Err(error) => {
                    let _ = ready.send(Err(explain::error(&error, &limits, &tables_of(&state))));
                    return false;
                }
            };
            if ready.send(Ok(stream.schema())).is_err() {
                return false;
            }
            let batches = stream.map(|batch| batch.map_err(|e| explain::error(&e, &limits, &[])));
            hand_over(batches, send, deadline).await
        });
        // Dropping the answer, or this future, ends the work.
        let work = EndOnDrop(task);
        let schema = match tokio::time::timeout_at(deadline, schema).await {
            Ok(Ok(schema)) => schema?,
            Ok(Err(_)) => return Err(Error::Unavailable("the statement's work ended early".into())),
            Err(_) => return Err(out_of_time(limits.time)),
        };
        metrics::histogram!(names::QUERY_START_SECONDS).record(started.elapsed().as_secs_f64());
        Ok(answer(schema, receive, deadline, limits, work))
    }
}

fn team_views(partitions: usize) -> impl Iterator<Item = (&'static str, Arc<dyn TableProvider>)> {
    TeamView::all(partitions).map(|view| (view.name, Arc::new(view) as Arc<dyn TableProvider>))
}

/// The same session over a catalog of its own, of these tables alone.
fn with_tables(
    state: SessionState,
    tables: impl IntoIterator<Item = (&'static str, Arc<dyn TableProvider>)>,
) -> Result<SessionState, Error> {
    let schema = MemorySchemaProvider::new();
    for (name, table) in tables {
        schema.register_table(name.to_owned(), table).map_err(damaged)?;
    }
    let (catalog, list) = (MemoryCatalogProvider::new(), MemoryCatalogProviderList::new());
    catalog.register_schema(SCHEMA, Arc::new(schema)).map_err(damaged)?;
    list.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
    Ok(SessionStateBuilder::new_from_existing(state).with_catalog_list(Arc::new(list)).build())
}

/// For messages: what there is to be meant.
fn tables_of(state: &SessionState) -> Vec<String> {
    let schema = state.catalog_list().catalog(CATALOG).and_then(|catalog| catalog.schema(SCHEMA));
    schema.map_or_else(Vec::new, |schema| schema.table_names())
}

/// Without the functions by name: a physical plan holds those it calls.
fn task_context(state: &SessionState, runtime: Arc<RuntimeEnv>) -> TaskContext {
    let (session, config) = (state.session_id().to_owned(), state.config().clone());
    TaskContext::new(None, session, config, HashMap::new(), HashMap::new(), HashMap::new(), HashMap::new(), runtime)
}

/// One statement, and one that reads.
fn parse(sql: &str) -> Result<Parsed, Error> {
    guard::length(sql)?;
    let mut statements = DFParserBuilder::new(sql)
        .with_dialect(&GenericDialect {})
        .with_recursion_limit(50)
        .build()
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|e| explain::syntax(&e))?;
    let only = statements.pop_front();
    match (only, statements.is_empty()) {
        (Some(statement), true) => readable(statement),
        (None, _) => Err(Error::Statement {
            message: "the statement is empty: write a query, such as SELECT * FROM team_daily".into(),
            at: None,
        }),
        (Some(_), false) => {
            Err(Error::Statement { message: "only one statement at a time: send the others by themselves".into(), at: None })
        }
    }
}

fn readable(statement: Parsed) -> Result<Parsed, Error> {
    let allowed = match &statement {
        Parsed::Statement(sql) => {
            matches!(**sql, Sql::Query(_) | Sql::ShowTables { .. } | Sql::ShowColumns { .. } | Sql::ExplainTable { .. })
        }
        Parsed::Explain(explained) => return readable((*explained.statement).clone()).map(|_| statement),
        _ => false,
    };
    if allowed {
        guard::reads(&statement)?;
        return Ok(statement);
    }
    let text = statement.to_string();
    let verb = text.split_whitespace().next().unwrap_or_default().to_uppercase();
    Err(Error::Forbidden(format!(
        "{verb} is not allowed: this is for reading, with SELECT, WITH, VALUES, EXPLAIN, DESCRIBE, SHOW TABLES and SHOW COLUMNS"
    )))
}

/// The parser's verdict again, on the plan: nothing that writes or changes settings, however deep inside.
fn read_only() -> SQLOptions {
    SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false)
}

fn values(params: Params) -> ParamValues {
    match params {
        Params::None => ParamValues::List(Vec::new()),
        Params::Positional(values) => values.iter().map(scalar).collect::<Vec<_>>().into(),
        Params::Named(values) => values
            .iter()
            .map(|(name, value)| (name.trim_start_matches('$').to_owned(), scalar(value)))
            .collect::<HashMap<_, _>>()
            .into(),
    }
}

fn scalar(value: &Value) -> ScalarValue {
    match value {
        Value::Null => ScalarValue::Null,
        Value::Bool(flag) => ScalarValue::Boolean(Some(*flag)),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => ScalarValue::Int64(Some(whole)),
            None => ScalarValue::Float64(number.as_f64()),
        },
        Value::String(text) => ScalarValue::Utf8(Some(text.clone())),
        Value::Array(items) => {
            let items: Vec<ScalarValue> = items.iter().map(scalar).collect();
            let kind =
                items.iter().map(ScalarValue::data_type).find(|t| !t.is_null()).unwrap_or(arrow::datatypes::DataType::Utf8);
            let items: Vec<ScalarValue> = items.iter().map(|item| item.cast_to(&kind).unwrap_or(ScalarValue::Null)).collect();
            ScalarValue::List(ScalarValue::new_list_nullable(&items, &kind))
        }
        Value::Object(_) => ScalarValue::Utf8(Some(value.to_string())),
    }
}
