//! Statements as the embedded store takes them, in ClickHouse's words: `$1` and `$name` become parameters with a type, and the
//! few functions that are named otherwise get their name. All else goes as it is; ClickHouse's own syntax works as well.

use serde_json::Value;

use super::lexer::{Token, tokens};
use crate::{Error, Params};

/// Functions that only have another name.
const NAMES: &[(&str, &str)] = &[("to_timestamp_millis", "fromUnixTimestamp64Milli"), ("bool_and", "min"), ("bool_or", "max")];
/// `percentile_cont(x, 0.9)` is `quantileExactInclusive(0.9)(x)`.
const PERCENTILE: (&str, &str) = ("percentile_cont", "quantileExactInclusive");

/// A statement for ClickHouse, and the parameters it names.
#[derive(Debug, PartialEq)]
pub(super) struct Bound {
    pub sql: String,
    pub params: Vec<(String, Value)>,
}

pub(super) fn bind(sql: &str, params: &Params) -> Result<Bound, Error> {
    let given: Vec<(String, &Value)> = match params {
        Params::None => Vec::new(),
        Params::Positional(values) => values.iter().enumerate().map(|(i, v)| ((i + 1).to_string(), v)).collect(),
        Params::Named(values) => values.iter().map(|(name, v)| (name.trim_start_matches('$').to_owned(), v)).collect(),
    };
    let tokens = one_statement(tokens(sql)?)?;
    let mut out = String::with_capacity(sql.len() + 64);
    render(&tokens, &given, &mut out)?;
    let named = given.into_iter().filter(|(_, v)| !v.is_null());
    Ok(Bound { sql: out, params: named.map(|(name, v)| (parameter(&name), sent(v))).collect() })
}

/// The tokens of the only statement, without what ends it.
fn one_statement(mut tokens: Vec<Token<'_>>) -> Result<Vec<Token<'_>>, Error> {
    while tokens.last().is_some_and(|t| t.is_blank() || *t == Token::Mark(";")) {
        tokens.pop();
    }
    let wrong = |message: &str| Err(Error::Statement { message: message.into(), at: None });
    if tokens.is_empty() {
        return wrong("the statement is empty: write a query, such as SELECT * FROM team_daily");
    }
    if tokens.contains(&Token::Mark(";")) {
        return wrong("only one statement at a time: send the others by themselves");
    }
    Ok(tokens)
}

fn render(tokens: &[Token<'_>], given: &[(String, &Value)], out: &mut String) -> Result<(), Error> {
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at] {
            Token::Word(word) if word.eq_ignore_ascii_case(PERCENTILE.0) => {
                if let Some(end) = percentile(&tokens[at + 1..], given, out)? {
                    at += 1 + end;
                    continue;
                }
                out.push_str(word);
            }
            Token::Word(word) => {
                let renamed =
                    NAMES.iter().find(|(name, _)| word.eq_ignore_ascii_case(name) && called(&tokens[at + 1..]).is_some());
                out.push_str(renamed.map_or(word, |(_, name)| name));
            }
            Token::Param(name) => out.push_str(&placeholder(name, given)?),
            Token::Name(text) | Token::Text(text) | Token::Blank(text) | Token::Mark(text) => out.push_str(text),
        }
        at += 1;
    }
    Ok(())
}

/// Where the parenthesis is that makes what stands before it a call.
fn called(rest: &[Token<'_>]) -> Option<usize> {
    let open = rest.iter().position(|t| !t.is_blank())?;
    (rest[open] == Token::Mark("(")).then_some(open)
}

/// `(x, p)` after the function's name, as far as its closing parenthesis; nothing when it is none of ours.
fn percentile(rest: &[Token<'_>], given: &[(String, &Value)], out: &mut String) -> Result<Option<usize>, Error> {
    let Some(open) = called(rest) else { return Ok(None) };
    let (mut depth, mut comma) = (0usize, None);
    for (i, token) in rest.iter().enumerate().skip(open) {
        match token {
            Token::Mark("(") => depth += 1,
            Token::Mark(",") if depth == 1 => comma = Some(i),
            Token::Mark(")") if depth == 1 => {
                let Some(comma) = comma else { return Ok(None) };
                out.push_str(PERCENTILE.1);
                out.push('(');
                render(&rest[comma + 1..i], given, out)?;
                out.push_str(")(");
                render(&rest[open + 1..comma], given, out)?;
                out.push(')');
                return Ok(Some(i + 1));
            }
            Token::Mark(")") => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(None)
}

fn placeholder(name: &str, given: &[(String, &Value)]) -> Result<String, Error> {
    match given.iter().find(|(n, _)| n == name) {
        Some((_, Value::Null)) => Ok("NULL".into()),
        Some((_, value)) => Ok(format!("{{{}:{}}}", parameter(name), type_of(value))),
        None => Err(Error::Statement { message: format!("${name} has no value: give it in params"), at: None }),
    }
}

/// A parameter's name must not begin with a digit.
fn parameter(name: &str) -> String {
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name.to_owned() }
}

fn type_of(value: &Value) -> String {
    match value {
        Value::Null | Value::String(_) | Value::Object(_) => "String".into(),
        Value::Bool(_) => "Bool".into(),
        Value::Number(n) if n.is_i64() => "Int64".into(),
        Value::Number(n) if n.is_u64() => "UInt64".into(),
        Value::Number(_) => "Float64".into(),
        Value::Array(items) => {
            // 1 and 1.5 in one list are both floats.
            let floats = items.iter().any(Value::is_f64) && items.iter().all(|v| v.is_number() || v.is_null());
            let first = items.iter().find(|v| !v.is_null());
            let item = if floats { "Float64".to_owned() } else { first.map_or_else(|| "String".to_owned(), type_of) };
            if items.iter().any(Value::is_null) { format!("Array(Nullable({item}))") } else { format!("Array({item})") }
        }
    }
}

fn sent(value: &Value) -> Value {
    match value {
        Value::Object(_) => Value::String(value.to_string()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plain(sql: &str) -> String {
        bind(sql, &Params::None).unwrap().sql
    }

    #[test]
    fn parameters_get_their_types() {
        let params = Params::Positional(vec![json!("a"), json!(5), json!(null), json!([1, 2.5]), json!(true)]);
        let bound = bind("SELECT $1, $2, $3, $4, /* $9 */ $5, '$1' -- $9", &params).unwrap();
        assert_eq!(bound.sql, "SELECT {_1:String}, {_2:Int64}, NULL, {_4:Array(Float64)}, /* $9 */ {_5:Bool}, '$1'");
        assert_eq!(bound.params.len(), 4);
        let named = Params::Named(vec![("$who".into(), json!("a")), ("more".into(), json!([null, 1]))]);
        assert_eq!(bind("SELECT $who, $more", &named).unwrap().sql, "SELECT {who:String}, {more:Array(Nullable(Int64))}");
        let missing = bind("SELECT $1, $2", &Params::Positional(vec![json!(1)])).unwrap_err();
        assert!(matches!(&missing, Error::Statement { message, .. } if message.contains("$2")), "{missing}");
    }

    #[test]
    fn functions_are_renamed_where_they_are_called() {
        assert_eq!(plain("SELECT bool_and (final), bool_and FROM x"), "SELECT min (final), bool_and FROM x");
        let bound = bind(
            "SELECT percentile_cont(CAST(x AS DOUBLE), 0.5), PERCENTILE_CONT(bool_or(a, b), $1), percentile_cont",
            &Params::Positional(vec![json!(0.9)]),
        );
        let expected = "SELECT quantileExactInclusive( 0.5)(CAST(x AS DOUBLE)), quantileExactInclusive( {_1:Float64})(max(a, b)), percentile_cont";
        assert_eq!(bound.unwrap().sql, expected);
    }

    #[test]
    fn one_statement_alone() {
        assert_eq!(plain(" SELECT ';' ; -- end\n;"), " SELECT ';'");
        for sql in ["", " -- nothing", ";", "SELECT 1; SELECT 2", "SELECT 1;/* */ x"] {
            assert!(matches!(bind(sql, &Params::None), Err(Error::Statement { .. })), "{sql}");
        }
    }
}
