//! What a page is shown on: how wide it is, and whether it shows colours.

use anstyle::{AnsiColor, Style};

/// What a page is shown on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Screen {
    /// How many columns a line of a table may take. `None` cuts nothing: a pipe, a file.
    pub width: Option<usize>,
    /// Whether the page may have ANSI escape sequences.
    pub colour: bool,
}

/// How a part of a page is set off.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Emphasis {
    /// Not at all.
    #[default]
    None,
    /// Red: something failed.
    Error,
    /// Bold: what matters most, such as the critical path.
    Strong,
    /// Dim: ids, and what explains the rest.
    Faint,
}

impl Screen {
    /// Any width, no colours: what a pipe gets.
    pub const PLAIN: Self = Self { width: None, colour: false };

    /// `text` in red.
    pub fn error(self, text: &str) -> String {
        self.emphasise(text, Emphasis::Error)
    }

    /// `text` in bold.
    pub fn strong(self, text: &str) -> String {
        self.emphasise(text, Emphasis::Strong)
    }

    /// `text`, dim.
    pub fn faint(self, text: &str) -> String {
        self.emphasise(text, Emphasis::Faint)
    }

    /// `text`, set off as `emphasis` says. Empty text stays empty.
    pub fn emphasise(self, text: &str, emphasis: Emphasis) -> String {
        let style = match emphasis {
            _ if !self.colour || text.is_empty() => return text.to_owned(),
            Emphasis::None => return text.to_owned(),
            Emphasis::Error => AnsiColor::Red.on_default(),
            Emphasis::Strong => Style::new().bold(),
            Emphasis::Faint => Style::new().dimmed(),
        };
        format!("{style}{text}{style:#}")
    }
}
