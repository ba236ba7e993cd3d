//! Parses a command line into a command, or into the reason why there is none.

use std::ffi::OsString;
use std::fmt;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{ColorChoice, FromArgMatches as _, ValueEnum};

use super::{Cli, help, search};
use crate::error_json::error_json;

/// The exit code of a wrong command line.
const WRONG_LINE: u8 = 2;

/// When printed text (answers, help texts, errors) has colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Color {
    /// On a terminal, unless the environment has NO_COLOR.
    #[default]
    Auto,
    /// In a pipe too.
    Always,
    /// Not at all.
    Never,
}

/// A command line without a command to run: it is wrong, or it asks for a help text.
#[derive(Debug)]
pub struct NoCommand {
    error: clap::Error,
    is_json: bool,
}

/// Reads a command line.
///
/// # Errors
/// [`NoCommand`].
pub fn parse(line: impl IntoIterator<Item = OsString>) -> Result<Cli, NoCommand> {
    let line: Vec<OsString> = line.into_iter().collect();
    // clap writes help texts and errors while it parses, so colours and format must be known
    // before.
    let color = match value_of(&line, "--color") {
        Some("always") => Color::Always,
        Some("never") => Color::Never,
        _ => Color::Auto,
    };
    color.write_global();
    let is_json = value_of(&line, "--format") == Some("json");
    let matches = help::command().color(color.of_help()).try_get_matches_from(&line);
    matches
        .and_then(|matches| Cli::from_arg_matches(&matches))
        .and_then(|cli| match search::mistake(&cli) {
            Some(mistake) => Err(clap::Error::raw(ErrorKind::ValueValidation, mistake + "\n")),
            None => Ok(cli),
        })
        .map_err(|error| NoCommand { error, is_json })
}

/// The value of an option that is written as `--name value` or `--name=value`.
fn value_of<'a>(line: &'a [OsString], name: &str) -> Option<&'a str> {
    let words: Vec<&str> = line.iter().filter_map(|word| word.to_str()).collect();
    words.iter().enumerate().find_map(|(at, word)| match word.strip_prefix(name)? {
        "" => words.get(at + 1).copied(),
        rest => rest.strip_prefix('='),
    })
}

impl fmt::Display for NoCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error.render())
    }
}

impl NoCommand {
    /// Prints the help text or the error. An error is JSON on standard output if the line has
    /// `--format json`, else text on standard error. Returns the exit code.
    pub fn report(self) -> ExitCode {
        let is_wrong = self.error.use_stderr();
        if is_wrong && self.is_json {
            let text = self.error.render().to_string();
            let message = text.trim_start_matches("error: ").split("\n\nUsage:").next();
            let message = message.unwrap_or_default().trim();
            println!("{}", error_json(message, Some("`--help` describes the command"), WRONG_LINE));
        } else {
            // An error is ignored: the terminal may be gone.
            let _ = self.error.print();
        }
        if is_wrong { ExitCode::from(WRONG_LINE) } else { ExitCode::SUCCESS }
    }
}

impl Color {
    /// Sets the colours of everything that is printed from now on.
    pub fn write_global(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }

    const fn of_help(self) -> ColorChoice {
        match self {
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
        }
    }
}
