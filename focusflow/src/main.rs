//! The `focusflow` binary: command line, settings, telemetry, wiring and shutdown. What the parts do is in the other crates;
//! this one only opens them, hands each what it needs, and stops them in order.
//!
//! Invariants: a process owns a data directory alone; there is no way from intake to the processors but the log; a part that
//! dies stops the rest in order; nothing here reads settings but through `Config`.
//!
//! Deliberately absent: a daemon mode (supervisors do that better), globals.

mod admin;
mod cli;
mod client;
mod commands;
mod config;
mod data_dir;
mod demo;
mod directory_rows;
mod import;
mod link;
mod local_log;
mod problem;
mod serve;
mod shutdown;
mod simulate;
mod table;
mod telemetry;
mod terminal;
mod train;
mod wiring;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use cli::{Cli, Command};
use config::Config;

/// Without huge pages (`no_thp`): buffers of all sizes come and go here, and clearing two megabytes for each costs more than
/// the page table saves.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Memory let go of goes back to the system after a tenth of a second instead of a whole second: an import frees and takes
/// buffers of many megabytes all the time. At once would cost a fifth more processor time.
#[allow(unsafe_code)]
fn give_memory_back_soon() {
    use std::ffi::{c_int, c_long};
    /// `mi_option_purge_delay` of mimalloc.h, in milliseconds.
    const PURGE_DELAY: c_int = 15;
    unsafe extern "C" {
        fn mi_option_set(option: c_int, value: c_long);
    }
    // SAFETY: declared as in mimalloc.h, which is linked in whole; sets a number, before any other thread runs.
    unsafe { mi_option_set(PURGE_DELAY, 100) };
}

fn main() -> ExitCode {
    give_memory_back_soon();
    match run(Cli::parse()) {
        Ok(code) => code,
        // Who reads us has seen enough (`focusflow sql … | head`).
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("focusflow: {}", problem::shown(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    let flags = cli.flags()?;
    if let Command::Check { role } = cli.command {
        return runtime()?.block_on(commands::check::run(&flags, role));
    }
    let config = Config::load(&flags)?;
    telemetry::install_logs(&config.sections.log, &config.data)?;
    if let Some(role) = cli.command.role() {
        return runtime()?.block_on(commands::role::run(config, role));
    }
    let done = Ok(ExitCode::SUCCESS);
    match cli.command {
        Command::Up(args) => runtime()?.block_on(commands::up::run(config, args)),
        Command::Import(args) => runtime()?.block_on(commands::import::run(config, args)),
        Command::Sql(args) => runtime()?.block_on(commands::sql::run(config, args)).and(done),
        Command::Token(args) => runtime()?.block_on(commands::token::run(config, args)).and(done),
        Command::Directory(args) => runtime()?.block_on(commands::directory::run(config, args)).and(done),
        Command::Model(args) => runtime()?.block_on(commands::model::run(config, args)).and(done),
        Command::Train(args) => runtime()?.block_on(commands::train::run(config, args)).and(done),
        Command::Simulate(args) => runtime()?.block_on(commands::simulate::run(config, args)).and(done),
        Command::Ingest(_) | Command::Process(_) | Command::Query(_) | Command::Check { .. } => done,
    }
}

/// A thread per processor for what waits, and a few for what computes or reads: each that comes and goes keeps memory for
/// itself, and the pool would make hundreds.
fn runtime() -> Result<tokio::runtime::Runtime> {
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.thread_name("focusflow").max_blocking_threads(2 * processors + 4);
    Ok(builder.enable_all().build()?)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe))
}
