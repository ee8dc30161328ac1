//! Rows for a person at a terminal: columns that line up, or one value a line where the columns do not fit.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::process::{Command, Stdio};

const GAP: usize = 2;

pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

struct Column {
    name: String,
    /// Numbers stand on the right, so that their digits line up.
    is_number: bool,
}

impl Table {
    pub fn new() -> Table {
        Table { columns: Vec::new(), rows: Vec::new() }
    }

    pub fn text(self, name: &str) -> Table {
        self.column(name, false)
    }

    pub fn column(mut self, name: &str, is_number: bool) -> Table {
        self.columns.push(Column { name: visible(name), is_number });
        self
    }

    pub fn row<'a>(&mut self, values: impl IntoIterator<Item = &'a str>) {
        self.rows.push(values.into_iter().map(visible).collect());
    }

    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// `width` characters fit into a line; without a number all do.
    pub fn write(&self, width: Option<usize>, out: &mut impl Write) -> io::Result<()> {
        let widths: Vec<usize> = self.columns.iter().enumerate().map(|(at, column)| self.width_of(at, column)).collect();
        let whole = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
        if width.is_some_and(|width| whole > width) { self.write_records(out) } else { self.write_lines(&widths, out) }
    }

    fn width_of(&self, at: usize, column: &Column) -> usize {
        self.rows.iter().filter_map(|row| row.get(at)).map(|value| length(value)).chain([length(&column.name)]).max().unwrap_or(0)
    }

    fn write_lines(&self, widths: &[usize], out: &mut impl Write) -> io::Result<()> {
        let names: Vec<&str> = self.columns.iter().map(|c| c.name.as_str()).collect();
        self.write_line(widths, &names, out)?;
        let rules: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
        writeln!(out, "{}", rules.join(&" ".repeat(GAP)))?;
        self.rows.iter().try_for_each(|row| self.write_line(widths, &row.iter().map(String::as_str).collect::<Vec<_>>(), out))
    }

    fn write_line(&self, widths: &[usize], values: &[&str], out: &mut impl Write) -> io::Result<()> {
        let mut line = String::new();
        for ((column, width), value) in self.columns.iter().zip(widths).zip(values) {
            if !line.is_empty() {
                line.push_str(&" ".repeat(GAP));
            }
            let space = " ".repeat(width - length(value));
            line.extend(if column.is_number { [space.as_str(), value] } else { [*value, space.as_str()] });
        }
        writeln!(out, "{}", line.trim_end())
    }

    fn write_records(&self, out: &mut impl Write) -> io::Result<()> {
        let width = self.columns.iter().map(|c| length(&c.name)).max().unwrap_or(0);
        for (number, row) in self.rows.iter().enumerate() {
            writeln!(out, "── {} {}", number + 1, "─".repeat(width))?;
            for (column, value) in self.columns.iter().zip(row) {
                writeln!(out, "{}{}  {value}", column.name, " ".repeat(width - length(&column.name)))?;
            }
        }
        Ok(())
    }
}

/// Values come from anywhere: what would move the cursor or change colours is shown and not obeyed.
fn visible(text: &str) -> String {
    if !text.contains(char::is_control) {
        return text.to_owned();
    }
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] }).collect()
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// How many characters fit into a line of the terminal on standard output; None when it is none, or does not say.
pub fn terminal_width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    // The standard library has no call for it, and `stty` is everywhere a POSIX system is.
    let terminal = File::open("/dev/tty").ok()?;
    let output = Command::new("stty").arg("size").stdin(Stdio::from(terminal)).stderr(Stdio::null()).output().ok()?;
    let columns = String::from_utf8(output.stdout).ok()?.split_whitespace().nth(1)?.parse().ok()?;
    // A terminal that does not know says 0.
    Some(columns).filter(|columns| *columns > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new().text("name").column("n", true);
        table.row(["ann", "5"]);
        table.row(["größe\n\u{1b}[31m", "1200"]);
        table
    }

    fn check(table: &Table, width: Option<usize>, expected: &str) {
        let mut out = Vec::new();
        table.write(width, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn columns_line_up_and_numbers_stand_on_the_right() {
        let lines = "\
name                  n
─────────────────  ────
ann                   5
größe\\n\\u{1b}[31m  1200
";
        check(&table(), None, lines);
        check(&table(), Some(23), lines);
        check(&Table::new().text("a"), None, "a\n─\n");
    }

    #[test]
    fn what_does_not_fit_is_one_value_a_line() {
        check(&table(), Some(22), "── 1 ────\nname  ann\nn     5\n── 2 ────\nname  größe\\n\\u{1b}[31m\nn     1200\n");
    }
}
