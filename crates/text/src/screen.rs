//! Properties of the output that a page is printed to: its width, and whether it shows colours.

use anstyle::{AnsiColor, Style};

/// The output that a page is printed to: a terminal, a pipe or a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Screen {
    /// Largest width of a line of a table, in columns. `None` means no limit, as in a pipe or a
    /// file.
    pub width: Option<usize>,
    /// Whether the page may have ANSI escape sequences.
    pub colour: bool,
}

/// How a part of a page is highlighted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Emphasis {
    /// No highlighting.
    #[default]
    None,
    /// Red: something failed.
    Error,
    /// Bold: what matters most, such as the critical path.
    Strong,
    /// Dim: ids and explanations.
    Faint,
}

impl Screen {
    /// Unlimited width and no colours, as for a pipe.
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

    /// `text` with the ANSI style of `emphasis`, if the output has colours. Empty text stays empty.
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
