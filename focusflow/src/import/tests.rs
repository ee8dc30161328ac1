use std::sync::Mutex;

use futures::FutureExt;

use super::*;
use crate::data_dir::DataDir;

/// Takes lines; refuses those that start with `bad`, and everything after a number of pieces. Pieces may be made ready in any
/// order; what counts is the order in which they are sent.
#[derive(Default)]
struct Lines {
    taken: Arc<Mutex<Vec<String>>>,
    fail_after: Option<usize>,
}

#[async_trait]
impl Sink for Lines {
    async fn take(&self, lines: Bytes) -> Result<Sending> {
        let (taken, fail_after, text) = (Arc::clone(&self.taken), self.fail_after, String::from_utf8(lines.to_vec())?);
        Ok(async move { receipt(&mut taken.lock().unwrap(), fail_after, text) }.boxed())
    }
}

fn receipt(taken: &mut Vec<String>, fail_after: Option<usize>, text: String) -> Result<Receipt> {
    if fail_after.is_some_and(|n| taken.len() >= n) {
        anyhow::bail!("the disk is full");
    }
    let mut receipt = Receipt::default();
    for (index, line) in text.lines().enumerate() {
        match line.starts_with("bad") {
            true => receipt.rejected.push(Rejected { index: index as u64, code: "malformed".into(), message: line.into() }),
            false => receipt.accepted += 1,
        }
    }
    taken.push(text);
    Ok(receipt)
}

fn importer(data: &Path, sink: &Arc<Lines>) -> Importer {
    let data = DataDir::open(data).unwrap();
    let sink = Arc::clone(sink) as Arc<dyn Sink>;
    Importer { sink, remembered: Remembered::open(data), progress: Progress::hidden(), piece_bytes: 8 << 20, in_flight: 2 }
}

/// Three pieces and a bit; every 100,000th line is bad.
fn file(dir: &Path) -> (PathBuf, String) {
    let line = |i: usize| if i % 100_000 == 99_999 { format!("bad {i}\n") } else { format!("line {i:40}\n") };
    let text: String = (0..600_000).map(line).collect();
    let path = dir.join("events.ndjson");
    std::fs::write(&path, &text).unwrap();
    (path, text)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_import_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let (path, text) = file(dir.path());
    let failing = Arc::new(Lines { fail_after: Some(2), ..Lines::default() });
    importer(dir.path(), &failing).file(&path).await.unwrap_err();

    let sink = Arc::new(Lines::default());
    let totals = importer(dir.path(), &sink).file(&path).await.unwrap();
    assert_eq!((totals.accepted, totals.rejected), (599_994, 6));
    let mut all = failing.taken.lock().unwrap().clone();
    all.sort_by_key(|piece| text.find(piece.as_str()).unwrap());
    let mut rest = sink.taken.lock().unwrap().clone();
    rest.sort_by_key(|piece| text.find(piece.as_str()).unwrap());
    assert_eq!(all.concat() + &rest.concat(), text, "nothing twice, nothing left out");
    let rejected = std::fs::read_to_string(rejections::path(&path)).unwrap();
    let indexes: Vec<u64> = rejected.lines().map(|l| serde_json::from_str::<Rejected>(l).unwrap().index).collect();
    assert_eq!(indexes, [99_999, 199_999, 299_999, 399_999, 499_999, 599_999]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_starts_over_and_a_missing_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.ndjson");
    std::fs::write(&path, "one\ntwo\n").unwrap();
    let sink = Arc::new(Lines::default());
    importer(dir.path(), &sink).file(&path).await.unwrap();
    assert!(importer(dir.path(), &sink).remembered.find(&path).unwrap().offset > 0);
    std::fs::write(&path, "one\ntwo\nthree\n").unwrap();
    assert_eq!(importer(dir.path(), &sink).remembered.find(&path).unwrap().offset, 0);
    let error = importer(dir.path(), &sink).file(&dir.path().join("none")).await.unwrap_err();
    assert!(error.to_string().contains("none"), "{error:#}");
}
