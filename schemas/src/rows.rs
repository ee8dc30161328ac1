//! The tables of the contract and their rows. Text is borrowed: a row is built, pushed into `…Columns` and gone.

use arrow::array::{
    Array, ArrayBuilder, ArrayRef, BooleanArray, BooleanBuilder, Date32Array, Date32Builder, Float64Array, Float64Builder,
    Int64Array, Int64Builder, ListArray, ListBuilder, RecordBatch, StringArray, StringBuilder, StructArray, StructBuilder,
    TimestampMillisecondArray, TimestampMillisecondBuilder, UInt64Array, UInt64Builder,
};
use arrow::error::ArrowError;

use crate::table::{Column, ColumnType, Table, column_name, factor_fields};

/// How one kind of column looks in a row, in a builder and in an array.
pub trait Kind {
    type Value<'a>: Clone + std::fmt::Debug + PartialEq;
    type Builder: ArrayBuilder;
    const TYPE: ColumnType;
    const NULLABLE: bool;
    fn builder() -> Self::Builder;
    fn append(builder: &mut Self::Builder, value: &Self::Value<'_>);
    fn get<'a>(array: &'a ArrayRef, row: usize) -> Option<Self::Value<'a>>;
}

macro_rules! kinds {
    ($($name:ident, $opt:ident: $value:ty, $ty:ident, $builder:ty = $new:expr, $array:ty;)+) => {$(
        pub struct $name;
        impl Kind for $name {
            type Value<'a> = $value;
            type Builder = $builder;
            const TYPE: ColumnType = ColumnType::$ty;
            const NULLABLE: bool = false;
            fn builder() -> Self::Builder { $new }
            fn append(builder: &mut Self::Builder, value: &Self::Value<'_>) { builder.append_value(*value) }
            fn get<'a>(array: &'a ArrayRef, row: usize) -> Option<Self::Value<'a>> {
                Some(array.as_any().downcast_ref::<$array>()?.value(row))
            }
        }
        pub struct $opt;
        impl Kind for $opt {
            type Value<'a> = Option<$value>;
            type Builder = $builder;
            const TYPE: ColumnType = ColumnType::$ty;
            const NULLABLE: bool = true;
            fn builder() -> Self::Builder { $new }
            fn append(builder: &mut Self::Builder, value: &Self::Value<'_>) { builder.append_option(*value) }
            fn get<'a>(array: &'a ArrayRef, row: usize) -> Option<Self::Value<'a>> {
                let array = array.as_any().downcast_ref::<$array>()?;
                Some(if array.is_null(row) { None } else { Some(array.value(row)) })
            }
        }
    )+};
}

kinds! {
    Text, OptText: &'a str, Text, StringBuilder = StringBuilder::new(), StringArray;
    Time, OptTime: i64, Time, TimestampMillisecondBuilder = TimestampMillisecondBuilder::new().with_timezone("UTC"), TimestampMillisecondArray;
    Int, OptInt: i64, Int, Int64Builder = Int64Builder::new(), Int64Array;
    Score, OptScore: f64, Score, Float64Builder = Float64Builder::new(), Float64Array;
    Day, OptDay: i32, Day, Date32Builder = Date32Builder::new(), Date32Array;
    Flag, OptFlag: bool, Flag, BooleanBuilder = BooleanBuilder::new(), BooleanArray;
    Version, OptVersion: u64, Version, UInt64Builder = UInt64Builder::new(), UInt64Array;
}

/// One feature of a risk: its value (0..1) and what it adds to the score.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor<'a> {
    pub name: &'a str,
    pub value: f64,
    pub contribution: f64,
}

pub struct Factors;

impl Kind for Factors {
    type Value<'a> = Vec<Factor<'a>>;
    type Builder = ListBuilder<StructBuilder>;
    const TYPE: ColumnType = ColumnType::Factors;
    const NULLABLE: bool = false;

    fn builder() -> Self::Builder {
        let item = arrow::datatypes::Field::new_list_field(arrow::datatypes::DataType::Struct(factor_fields()), false);
        ListBuilder::new(StructBuilder::from_fields(factor_fields(), 0)).with_field(item)
    }

    fn append(builder: &mut Self::Builder, value: &Self::Value<'_>) {
        let items = builder.values();
        for factor in value {
            if let Some(names) = items.field_builder::<StringBuilder>(0) {
                names.append_value(factor.name);
            }
            for (column, number) in [(1, factor.value), (2, factor.contribution)] {
                if let Some(numbers) = items.field_builder::<Float64Builder>(column) {
                    numbers.append_value(number);
                }
            }
            items.append(true);
        }
        builder.append(true);
    }

    fn get<'a>(array: &'a ArrayRef, row: usize) -> Option<Self::Value<'a>> {
        let list = array.as_any().downcast_ref::<ListArray>()?;
        let items = list.values().as_any().downcast_ref::<StructArray>()?;
        let names = items.column(0).as_any().downcast_ref::<StringArray>()?;
        let values = items.column(1).as_any().downcast_ref::<Float64Array>()?;
        let contributions = items.column(2).as_any().downcast_ref::<Float64Array>()?;
        let offsets = list.value_offsets();
        let range = offsets[row] as usize..offsets[row + 1] as usize;
        Some(
            range
                .map(|i| Factor { name: names.value(i), value: values.value(i), contribution: contributions.value(i) })
                .collect(),
        )
    }
}

/// A column by its name, row by row: for batches that have but some of a table's columns.
pub fn column<'a, K: Kind>(batch: &'a RecordBatch, name: &str) -> Option<impl Fn(usize) -> Option<K::Value<'a>> + use<'a, K>> {
    let array = batch.column_by_name(name)?;
    Some(move |row| K::get(array, row))
}

macro_rules! table {
    (
        $(#[doc = $doc:literal])+
        $static:ident $row:ident $columns:ident = $name:literal, key [$($key:literal),+], time $time:literal {
            $( $(#[doc = $cdoc:literal])* $field:ident: $kind:ident, )+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq)]
        pub struct $row<'a> { $( $(#[doc = $cdoc])* pub $field: <$kind as Kind>::Value<'a>, )+ }

        pub static $static: Table = Table {
            name: $name,
            doc: concat!($($doc),+),
            key: &[$($key),+],
            time: $time,
            columns: &[$(Column {
                name: column_name(stringify!($field)),
                ty: <$kind as Kind>::TYPE,
                nullable: <$kind as Kind>::NULLABLE,
                doc: concat!("", $($cdoc),*),
            }),+],
        };

        impl<'a> $row<'a> {
            /// The rows of a batch that has this table's columns, in this order; anything else gives no rows.
            pub fn read(batch: &'a RecordBatch) -> impl Iterator<Item = $row<'a>> + 'a {
                (0..batch.num_rows()).filter_map(move |row| Self::get(batch, row))
            }

            pub fn get(batch: &'a RecordBatch, row: usize) -> Option<$row<'a>> {
                let mut columns = batch.columns().iter();
                Some($row { $($field: <$kind as Kind>::get(columns.next()?, row)?,)+ })
            }
        }

        /// Rows on their way into a batch.
        pub struct $columns { $($field: <$kind as Kind>::Builder,)+ rows: usize }

        impl Default for $columns {
            fn default() -> Self { $columns { $($field: <$kind as Kind>::builder(),)+ rows: 0 } }
        }

        impl $columns {
            pub fn push(&mut self, row: &$row<'_>) {
                $(<$kind as Kind>::append(&mut self.$field, &row.$field);)+
                self.rows += 1;
            }
            pub fn len(&self) -> usize { self.rows }
            pub fn is_empty(&self) -> bool { self.rows == 0 }
            pub fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
                self.rows = 0;
                RecordBatch::try_new($static.schema(), vec![$(std::sync::Arc::new(self.$field.finish()) as ArrayRef),+])
            }
        }
    };
}

table! {
    /// What was in front of a person, as it was reported.
    ACTIVITY_EVENTS ActivityEvent ActivityEventColumns = "activity_events", key ["user_id", "id"], time "ts" {
        /// The producer's idempotency key.
        id: Text, user_id: Text,
        /// The person's team at the event's time.
        team_id: OptText, ts: Time, app: Text, duration_ms: Int, afk: Flag,
        /// As sent, or as the category rules gave it.
        category: Text,
        /// Kept only where the organisation switched titles on.
        title: OptText,
        /// Kept only where the organisation switched URLs on.
        url: OptText, device: OptText,
        /// Who sent it in: the name of the token.
        source: Text, ingested_at: Time,
        /// Unknown fields, as JSON.
        extra: OptText, version: Version,
    }
}

table! {
    /// Messages a person received or sent, without their text.
    MESSAGE_EVENTS MessageEvent MessageEventColumns = "message_events", key ["user_id", "id"], time "ts" {
        /// The producer's idempotency key.
        id: Text, user_id: Text,
        /// The person's team at the event's time.
        team_id: OptText, ts: Time, channel: Text,
        /// dm, mention, channel, email or call.
        kind: Text,
        /// received or sent.
        direction: Text, peer: OptText, thread: OptText, notified: Flag,
        /// 0-100: as its client sent it, else as it was given when it came in (docs/decisions/0023); none for sent messages and history.
        priority: OptInt,
        /// Who sent it in: the name of the token.
        source: Text, ingested_at: Time,
        /// Unknown fields, as JSON.
        extra: OptText, version: Version,
    }
}

table! {
    /// Phases of focus sessions, pomodoros, meetings and breaks, and check-ins.
    SESSION_EVENTS SessionEvent SessionEventColumns = "session_events", key ["user_id", "id"], time "ts" {
        /// The producer's idempotency key.
        id: Text, user_id: Text,
        /// The person's team at the event's time.
        team_id: OptText, ts: Time, session: Text,
        /// focus, pomodoro, meeting, break or checkin.
        kind: Text,
        /// start, pause, resume, end or abandon.
        phase: Text, planned_ms: OptInt,
        /// 1-5.
        mood: OptInt,
        /// 1-5.
        energy: OptInt,
        /// The single-item burnout question, 1-5.
        burnout: OptInt,
        /// Who sent it in: the name of the token.
        source: Text, ingested_at: Time,
        /// Unknown fields, as JSON.
        extra: OptText, version: Version,
    }
}

table! {
    /// Messages that reached a person in focus.
    INTERRUPTIONS Interruption InterruptionColumns = "interruptions", key ["user_id", "message_id"], time "ts" {
        user_id: Text, message_id: Text, team_id: OptText, ts: Time, channel: Text, kind: Text,
        /// session or flow.
        in_focus_by: Text, attended: Flag,
        /// From the message to the return to focus; 0 when not attended.
        lag_ms: Int,
        /// Weight times cost, see metrics.md section 4.
        load: Score, definition: Int, final_: Flag, version: Version,
        /// The row is no more: hidden from every reader, kept only until its older versions are gone.
        deleted: Flag,
    }
}

table! {
    /// Runs of focus of at least 25 minutes.
    FOCUS_BLOCKS FocusBlock FocusBlockColumns = "focus_blocks", key ["user_id", "start_ts"], time "start_ts" {
        user_id: Text, start_ts: Time, team_id: OptText, end_ts: Time,
        /// Focus time inside the block.
        focus_ms: Int,
        /// At least 60 minutes.
        deep: Flag, interruptions: Int, definition: Int, final_: Flag, version: Version,
        /// The row is no more: hidden from every reader, kept only until its older versions are gone.
        deleted: Flag,
    }
}

table! {
    /// One person's five minutes.
    USER_5M User5m User5mColumns = "user_5m", key ["user_id", "window_start"], time "window_start" {
        user_id: Text, window_start: Time, team_id: OptText,
        active_ms: Int, focus_ms: Int, comm_ms: Int, meeting_ms: Int, switches: Int, messages_received: Int,
        interruptions: Int, self_interruptions: Int, load: Score,
        /// 0-100.
        interruption_score: Score, definition: Int, final_: Flag, version: Version,
        /// The row is no more: hidden from every reader, kept only until its older versions are gone.
        deleted: Flag,
    }
}

table! {
    /// One person's local day.
    USER_DAILY UserDaily UserDailyColumns = "user_daily", key ["user_id", "day"], time "day" {
        user_id: Text, day: Day, team_id: OptText,
        active_ms: Int, focus_ms: Int, comm_ms: Int, meeting_ms: Int, switches: Int,
        blocks: Int, deep_blocks: Int, block_ms: Int, deep_ms: Int, longest_block_ms: Int,
        /// Length of uninterrupted focus that an average minute of focus belongs to.
        stretch_ms: Int,
        sessions: Int, sessions_completed: Int, session_ms: Int,
        messages_received: Int, messages_sent: Int, sent_after_hours: Int,
        /// Median time from a received dm or mention to the first message to that peer, within 8 h.
        response_ms: OptInt,
        interruptions: Int, self_interruptions: Int, load: Score,
        /// 0-100.
        interruption_score: Score,
        /// 0-100; null under 30 minutes of activity.
        focus_score: OptScore,
        streak_days: Int, first_active: OptTime, last_active: OptTime, span_ms: Int, after_hours_ms: Int,
        /// From the previous local day's last activity; null when it had none.
        rest_ms: OptInt, definition: Int, final_: Flag, version: Version,
        /// The row is no more: hidden from every reader, kept only until its older versions are gone.
        deleted: Flag,
    }
}

table! {
    /// Burnout risk of a person over the 28 days that end with the day; written once the day is over. A prompt for a conversation
    /// about workload, not a diagnosis.
    BURNOUT_RISK BurnoutRisk BurnoutRiskColumns = "burnout_risk", key ["user_id", "day"], time "day" {
        user_id: Text, day: Day, team_id: OptText,
        /// 0..1; null when there is not enough data.
        risk: OptScore,
        /// How sure it is: between these lie nine of ten risks of days drawn anew from those there were.
        risk_low: OptScore, risk_high: OptScore,
        /// low, elevated or high.
        level: OptText,
        /// ok, or insufficient_data with fewer than 10 active days.
        status: Text, model: Text,
        /// Of the 28, those with at least 30 minutes of activity.
        active_days: Int,
        /// What the risk is made of, the largest contribution first.
        features: Factors, definition: Int, final_: Flag, version: Version,
        /// The row is no more: hidden from every reader, kept only until its older versions are gone.
        deleted: Flag,
    }
}

table! {
    /// Alerts, as they stand.
    ALERTS Alert AlertColumns = "alerts", key ["alert_id"], time "since" {
        alert_id: Text, rule: Text, scope: Text, subject: Text, state: Text, since: Time, value: OptScore,
        acknowledged_by: OptText, version: Version,
    }
}

table! {
    /// People and teams, as the directory has them now; one row per entry of a person's history.
    DIRECTORY DirectoryEntry DirectoryEntryColumns = "directory", key ["user_id", "valid_from"], time "valid_from" {
        user_id: Text,
        /// 1970-01-01 where the entry holds for all time.
        valid_from: Day, name: OptText, team_id: OptText, team_name: OptText, parent_team_id: OptText,
        time_zone: Text, work_start: Text, work_end: Text, work_days: Text, manager: Flag, version: Version,
    }
}

/// Every table rows are committed to, in the order of the contract.
pub static TABLES: [&Table; 10] = [
    &ACTIVITY_EVENTS,
    &MESSAGE_EVENTS,
    &SESSION_EVENTS,
    &INTERRUPTIONS,
    &FOCUS_BLOCKS,
    &USER_5M,
    &USER_DAILY,
    &BURNOUT_RISK,
    &ALERTS,
    &DIRECTORY,
];

/// Tables whose rows are events as they came; their keys are unique before they are written.
pub static EVENT_TABLES: [&Table; 3] = [&ACTIVITY_EVENTS, &MESSAGE_EVENTS, &SESSION_EVENTS];
