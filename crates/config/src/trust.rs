//! Settings of trust: certificates, who may export, and what is written down.

use std::path::PathBuf;
use std::time::Duration;

use crate::Layers;
use crate::value;

/// Certificates and encryption of one process.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TransportConfig {
    /// The files of a certificate authority of one's own.
    pub files: Option<TlsFiles>,
    /// Whether addresses other than loopback may be used without TLS.
    pub is_plaintext: bool,
}

/// PEM files of a certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlsFiles {
    /// The certificate chain.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
    /// The certificate authorities that are believed.
    pub ca: PathBuf,
}

/// Who may export to an agent.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OtlpConfig {
    /// Whether exports come over TLS; `None` when it is not set.
    pub tls: Option<bool>,
    /// File with a token that each export must have.
    pub token_file: Option<PathBuf>,
    /// Whether an exporter must show a certificate.
    pub needs_certificate: bool,
}

/// Settings of a colony's audit log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AuditConfig {
    /// Whether a question that cannot be recorded is refused.
    pub refuse_when_full: bool,
    /// Size at which a file is signed, in bytes.
    pub max_file_bytes: u64,
    /// How long signed files are kept.
    pub keep: Duration,
}

impl TransportConfig {
    pub(super) fn of(layers: &Layers) -> Result<Self, String> {
        let file = |key| layers.optional(key, value::text).map(|text| text.map(PathBuf::from));
        let files = match (file("tls.cert")?, file("tls.key")?, file("tls.ca")?) {
            (None, None, None) => None,
            (Some(cert), Some(key), Some(ca)) => Some(TlsFiles { cert, key, ca }),
            _ => {
                return Err(
                    "set `tls.cert`, `tls.key` and `tls.ca` together, or none of them".to_owned()
                );
            }
        };
        Ok(Self { files, is_plaintext: layers.required("insecure_plaintext", value::boolean)? })
    }
}

impl OtlpConfig {
    pub(super) fn of(layers: &Layers) -> Result<Self, String> {
        Ok(Self {
            tls: layers.optional("otlp.tls", value::boolean)?,
            token_file: layers.optional("otlp.token_file", value::text)?.map(PathBuf::from),
            needs_certificate: layers.required("otlp.client_certificates", value::boolean)?,
        })
    }
}

impl AuditConfig {
    pub(super) fn of(layers: &Layers) -> Result<Self, String> {
        Ok(Self {
            refuse_when_full: layers.required("audit.refuse_when_full", value::boolean)?,
            max_file_bytes: layers.required("audit.max_file_size", value::size)?,
            keep: layers.required("audit.keep", value::duration)?,
        })
    }
}

/// The files of the certificate that browsers get, and of its key.
pub(super) fn https(layers: &Layers) -> Result<Option<(PathBuf, PathBuf)>, String> {
    let file = |key| layers.optional(key, value::text).map(|text| text.map(PathBuf::from));
    match (file("colony.https.cert")?, file("colony.https.key")?) {
        (None, None) => Ok(None),
        (Some(cert), Some(key)) => Ok(Some((cert, key))),
        _ => {
            Err("set `colony.https.cert` and `colony.https.key` together, or none of them"
                .to_owned())
        }
    }
}
