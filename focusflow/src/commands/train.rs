//! `focusflow train`: learns a model of burnout risk from what a server or the data directory has under pseudonyms, judges it by
//! people it has not seen, and writes its card.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use schemas::control::Role;
use schemas::risk::Card;

use crate::cli::Train;
use crate::config::Config;
use crate::terminal::{count, took};
use crate::train::{STATEMENT, Samples, markdown, train};

pub async fn run(config: Config, args: Train) -> Result<()> {
    let models = args.out.clone().unwrap_or_else(|| config.data.join("models"));
    let started = Instant::now();
    let (_, batches) = super::sql::rows(config, &args.server, STATEMENT, Role::Analyst).await?;
    let samples = Samples::read(&batches)?;
    eprintln!(
        "{} answers of {} people, read in {}",
        count(samples.all.len() as u64),
        count(samples.people.len() as u64),
        took(started)
    );
    let started = Instant::now();
    let card = tokio::task::spawn_blocking(move || train(&samples)).await.context("training broke off")??;
    eprintln!("trained and judged in {}", took(started));
    let file = write(&card, models)?;
    println!("{}", markdown(&card));
    println!("written to {} and, for machines, beside it as .json", file.display());
    Ok(())
}

fn write(card: &Card, models: PathBuf) -> Result<PathBuf> {
    std::fs::create_dir_all(&models).with_context(|| format!("{} cannot be made", models.display()))?;
    let file = models.join(format!("{}.md", card.name));
    let json = serde_json::to_vec_pretty(card)?;
    for (path, content) in [(file.clone(), markdown(card).into_bytes()), (file.with_extension("json"), json)] {
        std::fs::write(&path, content).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(file)
}
