use std::sync::Mutex;

use async_trait::async_trait;
use eventlog::RecordsBuilder;
use eventlog::memory::MemoryLog;
use futures::FutureExt;
use store::control::MemoryControl;

use super::*;
use crate::import::{Receipt, Sending};

#[derive(Default)]
struct Lines(Mutex<Vec<u8>>);

#[async_trait]
impl Sink for Lines {
    async fn take(&self, lines: Bytes) -> Result<Sending> {
        self.0.lock().unwrap().extend_from_slice(&lines);
        Ok(async { Ok(Receipt::default()) }.boxed())
    }
}

/// Runs the demo for a moment.
async fn run(dir: &std::path::Path, control: &Arc<MemoryControl>, sink: &Arc<Lines>) {
    let demo = Demo {
        data: DataDir::open(dir).unwrap(),
        control: control.clone(),
        sink: sink.clone(),
        terminal: Terminal::new(),
        people: 3,
    };
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        stop.cancel();
    });
    demo.run(cancel).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_on_after_a_restart_without_a_gap_and_without_repeating_itself() {
    let dir = tempfile::tempdir().unwrap();
    let (control, sink) = (Arc::new(MemoryControl::new()), Arc::new(Lines::default()));
    run(dir.path(), &control, &sink).await;
    assert_eq!(control.watch().borrow().directory.people().count(), 3);
    let first = sink.0.lock().unwrap().len();
    assert!(first > 0, "two weeks of history");
    run(dir.path(), &control, &sink).await;

    let standing: Standing = serde_json::from_slice(&std::fs::read(dir.path().join("demo.json")).unwrap()).unwrap();
    assert!(now_ms() - standing.until_ms < 60_000, "it has caught up with the clock");
    let (workforce, mut expected) = (Workforce::new(standing.company(3)), Vec::new());
    let mut events = workforce.events(i64::from(standing.start_day) * DAY_MS, standing.until_ms);
    events.write_before(standing.until_ms, &mut expected);
    assert!(*sink.0.lock().unwrap() == expected, "the two runs together are what one would have been");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_moves_in_where_nobody_lives_and_stays_at_home() {
    let dir = tempfile::tempdir().unwrap();
    let data = DataDir::open(dir.path()).unwrap();
    let (control, log) = (Arc::new(MemoryControl::new()), MemoryLog::new(2));
    may_move_in(&data, &*control, &log).await.unwrap();
    run(dir.path(), &control, &Arc::new(Lines::default())).await;
    may_move_in(&data, &*control, &log).await.unwrap();

    std::fs::remove_file(standing_path(&data)).unwrap();
    let people = may_move_in(&data, &*control, &log).await.unwrap_err().to_string();
    assert!(people.contains("--data DIR"), "{people}");
    let nobody = MemoryControl::new();
    may_move_in(&data, &nobody, &log).await.unwrap();
    let mut records = RecordsBuilder::default();
    records.push(0, b"ada", b"", b"{}");
    log.append(Topic::Events, vec![(1, records.finish())]).await.unwrap();
    may_move_in(&data, &nobody, &log).await.unwrap_err();
}

/// The demo of the first release slept from Friday evening to Monday morning.
#[test]
fn a_demo_started_on_any_day_and_at_any_hour_has_people_at_work() {
    let monday = 1_790_553_600_000_i64;
    for start in (0..7 * 24).step_by(5).map(|hour| monday + hour * 3_600_000) {
        let start_day = (start / DAY_MS - HISTORY_DAYS) as i32;
        let standing = Standing { seed: 1, start_day, home: Home::at_work(start), until_ms: 0 };
        let workforce = Workforce::new(standing.company(200));
        let mut lines = Vec::new();
        workforce.events(start, start + 60_000).write_before(start + 60_000, &mut lines);
        let events = count_lines(&lines);
        assert!(events > 60, "{events} events in the first minute at {start}: {:?}", standing.home);
    }
}

fn count_lines(lines: &[u8]) -> usize {
    lines.split(|b| *b == b'\n').filter(|line| !line.is_empty()).count()
}
