//! `coral config show` and `coral config check`.

use super::{Failure, print, print_json, sources};
use crate::args::{ConfigArgs, Role, StatusFormat};
use crate::config::keys::Roles;
use crate::config::{AgentConfig, ColonyConfig, ConfigError, Layers, Sources, StandaloneConfig};
use crate::show::config;

pub(super) fn show(args: &ConfigArgs) -> Result<(), Failure> {
    let layers = layers(args)?;
    match args.format {
        StatusFormat::Json => print_json(&config::json(&layers)),
        StatusFormat::Text => print(&config::text(&layers)),
    }
}

pub(super) fn check(args: &ConfigArgs) -> Result<(), Failure> {
    let sources = sources(&args.server);
    let notices = notices(args.role, &sources).map_err(|error| Failure::new(error.to_string()))?;
    let mut text: String = notices.iter().map(|notice| format!("Note: {notice}\n")).collect();
    text.push_str("The configuration is right.\n");
    print(&text)
}

fn notices(role: Role, sources: &Sources) -> Result<Vec<String>, ConfigError> {
    Ok(match role {
        Role::Agent => AgentConfig::load(sources)?.notices,
        Role::Colony => ColonyConfig::load(sources)?.notices,
        Role::Standalone => StandaloneConfig::load(sources)?.notices,
    })
}

/// The settings of a role; of a standalone, the colony's where both have one of a key.
fn layers(args: &ConfigArgs) -> Result<Layers, Failure> {
    let sources = sources(&args.server);
    let both = args.role == Role::Standalone;
    let mut layers = Layers::default();
    if args.role != Role::Colony {
        layers = Layers::read(&sources, Roles::Agent, both);
    }
    if args.role != Role::Agent {
        let colony = Layers::read(&sources, Roles::Colony, both);
        layers.settings.extend(colony.settings);
        layers.problems.extend(colony.problems);
    }
    layers.problems.dedup();
    if layers.problems.is_empty() { Ok(layers) } else { Err(ConfigError(layers.problems).into()) }
}
