//! What leaves by the log: dead letters and what belongs elsewhere before the commit, live updates after it.

use std::collections::BTreeMap;

use eventlog::{EventLog, Records, RecordsBuilder, Topic, partition_of};
use schemas::live::Update;

use crate::partition::{Dead, Stray};

/// What is left of a value that the log does not take whole: more than any event may have.
const CUT_BYTES: usize = 64 << 10;

/// Records nobody could use: the reason is the source, so that key and value stay as they came and can be sent again. With
/// `cut` those that the log will not take as they are: long values shortened, and of this time.
pub async fn dead_letters(
    log: &dyn EventLog,
    partition: u32,
    records: &Records,
    dead: &[Dead],
    cut: Option<i64>,
) -> Result<(), eventlog::Error> {
    let mut dead = dead.to_vec();
    dead.sort_by_key(|d| d.offset);
    let mut reasons = dead.iter().peekable();
    let mut out = RecordsBuilder::default();
    for record in records.iter() {
        let Some(dead) = reasons.next_if(|d| d.offset == record.offset) else { continue };
        match cut {
            None => out.push(record.timestamp_ms, record.key, dead.reason.as_bytes(), record.value),
            Some(now_ms) if record.value.len() > CUT_BYTES => {
                let reason = format!("{}; cut from {} bytes", dead.reason, record.value.len());
                out.push(now_ms, record.key, reason.as_bytes(), &record.value[..CUT_BYTES]);
            }
            Some(now_ms) => out.push(now_ms, record.key, dead.reason.as_bytes(), record.value),
        }
    }
    if out.is_empty() {
        return Ok(());
    }
    let partition = partition % log.partitions(Topic::DeadLetters).max(1);
    log.append(Topic::DeadLetters, vec![(partition, out.finish())]).await
}

/// Records that belong to other partitions, as they are but for a key where they had none.
pub async fn strays(log: &dyn EventLog, records: &Records, strays: &[Stray]) -> Result<(), eventlog::Error> {
    let mut strays = strays.iter().peekable();
    let mut batches: BTreeMap<u32, RecordsBuilder> = BTreeMap::new();
    for record in records.iter() {
        let Some(stray) = strays.next_if(|s| s.offset == record.offset) else { continue };
        let key = stray.key.as_deref().map_or(record.key, str::as_bytes);
        batches.entry(stray.partition).or_default().push(record.timestamp_ms, key, record.source, record.value);
    }
    let batches = batches.into_iter().map(|(partition, mut builder)| (partition, builder.finish())).collect();
    log.append(Topic::Events, batches).await
}

/// Live views can do without one: they ask again. So a failure is told and no more.
pub async fn updates(log: &dyn EventLog, updates: &[Update], now_ms: i64) {
    let partitions = log.partitions(Topic::Updates);
    let mut batches: BTreeMap<u32, RecordsBuilder> = BTreeMap::new();
    for update in updates {
        let key = update.user_id.as_bytes();
        if let Ok(json) = serde_json::to_vec(update) {
            batches.entry(partition_of(key, partitions)).or_default().push(now_ms, key, b"processors", &json);
        }
    }
    if batches.is_empty() {
        return;
    }
    let batches = batches.into_iter().map(|(partition, mut builder)| (partition, builder.finish())).collect();
    if let Err(error) = log.append(Topic::Updates, batches).await {
        tracing::warn!(%error, count = updates.len(), "live updates were not published");
    }
}
