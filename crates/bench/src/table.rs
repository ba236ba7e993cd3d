//! Text tables, as Markdown.

use std::fmt;

/// A table that is printed as Markdown with aligned columns.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub fn new(headings: &[&str]) -> Self {
        let mut table = Self::default();
        table.row(headings);
        table
    }

    /// Adds a row.
    pub fn row<T: ToString>(&mut self, cells: &[T]) {
        self.rows.push(cells.iter().map(ToString::to_string).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let cell = |row: &[String], at: usize| row.get(at).cloned().unwrap_or_default();
        let width = |at: usize| {
            self.rows.iter().map(|row| cell(row, at).chars().count()).max().unwrap_or(0).max(3)
        };
        for (number, row) in self.rows.iter().enumerate() {
            let cells: Vec<String> =
                (0..columns).map(|at| format!("{:<1$}", cell(row, at), width(at))).collect();
            writeln!(f, "| {} |", cells.join(" | "))?;
            if number == 0 {
                let rule: Vec<String> = (0..columns).map(|at| "-".repeat(width(at))).collect();
                writeln!(f, "| {} |", rule.join(" | "))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_markdown_with_aligned_columns() {
        let mut table = Table::new(&["what", "µs"]);
        table.row(&["append", "7.3"]);
        assert_eq!(table.to_string(), "| what   | µs  |\n| ------ | --- |\n| append | 7.3 |\n");
    }
}
