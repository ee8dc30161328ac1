//! The journal: who owns which partition (claims), and how far each has come (entries). A commit is one row of it, with
//! its position, its state and all rows it writes. One row is written whole or not at all, and that is the whole of the commit's
//! atomicity: the tables are written from the row, by its owner or by whoever takes the partition next.
//!
//! ```text
//! claims    (partition 3, epoch 7, owner x)                     taken, for good
//! entries   (partition 3, place 7·2³²+0, position 100, …)       where epoch 7 began
//!           (partition 3, place 7·2³²+1, position 180, rows …)  its first commit
//! ```
//! The entry with the highest place counts. `docs/decisions` says why two owners cannot both believe that they committed.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BinaryArray, ListArray, RecordBatch, StringArray, UInt32Array, UInt64Array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt64Type};
use bytes::Bytes;
use schemas::clickhouse::{Create, Layout, quote};

use super::arrow_stream::encode;
use super::connection::Connection;
use crate::Error;
use crate::rows::damaged;

/// An epoch's commits are numbered within it.
const STEPS: u32 = 32;
/// Former owners whose last entry an entry names.
const LINEAGE: usize = 32;
const TRIES: usize = 10;

/// Of an entry: the epoch, then the number of the commit within it; 0 is where the epoch began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(pub u64);

impl Place {
    pub fn start(epoch: u64) -> Place {
        Place(epoch << STEPS)
    }
    pub fn epoch(self) -> u64 {
        self.0 >> STEPS
    }
    pub fn next(self) -> Place {
        Place(self.0 + 1)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub place: Place,
    /// The next log offset after it.
    pub position: u64,
    pub state: Vec<u8>,
    /// The last entries of former epochs that this one builds on, the latest first.
    pub lineage: Vec<Place>,
    /// What is to be in the tables: their names, and Arrow streams of the rows.
    pub rows: Vec<(String, Bytes)>,
}

impl Entry {
    /// Where a new epoch begins, after `last`.
    pub fn beginning(epoch: u64, last: Option<&Entry>) -> Entry {
        let mut lineage: Vec<Place> =
            last.iter().flat_map(|e| std::iter::once(e.place).chain(e.lineage.iter().copied())).collect();
        lineage.truncate(LINEAGE);
        let (position, state) = last.map_or((0, Vec::new()), |e| (e.position, e.state.clone()));
        Entry { place: Place::start(epoch), position, state, lineage, rows: Vec::new() }
    }

    /// Whether the entry at `place`, of an earlier epoch, is one of those this one builds on.
    pub fn builds_on(&self, place: Place) -> bool {
        self.lineage.iter().any(|last| last.epoch() == place.epoch() && *last >= place)
    }

    fn batch(&self, partition: u32) -> Result<RecordBatch, Error> {
        let list = |values: ArrayRef| -> ArrayRef {
            let item = Arc::new(Field::new_list_field(values.data_type().clone(), false));
            Arc::new(ListArray::new(item, OffsetBuffer::from_lengths([values.len()]), values, None))
        };
        let names = StringArray::from_iter_values(self.rows.iter().map(|(name, _)| name));
        let rows = BinaryArray::from_iter_values(self.rows.iter().map(|(_, rows)| rows));
        let lineage = UInt64Array::from_iter_values(self.lineage.iter().map(|p| p.0));
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("partition", Arc::new(UInt32Array::from(vec![partition]))),
            ("place", Arc::new(UInt64Array::from(vec![self.place.0]))),
            ("position", Arc::new(UInt64Array::from(vec![self.position]))),
            ("state", Arc::new(BinaryArray::from_vec(vec![self.state.as_slice()]))),
            ("lineage", list(Arc::new(lineage))),
            ("tables", list(Arc::new(names))),
            ("rows", list(Arc::new(rows))),
        ];
        RecordBatch::try_from_iter(columns).map_err(damaged)
    }

    fn read(batch: &RecordBatch) -> Option<Entry> {
        let number = |column: usize| Some(batch.column(column).as_primitive_opt::<UInt64Type>()?.value(0));
        let list = |column: usize| Some(batch.column(column).as_list_opt::<i32>()?.value(0));
        let (lineage, tables, rows) = (list(3)?, list(4)?, list(5)?);
        let tables = tables.as_string_opt::<i32>()?;
        let rows = rows.as_binary_opt::<i32>()?;
        let pair = |(name, rows): (Option<&str>, Option<&[u8]>)| Some((name?.to_owned(), Bytes::copy_from_slice(rows?)));
        Some(Entry {
            place: Place(number(0)?),
            position: number(1)?,
            state: batch.column(2).as_binary_opt::<i32>()?.value(0).to_vec(),
            lineage: lineage.as_primitive_opt::<UInt64Type>()?.values().iter().map(|p| Place(*p)).collect(),
            rows: tables.iter().zip(rows.iter()).map(pair).collect::<Option<_>>()?,
        })
    }
}

pub(super) struct Journal {
    connection: Arc<Connection>,
    claims: String,
    entries: String,
    /// On a cluster: each insert on most servers before it is acknowledged, and reads only from a server that has them all.
    replicated: bool,
}

impl Journal {
    pub fn new(connection: Arc<Connection>, layout: &Layout) -> Journal {
        let name = |table: &str| format!("{}.{}", quote(&layout.rows()), quote(table));
        Journal { connection, claims: name("claims"), entries: name("journal"), replicated: layout.cluster.is_some() }
    }

    pub fn tables(layout: &Layout) -> Vec<String> {
        let claims = Create {
            name: "claims",
            columns: "    `partition` UInt32,\n    `epoch` UInt64,\n    `owner` String,\n    `at` DateTime64(3, 'UTC') DEFAULT now64(3)",
            engine: "MergeTree",
            parameters: "",
            clauses: "ORDER BY (`partition`, `epoch`)",
            comment: "Who took which partition of the events, and when.",
            spread: None,
        };
        let entries = Create {
            name: "journal",
            columns: "    `partition` UInt32,\n    `place` UInt64 COMMENT 'The epoch, times 2^32, and the number of the commit in it.',\n    \
                      `position` UInt64,\n    `state` String CODEC(ZSTD(1)),\n    `lineage` Array(UInt64),\n    \
                      `tables` Array(LowCardinality(String)),\n    `rows` Array(String) CODEC(ZSTD(1)),\n    \
                      `at` DateTime64(3, 'UTC') DEFAULT now64(3)",
            engine: "ReplacingMergeTree",
            parameters: "place",
            clauses: "ORDER BY `partition`",
            comment: "The last commit of each partition: its position, its state, and the rows it writes.",
            spread: None,
        };
        [layout.create(&claims), layout.create(&entries)].concat()
    }

    pub async fn claim(&self, partition: u32, epoch: u64, owner: &str) -> Result<(), Error> {
        let sql = format!("INSERT INTO {} (partition, epoch, owner) VALUES ({partition}, {epoch}, '{owner}')", self.claims);
        let mut query = self.connection.query(&sql).with_setting("async_insert", "0");
        if self.replicated {
            query = QUORUM.iter().fold(query, |query, (name, value)| query.with_setting(*name, *value));
        }
        self.connection.execute("claiming a partition", query).await
    }

    /// The newest epoch, 0 before the first, and whether two claimed it at once.
    pub async fn newest(&self, partition: u32) -> Result<(u64, bool), Error> {
        let sql = format!(
            "SELECT epoch, uniqExact(owner) > 1 FROM {} WHERE partition = {partition} GROUP BY epoch ORDER BY epoch DESC LIMIT 1",
            self.claims
        );
        let rows: Vec<(u64, u8)> = self.connection.fetch("reading claims", self.consistent(&sql)).await?;
        Ok(rows.first().map_or((0, false), |(epoch, shared)| (*epoch, *shared != 0)))
    }

    /// Writing an entry again that may be there already changes nothing.
    pub async fn write(&self, partition: u32, entry: &Entry) -> Result<(), Error> {
        let body = encode(&[&entry.batch(partition)?])?;
        let into = format!("{} (partition, place, position, state, lineage, tables, rows)", self.entries);
        let settings: &[_] = if self.replicated { QUORUM } else { &[] };
        self.connection.insert("writing a commit", &into, &body, settings).await
    }

    /// The entry with the highest place.
    pub async fn last(&self, partition: u32) -> Result<Option<Entry>, Error> {
        // In two steps, as rows are large: first which one, then that one.
        for _ in 0..TRIES {
            let Some((place, _)) = self.position(partition).await? else { return Ok(None) };
            let sql = format!(
                "SELECT place, position, state, lineage, tables, rows FROM {} PREWHERE partition = {partition} AND place = {} LIMIT 1",
                self.entries, place.0
            );
            // Text is bytes here.
            let query = self.consistent(&sql).with_setting("output_format_arrow_string_as_string", "0");
            let batches = self.connection.rows("reading the last commit", query, &schema()).await?;
            // Else one with a higher place has been merged over it in between.
            if let Some(batch) = batches.first() {
                return Entry::read(batch).map(Some).ok_or_else(|| damaged("an entry of the journal cannot be read"));
            }
        }
        Err(Error::Unavailable(format!("partition {partition} is being committed to faster than it can be read")))
    }

    /// Its place and position alone.
    pub async fn position(&self, partition: u32) -> Result<Option<(Place, u64)>, Error> {
        let sql =
            format!("SELECT place, position FROM {} WHERE partition = {partition} ORDER BY place DESC LIMIT 1", self.entries);
        let rows: Vec<(u64, u64)> = self.connection.fetch("reading a position", self.consistent(&sql)).await?;
        Ok(rows.first().map(|(place, position)| (Place(*place), *position)))
    }

    fn consistent(&self, sql: &str) -> clickhouse::query::Query {
        let query = self.connection.query(sql);
        if self.replicated { query.with_setting("select_sequential_consistency", "1") } else { query }
    }
}

const QUORUM: &[(&str, &str)] = &[("insert_quorum", "auto"), ("insert_quorum_parallel", "0"), ("async_insert", "0")];

fn schema() -> SchemaRef {
    let list = |ty: DataType| DataType::List(Arc::new(Field::new_list_field(ty, false)));
    Arc::new(Schema::new(vec![
        Field::new("place", DataType::UInt64, false),
        Field::new("position", DataType::UInt64, false),
        Field::new("state", DataType::Binary, false),
        Field::new("lineage", list(DataType::UInt64), false),
        Field::new("tables", list(DataType::Utf8), false),
        Field::new("rows", list(DataType::Binary), false),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_knows_what_it_builds_on() {
        let mut entry = Entry::beginning(1, None);
        assert_eq!((entry.place, entry.position), (Place::start(1), 0));
        entry.place = entry.place.next().next();
        entry.position = 20;
        let next = Entry::beginning(4, Some(&entry));
        assert_eq!((next.place.epoch(), next.position), (4, 20));
        assert!(next.builds_on(Place::start(1)) && next.builds_on(entry.place));
        assert!(!next.builds_on(entry.place.next()), "written too late to be taken over");
        assert!(!next.builds_on(Place::start(2)));
        let mut last = next;
        for epoch in 5..100 {
            last = Entry::beginning(epoch, Some(&last));
        }
        assert_eq!(last.lineage.len(), LINEAGE);
        assert!(last.builds_on(Place::start(98)) && !last.builds_on(Place::start(4)));
    }

    #[test]
    fn an_entry_is_one_row() {
        let entry = Entry {
            rows: vec![("user_5m".into(), Bytes::from_static(b"\xff\0"))],
            ..Entry::beginning(3, Some(&Entry::beginning(2, None)))
        };
        let batch = entry.batch(7).unwrap();
        assert_eq!(batch.num_rows(), 1);
        assert_eq!(Entry::read(&batch.project(&[1, 2, 3, 4, 5, 6]).unwrap()), Some(entry));
    }
}
