//! What SQL says and refuses, for every store: each case is one function, run by each store's test program on a store of its own.
//! Statements are of the words that both dialects share, or of readers whose statements are planned here on every store.

pub mod disguise;
pub mod guard;
pub mod statements;
pub mod views;

use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::util::pretty::pretty_format_batches;
use focusflow_store::reader::{Disguise, Disguised, Reader, Shown, TeamNames};
use focusflow_store::testing::MONDAY_MS;
use focusflow_store::{Commit, Error, Limits, Params, Statement, Store};
use futures::StreamExt;
use schemas::pseudonym::{Key, Pseudonyms};
use schemas::rows::{USER_5M, User5m, User5mColumns, UserDaily};

pub const DAY_MS: i64 = 86_400_000;

/// Every case as a test. `$open` makes a store, and what has to live as long.
#[macro_export]
macro_rules! on_a_store {
    ($open:path) => {
        $crate::on_a_store! { $open:
            disguise::ids_are_pseudonyms_wherever_they_stand,
            disguise::a_person_s_rows_are_found_by_pseudonym,
            guard::a_reader_that_takes_nothing_gives_its_slot_back_in_time,
            guard::a_statement_does_not_double_itself,
            guard::long_statements_are_refused_where_they_get_too_long,
            guard::no_function_makes_much_out_of_little,
            guard::what_is_allowed_says_what_it_said,
            statements::a_name_that_is_not_there_is_pointed_at,
            statements::a_row_that_changed_teams_shows_in_its_new_team_alone,
            statements::control_tables_are_replaced_as_a_whole_and_never_by_older_ones,
            statements::filters_on_people_teams_and_time_find_the_same,
            statements::limits_on_rows_time_and_memory_end_a_planned_statement,
            statements::tables_are_listed_and_described,
            statements::tombstones_hide_rows_until_a_higher_version,
            views::a_withheld_window_is_shown_of_nobody,
            views::figures_of_teams_and_of_all_below_them,
            views::figures_stand_beside_rows,
            views::lists_survive_files_and_burnout_shows_from_eight_people_on,
            views::what_is_shown_of_a_window_can_depend_on_the_days_beside_it,
        }
    };
    ($open:path: $($module:ident::$case:ident),* $(,)?) => {
        $(#[tokio::test]
        async fn $case() {
            let (_keep, store) = $open().await;
            $crate::suite::$module::$case(&store).await;
        })*
    };
}

pub fn limits() -> Limits {
    Limits { time: Duration::from_secs(20), memory_bytes: 256 << 20, rows: 100_000 }
}

pub async fn run(store: &dyn Store, statement: Statement) -> Result<Vec<RecordBatch>, Error> {
    let mut rows = store.sql(statement).await?;
    let mut batches = Vec::new();
    while let Some(batch) = rows.batches.next().await {
        let batch = batch?;
        assert_eq!(batch.schema().fields(), rows.schema.fields());
        batches.push(batch);
    }
    Ok(batches)
}

pub async fn query(store: &dyn Store, sql: &str) -> Result<String, Error> {
    query_as(store, sql, Reader::default()).await
}

/// A line for each row, its values a space apart.
pub async fn query_as(store: &dyn Store, sql: &str, reader: Reader) -> Result<String, Error> {
    let batches = run(store, Statement { sql: sql.to_owned(), params: Params::None, limits: limits(), reader }).await?;
    let table = pretty_format_batches(&batches).unwrap().to_string();
    let rows = table.lines().filter(|l| l.starts_with('|')).skip(1);
    Ok(rows
        .map(|l| l.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>().join(" ").trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n"))
}

pub fn pseudonyms() -> Pseudonyms {
    Pseudonyms::new(&Key::new([7; 32]))
}

struct AsTheyAre;

impl TeamNames for AsTheyAre {
    fn shown(&self, team: &str, _: i64) -> Option<Arc<str>> {
        Some(team.into())
    }
}

/// A reader whose statements are planned in this process on every store.
pub fn disguised(shown: impl Fn(&str) -> Shown) -> Reader {
    let columns = USER_5M.columns.iter().filter(|c| c.name != "deleted").map(|c| (c.name, shown(c.name))).collect();
    let tables = vec![Disguised { table: &USER_5M, columns }];
    let disguise = Disguise { pseudonyms: pseudonyms(), tables, teams: Arc::new(AsTheyAre), given: Vec::new() };
    Reader { disguise: Some(Arc::new(disguise)), ..Reader::default() }
}

/// The same, who sees the people as they are all the same.
pub fn planned() -> Reader {
    disguised(|_| Shown::AsIs)
}

pub fn a_window<'a>(user_id: &'a str, team_id: &'a str, window_start: i64, focus_ms: i64) -> User5m<'a> {
    User5m {
        user_id,
        window_start,
        team_id: Some(team_id),
        active_ms: 300_000,
        focus_ms,
        comm_ms: 0,
        meeting_ms: 0,
        switches: 0,
        messages_received: 0,
        interruptions: 0,
        self_interruptions: 0,
        load: 0.5,
        interruption_score: 1.0,
        definition: 1,
        final_: true,
        version: 1,
        deleted: false,
    }
}

/// `people` people in teams of seven, each with one window a day for `days` days, whose focus is their number in minutes.
pub async fn fill(store: &dyn Store, people: usize, days: i64, flush_between: bool) {
    let epoch = store.acquire(0).await.unwrap().epoch;
    for day in 0..days {
        let mut columns = User5mColumns::default();
        for person in 0..people {
            let (user, team) = (format!("u-{person:03}"), format!("t-{}", person / 7));
            columns.push(&a_window(&user, &team, MONDAY_MS + day * DAY_MS, person as i64 * 60_000));
        }
        let rows = vec![(&USER_5M, columns.finish().unwrap())];
        let (from, to) = (day as u64, day as u64 + 1);
        store.commit(Commit { partition: 0, epoch, from, to, state: Vec::new(), rows }).await.unwrap();
        if flush_between {
            store.flush().await.unwrap();
        }
    }
}

pub fn an_idle_day<'a>(user_id: &'a str, team_id: &'a str, day: i32) -> UserDaily<'a> {
    UserDaily {
        user_id,
        day,
        team_id: Some(team_id),
        active_ms: 0,
        focus_ms: 0,
        comm_ms: 0,
        meeting_ms: 0,
        switches: 0,
        blocks: 0,
        deep_blocks: 0,
        block_ms: 0,
        deep_ms: 0,
        longest_block_ms: 0,
        stretch_ms: 0,
        sessions: 0,
        sessions_completed: 0,
        session_ms: 0,
        messages_received: 0,
        messages_sent: 0,
        sent_after_hours: 0,
        response_ms: None,
        interruptions: 0,
        self_interruptions: 0,
        load: 0.0,
        interruption_score: 0.0,
        focus_score: None,
        streak_days: 0,
        first_active: None,
        last_active: None,
        span_ms: 0,
        after_hours_ms: 0,
        rest_ms: None,
        definition: 1,
        final_: true,
        version: 1,
        deleted: false,
    }
}
