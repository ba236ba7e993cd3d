//! Tables as the RFD prints them: columns between ` | `, a rule below the heading.

/// How wide the last column may be: the tables of traces then fit 80 columns.
const LAST: usize = 36;

/// `rows` under `columns`, each cell padded but for the last, which is cut where it would be too wide.
pub fn table(columns: &[&str], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = (0..columns.len())
        .map(|at| {
            let cells = rows.iter().map(|row| width(&row[at]));
            cells.chain([width(columns[at])]).max().unwrap_or(0)
        })
        .collect();
    let last = columns.len() - 1;
    let heading: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
    let rule: Vec<String> = widths
        .iter()
        .enumerate()
        .map(|(at, width)| "-".repeat(if at == last { LAST.min(*width) } else { *width }))
        .collect();
    let mut text = row(&heading, &widths) + &rule.join("-|-") + "\n";
    text.extend(rows.iter().map(|cells| row(cells, &widths)));
    text
}

fn row(cells: &[String], widths: &[usize]) -> String {
    let Some((last, padded)) = cells.split_last() else { return String::new() };
    let mut text = String::new();
    for (cell, wide) in padded.iter().zip(widths) {
        text.push_str(cell);
        text.push_str(&" ".repeat(wide - width(cell)));
        text.push_str(" | ");
    }
    text + &cut(last) + "\n"
}

fn width(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LAST {
        return text.to_owned();
    }
    let kept: String = text.chars().take(LAST - 1).collect();
    format!("{kept}…")
}
