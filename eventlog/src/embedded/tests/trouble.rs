//! Full disks, files that are gone or damaged, a second process, retention, and what each says.

use std::fs;

use super::disk::SimDisk;
use super::*;
use crate::testing::{batch, read_all};

async fn fill(log: &EmbeddedLog, topic: Topic, appends: usize) {
    for i in 0..appends {
        log.append(topic, vec![(0, batch(&format!("{i}"), 10))]).await.unwrap();
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn refusal(dir: &Path) -> String {
    match open(config(dir)) {
        Err(Error::Corrupt(why)) => why,
        other => panic!("should be refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_full_disk_is_an_error_with_its_cure_and_passes_by_itself() {
    let disk = Arc::new(SimDisk::default());
    let log = EmbeddedLog::open_on(disk.clone(), config(Path::new("log")), None).unwrap();
    fill(&log, Topic::Events, 3).await;
    disk.set_room(Some(100));
    for _ in 0..3 {
        let error = log.append(Topic::Events, vec![(0, batch("too much", 10)), (1, batch("too much", 1))]).await.unwrap_err();
        assert!(error.is_retryable());
        let text = error.to_string();
        assert!(text.contains("log/events/") && text.contains("free space on that disk"), "{text}");
        assert_eq!(text.matches("cannot take records now").count(), 1, "{text}");
    }
    // What was acknowledged can be read meanwhile, and nothing else.
    assert_eq!(read_all(&log, Topic::Events, 0, 0).await.len(), 30);
    disk.set_room(None);
    log.append(Topic::Events, vec![(0, batch("again", 2))]).await.unwrap();
    drop(log);
    let log = EmbeddedLog::open_on(disk, config(Path::new("log")), None).unwrap();
    let values = read_all(&log, Topic::Events, 0, 0).await;
    assert_eq!(values.len(), 32);
    assert_eq!(values[31], (31, "again 1".into()));
}

#[tokio::test]
async fn a_missing_renamed_or_shortened_segment_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(config(dir.path())).unwrap();
    fill(&log, Topic::Events, 30).await;
    drop(log);
    let segments = files(&dir.path().join("events/0"));
    assert!(segments.len() >= 4, "{segments:?}");
    let aside = dir.path().join("aside");

    fs::rename(&segments[1], &aside).unwrap();
    assert!(refusal(dir.path()).contains("is missing"));
    fs::rename(&aside, &segments[1]).unwrap();

    let other = segments[1].with_file_name("00000000000000000001.log");
    fs::rename(&segments[1], &other).unwrap();
    let why = refusal(dir.path());
    assert!(why.contains("00000000000000000001.log") && why.contains("was renamed"), "{why}");
    fs::rename(&other, &segments[1]).unwrap();

    let bytes = fs::read(&segments[1]).unwrap();
    fs::write(&segments[1], &bytes[..bytes.len() - 1]).unwrap();
    assert!(refusal(dir.path()).contains("bytes and should have"));
    fs::write(&segments[1], &bytes).unwrap();

    let log = open(config(dir.path())).unwrap();
    assert_eq!(read_all(&log, Topic::Events, 0, 0).await.len(), 300);
}

#[tokio::test]
async fn damage_in_acknowledged_records_is_told_from_a_torn_end() {
    let dir = tempfile::tempdir().unwrap();
    let big = || Config { segment_bytes: 1 << 20, ..config(dir.path()) };
    let log = open(big()).unwrap();
    fill(&log, Topic::Events, 10).await;
    drop(log);
    let path = &files(&dir.path().join("events/0"))[0];
    let bytes = fs::read(path).unwrap();
    let flipped = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        bytes
    };

    // Within the records of an old frame: found when it is read.
    fs::write(path, flipped(bytes.len() / 2)).unwrap();
    let log = open(Config { cache_bytes: 0, ..big() }).unwrap();
    let mut next = 0;
    let error = loop {
        match log.read(Topic::Events, 0, next, 1, Duration::ZERO).await {
            Ok(records) => next = records.next_offset(),
            Err(error) => break error,
        }
    };
    assert!(matches!(&error, Error::Corrupt(why) if why.contains("damaged at byte")), "{error}");
    drop(log);

    // In the head of an old frame: what follows proves that it was acknowledged.
    let head = (bytes.len() / 2..).find(|at| bytes[*at..].starts_with(&frame::FRAME_MAGIC)).unwrap();
    fs::write(path, flipped(head)).unwrap();
    assert!(refusal(dir.path()).contains("records that were acknowledged"));

    // In the last frame: nothing proves it, so it counts as torn.
    fs::write(path, flipped(bytes.len() - 1)).unwrap();
    let log = open(big()).unwrap();
    assert_eq!(log.range(Topic::Events, 0).await.unwrap(), 0..90);
}

#[tokio::test]
async fn a_second_process_is_told_who_has_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(config(dir.path())).unwrap();
    let text = open(config(dir.path())).unwrap_err().to_string();
    assert!(text.contains(&format!("in use by process {}", std::process::id())), "{text}");
    assert!(text.contains(&dir.path().display().to_string()));
    drop(log);
    open(config(dir.path())).unwrap();
}

#[tokio::test]
async fn the_number_of_partitions_stays() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(Config::new(dir.path(), 3)).unwrap());
    assert_eq!(open(Config::new(dir.path(), 8)).unwrap().partitions(Topic::Events), 3);
    fs::write(dir.path().join("format"), "focusflow-log 2 shards 3\n").unwrap();
    assert!(refusal(dir.path()).contains("version"));
}

#[tokio::test]
async fn a_log_without_its_format_is_not_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(Config::new(dir.path(), 8)).unwrap();
    log.append(Topic::Events, vec![(7, batch("a", 3))]).await.unwrap();
    drop(log);
    fs::remove_file(dir.path().join("format")).unwrap();
    let why = refusal(dir.path());
    let line = "focusflow-log 1 partitions ";
    assert!(why.contains("format is missing") && why.contains(line) && why.contains("events"), "{why}");
    // The cure it names.
    let count = fs::read_dir(dir.path().join("events")).unwrap().count();
    fs::write(dir.path().join("format"), format!("{line}{count}\n")).unwrap();
    assert_eq!(read_all(&open(config(dir.path())).unwrap(), Topic::Events, 7, 0).await.len(), 3);
}

#[tokio::test]
async fn segments_may_be_as_short_as_nothing() {
    let dir = tempfile::tempdir().unwrap();
    for segment_bytes in [0, 1, 44, 45] {
        let short = || Config { segment_bytes, ..config(&dir.path().join(segment_bytes.to_string())) };
        let log = open(short()).unwrap();
        fill(&log, Topic::Events, 5).await;
        assert_eq!(read_all(&log, Topic::Events, 0, 0).await.len(), 50);
        drop(log);
        assert_eq!(read_all(&open(short()).unwrap(), Topic::Events, 0, 0).await.len(), 50);
    }
}

#[tokio::test]
async fn a_backlog_is_read_in_pieces_as_large_as_asked_for() {
    let disk = Arc::new(SimDisk::default());
    let large = Config { segment_bytes: 64 << 20, cache_bytes: 0, ..config(Path::new("log")) };
    let log = EmbeddedLog::open_on(disk.clone(), large, None).unwrap();
    for i in 0..40 {
        log.append(Topic::Events, vec![(0, batch(&format!("{i}"), 4_000))]).await.unwrap();
    }
    let max_bytes = 1 << 20;
    let (mut next, mut pieces, before) = (0, Vec::new(), disk.bytes_read());
    while next < 160_000 {
        let records = log.read(Topic::Events, 0, next, max_bytes, Duration::ZERO).await.unwrap();
        assert_eq!(records.iter().map(|r| r.offset).collect::<Vec<_>>(), (next..records.next_offset()).collect::<Vec<_>>());
        assert!(records.iter().all(|r| r.value == format!("{} {}", r.offset / 4_000, r.offset % 4_000).as_bytes()));
        pieces.push(records.wire().len());
        next = records.next_offset();
    }
    let (all, last) = (pieces.iter().sum::<usize>(), pieces.pop());
    assert!(pieces.iter().all(|bytes| *bytes > max_bytes * 2 / 3 && *bytes <= max_bytes), "{pieces:?} {last:?}");
    assert!(pieces.len() > 3 && disk.bytes_read() - before < all * 3 / 2, "{} read for {all}", disk.bytes_read() - before);
    // From the middle of a frame, and less than one.
    for (from, max_bytes) in [(1_234, 1), (1_234, 5_000), (3_999, 200_000), (7_777, 400_000)] {
        let records = log.read(Topic::Events, 0, from, max_bytes, Duration::ZERO).await.unwrap();
        assert_eq!((records.base_offset(), records.iter().count()), (from, records.len()));
        assert!(records.len() == 1 || records.wire().len() <= max_bytes);
    }
}

#[tokio::test]
async fn a_deleted_segment_is_not_kept_open() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(Config { cache_bytes: 0, ..config(dir.path()) }).unwrap();
    fill(&log, Topic::Updates, 30).await;
    let oldest = log.range(Topic::Updates, 0).await.unwrap().start;
    log.read(Topic::Updates, 0, oldest, 1, Duration::ZERO).await.unwrap();
    let held = || {
        let open = fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
        let held = open.filter(|path| path.starts_with(dir.path()) && path.to_string_lossy().ends_with("(deleted)"));
        held.collect::<Vec<_>>()
    };
    fill(&log, Topic::Updates, 30).await;
    assert!(log.range(Topic::Updates, 0).await.unwrap().start > oldest);
    assert_eq!(held(), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn dead_letters_have_an_age_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let aged = Config { retain_age: Some(Duration::from_millis(1)), ..Config::new(dir.path(), 1) };
    let log = open(Config { retention_interval: Duration::ZERO, ..aged }).unwrap();
    fill(&log, Topic::Updates, 1).await;
    fill(&log, Topic::DeadLetters, 1).await;
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        fill(&log, Topic::Events, 1).await;
    }
    assert_eq!(log.range(Topic::Updates, 0).await.unwrap(), 10..10);
    assert_eq!(log.range(Topic::DeadLetters, 0).await.unwrap(), 0..10);
}

#[tokio::test]
async fn retention_by_size_takes_whole_segments_and_only_released_events() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(config(dir.path())).unwrap();
    fill(&log, Topic::Updates, 60).await;
    fill(&log, Topic::Events, 60).await;
    let updates = log.range(Topic::Updates, 0).await.unwrap();
    assert!(updates.start > 300 && updates.end == 600, "{updates:?}");
    assert_eq!(log.range(Topic::Events, 0).await.unwrap(), 0..600);
    log.release(Topic::Events, 0, 333).await.unwrap();
    fill(&log, Topic::Events, 1).await;
    let events = log.range(Topic::Events, 0).await.unwrap();
    assert!(events.start > 200 && events.start <= 333, "{events:?}");
    drop(log);
    assert_eq!(files(&dir.path().join("updates/0"))[0], partition::segment_path(&dir.path().join("updates/0"), updates.start));
    // Release offsets are the reader's to tell again.
    let log = open(config(dir.path())).unwrap();
    fill(&log, Topic::Events, 60).await;
    assert_eq!(log.range(Topic::Events, 0).await.unwrap(), events.start..1_210);
}

#[tokio::test]
async fn retention_by_age_closes_and_deletes_what_is_old() {
    let dir = tempfile::tempdir().unwrap();
    let aged = Config { retain_age: Some(Duration::from_millis(40)), ..Config::new(dir.path(), 1) };
    let log = open(Config { retention_interval: Duration::ZERO, ..aged }).unwrap();
    fill(&log, Topic::Updates, 1).await;
    fill(&log, Topic::Events, 1).await;
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        fill(&log, Topic::DeadLetters, 1).await;
    }
    assert_eq!(log.range(Topic::Updates, 0).await.unwrap(), 10..10);
    assert_eq!(log.range(Topic::Events, 0).await.unwrap(), 0..10);
    assert!(matches!(log.read(Topic::Updates, 0, 9, 1, Duration::ZERO).await, Err(Error::OutOfRange { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_appends_share_syncs_and_the_queue_is_bounded() {
    let disk = Arc::new(SimDisk::default());
    let bounded = Config { segment_bytes: 1 << 20, queue_bytes: 10_000, sync_threads: 2, ..config(Path::new("log")) };
    let log = Arc::new(EmbeddedLog::open_on(disk.clone(), bounded, None).unwrap());
    fill(&log, Topic::Events, 1).await;
    let before = disk.syncs();
    let appends: Vec<_> = (0..500)
        .map(|i| {
            let log = log.clone();
            // Some are larger than the whole queue.
            let n = if i % 100 == 0 { 1_000 } else { 10 };
            tokio::spawn(async move { log.append(Topic::Events, vec![(0, batch("a", n)), (1, batch("a", 1))]).await })
        })
        .collect();
    for append in appends {
        append.await.unwrap().unwrap();
    }
    assert!(disk.syncs() - before < 600, "{} syncs for 500 appends to two partitions", disk.syncs() - before);
    assert_eq!(log.range(Topic::Events, 0).await.unwrap().end, 10 + 5 * 1_000 + 495 * 10);
    assert_eq!(log.room.available_permits(), 10_000);
    log.close().await;
    assert!(matches!(log.append(Topic::Events, vec![(0, batch("late", 1))]).await, Err(Error::Closed)));
    assert_eq!(read_all(&*log, Topic::Events, 1, 0).await.len(), 500);
}
