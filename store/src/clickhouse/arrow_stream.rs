//! Arrow's stream format, the form in which rows travel to ClickHouse and back.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::buffer::Buffer;
use arrow::compute::cast;
use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::StreamDecoder;
use arrow::ipc::writer::StreamWriter;
use bytes::Bytes;
use clickhouse::query::BytesCursor;
use futures::Stream;

use super::failure::Failure;
use crate::Error;
use crate::rows::damaged;

pub(super) fn encode(batches: &[&RecordBatch]) -> Result<Bytes, Error> {
    let Some(first) = batches.first() else { return Ok(Bytes::new()) };
    let size = batches.iter().map(|b| b.get_array_memory_size()).sum();
    let mut writer = StreamWriter::try_new(Vec::with_capacity(size), first.schema_ref()).map_err(damaged)?;
    for batch in batches {
        writer.write(batch).map_err(damaged)?;
    }
    Ok(writer.into_inner().map_err(damaged)?.into())
}

/// Of a whole stream in memory.
pub(super) fn decode(bytes: Bytes) -> Result<Vec<RecordBatch>, Error> {
    let mut decoder = StreamDecoder::new();
    let mut buffer = Buffer::from(bytes);
    let mut batches = Vec::new();
    while !buffer.is_empty() {
        batches.extend(decoder.decode(&mut buffer).map_err(damaged)?);
    }
    Ok(batches)
}

/// The batch with the columns of `schema`, in its order and of its types. The engine says of hardly any column that it has no
/// nulls.
pub(super) fn conform(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, Error> {
    let column = |field: &Arc<arrow::datatypes::Field>| -> Result<ArrayRef, Error> {
        let found = batch.column_by_name(field.name());
        let found = found.ok_or_else(|| damaged(format!("ClickHouse's answer lacks the column {}", field.name())))?;
        if found.data_type() == field.data_type() { Ok(found.clone()) } else { cast(found, field.data_type()).map_err(damaged) }
    };
    let columns = schema.fields().iter().map(column).collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(schema.clone(), columns).map_err(damaged)
}

/// An answer that is still arriving.
pub(super) struct Arriving {
    cursor: BytesCursor,
    decoder: StreamDecoder,
    waiting: VecDeque<RecordBatch>,
}

impl Arriving {
    pub fn new(cursor: BytesCursor) -> Arriving {
        Arriving { cursor, decoder: StreamDecoder::new(), waiting: VecDeque::new() }
    }

    /// Known once the first bytes are here.
    pub async fn schema(&mut self) -> Result<SchemaRef, Failure> {
        loop {
            if let Some(schema) = self.decoder.schema() {
                return Ok(schema);
            }
            if !self.more().await? {
                return Err(Failure::Store(damaged("ClickHouse's answer ended before its schema")));
            }
        }
    }

    /// The next batch that has rows.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>, Failure> {
        loop {
            if let Some(batch) = self.waiting.pop_front() {
                return Ok(Some(batch));
            }
            if !self.more().await? {
                return Ok(None);
            }
        }
    }

    /// All that is still to come; nothing after a failure.
    pub fn batches(self, worded: impl Fn(Failure) -> Error + Send + 'static) -> impl Stream<Item = Result<RecordBatch, Error>> {
        futures::stream::unfold((Some(self), worded), |(arriving, worded)| async move {
            let mut arriving = arriving?;
            match arriving.next().await {
                Ok(batch) => Some((Ok(batch?), (Some(arriving), worded))),
                Err(failure) => Some((Err(worded(failure)), (None, worded))),
            }
        })
    }

    async fn more(&mut self) -> Result<bool, Failure> {
        let Some(bytes) = self.cursor.next().await.map_err(Failure::Server)? else { return Ok(false) };
        let mut buffer = Buffer::from(bytes);
        while !buffer.is_empty() {
            let batch = self.decoder.decode(&mut buffer).map_err(|e| Failure::Store(damaged(e)))?;
            self.waiting.extend(batch.filter(|b| b.num_rows() > 0));
        }
        Ok(true)
    }
}
