use std::sync::Mutex;

use async_trait::async_trait;
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
    let mut settings = simulate::Config::new(standing.seed, 3, standing.start_day, HISTORY_DAYS as i32);
    settings.as_sent = true;
    let (workforce, mut expected) = (Workforce::new(settings), Vec::new());
    let mut events = workforce.events(i64::from(standing.start_day) * DAY_MS, standing.until_ms);
    events.write_before(standing.until_ms, &mut expected);
    assert!(*sink.0.lock().unwrap() == expected, "the two runs together are what one would have been");
}
