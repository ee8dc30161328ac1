//! `focusflow directory`: works on the control data directly; a running server sees the change within a second.

use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result};
use schemas::directory::{self, Document};
use store::control::ControlStore;

use crate::cli::Directory;
use crate::config::Config;

pub async fn run(config: Config, args: Directory) -> Result<()> {
    match args {
        Directory::Check { file } => {
            let document = read(&file)?;
            let counts = counts(&document);
            directory::Directory::new(document).with_context(|| format!("{} would be refused", file.display()))?;
            println!("{}: {counts}, all well", file.display());
        }
        Directory::Put { file } => {
            let document = read(&file)?;
            let counts = counts(&document);
            let control = super::open_control(&config).await?;
            let version = control.put_directory(document).await.with_context(|| format!("{} is refused", file.display()))?;
            control.close().await;
            eprintln!("directory: {counts} (version {version})");
        }
        Directory::Get => {
            let control = super::open_control(&config).await?;
            let text = serde_json::to_string_pretty(control.watch().borrow().directory.document())?;
            control.close().await;
            writeln!(std::io::stdout().lock(), "{text}")?;
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<Document> {
    let mut text = String::new();
    match file.to_str() {
        Some("-") => std::io::stdin().read_to_string(&mut text).map(drop),
        _ => std::fs::read_to_string(file).map(|read| text = read),
    }
    .with_context(|| format!("{} cannot be read", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not a directory document", file.display()))
}

fn counts(document: &Document) -> String {
    let people: std::collections::HashSet<&str> = document.people.iter().map(|p| p.id.as_str()).collect();
    format!("{} people in {} teams", people.len(), document.teams.len())
}
