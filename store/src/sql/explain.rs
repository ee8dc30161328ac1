//! DataFusion's errors in the store's words: what is wrong with the statement, where, and what may have been meant.

use datafusion::common::{DataFusionError, Location, SchemaError};
use schemas::rows::BURNOUT_RISK;

use crate::reader::not_by_name;
use crate::{Error, Limits};

/// `tables`: what the statement's reader sees, for what may have been meant.
pub(super) fn error(error: &DataFusionError, limits: &Limits, tables: &[String]) -> Error {
    let at = error.diagnostic().and_then(|d| d.span).map(|span| place(span.start));
    match error.find_root() {
        DataFusionError::External(source) => match source.downcast_ref::<Error>() {
            Some(ours) => ours.clone(),
            None => Error::Unavailable(source.to_string()),
        },
        DataFusionError::ResourcesExhausted(_) => Error::Limit(format!(
            "the statement reached its limit of {} MiB of memory: group by fewer values, ask for fewer days, or drop the ORDER BY",
            limits.memory_bytes >> 20
        )),
        DataFusionError::SQL(..) => syntax(error),
        DataFusionError::SchemaError(cause, _) => Error::Statement { message: schema(cause), at },
        // What the planner stumbles over it stumbles over each time.
        DataFusionError::Internal(message) => Error::Statement { message: first_line(message), at },
        DataFusionError::ObjectStore(_) | DataFusionError::IoError(_) => Error::Unavailable(first_line(&error.to_string())),
        DataFusionError::Plan(message) if forbidden(message) => {
            Error::Forbidden("only reading is allowed here: no tables are made or changed and nothing is set".into())
        }
        root if missing_table(&root.message()).is_some_and(|name| name.eq_ignore_ascii_case(BURNOUT_RISK.name)) => not_by_name(),
        root => Error::Statement { message: message(error, root, tables), at },
    }
}

pub(super) fn syntax(error: &DataFusionError) -> Error {
    let text = first_line(&error.find_root().to_string());
    let text = text.trim_start_matches("SQL error: ").to_owned();
    let text = text.strip_prefix("ParserError(\"").and_then(|t| t.strip_suffix("\")")).unwrap_or(&text).replace("\\\"", "\"");
    let (message, at) = match text.rsplit_once(" at Line: ") {
        Some((message, place)) => {
            let mut numbers = place.split(", Column: ").map(|n| n.trim().trim_matches(')').parse::<u64>().ok());
            (message.to_owned(), numbers.next().flatten().zip(numbers.next().flatten()))
        }
        None => (text, None),
    };
    Error::Statement { message, at }
}

fn place(location: Location) -> (u64, u64) {
    (location.line, location.column)
}

fn schema(cause: &SchemaError) -> String {
    match cause {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let known: Vec<&str> = valid_fields.iter().map(|f| f.name.as_str()).collect();
            let guess = nearest(&field.name, &known).map_or_else(String::new, |name| format!(" Did you mean '{name}'?"));
            let list = if known.is_empty() { String::new() } else { format!(" There are: {}.", known.join(", ")) };
            format!("there is no column '{}'.{guess}{list}", field.name)
        }
        other => first_line(&other.to_string()),
    }
}

fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let distance = |other: &str| datafusion::common::utils::datafusion_strsim::levenshtein(name, other);
    let best = known.iter().copied().min_by_key(|k| distance(k))?;
    (distance(best) <= name.len().div_ceil(3)).then_some(best)
}

fn message(error: &DataFusionError, root: &DataFusionError, tables: &[String]) -> String {
    if let Some(name) = missing_table(&root.message()) {
        let known: Vec<&str> = tables.iter().map(String::as_str).collect();
        let guess = nearest(&name, &known).map_or_else(String::new, |near| format!(" Did you mean '{near}'?"));
        return format!("there is no table '{name}'.{guess} SHOW TABLES lists what there is.");
    }
    let diagnostic = error.diagnostic();
    let mut text = diagnostic.map_or_else(|| first_line(&root.message()), |d| d.message.clone());
    for help in diagnostic.iter().flat_map(|d| d.helps.iter().map(|h| &h.message).chain(d.notes.iter().map(|n| &n.message))) {
        text = format!("{text}. {help}");
    }
    text
}

/// From "table 'x' not found", with or without the names of catalog and schema before it.
fn missing_table(message: &str) -> Option<String> {
    let name = message.strip_prefix("table '")?.strip_suffix("' not found")?;
    Some(name.rsplit('.').next().unwrap_or(name).to_owned())
}

fn forbidden(message: &str) -> bool {
    ["DDL not supported", "DML not supported", "Statement not supported"].iter().any(|m| message.contains(m))
}

/// DataFusion appends backtraces and plans to some messages.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_fails_each_time_is_not_to_be_tried_again() {
        let limits = Limits { time: Duration::from_secs(1), memory_bytes: 1 << 20, rows: 1 };
        let internal = DataFusionError::Internal("no plan for this\nbacktrace".into());
        let said = error(&internal, &limits, &[]);
        assert!(matches!(&said, Error::Statement { message, at: None } if message == "no plan for this"), "{said:?}");
    }
}
