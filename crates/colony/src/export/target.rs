//! One target of the export, ready for use.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use coral_config::{ExportFrom, ExportProtocol, ExportTarget};
use coral_engine::Filter;
use coral_engine::filter::Field;
use coral_server::certificate::{PlaintextError, refuse_plaintext_url};
use coral_server::connect::Connector;
use coral_trust::public_tls::{self, PublicTlsError, PublicTlsFiles};
use http::{HeaderName, HeaderValue, Uri};

/// One target: where spans are sent, and which.
pub struct Target {
    /// The name in the configuration.
    pub name: String,
    /// The URL to which requests are sent.
    pub url: Uri,
    /// How spans are sent.
    pub protocol: ExportProtocol,
    /// Headers of each request.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Whether requests are compressed.
    pub gzip: bool,
    /// Which spans are exported; all if it is `None`.
    pub filter: Option<Filter>,
    /// Where an export without a cursor begins.
    pub from: ExportFrom,
    /// Names of attributes that are removed.
    pub drop: BTreeSet<String>,
    pub(super) connector: Connector,
}

/// Why nothing can be exported to a target.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// Everybody on the way could read the spans.
    #[error(transparent)]
    Plaintext(#[from] PlaintextError),
    /// A file with the value of a header cannot be used.
    #[error("the header `{header}` of the export target `{target}` cannot be read from `{path}`")]
    HeaderFile {
        /// The target.
        target: String,
        /// The header.
        header: String,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// TLS cannot be used.
    #[error("the export target `{target}` cannot be reached over TLS")]
    Tls {
        /// The target.
        target: String,
        /// The cause.
        source: PublicTlsError,
    },
    /// The filter asks about traces, and spans are exported one by one.
    #[error(
        "the filter of the export target `{target}` asks about a whole trace, and spans are exported as they arrive"
    )]
    TraceFilter {
        /// The target.
        target: String,
    },
    /// This process listens at the address of the target.
    #[error("the export target `{target}` is {url}, where this Coral itself listens")]
    OwnAddress {
        /// The target.
        target: String,
        /// Its URL.
        url: Uri,
    },
}

impl Target {
    /// The target of `config`, which exports spans that meet `filter`. Reads files, so it blocks.
    /// `is_plaintext` says whether all of the process may send without TLS.
    ///
    /// # Errors
    /// [`TargetError`].
    pub fn open(
        config: &ExportTarget,
        filter: Option<Filter>,
        is_plaintext: bool,
    ) -> Result<Self, TargetError> {
        let name = || config.name.clone();
        refuse_plaintext_url("export", &config.url, is_plaintext || config.is_plaintext)?;
        if filter.as_ref().is_some_and(asks_about_traces) {
            return Err(TargetError::TraceFilter { target: name() });
        }
        let connector = match config.url.starts_with("https://") {
            false => Connector::plain(),
            true => {
                let files = PublicTlsFiles {
                    authorities: config.ca_file.clone(),
                    own: config.certificate.clone(),
                };
                let protocol = match config.protocol {
                    ExportProtocol::Grpc => "h2",
                    ExportProtocol::Http | ExportProtocol::Zipkin => "http/1.1",
                };
                let tls = public_tls::client(&files, protocol);
                let tls = tls.map_err(|source| TargetError::Tls { target: name(), source })?;
                Connector::named(Arc::new(tls))
            }
        };
        Ok(Self {
            name: name(),
            url: config.url.parse().expect("the configuration checks the URL"),
            protocol: config.protocol,
            headers: headers(config)?,
            gzip: config.gzip,
            filter,
            from: config.from,
            drop: config.drop.clone(),
            connector,
        })
    }
}

fn headers(config: &ExportTarget) -> Result<Vec<(HeaderName, HeaderValue)>, TargetError> {
    let mut headers = Vec::new();
    for (name, text) in &config.headers {
        headers.extend(header(name, text));
    }
    for (name, path) in &config.header_files {
        let failed = |source| TargetError::HeaderFile {
            target: config.name.clone(),
            header: name.clone(),
            path: path.clone(),
            source,
        };
        let text = read(path).map_err(failed)?;
        let no_header = || failed(std::io::Error::other("it is not one line of text"));
        headers.push(header(name, &text).ok_or_else(no_header)?);
    }
    Ok(headers)
}

fn read(path: &Path) -> std::io::Result<String> {
    Ok(std::fs::read_to_string(path)?.trim().to_owned())
}

/// A header whose value is not shown in logs.
fn header(name: &str, text: &str) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

/// Whether `filter` has a field of the trace, whose value is not known while spans arrive.
fn asks_about_traces(filter: &Filter) -> bool {
    match filter {
        Filter::And(many) | Filter::Or(many) => many.iter().any(asks_about_traces),
        Filter::Not(inner) | Filter::AnySpan(inner) => asks_about_traces(inner),
        Filter::Compare { field, .. }
        | Filter::Regex { field, .. }
        | Filter::HasElement { field, .. }
        | Filter::Exists(field) => matches!(field, Field::Trace(_)),
    }
}
