//! TLS with servers of others, which are known by the names of their hosts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

use crate::material::{self, MaterialError};

/// Files for TLS with a server of others.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PublicTlsFiles {
    /// Certificate authorities of the server, in PEM; public ones are believed if it is `None`.
    pub authorities: Option<PathBuf>,
    /// Certificate chain and private key that the server is shown, in PEM.
    pub own: Option<(PathBuf, PathBuf)>,
}

/// Why TLS cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PublicTlsError {
    /// A file cannot be used.
    #[error(transparent)]
    File(#[from] MaterialError),
    /// A certificate of `path` is no certificate authority, or key and certificate do not fit.
    #[error("the certificates of `{path}` cannot be used")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: rustls::Error,
    },
}

/// A client that believes a server whose certificate has the name of its host, and which speaks
/// `protocol` over TLS: `h2` or `http/1.1`. Blocks.
///
/// # Errors
/// [`PublicTlsError`] names the file.
pub fn client(files: &PublicTlsFiles, protocol: &str) -> Result<ClientConfig, PublicTlsError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| PublicTlsError::Certificate { path, source }
    };
    let mut roots = RootCertStore::empty();
    match &files.authorities {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            for authority in material::read_authorities(path)? {
                roots.add(authority).map_err(failed(path))?;
            }
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has suites of its default versions")
        .with_root_certificates(roots);
    let mut config = match &files.own {
        None => config.with_no_client_auth(),
        Some((certificate, key)) => {
            let (chain, key) = material::read_public(certificate, key)?;
            config.with_client_auth_cert(chain, key).map_err(failed(certificate))?
        }
    };
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_missing_or_has_no_certificate_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ca.crt");
        let files = || PublicTlsFiles { authorities: Some(file.clone()), own: None };
        for content in [None, Some("no certificate")] {
            if let Some(content) = content {
                std::fs::write(&file, content).unwrap();
            }
            let error = client(&files(), "h2").unwrap_err().to_string();
            assert!(error.contains("ca.crt"), "{error}");
        }
    }

    #[test]
    fn public_authorities_are_believed_without_a_file() {
        let config = client(&PublicTlsFiles::default(), "h2").unwrap();
        assert_eq!(config.alpn_protocols, [b"h2".to_vec()]);
    }
}
