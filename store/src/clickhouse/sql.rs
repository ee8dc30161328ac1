//! Statements of people. Those of readers who see every table as it is are read by the server first, then run by it as the
//! restricted user, under their limits, and streamed. What the server must not decide is planned here, over rows read from it
//! (`days`): what a disguised reader sees, and the team views, which the server does not have.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clickhouse::query::Query;
use schemas::clickhouse::Layout;
use tokio::sync::mpsc;

use super::arrow_stream::Arriving;
use super::connection::Connection;
use super::days::Days;
use super::dialect::{Bound, bind};
use super::failure::{self, Failure};
use super::guard::{FOR_READING, Guard};
use super::lexer::{Token, tokens};
use crate::sql::{EndOnDrop, Planner, TEAM_VIEWS, Threads, WAITING_BATCHES, answer, hand_over};
use crate::{Error, Limits, Rows, Statement, metrics as names};

/// What the server may take longer than the statement's limit, to end by itself with its own words.
const GRACE: Duration = Duration::from_millis(500);
/// Has the server read a statement and run nothing. A line of its own, so that places in the statement stay where they are.
const READ_FIRST: &str = "EXPLAIN AST\n";
/// As the embedded store and the standard have it.
const STANDARD: &[(&str, &str)] = &[
    ("join_use_nulls", "1"),
    ("aggregate_functions_null_for_empty", "1"),
    ("cast_keep_nullable", "1"),
    ("union_default_mode", "DISTINCT"),
];

pub(super) struct Runner {
    layout: Layout,
    guard: Guard,
    planner: Planner,
    threads: Threads,
}

impl Runner {
    pub async fn open(connection: &Connection, layout: &Layout, threads: usize) -> Result<Runner, Error> {
        let sql = "SELECT name FROM system.table_functions";
        let functions: Vec<String> = connection.fetch("the names of its functions", connection.query(sql)).await?;
        let guard = Guard::new(&layout.database, functions);
        Ok(Runner { layout: layout.clone(), guard, planner: Planner::new(threads.max(1))?, threads: Threads::start(threads)? })
    }

    pub async fn run(&self, connection: &Arc<Connection>, statement: Statement) -> Result<Rows, Error> {
        if statement.reader.disguise.is_some() || is_planned(&tokens(&statement.sql)?) {
            let rows = Days::new(connection.clone(), self.layout.clone(), statement.limits);
            return self.planner.run(self.threads.handle()?, Arc::new(rows), statement).await;
        }
        let started = Instant::now();
        let Statement { sql, params, limits, reader } = statement;
        reads(&tokens(&sql)?)?;
        let bound = bind(&sql, &params)?;
        let deadline = tokio::time::Instant::from_std(started + limits.time + GRACE);
        let opened = async {
            let read = self.query(connection, &format!("{READ_FIRST}{}", bound.sql), &bound, &limits);
            // As text: a FORMAT of the statement's own applies here too, and then the first line is none that is allowed.
            let nodes = read.fetch_bytes("TSVRaw")?.collect().await?;
            let nodes = String::from_utf8_lossy(&nodes);
            self.guard.check(&nodes.lines().collect::<Vec<_>>(), reader.hides_risks).map_err(Failure::Store)?;
            let mut arriving = Arriving::new(self.query(connection, &bound.sql, &bound, &limits).fetch_bytes("ArrowStream")?);
            let schema = arriving.schema().await?;
            Ok((arriving, schema))
        };
        let (arriving, schema) = match tokio::time::timeout_at(deadline, opened).await {
            Ok(opened) => opened.map_err(|e| placed(worded(e, &limits), &sql))?,
            Err(_) => return Err(failure::out_of_time(&limits)),
        };
        metrics::histogram!(names::QUERY_START_SECONDS).record(started.elapsed().as_secs_f64());
        let (send, receive) = mpsc::channel(WAITING_BATCHES);
        let work = tokio::spawn(async move {
            // With its slot, which is free when the work has ended, whether or not anybody takes the answer.
            let _reader = reader;
            hand_over(arriving.batches(move |failure| worded(failure, &limits)), send, deadline).await
        });
        Ok(answer(schema, receive, deadline, limits, EndOnDrop(work)))
    }

    fn query(&self, connection: &Connection, sql: &str, bound: &Bound, limits: &Limits) -> Query {
        let mut query = connection
            .statement(sql)
            .with_setting("database", &self.layout.database)
            .with_setting("readonly", "1")
            .with_setting("max_execution_time", limits.time.as_secs_f64().to_string())
            .with_setting("max_memory_usage", limits.memory_bytes.to_string())
            // One more than may be given, so that it shows that there are more.
            .with_setting("limit", (limits.rows + 1).to_string());
        for (name, value) in STANDARD {
            query = query.with_setting(*name, *value);
        }
        bound.params.iter().fold(query, |query, (name, value)| query.param(name, value))
    }
}

/// Whether a statement names what only the planner has: the team views, and the lists of what there is.
fn is_planned(tokens: &[Token<'_>]) -> bool {
    let lists =
        ["show", "describe", "desc"].iter().any(|word| tokens.iter().find(|t| !t.is_blank()).is_some_and(|t| t.is_word(word)));
    let names = |token: &Token<'_>| match token {
        Token::Word(name) | Token::Name(name) => {
            let name = name.trim_matches(['"', '`']);
            name.eq_ignore_ascii_case("information_schema") || TEAM_VIEWS.iter().any(|view| name.eq_ignore_ascii_case(view))
        }
        _ => false,
    };
    lists || tokens.iter().any(names)
}

/// What begins with a word of another kind of statement, in either dialect, is told so and not where it is no query.
const OTHER_WORDS: &[&str] = &[
    "alter",
    "analyze",
    "attach",
    "backup",
    "begin",
    "commit",
    "copy",
    "create",
    "deallocate",
    "delete",
    "detach",
    "drop",
    "exchange",
    "execute",
    "grant",
    "insert",
    "kill",
    "merge",
    "move",
    "optimize",
    "prepare",
    "rename",
    "replace",
    "restore",
    "revoke",
    "rollback",
    "set",
    "system",
    "truncate",
    "undrop",
    "update",
    "use",
    "watch",
];

fn reads(tokens: &[Token<'_>]) -> Result<(), Error> {
    match tokens.iter().find(|token| !token.is_blank()) {
        Some(Token::Word(word)) if OTHER_WORDS.iter().any(|other| word.eq_ignore_ascii_case(other)) => {
            Err(Error::Forbidden(format!("{} is not allowed: {FOR_READING}", word.to_uppercase())))
        }
        _ => Ok(()),
    }
}

/// The server says where a statement is no SQL, and of a name it does not know only which: that is looked for.
fn placed(error: Error, sql: &str) -> Error {
    match error {
        // A line before the statement.
        Error::Statement { message, at: Some((line, column)) } => {
            let at = Some((line.saturating_sub(READ_FIRST.matches('\n').count() as u64), column));
            Error::Statement { message, at }
        }
        Error::Statement { message, at: None } => {
            let at = failure::unknown(&message).and_then(|name| place(sql, name));
            Error::Statement { message, at }
        }
        other => other,
    }
}

fn place(sql: &str, name: &str) -> Option<(u64, u64)> {
    let (mut line, mut column) = (1, 1);
    for token in tokens(sql).ok()? {
        match token {
            Token::Word(text) | Token::Name(text) if text.trim_matches(['"', '`']) == name => return Some((line, column)),
            _ => {}
        }
        for c in token.text().chars() {
            (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
        }
    }
    None
}

fn worded(failure: Failure, limits: &Limits) -> Error {
    match failure {
        Failure::Server(error) => failure::statement(&error, limits),
        Failure::Store(error) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_the_planner_has_is_planned() {
        let check = |sql: &str| is_planned(&tokens(sql).unwrap());
        for sql in [
            "SELECT * FROM team_5m",
            "SELECT 1 FROM a, \"TEAM_DAILY\" t",
            "SELECT * FROM `team_burnout`",
            " /* x */ show tables",
            "DESCRIBE user_5m",
            "SELECT * FROM information_schema.tables",
        ] {
            assert!(check(sql), "{sql}");
        }
        for sql in ["SELECT 'team_5m' FROM user_5m -- team_5m", "SELECT show FROM user_daily", "EXPLAIN SELECT 1", ""] {
            assert!(!check(sql), "{sql}");
        }
    }

    #[test]
    fn an_unknown_name_is_found_in_the_statement() {
        assert_eq!(place("SELECT 'no', -- no\n  no FROM x", "no"), Some((2, 3)));
        assert_eq!(place("SELECT a", "b"), None);
    }
}
