//! `focusflow sql`: asks the server that runs on the data directory, or opens the data itself when none does.

use std::io::Write;

use anyhow::{Context, Result};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, FieldRef, Float64Type, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use futures::TryStreamExt;
use schemas::control::Role;
use store::control::ControlStore;
use store::{Limits, Params, Statement, Store};

use crate::cli::{ServerArgs, Sql, SqlFormat};
use crate::client::{Client, Refused};
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::problem::Problem;
use crate::table::{Table, terminal_width};
use crate::wiring::{Machine, services};

const ARROW: &str = "application/vnd.apache.arrow.stream";

pub async fn run(config: Config, args: Sql) -> Result<()> {
    let (schema, batches) = rows(config, &args.server, &args.statement, Role::Admin).await?;
    print(args.format, schema, &batches)
}

/// What a server answers, to whom the token says; or what the data directory has, for a role.
pub async fn rows(config: Config, server: &ServerArgs, sql: &str, role: Role) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    let data = if server.url.is_some() { DataDir::at(&config.data) } else { DataDir::existing(&config.data)? };
    let answer = match Client::find(server, &data)? {
        Some(client) => ask(&client, sql).await,
        None => open_and_ask(config, sql, role).await,
    };
    answer.map_err(|error| pointed(error, sql))
}

async fn ask(client: &Client, sql: &str) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    let request = client.post("/v1/sql").header("accept", ARROW).json(&serde_json::json!({ "sql": sql }));
    let body = client.send(request).await?.bytes().await.map_err(|_| broke_off(client))?;
    let reader = StreamReader::try_new(&body[..], None).context("the answer is not Arrow")?;
    let schema = reader.schema();
    Ok((schema, reader.collect::<Result<_, _>>().map_err(|_| broke_off(client))?))
}

/// Once rows are on their way, a server has no other way to say that there will be no more.
fn broke_off(client: &Client) -> Problem {
    Problem::new(format!("the answer of {} broke off", client.url())).cure(
        "the server ends one at its limits (query.max_rows, max_time, max_memory; `focusflow check` shows them): ask for less, \
         as with LIMIT",
    )
}

/// An error with the place in the statement that it speaks of.
fn pointed(error: anyhow::Error, sql: &str) -> anyhow::Error {
    let at = match (error.downcast_ref::<Refused>(), error.downcast_ref::<store::Error>()) {
        (Some(refused), _) => refused.at,
        (None, Some(store::Error::Statement { at, .. })) => *at,
        _ => None,
    };
    let shown = at.and_then(|(line, column)| {
        let text = sql.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)?.replace('\t', " ");
        let before = usize::try_from(column).ok()?.checked_sub(1)?;
        (before <= text.chars().count()).then(|| format!("{text}\n  {}^", " ".repeat(before)))
    });
    match shown {
        Some(place) => Problem::new(error.to_string()).cure(place).into(),
        None => error,
    }
}

async fn open_and_ask(config: Config, sql: &str, role: Role) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    let query = &config.sections.query;
    let limits = Limits { time: query.max_time.duration(), memory_bytes: query.max_memory.bytes(), rows: query.max_rows };
    let machine = Machine::open(&config).await?;
    let result = async {
        let control = machine.control.watch().borrow().clone();
        let reader = query::reader(&services::query_config(&config), role, &control, services::now_ms())?;
        let rows = machine.store.sql(Statement { sql: sql.to_owned(), params: Params::None, limits, reader }).await?;
        anyhow::Ok((rows.schema, rows.batches.try_collect().await?))
    };
    let result = result.await;
    machine.close().await?;
    result
}

fn print(format: SqlFormat, schema: SchemaRef, batches: &[RecordBatch]) -> Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match format {
        SqlFormat::Table => {
            let table = table(&schema, batches)?;
            table.write(terminal_width(), &mut out)?;
            let rows = table.rows();
            writeln!(out, "{rows} row{}", if rows == 1 { "" } else { "s" })?;
        }
        SqlFormat::Csv => {
            let mut writer = arrow::csv::Writer::new(&mut out);
            writer.write(&RecordBatch::new_empty(schema))?;
            batches.iter().try_for_each(|batch| writer.write(batch))?;
        }
        SqlFormat::Json => {
            let builder = arrow::json::WriterBuilder::new().with_explicit_nulls(true);
            let mut writer = builder.build::<_, arrow::json::writer::LineDelimited>(&mut out);
            batches.iter().try_for_each(|batch| writer.write(batch))?;
            writer.finish()?;
        }
    }
    Ok(out.flush()?)
}

fn table(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<Table> {
    let add = |table: Table, field: &FieldRef| table.column(field.name(), field.data_type().is_numeric());
    let mut table = schema.fields().iter().fold(Table::new(), add);
    for batch in batches {
        let columns: Vec<ArrayFormatter> = batch.columns().iter().map(formatter).collect::<Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            let values = batch.columns().iter().zip(&columns).map(|(column, formatter)| match rounded(column, row) {
                Some(number) => number,
                None => formatter.value(row).to_string(),
            });
            let values: Vec<String> = values.collect();
            table.row(values.iter().map(String::as_str));
        }
    }
    Ok(table)
}

/// Times say which zone they are in.
fn formatter(column: &ArrayRef) -> Result<ArrayFormatter<'_>, ArrowError> {
    let times = match column.data_type() {
        DataType::Timestamp(_, Some(zone)) if ["UTC", "+00:00", "Z"].contains(&&**zone) => "%Y-%m-%d %H:%M:%S%.3fZ",
        _ => "%Y-%m-%d %H:%M:%S%.3f%:z",
    };
    ArrayFormatter::try_new(column, &FormatOptions::default().with_null("-").with_timestamp_tz_format(Some(times)))
}

/// Scores to three digits: nobody reads seventeen.
fn rounded(column: &ArrayRef, row: usize) -> Option<String> {
    let numbers = column.as_primitive_opt::<Float64Type>().filter(|numbers| numbers.is_valid(row))?;
    let text = format!("{:.3}", numbers.value(row));
    Some(text.trim_end_matches('0').trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::TimestampMillisecondArray;

    use super::*;

    #[test]
    fn times_say_which_zone_they_are_in() {
        let at = |zone: Option<&str>| {
            let column = Arc::new(TimestampMillisecondArray::from(vec![1_790_553_600_007]).with_timezone_opt(zone)) as ArrayRef;
            formatter(&column).unwrap().value(0).to_string()
        };
        assert_eq!(at(Some("UTC")), "2026-09-28 00:00:00.007Z");
        assert_eq!(at(Some("+00:00")), "2026-09-28 00:00:00.007Z");
        assert_eq!(at(Some("+02:00")), "2026-09-28 02:00:00.007+02:00");
        assert!(!at(None).ends_with('Z'));
    }

    #[test]
    fn an_error_shows_its_place_in_the_statement() {
        let check = |at, expected: &str| {
            let error = store::Error::Statement { message: "no column b".into(), at };
            assert_eq!(pointed(error.into(), "select a,\n  b from t").to_string(), expected);
        };
        check(None, "no column b");
        check(Some((2, 3)), "no column b\n    b from t\n    ^");
        check(Some((3, 1)), "no column b");
        check(Some((2, 99)), "no column b");
    }
}
