//! Reads archives and small texts from files and over HTTP.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::Path;
use std::time::Duration;

use super::digest::Digest;

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The HTTP request failed.
    #[error("cannot fetch `{url}`: {reason}")]
    Web {
        /// Requested URL.
        url: String,
        /// Error or status.
        reason: String,
    },
    /// A file could not be read, or the copy not be written.
    #[error("cannot read `{file}`")]
    File {
        /// Path of the file.
        file: String,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The file is larger than [`MAX_BYTES`].
    #[error("`{0}` is larger than 512 MiB")]
    TooLarge(String),
}

/// Size of the largest accepted archive, in bytes. A release has 40 MB.
pub const MAX_BYTES: u64 = 512 << 20;
/// Size of the largest text that [`small`] reads, in bytes. Texts are digests and GitHub's
/// descriptions of releases.
const MAX_SMALL_BYTES: u64 = 4 << 20;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(600);
const CHUNK: usize = 64 * 1024;

/// Copies the archive at `from` to `to`. Returns its SHA-256.
///
/// # Errors
/// [`FetchError`].
pub fn archive(from: &str, to: &Path) -> Result<String, FetchError> {
    let failed = |source| FetchError::File { file: from.to_owned(), source };
    let mut input: Box<dyn Read> = match is_url(from) {
        true => Box::new(get(from)?.ok_or_else(|| web(from, "there is none (404)"))?.into_reader()),
        false => Box::new(File::open(from).map_err(failed)?),
    };
    let mut output = File::create_new(to).map_err(failed)?;
    let (mut digest, mut chunk, mut bytes) = (Digest::default(), vec![0; CHUNK], 0);
    loop {
        let read = input.read(&mut chunk).map_err(failed)?;
        if read == 0 {
            output.sync_all().map_err(failed)?;
            return Ok(digest.hex());
        }
        bytes += read as u64;
        if bytes > MAX_BYTES {
            return Err(FetchError::TooLarge(from.to_owned()));
        }
        digest.add(&chunk[..read]);
        output.write_all(&chunk[..read]).map_err(failed)?;
    }
}

/// Reads a small text from a file or a URL; `None` if there is no such file, or the server answers
/// 404.
///
/// # Errors
/// [`FetchError`].
pub fn small(from: &str) -> Result<Option<String>, FetchError> {
    if is_url(from) {
        let Some(body) = get(from)? else { return Ok(None) };
        let text = body.into_with_config().limit(MAX_SMALL_BYTES).read_to_string();
        return text.map(Some).map_err(|error| web(from, &error.to_string()));
    }
    let read = || {
        let mut text = String::new();
        File::open(from)?.take(MAX_SMALL_BYTES).read_to_string(&mut text).map(|_| text)
    };
    match read() {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FetchError::File { file: from.to_owned(), source }),
    }
}

/// The body of a successful response; `None` for status 404.
fn get(url: &str) -> Result<Option<ureq::Body>, FetchError> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_global(Some(DOWNLOAD_TIMEOUT))
        .build()
        .into();
    let answer = agent.get(url).header("user-agent", concat!("coral/", env!("CARGO_PKG_VERSION")));
    let answer = answer.call().map_err(|error| web(url, &error.to_string()))?;
    match answer.status().as_u16() {
        404 => Ok(None),
        _ if answer.status().is_success() => Ok(Some(answer.into_body())),
        status => Err(web(url, &format!("status {status}"))),
    }
}

fn is_url(from: &str) -> bool {
    from.starts_with("http://") || from.starts_with("https://")
}

fn web(url: &str, reason: &str) -> FetchError {
    FetchError::Web { url: url.to_owned(), reason: reason.to_owned() }
}
