//! Tables as the RFD prints them: columns between ` | `, a rule below the heading.

/// How wide a terminal is taken to be.
const TERMINAL: usize = 80;
/// The last column is never made narrower than this.
const NARROWEST: usize = 20;
const BETWEEN: &str = " | ";

/// `rows` under `columns`, each cell padded but for the last. Nothing is cut: see [`room_for_last`].
pub fn table(columns: &[&str], rows: &[Vec<String>]) -> String {
    let widths = widths(columns, rows);
    let heading: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut text = row(&heading, &widths) + &rule.join("-|-") + "\n";
    text.extend(rows.iter().map(|cells| row(cells, &widths)));
    text
}

/// How wide the cells of a further column may be for the table to fit a terminal.
pub fn room_for_last(columns: &[&str], rows: &[Vec<String>]) -> usize {
    let taken: usize = widths(columns, rows).iter().map(|width| width + BETWEEN.len()).sum();
    TERMINAL.saturating_sub(taken).max(NARROWEST)
}

/// `text`, cut to `room` columns of a terminal; `…` says so.
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

fn widths(columns: &[&str], rows: &[Vec<String>]) -> Vec<usize> {
    let widest = |(at, column): (usize, &&str)| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| width(cell));
        cells.chain([width(column)]).max().unwrap_or(0)
    };
    columns.iter().enumerate().map(widest).collect()
}

fn row(cells: &[String], widths: &[usize]) -> String {
    let Some((last, padded)) = cells.split_last() else { return String::new() };
    let mut text = String::new();
    for (cell, wide) in padded.iter().zip(widths) {
        text.push_str(cell);
        text.push_str(&" ".repeat(wide - width(cell)));
        text.push_str(BETWEEN);
    }
    text + last + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_the_columns_it_takes() {
        assert_eq!(cut("GET /checkout", 13), "GET /checkout");
        assert_eq!(cut("GET /checkout", 12), "GET /checko…");
        assert_eq!(cut("注文を確認", 6), "注文…");
        assert_eq!(cut("x", 0), "…");
    }
}
