//! Whether a value is right for its key.

use serde_json::Value;

use crate::beyla::selector;
use crate::beyla::value as beyla_value;
use crate::keys::Kind;
use crate::value;

/// What is wrong with `value` for a key of `kind`, in words that say what would be right.
pub fn check(kind: Kind, typed: &Value) -> Result<(), String> {
    match kind {
        Kind::Address => value::address(typed).map(drop),
        Kind::Duration => value::duration(typed).map(drop),
        Kind::Hours => value::multiple(typed, 3_600.0).map(drop),
        Kind::Days => value::multiple(typed, 86_400.0).map(drop),
        Kind::Size => value::size(typed).map(drop),
        Kind::Rate => value::rate(typed).map(drop),
        Kind::Count => value::count(typed).map(drop),
        Kind::Threads => value::threads(typed).map(drop),
        Kind::Bool => value::boolean(typed).map(drop),
        Kind::Text => value::text(typed).map(drop),
        Kind::Url => value::url(typed).map(drop),
        Kind::LogLevel => log_filter(typed),
        Kind::Rules => value::rules(typed).map(drop),
        Kind::Texts => value::texts(typed).map(drop),
        Kind::Hosts => value::hosts(typed).map(drop),
        Kind::Agents => value::agents(typed).map(drop),
        Kind::Services => selector::services(typed).map(drop),
        Kind::Attributes => beyla_value::attributes(typed).map(drop),
        Kind::Routes => beyla_value::route_patterns(typed).map(drop),
        Kind::ContextPropagation => beyla_value::context_propagation(typed).map(drop),
        Kind::Cpus => beyla_value::cpus(typed).map(drop),
        Kind::Never => beyla_value::never(typed),
        Kind::Impossible(reason) => Err(reason.to_owned()),
    }
}

fn log_filter(value: &Value) -> Result<(), String> {
    let expected = "expected error, warn, info, debug or trace, or a filter such as coral=debug";
    let text = value.as_str().ok_or(expected)?;
    let filter = tracing_subscriber::EnvFilter::builder().parse(text);
    // A bare word that is no level would be taken for a module's name.
    let word = !text.contains('=') && text.parse::<tracing::Level>().is_err();
    if filter.is_err() || word { Err(expected.to_owned()) } else { Ok(()) }
}
