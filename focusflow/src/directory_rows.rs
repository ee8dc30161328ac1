//! The directory as rows of the `directory` table, put into the store at start and whenever it changes.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use arrow::array::RecordBatch;
use schemas::control::Control;
use schemas::directory::PersonEntry;
use schemas::rows::{DIRECTORY, DirectoryEntry, DirectoryEntryColumns};
use store::SharedStore;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub fn rows(control: &Control) -> Result<RecordBatch> {
    let mut columns = DirectoryEntryColumns::default();
    for entry in &control.directory.document().people {
        let team = entry.team.as_deref().and_then(|id| control.directory.team(id));
        columns.push(&DirectoryEntry {
            user_id: &entry.id,
            valid_from: valid_from(entry),
            name: entry.name.as_deref(),
            team_id: entry.team.as_deref(),
            team_name: team.map(|t| t.name.as_str()),
            parent_team_id: team.and_then(|t| t.parent.as_deref()),
            time_zone: &entry.time_zone,
            work_start: &entry.working_hours.start,
            work_end: &entry.working_hours.end,
            work_days: &entry.working_hours.days.join(",").to_lowercase(),
            manager: entry.manager,
            version: control.version,
        });
    }
    columns.finish().context("rows of the directory")
}

fn valid_from(entry: &PersonEntry) -> i32 {
    let date = entry.valid_from.as_deref().and_then(|text| text.parse().ok());
    date.map_or(0, schemas::directory::days_since_epoch)
}

/// A store that was away is asked again after this.
const AGAIN: Duration = Duration::from_secs(5);

/// Keeps the table as the directory is, until cancelled.
pub async fn follow(store: SharedStore, mut control: watch::Receiver<Arc<Control>>, cancel: CancellationToken) -> Result<()> {
    let mut last = None;
    loop {
        let snapshot = control.borrow_and_update().clone();
        if last.as_ref().is_none_or(|directory| !Arc::ptr_eq(directory, &snapshot.directory)) {
            match store.replace(&DIRECTORY, snapshot.version, rows(&snapshot)?).await {
                Ok(()) => last = Some(Arc::clone(&snapshot.directory)),
                Err(error) if error.is_retryable() => {
                    tracing::warn!(%error, "the table of the directory waits for the store");
                    if cancel.run_until_cancelled(tokio::time::sleep(AGAIN)).await.is_none() {
                        return Ok(());
                    }
                    continue;
                }
                Err(error) => return Err(error).context("the directory in the store"),
            }
        }
        match cancel.run_until_cancelled(control.changed()).await {
            Some(Ok(())) => {}
            Some(Err(_)) | None => return Ok(()),
        }
    }
}
