//! The contract suite: every implementation of `Store` passes it, each invariant a case of its own.

use std::sync::Arc;

use arrow::array::RecordBatch;
use async_trait::async_trait;
use schemas::Table;
use schemas::rows::{
    DIRECTORY, DirectoryEntry, DirectoryEntryColumns, FOCUS_BLOCKS, FocusBlock, FocusBlockColumns, Int, Text, USER_5M, column,
};

use crate::rows::{DAY_MS, damaged};
use crate::{Checkpoint, Commit, Error, Scan, Store, Whose};

/// A store under test, and the ways to lose it.
#[async_trait]
pub trait Subject: Send {
    fn store(&self) -> Arc<dyn Store>;
    /// Loses the process: what was not durable is gone. Old handles answer no more.
    async fn crash(&mut self) -> Result<(), Error>;
    /// Whether a scan for a partition leaves the people of others out, which it need not.
    fn tells_partitions_apart(&self) -> bool {
        false
    }
}

/// 2026-01-05, a Monday, at midnight.
pub const MONDAY_MS: i64 = 20_458 * DAY_MS;

/// A small row to test with: person, start, version, a number to tell versions apart by, and whether it is a tombstone.
pub type Block<'a> = (&'a str, i64, u64, i64, bool);

pub fn blocks(rows: &[Block<'_>]) -> Result<RecordBatch, Error> {
    let mut columns = FocusBlockColumns::default();
    for &(user_id, start_ts, version, focus_ms, deleted) in rows {
        columns.push(&FocusBlock {
            user_id,
            start_ts,
            team_id: Some("t-1"),
            end_ts: start_ts + focus_ms,
            focus_ms,
            deep: false,
            interruptions: 0,
            definition: 1,
            final_: false,
            version,
            deleted,
        });
    }
    columns.finish().map_err(damaged)
}

pub fn commit_of(partition: u32, epoch: u64, from: u64, to: u64, rows: &[Block<'_>]) -> Result<Commit, Error> {
    let rows = vec![(&FOCUS_BLOCKS, blocks(rows)?)];
    Ok(Commit { partition, epoch, from, to, state: to.to_be_bytes().to_vec(), rows })
}

/// (person, start, version, number) of every row of these people, or else of everyone, in [from, to), in the order given back.
pub async fn read_blocks(
    store: &dyn Store,
    users: &[&str],
    from_ms: i64,
    to_ms: i64,
) -> Result<Vec<(String, i64, u64, i64)>, Error> {
    let people = || users.iter().map(|u| (*u).to_owned()).collect();
    let whose = if users.is_empty() { Whose::EVERYONE } else { Whose::People(people()) };
    let batches = store.scan(Scan { table: &FOCUS_BLOCKS, whose, from_ms, to_ms, columns: None }).await?;
    let mut rows = Vec::new();
    for batch in &batches {
        assert_eq!(batch.schema(), FOCUS_BLOCKS.schema(), "a scan gives the table's full schema");
        assert!(batch.num_rows() > 0, "a scan gives no empty batches");
        rows.extend(FocusBlock::read(batch).map(|b| (b.user_id.to_owned(), b.start_ts, b.version, b.focus_ms)));
    }
    Ok(rows)
}

async fn all(store: &dyn Store) -> Result<Vec<(String, i64, u64, i64)>, Error> {
    read_blocks(store, &["a", "b", "c", "d"], MONDAY_MS - 10 * DAY_MS, MONDAY_MS + 10 * DAY_MS).await
}

fn row(user: &str, start: i64, version: u64, number: i64) -> (String, i64, u64, i64) {
    (user.to_owned(), start, version, number)
}

/// Runs every case on a subject of its own.
pub async fn contract<S: Subject>(make: impl AsyncFn() -> Result<S, Error>) -> Result<(), Error> {
    a_new_partition_starts_at_nothing(&mut make().await?).await?;
    epochs_grow_and_survive(&mut make().await?).await?;
    commits_show_at_once_and_move_the_position(&mut make().await?).await?;
    stale_commits_are_refused_whole(&mut make().await?).await?;
    wrong_batches_are_refused_whole(&mut make().await?).await?;
    readers_see_the_highest_version(&mut make().await?).await?;
    the_same_version_again_changes_nothing(&mut make().await?).await?;
    tombstones_hide_rows_until_a_higher_version(&mut make().await?).await?;
    scans_are_bounded_and_in_key_order(&mut make().await?).await?;
    a_partition_has_the_rows_of_its_people(&mut make().await?).await?;
    a_scan_gives_the_columns_asked_for(&mut make().await?).await?;
    what_was_flushed_is_never_lost(&mut make().await?).await?;
    a_crash_sets_back_to_a_whole_commit(&mut make().await?).await?;
    a_replay_after_a_crash_gives_the_same_rows(&mut make().await?).await?;
    partitions_are_independent(&mut make().await?).await?;
    time_alone_can_move_the_state(&mut make().await?).await?;
    only_control_tables_are_replaced(&mut make().await?).await?;
    concurrent_owners_leave_one_line_of_commits(&mut make().await?).await
}

async fn a_new_partition_starts_at_nothing(s: &mut impl Subject) -> Result<(), Error> {
    let got = s.store().acquire(7).await?;
    assert_eq!(got, Checkpoint { epoch: 1, position: 0, state: Vec::new() });
    assert_eq!(s.store().durable_position(7).await?, 0);
    assert_eq!(all(&*s.store()).await?, []);
    Ok(())
}

async fn epochs_grow_and_survive(s: &mut impl Subject) -> Result<(), Error> {
    assert_eq!(s.store().acquire(0).await?.epoch, 1);
    assert_eq!(s.store().acquire(0).await?.epoch, 2);
    assert_eq!(s.store().acquire(1).await?.epoch, 1, "each partition has its own");
    s.crash().await?;
    assert_eq!(s.store().acquire(0).await?.epoch, 3, "an epoch is durable before it is given out");
    Ok(())
}

async fn commits_show_at_once_and_move_the_position(s: &mut impl Subject) -> Result<(), Error> {
    let store = s.store();
    let epoch = store.acquire(0).await?.epoch;
    store.commit(commit_of(0, epoch, 0, 10, &[("a", MONDAY_MS, 1, 5, false)])?).await?;
    assert_eq!(all(&*store).await?, [row("a", MONDAY_MS, 1, 5)]);
    let next = store.acquire(0).await?;
    assert_eq!((next.position, next.state), (10, 10u64.to_be_bytes().to_vec()));
    Ok(())
}

async fn stale_commits_are_refused_whole(s: &mut impl Subject) -> Result<(), Error> {
    let store = s.store();
    let never = store.commit(commit_of(0, 0, 0, 10, &[("a", MONDAY_MS, 1, 1, false)])?).await;
    assert!(matches!(never, Err(Error::Stale { .. })), "nobody owns the partition yet: {never:?}");
    let old = store.acquire(0).await?.epoch;
    store.commit(commit_of(0, old, 0, 10, &[])?).await?;
    for (from, to) in [(0, 10), (5, 20), (11, 20)] {
        let refused = store.commit(commit_of(0, old, from, to, &[("a", MONDAY_MS, 1, 1, false)])?).await;
        assert!(matches!(refused, Err(Error::Stale { stored: 10, .. })), "from {from}: {refused:?}");
    }
    let new = store.acquire(0).await?.epoch;
    let refused = store.commit(commit_of(0, old, 10, 20, &[("a", MONDAY_MS, 1, 1, false)])?).await;
    assert!(matches!(refused, Err(Error::Stale { stored_epoch, .. }) if stored_epoch == new), "{refused:?}");
    assert_eq!(all(&*store).await?, [], "nothing of a refused commit shows");
    store.commit(commit_of(0, new, 10, 20, &[])?).await
}

async fn wrong_batches_are_refused_whole(s: &mut impl Subject) -> Result<(), Error> {
    let store = s.store();
    let epoch = store.acquire(0).await?.epoch;
    let mut wrong = commit_of(0, epoch, 0, 10, &[("a", MONDAY_MS, 1, 1, false)])?;
    wrong.rows.push((&USER_5M, blocks(&[("b", MONDAY_MS, 1, 1, false)])?));
    assert!(matches!(store.commit(wrong).await, Err(Error::Invalid(_))));
    assert_eq!(all(&*store).await?, []);
    let backwards = store.commit(commit_of(0, epoch, 0, 0, &[])?).await;
    assert!(backwards.is_ok(), "an empty step is a step");
    Ok(())
}

async fn readers_see_the_highest_version(s: &mut impl Subject) -> Result<(), Error> {
    let store = s.store();
    let epoch = store.acquire(0).await?.epoch;
    let rows: [&[Block<'_>]; 4] = [
        &[("a", MONDAY_MS, 1, 1, false), ("b", MONDAY_MS, 1, 1, false)],
        &[("a", MONDAY_MS, 3, 3, false), ("a", MONDAY_MS, 2, 2, false)],
        &[("a", MONDAY_MS, 2, 22, false)],
        &[("b", MONDAY_MS, 2, 2, false)],
    ];
    let expected = [row("a", MONDAY_MS, 3, 3), row("b", MONDAY_MS, 2, 2)];
    for (i, rows) in rows.into_iter().enumerate() {
        store.commit(commit_of(0, epoch, i as u64, i as u64 + 1, rows)?).await?;
    }
    assert_eq!(all(&*store).await?, expected);
    store.flush().await?;
    assert_eq!(all(&*store).await?, expected, "flushing changes nothing to see");
    Ok(())
}

async fn the_same_version_again_changes_nothing(s: &mut impl Subject) -> Result<(), Error> {
    let store = s.store();
    let epoch = store.acquire(0).await?.epoch;
    for i in 0..3 {
        store.commit(commit_of(0, epoch, i, i + 1, &[("a", MONDAY_MS, 9, 5, false)])?).await?;
        if i == 1 {
            store.flush().await?;
        }
        assert_eq!(all(&*store).await?, [row("a", MONDAY_MS, 9, 5)]);
    }
    Ok(())
}

async fn tombstones_hide_rows_until_a_higher_version(s: &mut impl Subject) -> Result<(), Error> {
    let store = s.store();
    let epoch = store.acquire(0).await?.epoch;
    let steps: [(u64, i64, bool, Option<u64>); 5] =
        [(1, 1, false, Some(1)), (5, 0, true, None), (4, 4, false, None), (6, 6, false, Some(6)), (7, 0, true, None)];
    for (i, (version, number, deleted, shown)) in steps.into_iter().enumerate() {
        store.commit(commit_of(0, epoch, i as u64, i as u64 + 1, &[("a", MONDAY_MS, version, number, deleted)])?).await?;
        for flushed in [false, true] {
            let seen: Vec<u64> = all(&*store).await?.iter().map(|r| r.2).collect();
            assert_eq!(seen, shown.into_iter().collect::<Vec<_>>(), "after version {version}, flushed {flushed}");
            store.flush().await?;
        }
    }
    Ok(())
}

async fn scans_are_bounded_and_in_key_order(s: &mut impl Subject) -> Result<(), Error> {
    let store = s.store();
    let epoch = store.acquire(0).await?.epoch;
    // Later days first and people mixed, half of it flushed.
    let starts = [MONDAY_MS + 2 * DAY_MS, MONDAY_MS - 1, MONDAY_MS, MONDAY_MS + DAY_MS - 1, MONDAY_MS + DAY_MS];
    for (i, start) in starts.into_iter().enumerate() {
        let rows = [("c", start, 1, 1, false), ("a", start, 1, 1, false), ("b", start, 1, 1, false)];
        store.commit(commit_of(0, epoch, i as u64, i as u64 + 1, &rows)?).await?;
        if i == 2 {
            store.flush().await?;
        }
    }
    let seen = read_blocks(&*store, &["c", "a", "nobody", "a"], MONDAY_MS, MONDAY_MS + DAY_MS).await?;
    let expected: Vec<_> =
        ["a", "c"].iter().flat_map(|u| [MONDAY_MS, MONDAY_MS + DAY_MS - 1].map(|start| row(u, start, 1, 1))).collect();
    assert_eq!(seen, expected);
    assert_eq!(all(&*store).await?.len(), 15);
    assert!(all(&*store).await?.is_sorted());
    assert_eq!(read_blocks(&*store, &["nobody"], MONDAY_MS, MONDAY_MS + DAY_MS).await?, []);
    assert_eq!(read_blocks(&*store, &[], MONDAY_MS, MONDAY_MS + DAY_MS).await?.len(), 6, "no list means everyone");
    assert_eq!(read_blocks(&*store, &["a"], MONDAY_MS, MONDAY_MS).await?, []);
    assert_eq!(read_blocks(&*store, &["a"], 0, DAY_MS).await?, []);
    Ok(())
}

async fn a_scan_gives_the_columns_asked_for(s: &mut impl Subject) -> Result<(), Error> {
    let store = s.store();
    let epoch = store.acquire(0).await?.epoch;
    let rows = [("b", MONDAY_MS, 1, 5, false), ("a", MONDAY_MS, 1, 6, false), ("c", MONDAY_MS, 1, 7, false)];
    store.commit(commit_of(0, epoch, 0, 1, &rows)?).await?;
    // A newer version, and one that is no more: neither key nor version is asked for.
    store.commit(commit_of(0, epoch, 1, 2, &[("a", MONDAY_MS, 2, 8, false), ("c", MONDAY_MS, 2, 0, true)])?).await?;
    for flushed in [false, true] {
        if flushed {
            store.flush().await?;
        }
        let (from_ms, to_ms) = (MONDAY_MS, MONDAY_MS + 1);
        let columns: Option<&[&str]> = Some(&["focus_ms", "user_id"]);
        let batches = store.scan(Scan { table: &FOCUS_BLOCKS, whose: Whose::EVERYONE, from_ms, to_ms, columns }).await?;
        let mut found = Vec::new();
        for batch in &batches {
            let names: Vec<&str> = batch.schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
            assert_eq!(names, ["focus_ms", "user_id"]);
            let (focus, user) = (column::<Int>(batch, "focus_ms"), column::<Text>(batch, "user_id"));
            let pair = |row| Some((user.as_ref()?(row)?.to_owned(), focus.as_ref()?(row)?));
            found.extend((0..batch.num_rows()).filter_map(pair));
        }
        assert_eq!(found, [("a".to_owned(), 8), ("b".to_owned(), 5)]);
    }
    Ok(())
}

async fn a_partition_has_the_rows_of_its_people(s: &mut impl Subject) -> Result<(), Error> {
    // As the event log tells them apart by their names.
    let homes = [("a", 60), ("ada", 13), ("benedikta", 20), ("c", 10), ("d", 17), ("u-00017", 2), ("Łucja", 36)];
    let store = s.store();
    let epoch = store.acquire(0).await?.epoch;
    let rows = homes.map(|(user, _)| (user, MONDAY_MS, 1, 5, false));
    store.commit(commit_of(0, epoch, 0, 1, &rows)?).await?;
    for (user, number) in homes {
        let whose = Whose::Partition { number, of: 64 };
        let scan = Scan { table: &FOCUS_BLOCKS, whose, from_ms: MONDAY_MS, to_ms: MONDAY_MS + 1, columns: None };
        let batches = store.scan(scan).await?;
        let found: Vec<&str> = batches.iter().flat_map(FocusBlock::read).map(|block| block.user_id).collect();
        let expected = if s.tells_partitions_apart() { vec![user] } else { homes.map(|(user, _)| user).to_vec() };
        assert_eq!(found, expected, "for the partition of {user}");
    }
    Ok(())
}

async fn what_was_flushed_is_never_lost(s: &mut impl Subject) -> Result<(), Error> {
    let store = s.store();
    let epoch = store.acquire(0).await?.epoch;
    store.commit(commit_of(0, epoch, 0, 10, &[("a", MONDAY_MS, 1, 1, false)])?).await?;
    store.flush().await?;
    assert_eq!(store.durable_position(0).await?, 10);
    drop(store);
    for _ in 0..2 {
        s.crash().await?;
        assert_eq!(s.store().durable_position(0).await?, 10);
        let got = s.store().acquire(0).await?;
        assert_eq!((got.position, got.state), (10, 10u64.to_be_bytes().to_vec()));
        assert_eq!(all(&*s.store()).await?, [row("a", MONDAY_MS, 1, 1)]);
    }
    Ok(())
}

async fn a_crash_sets_back_to_a_whole_commit(s: &mut impl Subject) -> Result<(), Error> {
    let store = s.store();
    let epoch = store.acquire(0).await?.epoch;
    for i in 0..6u64 {
        let rows = [("a", MONDAY_MS + i as i64, i + 1, 1, false), ("b", MONDAY_MS + i as i64, i + 1, 1, false)];
        store.commit(commit_of(0, epoch, i, i + 1, &rows)?).await?;
        if i == 2 {
            store.flush().await?;
        }
    }
    let durable = store.durable_position(0).await?;
    drop(store);
    s.crash().await?;
    let got = s.store().acquire(0).await?;
    assert!(got.position >= durable && durable >= 3, "never behind what was durable");
    assert_eq!(got.state, got.position.to_be_bytes().to_vec(), "state and position go together");
    assert_eq!(all(&*s.store()).await?.len() as u64, 2 * got.position, "and so do the rows");
    Ok(())
}

async fn a_replay_after_a_crash_gives_the_same_rows(s: &mut impl Subject) -> Result<(), Error> {
    let commits: Vec<[Block<'_>; 2]> = (0..8)
        .map(|i| [("a", MONDAY_MS + (i % 3) * DAY_MS, i as u64 + 1, i, i == 5), ("b", MONDAY_MS, i as u64 + 1, i, false)])
        .collect();
    let store = s.store();
    let epoch = store.acquire(0).await?.epoch;
    for (i, rows) in commits.iter().enumerate() {
        store.commit(commit_of(0, epoch, i as u64, i as u64 + 1, rows)?).await?;
        if i == 3 {
            store.flush().await?;
        }
    }
    let before = all(&*store).await?;
    drop(store);
    s.crash().await?;
    let store = s.store();
    let got = store.acquire(0).await?;
    for (i, rows) in commits.iter().enumerate().skip(got.position as usize) {
        store.commit(commit_of(0, got.epoch, i as u64, i as u64 + 1, rows)?).await?;
    }
    assert_eq!(all(&*store).await?, before);
    Ok(())
}

async fn partitions_are_independent(s: &mut impl Subject) -> Result<(), Error> {
    let store = s.store();
    let (one, two) = (store.acquire(1).await?.epoch, store.acquire(2).await?.epoch);
    store.commit(commit_of(1, one, 0, 5, &[("a", MONDAY_MS, 1, 1, false)])?).await?;
    store.commit(commit_of(2, two, 0, 7, &[("b", MONDAY_MS, 1, 1, false)])?).await?;
    store.acquire(1).await?;
    store.commit(commit_of(2, two, 7, 8, &[("c", MONDAY_MS, 1, 1, false)])?).await?;
    store.flush().await?;
    assert_eq!((store.durable_position(1).await?, store.durable_position(2).await?), (5, 8));
    assert_eq!(all(&*store).await?.len(), 3);
    Ok(())
}

async fn time_alone_can_move_the_state(s: &mut impl Subject) -> Result<(), Error> {
    let store = s.store();
    let epoch = store.acquire(0).await?.epoch;
    store.commit(commit_of(0, epoch, 0, 4, &[])?).await?;
    store.flush().await?;
    let mut same = commit_of(0, epoch, 4, 4, &[("a", MONDAY_MS, 2, 2, false)])?;
    same.state = b"later".to_vec();
    store.commit(same).await?;
    store.flush().await?;
    drop(store);
    s.crash().await?;
    let got = s.store().acquire(0).await?;
    assert_eq!((got.position, got.state.as_slice()), (4, b"later".as_slice()));
    assert_eq!(all(&*s.store()).await?.len(), 1);
    Ok(())
}

async fn only_control_tables_are_replaced(s: &mut impl Subject) -> Result<(), Error> {
    let store = s.store();
    let rows = directory("a")?;
    store.replace(&DIRECTORY, 1, rows.clone()).await?;
    store.replace(&DIRECTORY, 2, directory("b")?).await?;
    let wrong_table = store.replace(&FOCUS_BLOCKS, 3, blocks(&[])?).await;
    assert!(matches!(wrong_table, Err(Error::Invalid(_))), "{wrong_table:?}");
    assert!(matches!(store.replace(&DIRECTORY, 3, blocks(&[])?).await, Err(Error::Invalid(_))));
    let epoch = store.acquire(0).await?.epoch;
    let table: &'static Table = &DIRECTORY;
    let committed = Commit { partition: 0, epoch, from: 0, to: 1, state: Vec::new(), rows: vec![(table, rows)] };
    assert!(matches!(store.commit(committed).await, Err(Error::Invalid(_))));
    Ok(())
}

pub fn directory(user_id: &str) -> Result<RecordBatch, Error> {
    let mut columns = DirectoryEntryColumns::default();
    columns.push(&DirectoryEntry {
        user_id,
        valid_from: 0,
        name: None,
        team_id: Some("t-1"),
        team_name: Some("Team 1"),
        parent_team_id: None,
        time_zone: "UTC",
        work_start: "09:00",
        work_end: "17:00",
        work_days: "mon,tue,wed,thu,fri",
        manager: false,
        version: 1,
    });
    columns.finish().map_err(damaged)
}

async fn concurrent_owners_leave_one_line_of_commits(s: &mut impl Subject) -> Result<(), Error> {
    let owners = (0..4).map(|owner| {
        let store = s.store();
        async move {
            let mut taken = 0u64;
            for _ in 0..20 {
                let got = store.acquire(0).await?;
                let rows = [("a", MONDAY_MS + got.position as i64, got.position + 1, owner, false)];
                match store.commit(commit_of(0, got.epoch, got.position, got.position + 1, &rows)?).await {
                    Ok(()) => taken += 1,
                    Err(Error::Stale { .. }) => {}
                    Err(other) => return Err(other),
                }
                tokio::task::yield_now().await;
            }
            Ok(taken)
        }
    });
    let taken: u64 = futures::future::try_join_all(owners).await?.into_iter().sum();
    let store = s.store();
    assert_eq!(store.acquire(0).await?.position, taken, "each commit taken is one step");
    assert_eq!(all(&*store).await?.len() as u64, taken);
    Ok(())
}
