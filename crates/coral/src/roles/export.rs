//! The targets to which a colony exports spans: from settings to what can be used.

use std::net::SocketAddr;

use coral_colony::export::{Exports, Target, TargetError, own_address};
use coral_config::{ColonyConfig, ExportTarget};
use coral_engine::Filter;
use coral_query::{Search, SyntaxError};

/// The filter of a target is not a search.
#[derive(Debug, thiserror::Error)]
#[error("the filter of the export target `{target}` is not a search")]
pub struct FilterError {
    target: String,
    source: SyntaxError,
}

/// Why spans cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A filter is not a search.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// A target cannot be used.
    #[error(transparent)]
    Target(#[from] TargetError),
}

/// The exports of `config`. `listeners` are the sockets of this process, none of which may be a
/// target.
///
/// # Errors
/// [`ExportError`].
pub async fn open(config: &ColonyConfig, listeners: &[SocketAddr]) -> Result<Exports, ExportError> {
    let (exports, is_plaintext) = (config.exports.clone(), config.transport.is_plaintext);
    let open = move || {
        let open = |target: &ExportTarget| {
            Ok::<_, ExportError>(Target::open(target, filter(target)?, is_plaintext)?)
        };
        exports.iter().map(open).collect::<Result<Vec<Target>, _>>()
    };
    let targets = tokio::task::spawn_blocking(open).await.expect("opening does not panic")?;
    own_address::refuse(&targets, listeners).await?;
    Ok(Exports::new(targets, config.data_dir.join("export")))
}

/// The filter of `target`; `None` for all spans.
///
/// # Errors
/// [`FilterError`].
pub fn filter(target: &ExportTarget) -> Result<Option<Filter>, FilterError> {
    let search = target.filter.as_deref().map(Search::parse).transpose();
    let failed = |source| FilterError { target: target.name.clone(), source };
    Ok(search.map_err(failed)?.flatten().map(|search| search.filter))
}
