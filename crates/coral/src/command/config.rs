//! `coral config show` and `coral config check`.

use super::{Failure, print, print_serialized, sources};
use crate::args::{ConfigArgs, Role, StatusFormat};
use crate::show::config;
use coral_config::keys::Roles;
use coral_config::{AgentConfig, ColonyConfig, ConfigError, Layers, Sources, StandaloneConfig};

/// A standalone has two of everything that both roles read, such as `storage.max_size`.
pub(super) fn show(args: &ConfigArgs) -> Result<(), Failure> {
    let sources = sources(&args.server);
    let layers = match args.role {
        Role::Agent => vec![("agent", Layers::read(&sources, Roles::Agent, false))],
        Role::Colony => vec![("colony", Layers::read(&sources, Roles::Colony, false))],
        Role::Standalone => vec![
            ("agent", Layers::read(&sources, Roles::Agent, true)),
            ("colony", Layers::read(&sources, Roles::Colony, true)),
        ],
    };
    let mut problems: Vec<String> = Vec::new();
    for problem in layers.iter().flat_map(|(_, layers)| &layers.problems) {
        if !problems.contains(problem) {
            problems.push(problem.clone());
        }
    }
    if !problems.is_empty() {
        return Err(ConfigError(problems).into());
    }
    match args.format {
        StatusFormat::Json => print_serialized(&config::json(&layers)),
        StatusFormat::Text => print(&config::text(&layers)),
    }
}

pub(super) fn check(args: &ConfigArgs) -> Result<(), Failure> {
    let sources = sources(&args.server);
    checked(args.role, &sources).map_err(|error| Failure::new(error.to_string()))?;
    print("The configuration is valid.\n")
}

fn checked(role: Role, sources: &Sources) -> Result<(), ConfigError> {
    match role {
        Role::Agent => AgentConfig::load(sources).map(drop),
        Role::Colony => ColonyConfig::load(sources).map(drop),
        Role::Standalone => StandaloneConfig::load(sources).map(drop),
    }
}
