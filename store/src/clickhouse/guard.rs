//! What a statement may reach, by the server's own reading of it (EXPLAIN AST, which runs nothing): only queries, only the
//! views of our database, no functions that read anything else. On a server the restricted user's rights say the same again.

use std::collections::HashSet;

use schemas::rows::BURNOUT_RISK;

use crate::Error;
use crate::reader::not_by_name;

/// Table functions that make rows of nothing but their arguments.
const HARMLESS: &[&str] =
    &["numbers", "numbers_mt", "zeros", "zeros_mt", "generateseries", "generate_series", "values", "format", "null", "primes"];
/// Ordinary functions that read what is no argument of theirs, with all that begin so.
const READING: &[&str] =
    &["file", "dict", "joinget", "catboost", "hascolumnintable", "ai", "url", "getserversetting", "getmacro", "showcertificate"];

pub(super) const FOR_READING: &str = "this is for reading, with SELECT, WITH, EXPLAIN, DESCRIBE, SHOW TABLES and SHOW COLUMNS";

pub(super) struct Guard {
    database: String,
    table_functions: HashSet<String>,
}

impl Guard {
    pub fn new(database: &str, table_functions: Vec<String>) -> Guard {
        let mut table_functions: HashSet<String> = table_functions.into_iter().map(|name| name.to_lowercase()).collect();
        table_functions.retain(|name| !HARMLESS.contains(&name.as_str()));
        Guard { database: database.to_owned(), table_functions }
    }

    /// One node a line, children a space further in.
    pub fn check(&self, nodes: &[&str], hides_risks: bool) -> Result<(), Error> {
        let statement = nodes.first().copied().unwrap_or_default();
        let query = "SelectWithUnionQuery (children 1)";
        let explained = statement.starts_with("Explain ") && nodes.get(1).is_some_and(|n| n.trim_start() == query);
        if !(statement == query || explained) {
            let what = if statement.starts_with("SelectWithUnionQuery") {
                "FORMAT"
            } else {
                statement.split(' ').next().unwrap_or_default()
            };
            return Err(Error::Forbidden(format!("{what} is not allowed: {FOR_READING}")));
        }
        for (at, node) in nodes.iter().enumerate() {
            let (kind, rest) = node.trim_start().split_once(' ').unwrap_or((node.trim_start(), ""));
            match kind {
                "TableIdentifier" => self.table(name(rest), hides_risks)?,
                "Function" => {
                    self.function(name(rest))?;
                    // The right side of IN may be a table.
                    if let Some(second) = in_table(name(rest), &nodes[at..]) {
                        self.table(second, hides_risks)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A bare name is of our database, which has nothing but the views, or the statement's own.
    fn table(&self, name: &str, hides_risks: bool) -> Result<(), Error> {
        let ours = name.strip_prefix(&self.database).and_then(|rest| rest.strip_prefix('.')).unwrap_or(name);
        if ours.contains('.') {
            return Err(Error::Forbidden(format!("{name} cannot be read here: SHOW TABLES lists what can")));
        }
        if hides_risks && ours == BURNOUT_RISK.name {
            return Err(not_by_name());
        }
        Ok(())
    }

    fn function(&self, name: &str) -> Result<(), Error> {
        let lower = name.to_lowercase();
        if self.table_functions.contains(&lower) || READING.iter().any(|prefix| lower.starts_with(prefix)) {
            return Err(Error::Forbidden(format!("the function {name} is not allowed here: it reads more than the tables")));
        }
        Ok(())
    }
}

/// "focusflow.user_5m (alias u) (children 1)" without what follows the name.
fn name(rest: &str) -> &str {
    rest.split(" (alias ").next().and_then(|r| r.split(" (children ").next()).unwrap_or(rest)
}

/// The name on the right side of a call of IN, whose nodes these are.
fn in_table<'a>(function: &str, nodes: &[&'a str]) -> Option<&'a str> {
    let lower = function.to_lowercase();
    if !(lower == "in"
        || lower.ends_with("in") && ["not", "global", "null"].iter().any(|p| lower.starts_with(p))
        || lower.contains("inignoreset"))
    {
        return None;
    }
    let depth = |node: &str| node.len() - node.trim_start().len();
    let top = depth(nodes.first()?);
    let arguments = nodes.iter().skip(1).take_while(|n| depth(n) > top).filter(|n| depth(n) == top + 2);
    arguments.skip(1).find_map(|n| n.trim_start().strip_prefix("Identifier ").map(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &str) -> Result<(), Error> {
        let guard = Guard::new("ff", ["merge", "remote", "numbers", "file"].map(String::from).to_vec());
        guard.check(&lines.lines().collect::<Vec<_>>(), true)
    }

    fn query(inside: &str) -> String {
        format!("SelectWithUnionQuery (children 1)\n{inside}")
    }

    #[test]
    fn risks_by_name_are_for_nobody_who_asks() {
        let nodes =
            query(" Function in (children 1)\n  ExpressionList (children 2)\n   Identifier t.a\n   Identifier burnout_risk");
        for nodes in [query(" TableIdentifier burnout_risk (alias r)"), query(" TableIdentifier ff.burnout_risk"), nodes] {
            assert!(matches!(check(&nodes), Err(Error::Forbidden(said)) if said.contains("analyst")), "{nodes}");
            let own = Guard::new("ff", Vec::new()).check(&nodes.lines().collect::<Vec<_>>(), false);
            assert!(own.is_ok(), "our own statements do: {nodes}");
        }
    }

    #[test]
    fn views_and_the_statement_s_own_names_are_allowed() {
        for inside in [
            " TableIdentifier user_5m (alias u)",
            " TableIdentifier ff.user_5m",
            " Function numbers (children 1)",
            " Function in (children 1)\n  ExpressionList (children 2)\n   Identifier t.a\n   Subquery (children 1)",
            " Function in (children 1)\n  ExpressionList (children 2)\n   Identifier t.a\n   Identifier mine\n Identifier t.b",
            " Function min (children 1)",
        ] {
            assert!(check(&query(inside)).is_ok(), "{inside}");
        }
        assert!(check("Explain EXPLAIN (children 1)\n SelectWithUnionQuery (children 1)").is_ok());
    }

    #[test]
    fn nothing_else_is() {
        for inside in [
            " TableIdentifier ff_rows.user_5m",
            " TableIdentifier system.tables (alias ff)",
            " Function merge (alias m) (children 1)",
            " Function REMOTE (children 1)",
            " Function file (children 1)",
            " Function dictGetOrNull (children 1)",
            " Function globalNotIn (children 1)\n  ExpressionList (children 2)\n   Identifier a\n   Identifier ff_rows.journal",
        ] {
            assert!(matches!(check(&query(inside)), Err(Error::Forbidden(_))), "{inside}");
        }
        for statement in [
            "InsertQuery   (children 2)",
            "SelectWithUnionQuery (children 2)",
            "Explain EXPLAIN (children 1)\n InsertQuery",
            "DescribeQuery (children 1)",
            "ShowTables",
            "",
            "Set",
        ] {
            assert!(matches!(check(statement), Err(Error::Forbidden(_))), "{statement}");
        }
    }
}
