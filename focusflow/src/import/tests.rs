use std::sync::Mutex;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use futures::FutureExt;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::*;
use crate::data_dir::DataDir;

/// Takes lines; refuses those that start with what is bad, and everything after a number of pieces. Pieces may be made ready in any
/// order; what counts is the order in which they are sent.
#[derive(Default)]
struct Lines {
    taken: Arc<Mutex<Vec<String>>>,
    fail_after: Option<usize>,
    bad: &'static str,
}

impl Lines {
    fn rejecting(bad: &'static str) -> Lines {
        Lines { bad, ..Lines::default() }
    }
}

#[async_trait]
impl Sink for Lines {
    async fn take(&self, lines: Bytes) -> Result<Sending> {
        let (taken, text) = (Arc::clone(&self.taken), String::from_utf8(lines.to_vec())?);
        let (fail_after, bad) = (self.fail_after, self.bad);
        Ok(async move { receipt(&mut taken.lock().unwrap(), fail_after, bad, text) }.boxed())
    }
}

fn receipt(taken: &mut Vec<String>, fail_after: Option<usize>, bad: &str, text: String) -> Result<Receipt> {
    if fail_after.is_some_and(|n| taken.len() >= n) {
        anyhow::bail!("the disk is full");
    }
    let mut receipt = Receipt::default();
    for (index, line) in text.lines().enumerate() {
        match !bad.is_empty() && line.starts_with(bad) {
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
    let failing = Arc::new(Lines { fail_after: Some(2), ..Lines::rejecting("bad") });
    importer(dir.path(), &failing).file(&path).await.unwrap_err();

    let sink = Arc::new(Lines::rejecting("bad"));
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

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_rejections_that_is_gone_when_an_import_goes_on_begins_anew() {
    for remains in [None, Some("{\"i\n")] {
        let dir = tempfile::tempdir().unwrap();
        let (path, _) = file(dir.path());
        let failing = Arc::new(Lines { fail_after: Some(2), ..Lines::rejecting("bad") });
        importer(dir.path(), &failing).file(&path).await.unwrap_err();
        let list = rejections::path(&path);
        let listed = std::fs::read_to_string(&list).unwrap().lines().count();
        assert!(listed > 0 && rejections::is_list(&list) && !rejections::is_list(&path));
        match remains {
            None => std::fs::remove_file(&list).unwrap(),
            Some(text) => std::fs::write(&list, text).unwrap(),
        }
        let totals = importer(dir.path(), &Arc::new(Lines::rejecting("bad"))).file(&path).await.unwrap();
        assert_eq!((totals.accepted, totals.rejected), (599_994, 6));
        let text = std::fs::read_to_string(&list).unwrap();
        assert!(text.starts_with(remains.unwrap_or("")) && !text.contains('\0'), "{text:?}");
        assert_eq!(text.lines().count(), 6 - listed + remains.map_or(0, |_| 1), "{text}");
    }
}

/// In row groups that end nowhere near the pieces.
fn parquet_file(dir: &Path, rows: i64) -> PathBuf {
    let text = |value: fn(i64) -> String| Arc::new(StringArray::from_iter_values((0..rows).map(value))) as ArrayRef;
    let columns = [
        ("id", text(|i| if i % 10_000 == 9_999 { "bad".into() } else { format!("id-{i}") })),
        ("type", text(|_| "activity".into())),
        ("user", text(|i| format!("u{}", i % 7))),
        ("ts", Arc::new(Int64Array::from_iter_values(0..rows)) as ArrayRef),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let path = dir.join("events.parquet");
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(7_000)).build();
    let mut writer = ArrowWriter::try_new(std::fs::File::create(&path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_import_of_rows_goes_on_at_its_row() {
    let dir = tempfile::tempdir().unwrap();
    let path = parquet_file(dir.path(), 50_000);
    let import = |sink: &Arc<Lines>| Importer { piece_bytes: 100_000, ..importer(dir.path(), sink) };
    let failing = Arc::new(Lines { fail_after: Some(5), ..Lines::rejecting(r#"{"id":"bad""#) });
    import(&failing).file(&path).await.unwrap_err();

    let sink = Arc::new(Lines::rejecting(r#"{"id":"bad""#));
    let totals = import(&sink).file(&path).await.unwrap();
    assert_eq!((totals.accepted, totals.rejected), (49_995, 5));
    let first = failing.taken.lock().unwrap().concat();
    assert!(!first.is_empty());
    let all = first + &sink.taken.lock().unwrap().concat();
    let times: Vec<i64> =
        all.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()["ts"].as_i64().unwrap()).collect();
    assert!(times.iter().copied().eq(0..50_000), "nothing twice, nothing left out, in order");
    let rejected = std::fs::read_to_string(rejections::path(&path)).unwrap();
    let rows: Vec<u64> = rejected.lines().map(|l| serde_json::from_str::<Rejected>(l).unwrap().index).collect();
    assert_eq!(rows, [9_999, 19_999, 29_999, 39_999, 49_999]);
}
