//! An answer that is being written, and how names and numbers are written in it.

use std::time::Duration;

use super::understand::{Asked, Window};
use crate::RedSource;
use crate::answer::{Plain, PlainLine, PlainSection, RedNumbers, RedTable};
use coral_trace::units::{self, duration};

/// The widest that a name is told.
const WIDEST: usize = 80;
/// A shorter baseline has few traces.
const SHORTEST_BASELINE_US: i64 = 3_600_000_000;

/// An answer that is being written.
#[derive(Default)]
pub(super) struct Page(pub Plain);

impl Page {
    /// Says what was understood, and which words about time were not.
    pub fn about(&mut self, asked: &Asked, route: Option<&str>) {
        let route = route.map(|route| format!("{} of ", short(route))).unwrap_or_default();
        let service = asked.service.as_deref().unwrap_or("everything");
        let unread = asked.window.unread.as_ref();
        let unread = unread.map(|words| format!("; no time was read in \"{}\"", short(words)));
        let (window, unread) = (&asked.window.words, unread.unwrap_or_default());
        self.0.understood = Some(format!("Analyzing {route}{service}, {window}{unread}"));
    }

    /// Says, if a route was asked about, that what follows is of all of them, and why.
    pub fn not_narrowed(&mut self, asked: &Asked, why: &str) {
        if let Some(route) = &asked.route {
            self.about(asked, None);
            self.remark(format!("not narrowed to {}: {why}", short(route)));
        }
    }

    pub fn section(&mut self, title: impl Into<String>) {
        self.0.sections.push(PlainSection { title: title.into(), lines: Vec::new() });
    }

    /// Its number, from 1 on.
    pub fn query(&mut self, command: String) -> usize {
        self.0.queries.push(command);
        self.0.queries.len()
    }

    pub fn line(&mut self, query: usize, text: String) {
        self.add(PlainLine { text, query: Some(query) });
    }

    pub fn remark(&mut self, text: String) {
        self.add(PlainLine { text, query: None });
    }

    /// A line for a section that has none from a query.
    pub fn or_nothing(&mut self, query: usize, text: &str) {
        let is_bare =
            |section: &PlainSection| section.lines.iter().all(|line| line.query.is_none());
        if self.0.sections.last().is_some_and(is_bare) {
            self.line(query, text.to_owned());
        }
    }

    fn add(&mut self, line: PlainLine) {
        if let Some(section) = self.0.sections.last_mut() {
            section.lines.push(line);
        }
    }
}

/// As long as the window, at least an hour.
pub(super) fn baseline(window: &Window) -> i64 {
    let length = window.until_unix_us.saturating_sub(window.since_unix_us);
    // Whole seconds: the window includes the microsecond of the question.
    (length / 1_000_000 * 1_000_000).max(SHORTEST_BASELINE_US)
}

pub(super) fn flag(micros: i64) -> String {
    units::flag(Duration::from_micros(micros.unsigned_abs()))
}

pub(super) fn red_query(table: &RedTable, window: &Window) -> String {
    let (protocol, service) = (&table.protocol, quoted(&table.service));
    let is_of_spans = table.source == RedSource::Spans.as_str();
    let source = if is_of_spans { " --source spans" } else { "" };
    let compare = table.overall_before.as_ref();
    let compare = compare.map(|_| format!(" --compare {}", flag(baseline(window))));
    format!(
        "coral query beyla {protocol} {service}{source} {}{}",
        window.flags,
        compare.unwrap_or_default()
    )
}

pub(super) fn p95(numbers: &RedNumbers) -> String {
    match (numbers.p95_us, numbers.beyond_us) {
        (Some(p95), _) => duration(p95),
        (None, Some(beyond)) => format!(">{}", duration(beyond)),
        (None, None) => "unknown".to_owned(),
    }
}

/// ` (baseline: 150ms, +200%)`
pub(super) fn change(now: &RedNumbers, before: Option<&RedNumbers>) -> String {
    let Some(before) = before else { return String::new() };
    let percent = now.p95_us.zip(before.p95_us.filter(|before| *before > 0));
    let percent = percent
        .map(|(now, before)| format!(", {:+.0}%", (now as f64 / before as f64 - 1.0) * 100.0));
    format!(" (baseline: {}{})", p95(before), percent.unwrap_or_default())
}

pub(super) fn micros(micros: u64) -> String {
    duration(i64::try_from(micros).unwrap_or(i64::MAX))
}

pub(super) fn percent(part: f64) -> String {
    let percent = part * 100.0;
    if percent > 0.0 && percent < 10.0 {
        format!("{percent:.1}%")
    } else {
        format!("{percent:.0}%")
    }
}

pub(super) fn short(name: &str) -> String {
    match name.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// As a shell reads it back.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |sign: char| sign.is_ascii_alphanumeric() || "-_./:{}=".contains(sign);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
