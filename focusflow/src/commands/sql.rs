//! `focusflow sql`: asks the server that runs on the data directory, or opens the data itself when none does.

use std::io::Write;

use anyhow::{Context, Result};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::StreamReader;
use arrow::util::display::FormatOptions;
use arrow::util::pretty::pretty_format_batches_with_options;
use futures::TryStreamExt;
use store::control::ControlStore;
use store::{Limits, Params, Statement, Store};

use crate::cli::{Sql, SqlFormat};
use crate::client::Client;
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::wiring::{Machine, services};

const ARROW: &str = "application/vnd.apache.arrow.stream";

pub async fn run(config: Config, args: Sql) -> Result<()> {
    let data = DataDir::open(&config.data)?;
    let (schema, batches) = match Client::find(&args.server, &data)? {
        Some(client) => ask(&client, &args.statement).await?,
        None => open_and_ask(config, &args.statement).await?,
    };
    print(args.format, schema, &batches)
}

async fn ask(client: &Client, sql: &str) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    let request = client.post("/v1/sql").header("accept", ARROW).json(&serde_json::json!({ "sql": sql }));
    let body = client.send(request).await?.bytes().await.context("the answer broke off")?;
    let reader = StreamReader::try_new(&body[..], None).context("the answer is not Arrow")?;
    let schema = reader.schema();
    Ok((schema, reader.collect::<Result<_, _>>().context("the answer broke off")?))
}

async fn open_and_ask(config: Config, sql: &str) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    let query = &config.sections.query;
    let limits = Limits { time: query.max_time.duration(), memory_bytes: query.max_memory.bytes(), rows: query.max_rows };
    let machine = Machine::open(&config).await?;
    let result = async {
        let control = machine.control.watch().borrow().clone();
        let reader = query::whole_reader(&services::query_config(&config), &control, services::now_ms())?;
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
            let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
            let options = FormatOptions::default().with_null("-").with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.3f"));
            // The empty one makes the columns show when there are no rows.
            let shown: Vec<RecordBatch> = [RecordBatch::new_empty(schema)].into_iter().chain(batches.iter().cloned()).collect();
            writeln!(out, "{}", pretty_format_batches_with_options(&shown, &options)?)?;
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
