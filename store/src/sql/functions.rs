//! What a statement may call. One call must not make much out of little: memory is counted where rows are gathered, not where a
//! value is made, and a value can be made again out of the one made before. So functions are allowed by name, none that makes
//! lists, and those that make longer texts do it within bounds.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::kernels::concat_elements::concat_elements_utf8;
use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result, ScalarValue, TableReference, exec_err, plan_err, resources_err};
use datafusion::execution::SessionStateBuilder;
use datafusion::functions::core::planner::CoreFunctionPlanner;
use datafusion::functions::{datetime, unicode};
use datafusion::functions_aggregate::planner::AggregateFunctionPlanner;
use datafusion::functions_nested::planner::FieldAccessPlanner;
use datafusion::functions_window::planner::WindowFunctionPlanner;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::sql::sqlparser::ast::BinaryOperator;

/// The longest text that a call makes.
const TEXT_BYTES: usize = 16 << 10;
/// Of all rows of a batch.
const TEXTS_BYTES: usize = 32 << 20;

/// What comes out is at most about as large as what goes in.
const SCALAR: &str = "
    array_element array_has array_has_all array_has_any array_length array_max array_min array_position arrow_cast
    arrow_typeof ascii bit_length btrim cardinality character_length coalesce contains current_date current_time date_bin
    date_part date_trunc decode digest empty ends_with find_in_set from_unixtime get_field greatest initcap least left
    lower ltrim make_date md5 now nullif nvl nvl2 octet_length regexp_count regexp_instr regexp_like regexp_match reverse
    right rtrim sha224 sha256 sha384 sha512 split_part starts_with strpos substr substr_index to_date to_hex to_local_time
    to_timestamp to_timestamp_micros to_timestamp_millis to_timestamp_nanos to_timestamp_seconds to_unixtime upper version";

/// What comes out can be longer than what goes in.
const GROWING: [(&str, Growth); 7] = [
    ("concat", Growth::Joined),
    ("concat_ws", Growth::Joined),
    ("encode", Growth::Times(2)),
    ("replace", Growth::PutIn),
    ("regexp_replace", Growth::PutIn),
    ("to_char", Growth::Times(16)),
    ("translate", Growth::Times(4)),
];

#[derive(Debug, Clone, Copy)]
enum Growth {
    /// One after another.
    Joined,
    /// So many times all arguments.
    Times(usize),
    /// The third argument in the place of each character of the first.
    PutIn,
}

impl Growth {
    /// At most, from the lengths of the arguments; `put_in` is the longest of the third.
    fn of(self, lengths: &[usize], put_in: usize) -> usize {
        let sum: usize = lengths.iter().sum();
        match self {
            Growth::Joined => sum + lengths.first().unwrap_or(&0) * lengths.len(),
            Growth::Times(times) => times * sum,
            Growth::PutIn => lengths.first().unwrap_or(&0).saturating_mul(put_in + 1),
        }
    }
}

const AGGREGATE: &str = "
    approx_distinct approx_median approx_percentile_cont approx_percentile_cont_with_weight avg bit_and bit_or bit_xor
    bool_and bool_or corr count covar_pop covar_samp first_value grouping last_value max median min percentile_cont
    regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy stddev stddev_pop sum var
    var_pop";

/// The session's functions, and how operators become functions.
pub(super) fn allow(mut builder: SessionStateBuilder) -> SessionStateBuilder {
    if let Some(functions) = builder.scalar_functions() {
        *functions = std::mem::take(functions).into_iter().filter_map(allowed).collect();
    }
    if let Some(functions) = builder.aggregate_functions() {
        functions.retain(|function| AGGREGATE.split_whitespace().any(|name| name == function.name()));
    }
    if let Some(functions) = builder.higher_order_functions() {
        functions.clear();
    }
    // Literals of lists, structs and maps are left out.
    builder.with_expr_planners(vec![
        Arc::new(Operators { join: Arc::new(ScalarUDF::from(Join::new())) }),
        Arc::new(FieldAccessPlanner),
        Arc::new(datetime::planner::DatetimeFunctionPlanner),
        Arc::new(unicode::planner::UnicodeFunctionPlanner),
        Arc::new(AggregateFunctionPlanner),
        Arc::new(WindowFunctionPlanner),
    ])
}

fn allowed(function: Arc<ScalarUDF>) -> Option<Arc<ScalarUDF>> {
    match GROWING.iter().find(|(name, _)| *name == function.name()) {
        Some((_, growth)) => Some(Arc::new(ScalarUDF::from(Bounded { inner: function, growth: *growth }))),
        None => SCALAR.split_whitespace().any(|name| name == function.name()).then_some(function),
    }
}

/// `a || b`, and `column.field`.
#[derive(Debug)]
struct Operators {
    join: Arc<ScalarUDF>,
}

impl ExprPlanner for Operators {
    fn plan_binary_op(&self, expr: RawBinaryExpr, _: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        if expr.op == BinaryOperator::StringConcat {
            return Ok(PlannerResult::Planned(self.join.call(vec![expr.left, expr.right])));
        }
        Ok(PlannerResult::Original(expr))
    }

    fn plan_compound_identifier(
        &self,
        field: &arrow::datatypes::Field,
        qualifier: Option<&TableReference>,
        nested_names: &[String],
    ) -> Result<PlannerResult<Vec<Expr>>> {
        CoreFunctionPlanner::default().plan_compound_identifier(field, qualifier, nested_names)
    }
}

/// The longest text of an argument, and that of all rows together; each counts as one byte more than it has.
fn lengths(value: &ColumnarValue, rows: usize) -> Result<(usize, usize)> {
    fn of<T: AsRef<[u8]>>(texts: impl Iterator<Item = Option<T>>) -> (usize, usize) {
        let lengths = texts.map(|text| text.map_or(0, |text| text.as_ref().len()) + 1);
        lengths.fold((0, 0), |(longest, sum), length| (length.max(longest), length + sum))
    }
    let array = match value {
        ColumnarValue::Array(array) => array.clone(),
        ColumnarValue::Scalar(scalar) => scalar.to_array()?,
    };
    let (longest, sum) = match array.data_type() {
        DataType::Utf8 => of(array.as_string::<i32>().iter()),
        DataType::LargeUtf8 => of(array.as_string::<i64>().iter()),
        DataType::Utf8View => of(array.as_string_view().iter()),
        DataType::Binary => of(array.as_binary::<i32>().iter()),
        // Numbers and times.
        _ => (32, 32 * array.len()),
    };
    Ok((longest, if matches!(value, ColumnarValue::Scalar(_)) { longest * rows } else { sum }))
}

/// Refuses what would get too long, before it is made.
fn check(name: &str, growth: Growth, args: &ScalarFunctionArgs) -> Result<()> {
    let rows = if args.args.iter().all(is_scalar) { 1 } else { args.number_rows };
    let of_args = args.args.iter().map(|arg| lengths(arg, rows)).collect::<Result<Vec<_>>>()?;
    let (longest, all): (Vec<usize>, Vec<usize>) = of_args.into_iter().unzip();
    let put_in = longest.get(2).copied().unwrap_or_default();
    if growth.of(&longest, put_in) > TEXT_BYTES {
        return exec_err!(
            "{name} could make a text of more than {} KiB: take less of it, as with left(…, 200)",
            TEXT_BYTES >> 10
        );
    }
    if growth.of(&all, put_in) > TEXTS_BYTES {
        return resources_err!("{name} could make more than {} MiB of text at once", TEXTS_BYTES >> 20);
    }
    Ok(())
}

fn is_scalar(value: &ColumnarValue) -> bool {
    matches!(value, ColumnarValue::Scalar(_))
}

/// A function that makes longer texts. It is not simplified: that would put the function itself in this one's place.
#[derive(Debug)]
struct Bounded {
    inner: Arc<ScalarUDF>,
    growth: Growth,
}

impl PartialEq for Bounded {
    fn eq(&self, other: &Bounded) -> bool {
        self.inner == other.inner
    }
}

impl Eq for Bounded {}

impl std::hash::Hash for Bounded {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(types)
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<Arc<arrow::datatypes::Field>> {
        self.inner.return_field_from_args(args)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        check(self.name(), self.growth, &args)?;
        self.inner.invoke_with_args(args)
    }
}

/// `a || b`: null where one of them is.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Join {
    signature: Signature,
}

impl Join {
    fn new() -> Join {
        Join { signature: Signature::user_defined(Volatility::Immutable) }
    }

    fn written(args: &[Expr], name: impl Fn(&Expr) -> Result<String>) -> Result<String> {
        Ok(args.iter().map(name).collect::<Result<Vec<_>>>()?.join(" || "))
    }
}

impl ScalarUDFImpl for Join {
    fn name(&self) -> &str {
        "||"
    }

    fn display_name(&self, args: &[Expr]) -> Result<String> {
        Join::written(args, |arg| Ok(arg.to_string()))
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        Join::written(args, |arg| Ok(arg.schema_name().to_string()))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        if types.iter().any(DataType::is_nested) {
            return plan_err!("|| joins texts, not lists");
        }
        Ok(vec![DataType::Utf8; types.len()])
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        check("||", Growth::Joined, &args)?;
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [left, right] = arrays.as_slice() else { return exec_err!("|| joins two texts") };
        let joined: ArrayRef = Arc::new(concat_elements_utf8(left.as_string::<i32>(), right.as_string::<i32>())?);
        if args.args.iter().all(is_scalar) {
            Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&joined, 0)?))
        } else {
            Ok(ColumnarValue::Array(joined))
        }
    }
}
