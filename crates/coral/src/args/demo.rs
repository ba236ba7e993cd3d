//! `coral demo`.

use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use coral_scenario::IncidentKind;
use coral_trace::units::parse_duration;

use super::ServerArgs;

/// The name of a demo in which nothing goes wrong.
const NO_FAULT: &str = "none";

/// `coral demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// What goes wrong, twelve minutes before the demo starts.
    #[arg(long, value_name = "NAME", default_value = "slow-query", value_parser = fault(),
        hide_possible_values = true)]
    pub fault: IncidentKind,
    /// How the commands to try are printed.
    #[arg(long, value_enum, default_value = "text")]
    pub format: DemoFormat,
    /// Stop after this long.
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration)]
    pub run_for: Option<Duration>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub server: ServerArgs,
}

/// How the commands to try are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum DemoFormat {
    /// For people.
    Text,
    /// For programs: one line.
    Json,
}

fn fault() -> impl TypedValueParser<Value = IncidentKind> {
    let words = faults().map(|(word, kind)| PossibleValue::new(word).help(kind.to_string()));
    PossibleValuesParser::new(words).map(|word| {
        let chosen = faults().find(|(known, _)| *known == word);
        chosen.expect("the parser before this one knows these words only").1
    })
}

/// What can go wrong in the demo, by name.
fn faults() -> impl Iterator<Item = (String, IncidentKind)> {
    let named = IncidentKind::faults().into_iter().map(|kind| (kind.slug(), kind));
    named.chain([(NO_FAULT.to_owned(), IncidentKind::Nothing)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_names_every_fault() {
        let help = include_str!("examples/demo.txt");
        for (word, _) in faults() {
            assert!(help.split([' ', ',', '\n', '.']).any(|known| known == word), "{word}");
        }
    }
}
