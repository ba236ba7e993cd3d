//! `coral config show`, `coral config check` and `coral config example`.

use super::{Failure, print, print_serialized, sources};
use crate::args::{ConfigArgs, ConfigExampleArgs, ConfigShowArgs, Role, StatusFormat};
use crate::roles::export::filter;
use crate::show::config::{self, RoleSettings, Selection};
use coral_config::example::{example as short_example, full_example};
use coral_config::keys::{Key, Roles};
use coral_config::{AgentConfig, ColonyConfig, ConfigError, Layers, Sources, StandaloneConfig};
use coral_trace::chain;

/// Prints the settings of one role, or of both roles of a standalone. Each role has its own value
/// of a key that both read, such as `storage.max_size`.
pub(super) fn show(args: &ConfigShowArgs) -> Result<(), Failure> {
    let sources = sources(&args.config.server, file_of(args.config.role));
    let is_standalone = args.config.role == Role::Standalone;
    let read = |name, role| RoleSettings {
        name,
        role,
        layers: Layers::read(&sources, role, is_standalone),
    };
    let roles = match args.config.role {
        Role::Agent => vec![read("agent", Roles::Agent)],
        Role::Colony => vec![read("colony", Roles::Colony)],
        Role::Standalone => vec![read("agent", Roles::Agent), read("colony", Roles::Colony)],
    };
    let mut problems: Vec<String> = Vec::new();
    for problem in roles.iter().flat_map(|role| &role.layers.problems) {
        if !problems.contains(problem) {
            problems.push(problem.clone());
        }
    }
    if !problems.is_empty() {
        return Err(ConfigError(problems).into());
    }
    let selection = Selection { name: args.key.clone(), is_described: args.describe };
    if !roles.iter().any(|role| selection.keys(role.role).next().is_some()) {
        return Err(unknown(args.key.as_deref().unwrap_or_default(), args.config.role));
    }
    match args.config.format {
        StatusFormat::Json => print_serialized(&config::json(&roles, &selection)),
        StatusFormat::Text => print(&config::text(&roles, &selection)),
    }
}

pub(super) fn check(args: &ConfigArgs) -> Result<(), Failure> {
    let sources = sources(&args.server, file_of(args.role));
    let warnings = checked(args.role, &sources).map_err(|error| Failure::new(error.to_string()))?;
    let warnings = warnings.iter().map(|warning| format!("Warning: {warning}\n"));
    print(&format!("The configuration is valid.\n{}", warnings.collect::<String>()))
}

pub(super) fn example(args: &ConfigExampleArgs) -> Result<(), Failure> {
    let role = roles(args.role);
    print(&if args.all { full_example(role) } else { short_example(role) })
}

/// The warnings about a valid configuration.
fn checked(role: Role, sources: &Sources) -> Result<Vec<String>, ConfigError> {
    match role {
        Role::Agent => AgentConfig::load(sources).map(|config| config.warnings()),
        Role::Colony => {
            let config = ColonyConfig::load(sources)?;
            check_filters(&config)?;
            Ok(Vec::new())
        }
        Role::Standalone => {
            let config = StandaloneConfig::load(sources)?;
            check_filters(&config.colony)?;
            Ok(config.agent.warnings())
        }
    }
}

/// Checks that the filters of all export targets are searches.
fn check_filters(config: &ColonyConfig) -> Result<(), ConfigError> {
    let problems = config.exports.iter().filter_map(|target| {
        filter(target).err().map(|error| format!("`export`: {}", chain(&error)))
    });
    match problems.collect::<Vec<_>>() {
        none if none.is_empty() => Ok(()),
        problems => Err(ConfigError(problems)),
    }
}

/// The file in the data directory that a server of this role reads, without its extension.
const fn file_of(role: Role) -> &'static str {
    match role {
        Role::Agent => "agent",
        Role::Colony | Role::Standalone => "colony",
    }
}

const fn roles(role: Role) -> Roles {
    match role {
        Role::Agent => Roles::Agent,
        Role::Colony => Roles::Colony,
        Role::Standalone => Roles::Both,
    }
}

/// The error for a name that is neither a key nor a section of `role`.
fn unknown(name: &str, role: Role) -> Failure {
    let reader = match role {
        Role::Agent => "an agent",
        Role::Colony => "a colony",
        Role::Standalone => "a standalone",
    };
    let error = format!("{reader} has no key or section `{name}`");
    Failure::with_hint(error, Key::advice(name, roles(role)))
}
