//! Tables: columns between ` | `, a rule below the headings.

use std::fmt::Write as _;

use crate::screen::{Emphasis, Screen};

/// Smallest width to which a column is cut, in columns of a terminal. A column also stays as wide
/// as its heading.
const MIN_CUT_WIDTH: usize = 12;
const BETWEEN: &str = " | ";

/// A column of a [`Table`].
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    heading: &'a str,
    kind: ColumnKind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ColumnKind {
    /// Numbers and short words: never cut.
    Whole,
    /// Names: cut where the screen is too narrow.
    Name,
    /// Ids, which are to be copied: never cut, and dim.
    Id,
}

/// A cell of a [`Table`]. Its text must have no control characters: callers escape them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cell {
    text: String,
    emphasis: Emphasis,
    /// Text that follows `text` and is never cut.
    suffix: String,
}

/// Rows under columns.
pub struct Table<'a> {
    columns: Vec<Column<'a>>,
    rows: Vec<Vec<Cell>>,
    /// By row: a line to print below it, or an empty text.
    notes: Vec<String>,
}

impl<'a> Table<'a> {
    /// A table of `rows`, each with a cell for every column.
    pub fn new(columns: impl IntoIterator<Item = Column<'a>>, rows: Vec<Vec<Cell>>) -> Self {
        Self { columns: columns.into_iter().collect(), rows, notes: Vec::new() }
    }

    /// Adds a line below each row whose note is not empty. The line is cut to the screen, and
    /// highlighted as an error. A note must have no control characters.
    pub fn with_notes(mut self, notes: Vec<String>) -> Self {
        self.notes = notes;
        self
    }

    /// The table as text. If it is wider than `screen`, columns of names are cut, the widest first,
    /// and a line below the table lists them. Other columns are never cut, so the table may stay
    /// too wide.
    pub fn text(&self, screen: Screen) -> String {
        let wanted = self.widths();
        let widths = self.fitted(&wanted, screen);
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        let headings: Vec<Cell> = self.columns.iter().map(|column| column.heading.into()).collect();
        let mut text = self.row(&headings, &widths, Screen::PLAIN);
        text.push_str(&(rule.join("-|-") + "\n"));
        for (at, row) in self.rows.iter().enumerate() {
            text.push_str(&self.row(row, &widths, screen));
            if let Some(note) = self.notes.get(at).filter(|note| !note.is_empty()) {
                let note = cut(&format!("  └ {note}"), screen.width.unwrap_or(usize::MAX));
                let _ = writeln!(text, "{}", screen.error(&note));
            }
        }
        let cut: Vec<&str> = (0..self.columns.len())
            .filter(|at| widths[*at] < wanted[*at])
            .map(|at| self.columns[at].heading)
            .collect();
        if let (false, Some(width)) = (cut.is_empty(), screen.width) {
            let note = format!(
                "… cut to fit {width} columns: {}. A pipe, such as `| cat`, shows all.",
                cut.join(", ")
            );
            let _ = writeln!(text, "{}", screen.faint(&note));
        }
        text
    }

    /// Whether the table is at most as wide as `screen`, with columns of names cut where that is
    /// necessary.
    pub fn fits(&self, screen: Screen) -> bool {
        let widths = self.fitted(&self.widths(), screen);
        let between = BETWEEN.len() * widths.len().saturating_sub(1);
        screen.width.is_none_or(|room| widths.iter().sum::<usize>() + between <= room)
    }

    /// The width of each column if nothing is cut.
    fn widths(&self) -> Vec<usize> {
        let widest = |(at, column): (usize, &Column<'_>)| {
            let cells = self.rows.iter().filter_map(|row| row.get(at)).map(Cell::width);
            cells.chain([width(column.heading)]).max().unwrap_or(0)
        };
        self.columns.iter().enumerate().map(widest).collect()
    }

    fn fitted(&self, wanted: &[usize], screen: Screen) -> Vec<usize> {
        let mut widths = wanted.to_vec();
        let Some(room) = screen.width else { return widths };
        let between = BETWEEN.len() * widths.len().saturating_sub(1);
        let mut excess = (widths.iter().sum::<usize>() + between).saturating_sub(room);
        while excess > 0 {
            let names = self.columns.iter().enumerate().filter(|(at, column)| {
                let least = MIN_CUT_WIDTH.max(width(column.heading));
                column.kind == ColumnKind::Name && widths[*at] > least
            });
            let Some((widest, _)) = names.max_by_key(|(at, _)| widths[*at]) else { break };
            widths[widest] -= 1;
            excess -= 1;
        }
        widths
    }

    fn row(&self, cells: &[Cell], widths: &[usize], screen: Screen) -> String {
        let mut text = String::new();
        for (at, (cell, wide)) in cells.iter().zip(widths).enumerate() {
            let emphasis = match (self.columns[at].kind, cell.emphasis) {
                (ColumnKind::Id, Emphasis::None) => Emphasis::Faint,
                (_, emphasis) => emphasis,
            };
            let (shown, taken) = cell.shown(*wide, emphasis, screen);
            text.push_str(&shown);
            if at + 1 < cells.len() {
                text.push_str(&" ".repeat(wide.saturating_sub(taken)));
                text.push_str(BETWEEN);
            }
        }
        text + "\n"
    }
}

impl Cell {
    /// A cell with `text`, highlighted as `emphasis`.
    pub fn emphasised(text: impl Into<String>, emphasis: Emphasis) -> Self {
        Self { text: text.into(), emphasis, suffix: String::new() }
    }

    /// Adds `suffix` behind the text. The suffix is never cut, and is highlighted as an error.
    pub fn with_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.suffix = suffix.into();
        self
    }

    fn width(&self) -> usize {
        width(&self.text) + width(&self.suffix)
    }

    /// The cell, cut to `room` columns of a terminal, and the number of columns that it then takes.
    fn shown(&self, room: usize, emphasis: Emphasis, screen: Screen) -> (String, usize) {
        let text = cut(&self.text, room.saturating_sub(width(&self.suffix)));
        let taken = width(&text) + width(&self.suffix);
        (screen.emphasise(&text, emphasis) + &screen.error(&self.suffix), taken)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::emphasised(text, Emphasis::None)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// A column that is never cut: numbers, short words.
pub const fn whole(heading: &str) -> Column<'_> {
    Column { heading, kind: ColumnKind::Whole }
}

/// A column of names, which is cut where the screen is too narrow.
pub const fn name(heading: &str) -> Column<'_> {
    Column { heading, kind: ColumnKind::Name }
}

/// A column of ids, which are dim and never cut.
pub const fn id(heading: &str) -> Column<'_> {
    Column { heading, kind: ColumnKind::Id }
}

/// `rows` under `columns` as a table that is not cut and has no colours.
pub fn table(columns: &[&str], rows: &[Vec<String>]) -> String {
    let cells = rows.iter().map(|row| row.iter().map(|cell| cell.as_str().into()).collect());
    Table::new(columns.iter().map(|column| whole(column)), cells.collect()).text(Screen::PLAIN)
}

/// `text`, cut to `room` columns of a terminal. A text that was cut ends in `…`.
pub fn cut(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for character in text.chars() {
        kept.push(character);
        if width(&kept) >= room {
            kept.pop();
            break;
        }
    }
    kept + "…"
}

/// How many columns of a terminal `text` takes.
pub fn width(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn services(screen: Screen) -> String {
        let row = |id: &str, calls: &str, operation: &str, failed| {
            let operation = Cell::from(operation).with_suffix(failed);
            vec![
                id.into(),
                Cell::emphasised("a-service-of-30-characters-xxx", Emphasis::Error),
                calls.into(),
                operation,
            ]
        };
        let rows = vec![
            row(
                "4bf92f3577b34da6",
                "1,200",
                "GET /a/route/that/is/longer/than/most/others",
                " (ERROR)",
            ),
            row("4bf92f3577b34da7", "3", "注文を確認する注文を確認する", ""),
        ];
        let columns = [id("Trace ID"), name("Service"), whole("Calls"), name("Operation")];
        Table::new(columns, rows).text(screen)
    }

    #[test]
    fn text_is_cut_by_the_columns_it_takes() {
        assert_eq!(cut("GET /checkout", 13), "GET /checkout");
        assert_eq!(cut("GET /checkout", 12), "GET /checko…");
        assert_eq!(cut("注文を確認", 6), "注文…");
        assert_eq!(cut("x", 0), "…");
    }

    #[test]
    fn names_are_cut_to_fit_the_screen_and_the_table_says_so() {
        let page = services(Screen { width: Some(80), colour: false });
        expect![[r#"
            Trace ID         | Service                   | Calls | Operation
            -----------------|---------------------------|-------|--------------------------
            4bf92f3577b34da6 | a-service-of-30-characte… | 1,200 | GET /a/route/tha… (ERROR)
            4bf92f3577b34da7 | a-service-of-30-characte… | 3     | 注文を確認する注文を確認…
            … cut to fit 80 columns: Service, Operation. A pipe, such as `| cat`, shows all.
        "#]]
        .assert_eq(&page);
        assert!(page.lines().all(|line| width(line) <= 80), "{page}");
    }

    #[test]
    fn a_pipe_gets_every_cell_whole() {
        let page = services(Screen::PLAIN);
        assert!(page.contains("GET /a/route/that/is/longer/than/most/others (ERROR)\n"), "{page}");
        assert!(!page.contains('…') && !page.contains('\u{1b}'), "{page}");
    }

    #[test]
    fn colours_change_no_letter_of_a_table() {
        let stripped = |page: &str| anstream::adapter::strip_str(page).to_string();
        let coloured = services(Screen { width: Some(80), colour: true });
        assert_ne!(stripped(&coloured), coloured);
        assert_eq!(stripped(&coloured), services(Screen { width: Some(80), colour: false }));
    }

    #[test]
    fn what_cannot_be_cut_stays_whole_on_the_narrowest_screen() {
        let page = services(Screen { width: Some(1), colour: false });
        assert!(page.contains("4bf92f3577b34da6 | a-service-o… | 1,200 | GET… (ERROR)"), "{page}");
    }
}
