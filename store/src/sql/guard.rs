//! Statements that no limit on time or memory would stop in time are refused before they are planned: parsing and planning go as
//! deep as a statement is long, and copy what it names twice.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Result as PlanResult, ScalarValue, plan_err};
use datafusion::logical_expr::{Expr, LogicalPlan, Operator};
use datafusion::sql::parser::Statement as Parsed;
use datafusion::sql::sqlparser::ast::{Query, Visit, Visitor, visit_relations};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use crate::Error;

/// Names, key words and operators of a statement. Values and commas are free: lists of them lie flat.
const WORDS: usize = 1_500;
/// Of those, operators: each may be a level deeper.
const OPERATORS: usize = 500;
/// Expressions that are read twice, one within the other.
const TWICE: usize = 6;
/// Tables read, those read in what WITH names counted each time it is used.
const READS: usize = 100;
/// Steps of the plan.
const STEPS: usize = 2_000;
/// Columns of a step: a batch has all of them.
const COLUMNS: usize = 500;
/// Values written into the statement or sent with it, which a batch may have once for each row.
const LITERAL_BYTES: usize = 32 << 10;
/// What a compiled regular expression may take: its size is what each character of a text may cost.
const PATTERN_BYTES: usize = 128 << 10;

/// Of the text, before it is parsed. What is no text of SQL is the parser's to tell.
pub(super) fn length(sql: &str) -> Result<(), Error> {
    let Ok(tokens) = Tokenizer::new(&GenericDialect {}, sql).tokenize_with_location() else { return Ok(()) };
    let (mut words, mut operators, mut betweens) = (0, 0, 0);
    let mut open = vec![List::default()];
    let mut last = String::new();
    for TokenWithSpan { token, span } in tokens {
        let refused = |message: String| Err(Error::Statement { message, at: Some((span.start.line, span.start.column)) });
        let before = if matches!(token, Token::Whitespace(_)) { continue } else { std::mem::take(&mut last) };
        let list = open.last_mut();
        match &token {
            Token::Word(word) => {
                last = word.value.to_ascii_uppercase();
                words += 1;
                operators += usize::from(OPERATOR_WORDS.contains(&last.as_str()));
                betweens += usize::from(last == "BETWEEN");
                if let Some(list) = list.filter(|_| last == "SELECT" || last == "VALUES") {
                    *list = List { is_flat: last == "VALUES", items: 0, ..*list };
                }
            }
            Token::LParen => {
                let is_flat = before.is_empty() || before == "IN" || before == "VALUES";
                open.push(List { is_flat, is_twice: TWICE_WORDS.contains(&before.as_str()), items: 0 });
            }
            Token::RParen => {
                open.pop();
            }
            Token::Comma => {
                if let Some(list) = list {
                    list.items += 1;
                }
            }
            other => {
                let is_operator = is_operator(other);
                words += usize::from(is_operator);
                operators += usize::from(is_operator);
            }
        }
        if operators > OPERATORS {
            return refused(format!(
                "a statement has at most {OPERATORS} operators, and this is one more: use IN (…) or a table of VALUES"
            ));
        }
        if words > WORDS {
            return refused(format!(
                "a statement has at most {WORDS} names and key words, and this is one more: split it in two"
            ));
        }
        if open.last().is_some_and(|list| !list.is_flat && list.items >= COLUMNS) {
            return refused(format!(
                "there are at most {COLUMNS} columns or arguments: use IN (…) or a table of VALUES for long lists"
            ));
        }
        if open.iter().filter(|list| list.is_twice).count() > TWICE || betweens > 2 * TWICE {
            return refused(format!(
                "COALESCE and its like can stand at most {TWICE} deep, and BETWEEN {} times: use a CASE",
                2 * TWICE
            ));
        }
    }
    Ok(())
}

/// What is between two parentheses.
#[derive(Default, Clone, Copy)]
struct List {
    /// Values for IN, or a row of them.
    is_flat: bool,
    /// After a word whose expression is read twice.
    is_twice: bool,
    items: usize,
}

const OPERATOR_WORDS: [&str; 8] = ["AND", "OR", "IS", "NOT", "LIKE", "ILIKE", "COLLATE", "AT"];
const TWICE_WORDS: [&str; 5] = ["COALESCE", "NVL", "IFNULL", "ANY", "SOME"];

/// All but values, commas and parentheses.
fn is_operator(token: &Token) -> bool {
    let first = token.to_string().chars().next().unwrap_or(',');
    !(first.is_alphanumeric() || ",;'\"$`(){}.".contains(first))
}

/// How often tables are read: `b AS (SELECT … FROM a, a)` reads what `a` reads twice.
pub(super) fn reads(statement: &Parsed) -> Result<(), Error> {
    let Parsed::Statement(statement) = statement else { return Ok(()) };
    let mut named = Named::default();
    let _ = statement.visit(&mut named);
    let mut known = HashMap::new();
    let reads = names(statement.as_ref()).iter().map(|name| named.reads(name, &mut known)).fold(0, usize::saturating_add);
    if reads > READS {
        return Err(Error::Statement {
            message: format!(
                "the statement reads tables {reads} times, each time what WITH names is used counted anew; {READS} are allowed"
            ),
            at: None,
        });
    }
    Ok(())
}

/// What each name of a WITH reads, those of inner queries too.
#[derive(Default)]
struct Named(HashMap<String, Vec<String>>);

impl Visitor for Named {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.0.entry(cte.alias.name.value.to_lowercase()).or_default().extend(names(&*cte.query));
        }
        ControlFlow::Continue(())
    }
}

impl Named {
    fn reads(&self, name: &str, known: &mut HashMap<String, usize>) -> usize {
        let Some(reads) = self.0.get(name) else { return 1 };
        if let Some(count) = known.get(name) {
            return *count;
        }
        // A name that leads back to itself is another one's.
        known.insert(name.to_owned(), 1);
        let count = reads.iter().map(|name| self.reads(name, known)).fold(1, usize::saturating_add);
        known.insert(name.to_owned(), count);
        count
    }
}

fn names(of: &impl Visit) -> Vec<String> {
    let mut names = Vec::new();
    let _ = visit_relations(of, |name| {
        names.push(name.to_string().to_lowercase());
        ControlFlow::<()>::Continue(())
    });
    names
}

/// Of the plan, with its parameters in it.
pub(super) fn plan(plan: &LogicalPlan) -> PlanResult<()> {
    let (mut steps, mut literals) = (0, 0);
    plan.apply_with_subqueries(|step| {
        steps += 1;
        if steps > STEPS {
            return plan_err!("the statement takes more than {STEPS} steps: split it in two");
        }
        if step.schema().fields().len() > COLUMNS {
            return plan_err!("there are at most {COLUMNS} columns: name those you need");
        }
        if matches!(step, LogicalPlan::Values(_)) {
            return Ok(TreeNodeRecursion::Continue);
        }
        step.apply_expressions(|expression| {
            expression.apply(|inner| match inner {
                // What rows are compared with is not copied for each.
                Expr::InList(list) if list.list.iter().all(|item| matches!(item, Expr::Literal(..))) => {
                    check(&list.expr, &mut literals)?;
                    Ok(TreeNodeRecursion::Jump)
                }
                inner => is_bounded(inner, &mut literals).map(|()| TreeNodeRecursion::Continue),
            })
        })
    })?;
    Ok(())
}

fn check(expression: &Expr, literals: &mut usize) -> PlanResult<TreeNodeRecursion> {
    expression.apply(|inner| is_bounded(inner, literals).map(|()| TreeNodeRecursion::Continue))
}

fn is_bounded(expression: &Expr, literals: &mut usize) -> PlanResult<()> {
    match expression {
        Expr::Literal(value, _) => {
            *literals += value.size() - size_of_val(value);
            if *literals > LITERAL_BYTES {
                return plan_err!(
                    "values in a statement have at most {} KiB together: use IN (…) for long lists",
                    LITERAL_BYTES >> 10
                );
            }
            Ok(())
        }
        Expr::ScalarFunction(call) if call.name().starts_with("regexp_") => pattern(call.args.get(1)),
        Expr::SimilarTo(like) => pattern(Some(&like.pattern)),
        Expr::BinaryExpr(binary) => match binary.op {
            Operator::RegexMatch | Operator::RegexIMatch | Operator::RegexNotMatch | Operator::RegexNotIMatch => {
                pattern(Some(&binary.right))
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// A regular expression is written out, and of a size that a text of any length is soon looked through with.
fn pattern(pattern: Option<&Expr>) -> PlanResult<()> {
    let Some(Expr::Literal(ScalarValue::Utf8(text) | ScalarValue::LargeUtf8(text) | ScalarValue::Utf8View(text), _)) = pattern
    else {
        return plan_err!("a regular expression is written out or a parameter, not a column or a call");
    };
    match regex::RegexBuilder::new(text.as_deref().unwrap_or_default()).size_limit(PATTERN_BYTES).build() {
        Err(regex::Error::CompiledTooBig(_)) => plan_err!("the regular expression is too large: repeat less in it"),
        // What is wrong with it is told when it is used.
        _ => Ok(()),
    }
}
