//! Reads the text that commands print into a pipe: tables, trees and durations.

/// The rows of the table in `text` whose headings begin with `heading`: the cells of each row. Empty
/// without such a table.
pub fn rows<'a>(text: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let of_table = text.lines().skip_while(|line| !line.starts_with(heading));
    let rows =
        of_table.take_while(|line| line.contains('|')).filter(|line| !line.starts_with("--"));
    rows.map(|line| line.split('|').map(str::trim).collect()).collect()
}

/// A line of a tree.
#[derive(Clone, PartialEq, Debug)]
pub struct Hop<'a> {
    /// The service, or `service → peer`.
    pub name: &'a str,
    /// How long the span took, in milliseconds.
    pub millis: f64,
    /// What follows the parentheses with the duration and the operation.
    pub rest: &'a str,
}

/// The hops of the tree in `text`.
pub fn hops(text: &str) -> Vec<Hop<'_>> {
    let (_, tree) = text.split_once("Span Tree:\n").unwrap_or_default();
    tree.lines().take_while(|line| !line.is_empty()).filter_map(hop).collect()
}

fn hop(line: &str) -> Option<Hop<'_>> {
    let line = line.trim_start_matches(['│', '├', '└', '─', ' ']);
    let (name, inside) = line.split_once(" (")?;
    let (duration, rest) = inside.split_once([',', ')'])?;
    Some(Hop { name, millis: millis(duration)?, rest })
}

/// `1.01s`, `63.1ms`, `508µs` or `2m 5s` as milliseconds; `None` if `text` is none of these.
pub fn millis(text: &str) -> Option<f64> {
    let parts = text.split_whitespace().map(|part| {
        let (digits, unit) = part.split_at(part.find(|sign: char| sign.is_alphabetic())?);
        let factor = match unit {
            "m" => 60_000.0,
            "s" => 1_000.0,
            "ms" => 1.0,
            "µs" => 0.001,
            _ => return None,
        };
        Some(digits.parse::<f64>().ok()? * factor)
    });
    parts.sum()
}

/// The minute of the day in the first `since 23:12 UTC` of `text`; a date may precede the time.
pub fn minute_since(text: &str) -> Option<i64> {
    let (_, after) = text.split_once("since ")?;
    let (before, _) = after.split_once(" UTC")?;
    let (hours, minutes) = before.rsplit(' ').next()?.split_once(':')?;
    Some(hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_read_hop_by_hop() {
        let text = "Trace ID: 1\n\nSpan Tree:\n\
                    front (1.01s, GET /{id}) ERROR 504\n\
                    └─ cart (2.06s, POST /pay)\n\
                    \u{20}  └─ cart → redis (308µs, GET)\n\nTimes: 1 hop";
        let found: Vec<_> = hops(text).into_iter().map(|hop| (hop.name, hop.millis)).collect();
        assert_eq!(found, [("front", 1_010.0), ("cart", 2_060.0), ("cart → redis", 0.308)]);
        assert!(hops(text)[0].rest.ends_with("ERROR 504"));
    }

    #[test]
    fn a_table_is_read_up_to_its_last_row() {
        let text = "Changes:\n\nChange | From\n-------|-----\nslower | cart\n\nCompared | with";
        assert_eq!(rows(text, "Change "), [["Change", "From"], ["slower", "cart"]]);
        assert!(rows(text, "Service ").is_empty());
    }

    #[test]
    fn a_beginning_is_read_with_and_without_a_date() {
        assert_eq!(minute_since("Cause: a, 9%, since 02:41 UTC"), Some(161));
        assert_eq!(minute_since("Cause: a, since 2026-11-24 23:59 UTC\n"), Some(1_439));
        assert_eq!(minute_since("Cause: a"), None);
    }

    #[test]
    fn a_duration_may_have_two_units() {
        assert_eq!(millis("2m 5s"), Some(125_000.0));
        assert_eq!(millis("-"), None);
    }
}
