//! `focusflow directory`: works on the control data directly; a running server sees the change within a second.

use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result};
use schemas::directory::{self, Document, Team};
use store::control::ControlStore;

use crate::cli::Directory;
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::problem::Problem;
use crate::wiring;

pub async fn run(config: Config, args: Directory) -> Result<()> {
    let data = DataDir::at(&config.data);
    match args {
        Directory::Check { file } => {
            let document = read(&file, &[])?;
            let counts = counts(&document);
            directory::Directory::new(document).with_context(|| format!("{} would be refused", file.display()))?;
            println!("{}: {counts}, all well", file.display());
        }
        Directory::Put { file } => {
            let control = wiring::open_control(&config, &data, true).await?;
            let teams = control.watch().borrow().directory.document().teams.clone();
            let document = read(&file, &teams)?;
            let counts = counts(&document);
            let version = control.put_directory(document).await.with_context(|| format!("{} is refused", file.display()))?;
            control.close().await;
            eprintln!("directory: {counts} (version {version})");
        }
        Directory::Get => {
            let control = wiring::open_control(&config, &data, false).await?;
            let text = serde_json::to_string_pretty(control.watch().borrow().directory.document())?;
            control.close().await;
            writeln!(std::io::stdout().lock(), "{text}")?;
        }
    }
    Ok(())
}

/// As JSON or, with the teams there are, as CSV: by the file's name, else by how it begins.
fn read(file: &Path, teams: &[Team]) -> Result<Document> {
    let mut text = String::new();
    match file.to_str() {
        Some("-") => std::io::stdin().read_to_string(&mut text).map(drop),
        _ => std::fs::read_to_string(file).map(|read| text = read),
    }
    .map_err(|e| Problem::new(format!("{} cannot be read: {e}", file.display())).cure("name a JSON or CSV file in UTF-8"))?;
    let is_csv = match file.extension().and_then(|e| e.to_str()) {
        Some("csv") => true,
        Some("json") => false,
        _ => !text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']),
    };
    if is_csv {
        return directory::from_csv(&text, teams.to_vec()).with_context(|| format!("{} is no directory", file.display()));
    }
    Ok(serde_json::from_str(&text).map_err(|e| {
        let cure = "it is {\"teams\": […], \"people\": […]}, as `focusflow directory get` prints it, or the people as CSV";
        Problem::new(format!("{} is no directory: {e}", file.display())).cure(cure)
    })?)
}

fn counts(document: &Document) -> String {
    let people: std::collections::HashSet<&str> = document.people.iter().map(|p| p.id.as_str()).collect();
    format!("{} people in {} teams", people.len(), document.teams.len())
}
