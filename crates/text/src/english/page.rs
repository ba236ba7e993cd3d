//! The page of an answer in plain English: sections of lines, and the commands that the lines cite.

use std::fmt::Write as _;

use crate::screen::Screen;
use crate::wrap::folded;
use coral_trace::sanitize::{line, sentences, whole};
use schemars::JsonSchema;
use serde::Serialize;

/// An answer in words. Names are as spans have them: [`Page::text`] makes them safe for a terminal.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct Page {
    /// What was understood: `Analyzing payments-api, last 1h`. Null when nothing was; `sections`
    /// then says what can be asked.
    pub understood: Option<String>,
    /// The answer's parts.
    pub sections: Vec<PageSection>,
    /// The commands that the lines cite, from 1 on.
    pub queries: Vec<String>,
}

/// A heading and what stands below it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct PageSection {
    /// The heading, such as `RED Metrics (last 1h)`.
    pub title: String,
    /// The findings and remarks below the heading.
    pub lines: Vec<PageLine>,
}

/// One finding or remark.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct PageLine {
    /// The finding or remark, in words.
    pub text: String,
    /// Which of the page's `queries` the finding is from; null for a remark, which says nothing of
    /// the data.
    pub query: Option<usize>,
}

impl Page {
    /// The page as text for a terminal. With several queries, a line with a finding ends in the
    /// number of the query that the finding is from.
    pub fn text(&self, screen: Screen) -> String {
        let mut text = match &self.understood {
            Some(understood) => format!("{}...\n", line(understood)),
            None => String::new(),
        };
        for section in &self.sections {
            let between = if text.is_empty() { "" } else { "\n" };
            let title = screen.strong(&format!("{}:", line(&section.title)));
            let _ = writeln!(text, "{between}{title}");
            for found in &section.lines {
                let query = found.query.filter(|_| self.queries.len() > 1);
                let cited = query.map(|query| format!(" [{query}]")).unwrap_or_default();
                let cited = screen.faint(&cited);
                let _ = writeln!(text, "  - {}{cited}", sentences(&found.text));
            }
        }
        if let [query] = self.queries.as_slice() {
            let _ = writeln!(text, "\nQuery behind these lines:\n  {}", whole(query));
        } else if !self.queries.is_empty() {
            text.push_str("\nQueries behind these lines:\n");
            for (at, query) in self.queries.iter().enumerate() {
                let _ = writeln!(text, "  [{}] {}", at + 1, whole(query));
            }
        }
        folded(&text, screen)
    }

    /// Begins a section.
    pub(super) fn section(&mut self, title: impl Into<String>) {
        self.sections.push(PageSection { title: title.into(), lines: Vec::new() });
    }

    /// Adds a command that lines can cite, and returns its number, counted from 1.
    pub(super) fn query(&mut self, command: String) -> usize {
        self.queries.push(command);
        self.queries.len()
    }

    /// Adds a finding of `query` to the last section.
    pub(super) fn line(&mut self, query: usize, text: impl Into<String>) {
        self.add(PageLine { text: text.into(), query: Some(query) });
    }

    /// Adds a remark, which is a line that cites no query, to the last section.
    pub(super) fn remark(&mut self, text: impl Into<String>) {
        self.add(PageLine { text: text.into(), query: None });
    }

    /// Adds `text` as a finding of `query` to the last section, if that section has no finding yet.
    pub(super) fn or_nothing(&mut self, query: usize, text: &str) {
        let is_bare = |section: &PageSection| section.lines.iter().all(|line| line.query.is_none());
        if self.sections.last().is_some_and(is_bare) {
            self.line(query, text);
        }
    }

    fn add(&mut self, line: PageLine) {
        if let Some(section) = self.sections.last_mut() {
            section.lines.push(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_with_several_names_and_commands_are_not_cut() {
        let mut page = Page::default();
        let (names, command) = ("payments-api fails; ".repeat(15), "coral why ".repeat(30));
        let query = page.query(command.clone());
        page.section("Health of services");
        page.line(query, names.clone());
        let text = page.text(Screen::PLAIN);
        assert!(text.contains(&names) && text.contains(&command), "{text}");
    }
}
