//! A statement in pieces, as ClickHouse's own lexer cuts it: enough to tell names from what is inside strings and comments.
//! What the two might cut differently is refused.

use crate::Error;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token<'a> {
    /// A key word, a function or a bare name.
    Word(&'a str),
    /// A name in quotes, with them.
    Name(&'a str),
    /// `$1` or `$name`, without the dollar.
    Param(&'a str),
    /// A string or a number.
    Text(&'a str),
    /// White space or a comment.
    Blank(&'a str),
    /// One character of anything else.
    Mark(&'a str),
}

impl Token<'_> {
    pub fn is_blank(&self) -> bool {
        matches!(self, Token::Blank(_))
    }

    pub fn text(&self) -> &str {
        match self {
            Token::Word(t) | Token::Name(t) | Token::Param(t) | Token::Text(t) | Token::Blank(t) | Token::Mark(t) => t,
        }
    }

    pub fn is_word(&self, word: &str) -> bool {
        matches!(self, Token::Word(w) if w.eq_ignore_ascii_case(word))
    }
}

pub(super) fn tokens(sql: &str) -> Result<Vec<Token<'_>>, Error> {
    if sql.contains(['\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}', '\0']) {
        return refused(
            sql,
            0,
            "curly quotes are not allowed in a statement: use straight ones, and parameters for text that has them",
        );
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < sql.len() {
        let (token, length) = next(sql, at)?;
        tokens.push(token);
        at += length;
    }
    check(&tokens)?;
    Ok(tokens)
}

fn next(sql: &str, at: usize) -> Result<(Token<'_>, usize), Error> {
    let rest = &sql[at..];
    let run = |within: &dyn Fn(char) -> bool| rest.find(|c| !within(c)).unwrap_or(rest.len());
    let upto = |end: &str, from: usize| rest[from..].find(end).map(|i| from + i + end.len());
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let first = rest.chars().next().unwrap_or(' ');
    let token = match first {
        _ if rest.starts_with("--") || rest.starts_with("# ") || rest.starts_with("#!") => {
            Token::Blank(&rest[..upto("\n", 0).unwrap_or(rest.len())])
        }
        _ if rest.starts_with("/*") => match upto("*/", 2) {
            Some(end) => Token::Blank(&rest[..end]),
            None => return refused(sql, at, "a comment does not end"),
        },
        '\'' => Token::Text(&rest[..quoted(sql, at, first)?]),
        '"' | '`' => Token::Name(&rest[..quoted(sql, at, first)?]),
        '$' => {
            let end = 1 + rest[1..].find(|c| !is_word(c)).unwrap_or(rest.len() - 1);
            if rest[end..].starts_with('$') {
                // $tag$ text $tag$
                match upto(&rest[..=end], end + 1) {
                    Some(end) => Token::Text(&rest[..end]),
                    None => return refused(sql, at, "a $…$ text does not end"),
                }
            } else if end > 1 {
                return Ok((Token::Param(&rest[1..end]), end));
            } else {
                Token::Mark("$")
            }
        }
        c if c.is_whitespace() => Token::Blank(&rest[..run(&char::is_whitespace)]),
        c if c.is_ascii_digit() => Token::Text(&rest[..run(&|c| is_word(c) || c == '.')]),
        c if is_word(c) => Token::Word(&rest[..run(&is_word)]),
        c => Token::Mark(&rest[..c.len_utf8()]),
    };
    Ok((token, token.text().len()))
}

/// As far as the quote that is neither doubled nor after a backslash.
fn quoted(sql: &str, at: usize, quote: char) -> Result<usize, Error> {
    let mut characters = sql[at..].char_indices().skip(1).peekable();
    while let Some((i, c)) = characters.next() {
        if c == '\\' {
            characters.next();
        } else if c == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            return Ok(i + 1);
        }
    }
    refused(sql, at, "a quote does not end")
}

/// Names stand as they are written, so that a look at the text finds every table a statement can reach.
fn check(tokens: &[Token<'_>]) -> Result<(), Error> {
    let shown: Vec<&Token<'_>> = tokens.iter().filter(|t| !t.is_blank()).collect();
    for (i, token) in shown.iter().enumerate() {
        let before = |back: usize| i.checked_sub(back).map(|at| *shown[at]);
        match token {
            Token::Name(name) if name.contains('\\') => {
                return Err(Error::Forbidden(format!("{name}: names are written without escapes here")));
            }
            Token::Word(_) if token.is_word("identifier") && before(1) == Some(Token::Mark(":")) => {
                return Err(Error::Forbidden("a parameter cannot be the name of a table or column here".into()));
            }
            Token::Word(_) if token.is_word("outfile") && before(1).is_some_and(|t| t.is_word("into")) => {
                return Err(Error::Forbidden("INTO OUTFILE is not allowed: this is for reading".into()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn refused<T>(sql: &str, at: usize, message: &str) -> Result<T, Error> {
    let before = &sql[..at];
    let line = before.matches('\n').count() as u64 + 1;
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) as u64 + 1;
    Err(Error::Statement { message: message.into(), at: Some((line, column)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(sql: &str) -> Vec<Token<'_>> {
        tokens(sql).unwrap().into_iter().filter(|t| !t.is_blank()).collect()
    }

    #[test]
    fn strings_comments_and_names_are_told_apart() {
        use Token::{Mark, Name, Param, Text, Word};
        assert_eq!(
            shown("a 'it''s; \\' $1' /* ; */ \"x;\" `y` $1 $x$ ; $x$ 1e5 -- ;\n;"),
            [
                Word("a"),
                Text("'it''s; \\' $1'"),
                Name("\"x;\""),
                Name("`y`"),
                Param("1"),
                Text("$x$ ; $x$"),
                Text("1e5"),
                Mark(";")
            ]
        );
        assert_eq!(shown("f(ü)"), [Word("f"), Mark("("), Mark("ü"), Mark(")")]);
    }

    #[test]
    fn nothing_is_lost() {
        for sql in ["SELECT a.b, 'x' FROM `t` # c\nWHERE $1 = \"q\"", "", " ", "ä$", "$$x$$"] {
            let texts = tokens(sql).unwrap().into_iter().map(|t| match t {
                Token::Param(name) => format!("${name}"),
                Token::Word(t) | Token::Name(t) | Token::Text(t) | Token::Blank(t) | Token::Mark(t) => t.to_owned(),
            });
            assert_eq!(texts.collect::<String>(), sql);
        }
    }

    #[test]
    fn what_could_hide_a_name_is_refused() {
        for sql in ["SELECT * FROM `user\\x5fdaily`", "SELECT {t:Identifier}", "SELECT 1 INTO /* */ OUTFILE 'x'"] {
            assert!(matches!(tokens(sql), Err(Error::Forbidden(_))), "{sql}");
        }
        for sql in ["SELECT 'x", "SELECT /* x", "SELECT \u{2018}x\u{2019}", "SELECT $a$ x"] {
            assert!(matches!(tokens(sql), Err(Error::Statement { at: Some(_), .. })), "{sql}");
        }
    }
}
