//! Requests to the provider: over TLS or on loopback, without redirects, within limits of time and
//! size.

use std::time::Duration;

use coral_config::is_encrypted_or_local;
use http::{Request, StatusCode, header};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{AsSendBody, Body};

/// Longest time of one request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest answer, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// A client that believes public certificate authorities, or those of a file. Every method blocks.
pub struct HttpClient(ureq::Agent);

/// The status and the body of an answer.
pub type Answer = (StatusCode, Vec<u8>);

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The URL is that of another host, without TLS.
    #[error("the provider names `{0}`, which is neither encrypted nor on this host")]
    Plaintext(String),
    /// The provider names something that is no URL.
    #[error("the provider names something that is no URL")]
    Url(#[from] http::Error),
    /// The request failed.
    #[error(transparent)]
    Request(#[from] ureq::Error),
    /// The PEM has no certificate.
    #[error("the file has no certificate in PEM")]
    NoCertificate,
}

impl HttpClient {
    /// A client that believes the authorities of `ca`, in PEM, instead of public ones.
    ///
    /// # Errors
    /// [`HttpError`] when `ca` has no certificate.
    pub fn new(ca: Option<&str>) -> Result<Self, HttpError> {
        let roots = ca.map_or(Ok(RootCerts::WebPki), roots)?;
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(REQUEST_TIMEOUT))
            .proxy(None)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .build();
        Ok(Self(config.into()))
    }

    /// The answer to `GET url`.
    ///
    /// # Errors
    /// [`HttpError`].
    pub fn get(&self, url: &str) -> Result<Answer, HttpError> {
        let request = Request::get(url).header(header::ACCEPT, "application/json");
        self.send(url, request.body(())?)
    }

    /// The answer to `POST url` with a form, and with `authorization` if there is one.
    ///
    /// # Errors
    /// [`HttpError`].
    pub fn post(
        &self,
        url: &str,
        authorization: Option<String>,
        form: String,
    ) -> Result<Answer, HttpError> {
        let mut request = Request::post(url)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(value) = authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        self.send(url, request.body(form)?)
    }

    fn send(&self, url: &str, request: Request<impl AsSendBody>) -> Result<Answer, HttpError> {
        encrypted_or_local(url)?;
        let (head, body): (_, Body) = self.0.run(request)?.into_parts();
        let mut body = body;
        Ok((head.status, body.with_config().limit(MAX_BYTES).read_to_vec()?))
    }
}

/// Checks that nobody on the way to `url` can read what is sent there.
///
/// # Errors
/// [`HttpError::Plaintext`].
pub fn encrypted_or_local(url: &str) -> Result<(), HttpError> {
    match is_encrypted_or_local(url) {
        true => Ok(()),
        false => Err(HttpError::Plaintext(url.to_owned())),
    }
}

fn roots(pem: &str) -> Result<RootCerts, HttpError> {
    let mut certificates = Vec::new();
    for item in parse_pem(pem.as_bytes()) {
        if let PemItem::Certificate(certificate) = item? {
            certificates.push(certificate);
        }
    }
    match certificates.is_empty() {
        true => Err(HttpError::NoCertificate),
        false => Ok(certificates.into()),
    }
}
