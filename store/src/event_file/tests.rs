use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array, Int32Array, Int64Array,
    ListArray, StringArray, StringViewArray, StructArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, TimestampSecondArray, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Int8Type, Int32Type};
use parquet::arrow::ArrowWriter;
use parquet::data_type::{ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::*;

fn file(columns: Vec<(&str, ArrayRef)>) -> tempfile::NamedTempFile {
    file_in_groups(columns, 1 << 20)
}

fn file_in_groups(columns: Vec<(&str, ArrayRef)>, group_rows: usize) -> tempfile::NamedTempFile {
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true))).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(group_rows)).build();
    let mut writer = ArrowWriter::try_new(file.reopen().unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    file
}

fn lines(file: &tempfile::NamedTempFile) -> Vec<String> {
    all(EventFile::open(file.path(), 0).unwrap(), 1 << 20).concat()
}

/// The lines of each piece.
fn all(mut file: EventFile, max_bytes: usize) -> Vec<Vec<String>> {
    let mut pieces = Vec::new();
    while let Some(piece) = file.next_lines(max_bytes).unwrap() {
        let text = String::from_utf8(piece.json).unwrap();
        assert!(text.ends_with('\n'));
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        assert_eq!(lines.len() as u64, piece.rows);
        pieces.push(lines);
    }
    pieces
}

fn refused(file: &tempfile::NamedTempFile) -> String {
    match EventFile::open(file.path(), 0) {
        Err(error) => error.to_string(),
        Ok(mut file) => file.next_lines(1 << 20).unwrap_err().to_string(),
    }
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

/// One row with the fields every event has.
fn base() -> Vec<(&'static str, ArrayRef)> {
    vec![
        ("id", texts(&["a"])),
        ("type", texts(&["activity"])),
        ("user", texts(&["u"])),
        ("ts", Arc::new(Int64Array::from(vec![1_000]))),
    ]
}

#[test]
fn rows_are_lines_and_nulls_absent() {
    let found = lines(&file(vec![
        ("id", texts(&["a", "b"])),
        ("type", Arc::new(["activity", "message"].into_iter().collect::<DictionaryArray<Int8Type>>())),
        ("user", Arc::new(StringViewArray::from(vec!["ann", "a \"b\"\n"]))),
        ("ts", texts(&["2026-11-20T09:00:00+01:00", "2026-11-20T09:00:00Z"])),
        ("app", Arc::new(StringArray::from(vec![Some("code"), None]))),
        ("duration_ms", Arc::new(Int32Array::from(vec![Some(5), None]))),
        ("afk", Arc::new(BooleanArray::from(vec![None, Some(true)]))),
    ]));
    assert_eq!(
        found,
        [
            r#"{"id":"a","type":"activity","user":"ann","ts":"2026-11-20T09:00:00+01:00","app":"code","duration_ms":5}"#,
            r#"{"id":"b","type":"message","user":"a \"b\"\n","ts":"2026-11-20T09:00:00Z","afk":true}"#
        ]
    );
}

#[test]
fn times_of_any_unit_are_milliseconds() {
    let check = |column: ArrayRef, expected: i64, assumes: bool| {
        let mut columns = base();
        columns[3].1 = column;
        let file = file(columns);
        let opened = EventFile::open(file.path(), 0).unwrap();
        assert_eq!(opened.assumes_utc(), assumes);
        assert_eq!(all(opened, 1 << 20)[0], [format!(r#"{{"id":"a","type":"activity","user":"u","ts":{expected}}}"#)]);
    };
    let at = 1_763_629_200_123;
    check(Arc::new(Int64Array::from(vec![at])), at, false);
    check(Arc::new(TimestampSecondArray::from(vec![at / 1_000])), at / 1_000 * 1_000, true);
    check(Arc::new(TimestampMillisecondArray::from(vec![at])), at, true);
    check(Arc::new(TimestampMicrosecondArray::from(vec![at * 1_000 + 999]).with_timezone("UTC")), at, false);
    check(Arc::new(TimestampNanosecondArray::from(vec![at * 1_000_000 + 999_999]).with_timezone("Europe/Berlin")), at, false);
    check(Arc::new(TimestampNanosecondArray::from(vec![-1])), -1, true);
}

#[test]
fn other_columns_become_extra_as_json_has_them() {
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1), None])]);
    let inner: ArrayRef = Arc::new(Float64Array::from(vec![0.5]));
    let nested = StructArray::from(vec![(Arc::new(Field::new("x", DataType::Float64, true)), inner)]);
    let mut columns = base();
    columns.extend([
        ("battery", Arc::new(UInt64Array::from(vec![u64::MAX])) as ArrayRef),
        ("list", Arc::new(list)),
        ("nested", Arc::new(nested)),
        ("price", Arc::new(Decimal128Array::from(vec![1_250]).with_precision_and_scale(10, 2).unwrap())),
        ("day", Arc::new(Date32Array::from(vec![20_000]))),
        ("seen", Arc::new(TimestampMillisecondArray::from(vec![1_000]).with_timezone("UTC"))),
        ("host", Arc::new(BinaryArray::from(vec![b"h-1".as_slice()]))),
    ]);
    let found = lines(&file(columns));
    let line = found[0].replace(r#""app":"#, "");
    let event = format!(r#"{},"app":"x","duration_ms":1}}"#, line.strip_suffix('}').unwrap());
    let event = schemas::decode::event(event.as_bytes()).unwrap();
    assert_eq!(
        event.extra.as_deref(),
        Some(
            r#"{"battery":18446744073709551615,"list":[1,null],"nested":{"x":0.5},"price":12.50,"day":"2024-10-04","seen":"1970-01-01T00:00:01Z","host":"h-1"}"#
        )
    );
}

#[test]
fn an_exported_table_is_read_as_the_events_it_came_from() {
    let found = lines(&file(vec![
        ("id", texts(&["a", "b", "c"])),
        ("user_id", texts(&["u", "u", "u"])),
        ("team_id", texts(&["t", "t", "t"])),
        ("ts", Arc::new(TimestampMillisecondArray::from(vec![1, 2, 3]).with_timezone("UTC"))),
        ("channel", texts(&["slack", "slack", "slack"])),
        ("kind", texts(&["dm", "dm", "dm"])),
        ("direction", texts(&["sent", "sent", "sent"])),
        ("source", texts(&["laptop", "laptop", "laptop"])),
        ("ingested_at", Arc::new(TimestampMillisecondArray::from(vec![1, 2, 3]).with_timezone("UTC"))),
        ("extra", Arc::new(StringArray::from(vec![None, Some("{ \"x\": {\"y\":1},\n\"z\":2 }"), Some("{}")]))),
        ("version", Arc::new(UInt64Array::from(vec![7, 8, 9]))),
    ]));
    let common = r#""user":"u","#;
    let rest = r#""channel":"slack","kind":"dm","direction":"sent","type":"message""#;
    assert_eq!(
        found,
        [
            format!(r#"{{"id":"a",{common}"ts":1,{rest}}}"#),
            format!(r#"{{"id":"b",{common}"ts":2,{rest},"x": {{"y":1}}, "z":2}}"#),
            format!(r#"{{"id":"c",{common}"ts":3,{rest}}}"#),
        ]
    );
    let mut broken = base();
    broken[2].0 = "user_id";
    broken.push(("extra", texts(&["no object"])));
    assert!(schemas::decode::event(lines(&file(broken))[0].as_bytes()).is_err());
    // In a file of native events those names are nothing special.
    let mut native = base();
    native.extend([("source", texts(&["s"])), ("extra", texts(&["{\"x\":1}"]))]);
    assert!(lines(&file(native))[0].ends_with(r#","source":"s","extra":"{\"x\":1}"}"#));
}

#[test]
fn ids_that_are_uuids_are_written_as_such() {
    let schema = "message m { required fixed_len_byte_array(16) id (UUID); required binary type; required binary user (STRING); \
                  required int64 ts; }";
    let file = tempfile::NamedTempFile::new().unwrap();
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(file.reopen().unwrap(), schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let bytes: Vec<u8> = (0..16).map(|i| i * 17).collect();
    let mut id = group.next_column().unwrap().unwrap();
    id.typed::<FixedLenByteArrayType>().write_batch(&[FixedLenByteArray::from(bytes)], None, None).unwrap();
    id.close().unwrap();
    for word in ["activity", "u"] {
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&[ByteArray::from(word)], None, None).unwrap();
        column.close().unwrap();
    }
    let mut ts = group.next_column().unwrap().unwrap();
    ts.typed::<Int64Type>().write_batch(&[5], None, None).unwrap();
    ts.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    assert_eq!(lines(&file), [r#"{"id":"00112233-4455-6677-8899-aabbccddeeff","type":"activity","user":"u","ts":5}"#]);
}

#[test]
fn pieces_are_whole_lines_and_a_second_reading_goes_on_at_any_row() {
    let rows = 20_000;
    let ids: Vec<String> = (0..rows).map(|i| format!("id-{i}")).collect();
    let made = file_in_groups(
        vec![
            ("id", Arc::new(StringArray::from(ids)) as ArrayRef),
            ("type", Arc::new(StringArray::from(vec!["activity"; rows]))),
            ("user", Arc::new(StringArray::from(vec!["u"; rows]))),
            ("ts", Arc::new(Int64Array::from_iter_values(0..rows as i64))),
        ],
        7_000,
    );
    let open = |skip| EventFile::open(made.path(), skip).unwrap();
    let whole = all(open(0), 64 << 10).concat();
    assert_eq!((whole.len(), open(0).rows()), (rows, rows as u64));
    for max_bytes in [1, 100, 5_000, 64 << 10] {
        let pieces = all(open(0), max_bytes);
        assert_eq!(pieces.concat(), whole);
        let longest = pieces.iter().map(|lines| lines.iter().map(|l| l.len() + 1).sum::<usize>()).max().unwrap();
        assert!(longest <= max_bytes || pieces.iter().all(|lines| lines.len() == 1), "{longest} of {max_bytes}");
    }
    for skip in [1, 6_999, 7_000, 13_000, 19_999, 20_000, 30_000] {
        assert_eq!(all(open(skip as u64), 64 << 10).concat(), whole[skip.min(rows)..], "after {skip}");
    }
}

#[test]
fn a_file_may_have_no_rows() {
    let empty = base().into_iter().map(|(name, column)| (name, column.slice(0, 0))).collect();
    assert_eq!(all(EventFile::open(file(empty).path(), 0).unwrap(), 100), Vec::<Vec<String>>::new());
}

#[test]
fn a_row_larger_than_an_event_may_be_is_cut_and_refused_as_too_large() {
    let long = "x".repeat(3 * MAX_EVENT_BYTES);
    let mut columns = base();
    columns.push(("app", texts(&[long.as_str()])));
    let found = lines(&file(columns));
    assert_eq!(found[0].len(), MAX_EVENT_BYTES + 1);
    let rejection = schemas::decode::event(found[0].as_bytes()).unwrap_err();
    assert_eq!(rejection.code, schemas::outcome::Code::TooLarge);
}

#[test]
fn what_cannot_be_events_is_refused_with_the_column() {
    let check = |columns, expected: &[&str]| {
        let file = file(columns);
        let message = refused(&file);
        assert!(message.contains(&file.path().display().to_string()), "{message}");
        expected.iter().for_each(|part| assert!(message.contains(part), "{message} lacks {part}"));
    };
    let without = |name: &str| base().into_iter().filter(|(n, _)| *n != name).collect::<Vec<_>>();
    check(without("ts"), &["no column `ts`", "id, type, user", "Rename"]);
    check(without("type"), &["no column `type`"]);
    check(vec![("user_id", texts(&["u"])), ("day", texts(&["d"]))], &["no column `id` and no `ts` and no `type`"]);
    let mut bytes = base();
    bytes.push(("hash", Arc::new(BinaryArray::from(vec![b"\xff\xfe".as_slice()]))));
    check(bytes, &["`hash`", "bytes"]);

    let broken = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(broken.path(), b"PAR1....PAR1").unwrap();
    assert!(refused(&broken).contains("copy or write it again"));
}
