//! Tables: columns between ` | `, a rule below the headings.

use std::fmt::Write as _;

use crate::screen::{Emphasis, Screen};
use crate::wrap::{prose, wrapped};

/// Smallest width to which a column is cut as long as columns can be left out, in columns of a
/// terminal. A column also stays as wide as its heading.
const MIN_NAME_WIDTH: usize = 20;
/// Smallest width to which a column is cut before its heading is cut too.
const MIN_CUT_WIDTH: usize = 12;
/// Smallest width to which a column is cut.
const MIN_WIDTH: usize = 4;
const BETWEEN: &str = " | ";

/// A column of a [`Table`].
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    heading: &'a str,
    kind: ColumnKind,
    /// The place of the column in the order in which columns are left out, from 0. `None`: the
    /// column is never left out.
    rank: Option<u8>,
    /// What stands before the cell in a line below its row, if the column is left out.
    note: Option<&'a str>,
    /// Smallest width to which the column is cut as long as columns can be left out.
    least: usize,
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

impl<'a> Column<'a> {
    /// The column, left out if the screen is too narrow. Columns of a small `rank` are left out
    /// first.
    pub const fn optional(self, rank: u8) -> Self {
        Self { rank: Some(rank), ..self }
    }

    /// The column, whose cells move into lines below their rows when the column is left out. Such a
    /// line begins with `prefix`.
    pub const fn or_note(self, prefix: &'a str) -> Self {
        Self { note: Some(prefix), ..self }
    }

    /// The column, which is not cut below `least` columns of a terminal as long as other columns can
    /// be left out.
    pub const fn at_least(self, least: usize) -> Self {
        Self { least, ..self }
    }
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
}

/// The columns that fit a screen.
struct Layout {
    /// The columns that are shown, by index.
    shown: Vec<usize>,
    /// The width of each shown column.
    widths: Vec<usize>,
    /// The width of each shown column if nothing is cut.
    natural: Vec<usize>,
}

impl<'a> Table<'a> {
    /// A table of `rows`, each with a cell for every column.
    pub fn new(columns: impl IntoIterator<Item = Column<'a>>, rows: Vec<Vec<Cell>>) -> Self {
        Self { columns: columns.into_iter().collect(), rows }
    }

    /// The table without the optional columns in which every cell is empty.
    pub fn without_empty(mut self) -> Self {
        let is_kept = |(at, column): (usize, &Column<'_>)| {
            column.rank.is_none()
                || self.rows.iter().any(|row| row.get(at).is_some_and(|cell| cell.width() > 0))
        };
        let kept: Vec<bool> = self.columns.iter().enumerate().map(is_kept).collect();
        let mut keep = kept.iter();
        self.columns.retain(|_| keep.next() == Some(&true));
        for row in &mut self.rows {
            let mut keep = kept.iter();
            row.retain(|_| keep.next() == Some(&true));
        }
        self
    }

    /// The table as text. If it is wider than `screen`, optional columns are left out, then columns
    /// of names are cut, the widest first. A line below the table lists both. Without a width, as in
    /// a pipe, the table is whole.
    pub fn text(&self, screen: Screen) -> String {
        let layout = self.layout(screen);
        let rule: Vec<String> = layout.widths.iter().map(|width| "-".repeat(*width)).collect();
        let headings: Vec<Cell> = self.columns.iter().map(|column| column.heading.into()).collect();
        let mut text = self.row(&headings, &layout, Screen::PLAIN);
        text.push_str(&(rule.join("-|-") + "\n"));
        for row in &self.rows {
            text.push_str(&self.row(row, &layout, screen));
            self.notes(row, &layout, screen, &mut text);
        }
        text.push_str(&self.footer(&layout, screen));
        text
    }

    /// Whether the column `heading` fits `screen`.
    pub fn shows(&self, heading: &str, screen: Screen) -> bool {
        self.layout(screen).shown.iter().any(|at| self.columns[*at].heading == heading)
    }

    /// The lines below `row`: the cells of columns that are left out and have a note.
    fn notes(&self, row: &[Cell], layout: &Layout, screen: Screen, text: &mut String) {
        for (at, column) in self.columns.iter().enumerate() {
            let cell = row.get(at).filter(|cell| cell.width() > 0);
            if let (Some(cell), Some(prefix), false) =
                (cell, column.note, layout.shown.contains(&at))
            {
                let note = (format!("{prefix}{}{}", cell.text, cell.suffix), cell.emphasis);
                let _ = writeln!(text, "{}", wrapped(&[note], "  └ ", "    ", screen));
            }
        }
    }

    /// The line that says what does not fit the screen; empty if everything does.
    fn footer(&self, layout: &Layout, screen: Screen) -> String {
        let Some(columns) = screen.width else { return String::new() };
        let list = |headings: Vec<&str>| headings.join(", ");
        let is_cut = |place: &usize| layout.widths[*place] < layout.natural[*place];
        let cut = (0..layout.shown.len()).filter(is_cut);
        let cut = cut.map(|place| self.columns[layout.shown[place]].heading);
        let cut = list(cut.collect());
        let is_hidden = |at: &usize| !layout.shown.contains(at) && self.columns[*at].note.is_none();
        let hidden = (0..self.columns.len()).filter(is_hidden).map(|at| self.columns[at].heading);
        // Several columns may have one heading, such as `Before`.
        let mut headings: Vec<&str> = Vec::new();
        hidden.for_each(|heading| {
            if !headings.contains(&heading) {
                headings.push(heading);
            }
        });
        let hidden = list(headings);
        let about = match (cut.is_empty(), hidden.is_empty()) {
            (true, true) => return String::new(),
            (false, true) => format!("cut to fit {columns} columns: {cut}"),
            (true, false) => format!("left out to fit {columns} columns: {hidden}"),
            (false, false) => format!("cut to fit {columns} columns: {cut}; left out: {hidden}"),
        };
        let note = prose(&format!("… {about}. Pipe to `cat` to see all."), screen);
        let lines = note.lines().map(|line| screen.faint(line));
        lines.collect::<Vec<_>>().join("\n") + "\n"
    }

    /// The width of each column if nothing is cut.
    fn natural(&self) -> Vec<usize> {
        let widest = |(at, column): (usize, &Column<'_>)| {
            let cells = self.rows.iter().filter_map(|row| row.get(at)).map(Cell::width);
            cells.chain([width(column.heading)]).max().unwrap_or(0)
        };
        self.columns.iter().enumerate().map(widest).collect()
    }

    fn layout(&self, screen: Screen) -> Layout {
        let natural = self.natural();
        let mut shown: Vec<usize> = (0..self.columns.len()).collect();
        let of = |shown: &[usize]| shown.iter().map(|at| natural[*at]).collect::<Vec<_>>();
        let Some(room) = screen.width else {
            let widths = of(&shown);
            return Layout { shown, natural: widths.clone(), widths };
        };
        let least = |at: usize| match self.columns[at] {
            Column { kind: ColumnKind::Name, heading, least, .. } => {
                natural[at].min(least.max(width(heading)))
            }
            _ => natural[at],
        };
        let total =
            |widths: usize, columns: usize| widths + BETWEEN.len() * columns.saturating_sub(1);
        while total(shown.iter().map(|at| least(*at)).sum(), shown.len()) > room {
            let optional =
                shown.iter().copied().filter_map(|at| Some((self.columns[at].rank?, at)));
            let Some((_, first)) = optional.min() else { break };
            shown.retain(|at| *at != first);
        }
        let natural = of(&shown);
        let mut widths = natural.clone();
        let mut excess = total(widths.iter().sum(), widths.len()).saturating_sub(room);
        for floor in [MIN_NAME_WIDTH, MIN_CUT_WIDTH, MIN_WIDTH] {
            while excess > 0 {
                let names = shown.iter().enumerate().filter(|(place, at)| {
                    let column = self.columns[**at];
                    let heading = if floor == MIN_WIDTH { 1 } else { width(column.heading) };
                    column.kind == ColumnKind::Name && widths[*place] > floor.max(heading)
                });
                let Some((widest, _)) = names.max_by_key(|(place, _)| widths[*place]) else {
                    break;
                };
                widths[widest] -= 1;
                excess -= 1;
            }
        }
        Layout { shown, widths, natural }
    }

    fn row(&self, cells: &[Cell], layout: &Layout, screen: Screen) -> String {
        let mut text = String::new();
        for (place, (at, wide)) in layout.shown.iter().zip(&layout.widths).enumerate() {
            let Some(cell) = cells.get(*at) else { continue };
            let emphasis = match (self.columns[*at].kind, cell.emphasis) {
                (ColumnKind::Id, Emphasis::None) => Emphasis::Faint,
                (_, emphasis) => emphasis,
            };
            let (shown, taken) = cell.shown(*wide, emphasis, screen);
            text.push_str(&shown);
            if place + 1 < layout.shown.len() {
                text.push_str(&" ".repeat(wide.saturating_sub(taken)));
                text.push_str(BETWEEN);
            }
        }
        // An optional column may have empty cells.
        if self.columns.iter().any(|column| column.rank.is_some()) {
            text.truncate(text.trim_end_matches(' ').len());
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
        // A suffix that does not fit beside a letter and a sign of the cut is cut itself.
        if width(&self.suffix) + 2 > room && self.width() > room {
            let text = cut(&format!("{}{}", self.text, self.suffix), room);
            let taken = width(&text);
            return (screen.emphasise(&text, emphasis), taken);
        }
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
    column(heading, ColumnKind::Whole)
}

/// A column of names, which is cut where the screen is too narrow.
pub const fn name(heading: &str) -> Column<'_> {
    column(heading, ColumnKind::Name)
}

/// A column of ids, which are dim and never cut.
pub const fn id(heading: &str) -> Column<'_> {
    column(heading, ColumnKind::Id)
}

const fn column(heading: &str, kind: ColumnKind) -> Column<'_> {
    Column { heading, kind, rank: None, note: None, least: MIN_NAME_WIDTH }
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
            … cut to fit 80 columns: Service, Operation. Pipe to `cat` to see all.
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
        assert!(page.contains("4bf92f3577b34da6 | a-s… | 1,200 | GET…\n"), "{page}");
    }
}
